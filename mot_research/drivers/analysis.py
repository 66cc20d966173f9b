"""Which drivers move an outcome: importance, effects, ranks, and how sure we are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from mot_research.drivers.design import (
    WARN_BLANK_SHARE,
    Design,
    Rows,
    build_design,
)
from mot_research.drivers.estimates import Effects, Estimates
from mot_research.drivers.frames import rows_of_frame
from mot_research.drivers.nonlinear import (
    completed_columns,
    net_promoter_effects,
    nonlinear_estimates,
    without_separated,
)
from mot_research.drivers.outcome_models import MODELS as NONLINEAR_MODELS
from mot_research.drivers.outcome_models import NET_PROMOTER_SCALE, check_outcome, reported_values
from mot_research.drivers.reduction import Reduction, reduce_columns
from mot_research.drivers.result import DriverResult
from mot_research.errors import AnalysisError, shown
from mot_research.statistics import importance
from mot_research.statistics.ranks import p_top, rank_sets, ranks
from mot_research.statistics.regression import (
    aliased_columns,
    coefficients,
    independent_columns,
    regress,
)
from mot_research.statistics.resampling import (
    Draws,
    SamplingUnits,
    draw,
    jackknife_variance,
    percentile_interval,
)
from mot_research.statistics.second_moments import covariance

Kind = Literal["score", "ordered", "binary", "amount", "share"]
Missing = Literal["em", "drop"]

FEW_UNITS = 40  # below it the jackknife takes the place of percentiles
ASSOCIATED = 0.05  # joint zero-order Wald test: above it a share is not told from none
LARGE_DESIGN_EFFECT = 2.0

MODELS: Mapping[str, str] = {"score": "least squares", **NONLINEAR_MODELS}


@dataclass(frozen=True)
class Options:
    """What an analysis is asked to do, checked once."""

    kind: Kind = "score"
    missing: Missing = "em"
    top: int = 10
    min_n: float = 0.0
    n_resamples: int = 2000
    confidence: float = 0.95
    seed: int = 1
    outcome_scale: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("kind", tuple(MODELS)), ("missing", ("em", "drop"))):
            value = getattr(self, name)
            if value not in allowed:
                raise AnalysisError(f"{name} is {shown(value)!r}: use one of {', '.join(allowed)}.")
        if self.top < 1:
            raise AnalysisError(f"top is {self.top}: ask for at least one driver.")
        if self.n_resamples < 0 or self.n_resamples == 1:
            raise AnalysisError(
                f"n_resamples is {self.n_resamples}: use 0 for no intervals, or some hundreds "
                "(2000 by default)."
            )
        if not 0 < self.confidence < 1:
            raise AnalysisError(f"confidence is {self.confidence}: use a share such as 0.95.")


def driver_analysis(
    frame: pd.DataFrame,
    outcome: str,
    drivers: Sequence[str],
    *,
    controls: Sequence[str] = (),
    weight: str | None = None,
    cluster: str | None = None,
    stratum: str | None = None,
    not_experienced: Sequence[float] = (),
    blank: Sequence[float] = (),
    scale: tuple[float, float] | None = None,
    kind: Kind = "score",
    missing: Missing = "em",
    top: int = 10,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 1,
) -> DriverResult:
    """Which drivers move an outcome, on any frame.

    The model is ``y = α + Σ_j [γ_j E_j + β_j E_j (x_j − μ_j)] + z'δ + ε``: E_j
    says whether respondents had contact j at all (*having it*), x_j how it
    went. Importance is ``lmg`` of the qualities, with exposures and controls
    always in. With every rating present, no weight and no resamples it equals
    R's ``relaimpo::calc.relimp``; with a weight, ``calc.relimp(weights=)``.

    Parameters
    ----------
    frame : DataFrame
        One row per respondent.
    outcome : str
        Column of the outcome. Empty cells are blank: those rows are left out
        and counted. Where all its other values lie on the ratings' ``scale``,
        the codes of ``not_experienced`` and ``blank`` hold for it too, with a
        warning.
    drivers : sequence of str
        Rating columns. An empty cell is a blank.
    controls : sequence of str
        Columns always in the model. Text becomes categories, with blanks as
        a level of their own.
    weight, cluster, stratum : str, optional
        Columns of the survey design. Only ratios of weights matter; rows of
        weight 0 are left out.
    not_experienced, blank : sequence of float
        Codes in the rating columns for "did not have this contact" and for
        "asked, not answered".
    scale : (low, high), optional
        Lowest and highest rating; other values are refused.
    kind : {"score", "ordered", "binary", "amount", "share"}
        Of the outcome: a score is analysed by least squares, the others by
        the model that ``result.model`` names. Their importance shares out the
        deviance R², their effects are average marginal effects.
    missing : {"em", "drop"}
        Blanks by maximum likelihood (in the resamples by its linearised
        step; for other kinds than a score by five imputations), or rows with
        a blank left out.
    top : int
        K of ``p_top`` is the smaller of this and half the tested drivers,
        rounded up.
    n_resamples : int
        Rao–Wu resamples of clusters within strata; 0 for no intervals.
    confidence : float
    seed : int
        The same frame and seed give the same numbers.

    Returns
    -------
    DriverResult

    Raises
    ------
    AnalysisError
        A column is missing, a cell is no number or off the scale, a weight is
        negative or missing, or too few rows remain.

    References
    ----------
    Lindeman, Merenda & Gold (1980); Grömping (2006), J. Stat. Softw. 17(1);
    Rao, Wu & Yue (1992), Survey Methodology 18; Johnson (2000), Multivariate
    Behavioral Research 35.

    Examples
    --------
    >>> result = driver_analysis(frame, "all", ["food", "wifi"], scale=(1, 5))
    >>> result.to_frame()[["lmg", "ci_lower", "ci_upper"]]
    """
    rows, units, notes = rows_of_frame(
        frame,
        outcome,
        tuple(drivers),
        controls=tuple(controls),
        weight=weight,
        cluster=cluster,
        stratum=stratum,
        not_experienced=tuple(not_experienced),
        blank=tuple(blank),
        scale=scale,
        kind=kind,
    )
    known = rows.outcome[np.isfinite(rows.outcome)]
    outcome_scale = (float(known.min()), float(known.max())) if len(known) else None
    options = Options(
        kind, missing, top, 0.0, n_resamples, confidence, seed, outcome_scale=outcome_scale
    )
    draws = draw(units, n_resamples, seed) if n_resamples else None
    return analyse(rows, units, draws, options, outcome=outcome, notes=notes)


def analyse(
    rows: Rows,
    units: SamplingUnits,
    draws: Draws | None,
    options: Options,
    *,
    outcome: str,
    waves: tuple[str, ...] = (),
    notes: Sequence[str] = (),
) -> DriverResult:
    """Analyse the rows of one outcome with the study's common draws.

    Parameters
    ----------
    rows : Rows
        ``rows.unit`` numbers the units of ``units``.
    units : SamplingUnits
        Of the whole study.
    draws : Draws or None
        Of ``units``; None where no resamples are wanted.
    options : Options
    outcome : str
        Its name in the result.
    waves : tuple of str
        Which waves the rows come from.
    notes : sequence of str
        Sentences that go before the analysis's own warnings.

    Raises
    ------
    AnalysisError
        No driver can be tested, or too few rows remain.
    """
    design = build_design(rows, missing=options.missing, min_n=options.min_n)
    if not design.tested:
        raise AnalysisError(
            f"no driver of {shown(outcome)} can be tested: "
            + "; ".join(f"{shown(name)}: {why}" for name, why in design.not_tested.items())
        )
    check_outcome(outcome, options.kind, design.rows.outcome)
    reduction = reduce_columns(design.columns, design.rows, units)
    said: tuple[str, ...] = ()
    promoters = options.outcome_scale == NET_PROMOTER_SCALE
    if options.kind == "score":
        found = _linear(design, reduction, draws)
        if promoters:
            completed = completed_columns(design, reduction, units, options.seed)
            found = replace(found, further=net_promoter_effects(design, reduction, completed))
    else:
        completed = completed_columns(design, reduction, units, options.seed)
        design, separated = without_separated(
            design, reduction, outcome, options.kind, completed[0]
        )
        found = nonlinear_estimates(
            design,
            reduction,
            completed,
            draws,
            kind=options.kind,
            promoters=promoters,
            seed=options.seed,
            few_units=FEW_UNITS,
        )
        said = (*separated, *found.warnings)
    model = Model(design, reduction)
    top = min(options.top, -(-len(design.tested) // 2))
    table = _table(design, found)
    unsupported: tuple[str, ...] = ()
    if draws is not None:
        table, unsupported = _with_intervals(table, found, reduction, top, options)
    mean, sd = _mean_and_sd(reported_values(options.kind, design.rows.outcome), design.rows.weight)
    return DriverResult(
        outcome=outcome,
        kind=options.kind,
        model=MODELS[options.kind],
        waves=waves,
        table=table.reindex(list(rows.drivers))[_columns(draws is not None)],
        r_squared=found.r_squared,
        r_squared_controls=found.r_squared_controls,
        n_obs=reduction.n_obs,
        n_effective=reduction.n_effective,
        n_units=reduction.n_units,
        n_strata=reduction.n_units - reduction.degrees_of_freedom,
        outcome_mean=mean,
        outcome_sd=sd,
        top=top,
        confidence=options.confidence,
        n_resamples=options.n_resamples if draws is not None else 0,
        seed=options.seed,
        missing=options.missing,
        not_tested=dict(design.not_tested),
        warnings=(
            *notes,
            *said,
            *_warnings(design, reduction, model, found, table, unsupported),
        ),
        lmg_draws=found.lmg_draws,
        effect_sd_draws=found.effect_sd_draws,
        further=found.further.reindex(list(rows.drivers)),
        computed=found.computed,
    )


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

    def contact(self, q: np.ndarray) -> np.ndarray:
        """Importance of having it, of the drivers whose reach is below 1."""
        if not self.exposures:
            return np.empty((*q.shape[:-2], 0))
        used = [0, 1, *self.exposures, *self.design.controls]
        without_quality = covariance(q[..., used, :][..., :, used])
        always = range(len(self.exposures), len(used) - 2)
        return importance.lmg(without_quality, always=tuple(always))

    def effect_sd(self, q: np.ndarray) -> np.ndarray:
        """Effect of one standard deviation of the rating, for those who had it.

        Not a number where the effect is not determined.
        """
        fitted = self.fitted
        effects = coefficients(q, 1, fitted)
        place = {column: index for index, column in enumerate(fitted)}
        values = np.full((*q.shape[:-2], len(self.design.tested)), np.nan)
        for j, (quality, exposure) in enumerate(
            zip(self.design.quality, self.design.exposure, strict=True)
        ):
            if quality not in place or quality in self.aliased:
                continue
            had = 1.0 if exposure is None else q[..., 0, exposure]
            centre = q[..., 0, quality] / had
            variance = np.maximum(q[..., quality, quality] / had - centre**2, 0.0)
            values[..., j] = effects[..., place[quality]] * np.sqrt(variance)
        return values


def _mean_and_sd(values: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    mean = np.average(values, weights=weight)
    return float(mean), float(np.sqrt(np.average((values - mean) ** 2, weights=weight)))


def _linear(design: Design, reduction: Reduction, draws: Draws | None) -> Estimates:
    q = reduction.q
    model = Model(design, reduction)
    moments = covariance(q)
    always = [column - 2 for column in (*model.exposures, *design.controls)]
    lmg = importance.lmg(moments, always=always)
    contact = np.full(len(design.tested), np.nan)
    contact[[e is not None for e in design.exposure]] = model.contact(q)
    quality_effect, contact_effect = _effects(design, reduction, model)
    resamples = reduction.resampled(draws) if draws is not None else q[None][:0]
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
        effect_sd=model.effect_sd(q),
        alone=importance.sweep_out(moments, always)[0, 1:],
        alone_p=_zero_order_p(model),
        r_squared=model.r_squared,
        r_squared_controls=model.r_squared_controls,
        lmg_draws=model.lmg(resamples),
        effect_sd_draws=model.effect_sd(resamples),
        jackknife_variance=jackknife,
    )


def _table(design: Design, found: Estimates) -> pd.DataFrame:
    table = pd.DataFrame(index=pd.Index(design.tested, name="driver"))
    table["lmg"] = found.lmg
    table["contact"] = found.contact
    table["share"] = found.lmg / found.lmg.sum()
    table["relative_weight"] = found.relative_weight
    table["first"] = found.first
    table["last"] = found.last
    for prefix, effects in (("", found.quality_effect), ("contact_", found.contact_effect)):
        statistic = np.abs(effects.estimate / effects.std_error)
        p = 2 * stats.t.sf(statistic, effects.degrees_of_freedom)
        table[f"{prefix}effect"] = effects.estimate
        table[f"{prefix}std_error"] = effects.std_error
        table[f"{prefix}p_value"] = p
        table[f"{prefix}q_value"] = _false_discovery(p)
    table["n"] = [design.described[name].n for name in design.tested]
    table["reach"] = [design.described[name].reach for name in design.tested]
    table["mean"] = [design.described[name].mean for name in design.tested]
    table["rank"] = ranks(found.lmg, descending=True)
    table["effect_sd"] = found.effect_sd
    table["rank_each"] = ranks(np.nan_to_num(found.effect_sd, nan=-np.inf), descending=True)
    return table


def _effects(design: Design, reduction: Reduction, model: Model) -> tuple[Effects, Effects]:
    """Estimates and design-based errors of quality and of contact.

    The contact effect is at the mean rating of those who had it; its error
    counts that this centre is estimated.
    """
    q = reduction.q
    fit = regress(q, 1, model.fitted)
    p = len(design.tested)
    estimates = np.full((2, p), np.nan)
    gradients = np.zeros((2 * p, fit.gradient.shape[1]))
    for j, (quality, exposure) in enumerate(zip(design.quality, design.exposure, strict=True)):
        if quality not in fit.columns or quality in model.aliased:
            continue
        estimates[0, j], gradients[j] = fit.at(quality)
        if exposure is None or exposure not in fit.columns or exposure in model.aliased:
            continue
        raw, gradient = fit.at(exposure)
        had = q[0, exposure]
        centre = q[0, quality] / had
        estimates[1, j] = raw + estimates[0, j] * centre
        gradients[p + j] = gradient + centre * gradients[j]
        gradients[p + j, quality] += estimates[0, j] / had  # vech begins with Q[0], the means
        gradients[p + j, exposure] -= estimates[0, j] * centre / had
    errors = np.sqrt(np.diag(reduction.covariance_of(gradients))).reshape(2, p)
    errors = np.where(np.isnan(estimates), np.nan, errors)
    df = np.full(p, max(reduction.degrees_of_freedom, 1), dtype=float)
    return Effects(estimates[0], errors[0], df), Effects(estimates[1], errors[1], df)


def _false_discovery(p: np.ndarray) -> np.ndarray:
    """Benjamini–Hochberg over the drivers that have a test."""
    q = np.full(len(p), np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested])
    return q


def _with_intervals(
    table: pd.DataFrame, found: Estimates, reduction: Reduction, top: int, options: Options
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Add the interval columns, and name the drivers whose share may be none."""
    lmg, draws = found.lmg, found.lmg_draws
    if found.jackknife_variance is not None:
        lower, upper = _jackknife_interval(
            lmg, found.jackknife_variance, reduction.degrees_of_freedom, options.confidence
        )
    else:
        lower, upper = percentile_interval(draws, options.confidence)
    none = found.alone_p > ASSOCIATED
    spread = np.atleast_2d(np.cov(draws, rowvar=False))
    sets = rank_sets(lmg, spread, options.confidence, seed=options.seed)
    table = table.assign(
        ci_lower=np.where(none, 0.0, lower),
        ci_upper=upper,
        rank_lower=sets.lower,
        rank_upper=sets.upper,
        p_top=p_top(draws, top),
        p_top_each=p_top(np.nan_to_num(found.effect_sd_draws, nan=-np.inf), top),
    )
    return table, tuple(table.index[none])


def _jackknife_interval(
    lmg: np.ndarray, variance: np.ndarray, degrees_of_freedom: int, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """On the square root of lmg, cut at 0: for fewer than 40 units."""
    root = np.sqrt(np.maximum(lmg, np.finfo(float).tiny))
    t = stats.t.ppf((1 + confidence) / 2, max(degrees_of_freedom, 1))
    half = t * np.sqrt(variance) / (2 * root)
    return np.maximum(root - half, 0.0) ** 2, (root + half) ** 2


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
    return 2 * stats.t.sf(statistic, max(reduction.degrees_of_freedom, 1))


def _columns(resampled: bool) -> list[str]:
    names = [
        *("lmg", "contact", "share", "ci_lower", "ci_upper"),
        *("relative_weight", "first", "last"),
        *("effect", "std_error", "p_value", "q_value"),
        *("contact_effect", "contact_std_error", "contact_p_value", "contact_q_value"),
        *("n", "reach", "mean", "rank", "rank_lower", "rank_upper", "p_top"),
        *("effect_sd", "rank_each", "p_top_each"),
    ]
    needs_draws = {"ci_lower", "ci_upper", "rank_lower", "rank_upper", "p_top", "p_top_each"}
    return [name for name in names if resampled or name not in needs_draws]


def _warnings(
    design: Design,
    reduction: Reduction,
    model: Model,
    estimates: Estimates,
    table: pd.DataFrame,
    unsupported: tuple[str, ...],
) -> list[str]:
    found = []
    if design.n_blank_outcome:
        found.append(
            f"{design.n_blank_outcome} rows have no answer for the outcome and are left out."
        )
    if design.n_dropped:
        found.append(f"{design.n_dropped} rows with a blank are left out (missing: drop).")
    found += [f"{shown(name)} is not tested: {why}." for name, why in design.not_tested.items()]
    everyone = [name for name, e in zip(design.tested, design.exposure, strict=True) if e is None]
    if everyone:
        found.append(
            f"No contact effect for {_named(everyone)}: everyone who answered had it (reach 1)."
        )
    often_blank = [
        f"{name} ({design.described[name].blank_share:.0%})"
        for name in design.tested
        if design.described[name].blank_share > WARN_BLANK_SHARE
    ]
    if often_blank:
        found.append(f"Often left blank: {_named(often_blank)}.")
    aliased = [
        name
        for name, quality in zip(design.tested, design.quality, strict=True)
        if quality in model.aliased
    ]
    if aliased:
        found.append(
            f"Exactly collinear: {_named(aliased)}. They share their importance; the effect of "
            "each is not estimable. Keep one of them, or combine them."
        )
    if unsupported:
        found.append(f"The importance of {_named(unsupported)} is not distinguishable from none.")
    suppressed = _suppressed(estimates, table)
    if suppressed:
        found.append(
            f"Suppression: the effect of {_named(suppressed)} has another sign than its plain "
            "correlation with the outcome. Check coding and scale before using it."
        )
    effect = reduction.n_obs / reduction.n_effective
    if effect > LARGE_DESIGN_EFFECT:
        found.append(
            f"The weights cost precision: {reduction.n_obs} rows are worth "
            f"{reduction.n_effective:.0f} (design effect of weighting {effect:.1f})."
        )
    if reduction.n_units < FEW_UNITS:
        found.append(
            f"Only {reduction.n_units} clusters: intervals come from the jackknife and are "
            "themselves uncertain."
        )
    if reduction.units.merged:
        groups = "; ".join(" with ".join(group) for group in reduction.units.merged)
        found.append(f"Strata with a single cluster were merged: {groups}.")
    if not reduction.moments.converged:
        found.append(
            "Completing the blanks did not converge: point estimates are approximate. "
            "Compare with missing: drop."
        )
    return found


def _suppressed(found: Estimates, table: pd.DataFrame) -> list[str]:
    """Drivers significant with another sign than their association given the background."""
    opposite = np.sign(found.quality_effect.estimate) == -np.sign(found.alone)
    return list(table.index[opposite & (table["p_value"].to_numpy() <= ASSOCIATED)])


def _named(names: Sequence[str]) -> str:
    return ", ".join(shown(name) for name in names)
