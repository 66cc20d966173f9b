"""Least squares on second moments, with the gradients that its errors need.

Everything is a function of the augmented second moment Q = Σ w̃ z z', with
z = (1, d_1 … d_k) and Σ w̃ = 1. A gradient with respect to vech(Q) turns the
influence of a sampling unit on Q into its influence on the estimate, so one
sandwich serves weights, strata, clusters and blanks alike (Demnati & Rao 2004;
with every value present it is Binder's 1983 estimator, R's ``svyglm``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mot_research.statistics.second_moments import covariance

PIVOT_TOLERANCE = 1e-12  # conditional variance, of 1: below it a column says nothing new


@dataclass(frozen=True)
class Regression:
    """Coefficients of one regression and their gradients.

    Attributes
    ----------
    columns : tuple of int
        Positions in z, in the order of the coefficients.
    estimate : ndarray (len(columns),)
    gradient : ndarray (len(columns), T)
        Derivatives with respect to vech(Q), T = m (m + 1) / 2.
    constant_gradient : ndarray (T,)
        That of the constant.
    """

    columns: tuple[int, ...]
    estimate: np.ndarray
    gradient: np.ndarray
    constant_gradient: np.ndarray

    def at(self, column: int) -> tuple[float, np.ndarray]:
        """The coefficient of one column and its gradient."""
        index = self.columns.index(column)
        return float(self.estimate[index]), self.gradient[index]


def independent_columns(q: np.ndarray, columns: Sequence[int]) -> tuple[int, ...]:
    """The columns, in order, that are no linear function of the earlier ones.

    Position 0 (the constant) counts as earlier and is never returned: a
    constant column is dropped.

    Parameters
    ----------
    q : ndarray (m, m)
        Augmented second moment.
    columns : sequence of int
        Positions in z, without 0.
    """
    centred = covariance(q)
    variance = np.diag(centred)
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    left = centred / np.outer(scale, scale)
    kept = []
    for column in columns:
        own = left[:, column - 1]
        if own[column - 1] > PIVOT_TOLERANCE:
            kept.append(column)
            left = left - np.outer(own, own) / own[column - 1]
    return tuple(kept)


def aliased_columns(q: np.ndarray, columns: Sequence[int]) -> frozenset[int]:
    """The columns that take part in an exact linear dependence.

    Their coefficients are not determined; those of the other columns are.
    """
    kept = independent_columns(q, columns)
    aliased: set[int] = set()
    for column in set(columns) - set(kept):
        aliased.add(column)
        earlier = [other for other in kept if columns.index(other) < columns.index(column)]
        if earlier:
            weights = regress(q, column, earlier).estimate
            spread = np.sqrt(np.diag(q)[earlier] / q[column, column]) if q[column, column] else 0
            aliased |= {
                other
                for other, share in zip(earlier, np.abs(weights) * spread, strict=True)
                if share > np.sqrt(PIVOT_TOLERANCE)
            }
    return frozenset(aliased)


def regress(q: np.ndarray, outcome: int, columns: Sequence[int]) -> Regression:
    """Regress column ``outcome`` of z on a constant and ``columns``.

    The columns must be linearly independent (:func:`independent_columns`). The
    constant is fitted; only its gradient is in the answer.
    """
    used = [0, *columns]
    inverse = _inverse(q[np.ix_(used, used)])
    estimate = inverse @ q[used, outcome]
    m = q.shape[0]
    rows = np.zeros((len(used), m))
    rows[:, used] = inverse
    residual = np.zeros(m)
    residual[used] = -estimate
    residual[outcome] = 1.0
    full = rows[:, :, None] * residual
    full += full.transpose(0, 2, 1)
    full[:, np.arange(m), np.arange(m)] /= 2
    gradient = full[(slice(None), *np.triu_indices(m))]
    return Regression(tuple(columns), estimate[1:], gradient[1:], gradient[0])


def coefficients(q: np.ndarray, outcome: int, columns: Sequence[int]) -> np.ndarray:
    """The coefficients alone, for a stack of Q: (..., m, m) to (..., len(columns)).

    A column that does not vary in one of them has the coefficient 0 there.
    """
    used = [column - 1 for column in columns]
    centred = covariance(q)
    left = centred[..., used, :][..., :, used]
    variance = np.einsum("...ii->...i", left)
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    left = left / (scale[..., :, None] * scale[..., None, :])
    left[..., np.arange(len(used)), np.arange(len(used))] = 1.0
    right = (centred[..., used, outcome - 1] / scale)[..., None]
    try:
        solved = np.linalg.solve(left, right)
    except np.linalg.LinAlgError:  # a column that a resample has left without news of its own
        solved = np.linalg.pinv(left, rcond=PIVOT_TOLERANCE, hermitian=True) @ right
    return solved[..., 0] / scale


def unit_scores(sums: np.ndarray, q: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Influence of each sampling unit on estimates with the given gradients.

    Parameters
    ----------
    sums : ndarray (G, T)
        Σ w vech(z z') over the rows of each unit; its first column is Σ w.
    q : ndarray (m, m)
    gradient : ndarray (r, T)

    Returns
    -------
    ndarray (G, r)
        Already divided by Σ w; they sum to zero over the units.
    """
    flat = q[np.triu_indices(q.shape[0])]
    return (sums @ gradient.T - sums[:, :1] * (gradient @ flat)) / sums[:, 0].sum()


def _inverse(moments: np.ndarray) -> np.ndarray:
    scale = np.sqrt(np.diag(moments))
    return np.linalg.inv(moments / np.outer(scale, scale)) / np.outer(scale, scale)
