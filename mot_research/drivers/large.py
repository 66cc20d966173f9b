"""The driver analysis of rows that stay in their file, or on their cluster.

An engine tells what the rows say of each driver, settles the columns with that, and gives the
crossproducts of each sampling unit. Rows without a blank are reduced where the engine does it
best; rows with one come in blocks and are completed by maximum likelihood, as all rows are in
memory. The estimators see the same reduction as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mot_research.drivers import statements
from mot_research.drivers.analysis import Options, result_of
from mot_research.drivers.design import (
    MIN_ROWS,
    Columns,
    Described,
    Design,
    Rows,
    control_column,
    reasons_of,
)
from mot_research.drivers.engines import Engine
from mot_research.drivers.linear import Model, linear_estimates
from mot_research.drivers.reduction import Reduction
from mot_research.drivers.result import DriverResult
from mot_research.drivers.statements import BLANK_LEVEL, Prepared, Question
from mot_research.drivers.transactional import too_few_rated_two
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.crossproducts import Floats, Integers, augmented, unvech, vech
from mot_research.statistics.resampling import SamplingUnits, draw, sampling_units
from mot_research.statistics.streamed import (
    PatternRows,
    StreamedMoments,
    add_products,
    shifted,
)
from mot_research.study.suggestions import did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 200_000  # rows: 70 MB at 41 columns
MAX_LEVELS = 100  # of a control that is a category
COUNTED = "u IS NOT NULL"


@dataclass(frozen=True)
class _Facts:
    """What one statement says of all rows: numbers by name."""

    values: dict[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def count(self, name: str) -> int:
        return int(self.values[name])


@dataclass(frozen=True)
class _Block:
    """Some rows, as the design's columns less their offset, and what they lack."""

    z: Floats
    lacks: np.ndarray
    weight: Floats
    unit: Integers

    def where(self, chosen: np.ndarray) -> _Block:
        return _Block(self.z[chosen], self.lacks[chosen], self.weight[chosen], self.unit[chosen])


@dataclass(frozen=True)
class _Units:
    """The sampling units, and how to find that of a row by its labels."""

    units: SamplingUnits
    strata: pa.Array
    labels: pa.Array
    of_pair: Integers  # (strata, labels): number of the unit, −1 where there is none

    def codes(self, stratum: pa.Array, label: pa.Array) -> Integers:
        import pyarrow.compute as pc

        places = [
            pc.index_in(column.cast(known.type), known).to_numpy(zero_copy_only=False)
            for column, known in ((stratum, self.strata), (label, self.labels))
        ]
        return self.of_pair[places[0].astype(np.intp), places[1].astype(np.intp)]


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
    _check_names(engine, question)
    prepared, notes = _prepared(engine, question)
    facts = _facts(engine, statements.checks(prepared))
    _check(facts, question)
    units, prepared, told = _units(engine, prepared)
    notes += [told] if told else []
    model, n_rows = _model(engine, prepared, facts, options, units)
    q = model.reduction.q
    draws = draw(units.units, options.n_resamples, options.seed) if options.n_resamples else None
    low, high = facts["lowest_y"], facts["highest_y"]
    notes.append(
        f"All {n_rows} rows were reduced by {engine.name}. Not looked at, for want of the single "
        "rows: halo, the importance of columns of noise"
        + (", and the net promoter effect." if (low, high) == (0, 10) else ".")
    )
    return result_of(
        model,
        linear_estimates(model, draws, influence=options.influence),
        options,
        outcome=question.outcome,
        mean_and_sd=(float(q[0, 1]), float(np.sqrt(q[1, 1] - q[0, 1] ** 2))),
        notes=notes,
    )


def _check_names(engine: Engine, question: Question) -> None:
    if not question.drivers:
        raise AnalysisError("no drivers are named: give at least one rating column.")
    for name in question.named:
        if name not in engine.columns:
            raise AnalysisError(
                f"the rows have no column '{shown(name)}'."
                f"{did_you_mean(name, list(engine.columns))}"
            )
    modelled = [question.outcome, *question.drivers, *question.controls]
    twice = sorted({name for name in modelled if modelled.count(name) > 1})
    if twice:
        raise AnalysisError(
            f"named more than once among outcome, drivers and controls: {', '.join(twice)}. "
            "Each column can play one part."
        )
    if question.cluster is None and question.respondent is None and not engine.numbers_rows:
        raise AnalysisError(
            f"the rows of {engine.name} have no fixed order, so errors need a column that says "
            "who is who: name it as respondent=, or as cluster= where whole clusters were sampled."
        )


def _facts(engine: Engine, statement: str) -> _Facts:
    (found,) = engine.table(statement).to_pylist()
    return _Facts({name: np.nan if v is None else float(v) for name, v in found.items()})


def _prepared(engine: Engine, question: Question) -> tuple[Prepared, list[str]]:
    """The rows as they are read, once it is known which controls are categories."""
    prepared = Prepared(question, engine.columns)
    texts = _facts(engine, statements.no_numbers(prepared))
    names = [question.outcome, *question.drivers, *question.controls]
    names += [question.weight] if question.weight is not None else []
    categories = set()
    for i, name in enumerate(names):
        found = texts.values.get(f"n{i}", 0.0)
        is_control = name in question.controls
        if is_control and (engine.columns[name].kind == "text" or found > 0):
            categories.add(name)
        elif found > 0:
            raise AnalysisError(
                f"column '{shown(name)}' holds {int(found)} values that are no numbers: recode "
                "them, or leave them empty."
            )
    prepared = replace(prepared, categories=frozenset(categories))
    codes = (*question.not_experienced, *question.blank)
    if question.scale is None or not codes:
        return prepared, []
    seen = _facts(engine, statements.outcome_values(prepared))
    low, high = question.scale
    inside = low <= seen["lowest"] and seen["highest"] <= high
    if not (seen["coded"] > 0 and seen["n_values"] > 2 and inside):
        return prepared, []
    note = (
        f"{seen.count('coded')} answers of the outcome hold the ratings' codes for not "
        "experienced or blank, and count as no answer."
    )
    return replace(prepared, outcome_codes=codes), [note]


def _check(facts: _Facts, question: Question) -> None:
    """Refuse what the readers of a frame refuse."""
    for fact, name, what in (
        ("weight_empty", question.weight, "weight '{}' is empty"),
        ("weight_negative", question.weight, "weight '{}' is negative"),
        ("stratum_empty", question.stratum, "stratum '{}' is empty"),
        ("unit_empty", question.cluster or question.respondent, "'{}', the sampling unit, is empty"),
    ):
        if facts[fact] > 0:
            raise AnalysisError(
                f"{what.format(shown(name))} in {facts.count(fact)} of {facts.count('n_rows')} "
                "rows: give every row one, or leave those rows out."
            )
    if facts["endless"] > 0:
        raise AnalysisError(
            f"{facts.count('endless')} rows hold infinite values: leave such cells empty."
        )
    for j, name in enumerate(question.drivers):
        if question.scale is not None and facts[f"off{j}"] > 0:
            low, high = question.scale
            raise AnalysisError(
                f"column '{shown(name)}' holds {facts.count(f'off{j}')} ratings outside {low:g} "
                f"to {high:g}: name such codes in not_experienced or blank, or correct the scale."
            )
    if facts["n"] < MIN_ROWS:
        raise AnalysisError(
            f"only {facts.count('n')} rows have the outcome and a weight: at least {MIN_ROWS} are "
            "needed. Check the outcome's column and codes."
        )
    if facts["lowest_y"] == facts["highest_y"]:
        raise AnalysisError(
            f"the outcome is {facts['lowest_y']:g} in all {facts.count('n')} rows: nothing can "
            "move it. Check its column and codes."
        )
    several = sum(facts[f"n{j}"] > 0 for j in range(len(question.drivers))) >= 2
    if several and too_few_rated_two(facts["two"] / facts["n"]):
        raise AnalysisError(
            f"only {facts['two'] / facts['n']:.0%} of the rows rated two moments: each moment "
            "needs a model of its own, which engine='memory' fits."
        )


def _units(engine: Engine, prepared: Prepared) -> tuple[_Units, Prepared, str]:
    """Clusters as they are where they are few, else buckets of clusters or of respondents."""
    asked = prepared.question
    if asked.cluster is not None:
        found = _facts(engine, statements.n_units(prepared))
        if found["units"] <= statements.MAX_CLUSTERS:
            return _numbered(engine, prepared), prepared, ""
        whose = f"the {found.count('units')} clusters"
    else:
        found = _facts(engine, statements.n_strata(prepared))
        whose = "respondents" if asked.respondent is not None else "rows"
    fitting = [n for n in statements.BUCKETS if n * found["strata"] <= statements.MAX_UNITS]
    if not fitting:
        raise AnalysisError(
            f"there are {found.count('strata')} strata, too many for errors by buckets within "
            f"each (at most {statements.MAX_UNITS // statements.BUCKETS[-1]}): declare coarser "
            "strata, or use engine='memory'."
        )
    prepared = replace(prepared, buckets=fitting[0])
    within = "" if asked.stratum is None else " in each stratum"
    told = (
        f"Errors and intervals rest on {fitting[0]} buckets of {whose}{within}, chosen by a hash "
        "of their id."
    )
    return _numbered(engine, prepared), prepared, told


def _numbered(engine: Engine, prepared: Prepared) -> _Units:
    import pyarrow as pa

    pairs = engine.table(statements.units(prepared))
    strata, labels = pairs["stratum"].to_pylist(), pairs["unit"].to_pylist()
    units = sampling_units(
        np.array(_as_numbers(labels), dtype=object), np.array(_as_numbers(strata), dtype=object)
    )
    known = [pa.array(dict.fromkeys(values), of.type) for values, of in zip(
        (strata, labels), (pairs["stratum"], pairs["unit"]), strict=True
    )]
    place = [{value: at for at, value in enumerate(one.to_pylist())} for one in known]
    of_pair = np.full((len(known[0]), len(known[1])), -1)
    for stratum, label, code in zip(strata, labels, units.codes, strict=True):
        of_pair[place[0][stratum], place[1][label]] = code
    return _Units(units, known[0], known[1], of_pair)


def _as_numbers(labels: Sequence[object]) -> Sequence[object]:
    """Labels of a text file in the order of numbers, where all of them are."""
    try:
        return [float(label) for label in labels]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return labels


def _model(
    engine: Engine, prepared: Prepared, facts: _Facts, options: Options, units: _Units
) -> tuple[Model, int]:
    asked = prepared.question
    described = _described(engine, prepared, facts)
    not_tested = reasons_of(described, options.min_n)
    players = [j for j, name in enumerate(asked.drivers) if name not in not_tested]
    where, n_dropped, counted = COUNTED, 0, facts
    if options.missing == "drop":
        where = f"{COUNTED} AND NOT {prepared.any_blank(players)}"
        kept = replace(prepared, question=asked)
        counted = _facts(engine, f"{statements.checks(kept)} WHERE {where}")
        n_dropped = facts.count("n") - counted.count("n")
        lost = [j for j in players if not counted[f"lowest{j}"] < counted[f"highest{j}"]]
        not_tested |= {
            asked.drivers[j]: "no variance among the rows without any blank" for j in lost
        }
        players = [j for j in players if j not in lost]
        if counted["n"] < MIN_ROWS:
            raise AnalysisError(
                f"only {counted.count('n')} rows have the outcome and a weight and no blank: at "
                f'least {MIN_ROWS} are needed. Use missing="em".'
            )
    if not players:
        raise AnalysisError(
            f"no driver of {shown(asked.outcome)} can be tested: "
            + "; ".join(f"{shown(name)}: {why}" for name, why in not_tested.items())
        )
    of_controls, means = _control_columns(engine, prepared, counted, where)
    columns = Columns(
        drivers=asked.drivers,
        players=tuple(players),
        pilots=tuple(counted[f"pilot{j}"] for j in players),
        partly=tuple(counted[f"absent{j}"] > 0 for j in players),
        of_controls=tuple(of_controls),
        beside=tuple(
            j
            for j in range(len(asked.drivers))
            if j not in players and counted[f"absent{j}"] > 0 and counted[f"n{j}"] > 0
        ),
    )
    at = dict(zip(columns.names, range(len(columns.names)), strict=True))
    offset = np.zeros(len(at))
    offset[0] = counted["sum_y"] / counted["sum_w"]
    for name, mean in means.items():
        offset[at[name]] = mean
    source = _Source(engine, prepared, columns, of_controls, offset, units, where)
    moments, sums = source.reduced()
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
        n_dropped=n_dropped,
    )
    reduction = Reduction(
        moments=moments.moments,
        sums=vech(sums),
        units=replace(units.units, codes=np.empty(0, dtype=np.intp)),
        chosen=np.arange(units.units.n_units),
        has_rows=sums[:, 0, 0] > 0,
        n_obs=counted.count("n"),
        sum_w=counted["sum_w"],
        sum_w2=counted["sum_w2"],
    )
    return Model(design, reduction), facts.count("n_rows")


def _described(engine: Engine, prepared: Prepared, facts: _Facts) -> dict[str, Described]:
    drivers = prepared.question.drivers
    highest = [facts[f"highest{j}"] for j in range(len(drivers))]
    top = _facts(engine, statements.top_weights(prepared, highest)).values
    described = {}
    for j, name in enumerate(drivers):
        n, absent, weight = facts.count(f"n{j}"), facts[f"absent{j}"], facts[f"w{j}"]
        known = np.nansum([weight, facts[f"wabsent{j}"]])
        described[name] = Described(
            n=n,
            n_effective=weight**2 / facts[f"v{j}"] if n else 0.0,
            reach=float(np.nan_to_num(weight) / known) if known else np.nan,
            mean=facts[f"s{j}"] / weight if n else np.nan,
            blank_share=1 - (n + absent) / facts["n"],
            lowest=facts[f"lowest{j}"],
            highest=highest[j],
            top_share=top[f"t{j}"] / weight if n else np.nan,
        )
    return described


def _control_columns(
    engine: Engine, prepared: Prepared, facts: _Facts, where: str
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


@dataclass(frozen=True)
class _Source:
    """The rows of a design, wherever they lie, and their reduction."""

    engine: Engine
    prepared: Prepared
    columns: Columns
    of_controls: dict[str, tuple[int, str | None]]
    offset: Floats
    units: _Units
    where: str

    def reduced(self) -> tuple[StreamedMoments, Floats]:
        """The moments, and Σ w E[z z' | observed] of each unit, (G, m, m)."""
        m = len(self.offset) + 1
        blank = self.prepared.any_blank((*self.columns.players, *self.columns.beside))
        collected, sums = PatternRows(), np.zeros((self.units.units.n_units, m, m))
        n_blank = 0
        if self.engine.sums_rows:
            sums = self._summed(f"{self.where} AND NOT {blank}")
            first_pass = f"{self.where} AND {blank}"
        else:
            first_pass = self.where
        for block in self._blocks(first_pass):
            lacking = block.lacks.any(axis=1)
            whole, part = block.where(~lacking), block.where(lacking)
            add_products(sums, whole.z, whole.weight, whole.unit)
            collected.add(part.z * np.sqrt(part.weight)[:, None], part.lacks)
            n_blank += len(part.z)
        collected.add_complete(sums.sum(axis=0))
        moments = collected.solve(self.offset)
        sums = shifted(sums, self.offset)
        if n_blank:
            for block in self._blocks(f"{self.where} AND {blank}"):
                moments.add_expected(sums, block.z, block.lacks, block.weight, block.unit)
        return moments, sums

    def _summed(self, where: str) -> Floats:
        statement = statements.sums(
            self.prepared, self.columns, list(self.of_controls.values()), list(self.offset), where
        )
        table = self.engine.table(statement)
        names = [name for name in table.column_names if name.startswith("q")]
        m = len(self.offset) + 1
        elements = np.column_stack([table[name].to_numpy() for name in names]).reshape(-1, len(names))
        sums = np.zeros((self.units.units.n_units, m, m))
        stratum, label = (table[name].combine_chunks() for name in ("stratum", "unit"))
        sums[self.units.codes(stratum, label)] = unvech(elements)
        return sums

    def _blocks(self, where: str) -> Iterator[_Block]:
        asked = self.prepared.question
        p = len(asked.drivers)
        for batch in self.engine.blocks(statements.rows(self.prepared, where), BLOCK):
            ratings = np.column_stack([_numbers(batch.column(f"x{j}")) for j in range(p)])
            absent = _among(ratings, asked.not_experienced)
            lacking = np.isnan(ratings) | _among(ratings, asked.blank)
            had = np.where(lacking, np.nan, np.where(absent, 0.0, 1.0))
            controls = [
                _numbers(batch.column(f"k{i}"))
                if level is None
                else _is_level(batch.column(f"k{i}"), level)
                for i, level in self.of_controls.values()
            ]
            ratings[lacking | absent] = np.nan
            z = augmented(self.columns.of(_numbers(batch.column("y")), ratings, had, controls))
            z[:, 1:] -= self.offset
            lacks = np.isnan(z)
            z[lacks] = 0.0
            codes = self.units.codes(batch.column("stratum"), batch.column("unit"))
            yield _Block(z, lacks, _numbers(batch.column("w")), codes)


def _numbers(column: pa.Array) -> Floats:
    return column.to_numpy(zero_copy_only=False).astype(np.float64)


def _is_level(column: pa.Array, level: str) -> Floats:
    import pyarrow.compute as pc

    return pc.equal(pc.fill_null(column, BLANK_LEVEL), level).to_numpy(zero_copy_only=False)


def _among(values: Floats, codes: Sequence[float]) -> np.ndarray:
    found = np.zeros(values.shape, dtype=bool)
    for code in codes:
        found |= values == code
    return found
