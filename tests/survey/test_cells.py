import numpy as np
import pandas as pd
import pytest

from mot_research.survey.cells import matches, numbers, texts


def column(*cells):
    return pd.Series([cell or None for cell in cells], dtype="str")


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("3.5", 3.5), ("3,5", 3.5), ("-1.25e2", -125), ("+4", 4), ("007", 7), (".5", 0.5),
     ("0,500", 0.5), ("1234,567", 1234.567), ("5.", 5)],
)  # fmt: skip
def test_numbers_are_read_with_point_and_with_comma(text, value):
    read = numbers(column(text))
    assert read.values.tolist() == [value]
    assert not read.word.any()


@pytest.mark.parametrize(
    "text", ["1,500", "1.500,00", "1 500", "45%", "NA", "nan", "inf", "1e999", "12abc", "--1", "٣"]
)
def test_what_is_no_number_or_could_be_two_is_a_word(text):
    read = numbers(column(text))
    assert np.isnan(read.values).all()
    assert read.word.all()


def test_a_point_before_three_digits_is_doubtful_among_decimal_commas():
    assert numbers(column("1.500", "2.5")).values.tolist() == [1.5, 2.5]
    assert numbers(column("1.500", "2,5")).word.tolist() == [True, False]


def test_blank_is_neither_a_number_nor_a_word():
    for cells in (column("", "1"), pd.Series([np.nan, 1.0])):
        read = numbers(cells)
        assert read.blank.tolist() == [True, False]
        assert not read.word.any()


def test_an_infinite_number_of_a_typed_file_is_a_word():
    assert numbers(pd.Series([np.inf, 1.0])).word.tolist() == [True, False]


def test_codes_match_as_number_and_as_text_without_case():
    cells = column("1", "1.0", "Yes", "yes ", "01", "", "11")
    assert matches(cells, [1]).tolist() == [True, True, False, False, True, False, False]
    assert matches(cells, ["YES"]).tolist() == [False, False, True, False, False, False, False]
    assert matches(pd.Series([1.0, np.nan, 2.0]), [1, "2", "x"]).tolist() == [True, False, True]
    assert not matches(cells, []).any()


def test_numbers_as_text_have_no_needless_zeros():
    assert texts(pd.Series([7.0, 0.5, np.nan])).fillna("NA").tolist() == ["7", "0.5", "NA"]
    assert texts(column("007", "")).fillna("NA").tolist() == ["007", "NA"]
