"""Counts as they may leave the house: what is below 10, or would tell such a count, is empty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mot_research.numbers import SHOWN_FROM, SUPPRESSED_BELOW, complement
from mot_research.report.narrative.tables import ABSENCES
from mot_research.survey.contacts import MISSED, STATUSES

WITHOUT_PARTS = ("all", "stage")  # by which no values add up to a count that is shown


def without_small_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Empty the means that rest on fewer than 30, and the counts below 10."""
    frame = frame.copy()
    frame.loc[~(frame["n"] >= SHOWN_FROM), "mean"] = math.nan
    frame.loc[~(frame["n"] >= SUPPRESSED_BELOW), ["n", "reach"]] = math.nan
    return frame


def hidden_cells(table: np.ndarray, hidden: np.ndarray | None = None) -> np.ndarray:
    """Which counts of a table to hide whose rows and columns have known totals.

    Parameters
    ----------
    table : ndarray (r, c) of int
    hidden : ndarray (r, c) of bool, optional
        Hidden anyway.

    Returns
    -------
    ndarray (r, c) of bool
        The counts from 1 to 9, and in each row and column what would tell them.
    """
    mask = (table > 0) & (table < SUPPRESSED_BELOW)
    mask |= False if hidden is None else hidden
    n_hidden = -1
    while mask.sum() > n_hidden:
        n_hidden = mask.sum()
        for cells, is_hidden in [
            *zip(table, mask, strict=True),
            *zip(table.T, mask.T, strict=True),
        ]:
            beside = complement(tuple(map(int, cells)), set(np.flatnonzero(is_hidden)))
            is_hidden[list(beside)] = True
    return mask


def shown_absences(counts: pd.DataFrame) -> pd.DataFrame:
    """Return how many rated each moment and why others did not; the shares go with the counts."""
    frame = counts.astype({name: float for name in ABSENCES})
    cells = counts[list(ABSENCES)].to_numpy(dtype=int)
    hidden = np.array([_in_one_row(row) for row in cells]).reshape(cells.shape)
    for place, name in enumerate(ABSENCES):
        share = name.replace("n_", "share_", 1)
        columns = [name, share] if share in frame else [name]
        frame.loc[hidden[:, place], columns] = np.nan
    return frame.astype({name: "Int64" for name in ABSENCES})


def shown_contacts(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the due contacts of every moment, by all, stage, wave and segment.

    The statuses add up to those it was due for, and over the values of a segment to all of them. A
    share needs 30, and all of its counts shown.
    """
    frame = counts.astype({name: float for name in ("triggered", *STATUSES)})
    for _, of_one in counts.groupby(["by", "moment"], sort=False):
        due = of_one["triggered"].to_numpy(dtype=int)
        statuses = of_one[list(STATUSES)].to_numpy(dtype=int)
        if of_one["by"].iloc[0] in WITHOUT_PARTS:
            none = (due > 0) & (due < SUPPRESSED_BELOW)
            hidden = np.array([_in_one_row(row) for row in statuses]) | none[:, None]
        else:
            none = hidden_cells(due[:, None])[:, 0]
            hidden = hidden_cells(statuses, np.repeat(none[:, None], len(STATUSES), axis=1))
        frame.loc[of_one.index, list(STATUSES)] = np.where(hidden, np.nan, statuses)
        frame.loc[of_one.index, "triggered"] = np.where(none, np.nan, due)
    decided = frame[["in_time", *MISSED]].sum(axis=1, skipna=False)
    shown = (decided >= SHOWN_FROM) & frame[list(STATUSES)].notna().all(axis=1)
    frame["share_in_time"] = counts["share_in_time"].where(shown)
    return frame.astype({name: "Int64" for name in ("triggered", *STATUSES)})


def shown_groups(told: Mapping[str, Any]) -> dict[str, int | None]:
    """Return the sizes of the groups of a missed contact, None where they are from 1 to 9."""
    sizes = {name: n for name, n in told.items() if name.startswith("n_") and isinstance(n, int)}
    return {name: None if 0 < n < SUPPRESSED_BELOW else n for name, n in sizes.items()}


def _in_one_row(cells: np.ndarray) -> np.ndarray:
    return hidden_cells(cells[None, :])[0]
