"""The votes of a workshop, read from the study's file."""

from __future__ import annotations

import pandas as pd

from mot_research.errors import SurveyError, shown
from mot_research.study.definition import Study
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.tables import Table

NEEDED = ("participant", "silo", "moment", "shortlisted")


def votes_of(study: Study, table: Table) -> pd.DataFrame:
    """The votes as ``participant, silo, moment, shortlisted`` (1, 0, or NaN for no vote).

    Raises
    ------
    SurveyError
        The table lacks a column, holds a vote that is neither 1, 0 nor empty,
        or names a moment that the study does not have.
    """
    name, frame = table.path.name, table.frame
    absent = [column for column in NEEDED if column not in frame.columns]
    if absent:
        raise SurveyError(
            f"the votes in '{shown(name)}' have no column '{absent[0]}'."
            f"{did_you_mean(absent[0], [str(c) for c in frame.columns])} Columns needed: "
            f"{', '.join(NEEDED)}."
        )
    votes = frame[list(NEEDED)].assign(
        shortlisted=pd.to_numeric(frame["shortlisted"], errors="coerce")
    )
    empty = frame["shortlisted"].isna()
    wrong = ~empty & ~votes["shortlisted"].isin((0, 1))
    if wrong.any():
        raise SurveyError(
            f"the votes in '{shown(name)}' hold {int(wrong.sum())} values of 'shortlisted' that "
            f"are neither 1 nor 0, such as '{shown(frame.loc[wrong, 'shortlisted'].iloc[0])}'. "
            "Write 1 for chosen, 0 for not, nothing for no vote."
        )
    known = {moment.id for moment in study.moments}
    unknown = sorted({str(moment) for moment in votes["moment"].dropna()} - known)
    if unknown:
        raise SurveyError(
            f"the votes in '{shown(name)}' name the moment '{shown(unknown[0])}', which the study "
            f"does not have.{did_you_mean(unknown[0], sorted(known))}"
        )
    return votes
