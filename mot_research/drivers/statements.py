"""What an engine is asked about the rows of one analysis, as statements in DuckDB's SQL.

Every value in a statement is a number, a place of a column, or a text in quotes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mot_research.drivers.design import Columns
from mot_research.survey.large_files import Column

BUCKETS = (1024, 256, 64)  # of a stratum; fewer than 50 understate errors
MAX_CLUSTERS = 2000  # more than these are put into buckets


@dataclass(frozen=True)
class Question:
    """The columns of an analysis by name, as :func:`mot_research.driver_analysis` takes them."""

    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...] = ()
    weight: str | None = None
    cluster: str | None = None
    stratum: str | None = None
    respondent: str | None = None
    not_experienced: tuple[float, ...] = ()
    blank: tuple[float, ...] = ()
    scale: tuple[float, float] | None = None
    outcome_blank: tuple[float, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that is needed."""
        design = (self.weight, self.cluster, self.stratum, self.respondent)
        return (
            self.outcome,
            *self.drivers,
            *self.controls,
            *(name for name in design if name is not None),
        )


@dataclass(frozen=True)
class Prepared:
    """The rows, read: y, w, u, x0 …, k0 …, stratum and unit.

    ``u`` is the weight of a row that counts, and missing in every other. ``x`` are ratings with
    their codes; ``k`` are controls, numbers or texts.
    """

    question: Question
    columns: Mapping[str, Column]
    categories: frozenset[str] = frozenset()
    outcome_codes: tuple[float, ...] = ()
    buckets: int | None = None

    @property
    def sql(self) -> str:
        """A relation in brackets."""
        asked = self.question
        cells = [f"{self._outcome()} AS y", f"{self._weight()} AS w"]
        cells += [f"{self.number(name)} AS x{j}" for j, name in enumerate(asked.drivers)]
        for i, name in enumerate(asked.controls):
            made = self.text(name) if name in self.categories else self.number(name)
            cells.append(f"{made} AS k{i}")
        cells.append(f"{'0' if asked.stratum is None else self._cell(asked.stratum)} AS stratum")
        counts = "CASE WHEN y IS NOT NULL AND w > 0 THEN w END AS u"
        if self.buckets is None:
            cells.append(f"{self._label()} AS unit")
            return f"(SELECT *, {counts} FROM (SELECT {', '.join(cells)} FROM source) AS cells)"
        cells.append(f"md5(CAST({self._label()} AS VARCHAR)) AS hash")
        unit = f"{_bucket(self.buckets)} AS unit"
        return f"(SELECT *, {counts}, {unit} FROM {_hashed(cells)} AS hashed)"

    def number(self, name: str) -> str:
        """A cell as a number; NULL where it is empty or none."""
        column = self.columns[name]
        cell = f"c{column.place}"
        if column.kind == "boolean":
            return f"CASE WHEN {cell} THEN 1.0e0 WHEN NOT {cell} THEN 0.0e0 END"
        if column.kind == "whole":
            return f"CAST({cell} AS DOUBLE)"
        if column.kind == "number":
            return f"nullif(CAST({cell} AS DOUBLE), CAST('NaN' AS DOUBLE))"
        return f"nullif(TRY_CAST(nullif(trim({cell}), '') AS DOUBLE), CAST('NaN' AS DOUBLE))"

    def text(self, name: str) -> str:
        """A cell as text; NULL where it is empty."""
        return f"nullif(trim(CAST(c{self.columns[name].place} AS VARCHAR)), '')"

    def is_no_number(self, name: str) -> str:
        """Whether a cell holds something that is no number."""
        if self.columns[name].kind in ("number", "whole", "boolean"):
            return "FALSE"
        return f"({self.text(name)} IS NOT NULL AND {self.number(name)} IS NULL)"

    def rated(self, j: int) -> str:
        """Whether driver j was rated."""
        codes = (*self.question.not_experienced, *self.question.blank)
        return f"(x{j} IS NOT NULL AND {_not_among(f'x{j}', codes)})"

    def not_experienced(self, j: int) -> str:
        """Whether driver j was not experienced."""
        return _among(f"x{j}", self.question.not_experienced)

    def blank(self, j: int) -> str:
        """Whether driver j was left blank."""
        codes = self.question.blank
        return f"(x{j} IS NULL OR {_among(f'x{j}', codes)})" if codes else f"x{j} IS NULL"

    def any_blank(self, drivers: Sequence[int]) -> str:
        """Whether a row lacks one of these drivers or a control that is a number."""
        lacking = [f"({self.blank(j)})" for j in drivers]
        lacking += [
            f"k{i} IS NULL"
            for i, name in enumerate(self.question.controls)
            if name not in self.categories
        ]
        return f"({' OR '.join(lacking)})" if lacking else "FALSE"

    def _cell(self, name: str) -> str:
        column = self.columns[name]
        return self.text(name) if column.kind in ("text", "untyped") else f"c{column.place}"

    def _outcome(self) -> str:
        cell = self.number(self.question.outcome)
        if not self.outcome_codes:
            return cell
        return f"CASE WHEN {_not_among(cell, self.outcome_codes)} THEN {cell} END"

    def _weight(self) -> str:
        name = self.question.weight
        return "1.0e0" if name is None else self.number(name)

    def _label(self) -> str:
        """What a sampling unit is known by: its cluster, else the respondent, else the row."""
        for name in (self.question.cluster, self.question.respondent):
            if name is not None:
                return self._cell(name)
        return "0" if self.buckets is None else "row_number() OVER ()"


def checks(prepared: Prepared, where: str = "TRUE") -> str:
    """One row: what is wrong anywhere, and what the rows that count say of all but the drivers."""
    asked = prepared.question
    wanted = [
        "count(*) AS n_rows",
        "sum(CASE WHEN w IS NULL THEN 1 ELSE 0 END) AS weight_empty",
        "sum(CASE WHEN w < 0 THEN 1 ELSE 0 END) AS weight_negative",
        "sum(CASE WHEN stratum IS NULL THEN 1 ELSE 0 END) AS stratum_empty",
        "sum(CASE WHEN unit IS NULL THEN 1 ELSE 0 END) AS unit_empty",
        "sum(CASE WHEN y IS NULL THEN 1 ELSE 0 END) AS blank_outcome",
        "count(u) AS n",
        "sum(u) AS sum_w",
        "sum(u * u) AS sum_w2",
        "sum(u * y) AS sum_y",
        "min(CASE WHEN u IS NOT NULL THEN y END) AS lowest_y",
        "max(CASE WHEN u IS NOT NULL THEN y END) AS highest_y",
    ]
    infinite = "abs(y) = CAST('Infinity' AS DOUBLE)"
    rated_two = " + ".join(
        f"CASE WHEN {prepared.rated(j)} THEN 1 ELSE 0 END" for j in range(len(asked.drivers))
    )
    wanted.append(f"sum(CASE WHEN u IS NOT NULL AND ({rated_two}) >= 2 THEN 1 ELSE 0 END) AS two")
    endless = " OR ".join(infinite.format(f"x{j}") for j in range(len(asked.drivers)))
    wanted.append(
        f"sum(CASE WHEN {infinite.format('y')} OR {endless} THEN 1 ELSE 0 END) AS endless"
    )
    for i, name in enumerate(asked.controls):
        if name not in prepared.categories:
            wanted += [f"count(CASE WHEN u IS NOT NULL THEN k{i} END) AS nk{i}"]
            wanted += [f"sum(u * k{i}) / sum(CASE WHEN k{i} IS NOT NULL THEN u END) AS mk{i}"]
    return f"SELECT {', '.join(wanted)} FROM {prepared.sql} AS t WHERE {where}"


def ratings(prepared: Prepared, where: str = "TRUE") -> str:
    """A row for each value of each driver, codes included: how often it stands, and its weight.

    In a row the driver is the one whose x is not NULL; blank cells are in none.
    """
    names = [f"x{j}" for j in range(len(prepared.question.drivers))]
    sets = ", ".join(f"({name})" for name in names)
    return (
        f"SELECT {', '.join(names)}, count(*) AS n_all, count(u) AS n, sum(u) AS w, "
        f"sum(u * u) AS v FROM {prepared.sql} AS t WHERE {where} GROUP BY GROUPING SETS ({sets})"
    )


def no_numbers(prepared: Prepared) -> str:
    """One row: in how many cells of each column something else than a number stands."""
    asked = prepared.question
    names = [asked.outcome, *asked.drivers, *asked.controls]
    names += [asked.weight] if asked.weight is not None else []
    wanted = ", ".join(
        f"sum(CASE WHEN {prepared.is_no_number(name)} THEN 1 ELSE 0 END) AS n{i}"
        for i, name in enumerate(names)
    )
    return f"SELECT {wanted} FROM source"


def outcome_values(prepared: Prepared) -> str:
    """One row: how the values of the outcome lie to the ratings' codes and scale."""
    asked = prepared.question
    assert asked.scale is not None
    codes = (*asked.not_experienced, *asked.blank)
    plain = f"CASE WHEN {_not_among('y', codes)} THEN y END"
    return (
        f"SELECT sum(CASE WHEN {_among('y', codes)} THEN 1 ELSE 0 END) AS coded, "
        f"count(DISTINCT {plain}) AS n_values, min({plain}) AS lowest, max({plain}) AS highest "
        f"FROM {prepared.sql} AS t"
    )


def levels(prepared: Prepared, i: int, where: str) -> str:
    """Each level of a control that is a category, with its rows."""
    return (
        f"SELECT k{i} AS level, count(*) AS n FROM {prepared.sql} AS t WHERE {where} GROUP BY k{i}"
    )


def n_units(prepared: Prepared) -> str:
    """One row: the number of units."""
    return (
        "SELECT count(*) AS units FROM "
        f"(SELECT DISTINCT stratum, unit FROM {prepared.sql} AS t) AS pairs"
    )


def strata(prepared: Prepared) -> str:
    """Every stratum."""
    return f"SELECT DISTINCT stratum FROM {prepared.sql} AS t"


def units(prepared: Prepared) -> str:
    """Every unit with its stratum, those without rows that count included."""
    return f"SELECT DISTINCT stratum, unit FROM {prepared.sql} AS t"


def rows(prepared: Prepared, where: str) -> str:
    """The rows that meet a condition."""
    names = ["y", "w", *(f"x{j}" for j in range(len(prepared.question.drivers)))]
    names += [f"k{i}" for i in range(len(prepared.question.controls))]
    names += ["stratum", "unit"]
    return f"SELECT {', '.join(names)} FROM {prepared.sql} AS t WHERE {where}"


def sums(
    prepared: Prepared,
    columns: Columns,
    control_levels: Sequence[tuple[int, str | None]],
    offset: Sequence[float],
    where: str,
) -> str:
    """Σ w z z' of each unit, z = (1, columns less offset): n, then the unique elements in order.

    The weighted columns are computed once, in a subquery.
    """
    made = ["y"]
    made += [
        f"CASE WHEN {prepared.not_experienced(j)} THEN 0.0e0 ELSE x{j} - {_number(pilot)} END"
        for j, pilot in zip(columns.players, columns.pilots, strict=True)
    ]
    had = "CASE WHEN {} THEN 0.0e0 ELSE 1.0e0 END"
    made += [
        had.format(prepared.not_experienced(j))
        for j, partly in zip(columns.players, columns.partly, strict=True)
        if partly
    ]
    for i, level in control_levels:
        made.append(
            f"k{i}"
            if level is None
            else f"CASE WHEN {_is_level(i, level)} THEN 1.0e0 ELSE 0.0e0 END"
        )
    made += [had.format(prepared.not_experienced(j)) for j in columns.beside]
    k = len(made)
    shifted = ", ".join(
        f"({cell}) - {_number(by)} AS d{i}" if by else f"{cell} AS d{i}"
        for i, (cell, by) in enumerate(zip(made, offset, strict=True), start=1)
    )
    weighted = ", ".join(f"d{i}, w * d{i} AS e{i}" for i in range(1, k + 1))
    wanted = ["count(*) AS n", "sum(w) AS q0", *(f"sum(e{i}) AS q{i}" for i in range(1, k + 1))]
    pairs = [(i, j) for i in range(1, k + 1) for j in range(i, k + 1)]
    wanted += [f"sum(e{i} * d{j}) AS q{k + 1 + n}" for n, (i, j) in enumerate(pairs)]
    return (
        f"SELECT stratum, unit, {', '.join(wanted)} FROM "
        f"(SELECT stratum, unit, w, {weighted} FROM "
        f"(SELECT stratum, unit, w, {shifted} FROM {prepared.sql} AS t WHERE {where}) AS columns_) "
        f"AS weighted_ GROUP BY stratum, unit"
    )


BLANK_LEVEL = "(blank)"


def _is_level(i: int, level: str) -> str:
    if level == BLANK_LEVEL:
        return f"(k{i} IS NULL OR k{i} = '{BLANK_LEVEL}')"
    quoted = level.replace("'", "''")
    return f"k{i} = '{quoted}'"


def _hashed(cells: Sequence[str]) -> str:
    """The first three digits of the hash as numbers h1, h2, h3."""
    digits = ", ".join(
        f"strpos('0123456789abcdef', substr(hash, {i}, 1)) - 1 AS h{i}" for i in (1, 2, 3)
    )
    return f"(SELECT *, {digits} FROM (SELECT {', '.join(cells)} FROM source) AS cells)"


def _bucket(n: int) -> str:
    """A number 0 … n − 1 of the first digits of a hash that every engine knows."""
    quarter = "CAST(floor(h{} / 4) AS INTEGER)"
    if n == 1024:
        return f"h1 * 64 + h2 * 4 + {quarter.format(3)}"
    return "h1 * 16 + h2" if n == 256 else f"h1 * 4 + {quarter.format(2)}"


def _among(cell: str, codes: Sequence[float]) -> str:
    return f"{cell} IN ({', '.join(_number(code) for code in codes)})" if codes else "FALSE"


def _not_among(cell: str, codes: Sequence[float]) -> str:
    return f"{cell} NOT IN ({', '.join(_number(code) for code in codes)})" if codes else "TRUE"


def _number(value: float) -> str:
    return f"CAST('{float(value)!r}' AS DOUBLE)"
