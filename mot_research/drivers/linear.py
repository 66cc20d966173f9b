"""The linear model of one outcome: importances and effects as functions of the second moments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mot_research.drivers.design import Design
from mot_research.drivers.estimates import FEW_UNITS, Effects, Estimates
from mot_research.drivers.expected import ExpectedOutcome
from mot_research.drivers.reduction import Reduction
from mot_research.errors import AnalysisError
from mot_research.statistics import importance
from mot_research.statistics.distributions import t_tail
from mot_research.statistics.influence import lmg_gradient
from mot_research.statistics.outcomes.marginal import Predictors, identity
from mot_research.statistics.regression import (
    aliased_columns,
    coefficients,
    independent_columns,
    regress,
)
from mot_research.statistics.resampling import Draws, jackknife_variance
from mot_research.statistics.second_moments import covariance

NOISE_COLUMNS = 40
NOISE_QUANTILE = 0.95


@dataclass(frozen=True)
class Model:
    """The design's regression, as functions of the second moments Q."""

    design: Design
    reduction: Reduction

    @property
    def exposures(self) -> tuple[int, ...]:
        return tuple(column for column in self.design.exposure if column is not None)

    @cached_property
    def fitted(self) -> tuple[int, ...]:
        """Columns that are no linear function of earlier ones: controls first."""
        design = self.design
        return independent_columns(
            self.reduction.q, (*design.controls, *self.exposures, *design.quality)
        )

    @cached_property
    def aliased(self) -> frozenset[int]:
        design = self.design
        return aliased_columns(
            self.reduction.q, (*design.controls, *self.exposures, *design.quality)
        )

    @property
    def r_squared(self) -> float:
        return float(importance.r_squared(covariance(self.reduction.q)))

    @property
    def r_squared_controls(self) -> float:
        positions = [column - 2 for column in self.design.controls]
        return float(importance.r_squared(covariance(self.reduction.q), positions))

    def lmg(self, q: np.ndarray) -> np.ndarray:
        """Importance of how it went: (..., m, m) to (..., p)."""
        always = [column - 2 for column in (*self.exposures, *self.design.controls)]
        return importance.lmg(covariance(q), always=always)

    def last(self, q: np.ndarray) -> np.ndarray:
        """What each quality adds to all else: (..., m, m) to (..., p)."""
        always = [column - 2 for column in (*self.exposures, *self.design.controls)]
        return importance.last(covariance(q), always=always)

    def lmg_covariance(self) -> np.ndarray:
        """Design covariance of lmg by influence values; empty where columns are collinear."""
        always = [column - 2 for column in (*self.exposures, *self.design.controls)]
        try:
            gradient = lmg_gradient(self.reduction.q, always)
        except AnalysisError:
            return np.empty((0, 0))
        return self.reduction.covariance_of(gradient)

    def contact(self, q: np.ndarray) -> np.ndarray:
        """Importance of having it, of the drivers whose reach is below 1."""
        if not self.exposures:
            return np.empty((*q.shape[:-2], 0))
        used = [0, 1, *self.exposures, *self.design.controls]
        without_quality = covariance(q[..., used, :][..., :, used])
        always = range(len(self.exposures), len(used) - 2)
        return importance.lmg(without_quality, always=tuple(always))

    def effects(self, q: np.ndarray) -> np.ndarray:
        """Effect of a rating point: (..., m, m) to (..., p); NaN where it is not determined."""
        fitted = self.fitted
        found = coefficients(q, 1, fitted)
        values = np.full((*q.shape[:-2], len(self.design.tested)), np.nan)
        for j, quality in enumerate(self.design.quality):
            if quality in fitted and quality not in self.aliased:
                values[..., j] = found[..., fitted.index(quality)]
        return values

    def rating_sd(self, q: np.ndarray) -> np.ndarray:
        """Standard deviation of each rating among those who had it: (..., m, m) to (..., p)."""
        values = np.empty((*q.shape[:-2], len(self.design.tested)))
        for j, (quality, exposure) in enumerate(
            zip(self.design.quality, self.design.exposure, strict=True)
        ):
            had = 1.0 if exposure is None else q[..., 0, exposure]
            centre = q[..., 0, quality] / had
            variance = np.maximum(q[..., quality, quality] / had - centre**2, 0.0)
            values[..., j] = np.sqrt(variance)
        return values


def linear_estimates(model: Model, draws: Draws | None, *, influence: bool) -> Estimates:
    """Importances and effects of the tested drivers, with draws where they are wanted.

    Without ``influence`` the draws alone say how the importances spread.
    """
    design, reduction = model.design, model.reduction
    q = reduction.q
    moments = covariance(q)
    always = [column - 2 for column in (*model.exposures, *design.controls)]
    lmg = importance.lmg(moments, always=always)
    contact = np.full(len(design.tested), np.nan)
    contact[[e is not None for e in design.exposure]] = model.contact(q)
    quality_effect, contact_effect = _effects(model)
    resamples = reduction.resampled(draws) if draws is not None else q[None][:0]
    effect_draws = model.effects(resamples)
    jackknife = None
    if draws is not None and reduction.n_units < FEW_UNITS:
        left_out = model.lmg(reduction.without_each_unit())
        jackknife = jackknife_variance(left_out, lmg, reduction.units)
    return Estimates(
        lmg=lmg,
        contact=contact,
        relative_weight=importance.relative_weights(moments, always=always),
        first=importance.first(moments, always=always),
        last=importance.last(moments, always=always),
        quality_effect=quality_effect,
        contact_effect=contact_effect,
        effect_sd=quality_effect.estimate * model.rating_sd(q),
        alone=importance.sweep_out(moments, always)[0, 1:],
        alone_p=_zero_order_p(model),
        r_squared=model.r_squared,
        r_squared_controls=model.r_squared_controls,
        lmg_draws=model.lmg(resamples),
        effect_sd_draws=effect_draws * model.rating_sd(resamples),
        effect_draws=effect_draws,
        expected=_expected(model),
        jackknife_variance=jackknife,
        lmg_covariance=(
            model.lmg_covariance() if draws is not None and influence else np.empty((0, 0))
        ),
        noise_floor=(
            noise_floor(model, draws.seed) if draws is not None and len(design.columns) else None
        ),
    )


def _expected(model: Model) -> ExpectedOutcome:
    design, q = model.design, model.reduction.q
    slopes = coefficients(q, 1, model.fitted)
    means = q[0, list(model.fitted)]
    intercept = q[0, 1] - slopes @ means
    none = np.empty((1, 1, 0, 1 + len(slopes)))
    return ExpectedOutcome(
        names=tuple(design.names[column - 1] for column in model.fitted),
        pilots=design.pilots,
        means=means,
        centres=np.zeros((1, len(slopes))),
        predictors=(Predictors(np.append(intercept, slopes)[None], none),),
        response=identity,
        chosen=np.empty(0, dtype=int),
    )


def noise_floor(model: Model, seed: int) -> float:
    """The importance that 95 % of columns of pure noise would stay below.

    Forty columns of standard normal noise, each by itself one player more.
    """
    rows, weight = model.reduction.moments.rows, model.design.rows.weight
    rng = np.random.Generator(np.random.PCG64([seed, len(rows)]))
    noise = rng.standard_normal((len(rows), NOISE_COLUMNS))
    share = weight / weight.sum()
    together = rows.T @ (share[:, None] * noise)  # (m, columns)
    q, m = model.reduction.q, len(model.reduction.q)
    wider = np.zeros((NOISE_COLUMNS, m + 1, m + 1))
    wider[:, :m, :m] = q
    wider[:, m, :m] = wider[:, :m, m] = together.T
    wider[:, m, m] = share @ noise**2
    always = [column - 2 for column in (*model.exposures, *model.design.controls)]
    gained = importance.lmg(covariance(wider), always=always)[:, -1]
    return float(np.quantile(gained, NOISE_QUANTILE))


def _effects(model: Model) -> tuple[Effects, Effects]:
    """Estimates and design-based errors of quality and of contact.

    The contact effect is at the mean rating of those who had it; its error
    counts that this centre is estimated.
    """
    design, reduction, q = model.design, model.reduction, model.reduction.q
    fit = regress(q, 1, model.fitted)
    left_out = reduction.coefficient_scores(fit)
    p = len(design.tested)
    estimates = np.full((2, p), np.nan)
    gradients = np.zeros((2 * p, fit.gradient.shape[1]))
    scores = np.zeros((len(left_out), 2 * p))
    for j, (quality, exposure) in enumerate(zip(design.quality, design.exposure, strict=True)):
        if quality not in fit.columns or quality in model.aliased:
            continue
        estimates[0, j], gradients[j] = fit.at(quality)
        scores[:, j] = left_out[:, fit.columns.index(quality)]
        if exposure is None or exposure not in fit.columns or exposure in model.aliased:
            continue
        raw, gradient = fit.at(exposure)
        had = q[0, exposure]
        centre = q[0, quality] / had
        of_centre = np.zeros_like(gradient)
        of_centre[[quality, exposure]] = 1 / had, -centre / had  # vech begins with Q[0], the means
        estimates[1, j] = raw + estimates[0, j] * centre
        gradients[p + j] = gradient + centre * gradients[j] + estimates[0, j] * of_centre
        scores[:, p + j] = (
            left_out[:, fit.columns.index(exposure)]
            + centre * scores[:, j]
            + estimates[0, j] * reduction.scores(of_centre[None])[:, 0]
        )
    linearised = np.diag(reduction.covariance_of(gradients)).reshape(2, p)
    delete_one = np.diag(reduction.covariance_of_scores(scores)).reshape(2, p)
    df = np.full(p, max(reduction.degrees_of_freedom, 1), dtype=float)
    quality_effect, contact_effect = (
        Effects(
            estimate,
            np.where(np.isnan(estimate), np.nan, np.sqrt(first)),
            np.where(np.isnan(estimate), np.nan, np.sqrt(second)),
            df,
        )
        for estimate, first, second in zip(estimates, linearised, delete_one, strict=True)
    )
    return quality_effect, contact_effect


def _zero_order_p(model: Model) -> np.ndarray:
    """P-value of each quality when it is the only one beside exposures and controls."""
    design, reduction = model.design, model.reduction
    background = independent_columns(reduction.q, (*design.controls, *model.exposures))
    estimates = np.zeros(len(design.tested))
    gradients = np.zeros((len(design.tested), reduction.sums.shape[1]))
    for j, quality in enumerate(design.quality):
        columns = independent_columns(reduction.q, (*background, quality))
        if quality in columns:
            estimates[j], gradients[j] = regress(reduction.q, 1, columns).at(quality)
    errors = np.sqrt(np.diag(reduction.covariance_of(gradients)))
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(errors > 0, np.abs(estimates / errors), 0.0)
    return 2 * t_tail(statistic, max(reduction.degrees_of_freedom, 1))
