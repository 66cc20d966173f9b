"""The analysis of one outcome: its design, its model, its estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mot_research.drivers.completion import completed_columns, without_separated
from mot_research.drivers.design import Rows, build_design
from mot_research.drivers.estimates import FEW_UNITS, Estimates
from mot_research.drivers.linear import Model, linear_estimates
from mot_research.drivers.nonlinear import net_promoter_effects, nonlinear_estimates
from mot_research.drivers.options import Options
from mot_research.drivers.outcome_models import NET_PROMOTER_SCALE, check_outcome, reported_values
from mot_research.drivers.reduction import reduce_columns
from mot_research.drivers.result import DriverResult
from mot_research.drivers.result_table import result_of
from mot_research.drivers.transactional import is_transactional, one_by_one
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.resampling import Draws, SamplingUnits


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
