import numpy as np
import pandas as pd

from mot_research.report.frame_table import NOTHING, frame_table


def lines(frame, **options):
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in frame_table(frame, **options).splitlines()
    ]


def test_an_empty_frame_says_that_there_is_nothing():
    assert frame_table(pd.DataFrame({"a": []})) == NOTHING


def test_numbers_stand_right_with_the_digits_asked_for_and_whole_ones_without():
    head, rule, row = lines(pd.DataFrame({"n": [1500.0], "x": [-0.25], "t": ["a"]}), digits=1)
    assert head == ["n", "x", "t"]
    assert [cell.endswith(":") for cell in rule] == [True, True, False]
    assert row == ["1\\,500", "−0\\.2", "a"] or row == ["1,500", "−0.2", "a"]


def test_what_is_missing_is_a_dash():
    frame = pd.DataFrame({"x": [np.nan, 0.5], "t": [None, "a"], "e": ["", "b"]})
    assert lines(frame)[2] == ["–", "–", "–"]


def test_text_prints_literally():
    table = frame_table(pd.DataFrame({"a|b": ["<b>|**x**"]}))
    assert len(table.splitlines()) == 3
    assert "<b>" not in table
    assert "**x**" not in table


def test_truth_is_written_in_words():
    assert [row[0] for row in lines(pd.DataFrame({"ok": [True, False]}))[2:]] == ["yes", "no"]
