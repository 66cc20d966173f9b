"""What an engine tells of the rows before any model: their names, cells, codes and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mot_research.drivers import statements
from mot_research.drivers.design import MIN_ROWS, Described
from mot_research.drivers.engines import Engine
from mot_research.drivers.statements import Prepared, Question
from mot_research.drivers.transactional import too_few_rated_two
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.crossproducts import Floats
from mot_research.study.suggestions import did_you_mean

BLOCK = 100_000  # rows: 35 MB at 41 columns
MAX_VALUES = 100_000  # of all drivers together


@dataclass(frozen=True)
class Facts:
    """What one statement says of all rows: numbers by name."""

    values: dict[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def count(self, name: str) -> int:
        return int(self.values[name])


@dataclass(frozen=True)
class Tally:
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
    def of(cls, table: pd.DataFrame, j: int, question: Question) -> Tally:
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


def check_names(engine: Engine, question: Question) -> None:
    """Refuse a question whose columns are not there, or play two parts, by AnalysisError."""
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


def facts_of(engine: Engine, statement: str) -> Facts:
    """What a statement says whose answer is one row."""
    (found,) = engine.table(statement).to_pylist()
    return Facts({name: np.nan if v is None else float(v) for name, v in found.items()})


def prepare(engine: Engine, question: Question) -> tuple[Prepared, list[str]]:
    """The rows as they are read, once it is known which controls are categories."""
    prepared = Prepared(question, engine.columns, outcome_codes=question.outcome_blank)
    texts = facts_of(engine, statements.no_numbers(prepared))
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
    seen = facts_of(engine, statements.outcome_values(prepared))
    low, high = question.scale
    inside = low <= seen["lowest"] and seen["highest"] <= high
    if not (seen["coded"] > 0 and seen["n_values"] > 2 and inside):
        return prepared, []
    note = (
        f"{seen.count('coded')} answers of the outcome hold the ratings' codes for not "
        "experienced or blank, and count as no answer."
    )
    return replace(prepared, outcome_codes=(*question.outcome_blank, *codes)), [note]


def tallies_of(engine: Engine, prepared: Prepared, where: str = "TRUE") -> list[Tally]:
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
    return [Tally.of(table, j, prepared.question) for j in range(len(prepared.question.drivers))]


def check_rows(facts: Facts, tallies: Sequence[Tally], question: Question) -> None:
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
