"""From a design to the effects and importances of an outcome that is no score.

Importance decomposes the deviance R² (``statistics.deviance``). Effects are average marginal
effects on the scale that the outcome is reported on, with design-based errors. Blanks are
imputed five times and everything is combined by Rubin's rules. No resample is refitted: see
``statistics.deviance`` for what is exact in the draws and what is linearised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from mot_research.drivers.completed_model import CompletedModel, analyse_completed
from mot_research.drivers.completion import Layout, layout_of, model_columns
from mot_research.drivers.design import Design
from mot_research.drivers.estimates import Effects, Estimates
from mot_research.drivers.expected import ExpectedOutcome
from mot_research.drivers.outcome_models import (
    Drivers,
    net_promoters,
)
from mot_research.drivers.reduction import Reduction
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.deviance import (
    EXACT_PLAYERS,
)
from mot_research.statistics.distributions import t_tail
from mot_research.statistics.imputation import combine, spread_of_draws
from mot_research.statistics.outcomes.marginal import Setting
from mot_research.statistics.regression import aliased_columns
from mot_research.statistics.resampling import (
    Draws,
    jackknife_multipliers,
    jackknife_variance,
    survey_covariance,
)
from mot_research.statistics.side_by_side import side_by_side

DRAWS_AT_ONCE = 400  # resamples whose curvature matrices are held at a time
ORDER_BLOCKS = 5  # blocks of orders in all, shared out over the imputations


def nonlinear_estimates(
    design: Design,
    reduction: Reduction,
    completed: Sequence[Floats],
    draws: Draws | None,
    *,
    kind: str,
    promoters: bool,
    seed: int,
    few_units: int,
) -> Estimates:
    """Analyse each completed design, and combine.

    Parameters
    ----------
    design : Design
    reduction : Reduction
        Of the same design: its sampling units, and which columns are collinear.
    completed : sequence of (n, k) arrays
        From ``completed_columns``.
    draws : Draws or None
        Of the study's units. With several imputations they take turns.
    kind : {"ordered", "binary", "amount", "share"}
    promoters : bool
        Whether an ordered outcome has the net promoter's scale.
    seed : int
    few_units : int
        With fewer sampling units, lmg gets a jackknife variance.
    """
    layout = layout_of(design, reduction)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, len(layout.used)])))
    blocks = max(ORDER_BLOCKS // len(completed), 1)
    found = [
        analyse_completed(design, reduction, layout, one, kind, promoters, blocks, rng)
        for one in completed
    ]
    m, df = len(found), max(reduction.degrees_of_freedom, 1)
    stratum = reduction.units.stratum_of_unit
    lmg = np.array([one.importance.gain / one.null for one in found])
    aliased = aliased_columns(reduction.q, layout.used)
    lost = np.array([column in aliased for column in design.quality])
    no_contact = np.array([e is None or e in aliased for e in design.exposure])
    quality = _combined([(o.effects.quality, o.effects.quality_scores) for o in found], stratum, df)
    contact = _combined([(o.effects.contact, o.effects.contact_scores) for o in found], stratum, df)
    alone = combine(
        np.array([one.alone for one in found]), np.array([one.alone_variance for one in found]), df
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.abs(alone.estimate / alone.std_error)
    effects = np.array([one.effects.quality for one in found])
    effect_sd = effects * np.array([one.sd for one in found])
    further = pd.DataFrame(
        {"effect_per_customer": quality.estimate * _reach(design)}, index=_index(design)
    ).join(_further(design, [one.further for one in found], stratum, df))
    further[lost] = np.nan
    error = (
        found[0].importance.std_error / found[0].null
        if m == 1
        else np.std(
            [(o.importance.gain - o.importance.quadratic) / o.null for o in found], axis=0, ddof=1
        )
        / np.sqrt(m)
    )
    lmg_draws = _in_turn(draws, reduction, [one.lmg for one in found], lmg, clip=True)
    return Estimates(
        lmg=lmg.mean(axis=0),
        contact=np.mean([one.contact / one.null for one in found], axis=0),
        relative_weight=np.mean([one.relative_weight / one.null for one in found], axis=0),
        first=np.mean([one.importance.first / one.null for one in found], axis=0),
        last=np.mean([one.importance.last / one.null for one in found], axis=0),
        quality_effect=_blank(quality, lost),
        contact_effect=_blank(contact, lost | no_contact),
        effect_sd=np.where(lost, np.nan, effect_sd.mean(axis=0)),
        alone=alone.estimate,
        alone_p=2 * t_tail(np.nan_to_num(statistic), alone.degrees_of_freedom),
        r_squared=float(np.mean([1 - one.deviance_full / one.null for one in found])),
        r_squared_controls=float(np.mean([1 - one.deviance_controls / one.null for one in found])),
        lmg_draws=lmg_draws,
        lmg_covariance=(
            np.atleast_2d(np.cov(lmg_draws, rowvar=False))
            if draws is not None
            else np.empty((0, 0))
        ),
        effect_sd_draws=np.where(
            lost,
            np.nan,
            _in_turn(draws, reduction, [one.effect_sd for one in found], effect_sd, clip=False),
        ),
        effect_draws=np.where(
            lost,
            np.nan,
            _in_turn(draws, reduction, [one.effect for one in found], effects, clip=False),
        ),
        jackknife_variance=(
            _jackknife(found, lmg, reduction) if reduction.n_units < few_units else None
        ),
        further=further,
        expected=ExpectedOutcome(
            names=tuple(design.names[c - 1] for c in layout.used),
            pilots=design.pilots,
            means=np.mean([_means(one, layout, design) for one in completed], axis=0),
            centres=np.array([one.centre for one in found]),
            predictors=tuple(one.predictors for one in found),
            response=found[0].response,
            chosen=reduction.chosen,
        ),
        warnings=_imputed(m),
        computed=tuple(_computed(found, float(error.max()), draws is not None)),
    )


def net_promoter_effects(
    design: Design, reduction: Reduction, completed: Sequence[Floats]
) -> pd.DataFrame:
    """Effect of a rating point on the net promoter share, by the ordered logit.

    Of a score of 0 to 10, beside its linear effects: ``nps_effect`` and ``nps_std_error``, by
    tested driver; no columns where the answers have no promoters and detractors.
    """
    layout = layout_of(design, reduction)
    drivers = Drivers(layout.quality, layout.exposure)

    def of(one: Floats) -> dict[str, tuple[Floats, Floats]]:
        x = model_columns(one, layout)
        setting = Setting(
            x, design.rows.weight, reduction.units.codes, reduction.units.stratum_of_unit
        )
        return net_promoters(one[:, 0], x, drivers, setting)

    found = side_by_side(of, completed)
    df = max(reduction.degrees_of_freedom, 1)
    return _further(design, found, reduction.units.stratum_of_unit, df)


def _further(
    design: Design,
    found: Sequence[dict[str, tuple[Floats, Floats]]],
    stratum: np.ndarray,
    df: float,
) -> pd.DataFrame:
    columns = {}
    for name in set.intersection(*(set(one) for one in found)):
        each = _combined([one[name] for one in found], stratum, df)
        columns[f"{name}_effect"] = each.estimate
        columns[f"{name}_std_error"] = each.std_error
    return pd.DataFrame({name: columns[name] for name in sorted(columns)}, index=_index(design))


def _means(completed: Floats, layout: Layout, design: Design) -> Floats:
    used = completed[:, [column - 1 for column in layout.used]]
    return np.asarray(np.average(used, axis=0, weights=design.rows.weight))


def _index(design: Design) -> pd.Index:
    return pd.Index(design.tested, name="driver")


def _reach(design: Design) -> list[float]:
    return [design.described[name].reach for name in design.tested]


def _combined(parts: Sequence[tuple[Floats, Floats]], stratum: np.ndarray, df: float) -> Effects:
    estimates = np.array([estimate for estimate, _ in parts])
    linearised, left_out = (
        combine(
            estimates,
            np.array([np.diag(survey_covariance(scores[way], stratum)) for _, scores in parts]),
            df,
        )
        for way in range(2)
    )
    return Effects(
        linearised.estimate, linearised.std_error, left_out.std_error, left_out.degrees_of_freedom
    )


def _blank(effects: Effects, where: np.ndarray) -> Effects:
    return Effects(
        np.where(where, np.nan, effects.estimate),
        np.where(where, np.nan, effects.std_error),
        np.where(where, np.nan, effects.delete_one_error),
        effects.degrees_of_freedom,
    )


def _in_turn(
    draws: Draws | None,
    reduction: Reduction,
    statistics: Sequence[Callable[[Floats], Floats]],
    estimates: Floats,
    *,
    clip: bool,
) -> Floats:
    """The statistic in each resample, (B, p); draw b by imputation b mod m."""
    p = estimates.shape[1]
    if draws is None:
        return np.empty((0, p))
    m = len(statistics)
    centre = estimates.mean(axis=0)
    found = np.empty((draws.n_resamples, p))
    scale = draws.scale[reduction.chosen]
    moved = (spread_of_draws(m) - 1) * (estimates - centre)
    pieces = [
        (number, turns[begin : begin + DRAWS_AT_ONCE])
        for number, turns in ((i, np.arange(i, draws.n_resamples, m)) for i in range(m))
        for begin in range(0, len(turns), DRAWS_AT_ONCE)
    ]

    def resample(piece: tuple[int, np.ndarray]) -> Floats:
        number, rows = piece
        multipliers = draws.counts[np.ix_(rows, reduction.chosen)] * scale
        return statistics[number](multipliers) + moved[number]

    for (_, rows), values in zip(pieces, side_by_side(resample, pieces), strict=True):
        found[rows] = values
    return np.maximum(found, 0.0) if clip else found


def _jackknife(found: Sequence[CompletedModel], lmg: Floats, reduction: Reduction) -> Floats:
    """Variance of lmg by leaving out sampling units, with that between imputations."""
    multipliers = jackknife_multipliers(reduction.units)
    within = [
        jackknife_variance(one.lmg(multipliers), estimate, reduction.units)
        for one, estimate in zip(found, lmg, strict=True)
    ]
    return combine(lmg, np.array(within), 1.0).std_error ** 2


def _imputed(n_imputations: int) -> tuple[str, ...]:
    if n_imputations == 1:
        return ()
    return (
        f"Blanks were imputed {n_imputations} times (contact drawn, rating from a matched "
        "donor); effects and errors are combined by Rubin's rules.",
    )


def _computed(found: Sequence[CompletedModel], error: float, resampled: bool) -> list[str]:
    said = []
    p = len(found[0].players)
    if p > EXACT_PLAYERS:
        refitted = sum(one.importance.n_subsets for one in found)
        said.append(
            f"Importance of {p} drivers: all subsets by the second-order expansion at the full "
            f"model, its remainder from {refitted} refitted subsets; standard error of that at "
            f"most {np.ceil(error * 1e5) / 1e5:.5f} of R²."
        )
    if resampled:
        said.append(
            "In the resamples nothing is refitted: importances by the second-order expansion and "
            "influence values at the full sample, effects linearised."
        )
    return said
