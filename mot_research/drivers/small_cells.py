"""Small cells of a segment: what is suppressed, not shown, or marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mot_research.drivers.design import Rows
from mot_research.drivers.result import DriverResult
from mot_research.errors import shown
from mot_research.numbers import SHOWN_FROM, UNMARKED_FROM
from mot_research.survey.suppression import SUPPRESSED, SegmentCounts
from mot_research.survey.wave import RATED


def value_table(rows: Rows, label: np.ndarray, hidden: pd.Series) -> pd.DataFrame:
    """How many answered in each value of a segment, and what may be shown of it.

    ``rows`` have the outcome; ``label`` (n,) is their value; ``hidden`` says of each value why its
    count is suppressed. The columns are those of ``Segments.values``.
    """
    names, place = np.unique(label, return_inverse=True)
    n = np.bincount(place)
    weight = np.bincount(place, weights=rows.weight)
    why = hidden.loc[list(names)].to_numpy()
    few = n < SHOWN_FROM
    marked = ~few & (n < UNMARKED_FROM)
    is_hidden = why != ""
    status = np.select(
        [is_hidden, few, marked], ["suppressed", "not shown", "marked"], default="analysed"
    )
    reason = np.select(
        [is_hidden, few, marked],
        [
            why,
            np.array([f"too few to say (n = {count})" for count in n]),
            np.array([f"only {count}: too few for a verdict" for count in n]),
        ],
        default="",
    )
    mean = np.bincount(place, weights=rows.weight * rows.outcome) / weight
    effective = weight**2 / np.bincount(place, weights=rows.weight**2)
    return pd.DataFrame(
        {
            "n": np.where(is_hidden, np.nan, n),
            "n_effective": np.where(is_hidden, np.nan, effective),
            "mean": np.where(is_hidden | few, np.nan, mean),
            "status": status.astype(object),
            "reason": reason.astype(object),
        },
        index=pd.Index(names, name="value"),
    )


def cell_table(
    rows: Rows, label: np.ndarray, who: SegmentCounts, segment: str, hidden: pd.Series
) -> pd.DataFrame:
    """How many rated each moment in each value of a segment, small numbers taken out.

    ``label`` (n,) is the value of each row, ``who`` are the values of all segments, and ``hidden``
    says of each why it is suppressed.
    """
    rated = rows.states == RATED
    values = hidden.loc[segment].index
    n = np.array([rated[label == value].sum(axis=0) for value in values])
    why = np.array(
        [who.suppressed(of_moment, hidden).loc[segment].to_numpy() for of_moment in rated.T]
    ).T
    is_hidden = (hidden.loc[segment].to_numpy() != "")[:, None]
    status = np.select(
        [is_hidden | (why == SUPPRESSED), n < SHOWN_FROM, n < UNMARKED_FROM],
        ["suppressed", "not shown", "marked"],
        default="shown",
    )
    index = pd.MultiIndex.from_product([values, rows.drivers], names=["value", "moment"])
    n_shown = np.where(is_hidden | (why != ""), np.nan, n)
    return pd.DataFrame({"n": n_shown.ravel(), "status": status.ravel()}, index=index)


def masked(result: DriverResult, cells: pd.DataFrame) -> DriverResult:
    """The result without the counts and means of small cells."""
    table = result.table.copy()
    cells = cells.reindex(table.index)
    table["n"] = cells["n"]
    table.loc[cells["n"].isna(), "reach"] = np.nan  # it would give the count away
    table.loc[cells["status"].isin(("suppressed", "not shown")), "mean"] = np.nan
    secret = [name for name in result.not_tested if cells.at[name, "status"] == "suppressed"]
    reasons = {**result.not_tested, **dict.fromkeys(secret, SUPPRESSED)}
    spoken = tuple(f"{shown(name)} is not tested: " for name in secret)
    warnings = [
        next((f"{start}{SUPPRESSED}." for start in spoken if warning.startswith(start)), warning)
        for warning in result.warnings
    ]
    open_to_all = set(cells.index[cells["status"].isin(("shown", "marked"))])
    described = {name: seen for name, seen in result.described.items() if name in open_to_all}
    return replace(
        result,
        table=table,
        not_tested=reasons,
        warnings=tuple(warnings),
        described=described,
    )
