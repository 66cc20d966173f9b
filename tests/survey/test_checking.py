import numpy as np
import pytest

from mot_research.survey import checking
from mot_research.survey.reading import read_survey

STUDY = """\
study: Test
moments: {q1: One, q2: Two}
ratings: {low: 1, high: 5, not_experienced: [6]}
outcomes: [{id: y, column: y, kind: score, low: 0, high: 10}]
waves: [{id: A, file: a.csv}]
"""


def table(**columns):
    """A CSV of columns; scalars are repeated to 100 rows."""
    defaults = {"q1": [1, 2] * 50, "q2": [3, 4] * 50, "y": list(range(10)) * 10}
    full = {
        name: values if isinstance(values, list) else [values] * 100
        for name, values in (defaults | columns).items()
    }
    rows = zip(*full.values(), strict=True)
    return "\n".join([",".join(full), *(",".join(str(cell) for cell in row) for row in rows)])


@pytest.fixture
def found(study_with):
    """The problems of one wave: {(column, rule): row}."""

    def check(extra="", wave="", **columns):
        text = STUDY.replace("a.csv", f"a.csv{wave}") + extra
        problems = read_survey(study_with(text, _a=table(**columns))).problems
        return {(row["column"], row["rule"]): row for _, row in problems.iterrows()}

    return check


def test_a_sound_wave_has_no_problem(found):
    assert found(q1=[1, 2, 6, 3] * 25, q2=[4, 6, 5, 2] * 25) == {}


@pytest.mark.parametrize(
    ("n_blank", "rule"), [(20, None), (21, "blanks"), (40, "blanks"), (41, "many_blanks")]
)
def test_blanks_are_told_at_20_and_at_40_percent(found, n_blank, rule):
    problems = found(q1=[""] * n_blank + [1, 2] * ((100 - n_blank) // 2) + [3] * (n_blank % 2))
    assert {name for column, name in problems if column == "q1" and "blank" in name} == (
        {rule} if rule else set()
    )


def test_reach_of_nobody_and_of_everybody_is_told(found):
    problems = found(q1=6)
    assert problems["q1", "nobody_experienced"]["severity"] == "warning"
    assert problems["q2", "everybody_experienced"]["severity"] == "note"


@pytest.mark.parametrize(("n", "text"), [(29, "below 30"), (30, "below 50"), (50, None)])
def test_few_raters_are_told(found, n, text):
    problem = found(q1=[1, 2] * (n // 2) + [3] * (n % 2) + [6] * (100 - n)).get(
        ("q1", "few_raters")
    )
    assert problem is None if text is None else text in problem["what_to_do"]


def test_what_does_not_vary_is_told(found):
    problems = found(extra="controls: [c]\n", q1=3, y=7, c=1)
    assert {("q1", "constant_rating"), ("y", "outcome_constant"), ("c", "control_constant")} <= (
        problems.keys()
    )


def test_a_column_that_nobody_filled_is_not_asked(study_with):
    survey = read_survey(study_with(STUDY, _a=table(q1="", y="")))
    assert survey["A"].asked == ("q2",)
    assert survey["A"].outcomes_asked == ()
    assert survey.problems.query("rule == 'all_blank'")["column"].tolist() == ["q1", "y"]


def test_outcome_blanks_are_told(found):
    assert ("y", "outcome_blanks") in found(y=[""] * 21 + [5] * 78 + [6])
    assert ("y", "outcome_blanks") not in found(y=[""] * 20 + [5] * 79 + [6])


@pytest.mark.parametrize(
    ("kind", "value", "rule"),
    [
        ("score, low: 0, high: 10", 11, "outside_scale"),
        ("amount", -1, "outside_scale"),
        ("share", 1.5, "outside_scale"),
        ("share", "viel", "not_a_number"),
        ("binary, yes: [1], no: [0]", 2, "unknown_code"),
    ],
)
def test_an_outcome_keeps_to_its_kind(study_with, kind, value, rule):
    text = STUDY.replace("score, low: 0, high: 10", kind)
    survey = read_survey(study_with(text, _a=table(y=[value] + [0, 1] * 49 + [1])))
    row = survey.problems.query("severity == 'error'").iloc[0]
    assert (row["column"], row["rule"], row["count"]) == ("y", rule, 1)


def test_a_large_design_effect_is_told(found):
    weights = [20.0] * 5 + [1.0] * 95
    expected = 100 * np.sum(np.square(weights)) / np.sum(weights) ** 2
    row = found(extra="weight: w\n", w=weights)["w", "large_design_effect"]
    assert f"{expected:.2f}" in row["what_to_do"]
    assert ("w", "large_design_effect") not in found(extra="weight: w\n", w=1)


@pytest.mark.parametrize(("clusters", "told"), [(39, True), (40, False)])
def test_few_clusters_are_told(found, clusters, told):
    ids = [row % clusters for row in range(100)]
    assert (("", "few_clusters") in found(extra="cluster: c\n", c=ids)) is told


def test_strata_with_one_cluster_are_told(found):
    extra = "cluster: c\nstratum: s\n"
    some = found(extra=extra, c=[row % 50 for row in range(99)] + ["alone"], s=["n"] * 99 + ["z"])
    assert some["", "single_cluster"]["severity"] == "warning"
    assert "(z)" in some["", "single_cluster"]["what_to_do"]
    assert found(extra=extra, c=1, s="n")["", "single_cluster"]["severity"] == "error"
    # without a stratum and a cluster there is nothing to merge
    assert ("", "single_cluster") not in found()


def test_a_row_without_a_cluster_is_one_of_its_own(study_with):
    ids = [""] * 2 + [row % 49 for row in range(98)]
    survey = read_survey(study_with(STUDY + "cluster: c\n", _a=table(c=ids)))
    assert survey["A"].cluster.nunique() == 51
    assert survey["A"].cluster.tolist()[:2] == ["(A row 1)", "(A row 2)"]
    nowhere = read_survey(study_with(STUDY + "cluster: c\n", _a=table(c="")))
    assert nowhere.problems.query("rule == 'cluster_missing'")["severity"].tolist() == ["error"]


def test_a_transactional_survey_is_told(found):
    assert ("", "transactional") in found(q1=[1, 2] * 25 + [""] * 50, q2=[""] * 46 + [3, 4] * 27)
    assert ("", "transactional") not in found()


def test_repeated_rows_of_a_wide_table_are_told(found):
    wide = {f"x{number}": [row // 2 for row in range(100)] for number in range(7)}
    halves = [row // 2 % 5 + 1 for row in range(100)]
    row = found(q1=halves, q2=halves, y=halves, **wide)["", "identical_rows"]
    assert (row["count"], row["severity"]) == (50, "warning")
    assert ("", "identical_rows") not in found(q1=halves, q2=halves, y=halves)


def test_the_same_rows_for_two_waves_are_an_error(study_with):
    text = STUDY.replace("waves: [", "waves: [{id: B, file: b.csv}, ")
    survey = read_survey(study_with(text, _a=table(), _b=table()))
    assert survey.problems.query("rule == 'same_file_twice'")["wave"].tolist() == ["A"]
    assert list(survey.waves) == ["B"]


def test_a_filter_that_can_not_be_applied_is_an_error(found):
    assert found(wave=", where: {yer: 1}", year=1).keys() == {("yer", "where_column_missing")}
    row = found(wave=", where: {year: 2}", year=1)["", "no_rows"]
    assert "No row of 'a.csv' has year: 2" in row["what_to_do"]


def test_names_that_nothing_has_are_told(found):
    problems = found(wave=", not_asked: [qq1], columns: {q9: x, q1: q1}")
    assert "Did you mean 'q1'?" in problems["qq1", "not_asked_unknown"]["what_to_do"]
    assert problems["q9", "mapping_unused"]["severity"] == "warning"
    assert ("q1", "mapping_unused") not in problems


def test_controls_that_look_wrong_are_told(found):
    problems = found(
        extra="controls: [mixed, names, holes]\n",
        mixed=["NA"] + [1, 2] * 49 + [3],
        names=[f"name {row}" for row in range(100)],
        holes=[""] + [1, 2] * 49 + [3],
    )
    assert problems["mixed", "control_mixed"]["examples"] == "'NA'"
    assert problems["names", "control_many_levels"]["severity"] == "warning"
    assert problems["holes", "control_blank"]["severity"] == "note"


def test_a_guessed_encoding_is_noted(study_with):
    study = study_with(STUDY)
    (study.folder / "a.csv").write_bytes(table(note="größer").encode("cp1252"))
    row = read_survey(study).problems.query("rule == 'encoding_guessed'").iloc[0]
    assert (row["severity"], row["wave"]) == ("note", "A")


def test_files_of_other_parts_that_are_not_there_are_told(found):
    row = found(extra="voice: {file: voice/words.csv}\n")["voice: file", "missing_file"]
    assert (row["severity"], row["examples"]) == ("warning", "'voice/words.csv'")


def test_cells_in_the_table_can_not_move_the_cursor(found):
    row = found(q1=["\x1b[2J"] + [1, 2] * 49 + [3])["q1", "not_a_number"]
    assert row["examples"] == "'\\x1b[2J'"


def test_thresholds_are_those_of_the_specification():
    assert (checking.BLANKS_WARNING, checking.BLANKS_UNTESTABLE) == (0.20, 0.40)
    assert (checking.FEWEST_SHOWN, checking.FEW_CLUSTERS, checking.TRANSACTIONAL) == (30, 40, 0.05)
