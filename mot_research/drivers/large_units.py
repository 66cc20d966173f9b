"""The sampling units of rows that stay where they are: clusters, or buckets by a hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mot_research.drivers import statements
from mot_research.drivers.engines import Engine
from mot_research.drivers.large_facts import facts_of
from mot_research.drivers.statements import Prepared
from mot_research.errors import AnalysisError
from mot_research.statistics.crossproducts import Integers
from mot_research.statistics.resampling import GROUPS, SamplingUnits, sampling_units

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Units:
    """The sampling units, and how to find that of a row by its labels."""

    units: SamplingUnits
    labels_of_unit: Sequence[tuple[object, object]]
    strata: pa.Array
    labels: pa.Array
    of_pair: Integers  # (strata, labels): number of the unit, −1 where there is none

    @classmethod
    def of(cls, strata: pa.ChunkedArray, labels: pa.ChunkedArray) -> Units:
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


def units_of(engine: Engine, prepared: Prepared) -> tuple[Units, Prepared, str]:
    """Clusters as they are where they are few, else buckets of clusters or of respondents."""
    import pyarrow as pa

    asked = prepared.question
    whose = "rows" if asked.respondent is None else "respondents"
    if asked.cluster is not None:
        found = facts_of(engine, statements.n_units(prepared))
        if found["units"] <= statements.MAX_CLUSTERS:
            pairs = engine.table(statements.units(prepared))
            return Units.of(pairs["stratum"], pairs["unit"]), prepared, ""
        whose = f"the {found.count('units')} clusters"
    strata = engine.table(statements.strata(prepared))["stratum"]
    fitting = [n for n in statements.BUCKETS if n * len(strata) <= GROUPS]
    if not fitting:
        raise AnalysisError(
            f"there are {len(strata)} strata, too many for errors by buckets within each (at most "
            f"{GROUPS // statements.BUCKETS[-1]}): declare coarser strata, or use "
            "engine='memory'."
        )
    n = fitting[0]
    within = "" if asked.stratum is None else " in each stratum"
    told = f"Errors and intervals rest on {n} buckets of {whose}{within}, by a hash of their id."
    every = np.repeat(np.arange(len(strata)), n)
    labels = pa.array(np.tile(np.arange(n), len(strata)))
    return Units.of(strata.take(every), labels), replace(prepared, buckets=n), told


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
