"""Weighted correlation over a domain of a sample, with its influence per sampling unit."""

from __future__ import annotations

import numpy as np

from mot_research.statistics.means import DomainMean


def domain_correlation(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray, units: np.ndarray, n_units: int
) -> DomainMean:
    """Weighted correlation of the rows where both values are present.

    With z the standardised values, the influence of row i on r is
    ``w_i / Σw · (z_xi z_yi − r (z_xi² + z_yi²) / 2)``.

    Parameters
    ----------
    x, y : ndarray (n,)
        NaN outside the domain.
    weights : ndarray (n,)
    units : ndarray (n,) of int
        Sampling unit of each row, 0 … n_units − 1.
    n_units : int

    Returns
    -------
    DomainMean
        ``estimate`` is r, not a number where one of the two does not vary.

    References
    ----------
    Pearson (1896); Deville (1999), Survey Methodology 25, for the influence.
    """
    inside = np.isfinite(x) & np.isfinite(y)
    n = int(inside.sum())
    w, a, b = weights[inside], x[inside], y[inside]
    if n < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return DomainMean(np.nan, np.zeros(n_units), n)
    w = w / w.sum()
    a, b = a - w @ a, b - w @ b
    a, b = a / np.sqrt(w @ a**2), b / np.sqrt(w @ b**2)
    r = float(w @ (a * b))
    influence = w * (a * b - r * (a**2 + b**2) / 2)
    return DomainMean(r, np.bincount(units[inside], weights=influence, minlength=n_units), n)
