"""The customers of one wave, their blanks completed: whom a scenario would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mot_research.drivers.design import (
    Rows,
    build_design,
    exposure_column,
    level_columns,
    quality_column,
)
from mot_research.drivers.lifts import Shortfall, shortfall
from mot_research.drivers.reduction import reduce_columns
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.resampling import Draws, SamplingUnits


@dataclass(frozen=True)
class Customers:
    """Of one wave, n rows with an outcome that helps to complete their blanks.

    Attributes
    ----------
    wave : str
    weight : (n,) array
    unit : (n,) integer array
        As numbered in the study's units.
    stratum_of_unit : (G,) integer array
        Of the study's units.
    columns : mapping of name to (n,) array
        What an ``ExpectedOutcome`` asks for; ratings as they are, 0 where the
        moment was not had.
    shortfall : Shortfall
    draws : Draws or None
        The study's.
    """

    wave: str
    weight: Floats
    unit: np.ndarray
    stratum_of_unit: np.ndarray
    columns: Mapping[str, Floats]
    shortfall: Shortfall
    draws: Draws | None

    @property
    def n(self) -> int:
        return len(self.weight)


def customers(
    rows: Rows,
    units: SamplingUnits,
    scales: Mapping[str, tuple[float, Sequence[float]]],
    draws: Draws | None,
    *,
    wave: str,
    missing: str = "em",
    min_n: float = 0.0,
) -> Customers:
    """Complete the rows of a wave, and measure what they lack.

    Parameters
    ----------
    rows : Rows
    units : SamplingUnits
        Of the whole study.
    scales : mapping of driver to (target, ratings of the bottom box)
    draws : Draws or None
        Of ``units``.
    wave : str
    missing : {"em", "drop"}
    min_n : float
        Effective raters from which a moment is looked at.

    Raises
    ------
    AnalysisError
        Too few rows have the outcome.
    """
    design = build_design(rows, missing=missing, min_n=min_n)
    used = design.rows
    reduction = reduce_columns(design.columns, used, units)
    completed = reduction.moments.rows
    known = {
        name: completed[:, place] for place, name in enumerate(design.names, start=1) if place > 1
    }
    known |= level_columns(used.controls)
    for driver, pilot in design.pilots.items():
        had = known.setdefault(exposure_column(driver), np.ones(len(completed)))
        known[quality_column(driver)] = known[quality_column(driver)] + pilot * had
    return Customers(
        wave=wave,
        weight=used.weight,
        unit=used.unit,
        stratum_of_unit=units.stratum_of_unit,
        columns=known,
        shortfall=shortfall(design, units, scales, draws, wave=wave),
        draws=draws,
    )
