"""The intervals of a driver analysis, as the product shows them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mot_research.drivers.result import DriverResult
from mot_research.priorities.evidence import share_interval

# By kind: lower and upper ends, each (p,), NaN where the product shows none.
Intervals = dict[str, tuple[np.ndarray, np.ndarray]]


def driver_intervals(result: DriverResult) -> Intervals:
    """Of effects, of contact effects, of importance and of its shares, as the product has them."""
    table = result.table
    shares = np.array([share_interval(result, name) for name in result.tested], dtype=float)
    return {
        "effect": ends(table, "effect_ci"),
        "contact_effect": ends(table, "contact_effect_ci"),
        "lmg": ends(table, "ci"),
        "share": (shares[:, 0], shares[:, 1]),
    }


def ends(table: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The columns ``name_lower`` and ``name_upper``."""
    return table[f"{name}_lower"].to_numpy(dtype=float), table[f"{name}_upper"].to_numpy(
        dtype=float
    )
