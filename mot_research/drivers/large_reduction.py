"""The second moments of rows that stay where they are, blanks completed, by sampling unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mot_research.drivers import statements
from mot_research.drivers.design import Columns
from mot_research.drivers.engines import Engine
from mot_research.drivers.large_facts import BLOCK
from mot_research.drivers.large_units import Units
from mot_research.drivers.statements import BLANK_LEVEL, Prepared
from mot_research.statistics.crossproducts import Floats, Integers, unvech
from mot_research.statistics.streamed import (
    PatternRows,
    StreamedMoments,
    add_products,
    shifted,
)

if TYPE_CHECKING:
    import pyarrow as pa


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
class Source:
    """The rows of a design, wherever they lie, and their reduction."""

    engine: Engine
    prepared: Prepared
    columns: Columns
    of_controls: dict[str, tuple[int, str | None]]
    offset: Floats
    units: Units
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
