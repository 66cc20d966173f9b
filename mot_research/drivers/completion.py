"""The rows of a model that needs them whole: blanks imputed, what separates left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mot_research.drivers.design import Design
from mot_research.drivers.outcome_models import SEPARATION, separated_columns
from mot_research.drivers.reduction import Reduction, reduce_columns
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.imputation import N_IMPUTATIONS, impute
from mot_research.statistics.regression import independent_columns
from mot_research.statistics.resampling import SamplingUnits, draw


@dataclass(frozen=True)
class Layout:
    """Where things stand in the model's columns X, the constant first.

    ``used`` are positions in z of the columns after the constant; ``quality`` and ``exposure``
    are positions in X of each tested driver.
    """

    used: tuple[int, ...]
    quality: tuple[int, ...]
    exposure: tuple[int | None, ...]
    controls: tuple[int, ...]


def layout_of(design: Design, reduction: Reduction) -> Layout:
    """Controls that say something new, then all exposures and qualities."""
    controls = independent_columns(reduction.q, design.controls)
    exposures = tuple(e for e in design.exposure if e is not None)
    used = (*controls, *exposures, *design.quality)
    place = {column: index for index, column in enumerate(used, start=1)}
    return Layout(
        used=used,
        quality=tuple(place[column] for column in design.quality),
        exposure=tuple(None if e is None else place[e] for e in design.exposure),
        controls=tuple(place[column] for column in controls),
    )


def without_separated(
    design: Design,
    reduction: Reduction,
    units: SamplingUnits,
    completed: Sequence[Floats],
    *,
    outcome: str,
    kind: str,
) -> tuple[Design, Reduction, Sequence[Floats], list[str]]:
    """Leave out drivers and controls whose effect has no finite estimate.

    Returns
    -------
    Design, Reduction, completed columns
        Without them.
    list of str
        What was left out beside drivers, which are in ``design.not_tested``.

    Raises
    ------
    AnalysisError
        No driver is left.
    """
    found: list[str] = []
    while True:
        layout = layout_of(design, reduction)
        x = model_columns(completed[0], layout)
        columns = separated_columns(kind, completed[0][:, 0], x, design.rows.weight)
        if not columns:
            return design, reduction, completed, found
        players = [
            j
            for j, pair in enumerate(zip(layout.quality, layout.exposure, strict=True))
            if columns & set(pair)
        ]
        controls = {layout.used[c - 1] for c in columns & set(layout.controls)}
        if not players and not controls:
            raise AnalysisError(
                f"the model of outcome '{shown(outcome)}' has no finite solution. Check "
                "whether a driver or control is the outcome in other words."
            )
        found += [
            f"{shown(design.names[column - 1])} is left out: it settles the outcome by itself "
            "in some rows (separation), so its effect is not estimable."
            for column in sorted(controls)
        ]
        if len(players) == len(design.tested):
            raise AnalysisError(
                f"no driver of '{shown(outcome)}' can be tested: each settles the outcome by "
                "itself (separation). Check whether a driver is the outcome in other words, or "
                "pool more rows."
            )
        design, kept = _without(design, players, controls)
        completed = [one[:, kept] for one in completed]
        reduction = reduce_columns(design.columns, design.rows, units)


def _without(
    design: Design, players: Sequence[int], controls: set[int]
) -> tuple[Design, list[int]]:
    """The design without some drivers and controls, and the columns that it keeps."""
    gone = controls | {design.quality[j] for j in players}
    gone |= {e for e in (design.exposure[j] for j in players) if e is not None}
    kept = [column for column in range(design.columns.shape[1]) if column + 1 not in gone]
    place = {column + 1: index for index, column in enumerate(kept, start=1)}
    stay = [j for j in range(len(design.tested)) if j not in players]
    exposures = [design.exposure[j] for j in stay]
    lesser = replace(
        design,
        columns=design.columns[:, kept],
        names=tuple(design.names[column] for column in kept),
        tested=tuple(design.tested[j] for j in stay),
        quality=tuple(place[design.quality[j]] for j in stay),
        exposure=tuple(None if e is None else place[e] for e in exposures),
        controls=tuple(place[c] for c in design.controls if c not in controls),
        not_tested={**design.not_tested, **{design.tested[j]: SEPARATION for j in players}},
    )
    return lesser, kept


def completed_columns(
    design: Design, reduction: Reduction, units: SamplingUnits, seed: int
) -> list[Floats]:
    """The design's columns without blanks: as they are, or imputed five times."""
    if not np.isnan(design.columns).any():
        return [design.columns]
    sequence = np.random.SeedSequence([seed, N_IMPUTATIONS])
    resamples = draw(units, N_IMPUTATIONS, int(sequence.generate_state(1)[0]))
    rng = np.random.Generator(np.random.PCG64(sequence))
    quality = [column - 1 for column in design.quality]
    exposure = [None if column is None else column - 1 for column in design.exposure]
    return [
        impute(design.columns, q, quality, exposure, rng) for q in reduction.resampled(resamples)
    ]


def model_columns(completed: Floats, layout: Layout) -> Floats:
    """X (n, 1 + k): the constant, and the used columns; controls centred."""
    x = np.column_stack([np.ones(len(completed)), completed[:, [c - 1 for c in layout.used]]])
    for column in layout.controls:
        x[:, column] -= x[:, column].mean()
    return x
