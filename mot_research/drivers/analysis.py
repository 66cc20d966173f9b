"""Which drivers move an outcome: importance, effects, ranks, and how sure we are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from mot_research.drivers.cautions import ASSOCIATED, of_analysis
from mot_research.drivers.completion import completed_columns, without_separated
from mot_research.drivers.design import Design, Rows, build_design
from mot_research.drivers.engines import opened
from mot_research.drivers.estimates import FEW_UNITS, Estimates
from mot_research.drivers.frames import rows_of_frame
from mot_research.drivers.linear import Model, linear_estimates
from mot_research.drivers.nonlinear import net_promoter_effects, nonlinear_estimates
from mot_research.drivers.outcome_models import MODELS as NONLINEAR_MODELS
from mot_research.drivers.outcome_models import NET_PROMOTER_SCALE, check_outcome, reported_values
from mot_research.drivers.reduction import Reduction, reduce_columns
from mot_research.drivers.result import DriverResult
from mot_research.drivers.statements import Question
from mot_research.drivers.transactional import is_transactional, one_by_one
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.distributions import t_quantile
from mot_research.statistics.false_discovery import false_discovery
from mot_research.statistics.ranks import p_top, rank_sets, ranks
from mot_research.statistics.resampling import (
    Draws,
    SamplingUnits,
    draw,
    percentile_interval,
)
from mot_research.survey.tables import read_table

Kind = Literal["score", "ordered", "binary", "amount", "share"]
Missing = Literal["em", "drop"]

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
    influence: bool = True  # of each unit on the importances, which a sample size stands on

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
    frame: pd.DataFrame | str | Path | Any,
    outcome: str,
    drivers: Sequence[str],
    *,
    controls: Sequence[str] = (),
    weight: str | None = None,
    cluster: str | None = None,
    stratum: str | None = None,
    respondent: str | None = None,
    not_experienced: Sequence[float] = (),
    blank: Sequence[float] = (),
    scale: tuple[float, float] | None = None,
    kind: Kind = "score",
    missing: Missing = "em",
    top: int = 10,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 1,
    engine: str = "auto",
) -> DriverResult:
    """Which drivers move an outcome, on any frame or file.

    The model is ``y = α + Σ_j [γ_j E_j + β_j E_j (x_j − μ_j)] + z'δ + ε``: E_j
    says whether respondents had contact j at all (*having it*), x_j how it
    went. Importance is ``lmg`` of the qualities, with exposures and controls
    always in. With every rating present, no weight and no resamples it equals
    R's ``relaimpo::calc.relimp``; with a weight, ``calc.relimp(weights=)``.

    Parameters
    ----------
    frame : DataFrame, path, or table of Ibis
        One row per respondent. A path is that of a CSV, Parquet, Excel or SPSS file, or of a
        folder of Parquet files; with the URL of a connection as ``engine``, it is a table's name.
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
    respondent : str, optional
        Who is who. Needed only by engines without an order of rows, where no
        cluster is named.
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
        Of every interval.
    seed : int
        The same frame and seed give the same numbers.
    engine : {"auto", "memory", "duckdb", "spark"} or URL
        Who reduces the rows of a file: ``auto`` takes DuckDB from a million rows (or 200 MB of
        text) on; ``spark`` and an Ibis URL such as ``snowflake://…`` need the extra ``spark``.
        All but ``memory`` have the model of a score only, and take buckets of respondents for
        sampling units where there are no clusters, or more than 2,000.

    Returns
    -------
    DriverResult
        ``to_frame()`` has one row per driver; ``warnings`` says what to be careful of.

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
    >>> import numpy as np
    >>> import pandas as pd
    >>> import mot_research as mot
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.integers(1, 6, (1000, 2)), columns=["food", "wifi"])
    >>> frame["all"] = 3 + 0.6 * frame["food"] + 0.2 * frame["wifi"] + rng.normal(size=1000)
    >>> result = mot.driver_analysis(frame, "all", ["food", "wifi"], scale=(1, 5), n_resamples=500)
    >>> result.to_frame()[["lmg", "ci_lower", "ci_upper", "effect"]].round(2)
             lmg  ci_lower  ci_upper  effect
    driver
    food    0.35      0.30      0.39    0.55
    wifi    0.07      0.05      0.10    0.24
    """
    if not isinstance(frame, pd.DataFrame):
        with opened(frame, engine) as source:
            if source is not None:
                from mot_research.drivers.large import analyse_source

                question = Question(
                    outcome,
                    tuple(drivers),
                    tuple(controls),
                    weight,
                    cluster,
                    stratum,
                    respondent,
                    tuple(not_experienced),
                    tuple(blank),
                    scale,
                )
                options = Options(kind, missing, top, 0.0, n_resamples, confidence, seed)
                return analyse_source(source, question, options)
        frame, engine = read_table(Path(frame)).frame, "memory"
    if engine not in ("auto", "memory"):
        raise AnalysisError(
            f"engine is {shown(engine)!r}, and the rows are a frame, which is in memory: give "
            "the path of their file."
        )
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
    if is_transactional(rows):
        return one_by_one(
            rows,
            units,
            lambda one: analyse(one, units, None, options, outcome=outcome, waves=waves),
            options.top,
        )
    model = build_model(rows, units, options, outcome=outcome)
    return analyse_model(model, units, draws, options, outcome=outcome, waves=waves, notes=notes)


def analyse_model(
    model: Model,
    units: SamplingUnits,
    draws: Draws | None,
    options: Options,
    *,
    outcome: str,
    waves: tuple[str, ...] = (),
    notes: Sequence[str] = (),
) -> DriverResult:
    """Analyse a design that is reduced already; arguments as in :func:`analyse`."""
    check_outcome(outcome, options.kind, model.design.rows.outcome)
    model, found = _estimates(model, units, draws, options, outcome)
    rows = model.design.rows
    return result_of(
        model,
        found,
        options if draws is not None else replace(options, n_resamples=0),
        outcome=outcome,
        mean_and_sd=_mean_and_sd(reported_values(options.kind, rows.outcome), rows.weight),
        waves=waves,
        notes=notes,
    )


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


def _estimates(
    model: Model, units: SamplingUnits, draws: Draws | None, options: Options, outcome: str
) -> tuple[Model, Estimates]:
    """What the outcome's own model says; the design without what it can't estimate."""
    design, reduction = model.design, model.reduction
    promoters = options.outcome_scale == NET_PROMOTER_SCALE
    if options.kind == "score":
        found = linear_estimates(model, draws, influence=options.influence)
        if promoters:
            whole = completed_columns(design, reduction, units, options.seed)
            found = replace(found, further=net_promoter_effects(design, reduction, whole))
        return model, found
    completed: Sequence[np.ndarray] = completed_columns(design, reduction, units, options.seed)
    design, reduction, completed, separated = without_separated(
        design, reduction, units, completed, outcome=outcome, kind=options.kind
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
    return Model(design, reduction), replace(found, warnings=(*separated, *found.warnings))


def build_model(rows: Rows, units: SamplingUnits, options: Options, *, outcome: str) -> Model:
    """Reduce the rows of one outcome to the second moments of its design.

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
    return Model(design, reduce_columns(design.columns, design.rows, units))


def _mean_and_sd(values: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    mean = np.average(values, weights=weight)
    return float(mean), float(np.sqrt(np.average((values - mean) ** 2, weights=weight)))


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
