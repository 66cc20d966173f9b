"""Who of a new wave answered before, and what its weights are like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mot_research.study.definition import Study
from mot_research.study.parts import WaveFile
from mot_research.survey.wave import Survey, Wave

EXTREME = 5.0  # times the mean weight, or the mean weight times it


@dataclass(frozen=True)
class Panel:
    """Respondents of a new wave who answered earlier ones.

    `n` have an id, `n_before` of them are in any earlier wave, `in_wave` in
    each that has ids.
    """

    n: int
    n_before: int
    in_wave: dict[str, int]


@dataclass(frozen=True)
class Weights:
    """The weights of a wave.

    `design_effect` is n Σw² / (Σw)² (Kish 1965): n interviews tell as much as
    n / design_effect without weights. `n_large` weigh more than five times the
    mean, `n_small` less than a fifth of it.
    """

    n: int
    lowest: float
    highest: float
    mean: float
    design_effect: float
    n_large: int
    n_small: int


def panel_of(survey: Survey, wave: Wave) -> Panel | None:
    """Return who answered before; None where the wave has no ids."""
    if wave.respondent is None:
        return None
    ids = set(wave.respondent.dropna())
    earlier = {
        other.id: set(other.respondent.dropna())
        for other in survey.waves.values()
        if other.respondent is not None
    }
    seen: set[str] = set().union(*earlier.values())
    return Panel(len(ids), len(ids & seen), {name: len(ids & own) for name, own in earlier.items()})


def weights_of(study: Study, source: WaveFile, wave: Wave) -> Weights | None:
    """Return what the weights are like; None where the wave has none."""
    if study.design_column(source, "weight") is None:
        return None
    weight = wave.weight
    mean = float(weight.mean())
    return Weights(
        n=wave.n_rows,
        lowest=float(weight.min()),
        highest=float(weight.max()),
        mean=mean,
        design_effect=float(wave.n_rows * np.sum(weight**2) / weight.sum() ** 2),
        n_large=int((weight > EXTREME * mean).sum()),
        n_small=int((weight < mean / EXTREME).sum()),
    )
