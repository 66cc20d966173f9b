"""The intervals of a driver analysis, as the product shows them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from mot_research.drivers.result import DriverResult
from mot_research.priorities.evidence import share_interval

# By kind: lower and upper ends, each (p,), NaN where the product shows none.
Intervals = dict[str, tuple[np.ndarray, np.ndarray]]


def driver_intervals(result: DriverResult) -> Intervals:
    """Of effects, of contact effects, of importance and of its shares, as the product has them."""
    table = result.table
    t = stats.t.ppf((1 + result.confidence) / 2, max(result.degrees_of_freedom, 1))
    shares = np.array([share_interval(result, name) for name in result.tested], dtype=float)
    return {
        "effect": _around(table["effect"], t * table["std_error"]),
        "contact_effect": _around(table["contact_effect"], t * table["contact_std_error"]),
        "lmg": (table["ci_lower"].to_numpy(), table["ci_upper"].to_numpy()),
        "share": (shares[:, 0], shares[:, 1]),
    }


def _around(middle: pd.Series, half: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    return (middle - half).to_numpy(dtype=float), (middle + half).to_numpy(dtype=float)
