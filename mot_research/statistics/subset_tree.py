"""Shapley values of R² over all subsets of the players, without an array of subsets.

Fix an order of the players. A node of the tree at depth k is a subset P of the
players before k, with the Schur complement A of everything else given P. Player
k's gain at that node is the part of the outcome's variance that it adds to P.
The R² of a subset is the sum of the gains along its path, and each gain is a game
among the players 0 … k alone, so Shapley values add up node by node. With
s = |P| and w(k, s) = s! (k − s)! / (k + 1)!::

    φ_k += w(k, s) g;   j in P: φ_j += w(k, s) g;   j < k not in P: φ_j −= w(k, s + 1) g

The last two are folded: every subtree hands up its two weighted sums of gains,
and player j takes the first of the branch that includes it less the second of
the branch that skips it.

Here in numpy: the first players are doubled breadth-first into *lanes* (one per
subset of them and replicate, the replicate fastest), the rest is walked
depth-first on whole vectors of lanes. ``subset_tree_numba`` is the compiled twin.

Sources: Lindeman, Merenda & Gold (1980); Grömping (2006), J. Stat. Softw. 17(1);
Shapley (1953); the sweep: Goodnight (1979), Am. Stat. 33(3).
"""

from collections.abc import Sequence
from math import comb

import numpy as np

from mot_research.statistics.sweeping import PIVOT_TOLERANCE

LANES = 8192  # 64 KB a vector: it stays in the second cache, and numpy's call is paid off
WALKED_PLAYERS = 4  # at least so many are left to the depth-first walk, so that replicates batch

Rows = list[np.ndarray]  # row i of the upper triangle: (columns from i, and the outcome; lanes)


def shapley_weights(n_players: int) -> np.ndarray:
    """w(k, s) = s! (k − s)! / (k + 1)! for k < n_players, s ≤ k; zero at s = k + 1.

    Returns
    -------
    ndarray of shape (n_players, n_players + 1)
    """
    weights = np.zeros((n_players, n_players + 1))
    for k in range(n_players):
        for size in range(k + 1):
            weights[k, size] = 1 / ((k + 1) * comb(k, size))
    return weights


def subset_sizes(n_players: int) -> np.ndarray:
    """Number of members of each subset 0 … 2^n_players − 1, a subset being a bit mask."""
    sizes = np.zeros(1, dtype=np.intp)
    for _ in range(n_players):
        sizes = np.concatenate([sizes, sizes + 1])
    return sizes


def shapley_gains(matrices: np.ndarray, widths: Sequence[int]) -> np.ndarray:
    """Shapley value of the explained outcome for each player.

    A pivot at or below `PIVOT_TOLERANCE` is redundant, and gains nothing at that node.

    Parameters
    ----------
    matrices : ndarray of shape (replicates, m + 1, m + 1)
        Symmetric, on the correlation scale, the outcome last; the columns before
        it in the order of the players.
    widths : sequence of int
        Number of columns of each player, in order; they sum to m.

    Returns
    -------
    ndarray of shape (replicates, players)
    """
    replicates, n_players = len(matrices), len(widths)
    doubled = max(0, min(n_players - WALKED_PLAYERS, LANES.bit_length() - 1))
    at_once = LANES >> doubled
    shares = np.empty((replicates, n_players))
    if not n_players:
        return shares
    with np.errstate(divide="ignore", over="ignore"):  # pivots at or next to 0 are redundant
        for start in range(0, replicates, at_once):
            part = matrices[start : start + at_once]
            shares[start : start + at_once] = _Tree(part, widths, doubled).shares()
    return shares


class _Tree:
    """One batch of replicates: the buffers of the tree and the two ways to grow it."""

    def __init__(self, matrices: np.ndarray, widths: Sequence[int], doubled: int) -> None:
        self.replicates, size, _ = matrices.shape
        self.n_columns, self.n_players = size - 1, len(widths)
        self.doubled = doubled
        self.first = np.concatenate([[0], np.cumsum(widths)]).tolist()
        self.lanes = self.replicates << doubled
        self.sizes = subset_sizes(doubled)
        self.weights = shapley_weights(self.n_players)
        self.product = np.empty((size, self.lanes))
        self.phi = np.zeros((self.n_players, self.lanes))
        self.matrices = matrices

    def shares(self) -> np.ndarray:
        rows, gains = self._double()
        self._prepare_walk()
        inside, outside = self._walk(self.doubled, rows, 0)
        shares = np.empty((self.replicates, self.n_players))
        for player in range(self.doubled, self.n_players):
            shares[:, player] = self.phi[player].reshape(-1, self.replicates).sum(axis=0)
        for player in reversed(range(self.doubled)):
            inside, outside = (
                part.reshape(2, 1 << player, self.replicates) for part in (inside, outside)
            )
            sizes = self.sizes[: 1 << player]
            own = self.weights[player, sizes][:, None] * gains[player]
            shares[:, player] = (own + inside[1] - outside[0]).sum(axis=0)
            inside = inside.sum(axis=0) + own
            outside = outside.sum(axis=0) + self.weights[player, sizes + 1][:, None] * gains[player]
        return shares

    def _double(self) -> tuple[Rows, list[np.ndarray]]:
        """Grow the first players breadth-first; subset P is the bit mask of the lane."""
        rows = []
        for player in range(self.n_players):
            for column in range(self.first[player], self.first[player + 1]):
                # later columns of a player need room for the sweep of its first ones
                room = player + (column > self.first[player])
                row = np.empty(
                    (self.n_columns + 1 - column, self.replicates << min(room, self.doubled))
                )
                row[:, : self.replicates] = self.matrices[:, column, column:].T
                rows.append(row)
        gains = []
        for player in range(self.doubled):
            lanes = self.replicates << player
            skipping = [row[:, :lanes] for row in rows]
            including = [row[:, lanes : 2 * lanes] for row in rows]
            gain = np.empty(lanes)
            self._sweep(player, skipping, including, gain)
            gains.append(gain.reshape(-1, self.replicates))
        return rows, gains

    def _prepare_walk(self) -> None:
        walked = range(self.doubled, self.n_players)
        self.including: dict[int, Rows] = {}
        self.sums: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.lane_weights: dict[int, list[np.ndarray]] = {}
        for player in walked:
            self.including[player] = [
                np.empty(
                    (self.n_columns + 1 - column if column > self.first[player] else 0, self.lanes)
                )
                for column in range(self.n_columns)
            ]
            self.sums[player] = (np.empty(self.lanes), np.empty(self.lanes))
            self.lane_weights[player] = [
                np.repeat(self.weights[player, self.sizes + extra], self.replicates)
                for extra in range(player - self.doubled + 2)
            ]

    def _walk(self, player: int, rows: Rows, extra: int) -> tuple[np.ndarray, np.ndarray]:
        """Grow the rest depth-first; `extra` of the walked players are in P."""
        inside, outside = self.sums[player]
        self._sweep(player, rows, self.including[player], outside)
        weights = self.lane_weights[player]
        np.multiply(weights[extra], outside, out=inside)
        outside *= weights[extra + 1]
        phi = self.phi[player]
        phi += inside
        if player + 1 < self.n_players:
            child_inside, child_outside = self._walk(player + 1, self.including[player], extra + 1)
            phi += child_inside
            inside += child_inside
            outside += child_outside
            child_inside, child_outside = self._walk(player + 1, rows, extra)
            phi -= child_outside
            inside += child_inside
            outside += child_outside
        return inside, outside

    def _sweep(self, player: int, rows: Rows, into: Rows, gain: np.ndarray) -> None:
        """Sweep the player's columns out of `rows` into `into`; its gain into `gain`."""
        lanes = gain.size
        for column in range(self.first[player], self.first[player + 1]):
            row = rows[column]
            inverse = self.product[0, :lanes]
            np.divide(1.0, row[0], out=inverse)
            np.copyto(inverse, 0.0, where=row[0] <= PIVOT_TOLERANCE)
            slopes = row[1:] * inverse
            if column == self.first[player]:
                np.multiply(slopes[-1], row[-1], out=gain)
            else:
                gain += slopes[-1] * row[-1]
            for later in range(column + 1, self.n_columns):
                step = later - column
                product = self.product[: len(row) - step, :lanes]
                np.multiply(row[step:], slopes[step - 1], out=product)
                np.subtract(rows[later], product, out=into[later])
            rows = into
