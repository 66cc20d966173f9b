"""A generalised linear model: one predictor, one parameter a column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.outcomes.families import Family

ROWS_AT_ONCE = 1024  # times 128 subsets is a megabyte: a block's arrays stay in the cache


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

    def rows(self, chosen: slice) -> GeneralisedLinear:
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
        k = self.n_parameters
        upper = np.triu_indices(k)
        flat = np.zeros((parameters.shape[1], len(upper[0])))
        for first in range(0, len(self.y), ROWS_AT_ONCE):
            part = self.rows(slice(first, first + ROWS_AT_ONCE))
            curvature = part.family.curvature(part.y[:, None], part.columns @ parameters)
            curvature = curvature * part.weight[:, None]
            flat += curvature.T @ (part.columns[:, upper[0]] * part.columns[:, upper[1]])
        return symmetric(flat, k)

    def row_slopes(self, parameters: Floats) -> Floats:
        slopes = self.weight * self.family.deviance_and_slope(self.y, self.columns @ parameters)[1]
        return slopes[:, None] * self.columns

    def row_curvatures(self, parameters: Floats) -> Floats:
        curvature = self.weight * self.family.curvature(self.y, self.columns @ parameters)
        one, other = np.triu_indices(self.n_parameters)
        return self.columns[:, one] * self.columns[:, other] * curvature[:, None]

    def row_expansions(self, at: Floats, parameters: Floats) -> Floats:
        eta = self.columns @ at
        moved = self.columns @ (parameters - at[:, None])
        deviance, slope = self.family.deviance_and_slope(self.y, eta)
        curvature = self.family.curvature(self.y, eta)
        return deviance[:, None] - (2 * slope[:, None] - curvature[:, None] * moved) * moved


def symmetric(flat: Floats, size: int) -> Floats:
    """Upper triangles (..., size (size + 1) / 2) as symmetric matrices (..., size, size)."""
    upper = np.triu_indices(size)
    full = np.empty((*flat.shape[:-1], size, size))
    full[..., upper[0], upper[1]] = flat
    full[..., upper[1], upper[0]] = flat
    return full
