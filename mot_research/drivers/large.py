"""The driver analysis of rows that stay in their file, or on their cluster.

An engine tells what the rows say of each driver, settles the columns with that, and gives the
crossproducts of each sampling unit. Rows without a blank are reduced where the engine does it
best; rows with one come in blocks and are completed by maximum likelihood, as all rows are in
memory. The estimators see the same reduction as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mot_research.drivers import statements
from mot_research.drivers.design import MIN_ROWS, Columns, Design, Rows, control_column, reasons_of
from mot_research.drivers.engines import Engine
from mot_research.drivers.large_facts import (
    Facts,
    Tally,
    check_names,
    check_rows,
    facts_of,
    prepare,
    tallies_of,
)
from mot_research.drivers.large_reduction import Source
from mot_research.drivers.large_units import Units, units_of
from mot_research.drivers.linear import Model, linear_estimates
from mot_research.drivers.options import Options
from mot_research.drivers.reduction import Reduction
from mot_research.drivers.result import DriverResult
from mot_research.drivers.result_table import result_of
from mot_research.drivers.statements import BLANK_LEVEL, Prepared, Question
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.crossproducts import vech
from mot_research.statistics.resampling import draw

MAX_LEVELS = 100  # of a control that is a category
COUNTED = "u IS NOT NULL"


def analyse_source(engine: Engine, question: Question, options: Options) -> DriverResult:
    """Analyse the rows that an engine holds, as ``driver_analysis`` does those of a frame.

    Only an outcome that is a score has a model that crossproducts are enough for.

    Raises
    ------
    AnalysisError
        A column is missing or holds what it can't, the outcome is no score, or too few rows
        remain.
    """
    if options.kind != "score":
        raise AnalysisError(
            f"engine '{engine.name}' has the model of a score only, and kind is "
            f"'{options.kind}': such a model needs the rows themselves. Use engine='memory', on "
            "a random sample of the rows where they are too many for it."
        )
    check_names(engine, question)
    prepared, notes = prepare(engine, question)
    facts = facts_of(engine, statements.checks(prepared))
    tallies = tallies_of(engine, prepared)
    check_rows(facts, tallies, question)
    units, prepared, told = units_of(engine, prepared)
    notes += [told] if told else []
    model = _model(engine, prepared, facts, tallies, options, units)
    q = model.reduction.q
    draws = (
        draw(model.reduction.units, options.n_resamples, options.seed)
        if options.n_resamples
        else None
    )
    low, high = facts["lowest_y"], facts["highest_y"]
    notes.append(
        f"All {facts.count('n_rows')} rows were reduced by {engine.name}. Not looked at, for want "
        "of the single rows: halo, the importance of columns of noise"
        + (", and the net promoter effect." if (low, high) == (0, 10) else ".")
    )
    found = result_of(
        model,
        linear_estimates(model, draws, influence=options.influence),
        options,
        outcome=question.outcome,
        mean_and_sd=(float(q[0, 1]), float(np.sqrt(q[1, 1] - q[0, 1] ** 2))),
        notes=notes,
    )
    return replace(found, engine=engine.name)


def _model(
    engine: Engine,
    prepared: Prepared,
    facts: Facts,
    tallies: Sequence[Tally],
    options: Options,
    units: Units,
) -> Model:
    asked = prepared.question
    described = {
        name: tally.described(facts["n"])
        for name, tally in zip(asked.drivers, tallies, strict=True)
    }
    not_tested = reasons_of(described, options.min_n)
    players = [j for j, name in enumerate(asked.drivers) if name not in not_tested]
    where, counted = COUNTED, facts
    if options.missing == "drop":
        where = f"{COUNTED} AND NOT {prepared.any_blank(players)}"
        counted = facts_of(engine, statements.checks(prepared, where))
        tallies = tallies_of(engine, prepared, where)
        if counted["n"] < MIN_ROWS:
            raise AnalysisError(
                f"only {counted.count('n')} rows have the outcome and a weight and no blank: at "
                f'least {MIN_ROWS} are needed. Use missing="em".'
            )
        lost = [j for j in players if not tallies[j].varies]
        not_tested |= {
            asked.drivers[j]: "no variance among the rows without any blank" for j in lost
        }
        players = [j for j in players if j not in lost]
    if not players:
        raise AnalysisError(
            f"no driver of {shown(asked.outcome)} can be tested: "
            + "; ".join(f"{shown(name)}: {why}" for name, why in not_tested.items())
        )
    of_controls, means = _control_columns(engine, prepared, counted, where)
    columns = Columns(
        drivers=asked.drivers,
        players=tuple(players),
        pilots=tuple(tallies[j].pilot for j in players),
        partly=tuple(bool(tallies[j].n_absent > 0) for j in players),
        of_controls=tuple(of_controls),
        beside=tuple(
            j
            for j, tally in enumerate(tallies)
            if j not in players and tally.n_absent > 0 and len(tally.given)
        ),
    )
    at = dict(zip(columns.names, range(len(columns.names)), strict=True))
    offset = np.zeros(len(at))
    offset[0] = counted["sum_y"] / counted["sum_w"]
    for name, mean in means.items():
        offset[at[name]] = mean
    source = Source(engine, prepared, columns, of_controls, offset, units, where)
    moments, sums = source.reduced()
    empty = (sums[:, 0, 0] == 0) & (prepared.buckets is not None)
    sums = sums[~empty]
    design = Design(
        rows=_no_rows(asked.drivers),
        columns=np.empty((0, len(at))),
        names=columns.names,
        tested=columns.tested,
        quality=columns.quality,
        exposure=columns.exposure,
        controls=columns.controls,
        kept=np.empty(0, dtype=np.intp),
        pilots=dict(zip(columns.tested, columns.pilots, strict=True)),
        described=described,
        not_tested=not_tested,
        n_blank_outcome=facts.count("blank_outcome"),
        n_dropped=facts.count("n") - counted.count("n"),
    )
    reduction = Reduction(
        moments=moments.moments,
        sums=vech(sums),
        units=replace(units.without(empty), codes=np.empty(0, dtype=np.intp)),
        chosen=np.arange(len(sums)),
        has_rows=sums[:, 0, 0] > 0,
        n_obs=counted.count("n"),
        sum_w=counted["sum_w"],
        sum_w2=counted["sum_w2"],
    )
    return Model(design, reduction)


def _control_columns(
    engine: Engine, prepared: Prepared, facts: Facts, where: str
) -> tuple[dict[str, tuple[int, str | None]], dict[str, float]]:
    """Name of each control's column to its control and level; means of the numbers."""
    found: dict[str, tuple[int, str | None]] = {}
    means = {}
    for i, name in enumerate(prepared.question.controls):
        if name not in prepared.categories:
            if not facts[f"nk{i}"] > 0:
                raise AnalysisError(f"control '{shown(name)}' is empty in every row: leave it out.")
            found[control_column(name)] = (i, None)
            means[control_column(name)] = facts[f"mk{i}"]
            continue
        table = engine.table(statements.levels(prepared, i, where)).to_pydict()
        if len(table["n"]) > MAX_LEVELS:
            raise AnalysisError(
                f"control '{shown(name)}' has {len(table['n'])} different texts: group them into "
                f"at most {MAX_LEVELS}."
            )
        counts: dict[str, int] = {}
        for level, n in zip(table["level"], table["n"], strict=True):
            key = BLANK_LEVEL if level is None else level
            counts[key] = counts.get(key, 0) + n
        base = max(sorted(counts), key=counts.__getitem__)
        for level in sorted(set(counts) - {base}):
            found[control_column(name, level)] = (i, level)
    return found, means


def _no_rows(drivers: tuple[str, ...]) -> Rows:
    none = np.empty((0, len(drivers)))
    return Rows(
        drivers, none, none.astype(np.int8), none[:, 0], none[:, 0], pd.DataFrame(), none[:, 0]
    )
