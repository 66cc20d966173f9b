"""Weighted means over a domain of a sample, with their influence per sampling unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mot_research.statistics.resampling import survey_covariance


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
