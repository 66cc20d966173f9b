"""Average marginal effects, on the scale that the outcome is reported on.

What is reported is a function m of one or two linear predictors: the probability of yes, of
the top answer, the net promoter share, the mean amount. Everything is averaged over the rows
that it speaks of, and comes with its influence values per sampling unit, so that the one
sandwich of the survey design gives its errors (delta method; Binder 1983).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from mot_research.statistics.crossproducts import Floats


@dataclass(frozen=True)
class Predictors:
    """L linear predictors of the same k columns.

    Attributes
    ----------
    coefficients : (L, k) array
    influence : (r, L, G, k) array
        Of each sampling unit on them, by r ways to reckon it.
    """

    coefficients: Floats
    influence: Floats


#: m(t) with its first and second derivatives: (L, n) to (n,), (L, n), (L, L, n).
Response = Callable[[Floats], tuple[Floats, Floats, Floats]]


def probability(t: Floats) -> tuple[Floats, Floats, Floats]:
    """Of yes, of a share's one, or of an answer above a threshold."""
    p = expit(t[0])
    slope = p * (1 - p)
    return p, slope[None], (slope * (1 - 2 * p))[None, None]


def identity(t: Floats) -> tuple[Floats, Floats, Floats]:
    """The outcome itself, of a linear model."""
    return t[0], np.ones_like(t), np.zeros((1, *t.shape))


def promoters_less_detractors(t: Floats) -> tuple[Floats, Floats, Floats]:
    """P(above the upper threshold) − P(below the lower); t: η less each threshold."""
    p = expit(t)
    slope = p * (1 - p)
    second = slope * (1 - 2 * p)
    zero = np.zeros_like(second[0])
    return p.sum(axis=0) - 1, slope, np.array([[second[0], zero], [zero, second[1]]])


def amount(t: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean of the spenders where everybody spends: exp(t)."""
    mean = np.exp(t[0])
    return mean, mean[None], mean[None, None]


def two_part_amount(t: Floats) -> tuple[Floats, Floats, Floats]:
    """P(any) × mean of those who spend; t: the logit's and the Gamma's predictor."""
    p, mean = expit(t[0]), np.exp(t[1])
    slope = p * (1 - p)
    both = slope * mean
    return (
        p * mean,
        np.array([both, p * mean]),
        np.array([[both * (1 - 2 * p), both], [both, p * mean]]),
    )


@dataclass(frozen=True)
class Setting:
    """The rows that effects are averaged over.

    Attributes
    ----------
    columns : (n, k) array
    weight : (n,) array
    unit : (n,) integer array
    stratum_of_unit : (G,) integer array
    """

    columns: Floats
    weight: Floats
    unit: np.ndarray
    stratum_of_unit: np.ndarray

    @property
    def n_units(self) -> int:
        """G."""
        return len(self.stratum_of_unit)

    def per_unit(self, values: Floats) -> Floats:
        """Sums within sampling units: (n,) to (G,)."""
        return np.asarray(np.bincount(self.unit, values, self.n_units), dtype=np.float64)


def quality_effects(
    setting: Setting,
    predictors: Predictors,
    response: Response,
    quality: Sequence[int],
    had: Sequence[Floats],
) -> tuple[Floats, Floats]:
    """Mean of ∂m/∂x_j over those who had j.

    Parameters
    ----------
    setting, predictors, response
    quality : sequence of int
        Column of each driver's rating.
    had : sequence of (n,) arrays
        1 where it was had.

    Returns
    -------
    (p,) array, (r, G, p) array
        Effects per point, and their influence values.
    """
    phi = predictors.coefficients
    _, slope, second = response(phi @ setting.columns.T)
    effects = np.zeros(len(quality))
    scores = np.zeros((len(predictors.influence), setting.n_units, len(quality)))
    for j, (column, e) in enumerate(zip(quality, had, strict=True)):
        we = setting.weight * e
        total = we.sum()
        each = phi[:, column] @ slope
        effects[j] = we @ each / total
        scores[..., j] = setting.per_unit(we * (each - effects[j])) / total
        for part in range(len(phi)):
            gradient = setting.columns.T @ (we * (phi[:, column] @ second[:, part]))
            gradient[column] += we @ slope[part]
            scores[..., j] += predictors.influence[:, part] @ gradient / total
    return effects, scores


def contact_effects(
    setting: Setting,
    predictors: Predictors,
    response: Response,
    pairs: Sequence[tuple[int, int]],
) -> tuple[Floats, Floats]:
    """Mean over all rows of m(had, rated as on average) − m(not had).

    ``pairs`` are the columns of quality and exposure of each driver; the average rating is
    estimated, and its influence counts.

    Returns
    -------
    (p,) array, (r, G, p) array
    """
    phi, x = predictors.coefficients, setting.columns
    total = setting.weight.sum()
    base = phi @ x.T
    effects = np.zeros(len(pairs))
    scores = np.zeros((len(predictors.influence), setting.n_units, len(pairs)))
    for j, (quality, exposure) in enumerate(pairs):
        w, e, q = setting.weight, x[:, exposure], x[:, quality]
        reached = w @ e
        centre = w @ q / reached
        without = base - phi[:, [quality]] * q - phi[:, [exposure]] * e
        value1, slope1, _ = response(without + phi[:, [exposure]] + phi[:, [quality]] * centre)
        value0, slope0, _ = response(without)
        effects[j] = w @ (value1 - value0) / total
        scores[..., j] = setting.per_unit(w * (value1 - value0 - effects[j])) / total
        of_centre = (phi[:, quality] @ slope1) @ w / total
        scores[..., j] += of_centre * setting.per_unit(w * (q - e * centre)) / reached
        for part in range(len(phi)):
            gradient = x.T @ (w * (slope1[part] - slope0[part]))
            gradient[quality] = centre * (w @ slope1[part])
            gradient[exposure] = w @ slope1[part]
            scores[..., j] += predictors.influence[:, part] @ gradient / total
    return effects, scores


@dataclass(frozen=True)
class Gain:
    """What changed columns bring: Σ w [m(X + S) − m(X)] / Σ w.

    Attributes
    ----------
    estimate : float
    scores : (r, G) array
        Influence of each sampling unit on it, by r ways to reckon it.
    predicted : (n,) array
        m(X + S).
    """

    estimate: float
    scores: Floats
    predicted: Floats


def gain_of_shifts(
    setting: Setting,
    predictors: Predictors,
    response: Response,
    shifts: Sequence[tuple[int, Floats]],
) -> Gain:
    """Mean over all rows of m with some columns changed, less m as it is.

    Parameters
    ----------
    setting, predictors, response
    shifts : sequence of (column, (n,) array)
        What is added to a column of X.
    """
    phi, x, w = predictors.coefficients, setting.columns, setting.weight
    base = phi @ x.T
    moved = base + sum(phi[:, [column]] * added for column, added in shifts)
    value0, slope0, _ = response(base)
    value1, slope1, _ = response(moved)
    total = w.sum()
    estimate = float(w @ (value1 - value0) / total)
    of_rows = setting.per_unit(w * (value1 - value0 - estimate)) / total
    scores = np.tile(of_rows, (len(predictors.influence), 1))
    for part in range(len(phi)):
        gradient = x.T @ (w * (slope1[part] - slope0[part]))
        for column, added in shifts:
            gradient[column] += w @ (slope1[part] * added)
        scores += predictors.influence[:, part] @ gradient / total
    return Gain(estimate, scores, value1)
