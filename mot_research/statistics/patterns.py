"""Rows that lack the same columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mot_research.statistics.crossproducts import Integers

PACKED = 32  # columns that are one number


def patterns(lacks: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], Integers]:
    """The different rows of (n, m) in ascending order, (k, m), and which of them each row is.

    As ``np.unique(lacks, axis=0, return_inverse=True)``, which sorts rows as they stand: thirty
    times as long for 100,000 rows.
    """
    pattern = np.zeros(len(lacks), dtype=np.int64)
    for start in range(0, lacks.shape[1], PACKED):
        part = lacks[:, start : start + PACKED]
        packed = part @ (1 << np.arange(part.shape[1] - 1, -1, -1, dtype=np.int64))
        _, first, pattern = np.unique(
            pattern << PACKED | packed, return_index=True, return_inverse=True
        )
    return lacks[first], pattern


def rows_by_pattern(pattern: Integers) -> list[Integers]:
    """The rows of each pattern 0, 1, …, ascending."""
    order = np.argsort(pattern, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(pattern[order])) + 1)
