"""Weighted crossproducts: the one reduction of rows that every linear analysis starts from.

Notation. ``d`` is a row of k design columns, ``z = (1, d)`` the augmented row of
m = k + 1 elements. ``vech`` holds the T = m(m + 1)/2 unique elements of a symmetric
(m, m) matrix in the order of ``np.triu_indices(m)``; element 0 of ``vech(z z')`` is 1, so
element 0 of a weighted sum of such rows is the sum of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mot_research.errors import AnalysisError, shown

Floats = NDArray[np.float64]
Integers = NDArray[np.integer]

BLOCK_ELEMENTS = 4_000_000  # 32 MB of float64: large enough for BLAS, small enough to stay cheap


@dataclass(frozen=True)
class Crossproducts:
    """Sufficient statistics of weighted rows; ``a + b`` is the merged sample.

    Attributes
    ----------
    n : int
        Rows, those of weight 0 included.
    sum_w, sum_w2 : float
        Sums of the weights and of their squares.
    mean : (k,) array
        Weighted means of the columns, in the units of the columns.
    s : (k, k) array
        Σ w (d − d̄)(d − d̄)', not divided.
    """

    n: int
    sum_w: float
    sum_w2: float
    mean: Floats
    s: Floats

    def __add__(self, other: Crossproducts) -> Crossproducts:
        """Crossproducts of the two samples taken together.

        The pairwise update of Chan, Golub & LeVeque (1983): no raw moments, so an offset
        that is large against the spread costs no digits.
        """
        if not isinstance(other, Crossproducts):
            return NotImplemented
        if self.mean.shape != other.mean.shape:
            raise AnalysisError(
                f"crossproducts of {self.mean.size} and of {other.mean.size} columns cannot be "
                "added: make both from the same columns."
            )
        sum_w = self.sum_w + other.sum_w
        difference = other.mean - self.mean
        between = np.outer(difference, difference) * (self.sum_w * other.sum_w / sum_w)
        return Crossproducts(
            n=self.n + other.n,
            sum_w=sum_w,
            sum_w2=self.sum_w2 + other.sum_w2,
            mean=self.mean + difference * (other.sum_w / sum_w),
            s=self.s + other.s + between,
        )

    @property
    def covariance(self) -> Floats:
        """(k, k) covariance with divisor Σw."""
        return self.s / self.sum_w

    @property
    def n_effective(self) -> float:
        """Effective number of rows, (Σw)² / Σw² (Kish 1965)."""
        return self.sum_w**2 / self.sum_w2


def crossproducts(columns: ArrayLike, weights: ArrayLike | None = None) -> Crossproducts:
    """Reduce rows to their weighted crossproducts.

    Parameters
    ----------
    columns : (n, k) array
        Design columns without missing values (blanks go through
        :func:`mot_research.statistics.missing.complete` first).
    weights : (n,) array, optional
        Weights ≥ 0; only their ratios matter. Default: every row counts 1.

    Raises
    ------
    AnalysisError
        A cell or a weight is missing or infinite, a weight is negative, or no row has a
        weight above 0.
    """
    rows = as_columns(columns)
    w = as_weights(weights, n=len(rows))
    unusable = ~np.isfinite(rows)
    if unusable.any():
        row, column = np.argwhere(unusable)[0]
        raise AnalysisError(
            f"column {column} is missing or infinite in {unusable[:, column].sum()} rows (first: "
            f"row {row}, {shown(rows[row, column])}): drop these rows or complete them first."
        )
    sum_w = float(w.sum())
    pilot = w @ rows / sum_w
    mean = pilot + w @ (rows - pilot) / sum_w  # the second pass recovers digits lost to an offset
    centred = rows - mean
    s = (centred * w[:, None]).T @ centred
    return Crossproducts(n=len(rows), sum_w=sum_w, sum_w2=float(w @ w), mean=mean, s=(s + s.T) / 2)


def as_columns(columns: ArrayLike) -> Floats:
    """Return columns as an (n, k) float array, or refuse them by AnalysisError."""
    rows = np.asarray(columns, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise AnalysisError(
            f"the design columns have shape {rows.shape}: give a table of n rows and k ≥ 1 columns."
        )
    return rows


def as_weights(weights: ArrayLike | None, *, n: int) -> Floats:
    """Return weights as an (n,) float array, ones by default, or refuse them by AnalysisError."""
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (n,):
        raise AnalysisError(f"there are {n} rows but weights of shape {w.shape}: give one a row.")
    unusable = ~(np.isfinite(w) & (w >= 0))
    if unusable.any():
        row = int(np.flatnonzero(unusable)[0])
        raise AnalysisError(
            f"the weight of row {row} is {shown(w[row])} (and {unusable.sum() - 1} more are not "
            "usable): a weight is a number of 0 or more; drop such rows or weight them."
        )
    if not w.any():
        raise AnalysisError(
            f"none of the {n} rows has a weight above 0: nothing is left to analyse."
        )
    return w


def vech(matrices: ArrayLike) -> Floats:
    """Take the unique elements (..., T) of symmetric (..., m, m) matrices, by upper rows."""
    matrices = np.asarray(matrices, dtype=np.float64)
    first, second = np.triu_indices(matrices.shape[-1])
    return matrices[..., first, second]


def unvech(vectors: ArrayLike) -> Floats:
    """Rebuild symmetric (..., m, m) matrices from their unique elements (..., T)."""
    vectors = np.asarray(vectors, dtype=np.float64)
    m = n_variables(vectors.shape[-1])
    first, second = np.triu_indices(m)
    position = np.empty((m, m), dtype=np.intp)
    position[first, second] = position[second, first] = np.arange(len(first))
    return vectors[..., position]


def n_variables(n_elements: int) -> int:
    """Return m for T = m(m + 1)/2 unique elements."""
    m = int((np.sqrt(8 * n_elements + 1) - 1) / 2)
    if m * (m + 1) // 2 != n_elements:
        raise ValueError(f"{n_elements} is not the number of unique elements of a square matrix")
    return m


def augmented(columns: ArrayLike) -> Floats:
    """Rows z = (1, d): (n, k) → (n, k + 1)."""
    columns = np.asarray(columns, dtype=np.float64)
    return np.column_stack([np.ones(len(columns)), columns])


def cluster_pair_sums(
    rows: ArrayLike, weights: ArrayLike, cluster_codes: ArrayLike, n_clusters: int
) -> Floats:
    """Σ_{i in c} w_i vech(z_i z_i') of each cluster: (n, m) → (n_clusters, T).

    Parameters
    ----------
    rows : (n, m) array
        Augmented rows, usually.
    weights : (n,) array
        Weights as they are (not normalised here).
    cluster_codes : (n,) integer array
        Cluster of each row, 0 … n_clusters − 1. Clusters without rows get sums of 0.
    n_clusters : int
    """
    rows, weights = np.asarray(rows, dtype=np.float64), np.asarray(weights)
    return cluster_products(rows, rows * weights[:, None], np.asarray(cluster_codes), n_clusters)


def cluster_products(left: Floats, right: Floats, codes: Integers, n_clusters: int) -> Floats:
    """Vech of Σ_{i in c} left_i right_i', symmetric sums: two (n, m) → (n_clusters, T).

    Clusters of the same number of rows are one stack of small matrix products, so that the
    (n, T) products of the rows are never formed.
    """
    m = left.shape[1]
    first, second = np.triu_indices(m)
    sums = np.zeros((n_clusters, len(first)))
    order = np.argsort(codes, kind="stable")
    size = np.bincount(codes, minlength=n_clusters)
    start = np.cumsum(size) - size
    for n_rows in np.unique(size[size > 0]):
        clusters = np.flatnonzero(size == n_rows)
        block = max(1, BLOCK_ELEMENTS // (m * max(m, n_rows)))
        for begin in range(0, len(clusters), block):
            chosen = clusters[begin : begin + block]
            members = order[start[chosen, None] + np.arange(n_rows)]
            if n_rows == 1:
                one, other = left[members[:, 0]], right[members[:, 0]]
                sums[chosen] = one[:, first] * other[:, second]
            else:
                products = left[members].swapaxes(1, 2) @ right[members]
                sums[chosen] = products.reshape(len(chosen), m * m)[:, first * m + second]
    return sums
