"""Shapley values of R² over all subsets of the players, without an array of subsets.

Fix an order of the players. A node of the tree at depth k is a subset P of the
players before k, with the Schur complement A of everything else given P. Player
k's gain g at that node is the part of the outcome's variance that it adds to P.
The R² of a subset is the sum of the gains along its path.

A player's Shapley value is a sum over the subsets that hold it, but for a constant
that all players share, and that their sum tells::

    φ_j = Σ_{S ∋ j} c(|S|) R²(S) − C,   Σ_j φ_j = R²(all),
    c(s) = (s − 1)! (p − s − 1)! / (p − 1)! for s < p,   c(p) = 1/p

So each gain counts once for all sets that go on from P and k. With s = |P| and
w(k, s) the sum of c over these sets, w(k + 1, s + 1) that over those which hold
one given player after k::

    j in P, and k:  φ_j += w(k, s) g;   j > k:  φ_j += w(k + 1, s + 1) g

The first is folded: every subtree hands up its weighted sum of gains, and player j
takes that of the branch that includes it. The second is a sum for each depth.

Here in numpy: the first players are doubled breadth-first into *lanes* (one per
subset of them and replicate, the replicate fastest), the rest is walked
depth-first on whole vectors of lanes. ``subset_tree_numba`` is the compiled twin.

Sources: Lindeman, Merenda & Gold (1980); Grömping (2006), J. Stat. Softw. 17(1);
Shapley (1953); the sweep: Goodnight (1979), Am. Stat. 33(3).
"""

from collections.abc import Sequence
from math import comb

import numpy as np

from mot_research.statistics.sweeping import PIVOT_TOLERANCE, sweep_leading

LANES = 8192  # 64 KB a vector: it stays in the second cache, and numpy's call is paid off
WALKED_PLAYERS = 4  # at least so many are left to the depth-first walk, so that replicates batch
ROUNDING = 4 * np.finfo(float).eps

Rows = list[np.ndarray]  # row i of the upper triangle: (columns from i, and the outcome; lanes)


def shapley_weights(n_players: int) -> np.ndarray:
    """w(k, s), by which the gain of player k counts after s others; zero beyond s = k.

    Returns
    -------
    ndarray of shape (n_players + 1, n_players + 1)
        The last row is zero: no player comes after the last.
    """
    weights = np.zeros((n_players + 1, n_players + 1))
    for size in range(n_players - 1):
        weights[n_players - 1, size] = 1 / ((n_players - 1) * comb(n_players - 2, size))
    weights[n_players - 1, n_players - 1] = 1 / n_players
    for k in reversed(range(n_players - 1)):
        weights[k, : k + 1] = weights[k + 1, : k + 1] + weights[k + 1, 1 : k + 2]
    return weights


def shared_out(counted: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """Shapley values from what was counted for each player: less the constant they share.

    Parameters
    ----------
    counted : ndarray of shape (replicates, players)
    explained : ndarray of shape (replicates,)
        What all players explain together.

    Returns
    -------
    ndarray of shape (replicates, players)
        0 within the rounding of the constant.
    """
    surplus = (counted.sum(axis=1) - explained)[:, None] / counted.shape[1]
    shares = counted - surplus
    return np.where(np.abs(shares) <= ROUNDING * surplus, 0.0, shares)


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
            shares[start : start + at_once] = _Tree(part, widths, doubled).counted()
        swept = list(range(matrices.shape[1]))
        left = sweep_leading(matrices, swept, len(swept) - 1, PIVOT_TOLERANCE)
    return shared_out(shares, matrices[:, -1, -1] - left[:, 0, 0])


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
        self.later = np.zeros((self.n_players, self.lanes))
        self.matrices = matrices

    def counted(self) -> np.ndarray:
        rows, gains = self._double()
        self._prepare_walk()
        inside = self._walk(self.doubled, rows, 0)
        counted = np.empty((self.replicates, self.n_players))
        later = np.zeros_like(counted)  # what a player's gains count for those after it
        for player in range(self.doubled, self.n_players):
            for sums, lanes in ((counted, self.phi), (later, self.later)):
                sums[:, player] = lanes[player].reshape(-1, self.replicates).sum(axis=0)
        for player in reversed(range(self.doubled)):
            inside = inside.reshape(2, 1 << player, self.replicates)
            sizes = self.sizes[: 1 << player]
            own = self.weights[player, sizes][:, None] * gains[player]
            counted[:, player] = (own + inside[1]).sum(axis=0)
            later[:, player] = self.weights[player + 1, sizes + 1] @ gains[player]
            inside = inside.sum(axis=0) + own
        counted[:, 1:] += np.cumsum(later, axis=1)[:, :-1]
        return counted

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
        self.sums: dict[int, np.ndarray] = {}
        self.lane_weights: dict[int, list[np.ndarray]] = {}
        for player in walked:
            self.including[player] = [
                np.empty(
                    (self.n_columns + 1 - column if column > self.first[player] else 0, self.lanes)
                )
                for column in range(self.n_columns)
            ]
            self.sums[player] = np.empty(self.lanes)
            self.lane_weights[player] = [
                np.repeat(self.weights[player, self.sizes + extra], self.replicates)
                for extra in range(player - self.doubled + 1)
            ]

    def _walk(self, player: int, rows: Rows, extra: int) -> np.ndarray:
        """Grow the rest depth-first; `extra` of the walked players are in P."""
        inside = self.sums[player]
        self._sweep(player, rows, self.including[player], inside)
        after = player + 1
        if after == self.n_players:
            inside *= self.lane_weights[player][extra]
            self.phi[player] += inside
            return inside
        counted = self.product[0, : self.lanes]
        np.multiply(self.lane_weights[after][extra + 1], inside, out=counted)
        self.later[player] += counted
        inside *= self.lane_weights[player][extra]
        inside += self._walk(after, self.including[player], extra + 1)
        self.phi[player] += inside
        inside += self._walk(after, rows, extra)
        return inside

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
