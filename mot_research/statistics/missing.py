"""Mean and covariance of design columns with blanks, by normal-theory maximum likelihood.

Notation. z = (1, d) is the augmented row of m = k + 1 elements and Q its second moment at
the solution. Rows with the same observed elements O form a pattern g with share π_g of the
weight. A_g completes a row, E[z | z_O] = A_g z_O: the identity on O, the regression of the
missing part on O elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import lu_factor, lu_solve

from mot_research.errors import AnalysisError, shown
from mot_research.statistics.crossproducts import (
    Floats,
    Integers,
    as_columns,
    as_weights,
    augmented,
    cluster_pair_sums,
)
from mot_research.statistics.em import (
    PatternGroup,
    compress,
    group_patterns,
    invert,
    iterate,
    regress,
)
from mot_research.statistics.patterns import patterns

CONSTANT = 1e-12  # spread against offset below which a column doesn't vary


@dataclass(frozen=True)
class CompletedMoments:
    """Maximum-likelihood second moment of the augmented rows, and what each row adds to it.

    Attributes
    ----------
    q : (m, m) array
        Q, weights normalised: q[0, 0] = 1.
    n_iterations : int
    converged : bool
        False where ``max_iterations`` came first; Q is then not the solution.
    blank_share : (k,) array
        Weighted share of blanks in each column, over all rows.
    n_excluded : int
        Rows with nothing observed; they contribute nothing.
    rows : (n, m) array
        E[z_i | observed part of i]; zeros for excluded rows.
    pattern : (n,) integer array
        Pattern of each row, 0 … G − 1; −1 for excluded rows.
    shares : (G,) array
        π_g.
    missing : (G, m) bool array
        Elements of z that a pattern lacks. What never varies is known and is not missing.
    coefficients : tuple of m arrays (G_j, m)
        For element j, the row of A_g of each pattern that lacks j, in order of g.
    residuals : (G, T) sparse array
        vech of the conditional covariance of z given its observed part.
    """

    q: Floats
    n_iterations: int
    converged: bool
    blank_share: Floats
    n_excluded: int
    rows: Floats
    pattern: Integers
    shares: Floats
    missing: NDArray[np.bool_]
    coefficients: tuple[Floats, ...]
    residuals: sparse.csr_array

    @property
    def mean(self) -> Floats:
        """(k,) means of the columns."""
        return self.q[0, 1:]

    @property
    def covariance(self) -> Floats:
        """(k, k) covariance of the columns, divisor Σw."""
        return self.q[1:, 1:] - np.outer(self.mean, self.mean)

    def cluster_sums(self, weights: ArrayLike, cluster_codes: ArrayLike, n_clusters: int) -> Floats:
        """Sum w_i vech E[z_i z_i' | observed part of i] within clusters.

        Parameters
        ----------
        weights : (n,) array
            Weights as they are. Element 0 of each sum is the sum of the weights of the rows
            that contribute.
        cluster_codes : (n,) integer array
        n_clusters : int

        Returns
        -------
        (n_clusters, T) array
            Summed over clusters and divided by element 0 it is vech(Q).
        """
        used = self.pattern >= 0
        w, codes = np.asarray(weights)[used], np.asarray(cluster_codes)[used]
        pattern_weights = sparse.csr_array(
            (w, (codes, self.pattern[used])), shape=(n_clusters, len(self.shares))
        )
        expected = cluster_pair_sums(self.rows[used], w, codes, n_clusters)
        return expected + (pattern_weights @ self.residuals).toarray()

    def linearised(self, delta: ArrayLike) -> Floats:
        """Change of the solution when the sample changes, without new iterations.

        Q* − Q = δ + Jδ + J²δ + … = (I − J)⁻¹ δ with Jδ = Σ_g π_g (δ − A_g δ_{O_g O_g} A_g'):
        one step of EM and all that would follow it, to first order. Without blanks
        Q* − Q = δ. A truncated series understates the spread where blanks are many.

        Parameters
        ----------
        delta : (B, T) array
            vech(Σ w*_i E[z_i z_i' | observed] / Σ w* − Q) of each resample.

        Returns
        -------
        (B, T) array
        """
        delta = np.asarray(delta, dtype=np.float64)
        if self._conjugation is None:
            return delta
        return np.asarray(lu_solve(self._conjugation, delta.T).T)

    def linearised_gradient(self, gradient: ArrayLike) -> Floats:
        """Carry gradients back through ``linearised``: the transposed map.

        Parameters
        ----------
        gradient : (c, T) array
            Derivatives of c estimates by the unique elements of Q (an off-diagonal element
            counts once, as in vech).

        Returns
        -------
        (c, T) array
            g̃ with g̃ · vech(E[z_i z_i' | observed] − Q) the influence of row i.
        """
        gradient = np.asarray(gradient, dtype=np.float64)
        if self._conjugation is None:
            return gradient
        return np.asarray(lu_solve(self._conjugation, gradient.T, trans=1).T)

    @cached_property
    def _conjugation(self) -> tuple[Floats, Integers] | None:
        """LU factors of I − J on vech, (T, T); None where it is the identity."""
        if not self.missing.any():
            return None
        conjugation = _mean_conjugation(self.missing, self.coefficients, self.shares)
        return lu_factor(conjugation, overwrite_a=True)


def complete(
    columns: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    tolerance: float = 1e-11,
    max_iterations: int = 5000,
) -> CompletedMoments:
    """Estimate mean and covariance of columns with blanks by EM over the missing patterns.

    A blank may depend on what was observed in its row, not on what it hides. Only first and
    second moments are used, so columns of 0 and 1 are allowed. Without blanks this is the
    plain weighted second moment.

    Parameters
    ----------
    columns : (n, k) array
        Design columns, NaN where blank. Centre them on a pilot mean where an offset is large
        against the spread: Q holds raw moments.
    weights : (n,) array, optional
        Weights ≥ 0; only their ratios matter.
    tolerance : float
        Largest change of a standardised second moment in the last step.
    max_iterations : int

    Raises
    ------
    AnalysisError
        A column is observed nowhere (with a weight above 0) or two columns nowhere together, a
        cell is infinite, or the weights are unusable.

    References
    ----------
    Dempster, Laird & Rubin (1977); Schafer (1997), Analysis of Incomplete Multivariate Data,
    section 5.3 (his package ``norm``).
    """
    data = as_columns(columns)
    w = as_weights(weights, n=len(data))
    observed = ~np.isnan(data)
    _check_cells(data, observed, w)
    used = observed.any(axis=1)
    share = w[used] / w[used].sum()
    centre, spread = _location(data[used], observed[used], share)
    varies = spread > CONSTANT * np.abs(centre)
    spread = np.where(varies, spread, 1.0)
    z = augmented(np.where(observed & varies, (data - centre) / spread, 0.0)[used])
    lacks = np.column_stack([np.zeros(len(z), dtype=bool), (~observed & varies)[used]])
    missing, pattern = patterns(lacks)
    shares = np.bincount(pattern, weights=share).astype(np.float64)

    compressed = compress(z * np.sqrt(share)[:, None], pattern)
    q, n_iterations, converged = iterate(
        group_patterns(*compressed, missing, shares), tolerance, max_iterations
    )

    # In the units of the columns a row is units @ z.
    units = np.diag(np.append(1.0, spread))
    units[1:, 0] = centre
    completed, coefficients, residuals = expectations(
        q, group_patterns(z, pattern, missing, shares), missing, units
    )
    rows = np.zeros((len(data), len(q)))
    rows[used] = completed
    pattern_of_row = np.full(len(data), -1)
    pattern_of_row[used] = pattern
    return CompletedMoments(
        q=units @ q @ units.T,
        n_iterations=n_iterations,
        converged=converged,
        blank_share=w @ ~observed / w.sum(),
        n_excluded=int((~used).sum()),
        rows=rows,
        pattern=pattern_of_row,
        shares=shares,
        missing=missing,
        coefficients=coefficients,
        residuals=residuals,
    )


def _check_cells(data: Floats, observed: NDArray[np.bool_], w: Floats) -> None:
    infinite = np.isinf(data)
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise AnalysisError(
            f"column {column} holds {shown(data[row, column])} in row {row}: a cell is a number, "
            "or missing where blank."
        )
    never = np.flatnonzero(~observed[w > 0].any(axis=0))
    if len(never):
        raise AnalysisError(
            f"column {never[0]} has no value in any of the {len(data)} rows (of weight above 0): "
            "nothing can be said about it; leave the column out."
        )
    together = observed[w > 0].T.astype(np.float32) @ observed[w > 0]
    if not together.all():
        first, second = np.argwhere(together == 0)[0]
        raise AnalysisError(
            f"columns {first} and {second} are never observed in the same row (of weight above 0), "
            "so their covariance cannot be estimated: leave one of them out."
        )


def _location(data: Floats, observed: NDArray[np.bool_], share: Floats) -> tuple[Floats, Floats]:
    """Weighted mean and standard deviation of what was observed in each column."""
    seen = share @ observed
    pilot = share @ np.where(observed, data, 0.0) / seen
    centre = pilot + share @ np.where(observed, data - pilot, 0.0) / seen
    return centre, np.sqrt(share @ np.where(observed, data - centre, 0.0) ** 2 / seen)


def expectations(
    q: Floats, groups: list[PatternGroup], missing: NDArray[np.bool_], units: Floats
) -> tuple[Floats, tuple[Floats, ...], sparse.csr_array]:
    """Completed rows, completion maps and conditional covariances in the columns' units."""
    m = len(q)
    precision, to_standard = invert(q), np.linalg.inv(units)
    spread, centre = np.diag(units), units[:, 0]
    first, second = np.triu_indices(m)
    place = np.empty((m, m), dtype=np.intp)
    place[first, second] = place[second, first] = np.arange(len(first))

    rows = np.empty((sum(len(group.rows) for group in groups), m))
    maps = [np.zeros((count, m)) for count in missing.sum(axis=0)]
    position = np.cumsum(missing, axis=0) - 1  # of a pattern among those that lack an element
    values, patterns, elements = [], [], []
    for group in groups:
        coefficients, conditional = regress(q, precision, group.lacked)
        rows[group.index] = group.filled(coefficients) @ units.T
        for g, lacked, of_pattern, covariance in zip(
            group.patterns, group.lacked, coefficients, conditional, strict=True
        ):
            for j, of_element in zip(lacked, of_pattern, strict=True):
                maps[j][position[g, j]] = spread[j] * of_element @ to_standard
                maps[j][position[g, j], 0] += centre[j]
            upper = np.triu_indices(len(lacked))
            pair = lacked[upper[0]], lacked[upper[1]]
            values.append(covariance[upper] * spread[pair[0]] * spread[pair[1]])
            elements.append(place[pair])
            patterns.append(np.full(len(upper[0]), g))
    residuals = sparse.csr_array(
        (np.concatenate(values), (np.concatenate(patterns), np.concatenate(elements))),
        shape=(len(missing), len(first)),
    )
    return rows, tuple(maps), residuals


def _mean_conjugation(
    missing: NDArray[np.bool_], coefficients: tuple[Floats, ...], shares: Floats
) -> Floats:
    """Return the map δ → Σ_g π_g A_g δ A_g' on vech, (T, T).

    Row i of A_g is a unit vector where g observes i, else a row of coefficients; so most of
    the sum over patterns is over the few that lack both elements of a pair.
    """
    m = missing.shape[1]
    observed = ~missing
    both_observed = (observed * shares[:, None]).T @ observed
    lacking = [np.flatnonzero(missing[:, j]) for j in range(m)]
    weighted = [shares[g, None] * b for g, b in zip(lacking, coefficients, strict=True)]
    one_observed = [b.T @ observed[g] for g, b in zip(lacking, weighted, strict=True)]
    upper = np.triu_indices(m)
    rows = []
    for i in range(m):
        for j in range(i, m):
            both = weighted[i][missing[lacking[i], j]].T @ coefficients[j][missing[lacking[j], i]]
            both[:, j] += one_observed[i][:, j]
            both[i, :] += one_observed[j][:, i]
            both[i, j] += both_observed[i, j]
            rows.append((both + both.T - np.diag(np.diag(both)))[upper])
    return np.array(rows)
