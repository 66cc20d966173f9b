"""Random draws that stay the same for as long as the seed does.

Only uniforms are drawn (PCG64 and SeedSequence are frozen by numpy; its other distributions
may change between versions) and everything else is computed from them element by element, so
that neither threads nor BLAS nor a new numpy change a byte of the example.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

#: One stream per table. New tables go at the end: a stream never depends on a later one.
STREAMS = (
    "2025Q4",
    "2026Q1",
    "2026Q2",
    "2026Q3",
    "branches",
    "revenue",
    "votes",
    "events",
    "customers",
    "voice",
    "recordings",
    "operations",
)


def streams(seed: int) -> dict[str, np.random.Generator]:
    """One independent generator per table of :data:`STREAMS`."""
    children = np.random.SeedSequence(seed).spawn(len(STREAMS))
    return {
        name: np.random.Generator(np.random.PCG64(child))
        for name, child in zip(STREAMS, children, strict=True)
    }


def normal(rng: np.random.Generator, size: int) -> Floats:
    """Standard normal draws, shape (size,), by the inverse of the distribution function."""
    return np.asarray(ndtri((np.floor(rng.random(size) * 2.0**40) + 0.5) / 2.0**40))


def choice(
    rng: np.random.Generator, shares: Sequence[float] | Floats, size: int
) -> NDArray[np.intp]:
    """Positions 0 … len(shares)−1 with the given shares (of any sum), shape (size,)."""
    edges = np.cumsum(np.asarray(shares, dtype=float))
    return np.searchsorted(edges / edges[-1], rng.random(size), side="right")


def whole(rng: np.random.Generator, low: int, high: int, size: int) -> NDArray[np.int64]:
    """Whole numbers low … high, both included, shape (size,)."""
    return low + np.floor(rng.random(size) * (high - low + 1)).astype(np.int64)
