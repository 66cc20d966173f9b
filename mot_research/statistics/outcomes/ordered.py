"""Ordered logit with free thresholds: P(y ≤ k) = F(θ_k − η), η without a constant.

McCullagh (1980), Journal of the Royal Statistical Society B 42; with weights it is the
pseudo-likelihood of R's ``svyolr``. The log-likelihood is concave (Burridge 1981; Pratt 1981).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import expit, xlogy

from mot_research.statistics.crossproducts import Floats, Integers
from mot_research.statistics.outcomes.generalised import ROWS_AT_ONCE, weighted_products

FAR = 700.0  # a threshold that is never reached; F is 0 or 1 there to the last digit


@dataclass(frozen=True)
class OrderedLogit:
    """An ``OutcomeModel`` of answers in order.

    Attributes
    ----------
    level : (n,) integer array
        0 … K − 1, each taken by some row of the whole sample.
    n_levels : int
        K.
    columns : (n, k) array
        Without a constant.
    weight : (n,) array
        Sums to 1.
    """

    level: np.ndarray
    n_levels: int
    columns: Floats
    weight: Floats

    @property
    def n_thresholds(self) -> int:
        return self.n_levels - 1

    @property
    def n_parameters(self) -> int:
        return self.n_thresholds + self.columns.shape[1]

    @property
    def start(self) -> Floats:
        share = np.bincount(self.level, self.weight, self.n_levels) / self.weight.sum()
        below = np.cumsum(share)[:-1]
        return np.concatenate([np.log(below / (1 - below)), np.zeros(self.columns.shape[1])])

    @property
    def null_features(self) -> Floats:
        return (self.level[:, None] == np.arange(self.n_levels)).astype(float)

    def null_deviance(self, means: Floats) -> Floats:
        return -2 * xlogy(means, means).sum(axis=1)

    def rows(self, chosen: slice | Integers) -> OrderedLogit:
        return replace(
            self,
            level=self.level[chosen],
            columns=self.columns[chosen],
            weight=self.weight[chosen],
        )

    def row_deviances(self, parameters: Floats) -> Floats:
        return -2 * np.log(self._at(parameters).probability)

    def sloped(self, parameters: Floats) -> tuple[Floats, Floats]:
        t = self.n_thresholds
        deviance = np.zeros(parameters.shape[1])
        slope = np.zeros_like(parameters)
        for level, part in self._by_level:
            at, w = part._at(parameters), part.weight
            deviance -= 2 * (w @ np.log(at.probability))
            if level < t:
                slope[level] += w @ (at.f_upper / at.probability)
            if level > 0:
                slope[level - 1] -= w @ (at.f_lower / at.probability)
            slope[t:] += part.columns.T @ (w[:, None] * (at.below_upper + at.below_lower - 1))
        return deviance, slope

    def curved(self, parameters: Floats) -> Floats:
        size, t = self.n_parameters, self.n_thresholds
        full = np.zeros((parameters.shape[1], size, size))
        for level, part in self._by_level:
            at, w, x = part._at(parameters), part.weight, part.columns
            full[:, t:, t:] += weighted_products(x, w[:, None] * (at.f_upper + at.f_lower))
            uu, ll, ul = (w @ second for second in at.second)
            if level < t:
                full[:, level, level] += uu
                full[:, level, t:] -= (w[:, None] * at.f_upper).T @ x
            if level > 0:
                full[:, level - 1, level - 1] += ll
                full[:, level - 1, t:] -= (w[:, None] * at.f_lower).T @ x
            if 0 < level < t:  # a row between two thresholds ties them
                full[:, level, level - 1] += ul
                full[:, level - 1, level] += ul
        full[:, t:, :t] = full[:, :t, t:].transpose(0, 2, 1)
        return full

    def row_slopes(self, parameters: Floats) -> Floats:
        at = self._at(parameters[:, None])
        of_upper, of_lower = (j * self.weight[:, None] for j in self._jacobians)
        return of_upper * (at.f_upper / at.probability) - of_lower * (at.f_lower / at.probability)

    def curvature_factors(self, parameters: Floats) -> tuple[Floats, Floats]:
        of_upper, of_lower = self._jacobians
        uu, ll, ul = (self.weight[:, None] * each for each in self._at(parameters[:, None]).second)
        # uu aa' + ll bb' + ul (ab' + ba') as two products
        return (
            np.stack([of_upper * uu + of_lower * ul, of_lower * ll + of_upper * ul], axis=1),
            np.stack([of_upper, of_lower], axis=1),
        )

    def row_expansions(self, at: Floats, parameters: Floats) -> Floats:
        here = self._at(at[:, None])
        moved = parameters - at[:, None]
        u, v = (jacobian @ moved for jacobian in self._jacobians)
        uu, ll, ul = here.second
        slope = here.f_upper / here.probability * u - here.f_lower / here.probability * v
        curvature = uu * u**2 + ll * v**2 + 2 * ul * u * v
        return -2 * np.log(here.probability) - 2 * slope + curvature

    @cached_property
    def _by_level(self) -> list[tuple[int, OrderedLogit]]:
        """Rows of one level each, few enough for their arrays to stay in the cache."""
        return [
            (level, self.rows(members[first : first + ROWS_AT_ONCE]))
            for level in range(self.n_levels)
            for members in [np.flatnonzero(self.level == level)]
            for first in range(0, len(members), ROWS_AT_ONCE)
        ]

    @property
    def _touches(self) -> tuple[Floats, Floats]:
        """Which threshold bounds each row from above, and which from below: (n, K − 1) each."""
        thresholds = np.arange(self.n_thresholds)
        level = self.level[:, None]
        return (level == thresholds).astype(float), (level == thresholds + 1).astype(float)

    @property
    def _jacobians(self) -> tuple[Floats, Floats]:
        """Derivatives of θ_y − η and θ_(y−1) − η: (n, P) each."""
        upper, lower = self._touches
        return np.hstack([upper, -self.columns]), np.hstack([lower, -self.columns])

    def _at(self, parameters: Floats) -> _Point:
        t = self.n_thresholds
        eta = self.columns @ parameters[t:]
        far = np.full((1, parameters.shape[1]), FAR)
        bounds = np.concatenate([-far, parameters[:t], far])
        upper, lower = bounds[self.level + 1] - eta, bounds[self.level] - eta
        below_upper, below_lower = expit(upper), expit(lower)
        # F(u) − F(l) without cancelling: F(u) (1 − F(l)) (1 − exp(l − u))
        with np.errstate(over="ignore", invalid="ignore"):
            probability = below_upper * expit(-lower) * -np.expm1(lower - upper)
        probability = np.where(probability > 0, probability, np.finfo(float).tiny)
        return _Point(
            below_upper,
            below_lower,
            below_upper * expit(-upper),
            below_lower * expit(-lower),
            probability,
        )


@dataclass(frozen=True)
class _Point:
    """F and its density at a row's two bounds, and the probability between them."""

    below_upper: Floats
    below_lower: Floats
    f_upper: Floats
    f_lower: Floats
    probability: Floats

    @property
    def second(self) -> tuple[Floats, Floats, Floats]:
        """−∂² of log-probability: by the upper bound twice, the lower twice, and both."""
        up, low = self.f_upper / self.probability, self.f_lower / self.probability
        return (
            up**2 - up * (1 - 2 * self.below_upper),
            low**2 + low * (1 - 2 * self.below_lower),
            -up * low,
        )
