"""Whether a combination of columns splits a yes-or-no outcome without an error."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

TOLERANCE = 1e-6  # mean margin, in standard deviations: less is the solver's rounding


def is_separated(columns: np.ndarray, outcome: np.ndarray) -> bool:
    """Complete or quasi-complete separation of a binary outcome.

    Looks for coefficients b with (2y_i − 1)(1, x_i)'b ≥ 0 in every row and > 0
    in some, by a linear programme; then a logit has no finite estimate.

    Parameters
    ----------
    columns : ndarray (n, k)
        Without missing cells.
    outcome : ndarray (n,)
        1 and 0.

    References
    ----------
    Albert & Anderson (1984), Biometrika 71; Konis (2007), thesis, Oxford.
    """
    spread = columns.std(axis=0)
    varies = spread > 0
    scaled = (columns[:, varies] - columns[:, varies].mean(axis=0)) / spread[varies]
    sign = np.where(outcome > 0.5, 1.0, -1.0)
    rows = sign[:, None] * np.column_stack([np.ones(len(scaled)), scaled])
    found = linprog(
        -rows.mean(axis=0),
        A_ub=-rows,
        b_ub=np.zeros(len(rows)),
        bounds=(-1, 1),
        method="highs",
    )
    return bool(found.success and -found.fun > TOLERANCE)
