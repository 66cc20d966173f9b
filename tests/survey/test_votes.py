"""Votes from a file: used, or a warning that says what to mend."""

import pytest

from mot_research.survey.reading import read_survey

HEAD = "participant,silo,moment,shortlisted\n"
FULL = "participant,silo,moment,stage,category,shortlisted,rank\n"


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
        (HEAD + "A,Sales,q13_outage,yes\n", "such as 'yes', that are neither 1 nor 0"),
        (HEAD + "A,Sales,q13_outtage,1\n", "Did you mean 'q13_outage'?"),
        (HEAD + "A,Sales,q13_outage,1\n" * 2, "two rows of participant 'A'"),
        (FULL + "A,Sales,q13_outage,carre,,1,1\n", "the stage 'carre'"),
        (FULL + "A,Sales,q13_outage,,rescues,1,1\n", "Did you mean 'rescue'?"),
        (FULL + "A,Sales,q13_outage,,,1,first\n", "such as 'first', that are no number from 1"),
        (FULL + "A,Sales,q13_outage,,,1,0\n", "that are no number from 1"),
    ],
)
def test_what_cannot_be_used_is_a_warning_and_stops_no_wave(survey_with, votes, message):
    survey = survey_with(votes)
    row = survey.problems[survey.problems["rule"] == "unusable_votes"].iloc[0]
    assert message in row["what_to_do"]
    assert row["severity"] == "warning"
    assert survey.votes is None
    assert list(survey.waves) == ["2026Q1"]


def test_stages_categories_and_ranks_are_read_and_may_be_left_out(survey_with):
    votes = survey_with(FULL + "A,Sales,q13_outage,care,rescue,1,2\nB,IT,q13_outage,,,0,\n").votes
    assert votes.loc[0, ["stage", "category", "rank"]].tolist() == ["care", "rescue", 2]
    assert votes.loc[1, ["stage", "category", "rank"]].isna().all()
    without = survey_with(HEAD + "7,Sales,q13_outage,1\n").votes
    assert without.loc[0, "participant"] == "7"
    assert without[["stage", "category", "rank"]].isna().all(axis=None)
