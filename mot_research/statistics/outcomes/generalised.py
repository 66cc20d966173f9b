"""A generalised linear model: one predictor, one parameter a column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mot_research.statistics.crossproducts import Floats, Integers
from mot_research.statistics.outcomes.families import Family

ROWS_AT_ONCE = 1024  # times 128 subsets is a megabyte: a block's arrays stay in the cache
FEW_AT_ONCE = 8  # models whose products are cheaper one by one than from the rows' own


@dataclass(frozen=True)
class GeneralisedLinear:
    """An ``OutcomeModel`` of a family.

    Attributes
    ----------
    family : Family
    y : (n,) array
    columns : (n, k) array
        The constant first.
    weight : (n,) array
        Sums to 1.
    """

    family: Family
    y: Floats
    columns: Floats
    weight: Floats

    n_thresholds = 0

    @property
    def n_parameters(self) -> int:
        return self.columns.shape[1]

    @property
    def start(self) -> Floats:
        parameters = np.zeros(self.n_parameters)
        parameters[0] = self.family.link(float(self.weight @ self.y / self.weight.sum()))
        return parameters

    @property
    def null_features(self) -> Floats:
        return np.column_stack([self.family.entropy(self.y), self.y])

    def null_deviance(self, means: Floats) -> Floats:
        return 2 * (means[:, 0] - self.family.entropy(means[:, 1]))

    def rows(self, chosen: slice | Integers) -> GeneralisedLinear:
        return replace(
            self, y=self.y[chosen], columns=self.columns[chosen], weight=self.weight[chosen]
        )

    def row_deviances(self, parameters: Floats) -> Floats:
        return self.family.deviance_and_slope(self.y[:, None], self.columns @ parameters)[0]

    def sloped(self, parameters: Floats) -> tuple[Floats, Floats]:
        deviance = np.zeros(parameters.shape[1])
        slope = np.zeros_like(parameters)
        for first in range(0, len(self.y), ROWS_AT_ONCE):
            part = self.rows(slice(first, first + ROWS_AT_ONCE))
            eta = part.columns @ parameters
            rows, slopes = part.family.deviance_and_slope(part.y[:, None], eta)
            deviance += part.weight @ rows
            slopes *= part.weight[:, None]
            slope += part.columns.T @ slopes
        return deviance, slope

    def curved(self, parameters: Floats) -> Floats:
        curvature = np.zeros((parameters.shape[1], self.n_parameters, self.n_parameters))
        for first in range(0, len(self.y), ROWS_AT_ONCE):
            part = self.rows(slice(first, first + ROWS_AT_ONCE))
            each = part.family.curvature(part.y[:, None], part.columns @ parameters)
            curvature += weighted_products(part.columns, each * part.weight[:, None])
        return curvature

    def row_slopes(self, parameters: Floats) -> Floats:
        slopes = self.weight * self.family.deviance_and_slope(self.y, self.columns @ parameters)[1]
        return slopes[:, None] * self.columns

    def curvature_factors(self, parameters: Floats) -> tuple[Floats, Floats]:
        curvature = self.weight * self.family.curvature(self.y, self.columns @ parameters)
        return self.columns[:, None], (self.columns * curvature[:, None])[:, None]

    def row_expansions(self, at: Floats, parameters: Floats) -> Floats:
        eta = self.columns @ at
        moved = self.columns @ (parameters - at[:, None])
        deviance, slope = self.family.deviance_and_slope(self.y, eta)
        curvature = self.family.curvature(self.y, eta)
        return deviance[:, None] - (2 * slope[:, None] - curvature[:, None] * moved) * moved


def weighted_products(columns: Floats, weights: Floats) -> Floats:
    """Σ w_i x_i x_i' for each column of weights: (n, k) and (n, s) to (s, k, k)."""
    if weights.shape[1] <= FEW_AT_ONCE:
        return np.array([columns.T @ (columns * one[:, None]) for one in weights.T])
    one, other = np.triu_indices(columns.shape[1])
    return symmetric(weights.T @ (columns[:, one] * columns[:, other]), columns.shape[1])


def symmetric(flat: Floats, size: int) -> Floats:
    """Upper triangles (..., size (size + 1) / 2) as symmetric matrices (..., size, size)."""
    upper = np.triu_indices(size)
    full = np.empty((*flat.shape[:-1], size, size))
    full[..., upper[0], upper[1]] = flat
    full[..., upper[1], upper[0]] = flat
    return full
