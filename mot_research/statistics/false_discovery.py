"""The false discovery rate over one family of tests."""

from __future__ import annotations

import numpy as np

from mot_research.statistics.crossproducts import Floats


def false_discovery(p: Floats) -> Floats:
    """Benjamini–Hochberg over the tests that there are: (p,) of q, NaN where p is.

    References
    ----------
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57.
    """
    from scipy import stats  # a second, which no other command than an analysis is to wait for

    q = np.full(len(p), np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested])
    return q
