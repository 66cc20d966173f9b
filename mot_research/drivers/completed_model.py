"""One completed design of an outcome that is no score, analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mot_research.drivers.completion import Layout, model_columns
from mot_research.drivers.design import Design
from mot_research.drivers.outcome_models import (
    Drivers,
    Reported,
    amount_sensitivity,
    effects_of,
    fitted,
    importance_model,
    net_promoters,
    parameter_of,
    predictors_of,
)
from mot_research.drivers.reduction import Reduction
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.deviance import (
    DevianceImportance,
    QuadraticSums,
    deviance_importance,
    quadratic_form,
    quadratic_relative_weights,
    quadratic_shapley,
    quadratic_sums,
)
from mot_research.statistics.outcomes.fitting import newton_steps
from mot_research.statistics.outcomes.marginal import Predictors, Response, Setting
from mot_research.statistics.outcomes.model import OutcomeModel
from mot_research.statistics.resampling import (
    survey_covariance,
)


@dataclass(frozen=True)
class CompletedModel:
    """One completed design, analysed: what the draws and Rubin's rules need of it."""

    model: OutcomeModel
    importance: DevianceImportance
    contact: Floats
    relative_weight: Floats
    null: float
    deviance_full: float
    deviance_controls: float
    alone: Floats
    alone_variance: Floats
    effects: Reported
    predictors: Predictors
    response: Response
    centre: Floats
    further: dict[str, tuple[Floats, Floats]]
    sd: Floats
    sums: QuadraticSums
    rest: Floats
    null_sums: Floats
    rating_sums: Floats
    players: tuple[int, ...]
    always: tuple[int, ...]

    def lmg(self, multipliers: Floats) -> Floats:
        """Importance in resamples: (B, G) to (B, p)."""
        h, r = self.sums.forms(multipliers)
        gain = quadratic_shapley(h, r, self.players, self.always) + multipliers @ self.rest
        features = multipliers @ self.null_sums
        null = features[:, 0] * self.model.null_deviance(features[:, 1:] / features[:, :1])
        return np.maximum(gain / null[:, None], 0.0)

    def effect(self, multipliers: Floats) -> Floats:
        """Effects of quality in resamples: (B, G) to (B, p)."""
        return self.effects.quality + multipliers @ self.effects.quality_scores[0]

    def effect_sd(self, multipliers: Floats) -> Floats:
        """Effect of a standard deviation in resamples: (B, G) to (B, p)."""
        effect = self.effect(multipliers)
        had, total, squares = (multipliers @ part for part in self.rating_sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = squares / had - (total / had) ** 2
        return effect * np.sqrt(np.where(variance > 0, variance, 0.0))


def analyse_completed(
    design: Design,
    reduction: Reduction,
    layout: Layout,
    completed: Floats,
    kind: str,
    promoters: bool,
    n_blocks: int,
    rng: np.random.Generator,
) -> CompletedModel:
    """Fit the models of one completed design: importance, effects, what the draws are made of.

    Parameters
    ----------
    design : Design
    reduction : Reduction
        Of the same design.
    layout : Layout
        Which of its columns the models use.
    completed : (n, k) array
        The design's columns without blanks, the outcome first.
    kind : {"ordered", "binary", "amount", "share"}
    promoters : bool
        Whether an ordered outcome has the net promoter's scale.
    n_blocks : int
        Blocks of orders that are refitted above the exact limit.
    rng : Generator
        Draws them.
    """
    y, x = completed[:, 0], model_columns(completed, layout)
    weight, unit, n_units = design.rows.weight, reduction.units.codes, len(reduction.chosen)
    model = importance_model(kind, y, x, weight)
    at = fitted(model, "the outcome")
    deviance_full = float(model.sloped(at[:, None])[0][0])
    null = float(model.null_deviance((model.weight @ model.null_features)[None])[0])
    players = tuple(parameter_of(model, column) for column in layout.quality)
    always = tuple(p for p in range(model.n_parameters) if p not in players)
    found = deviance_importance(model, at, players, always, n_blocks=n_blocks, rng=rng)
    contact, deviance_controls = _contact(kind, y, x, layout, weight, found, n_blocks, rng)
    alone, alone_variance = _alone(model, found, players, always, unit, reduction)
    drivers = Drivers(layout.quality, layout.exposure)
    setting = Setting(x, weight, unit, reduction.units.stratum_of_unit)
    predictors, response = predictors_of(kind, y, x, setting, model, at)
    further: dict[str, tuple[Floats, Floats]] = {}
    if kind == "amount":
        further = amount_sensitivity(y, x, drivers, setting)
    elif kind == "ordered" and promoters:
        further = net_promoters(y, x, drivers, setting)
    had = drivers.had(x)
    rating_sums = np.array(
        [
            [
                setting.per_unit(weight * e * x[:, c] ** power)
                for c, e in zip(drivers.quality, had, strict=True)
            ]
            for power in range(3)
        ]
    ).transpose(0, 2, 1)
    total, first, second = rating_sums.sum(axis=1)
    curvature, right = quadratic_form(model, at)
    return CompletedModel(
        model=model,
        importance=found,
        contact=contact,
        relative_weight=_relative_weights(curvature, right, players, always, found),
        null=null,
        deviance_full=deviance_full,
        deviance_controls=deviance_controls,
        alone=alone,
        alone_variance=alone_variance,
        effects=effects_of(predictors, response, drivers, setting),
        predictors=predictors,
        response=response,
        centre=completed[:, [c - 1 for c in layout.used]].mean(axis=0) - x[:, 1:].mean(axis=0),
        further=further,
        sd=np.sqrt(np.maximum(second / total - (first / total) ** 2, 0.0)),
        sums=quadratic_sums(model, at, unit, n_units),
        rest=_unit_sums(model.weight[:, None] * found.row_rest, unit, n_units),
        null_sums=_unit_sums(
            model.weight[:, None] * np.column_stack([np.ones(len(y)), model.null_features]),
            unit,
            n_units,
        ),
        rating_sums=rating_sums,
        players=players,
        always=always,
    )


def _contact(
    kind: str,
    y: Floats,
    x: Floats,
    layout: Layout,
    weight: Floats,
    quality: DevianceImportance,
    n_blocks: int,
    rng: np.random.Generator,
) -> tuple[Floats, float]:
    """What having each contact saves, and the deviance of the controls alone."""
    gain = np.full(len(layout.quality), np.nan)
    exposures = [e for e in layout.exposure if e is not None]
    if not exposures:
        return gain, quality.deviance_always
    background = [c for c in range(x.shape[1]) if c not in layout.quality]
    place = {column: index for index, column in enumerate(background)}
    model = importance_model(kind, y, x[:, background], weight)
    at = fitted(model, "the outcome")
    players = [parameter_of(model, place[e]) for e in exposures]
    always = [p for p in range(model.n_parameters) if p not in players]
    found = deviance_importance(model, at, players, always, n_blocks=n_blocks, rng=rng)
    gain[[j for j, e in enumerate(layout.exposure) if e is not None]] = found.gain
    return gain, found.deviance_always


def _alone(
    model: OutcomeModel,
    found: DevianceImportance,
    players: tuple[int, ...],
    always: tuple[int, ...],
    unit: np.ndarray,
    reduction: Reduction,
) -> tuple[Floats, Floats]:
    """Each quality's coefficient when it is the only one, with its design variance."""
    scores = np.zeros((len(reduction.chosen), len(players)))
    masks = np.zeros((len(players), model.n_parameters), dtype=bool)
    masks[:, list(always)] = True
    masks[np.arange(len(players)), list(players)] = True
    pick = np.eye(model.n_parameters)[:, list(players)]
    rows = newton_steps(model.curved(found.alone), pick, masks)
    for j in range(len(players)):
        slopes = model.row_slopes(found.alone[:, j]) @ rows[:, j]
        scores[:, j] = np.bincount(unit, slopes, len(scores))
    estimates = found.alone[list(players), np.arange(len(players))]
    return estimates, np.diag(survey_covariance(scores, reduction.units.stratum_of_unit)).copy()


def _relative_weights(
    curvature: Floats,
    right: Floats,
    players: Sequence[int],
    always: Sequence[int],
    found: DevianceImportance,
) -> Floats:
    """Of the quadratic form, scaled to the deviance that the qualities save together."""
    weights = quadratic_relative_weights(curvature[None], right[None], players, always)[0]
    return weights * found.gain.sum() / weights.sum()


def _unit_sums(values: Floats, unit: np.ndarray, n_units: int) -> Floats:
    return np.column_stack([np.bincount(unit, column, n_units) for column in values.T])
