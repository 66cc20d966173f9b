"""Warnings of the study as a whole: where its outcomes come from, what its waves asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mot_research.drivers.cautions import RULES, Caution
from mot_research.errors import shown
from mot_research.study.definition import Outcome
from mot_research.survey.wave import Survey, Wave


def of_study(
    survey: Survey, wave_id: str, waves_of: Mapping[str, Sequence[str]]
) -> tuple[Caution, ...]:
    """Every caution of the study for one wave.

    Parameters
    ----------
    survey : Survey
    wave_id : str
        The wave that the findings speak of.
    waves_of : mapping of outcome id to wave ids
        The waves whose rows each analysed outcome used.
    """
    found: list[Caution] = []
    for outcome_id, waves in waves_of.items():
        outcome = survey.study.outcome(outcome_id)
        used = [survey[wave] for wave in waves]
        found += _common_method(outcome)
        found += _older(survey, outcome, waves)
        found += _survivors(outcome, used)
    return (*found, *_changed(survey, wave_id))


def is_later(survey: Survey, outcome: Outcome, waves: Sequence[str]) -> bool:
    """Whether an outcome is known to count from after the interviews of these waves."""
    return (
        outcome.file is not None
        and outcome.after is not None
        and outcome.through is not None
        and all(survey.study.wave(wave).to is not None for wave in waves)
    )


def _common_method(outcome: Outcome) -> Iterator[Caution]:
    """Revenue alone: what people feel can only be asked, what they paid need not be."""
    if outcome.role == "revenue" and outcome.file is None:
        yield Caution(
            "common_method",
            f"{outcome.name} comes from the same file as the ratings. If it was asked in the "
            "same questionnaire, part of its association with them may be mood (common "
            "method): prefer an outcome from the customer records, dated after the survey.",
        )


def _older(survey: Survey, outcome: Outcome, waves: Sequence[str]) -> Iterator[Caution]:
    if outcome.role != "revenue" or outcome.file is None or is_later(survey, outcome, waves):
        return
    starts = [survey.study.wave(wave).from_ for wave in waves]
    through = outcome.through
    before = through is not None and any(s is not None and through <= s for s in starts)
    how = (
        f"ends on {through}, before the interviews began"
        if before
        else "is not known to be later than the interviews"
    )
    yield Caution(
        "older_outcome",
        f"{outcome.name} {how}: then it can't follow from the contact, and the ratings may follow "
        "from it. Use an outcome counted from the interviews on, and say so by after and through "
        "(and to on the waves).",
    )


def _survivors(outcome: Outcome, waves: Sequence[Wave]) -> Iterator[Caution]:
    """An amount or a share from a file that has no row for those who are gone."""
    if outcome.file is None or outcome.kind not in ("amount", "share"):
        return
    values = np.concatenate([wave.outcomes[outcome.id].to_numpy() for wave in waves])
    absent = float(np.isnan(values).mean())
    limit = RULES["survivors"].value
    assert limit is not None
    if absent >= limit and not (values == 0).any():
        yield Caution(
            "survivors",
            f"{absent:.0%} of the respondents have no {outcome.name} and nobody has none of it: "
            "if those who left are missing from the file, this speaks of survivors only. Add "
            "them with 0.",
        )


def _changed(survey: Survey, wave_id: str) -> Iterator[Caution]:
    """The questionnaire against that of the wave before."""
    ids = [wave.id for wave in survey.study.waves if wave.id in survey.waves]
    place = ids.index(wave_id)
    if place == 0:
        return
    before, now = survey[ids[place - 1]], survey[wave_id]
    parts = [
        f"{what} {', '.join(shown(survey.study.moment(name).name) for name in names)}"
        for what, names in (
            ("new", [name for name in now.asked if name not in before.asked]),
            ("no longer asked", [name for name in before.asked if name not in now.asked]),
        )
        if names
    ]
    if parts:
        yield Caution(
            "changed_questionnaire",
            f"The questionnaire changed since {shown(before.id)} ({'; '.join(parts)}). An "
            "importance depends on what else is asked: compare waves on their common moments.",
        )
