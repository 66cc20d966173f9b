import pytest

from mot_research.survey.reading import read_survey

STUDY = """\
study: Test
moments: {q1: One}
ratings: {low: 1, high: 5}
outcomes:
  - {id: recommend, column: ltr, kind: score, low: 0, high: 10}
  - {id: revenue, role: revenue, kind: amount, file: crm.csv, column: revenue, after: 30 days,
     through: 2026-06-30}
respondent: id
waves:
  - {id: A, file: a.csv, to: 2026-05-31}
  - {id: B, file: b.csv, to: 2026-06-01}
"""
A = "id,q1,ltr\n001,1,9\n2,2,8\n3,3,7\n,4,6\n"
B = "id,q1,ltr\n001,1,9\n4,2,8\n"


@pytest.fixture
def survey_with(study_with):
    return lambda crm, text=STUDY: read_survey(study_with(text, _a=A, _b=B, _crm=crm))


def filled(survey, wave):
    return survey[wave].outcomes["revenue"].fillna(-1).tolist()


def rule(survey, name):
    return survey.problems.query(f"rule == '{name}'")


def test_an_outcome_is_joined_by_respondent(survey_with):
    survey = survey_with("id,revenue\n3,30.5\n001,0\n99,5\n4,7\n")
    assert filled(survey, "A") == [0.0, -1.0, 30.5, -1.0]
    assert filled(survey, "B") == [0.0, 7.0]
    row = rule(survey, "no_partner").iloc[0]
    assert (row["wave"], row["count"], row["severity"], row["examples"]) == (
        "A", 2, "note", "'2'",
    )  # fmt: skip
    assert [file.name for file in survey.inputs] == ["crm.csv", "a.csv", "b.csv"]


def test_a_wave_column_in_the_file_joins_by_wave_too(survey_with):
    survey = survey_with("id,wave,revenue\n001,A,1\n001,B,2\n4,B,3\n2,B,9\n3,A,5\n")
    assert filled(survey, "A") == [1.0, -1.0, 5.0, -1.0]
    assert filled(survey, "B") == [2.0, 3.0]


def test_a_respondent_with_two_rows_is_an_error_of_the_wave(survey_with):
    survey = survey_with("id,revenue\n3,30\n3,31\n001,2\n99,1\n99,2\n4,1\n")
    row = rule(survey, "duplicate_in_outcome_file").iloc[0]
    assert (row["wave"], row["count"], row["examples"]) == ("A", 2, "'3'")
    assert list(survey.waves) == ["B"]


def test_an_outcome_without_any_partner_is_not_asked(survey_with):
    survey = survey_with("id,revenue\nc-1,30\nc-2,31\n")
    assert survey["A"].outcomes_asked == ("recommend",)
    assert filled(survey, "A") == [-1.0] * 4
    row = rule(survey, "no_partner").iloc[0]
    assert row["severity"] == "warning"
    assert "the file's begin 'c-1', 'c-2'" in row["what_to_do"]


@pytest.mark.parametrize("crm", ["id,umsatz\n3,30\n", "kunde,revenue\n3,30\n"])
def test_a_file_that_lacks_a_column_stops_the_waves_that_need_it(survey_with, crm):
    text = STUDY.replace("b.csv,", "b.csv, not_asked: [revenue],")
    survey = survey_with(crm, text)
    row = rule(survey, "column_missing").iloc[0]
    assert (row["wave"], row["severity"]) == ("", "error")
    assert list(survey.waves) == ["B"]


def test_a_missing_outcome_file_is_one_problem(study_with):
    survey = read_survey(study_with(STUDY, _a=A, _b=B))
    assert rule(survey, "missing_file")["examples"].tolist() == ["'crm.csv'"]
    assert dict(survey.waves) == {}


def test_amounts_below_zero_and_words_are_errors(survey_with):
    survey = survey_with("id,revenue\n3,-5\n001,viel\n4,1\n")
    errors = survey.problems.query("severity == 'error'")
    assert errors[["wave", "rule"]].values.tolist() == [
        ["A", "not_a_number"], ["A", "outside_scale"], ["B", "not_a_number"],
    ]  # fmt: skip


def test_a_wave_that_the_outcome_does_not_cover_yet_is_noted(survey_with):
    survey = survey_with("id,revenue\n3,5\n001,1\n2,2\n4,1\n")
    assert rule(survey, "not_mature")["wave"].tolist() == ["B"]


def test_rows_of_the_file_without_an_id_are_left_out_and_told(survey_with):
    survey = survey_with("id,revenue\n3,5\n,9\n,8\n4,1\n")
    row = rule(survey, "respondent_missing").iloc[0]
    assert (row["wave"], row["count"]) == ("", 2)
    assert filled(survey, "A") == [-1.0, -1.0, 5.0, -1.0]


def test_a_wave_without_ids_can_not_have_the_outcome(survey_with):
    text = STUDY.replace("b.csv,", "b.csv, respondent: null,")
    survey = survey_with("id,revenue\n3,5\n001,1\n4,1\n", text)
    assert survey["B"].outcomes_asked == ("recommend",)
    assert rule(survey, "no_respondent")["wave"].tolist() == ["B"]
