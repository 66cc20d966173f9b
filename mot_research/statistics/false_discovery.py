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
    q = np.full(len(p), np.nan)
    tested = np.isfinite(p)
    falling = np.argsort(-p[tested], kind="stable")
    ranks = np.arange(len(falling), 0, -1)
    bounds = np.minimum.accumulate(p[tested][falling] * len(falling) / ranks)
    q[np.flatnonzero(tested)[falling]] = np.minimum(bounds, 1.0)
    return q
