"""Ranks of estimates and what is known of them: frequencies over draws, confidence sets.

Rank 1 is the largest. A confidence set for a rank follows from tests of all the differences:
an item is no better than place 1 + (the number of items proven larger) and no worse than
p − (the number proven smaller).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mot_research.errors import AnalysisError, shown
from mot_research.statistics.crossproducts import Floats, Integers

Kind = Literal["two-sided", "lower", "upper"]
ROUNDING = 1e-12  # relative; below it a difference or its variance is none
N_DRAWS = 10_000  # the .95 quantile of the largest difference then errs by about .02


@dataclass(frozen=True)
class RankSets:
    """Confidence sets for ranks: from ``lower`` to ``upper``, both included, 1 … p.

    A one-sided set has p as its upper end (kind "lower") or 1 as its lower (kind "upper").
    """

    lower: Integers
    upper: Integers


@dataclass(frozen=True)
class TopSets:
    """Membership of the K best: what may be among them, and what is sure to be."""

    possible: NDArray[np.bool_]
    sure: NDArray[np.bool_]


def ranks(values: ArrayLike, *, descending: bool = True) -> Integers:
    """Rank values along the last axis: (…, p) → (…, p).

    Rank 1 is the largest (the smallest where ``descending`` is False); ties share the best of
    their ranks.

    Raises
    ------
    AnalysisError
        A value is missing: its rank is unknown, and so are the others'.
    """
    values = np.asarray(values, dtype=np.float64)
    if np.isnan(values).any():
        raise AnalysisError(
            f"{int(np.isnan(values).sum())} of {values.size} values to rank are missing: leave the "
            "items or the draws out that have no estimate."
        )
    if not descending:
        values = -values
    return 1 + (values[..., None, :] > values[..., :, None]).sum(axis=-1)


def p_top(values: ArrayLike, k: int) -> Floats:
    """Frequency of rank ≤ k over the draws: (B, p) → (p,). It is not a posterior."""
    return np.asarray((ranks(values) <= k).mean(axis=0))


def rank_sets(
    estimate: ArrayLike,
    covariance: ArrayLike,
    confidence: float = 0.95,
    *,
    seed: int,
    n_draws: int = N_DRAWS,
    simultaneous: bool = True,
    kind: Kind = "two-sided",
    stepdown: bool = True,
) -> RankSets:
    """Confidence sets for the ranks of approximately normal estimates.

    All differences are tested at once: items a and b are told apart where
    (θ_a − θ_b)/se_ab exceeds the ``confidence`` quantile of the largest such statistic under
    N(0, covariance). Stepdown drops what was rejected and takes the quantile over the rest,
    until nothing new is rejected.

    Parameters
    ----------
    estimate : (p,) array
    covariance : (p, p) array
        Covariance of the estimates.
    confidence : float
    seed : int
    n_draws : int
        Normal draws for the quantile.
    simultaneous : bool
        The sets hold jointly for all items; else each for itself.
    kind : {"two-sided", "lower", "upper"}
        "lower" bounds only the best possible rank, "upper" only the worst.
    stepdown : bool

    References
    ----------
    Mogstad, Romano, Shaikh & Wilhelm (2024), Review of Economic Studies 91, 476–518.
    """
    theta, sigma = _as_estimates(estimate, covariance)
    values, vectors = np.linalg.eigh(sigma)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal((n_draws, len(theta)))
    return _rank_sets(theta, sigma, noise @ root, confidence, simultaneous, kind, stepdown)


def rank_sets_from_draws(
    estimate: ArrayLike,
    draws: ArrayLike,
    confidence: float = 0.95,
    *,
    simultaneous: bool = True,
    kind: Kind = "two-sided",
    stepdown: bool = True,
) -> RankSets:
    """As ``rank_sets``, with the centred draws (B, p) of the estimates as the distribution."""
    draws = np.asarray(draws, dtype=np.float64)
    theta, sigma = _as_estimates(estimate, np.cov(draws, rowvar=False))
    noise = draws - draws.mean(axis=0)
    return _rank_sets(theta, sigma, noise, confidence, simultaneous, kind, stepdown)


def top_k_sets(
    estimate: ArrayLike,
    covariance: ArrayLike,
    k: int,
    confidence: float = 0.95,
    *,
    seed: int,
    n_draws: int = N_DRAWS,
    stepdown: bool = True,
) -> TopSets:
    """Which items may be among the k best, and which are sure to be.

    Each set holds with the given confidence: the true k best are all in ``possible``; all in
    ``sure`` are truly among the k best.
    """
    bounds = {
        kind: rank_sets(
            estimate,
            covariance,
            confidence,
            seed=seed,
            n_draws=n_draws,
            kind=kind,
            stepdown=stepdown,
        )
        for kind in ("lower", "upper")
    }
    return TopSets(possible=bounds["lower"].lower <= k, sure=bounds["upper"].upper <= k)


def _as_estimates(estimate: ArrayLike, covariance: ArrayLike) -> tuple[Floats, Floats]:
    theta = np.asarray(estimate, dtype=np.float64)
    sigma = np.atleast_2d(np.asarray(covariance, dtype=np.float64))
    if theta.ndim != 1 or sigma.shape != (len(theta), len(theta)):
        raise AnalysisError(
            f"there are estimates of shape {theta.shape} and a covariance of shape {sigma.shape}: "
            "give p estimates and their (p, p) covariance."
        )
    if not (np.isfinite(theta).all() and np.isfinite(sigma).all()):
        raise AnalysisError(
            "an estimate or its covariance is missing or infinite: leave the items out that have "
            "no estimate."
        )
    return theta, sigma


def _rank_sets(
    theta: Floats,
    sigma: Floats,
    noise: Floats,
    confidence: float,
    simultaneous: bool,
    kind: Kind,
    stepdown: bool,
) -> RankSets:
    if not 0 < confidence < 1:
        raise AnalysisError(f"confidence is {shown(confidence)}: give a number between 0 and 1.")
    p = len(theta)
    first, second = np.triu_indices(p, 1)
    errors = _errors_of_differences(sigma)
    difference = theta[:, None] - theta
    difference[np.abs(difference) <= ROUNDING * np.abs(theta).max(initial=0.0)] = 0.0
    # Without an error a difference is certain, and adds nothing to what chance could do.
    statistic = np.where(difference == 0, 0.0, np.copysign(np.inf, difference))
    np.divide(difference, errors, out=statistic, where=errors > 0)
    chance = np.zeros((len(noise), len(first)))
    np.divide(
        noise[:, first] - noise[:, second],
        errors[first, second],
        out=chance,
        where=errors[first, second] > 0,
    )

    def larger(items: slice) -> NDArray[np.bool_]:
        """(p, p): row proven larger than column, by the tests that bear on the items."""
        tested = np.zeros((p, p), dtype=bool)
        if kind != "lower":
            tested[items, :] = True
        if kind != "upper":
            tested[:, items] = True
        np.fill_diagonal(tested, False)
        proven = np.zeros((p, p), dtype=bool)
        while tested.any():
            forward = chance[:, tested[first, second]]
            backward = chance[:, tested[second, first]]
            extreme = np.maximum(
                forward.max(axis=1, initial=-np.inf), -backward.min(axis=1, initial=np.inf)
            )
            new = tested & (statistic > np.quantile(extreme, confidence))
            proven |= new
            if not (stepdown and new.any()):
                break
            tested &= ~new
        return proven

    lower, upper = np.ones(p, dtype=int), np.full(p, p)
    for items in [slice(None)] if simultaneous else [slice(j, j + 1) for j in range(p)]:
        proven = larger(items)
        if kind != "upper":
            lower[items] += proven.sum(axis=0)[items]
        if kind != "lower":
            upper[items] -= proven.sum(axis=1)[items]
    return RankSets(lower=lower, upper=upper)


def _errors_of_differences(sigma: Floats) -> Floats:
    """(p, p) standard errors of all differences; 0 where nothing but rounding is left."""
    total = np.diag(sigma)[:, None] + np.diag(sigma)
    squared = total - 2 * sigma
    return np.sqrt(np.where(squared > ROUNDING * total, squared, 0.0))
