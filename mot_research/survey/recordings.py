"""Recorded experiences: what customers went through, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mot_research.study.definition import Study
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.cells import numbers, texts
from mot_research.survey.columns import Cells
from mot_research.survey.event_log import EARLIEST, LATEST, WRITTEN_TIME
from mot_research.survey.missing_column import missing_column
from mot_research.survey.problems import Problem
from mot_research.survey.tables import Table

MARKS = ("moment_of_truth", "internal_interaction", "decision_point")
NEEDED = ("respondent", "time", "moment", "mark")
SADDEST, HAPPIEST = -2, 2


def recordings_of(study: Study, table: Table) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Read the steps that can be used, and every problem of the file.

    Nothing in the file raises or stops a wave: what can't be used is left out with a warning.

    Parameters
    ----------
    study : Study
        Its moments are what steps are recorded at.
    table : Table
        Columns ``respondent``, ``time`` (as 2026-01-31T14:30), ``moment`` (an id), ``mark`` (one
        of ``MARKS``) and, where it was noted, ``emotion`` (−2 to 2).

    Returns
    -------
    DataFrame or None
        ``respondent`` (str), ``time`` (datetime64), ``moment`` (str), ``mark`` (str), ``emotion``
        (float, NaN where blank), in the order of respondent and time, steps of the same minute as
        they stand in the file; None where a column is missing.
    list of Problem
    """
    frame = table.frame
    if lacking := missing_column(table, NEEDED, "recordings"):
        return None, [lacking]
    cells = {name: Cells(wave="", name=name, column=frame[name]) for name in NEEDED}
    column = {name: texts(frame[name]) for name in NEEDED}
    written = column["time"].where(column["time"].str.fullmatch(WRITTEN_TIME).fillna(False))
    when = pd.to_datetime(written, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    when = when.where(when.between(EARLIEST, LATEST))
    blank = {name: column[name].isna().to_numpy() for name in NEEDED}
    ids = [moment.id for moment in study.moments]
    strange = {
        "time": when.isna().to_numpy(),
        "moment": ~column["moment"].isin(ids).to_numpy(),
        "mark": ~column["mark"].isin(MARKS).to_numpy(),
    }
    advice = {
        "time": "Write times as 2026-01-31T14:30.",
        "moment": "Steps are recorded at the ids of the study's moments."
        + _hint(column["moment"][strange["moment"]], ids),
        "mark": f"A mark is one of {', '.join(MARKS)}.",
    }
    problems: list[Problem] = []
    for name in NEEDED:
        problems += cells[name].problem(
            f"{name}_missing", blank[name], f"Steps without a {name} are left out.", "warning"
        )
    for name, found in strange.items():
        problems += cells[name].problem(
            f"unknown_{name}" if name != "time" else "not_a_time",
            found & ~blank[name],
            f"{advice[name]} These steps are left out.",
            "warning",
        )
    emotion, found_ = _emotion(frame)
    problems += found_
    kept = ~np.logical_or.reduce([*blank.values(), *strange.values()])
    steps = pd.DataFrame(
        {
            "respondent": column["respondent"][kept].astype("str"),
            "time": when[kept],
            "moment": column["moment"][kept].astype("str"),
            "mark": column["mark"][kept].astype("str"),
            "emotion": emotion[kept],
        }
    )
    return steps.sort_values(["respondent", "time"], kind="stable", ignore_index=True), problems


def _emotion(frame: pd.DataFrame) -> tuple[np.ndarray, list[Problem]]:
    if "emotion" not in frame:
        return np.full(len(frame), np.nan), []
    found = numbers(frame["emotion"])
    with np.errstate(invalid="ignore"):
        outside = (found.values < SADDEST) | (found.values > HAPPIEST)
    cells = Cells(wave="", name="emotion", column=frame["emotion"])
    advice = f"An emotion is a number from {SADDEST} to {HAPPIEST}. These count as blank."
    problems = list(cells.problem("emotion_outside", found.word | outside, advice, "warning"))
    return np.where(outside, np.nan, found.values), problems


def _hint(unknown: pd.Series, ids: list[str]) -> str:
    first = next(iter(unknown.dropna()), None)
    return "" if first is None else did_you_mean(first, ids)
