"""Weighted means over a domain of a sample, with their influence per sampling unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mot_research.statistics.resampling import survey_covariance

KNOWN_A_COLUMN = 5  # known rows for each column of a regression that completes the others


@dataclass(frozen=True)
class DomainMean:
    """A weighted mean over some of the rows.

    Attributes
    ----------
    estimate : float
        Not a number where the domain is empty.
    scores : ndarray (G,)
        Influence of each sampling unit on the estimate; 0 for units without
        members. Differences of means are differences of scores.
    n : int
        Rows in the domain.
    """

    estimate: float
    scores: np.ndarray
    n: int

    def __sub__(self, other: DomainMean) -> DomainMean:
        """The difference of two means over the same numbering of units."""
        return DomainMean(
            self.estimate - other.estimate, self.scores - other.scores, min(self.n, other.n)
        )

    def std_error(self, stratum_of_unit: np.ndarray) -> float:
        """Design-based standard error: strata, clusters and weights counted.

        Only strata in which some unit has members add to it.
        """
        strata = np.unique(stratum_of_unit[self.scores != 0])
        inside = np.isin(stratum_of_unit, strata)
        renumbered = np.searchsorted(strata, stratum_of_unit[inside])
        if not inside.any():
            return 0.0
        return float(np.sqrt(survey_covariance(self.scores[inside, None], renumbered)[0, 0]))


def average(means: Sequence[DomainMean], n: int) -> DomainMean:
    """The mean of several means over the same numbering of units, each counting once.

    Its influences are the mean of theirs, so that what they have in common
    (the same people, the same clusters) counts.

    Parameters
    ----------
    means : sequence of DomainMean
        At least one.
    n : int
        Rows in any of the domains: the people behind it.
    """
    return DomainMean(
        float(np.mean([mean.estimate for mean in means])),
        np.mean([mean.scores for mean in means], axis=0),
        n,
    )


def domain_mean(
    values: np.ndarray, weights: np.ndarray, units: np.ndarray, n_units: int
) -> DomainMean:
    """Weighted mean of the values that are present.

    Parameters
    ----------
    values : ndarray (n,)
        NaN outside the domain.
    weights : ndarray (n,)
    units : ndarray (n,) of int
        Sampling unit of each row, 0 … n_units − 1.
    n_units : int
    """
    inside = np.isfinite(values)
    if not inside.any():
        return DomainMean(np.nan, np.zeros(n_units), 0)
    w = weights[inside]
    estimate = float(w @ values[inside] / w.sum())
    influence = w * (values[inside] - estimate) / w.sum()
    scores = np.bincount(units[inside], weights=influence, minlength=n_units)
    return DomainMean(estimate, scores, int(inside.sum()))


def completed_mean(
    values: np.ndarray,
    unknown: np.ndarray,
    known_elsewhere: np.ndarray,
    weights: np.ndarray,
    units: np.ndarray,
    n_units: int,
) -> DomainMean:
    """Weighted mean over a domain of which some rows are unknown.

    With n_i the value of a row in the domain and d_i = 1 there (both 0 outside), the mean R
    solves Σ w_i (n_i − R d_i) = 0; a row that is unknown counts with what the weighted
    regression of n − R d on ``known_elsewhere`` among the known rows says of it (regression
    imputation: right where being unknown depends on those columns alone). Without unknown rows
    it is :func:`domain_mean`.

    Parameters
    ----------
    values : ndarray (n,)
        NaN outside the domain, and where unknown.
    unknown : ndarray (n,) of bool
        Rows that may or may not belong to the domain.
    known_elsewhere : ndarray (n, k)
        Columns without a blank, without a constant. With fewer than five known rows for each
        of them the unknown rows are left out.
    weights : ndarray (n,)
    units : ndarray (n,) of int
        Sampling unit of each row, 0 … n_units − 1.
    n_units : int

    References
    ----------
    Särndal & Lundström (2005), Estimation in Surveys with Nonresponse, chapters 6 and 12; Kim &
    Rao (2009), Biometrika 96, for the influence of the regression.
    """
    plain = domain_mean(values, weights, units, n_units)
    known = ~unknown
    x = np.column_stack([np.ones(len(values)), known_elsewhere])
    if not unknown.any() or plain.n == 0 or known.sum() < KNOWN_A_COLUMN * x.shape[1]:
        return plain
    inside = np.isfinite(values)
    parts = np.column_stack([np.where(inside, values - plain.estimate, 0.0), inside])
    wx = weights[:, None] * x
    information = np.linalg.pinv(wx[known].T @ x[known], hermitian=True)
    fitted = x @ (information @ (wx[known].T @ parts[known]))
    completed = np.where(known[:, None], parts, fitted)
    total, size = weights @ completed
    if not size > 0:
        return plain
    moved = total / size  # counted from the plain mean
    of_row = completed @ [1.0, -moved]
    left = (parts - fitted) @ [1.0, -moved]
    of_row += np.where(known, left * (x @ (information @ wx[unknown].sum(axis=0))), 0.0)
    scores = np.bincount(units, weights=weights * of_row / size, minlength=n_units)
    return DomainMean(float(plain.estimate + moved), scores, plain.n)
