"""Sampled lmg, for more players than can be done exactly.

lmg is the mean, over all orders of the players, of what a player adds when it
comes after those before it (Lindeman, Merenda & Gold 1980). Here the orders come
in independent blocks: a random order, its cyclic shifts, and the reversals of
all of them. In a block every player stands at every position exactly twice, which
leaves a sixth to a twenty-fifth of the error of as many independent orders
(compare Mitchell, Cooper, Frank & Holmes 2022, J. Mach. Learn. Res. 23).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mot_research.errors import AnalysisError
from mot_research.statistics.covariance_checks import checked_correlations, checked_positions
from mot_research.statistics.sweeping import PIVOT_TOLERANCE, STACK_ELEMENTS, sweep_out

MIN_BLOCKS = 10  # fewer independent blocks give no standard error worth the name


@dataclass(frozen=True)
class SampledImportance:
    """An lmg from sampled orders of the players.

    Attributes
    ----------
    estimate : ndarray of shape (..., players)
        They sum to R²(all) − R²(always), exactly.
    std_error : ndarray of shape (..., players)
        Of the sampling of orders alone; the data count as given.
    n_permutations : int
    """

    estimate: np.ndarray
    std_error: np.ndarray
    n_permutations: int


def sampled_lmg(
    covariance: np.ndarray,
    always: Sequence[int] = (),
    *,
    rng: np.random.Generator,
    n_permutations: int = 2000,
) -> SampledImportance:
    """lmg over sampled orders of the players, with the error of the sampling.

    Parameters
    ----------
    covariance : array_like of shape (..., 1 + p, 1 + p)
        The outcome first; leading axes are replicates, which share their orders.
    always : sequence of int
        Positions among the p columns; they are in every model and are no player.
    rng : numpy.random.Generator
    n_permutations : int
        At least so many orders, rounded up to whole blocks of twice the number of
        players and to ten blocks.

    Returns
    -------
    SampledImportance

    Raises
    ------
    AnalysisError
        If `covariance` is not one, a position is wrong, or `n_permutations` is
        below 1.
    """
    if n_permutations < 1:
        raise AnalysisError(f"n_permutations is {n_permutations}. Give a number from 1.")
    correlations, replicates = checked_correlations(covariance)
    left = sweep_out(correlations, checked_positions(always, correlations.shape[-1] - 1, "always"))
    n_players = left.shape[-1] - 1
    n_blocks = max(MIN_BLOCKS, -(-n_permutations // max(1, 2 * n_players)))
    blocks = np.empty((n_blocks, len(left), n_players))
    for block in blocks:
        orders = shifts_and_reversals(rng.permutation(n_players))
        for replicate, matrix in enumerate(left):
            block[replicate] = gains_in_order(matrix, orders).mean(axis=0)
    shape = (*replicates, n_players)
    return SampledImportance(
        estimate=blocks.mean(axis=0).reshape(shape),
        std_error=(blocks.std(axis=0, ddof=1) / np.sqrt(n_blocks)).reshape(shape),
        n_permutations=2 * n_players * n_blocks,
    )


def shifts_and_reversals(order: np.ndarray) -> np.ndarray:
    """All cyclic shifts of an order of p players, and their reversals: (2p, p)."""
    places = np.arange(len(order))
    shifts = order[(places[:, None] + places) % max(1, len(order))]
    return np.concatenate([shifts, shifts[:, ::-1]])


def gains_in_order(matrix: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """What each player adds to those before it, for each order.

    Parameters
    ----------
    matrix : ndarray of shape (1 + players, 1 + players)
        On the correlation scale, the outcome first. A pivot at or below
        `PIVOT_TOLERANCE` is redundant, and gains nothing.
    orders : ndarray of int, shape (orders, players)

    Returns
    -------
    ndarray of shape (orders, players)
        By player, not by place.
    """
    gains = np.empty(orders.shape)
    n_players = orders.shape[1]
    at_once = max(1, STACK_ELEMENTS // (n_players + 1) ** 2)
    for start in range(0, len(orders), at_once):
        part = orders[start : start + at_once]
        last = np.zeros((len(part), 1), dtype=part.dtype)
        indices = np.concatenate([part + 1, last], axis=1)
        work = matrix[indices[:, :, None], indices[:, None, :]]
        rows = np.arange(start, start + len(part))
        for place in range(n_players):
            pivot, row = work[:, 0, 0], work[:, 0, 1:]
            usable = pivot > PIVOT_TOLERANCE
            inverse = np.divide(1.0, pivot, out=np.zeros_like(pivot), where=usable)
            gains[rows, part[:, place]] = row[:, -1] ** 2 * inverse
            slopes = row * inverse[:, None]
            work = work[:, 1:, 1:] - slopes[:, :, None] * row[:, None, :]
    return gains
