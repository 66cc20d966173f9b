"""What is found about a new file before anything is written."""

import numpy as np
import pytest

from mot_research.arriving import Described, arrive, earlier_waves, pairs
from mot_research.errors import StudyError, SurveyError
from mot_research.study.reading import read_study
from tests.arriving.small_study import STUDY, as_spss, every_byte, rows, small_study

NEXT = Described("2026Q2", "2026-04-06", "2026-04-27")


@pytest.fixture
def look(study, new_file):
    """Look at answers as the study's next wave."""

    def look(frame=None, described=NEXT, **options):
        return arrive(earlier_waves(read_study(study)), new_file(frame, **options), described)

    return look


def rules(arrival):
    return dict(zip(arrival.problems["rule"], arrival.problems["severity"], strict=True))


def test_a_wave_like_the_last_has_nothing_to_ask(look):
    arrival = look()
    assert not arrival.open
    assert not arrival.has_errors
    assert arrival.unasked == ("day",)
    assert arrival.entry == {
        "id": "2026Q2", "file": "waves/2026q2.csv", "from": "2026-04-06", "to": "2026-04-27",
    }  # fmt: skip
    assert (arrival.n_rows, arrival.is_copied) == (160, True)
    assert arrival.panel.n_before == 0
    assert arrival.comparison.before == "2026Q1"


def test_looking_writes_nothing(look, study):
    before = every_byte(study)
    look()
    assert every_byte(study) == before


def test_a_file_inside_the_study_stays_where_it_is(study):
    (study / "new").mkdir()
    rows(2).to_csv(study / "new" / "w.csv", index=False)
    arrival = arrive(earlier_waves(read_study(study)), study / "new" / "w.csv", NEXT)
    assert (arrival.entry["file"], arrival.is_copied) == ("new/w.csv", False)


def test_renamed_columns_stand_under_columns(look):
    arrival = look(rows(2).rename(columns={"q12_first_bill": "Q11_FirstBill"}))
    assert not arrival.open
    assert arrival.entry["columns"] == {"q12_first_bill": "Q11_FirstBill"}


def test_an_spss_file_is_mapped_by_its_labels(study, tmp_path):
    path = as_spss(rows(2, start=3000), tmp_path / "w.sav")
    described = Described("2026Q2", columns={"customer": "V1", "ltr": "V5"})
    arrival = arrive(earlier_waves(read_study(study)), path, described)
    assert not arrival.open, [one.why for one in arrival.open]
    assert arrival.entry["columns"] == {
        "customer": "V1", "weight": "V6", "q12_first_bill": "V2", "q13_outage": "V3",
        "q14_shop": "V4", "ltr": "V5", "plan": "V7",
    }  # fmt: skip
    assert not arrival.has_errors


def test_a_question_with_another_label_than_before_is_worth_a_look(tmp_path):
    text = STUDY.replace("2026q1.csv", "2026q1.sav")
    study = small_study(tmp_path / "study", text)
    import pyreadstat

    for name, label in (
        ("study/waves/2026q1.sav", "How was the bill?"),
        ("new.sav", "Bill: price"),
    ):
        labels = [label if column == "q12_first_bill" else "" for column in rows(1)]
        frame = rows(1 if "study" in name else 2, start=1000 if "study" in name else 3000)
        pyreadstat.write_sav(frame, tmp_path / name, column_labels=labels)
    arrival = arrive(earlier_waves(read_study(study)), tmp_path / "new.sav", NEXT)
    assert rules(arrival)["label_changed"] == "warning"
    assert "'Bill: price'" in " ".join(arrival.problems["what_to_do"])


def test_a_scale_whose_labels_are_turned_is_worth_a_look(tmp_path):
    import pyreadstat

    study = small_study(tmp_path / "study", STUDY.replace("2026q1.csv", "2026q1.sav"))
    words = dict(enumerate(("very bad", "bad", "fair", "good", "Very good"), start=1))
    turned = dict(zip(words, reversed(words.values()), strict=True))
    for path, frame, labels in (
        (study / "waves" / "2026q1.sav", rows(1), words),
        (tmp_path / "same.sav", rows(2, start=3000), {1: "Very bad.", 5: "very good"}),
        (tmp_path / "turned.sav", rows(2, start=3000), turned),
    ):
        pyreadstat.write_sav(frame, path, variable_value_labels={"q13_outage": labels})
    survey = earlier_waves(read_study(study))
    assert "codes_changed" not in rules(arrive(survey, tmp_path / "same.sav", NEXT))
    problems = arrive(survey, tmp_path / "turned.sav", NEXT).problems
    row = problems[problems["rule"] == "codes_changed"].iloc[0]
    assert (row["column"], row["count"]) == ("q13_outage", 4)  # the middle one is where it was
    assert (
        "Code 1 was 'very bad' in the last wave's file and is 'Very good' here" in row["what_to_do"]
    )


def test_a_missing_column_is_open_until_somebody_says_that_it_is_absent(look):
    frame = rows(2).drop(columns=["q13_outage", "weight"])
    assert {one.wanted.column for one in look(frame).open} == {"q13_outage", "weight"}
    assert "column_missing" not in rules(look(frame))
    arrival = look(frame, Described("2026Q2", absent=("outage", "weight")))
    assert not arrival.open
    assert arrival.entry == {
        "id": "2026Q2", "file": "waves/2026q2.csv", "not_asked": ["outage"], "weight": None,
    }  # fmt: skip
    assert arrival.weights is None
    assert arrival.comparison.dropped == ("outage",)


def test_values_outside_of_the_scale_are_an_error_and_nothing_is_compared(look):
    arrival = look(rows(2).assign(q13_outage=lambda f: f["q13_outage"] + 5))
    assert rules(arrival)["outside_scale"] == "error"
    assert arrival.comparison is None


def test_an_id_twice_in_the_file_is_an_error(look):
    frame = rows(2)
    frame.loc[3, "customer"] = frame.loc[7, "customer"]
    assert rules(look(frame))["duplicate_respondent"] == "error"


@pytest.mark.parametrize(
    ("weight", "rule"), [(-1.0, "weight_negative"), (np.nan, "weight_missing")]
)
def test_a_weight_that_can_not_be_used_is_an_error(look, weight, rule):
    frame = rows(2)
    frame.loc[5, "weight"] = weight
    arrival = look(frame)
    assert rules(arrival)[rule] == "error"
    assert arrival.weights is None


def test_extreme_weights_and_those_on_another_scale_are_told(look):
    frame = rows(2, start=3000)
    frame["weight"] *= 1000
    frame.loc[5, "weight"] = 20000
    arrival = look(frame)
    assert rules(arrival)["weights_extreme"] == "warning"
    assert rules(arrival)["weights_other_scale"] == "warning"
    w = frame["weight"]
    assert arrival.weights.n_large == 1
    assert arrival.weights.design_effect == pytest.approx(len(w) * (w**2).sum() / w.sum() ** 2)


def test_people_who_answered_before_are_counted(look):
    arrival = look(rows(2, start=1100))
    assert (arrival.panel.n_before, arrival.panel.in_wave) == (60, {"2026Q1": 60})
    assert "same_people" not in rules(arrival)
    assert rules(look(rows(2)))["same_people"] == "warning"


def test_what_moved_is_a_warning_and_no_error(look):
    arrival = look(
        rows(2).assign(
            q13_outage=lambda f: np.clip(f["q13_outage"] - 1, 1, 5),
            q14_shop=lambda f: f["q14_shop"].replace(6, 0),
            plan=lambda f: f["plan"].replace("prepaid", "pre-paid"),
        )
    )
    found = rules(arrival)
    for rule in ("drift", "absence_moved", "new_categories", "missing_categories"):
        assert found[rule] == "warning"
    assert not arrival.has_errors
    told = " ".join(arrival.problems["what_to_do"])
    assert "Did you mean 'prepaid'?" in told
    assert "in wave '2026Q1'" in told


def test_a_wave_older_than_the_last_is_told(look):
    assert rules(look(described=Described("B", "2025-10-01")))["older_than_the_last"] == "warning"
    assert "older_than_the_last" not in rules(look())


def test_a_control_with_hundreds_of_words_is_not_compared(study, new_file):
    text = (study / "study.yml").read_text().replace("segments: [plan]", "controls: [customer]")
    (study / "study.yml").write_text(text)
    arrival = arrive(earlier_waves(read_study(study)), new_file(), NEXT)
    found = arrival.comparison.categories[0]
    assert (found.distance, found.reason) == (None, "not compared: more than 100 categories")


@pytest.mark.parametrize("name", ["e\x1b[31mvil.csv", "back\\slash.csv"])
def test_a_name_that_no_study_can_hold_is_to_be_changed(look, name):
    with pytest.raises(StudyError, match="rename the file"):
        look(name=name)


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (Described("2026q1"), "has a wave '2026Q1' already"),
        (Described("a/b"), "--id: 'a/b' is no id"),
        (Described("B", from_="soon"), "--from: 'soon' is no date"),
        (Described("B", "2026-05-01", "2026-04-01"), "the dates: to .* is before from"),
        (Described("B", absent=("outge",)), "Did you mean 'outage'?"),
        (Described("B", columns={"q12": "x"}), "no column 'q12'"),
    ],
)
def test_what_is_not_allowed_is_told_with_the_option(look, described, message):
    with pytest.raises(StudyError, match=message):
        look(described=described)


def test_the_file_of_an_earlier_wave_is_refused(study):
    with pytest.raises(StudyError, match="is the file of wave '2026Q1'"):
        arrive(earlier_waves(read_study(study)), study / "waves" / "2026q1.csv", NEXT)


def test_rows_of_one_file_are_told_apart(study):
    described = Described("2026Q2", where={"plan": "prepaid"})
    arrival = arrive(earlier_waves(read_study(study)), study / "waves" / "2026q1.csv", described)
    assert arrival.entry["where"] == {"plan": "prepaid"}
    assert 0 < arrival.n_rows < 160


def test_another_file_of_that_name_is_never_overwritten(look):
    with pytest.raises(StudyError, match="has another file 'waves/2026q1"):
        look(name="2026q1.csv")


def test_a_file_that_is_not_there_is_told(study, tmp_path):
    with pytest.raises(SurveyError, match=r"no file '.*nothing\.csv'"):
        arrive(earlier_waves(read_study(study)), tmp_path / "nothing.csv", NEXT)


def test_the_first_wave_of_a_study_is_compared_with_none(tmp_path, new_file):
    text = STUDY[: STUDY.index("waves:")] + "waves:\n"
    study = small_study(tmp_path / "study", text)
    arrival = arrive(earlier_waves(read_study(study)), new_file(), NEXT)
    assert arrival.comparison is None
    assert arrival.panel.in_wave == {}
    assert arrival.entry["file"] == "waves/2026q2.csv"
    assert not arrival.has_errors


def test_a_pair_has_two_sides_and_stands_once():
    assert pairs("--column", ["a=b", "c = d=e"]) == {"a": "b", "c": "d=e"}
    for wrong in (["a"], ["=b"], ["a="], ["a=b", "a=c"]):
        with pytest.raises(StudyError, match="--column"):
            pairs("--column", wrong)
