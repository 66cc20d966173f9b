"""How large must the next wave be? The interviews at which things would be told apart.

The variances of one survey, scaled by 1/n: a survey of the same kind (the same
design, clusters of the same size, more of them) in which importances and
effects are what they are estimated to be here. Planning figures, not promises:
two moments that are alike need more interviews than any survey has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mot_research.drivers.result import DriverResult
from mot_research.statistics.distributions import normal_quantile

POWER = 0.80  # how often a survey of that size would show it (Cohen 1988)
ROUNDED_TO = 100
REASONABLE = 20  # times this survey: beyond it no survey is proposed
N_DRAWS = 10_000  # of the noise, for the joint power: errs by .004


@dataclass(frozen=True)
class SampleSize:
    """Interviews (rows with the outcome) that would tell things apart with 80 % power.

    Attributes
    ----------
    outcome : str
        Its id.
    n_obs : int
        Rows of this analysis.
    top : int
        The K of the list.
    border : int or None
        Interviews at which the first ``top`` places would be settled: every
        pair across the border told apart at once, by simultaneous tests. None
        without resamples, or where there is no border.
    border_pair : tuple of str
        The two drivers on both sides of the border; empty where there is none.
    power, confidence : float
        How often a difference is to show, and at which confidence.
    table : DataFrame
        Indexed by tested driver: ``n_effect``, at which the smallest effect of
        interest would show; ``n_border``, at which the driver would be told
        from the one on the other side of the border.
    """

    outcome: str
    n_obs: int
    top: int
    border: int | None
    border_pair: tuple[str, ...]
    power: float
    confidence: float
    table: pd.DataFrame

    @property
    def more(self) -> int | None:
        """Interviews more than now that would settle the border; None if beyond reason."""
        if self.border is None or self.border > REASONABLE * self.n_obs:
            return None
        return max(self.border - self.n_obs, 0)

    def to_frame(self) -> pd.DataFrame:
        """One row per tested driver: ``n_effect``, ``n_border``; empty where not known."""
        return self.table.copy()


def sample_size(result: DriverResult, *, smallest_effect: float = 0.05) -> SampleSize:
    """Interviews at which effects, pairs and the border of the top would be told.

    Parameters
    ----------
    result : DriverResult
    smallest_effect : float
        Smallest effect of interest, in standard deviations of the outcome per
        standard deviation of the rating.

    Notes
    -----
    Differences of importances take their variance from influence values. The
    draws' variance is used for outcomes whose importances have none (other
    kinds than score), and where one of the two is not distinguishable from
    none: there influence values degenerate (and the draws' variance falls
    faster than 1/n, so the number is rather too large).

    References
    ----------
    Cohen (1988), Statistical Power Analysis; Mogstad, Romano, Shaikh & Wilhelm
    (2024) for the simultaneous tests.
    """
    tested = list(result.tested)
    table = result.table.loc[tested]
    per_sd = (table["std_error"] * table["effect_sd"] / table["effect"]).abs()
    smallest = smallest_effect * result.outcome_sd
    n_effect = [
        interviews_needed(error, smallest, result.n_obs, result.confidence) for error in per_sd
    ]
    lmg = table["lmg"].to_numpy()
    n_border: list[int | None] = [None] * len(tested)
    border: int | None = None
    pair: tuple[str, ...] = ()
    if len(result.lmg_draws) and result.top < len(tested):
        errors = _errors_of_differences(result)
        order = np.argsort(-lmg, kind="stable")
        last_in, first_out = order[result.top - 1], order[result.top]
        inside = lmg >= lmg[last_in]
        other = np.where(inside, first_out, last_in)
        n_border = [
            interviews_needed(errors[j, k], lmg[j] - lmg[k], result.n_obs, result.confidence)
            for j, k in enumerate(other)
        ]
        pair = (str(tested[last_in]), str(tested[first_out]))
        times = times_to_settle(
            lmg,
            _covariance(result),
            errors,
            top=result.top,
            confidence=result.confidence,
            seed=result.seed,
        )
        border = None if times is None else _rounded(result.n_obs * times)
    return SampleSize(
        outcome=result.outcome,
        n_obs=result.n_obs,
        top=result.top,
        border=border,
        border_pair=pair,
        power=POWER,
        confidence=result.confidence,
        table=pd.DataFrame(
            {"n_effect": n_effect, "n_border": n_border}, index=table.index, dtype="Int64"
        ),
    )


def interviews_for_pair(result: DriverResult, first: str, second: str) -> int | None:
    """Interviews at which the importances of two drivers would be told apart."""
    places = [result.tested.index(name) for name in (first, second)]
    if not len(result.lmg_draws):
        return None
    lmg = result.table.loc[[first, second], "lmg"]
    error = _errors_of_differences(result)[places[0], places[1]]
    difference = float(lmg.iloc[0] - lmg.iloc[1])
    return interviews_needed(float(error), difference, result.n_obs, result.confidence)


def interviews_needed(error: float, difference: float, n_obs: int, confidence: float) -> int | None:
    """Interviews at which a difference of this size would be significant with 80 % power.

    n = n_obs · ((z_{(1+confidence)/2} + z_.80) · error / difference)², rounded up to hundreds.

    Parameters
    ----------
    error : float
        Standard error of the difference in a survey of ``n_obs``.
    difference : float
        Not 0.

    Returns
    -------
    int or None
        None where the error is not known or there is no difference.
    """
    if not np.isfinite(error) or difference == 0:
        return None
    distance = normal_quantile((1 + confidence) / 2) + normal_quantile(POWER)
    return _rounded(n_obs * (distance * error / difference) ** 2)


def _rounded(n: float) -> int | None:
    return int(-(-n // ROUNDED_TO) * ROUNDED_TO) if np.isfinite(n) else None


def _covariance(result: DriverResult) -> np.ndarray:
    """By influence values; by the draws where the importances have none."""
    if result.lmg_covariance.size:
        return result.lmg_covariance
    return np.atleast_2d(np.cov(result.lmg_draws, rowvar=False))


def _errors_of_differences(result: DriverResult) -> np.ndarray:
    """Standard errors of all differences of importances, (p, p)."""
    none = result.table.loc[list(result.tested), "ci_lower"].to_numpy() == 0
    drawn = np.atleast_2d(np.cov(result.lmg_draws, rowvar=False))
    squared = [np.add.outer(np.diag(v), np.diag(v)) - 2 * v for v in (_covariance(result), drawn)]
    variance = np.where(none[:, None] | none, squared[1], squared[0])
    return np.sqrt(np.maximum(variance, 0.0))


def times_to_settle(
    estimate: np.ndarray,
    covariance: np.ndarray,
    errors: np.ndarray,
    *,
    top: int,
    confidence: float,
    seed: int,
) -> float | None:
    """How many times as many interviews would tell all pairs across the border apart.

    In a survey f times as large the statistic of a pair is √f · difference /
    error + noise; it must pass the quantile of the largest noise among all
    pairs.

    Parameters
    ----------
    estimate : (p,) array
    covariance : (p, p) array
    errors : (p, p) array
        Standard errors of all differences.
    top : int
    confidence : float
    seed : int

    Returns
    -------
    float or None
        f, with 80 % power; below 1 where fewer would do. None where two
        estimates across the border are equal.
    """
    order = np.argsort(-estimate, kind="stable")
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    rng = np.random.Generator(np.random.PCG64(seed))
    noise = rng.standard_normal((N_DRAWS, len(estimate))) @ root
    first, second = np.triu_indices(len(estimate), 1)
    known = errors[first, second] > 0
    first, second = first[known], second[known]
    largest = np.abs((noise[:, first] - noise[:, second]) / errors[first, second]).max(axis=1)
    critical = np.quantile(largest, confidence)
    needed = np.zeros(N_DRAWS)
    for j in order[:top]:
        for k in order[top:]:
            if errors[j, k] == 0:
                continue
            difference = estimate[j] - estimate[k]
            if difference == 0:
                return None
            chance = (noise[:, j] - noise[:, k]) / errors[j, k]
            needed = np.maximum(needed, (critical - chance) * errors[j, k] / difference)
    return float(np.quantile(needed, POWER)) ** 2
