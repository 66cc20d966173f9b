"""Small cells of a segment: what is suppressed, not shown, or marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mot_research.drivers.design import Rows
from mot_research.drivers.result import DriverResult
from mot_research.errors import shown
from mot_research.numbers import SHOWN_FROM, SUPPRESSED_BELOW, UNMARKED_FROM
from mot_research.survey.wave import RATED

SUPPRESSED = f"suppressed: fewer than {SUPPRESSED_BELOW}"
COMPLEMENTARY = "suppressed, so that another count can't be worked out from it"


def suppressed(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which counts of one total to suppress: the small ones, and what would give them away.

    Parameters
    ----------
    counts : ndarray (k,)
        They add up to a total that may be known.

    Returns
    -------
    small, complementary : ndarray (k,) of bool
        A count from 1 to 9 is small. Where there is exactly one, the smallest
        of the others that is not 0 is suppressed with it.
    """
    counts = np.asarray(counts)
    small = (counts > 0) & (counts < SUPPRESSED_BELOW)
    complementary = np.zeros(len(counts), dtype=bool)
    others = np.flatnonzero(~small & (counts > 0))
    if small.sum() == 1 and len(others):
        complementary[others[np.argmin(counts[others])]] = True
    return small, complementary


def value_table(rows: Rows, label: np.ndarray) -> pd.DataFrame:
    """How many answered in each value of a segment, and what may be shown of it.

    ``rows`` have the outcome; ``label`` (n,) is their value. The columns are those of
    ``Segments.values``.
    """
    names, place = np.unique(label, return_inverse=True)
    n = np.bincount(place)
    weight = np.bincount(place, weights=rows.weight)
    small, complementary = suppressed(n)
    few = n < SHOWN_FROM
    marked = ~few & (n < UNMARKED_FROM)
    hidden = small | complementary
    status = np.select(
        [hidden, few, marked], ["suppressed", "not shown", "marked"], default="analysed"
    )
    reason = np.select(
        [small, complementary, few, marked],
        [
            np.full(len(n), SUPPRESSED),
            np.full(len(n), COMPLEMENTARY),
            np.array([f"too few to say (n = {count})" for count in n]),
            np.array([f"only {count}: too few for a verdict" for count in n]),
        ],
        default="",
    )
    mean = np.bincount(place, weights=rows.weight * rows.outcome) / weight
    effective = weight**2 / np.bincount(place, weights=rows.weight**2)
    return pd.DataFrame(
        {
            "n": np.where(hidden, np.nan, n),
            "n_effective": np.where(hidden, np.nan, effective),
            "mean": np.where(hidden | few, np.nan, mean),
            "status": status.astype(object),
            "reason": reason.astype(object),
        },
        index=pd.Index(names, name="value"),
    )


def cell_table(rows: Rows, label: np.ndarray, values: pd.DataFrame) -> pd.DataFrame:
    """How many rated each moment in each value, small numbers taken out."""
    rated = rows.states == RATED
    n = np.array([rated[label == value].sum(axis=0) for value in values.index])
    by_moment = [suppressed(n[:, j]) for j in range(n.shape[1])]
    hidden_values = (values["status"] == "suppressed").to_numpy()
    small = np.column_stack([pair[0] for pair in by_moment])
    hidden = small | np.column_stack([pair[1] for pair in by_moment]) | hidden_values[:, None]
    status = np.select(
        [hidden & (small | hidden_values[:, None]), n < SHOWN_FROM, n < UNMARKED_FROM],
        ["suppressed", "not shown", "marked"],
        default="shown",
    )
    index = pd.MultiIndex.from_product([values.index, rows.drivers], names=["value", "moment"])
    return pd.DataFrame(
        {"n": np.where(hidden, np.nan, n).ravel(), "status": status.ravel()}, index=index
    )


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
