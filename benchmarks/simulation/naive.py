"""What the usual short cuts say of the same surveys."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from mot_research.drivers.design import Rows, build_design
from mot_research.drivers.linear import Model
from mot_research.drivers.one_outcome import analyse
from mot_research.drivers.options import Options
from mot_research.drivers.reduction import reduce_columns
from mot_research.drivers.result import DriverResult
from mot_research.errors import AnalysisError
from mot_research.statistics.regression import coefficients
from mot_research.statistics.resampling import draw, sampling_units
from mot_research.survey.wave import RATED, Survey

from .intervals import Intervals, driver_intervals
from .truth import Truth

UNWEIGHTED = "weights and clusters ignored"
UNCLUSTERED = "clusters ignored"
DROPPED = "rows with a blank left out"
NORMAL = "normal theory"


@dataclass(frozen=True)
class Naive:
    intervals: Intervals
    figures: dict[str, float]


def naive_alternatives(
    survey: Survey, rows: Rows, result: DriverResult, options: Options, truth: Truth
) -> dict[str, Naive]:
    """Each alternative changes one thing about the product's own analysis of wave B."""
    n = len(rows.outcome)
    alone = replace(rows, unit=np.arange(n))
    found = {UNWEIGHTED: _analysed(replace(alone, weight=np.ones(n)), options, truth)}
    found[UNWEIGHTED].intervals.update(_plain_means(survey))
    if len(np.unique(rows.unit)) < n:
        found[UNCLUSTERED] = _analysed(alone, options, truth)
    if np.isnan(build_design(rows, missing="em").columns).any():
        dropped = _analysed(rows, replace(options, missing="drop"), truth)
        everything_rated = (rows.states == RATED).all(axis=1)
        dropped.figures["rows in which every moment is rated"] = float(everything_rated.sum())
        found[DROPPED] = dropped
    found[NORMAL] = _normal_theory(rows, result, truth)
    return found


def _analysed(rows: Rows, options: Options, truth: Truth) -> Naive:
    units = sampling_units(rows.unit)
    codes = replace(rows, unit=units.codes)
    draws = draw(units, options.n_resamples, options.seed)
    try:
        result = analyse(codes, units, draws, options, outcome="loyalty")
    except AnalysisError:  # too few rows are left
        return Naive({}, {})
    if result.not_tested:
        return Naive({}, {})
    table = result.table
    held = (table["rank_lower"] <= truth.rank) & (truth.rank <= table["rank_upper"])
    return Naive(
        driver_intervals(result),
        {
            "null effects with p ≤ .05": float((table["p_value"] <= 0.05)[truth.null].mean()),
            "simultaneous rank sets hold": float(held.all()),
            "rows used": float(result.n_obs),
        },
    )


def _plain_means(survey: Survey) -> Intervals:
    """Means of a wave and their change, as of simple random and independent samples."""
    later, earlier = (survey[wave].ratings.to_numpy() for wave in ("B", "A"))
    (mean, error), (before, error_before) = _mean(later), _mean(earlier)
    both = np.hypot(error, error_before)
    top, top_error = _mean(np.where(np.isnan(later), np.nan, later == 5))
    z = stats.norm.ppf(0.975)
    return {
        "mean_rating": (mean - z * error, mean + z * error),
        "top_box": (top - z * top_error, top + z * top_error),
        "trend": (mean - before - z * both, mean - before + z * both),
    }


def _mean(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = np.isfinite(values).sum(axis=0)
    return np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1) / np.sqrt(n)


def _normal_theory(rows: Rows, result: DriverResult, truth: Truth) -> Naive:
    """Errors of weighted least squares with one variance, and lmg ± 1.96 spreads of its draws."""
    design = build_design(rows, missing=result.missing)
    units = sampling_units(design.rows.unit)
    reduction = reduce_columns(design.columns, replace(design.rows, unit=units.codes), units)
    model = Model(design, reduction)
    fitted, q = list(model.fitted), reduction.q
    beta = coefficients(q, 1, fitted)
    used = [0, *fitted]
    residual = q[1, 1] - q[1, used] @ np.linalg.solve(q[np.ix_(used, used)], q[used, 1])
    n = result.n_obs
    variance = np.linalg.inv(q[np.ix_(used, used)]) * residual / (n - len(used))
    places = [fitted.index(column) for column in design.quality]
    error = np.sqrt(np.diag(variance))[1:][places]
    effect = beta[places]
    df = n - len(used)
    half = stats.t.ppf(0.975, df) * error
    p_value = 2 * stats.t.sf(np.abs(effect) / error, df)

    z = stats.norm.ppf(0.975)
    lmg = result.table["lmg"].to_numpy()
    spread = result.lmg_draws.std(axis=0, ddof=1)
    shares = result.lmg_draws / result.lmg_draws.sum(axis=1, keepdims=True)
    share, share_spread = result.table["share"].to_numpy(), shares.std(axis=0, ddof=1)
    lower = np.quantile(result.lmg_draws, 0.025, axis=0)
    return Naive(
        {
            "effect": (effect - half, effect + half),
            "lmg": (lmg - z * spread, lmg + z * spread),
            "share": (share - z * share_spread, share + z * share_spread),
        },
        {
            "null effects with p ≤ .05": float((p_value <= 0.05)[truth.null].mean()),
            "nulls with an importance 'above 0'": float((lower > 0)[truth.null].mean()),
        },
    )
