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
    """A likelihood of y given η; each function takes (y, η).

    Attributes
    ----------
    deviance, slope, curvature : callable
    entropy : callable
        e(y), with which the model of the mean alone has the deviance 2 (mean of e(y) − e(ȳ)).
    link : callable
        η of a mean.
    """

    deviance: Elementwise
    slope: Elementwise
    curvature: Elementwise
    entropy: Callable[[Floats], Floats]
    link: Callable[[float], float]


def _logit_deviance(y: Floats, eta: Floats) -> Floats:
    return 2 * (xlogy(y, y) + xlogy(1 - y, 1 - y) + np.logaddexp(0.0, eta) - y * eta)


def _logit_curvature(y: Floats, eta: Floats) -> Floats:
    mean = expit(eta)
    return mean * (1 - mean)


def _poisson_deviance(y: Floats, eta: Floats) -> Floats:
    return 2 * (xlogy(y, y) - y - y * eta + np.exp(eta))


def _gamma_deviance(y: Floats, eta: Floats) -> Floats:
    return 2 * (y * np.exp(-eta) - 1 - np.log(y) + eta)


#: Binary outcomes, and shares from 0 to 1: the fractional logit of Papke & Wooldridge (1996),
#: Journal of Applied Econometrics 11.
LOGIT = Family(
    _logit_deviance,
    lambda y, eta: y - expit(eta),
    _logit_curvature,
    lambda y: xlogy(y, y) + xlogy(1 - y, 1 - y),
    lambda mean: float(np.log(mean / (1 - mean))),
)

#: Any y ≥ 0, zeros included, as a pseudo-likelihood: only E(y | x) = exp(η) need be right
#: (Santos Silva & Tenreyro 2006, Review of Economics and Statistics 88).
POISSON = Family(
    _poisson_deviance,
    lambda y, eta: y - np.exp(eta),
    lambda y, eta: np.exp(eta),
    lambda y: xlogy(y, y),
    lambda mean: float(np.log(mean)),
)

#: Positive amounts with log link.
GAMMA = Family(
    _gamma_deviance,
    lambda y, eta: y * np.exp(-eta) - 1,
    lambda y, eta: y * np.exp(-eta),
    lambda y: -np.log(y),
    lambda mean: float(np.log(mean)),
)
