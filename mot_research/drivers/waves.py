"""The waves of a survey, as the rows of an analysis.

Sampling units are numbered once for the whole study, so that one set of draws
serves every wave, outcome and segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mot_research.drivers.design import Rows
from mot_research.statistics.resampling import SamplingUnits, sampling_units
from mot_research.study.definition import Outcome
from mot_research.survey.wave import Survey, Wave


@dataclass(frozen=True)
class StudyUnits:
    """Sampling units of all usable waves, and which unit each row belongs to.

    ``rows[wave]`` is an array with the unit of each respondent of that wave.
    """

    units: SamplingUnits
    rows: Mapping[str, np.ndarray]


def study_units(survey: Survey) -> StudyUnits:
    """Number the sampling units of every wave.

    A unit is the cluster; where a wave has none, the respondent; where it has
    no ids, the row. Waves that share a unit share their strata: the unit is
    drawn once for all of them. Waves that share none are strata of their own.
    """
    labels = {wave.id: _unit_labels(wave) for wave in survey.waves.values()}
    group = _groups(labels)
    strata = {
        wave.id: [f"{group[wave.id]}\t{name}" for name in _stratum_names(wave)]
        for wave in survey.waves.values()
    }
    units = sampling_units(
        [label for wave in labels for label in labels[wave]],
        [label for wave in strata for label in strata[wave]],
    )
    ends = np.cumsum([wave.n_rows for wave in survey.waves.values()])[:-1]
    return StudyUnits(units, dict(zip(labels, np.split(units.codes, ends), strict=True)))


def _unit_labels(wave: Wave) -> list[str]:
    names = [f"row\t{wave.id}\t{number}" for number in range(wave.n_rows)]
    for kind, column in (("respondent", wave.respondent), ("cluster", wave.cluster)):
        if column is not None:
            names = [
                name if blank else f"{kind}\t{label}"
                for name, label, blank in zip(names, column, column.isna(), strict=True)
            ]
    return names


def _stratum_names(wave: Wave) -> Sequence[str]:
    if wave.stratum is None:
        return [""] * wave.n_rows
    return list(wave.stratum.fillna("").astype(str))


def _groups(labels: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The first wave of each set of waves that are linked by shared units."""
    group = {wave: wave for wave in labels}
    first_seen: dict[str, str] = {}
    for wave, names in labels.items():
        for name in names:
            earlier = group[first_seen.setdefault(name, wave)]
            if earlier != group[wave]:
                joined = group[wave]
                group = {key: earlier if value == joined else value for key, value in group.items()}
    return group


def pooled_waves(survey: Survey, outcome: Outcome, wave_id: str, n_waves: int) -> tuple[str, ...]:
    """The last comparable waves, up to ``n_waves``, that are mature for the outcome.

    Comparable is a wave, no later than ``wave_id``, that asked the outcome and
    every moment which ``wave_id`` asked. In the order of the study; empty
    where there is none.
    """
    study = survey.study
    wanted = set(survey[wave_id].asked)
    ids = [wave.id for wave in study.waves]
    pooled: list[str] = []
    for candidate in reversed(ids[: ids.index(wave_id) + 1]):
        wave = survey.waves.get(candidate)
        if wave is None or len(pooled) == n_waves:
            continue
        if (
            outcome.id in wave.outcomes_asked
            and study.is_mature(outcome, study.wave(candidate))
            and wanted <= set(wave.asked)
        ):
            pooled.append(candidate)
    return tuple(reversed(pooled))


def rows_of_waves(
    survey: Survey, units: StudyUnits, outcome_id: str, wave_ids: Sequence[str]
) -> Rows:
    """The rows of one outcome over one wave or several.

    Several waves are held apart by a control for the wave, and the weights of
    each are scaled to its number of respondents, so that no wave counts more
    because its weights are larger numbers.
    """
    waves = [survey[wave_id] for wave_id in wave_ids]
    moments = [moment.id for moment in survey.study.moments if moment.rating is not None]
    controls = [_controls(wave, survey.study.controls) for wave in waves]
    if len(waves) > 1:
        for wave, frame in zip(waves, controls, strict=True):
            frame["wave"] = pd.Categorical([wave.id] * wave.n_rows)
    return Rows(
        drivers=tuple(moments),
        ratings=np.concatenate([wave.ratings[moments].to_numpy() for wave in waves]),
        states=np.concatenate([wave.states[moments].to_numpy() for wave in waves]),
        outcome=np.concatenate([wave.outcomes[outcome_id].to_numpy() for wave in waves]),
        weight=np.concatenate([wave.weight / wave.weight.mean() for wave in waves]),
        controls=pd.concat(controls, ignore_index=True),
        unit=np.concatenate([units.rows[wave.id] for wave in waves]),
    )


def segments_of_waves(survey: Survey, wave_ids: Sequence[str]) -> dict[str, np.ndarray]:
    """The segments that every wave has, for the rows of :func:`rows_of_waves`; None if blank."""
    waves = [survey[wave_id] for wave_id in wave_ids]
    return {
        name: np.concatenate(
            [
                wave.segments[name].astype(object).where(wave.segments[name].notna(), None)
                for wave in waves
            ]
        )
        for name in survey.study.segments
        if all(name in wave.segments for wave in waves)
    }


def _controls(wave: Wave, names: Sequence[str]) -> pd.DataFrame:
    present = [name for name in names if name in wave.controls]
    frame = wave.controls[present].copy()
    for name in present:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype(object)  # levels may differ between waves
    return frame
