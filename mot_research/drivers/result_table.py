"""What is told of a model's estimates: the table of drivers, with intervals, ranks and cautions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mot_research.drivers.cautions import ASSOCIATED, of_analysis
from mot_research.drivers.design import Design
from mot_research.drivers.estimates import Estimates
from mot_research.drivers.linear import Model
from mot_research.drivers.options import MODELS, Options
from mot_research.drivers.reduction import Reduction
from mot_research.drivers.result import DriverResult
from mot_research.statistics.distributions import t_quantile
from mot_research.statistics.false_discovery import false_discovery
from mot_research.statistics.ranks import p_top, rank_sets, ranks
from mot_research.statistics.resampling import percentile_interval


def result_of(
    model: Model,
    found: Estimates,
    options: Options,
    *,
    outcome: str,
    mean_and_sd: tuple[float, float],
    waves: tuple[str, ...] = (),
    notes: Sequence[str] = (),
) -> DriverResult:
    """What is told of a model's estimates; ``mean_and_sd`` are the outcome's."""
    design, reduction = model.design, model.reduction
    resampled = options.n_resamples > 0
    top = min(options.top, -(-len(design.tested) // 2))
    table = _table(design, found, options.confidence)
    unsupported: tuple[str, ...] = ()
    if resampled:
        table, unsupported = _with_intervals(table, found, reduction, top, options)
    cautions = of_analysis(design, reduction, model, table, unsupported)
    mean, sd = mean_and_sd
    return DriverResult(
        outcome=outcome,
        kind=options.kind,
        model=MODELS[options.kind],
        waves=waves,
        table=table.reindex(list(design.rows.drivers))[_columns(resampled)],
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
        n_resamples=options.n_resamples,
        seed=options.seed,
        missing=options.missing,
        not_tested=dict(design.not_tested),
        warnings=(*notes, *found.warnings, *(caution.text for caution in cautions)),
        lmg_draws=found.lmg_draws,
        effect_sd_draws=found.effect_sd_draws,
        effect_draws=found.quality_effect.widened(found.effect_draws),
        expected=found.expected,
        lmg_covariance=found.lmg_covariance,
        cautions=cautions,
        further=found.further.reindex(list(design.rows.drivers)),
        computed=found.computed,
        described=dict(design.described),
        noise_floor=found.noise_floor,
    )


def _table(design: Design, found: Estimates, confidence: float) -> pd.DataFrame:
    table = pd.DataFrame(index=pd.Index(design.tested, name="driver"))
    table["lmg"] = found.lmg
    table["contact"] = found.contact
    table["share"] = found.lmg / found.lmg.sum()
    table["relative_weight"] = found.relative_weight
    table["first"] = found.first
    table["last"] = found.last
    for prefix, effects in (("", found.quality_effect), ("contact_", found.contact_effect)):
        lower, upper = effects.interval(confidence)
        table[f"{prefix}effect"] = effects.estimate
        table[f"{prefix}effect_ci_lower"], table[f"{prefix}effect_ci_upper"] = lower, upper
        table[f"{prefix}std_error"] = effects.std_error
        table[f"{prefix}p_value"] = effects.p_value
        table[f"{prefix}q_value"] = false_discovery(effects.p_value)
    table["n"] = [design.described[name].n for name in design.tested]
    table["reach"] = [design.described[name].reach for name in design.tested]
    table["mean"] = [design.described[name].mean for name in design.tested]
    table["rank"] = ranks(found.lmg, descending=True)
    table["effect_sd"] = found.effect_sd
    table["rank_each"] = ranks(np.nan_to_num(found.effect_sd, nan=-np.inf), descending=True)
    return table


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
    t = t_quantile((1 + confidence) / 2, max(degrees_of_freedom, 1))
    half = t * np.sqrt(variance) / (2 * root)
    return np.maximum(root - half, 0.0) ** 2, (root + half) ** 2


def _columns(resampled: bool) -> list[str]:
    names = [
        *("lmg", "contact", "share", "ci_lower", "ci_upper"),
        *("relative_weight", "first", "last"),
        *("effect", "effect_ci_lower", "effect_ci_upper", "std_error", "p_value", "q_value"),
        *("contact_effect", "contact_effect_ci_lower", "contact_effect_ci_upper"),
        *("contact_std_error", "contact_p_value", "contact_q_value"),
        *("n", "reach", "mean", "rank", "rank_lower", "rank_upper", "p_top"),
        *("effect_sd", "rank_each", "p_top_each"),
    ]
    needs_draws = {"ci_lower", "ci_upper", "rank_lower", "rank_upper", "p_top", "p_top_each"}
    return [name for name in names if resampled or name not in needs_draws]
