"""The mean of those who were treated, weighted until they resemble those who were not.

With e the probability of treatment given the covariates, the odds (1 − e)/e turn the treated into
a picture of the untreated: the difference of the two means is the effect on the untreated, if
the covariates hold all that moved both the treatment and the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.outcomes.families import LOGIT
from mot_research.statistics.outcomes.fitting import diverging, fit, newton_steps
from mot_research.statistics.outcomes.generalised import GeneralisedLinear, symmetric
from mot_research.statistics.resampling import Draws

ELEMENTS_AT_ONCE = 1_000_000  # rows × resamples: 8 MB an array
MAX_STEPS = 25
DECREMENT = 1e-10  # of the mean log-likelihood, below which a fit is done


@dataclass(frozen=True)
class OddsWeighted:
    """The difference between the treated, weighted by the odds, and the untreated.

    Attributes
    ----------
    difference : float
        Mean of the treated less mean of the untreated; NaN where no untreated is left.
    mean_treated, mean_untreated : float
        Of the weighted treated, and of the untreated that are not trimmed.
    probability : (n,) array
        e, the fitted probability of treatment.
    weight : (n,) array
        w (1 − e)/e of the treated, w of the untreated, 0 of the trimmed.
    trimmed : (n,) bool array
        Untreated outside the treated's range of e: there is nobody to compare them with.
    n_effective : float
        (Σ ω)² / Σ ω² of the treated.
    separated : bool
        Whether a covariate tells the two apart entirely, so that e has no estimate.
    """

    difference: float
    mean_treated: float
    mean_untreated: float
    probability: Floats
    weight: Floats
    trimmed: np.ndarray
    n_effective: float
    separated: bool


def odds_weighted(
    outcome: Floats, treated: np.ndarray, covariates: Floats, weight: Floats
) -> OddsWeighted:
    """Compare the treated with the untreated, as the untreated are.

    Parameters
    ----------
    outcome : (n,) array
    treated : (n,) bool array
        Some are, some are not.
    covariates : (n, k) array
        Without a constant; finite. Columns that do not vary are passed over.
    weight : (n,) array
        Positive survey weights; only ratios matter.

    References
    ----------
    Hirano, Imbens & Ridder (2003), Econometrica 71; Li, Morgan & Zaslavsky (2018), J. American
    Statistical Association 113 (weights of the untreated).
    """
    x = design(covariates)
    model = GeneralisedLinear(LOGIT, treated.astype(float), x, weight / weight.sum())
    at = fit(model).parameters[:, 0]
    probability = expit(x @ at)
    found = _compared(probability[:, None], weight[:, None], outcome, treated)
    omega, kept = found.omega[:, 0], found.kept[:, 0]
    total = omega.sum()
    return OddsWeighted(
        difference=float(found.treated[0] - found.untreated[0]),
        mean_treated=float(found.treated[0]),
        mean_untreated=float(found.untreated[0]),
        probability=probability,
        weight=omega + np.where(kept, weight, 0.0),
        trimmed=~treated & ~kept,
        n_effective=float(total**2 / (omega @ omega)) if total > 0 else 0.0,
        separated=bool(diverging(model, at, np.abs(x).max(axis=0)).any()),
    )


def resampled_differences(
    outcome: Floats,
    treated: np.ndarray,
    covariates: Floats,
    weight: Floats,
    unit: np.ndarray,
    draws: Draws,
) -> tuple[Floats, Floats]:
    """The difference in every resample, with e fitted anew and the range taken anew.

    Parameters
    ----------
    outcome, treated, covariates, weight
        As in :func:`odds_weighted`.
    unit : (n,) integer array
        Sampling unit of each row.
    draws : Draws

    Returns
    -------
    differences : (B,) array
        NaN where a resample has no treated or no comparable untreated.
    kept : (B,) array
        Σ w of the untreated that are not trimmed.
    """
    x = design(covariates)
    model = GeneralisedLinear(LOGIT, treated.astype(float), x, weight / weight.sum())
    start = fit(model).parameters[:, 0]
    differences, totals = np.empty(draws.n_resamples), np.empty(draws.n_resamples)
    for chosen, multipliers in draws.blocks(max(1, ELEMENTS_AT_ONCE // len(x))):
        weights = weight[:, None] * multipliers[:, unit].T
        at = logit_parameters(x, treated, weights, start)
        found = _compared(expit(x @ at), weights, outcome, treated)
        differences[chosen] = found.treated - found.untreated
        totals[chosen] = (weights * found.kept).sum(axis=0)
    return differences, totals


def logit_parameters(x: Floats, y: np.ndarray, weights: Floats, start: Floats) -> Floats:
    """Fit one logit under many sets of weights by Newton's steps.

    Parameters
    ----------
    x : (n, k) array
    y : (n,) array of 0 and 1
    weights : (n, B) array
        Not negative.
    start : (k,) array

    Returns
    -------
    (k, B) array
        NaN where 25 steps did not reach the maximum.
    """
    upper = np.triu_indices(x.shape[1])
    pairs = x[:, upper[0]] * x[:, upper[1]]
    at = np.repeat(start[:, None], weights.shape[1], axis=1)
    left = np.arange(weights.shape[1])
    total = weights.sum(axis=0)
    for _ in range(MAX_STEPS):
        own = weights[:, left]
        mean = expit(x @ at[:, left])
        slope = x.T @ (own * (y[:, None] - mean))
        curvature = symmetric((own * (mean * (1 - mean))).T @ pairs, x.shape[1])
        steps = newton_steps(curvature, slope, np.ones((len(left), x.shape[1]), dtype=bool))
        at[:, left] += steps
        done = np.einsum("kb,kb->b", slope, steps) <= DECREMENT * total[left]
        left = left[~done]
        if not len(left):
            return at
    at[:, left] = np.nan
    return at


def standardised_differences(
    covariates: Floats, treated: np.ndarray, weight: Floats, balanced: Floats
) -> Floats:
    """How far the treated are from the untreated, before and after weighting.

    Differences of means in units of the standard deviation, the root of the mean of the two
    groups' variances under ``weight``.

    Parameters
    ----------
    covariates : (n, k) array
    treated : (n,) bool array
    weight : (n,) array
        Of the survey.
    balanced : (n,) array
        ``OddsWeighted.weight``.

    Returns
    -------
    (2, k) array
        Before, after; 0 for a column that does not vary.
    """
    spread = np.sqrt(
        np.mean([_variance(covariates[group], weight[group]) for group in (treated, ~treated)], 0)
    )
    rows = []
    for w in (weight, balanced):
        means = [np.average(covariates[g], axis=0, weights=w[g]) for g in (treated, ~treated)]
        difference = means[0] - means[1]
        rows.append(np.divide(difference, spread, out=np.zeros_like(spread), where=spread > 0))
    return np.array(rows)


def design(covariates: Floats) -> Floats:
    """A constant and the varying covariates, standardised: (n, 1 + k')."""
    varying = covariates[:, np.ptp(covariates, axis=0) > 0]
    scaled = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    return np.column_stack([np.ones(len(covariates)), scaled])


def _variance(values: Floats, weight: Floats) -> Floats:
    mean = np.average(values, axis=0, weights=weight)
    return np.average((values - mean) ** 2, axis=0, weights=weight)


@dataclass(frozen=True)
class _Compared:
    """Of B sets of weights: ω and who is kept (n, B), the two means (B,)."""

    omega: Floats
    kept: np.ndarray
    treated: Floats
    untreated: Floats


def _compared(
    probability: Floats, weights: Floats, outcome: Floats, treated: np.ndarray
) -> _Compared:
    present = treated[:, None] & (weights > 0)
    lowest = np.where(present, probability, np.inf).min(axis=0)
    highest = np.where(present, probability, -np.inf).max(axis=0)
    kept = ~treated[:, None] & (probability >= lowest) & (probability <= highest)
    with np.errstate(divide="ignore", invalid="ignore"):
        omega = np.where(present, weights * (1 - probability) / probability, 0.0)
        others = weights * kept
        means = [(outcome @ part) / part.sum(axis=0) for part in (omega, others)]
    return _Compared(omega, kept, *means)
