"""Likelihoods with one linear predictor η and the mean of y as its link's inverse.

Each gives, element by element, the deviance 2 (ℓ(y; y) − ℓ(y; η)), the slope ∂ℓ/∂η and the
curvature −∂²ℓ/∂η² (observed, so that influence values are true derivatives). The three are
concave in η, so Newton's steps end at the one maximum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, xlogy

from mot_research.statistics.crossproducts import Floats

Elementwise = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Family:
    """A likelihood of y given η; all but ``entropy`` and ``link`` take (y, η).

    Attributes
    ----------
    curvature : callable
    deviance_and_slope : callable
        Both at the price of one exponential.
    entropy : callable
        e(y), with which the model of the mean alone has the deviance 2 (mean of e(y) − e(ȳ)).
    link : callable
        η of a mean.
    """

    curvature: Elementwise
    deviance_and_slope: Callable[[Floats, Floats], tuple[Floats, Floats]]
    entropy: Callable[[Floats], Floats]
    link: Callable[[float], float]


def _logit(y: Floats, eta: Floats) -> tuple[Floats, Floats]:
    small = np.exp(-np.abs(eta))
    log_odds = np.log1p(small)
    log_odds += np.maximum(eta, 0.0)
    log_odds -= y * eta
    deviance = 2 * (_binary_entropy(y) + log_odds)
    return deviance, y - np.where(eta >= 0, 1.0, small) / (1 + small)


def _logit_curvature(y: Floats, eta: Floats) -> Floats:
    mean = expit(eta)
    return mean * (1 - mean)


def _binary_entropy(y: Floats) -> Floats:
    return xlogy(y, y) + xlogy(1 - y, 1 - y)


def _poisson(y: Floats, eta: Floats) -> tuple[Floats, Floats]:
    mean = np.exp(eta)
    return 2 * (xlogy(y, y) - y - y * eta + mean), y - mean


def _gamma(y: Floats, eta: Floats) -> tuple[Floats, Floats]:
    ratio = y * np.exp(-eta)
    return 2 * (ratio - 1 - np.log(y) + eta), ratio - 1


#: Binary outcomes, and shares from 0 to 1: the fractional logit of Papke & Wooldridge (1996),
#: Journal of Applied Econometrics 11.
LOGIT = Family(
    curvature=_logit_curvature,
    deviance_and_slope=_logit,
    entropy=_binary_entropy,
    link=lambda mean: float(np.log(mean / (1 - mean))),
)

#: Any y ≥ 0, zeros included, as a pseudo-likelihood: only E(y | x) = exp(η) need be right
#: (Santos Silva & Tenreyro 2006, Review of Economics and Statistics 88).
POISSON = Family(
    curvature=lambda y, eta: np.exp(eta),
    deviance_and_slope=_poisson,
    entropy=lambda y: xlogy(y, y),
    link=lambda mean: float(np.log(mean)),
)

#: Positive amounts with log link.
GAMMA = Family(
    curvature=lambda y, eta: y * np.exp(-eta),
    deviance_and_slope=_gamma,
    entropy=lambda y: -np.log(y),
    link=lambda mean: float(np.log(mean)),
)
