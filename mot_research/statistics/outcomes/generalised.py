"""A generalised linear model: one predictor, one parameter a column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.outcomes.families import Family

ROWS_AT_ONCE = 4096  # rows whose products of columns are held at a time


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
        return self.family.deviance(self.y[:, None], self.columns @ parameters)

    def sloped(self, parameters: Floats) -> tuple[Floats, Floats]:
        y, eta = self.y[:, None], self.columns @ parameters
        slopes = self.family.slope(y, eta)
        slopes *= self.weight[:, None]
        return self.weight @ self.family.deviance(y, eta), self.columns.T @ slopes

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
        slopes = self.weight * self.family.slope(self.y, self.columns @ parameters)
        return slopes[:, None] * self.columns

    def row_curvatures(self, parameters: Floats) -> Floats:
        curvature = self.weight * self.family.curvature(self.y, self.columns @ parameters)
        one, other = np.triu_indices(self.n_parameters)
        return self.columns[:, one] * self.columns[:, other] * curvature[:, None]

    def row_expansions(self, at: Floats, parameters: Floats) -> Floats:
        eta = self.columns @ at
        moved = self.columns @ (parameters - at[:, None])
        slope = self.family.slope(self.y, eta)[:, None]
        curvature = self.family.curvature(self.y, eta)[:, None]
        return self.family.deviance(self.y, eta)[:, None] - (2 * slope - curvature * moved) * moved


def symmetric(flat: Floats, size: int) -> Floats:
    """Upper triangles (..., size (size + 1) / 2) as symmetric matrices (..., size, size)."""
    upper = np.triu_indices(size)
    full = np.empty((*flat.shape[:-1], size, size))
    full[..., upper[0], upper[1]] = flat
    full[..., upper[1], upper[0]] = flat
    return full
