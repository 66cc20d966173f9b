"""Which column stands for which: what is taken, what is only proposed, what is missing."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mot_research.arriving.matching import match_columns
from mot_research.arriving.wanted import wanted_columns
from mot_research.errors import StudyError
from mot_research.study.definition import Study
from mot_research.survey.tables import Table

MOMENTS = {"q12_first_bill": "First bill arrives", "q13_outage": "Outage call"}


def study(moments=MOMENTS, **parts):
    waves = parts.pop("waves", [{"id": "A", "file": "a.csv"}])
    return Study.model_validate(
        {
            "study": {"name": "X"},
            "moments": moments,
            "ratings": {"low": 1, "high": 5},
            "outcomes": [
                {"id": "recommend", "column": "ltr", "kind": "score", "low": 0, "high": 10}
            ],
            "waves": waves,
            **parts,
        }
    )


def match(study, columns, *, labels=None, named=None, absent=(), last_labels=None):
    table = Table(pd.DataFrame({name: [1.0] for name in columns}), Path("b.sav"), "", labels or {})
    last = study.waves[-1] if study.waves else None
    found = match_columns(
        wanted_columns(study, last),
        table,
        named=named or {},
        absent=set(absent),
        last=last,
        last_labels=last_labels or {},
    )
    return {one.wanted.column: one for one in found}


def said(found):
    return {name: (one.column, one.how) for name, one in found.items()}


def test_columns_under_their_own_names_need_no_word():
    found = match(study(), ["ltr", "q12_first_bill", "q13_outage", "other"])
    assert all(one.how == "same name" and not one.is_mapped for one in found.values())


@pytest.mark.parametrize(
    "name", ["Q12_FirstBill", "q11_first_bill", "first_bill", "Q12: First bill"]
)
def test_the_same_words_are_taken_whatever_the_number_or_the_spelling(name):
    found = match(study(), ["ltr", name, "q13_outage"])
    assert said(found)["q12_first_bill"] == (name, "clear")
    assert not found["q12_first_bill"].is_open


def test_numbers_that_tell_columns_apart_are_never_dropped():
    found = match(
        study({"trust_1": "Keeps promises", "trust_2": "Safe data"}), ["ltr", "trust_2", "trust_3"]
    )
    assert found["trust_2"].how == "same name"
    assert said(found)["trust_1"] == ("trust_3", "similar")
    assert found["trust_1"].is_open


def test_two_columns_with_the_same_words_are_a_guess():
    found = match(study(), ["ltr", "q13_outage", "q1_first_bill", "q2_first_bill"])
    assert found["q12_first_bill"].how == "similar"


def test_what_is_merely_similar_is_proposed_and_left_open():
    found = match(study(), ["ltr", "q13_outage", "bill_rating_first"])
    assert said(found)["q12_first_bill"] == ("bill_rating_first", "similar")
    assert found["q12_first_bill"].is_open


def test_names_that_are_numbers_alone_are_no_clue():
    found = match(study({"q12": "Bill", "q13": "Outage"}), ["ltr", "q14", "q15"])
    assert {one.how for name, one in found.items() if name != "ltr"} == {"missing"}


def test_a_label_that_is_the_name_of_the_moment_is_taken():
    labels = {"V2": "Q12. First bill arrives", "V3": "How was the outage call?", "V4": "Age"}
    found = match(study(), ["ltr", "V2", "V3", "V4"], labels=labels)
    assert said(found)["q12_first_bill"] == ("V2", "clear")
    assert said(found)["q13_outage"] == ("V3", "clear")


def test_a_label_that_two_columns_share_is_a_guess():
    labels = {"V2": "First bill arrives", "V3": "First bill arrives"}
    found = match(study(), ["ltr", "q13_outage", "V2", "V3"], labels=labels)
    assert found["q12_first_bill"].how == "similar"


def test_the_label_of_the_last_wave_goes_before_names():
    labels = {"V2": "How easy was the invoice?", "first_bill": "Had a first bill"}
    before = {"q12_first_bill": "How easy was the invoice?"}
    found = match(study(), ["ltr", "q13_outage", *labels], labels=labels, last_labels=before)
    assert said(found)["q12_first_bill"] == ("V2", "clear")


def test_the_last_waves_names_and_absences_are_tried():
    waves = [
        {
            "id": "A",
            "file": "a.csv",
            "columns": {"q12_first_bill": "x9"},
            "not_asked": ["q13_outage"],
        }
    ]
    found = match(study(waves=waves), ["ltr", "x9"])
    assert said(found)["q12_first_bill"] == ("x9", "as before")
    assert said(found)["q13_outage"] == (None, "absent")
    assert match(study(waves=waves), ["ltr", "x9", "q13_outage"])["q13_outage"].how == "same name"


def test_what_the_last_wave_lacked_is_found_again_under_another_name():
    waves = [{"id": "A", "file": "a.csv", "not_asked": ["q13_outage"]}]
    found = match(study(waves=waves), ["ltr", "q12_first_bill", "Q7_Outage"])
    assert said(found)["q13_outage"] == ("Q7_Outage", "clear")


def test_a_name_that_no_study_file_can_hold_is_not_proposed():
    found = match(study(), ["ltr", "q13_outage", "first_bill\x1b[31m"])
    assert found["q12_first_bill"].how == "missing"


def test_where_the_last_waves_name_is_here_beside_the_own_somebody_must_decide():
    waves = [{"id": "A", "file": "a.csv", "columns": {"q12_first_bill": "q11"}}]
    columns = ["ltr", "q11", "q12_first_bill", "q13_outage"]
    found = match(study(waves=waves), columns)
    assert found["q12_first_bill"].is_open
    named = {"q12_first_bill": "q12_first_bill"}
    found = match(study(waves=waves), columns, named=named)
    assert said(found)["q12_first_bill"] == ("q12_first_bill", "named")
    assert not found["q12_first_bill"].is_mapped


def test_what_somebody_says_goes_before_everything():
    named = {"q12_first_bill": "q13_outage"}
    found = match(study(), ["ltr", "q12_first_bill", "q13_outage"], named=named)
    assert said(found)["q12_first_bill"] == ("q13_outage", "named")
    assert found["q13_outage"].is_open  # its name stands for another column


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"q12_first_bil": "x"}, "no column 'q12_first_bil'. Did you mean 'q12_first_bill'"),
        ({"q12_first_bill": "q13_outag"}, "no column 'q13_outag'. Did you mean 'q13_outage'"),
        ({"q12_first_bill": "ltr", "q13_outage": "ltr"}, "given for two columns"),
    ],
)
def test_a_wrong_name_is_told_with_the_right_one(named, message):
    with pytest.raises(StudyError, match=message):
        match(study(), ["ltr", "q12_first_bill", "q13_outage"], named=named)


def test_a_column_with_two_uses_is_absent_only_where_both_are():
    both = study(segments=["region"], stratum="region")
    assert match(both, ["ltr", *MOMENTS], absent=["region"])["region"].is_open
    assert match(both, ["ltr", *MOMENTS], absent=["region", "stratum"])["region"].how == "absent"


def test_items_of_scales_may_be_missing():
    found = match(study(scales={"trust": ["t1", "t2"]}), ["ltr", *MOMENTS, "t1"])
    assert not found["t2"].is_open


NAMES = st.text(min_size=1, max_size=12)


@given(columns=st.lists(NAMES, unique=True, max_size=8), labels=st.lists(NAMES, max_size=8))
def test_no_column_of_a_file_stands_for_two_and_each_wanted_has_one_answer(columns, labels):
    table = [*columns, "q13_outage"] if "q13_outage" not in columns else columns
    found = match(study(), table, labels=dict(zip(columns, labels, strict=False)))
    used = [one.column for one in found.values() if one.column is not None]
    assert len(used) == len(set(used))
    assert list(found) == [one.column for one in wanted_columns(study(), None)]
