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
from mot_research.statistics.crossproducts import Floats, Integers, unvech, vech
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

BLOCK = 100_000  # rows: 35 MB at 41 columns
MAX_VALUES = 100_000  # of all drivers together
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
class _Tally:
    """What stands in the cells of one driver, codes left out: a row for each value.

    ``n`` and ``w`` count the rows of the analysis, ``n_all`` every row; ``absent`` are the rows
    and the weight of those who did not have it.
    """

    value: Floats
    n_all: Floats
    n: Floats
    w: Floats
    v: Floats
    n_absent: float
    w_absent: float

    @classmethod
    def of(cls, table: pd.DataFrame, j: int, question: Question) -> _Tally:
        own = table[table[f"x{j}"].notna()]
        value = own[f"x{j}"].to_numpy(dtype=float)
        absent = np.isin(value, question.not_experienced)
        rated = ~absent & ~np.isin(value, question.blank)
        counts = own[["n_all", "n", "w", "v"]].fillna(0.0).to_numpy(dtype=float)
        order = np.argsort(value[rated])
        n_all, n, w, v = counts[rated][order].T
        at = value[rated][order], n_all, n, w, v
        return cls(*at, counts[absent, 1].sum(), counts[absent, 2].sum())

    @property
    def given(self) -> Floats:
        """The ratings that stand in a row of the analysis."""
        return self.value[self.n > 0]

    @property
    def varies(self) -> bool:
        return len(self.given) > 1

    @property
    def pilot(self) -> float:
        return float(self.value @ self.n / self.n.sum())

    def described(self, n_rows: float) -> Described:
        n, weight = self.n.sum(), self.w.sum()
        known = weight + self.w_absent
        return Described(
            n=int(n),
            n_effective=float(weight**2 / self.v.sum()) if n else 0.0,
            reach=float(weight / known) if known else np.nan,
            mean=float(self.value @ self.w / weight) if n else np.nan,
            blank_share=float(1 - (n + self.n_absent) / n_rows),
            lowest=float(self.given[0]) if n else np.nan,
            highest=float(self.given[-1]) if n else np.nan,
            top_share=float(self.w[self.n > 0][-1] / weight) if n else np.nan,
        )


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
    labels_of_unit: Sequence[tuple[object, object]]
    strata: pa.Array
    labels: pa.Array
    of_pair: Integers  # (strata, labels): number of the unit, −1 where there is none

    @classmethod
    def of(cls, strata: pa.ChunkedArray, labels: pa.ChunkedArray) -> _Units:
        """Number the pairs of a stratum and a label in the order of both."""
        import pyarrow as pa

        pairs = list(zip(strata.to_pylist(), labels.to_pylist(), strict=True))
        units = _sampling_units(pairs)
        known = [
            pa.array(dict.fromkeys(pair[side] for pair in pairs), of.type)
            for side, of in ((0, strata), (1, labels))
        ]
        place = [{value: at for at, value in enumerate(one.to_pylist())} for one in known]
        of_pair = np.full((len(known[0]), len(known[1])), -1)
        of_unit = list(pairs)
        for pair, code in zip(pairs, units.codes, strict=True):
            of_pair[place[0][pair[0]], place[1][pair[1]]] = code
            of_unit[code] = pair
        return cls(units, of_unit, known[0], known[1], of_pair)

    def without(self, empty: np.ndarray) -> SamplingUnits:
        """The units of a study in which these buckets hold nobody."""
        if not empty.any():
            return self.units
        kept = zip(self.labels_of_unit, empty, strict=True)
        return _sampling_units([pair for pair, is_empty in kept if not is_empty])

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
    tallies = _tallies(engine, prepared)
    _check(facts, tallies, question)
    units, prepared, told = _units(engine, prepared)
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
    prepared = Prepared(question, engine.columns, outcome_codes=question.outcome_blank)
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
    return replace(prepared, outcome_codes=(*question.outcome_blank, *codes)), [note]


def _tallies(engine: Engine, prepared: Prepared, where: str = "TRUE") -> list[_Tally]:
    """What stands in the cells of each driver.

    Raises
    ------
    AnalysisError
        The drivers have too many values for ratings.
    """
    parts, n_values = [], 0
    for batch in engine.blocks(statements.ratings(prepared, where), BLOCK):
        parts.append(batch.to_pandas())
        n_values += len(batch)
        if n_values > MAX_VALUES:
            raise AnalysisError(
                f"the drivers hold more than {MAX_VALUES} different values: a rating has a scale "
                "of some points. Round them, or use engine='memory'."
            )
    table = pd.concat(parts, ignore_index=True)
    return [_Tally.of(table, j, prepared.question) for j in range(len(prepared.question.drivers))]


def _check(facts: _Facts, tallies: Sequence[_Tally], question: Question) -> None:
    """Refuse what the readers of a frame refuse."""
    for fact, name, what in (
        ("weight_empty", question.weight, "weight '{}' is empty"),
        ("weight_negative", question.weight, "weight '{}' is negative"),
        ("stratum_empty", question.stratum, "stratum '{}' is empty"),
        (
            "unit_empty",
            question.cluster or question.respondent,
            "'{}', the sampling unit, is empty",
        ),
    ):
        if facts[fact] > 0:
            raise AnalysisError(
                f"{what.format(shown(name))} in {facts.count(fact)} of {facts.count('n_rows')} "
                "rows: give every row one, or leave those rows out."
            )
    if facts["endless"] > 0 or any(np.isinf(tally.value).any() for tally in tallies):
        raise AnalysisError("some rows hold infinite values: leave such cells empty.")
    for name, tally in zip(question.drivers, tallies, strict=True):
        low, high = question.scale or (-np.inf, np.inf)
        off = (tally.value < low) | (tally.value > high)
        if off.any():
            raise AnalysisError(
                f"column '{shown(name)}' holds {int(tally.n_all[off].sum())} ratings outside "
                f"{low:g} to {high:g}, such as {tally.value[off][0]:g}: name such codes in "
                "not_experienced or blank, or correct the scale."
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
    several = sum(len(tally.given) > 0 for tally in tallies) >= 2
    if several and too_few_rated_two(facts["two"] / facts["n"]):
        raise AnalysisError(
            f"only {facts['two'] / facts['n']:.0%} of the rows rated two moments: each moment "
            "needs a model of its own, which engine='memory' fits."
        )


def _units(engine: Engine, prepared: Prepared) -> tuple[_Units, Prepared, str]:
    """Clusters as they are where they are few, else buckets of clusters or of respondents."""
    import pyarrow as pa

    asked = prepared.question
    whose = "rows" if asked.respondent is None else "respondents"
    if asked.cluster is not None:
        found = _facts(engine, statements.n_units(prepared))
        if found["units"] <= statements.MAX_CLUSTERS:
            pairs = engine.table(statements.units(prepared))
            return _Units.of(pairs["stratum"], pairs["unit"]), prepared, ""
        whose = f"the {found.count('units')} clusters"
    strata = engine.table(statements.strata(prepared))["stratum"]
    fitting = [n for n in statements.BUCKETS if n * len(strata) <= statements.MAX_UNITS]
    if not fitting:
        raise AnalysisError(
            f"there are {len(strata)} strata, too many for errors by buckets within each (at most "
            f"{statements.MAX_UNITS // statements.BUCKETS[-1]}): declare coarser strata, or use "
            "engine='memory'."
        )
    n = fitting[0]
    within = "" if asked.stratum is None else " in each stratum"
    told = f"Errors and intervals rest on {n} buckets of {whose}{within}, by a hash of their id."
    every = np.repeat(np.arange(len(strata)), n)
    labels = pa.array(np.tile(np.arange(n), len(strata)))
    return _Units.of(strata.take(every), labels), replace(prepared, buckets=n), told


def _sampling_units(pairs: Sequence[tuple[object, object]]) -> SamplingUnits:
    strata, labels = ([pair[side] for pair in pairs] for side in (0, 1))
    return sampling_units(
        np.array(_as_numbers(labels), dtype=object), np.array(_as_numbers(strata), dtype=object)
    )


def _as_numbers(labels: Sequence[object]) -> Sequence[object]:
    """Labels of a text file in the order of numbers, where all of them are."""
    try:
        return [float(label) for label in labels]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return labels


def _model(
    engine: Engine,
    prepared: Prepared,
    facts: _Facts,
    tallies: Sequence[_Tally],
    options: Options,
    units: _Units,
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
        counted = _facts(engine, statements.checks(prepared, where))
        tallies = _tallies(engine, prepared, where)
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
    source = _Source(engine, prepared, columns, of_controls, offset, units, where)
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
            lacking = np.asarray(block.lacks.any(axis=1))
            whole = block.where(~lacking) if lacking.any() else block
            part = block.where(lacking)
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
        elements = np.column_stack([table[name].to_numpy() for name in names]).reshape(
            -1, len(names)
        )
        sums = np.zeros((self.units.units.n_units, m, m))
        stratum, label = (table[name].combine_chunks() for name in ("stratum", "unit"))
        sums[self.units.codes(stratum, label)] = unvech(elements)
        return sums

    def _blocks(self, where: str) -> Iterator[_Block]:
        asked = self.prepared.question
        p = len(asked.drivers)
        for batch in self.engine.blocks(statements.rows(self.prepared, where), BLOCK):
            # Columns lie one after the other in memory, as they come.
            ratings = np.array([_numbers(batch.column(f"x{j}")) for j in range(p)]).T
            absent = _among(ratings, asked.not_experienced)
            lacking = np.isnan(ratings) | _among(ratings, asked.blank)
            had = np.where(lacking, np.nan, np.where(absent, 0.0, 1.0))
            ratings[lacking | absent] = np.nan
            controls = [
                _numbers(batch.column(f"k{i}"))
                if level is None
                else _is_level(batch.column(f"k{i}"), level)
                for i, level in self.of_controls.values()
            ]
            z = np.ones((len(self.offset) + 1, len(ratings))).T
            made = self.columns.of(_numbers(batch.column("y")), ratings, had, controls)
            for at, (column, by) in enumerate(zip(made, self.offset, strict=True), start=1):
                np.subtract(column, by, out=z[:, at])
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
