"""Votes from a file: used, or a warning that says what to mend."""

import pytest

from mot_research.survey.reading import read_survey

HEAD = "participant,silo,moment,shortlisted\n"


@pytest.fixture
def survey_with(study_with, five_lines):
    def read(votes):
        wave = "q12_first_bill,q13_outage,ltr\n" + "4,5,9\n3,2,6\n" * 20
        text = five_lines + "workshop: {votes: votes.csv}\n"
        return read_survey(study_with(text, **{"2026q1": wave, "votes": votes}))

    return read


def test_votes_are_read_with_their_file_among_the_inputs(survey_with):
    survey = survey_with(HEAD + "A,Sales,q12_first_bill,1\nB,IT,q12_first_bill,\n")
    assert survey.votes["shortlisted"].tolist()[0] == 1
    assert survey.votes["shortlisted"].isna().tolist() == [False, True]
    assert "votes.csv" in [entry.name for entry in survey.inputs]


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        ("who,silo,moment,shortlisted\nA,Sales,q13_outage,1\n", "no column 'participant'"),
        (HEAD + "A,Sales,q13_outage,yes\n", "neither 1 nor 0, such as 'yes'"),
        (HEAD + "A,Sales,q13_outtage,1\n", "Did you mean 'q13_outage'?"),
    ],
)
def test_what_cannot_be_used_is_a_warning_and_stops_no_wave(survey_with, votes, message):
    survey = survey_with(votes)
    row = survey.problems[survey.problems["rule"] == "unusable_votes"].iloc[0]
    assert message in row["what_to_do"]
    assert row["severity"] == "warning"
    assert survey.votes is None
    assert list(survey.waves) == ["2026Q1"]
