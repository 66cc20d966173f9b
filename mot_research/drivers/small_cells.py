"""Small numbers, everywhere the same: what is suppressed, not shown, or marked."""

from __future__ import annotations

import numpy as np

SUPPRESSED_BELOW = 10  # privacy
SHOWN_FROM = 30  # fewer are not shown: too few to say
MARKED_BELOW = 50  # from SHOWN_FROM to here: shown and marked

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
