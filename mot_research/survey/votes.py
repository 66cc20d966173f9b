"""The votes of a workshop, read from the study's file."""

from __future__ import annotations

from typing import get_args

import pandas as pd

from mot_research.errors import SurveyError, shown
from mot_research.study.definition import Study
from mot_research.study.parts import Category
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.cells import texts
from mot_research.survey.tables import Table

NEEDED = ("participant", "silo", "moment", "shortlisted")
COLUMNS = ("participant", "silo", "moment", "stage", "category", "shortlisted", "rank")


def votes_of(study: Study, table: Table) -> pd.DataFrame:
    """The votes, one row a participant and moment.

    Returns
    -------
    DataFrame
        ``participant``, ``silo``, ``moment``, ``stage``, ``category`` (text, NA for no vote),
        ``shortlisted`` (1, 0, or NaN for no vote), ``rank`` (from 1, NaN for none). A column
        that the file does not have is empty.

    Raises
    ------
    SurveyError
        The table lacks a needed column, holds a vote that is neither 1, 0 nor empty or a rank
        that is no number from 1, names a moment, stage or category that the study does not
        have, or has two rows of one participant on one moment.
    """
    name = f"the votes in '{shown(table.path.name)}'"
    absent = [column for column in NEEDED if column not in table.frame.columns]
    if absent:
        raise SurveyError(
            f"{name} have no column '{absent[0]}'."
            f"{did_you_mean(absent[0], [str(c) for c in table.frame.columns])} Columns needed: "
            f"{', '.join(NEEDED)}."
        )
    frame = table.frame.reindex(columns=list(COLUMNS))
    votes = frame.assign(
        **{column: texts(frame[column]) for column in COLUMNS[:5]},
        shortlisted=pd.to_numeric(frame["shortlisted"], errors="coerce"),
        rank=pd.to_numeric(frame["rank"], errors="coerce"),
    )
    for column, right, advice in (
        (
            "shortlisted",
            votes["shortlisted"].isin((0, 1)),
            "neither 1 nor 0. Write 1 for chosen, 0 for not, nothing for no vote.",
        ),
        (
            "rank",
            votes["rank"] >= 1,
            "no number from 1. Write 1 for the first, nothing for what is not ranked.",
        ),
    ):
        wrong = frame[column][frame[column].notna() & ~right]
        if len(wrong):
            raise SurveyError(
                f"{name} hold {len(wrong)} values of '{column}', such as "
                f"'{shown(wrong.iloc[0])}', that are {advice}"
            )
    for column, known in (
        ("moment", [moment.id for moment in study.moments]),
        ("stage", [stage.id for stage in study.stages]),
        ("category", list(get_args(Category))),
    ):
        unknown = sorted(set(votes[column].dropna()) - set(known))
        if unknown:
            raise SurveyError(
                f"{name} name the {column} '{shown(unknown[0])}', which the study does not have."
                f"{did_you_mean(unknown[0], known)}"
            )
    votes = votes.dropna(subset=["participant", "silo", "moment"]).reset_index(drop=True)
    twice = votes.duplicated(["participant", "silo", "moment"])
    if twice.any():
        first = votes[twice].iloc[0]
        raise SurveyError(
            f"{name} have two rows of participant '{shown(first['participant'])}' on moment "
            f"'{shown(first['moment'])}'. Keep the one that holds."
        )
    return votes
