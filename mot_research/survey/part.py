"""The customers of one value of a segment, as a survey of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from mot_research.errors import StudyError, SurveyError, shown
from mot_research.numbers import SUPPRESSED_BELOW, count
from mot_research.study.definition import Study
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.contacts import Contacts, Fired
from mot_research.survey.suppression import COMPLEMENTARY, SegmentCounts
from mot_research.survey.voice import NOBODY, Voice
from mot_research.survey.wave import Survey, Wave


class Part(NamedTuple):
    """A segment and one of its values."""

    segment: str
    value: str

    def __str__(self) -> str:
        """Return it as people write it on the command line."""
        return f"{self.segment}={self.value}"

    @property
    def in_words(self) -> str:
        """Return it as it stands in a report."""
        return f"{self.segment}: {self.value}"


def named_part(study: Study, text: str) -> Part:
    """Return the part that a text such as plan=prepaid names.

    Raises
    ------
    StudyError
        No value is named, or the study has no such segment.
    """
    name, is_given, value = text.partition("=")
    if not is_given:
        raise StudyError(
            f"{shown(text)!r} names no value of a segment. Write it as segment=value, as in "
            "plan=prepaid."
        )
    return Part(checked_segment(study, name), value)


def checked_segment(study: Study, name: str) -> str:
    """Return a segment's name; StudyError where the study has no such segment."""
    if name not in study.segments:
        raise StudyError(
            f"the study has no segment '{shown(name)}'.{did_you_mean(name, study.segments)} "
            f"Its segments: {', '.join(map(shown, study.segments)) or 'none'}."
        )
    return name


def parts_of(survey: Survey, wave_id: str, segment: str) -> dict[Part, str]:
    """Return each value of a segment in one wave, and why there can be no report on it.

    Returns
    -------
    mapping of Part to str
        "" where there can: enough answered, after weighting, for a driver analysis
        (``rules: min_n``), and its numbers don't tell the count of a value of fewer than 10.
    """
    wave = survey[wave_id]
    least = survey.study.rules.min_n
    values = wave.segments[checked_segment(survey.study, segment)]
    hidden = SegmentCounts.of(wave.segments).suppressed().loc[segment]
    found = {}
    for value in sorted(values.dropna().unique()):
        weight = wave.weight[(values == value).to_numpy()]
        effective = weight.sum() ** 2 / max(np.square(weight).sum(), np.finfo(float).tiny)
        n = f"fewer than {SUPPRESSED_BELOW}"
        if len(weight) >= SUPPRESSED_BELOW:
            n = f"{count(len(weight))} answers, worth {count(effective)} after weighting,"
        too_few = f"{n} in wave {shown(wave_id)}; a report needs {count(least)}"
        reason = too_few if effective < least else ""
        is_beside = hidden[str(value)] == COMPLEMENTARY
        found[Part(segment, str(value))] = COMPLEMENTARY if is_beside else reason
    return found


def part_of(survey: Survey, part: Part) -> Survey:
    """Return the survey of some customers: their answers, comments and contacts alone.

    Votes and operational metrics are the company's and stay. What the study says of all of its
    customers together, their number and what moments cost, is not known of a part and goes. So do
    the other segments: counts of a part of a part would tell those of the other parts.

    Raises
    ------
    SurveyError
        Nobody in any wave has the value.
    """
    of_part = {
        name: (wave.segments[part.segment] == part.value).to_numpy(dtype=bool, na_value=False)
        for name, wave in survey.waves.items()
        if part.segment in wave.segments
    }
    if not any(mask.any() for mask in of_part.values()):
        values = {str(v) for wave in survey.waves.values() for v in _values(wave, part.segment)}
        raise SurveyError(
            f"nobody has {shown(str(part))}.{did_you_mean(part.value, sorted(values))} "
            f"Values of {shown(part.segment)}: {', '.join(map(shown, sorted(values))) or 'none'}."
        )
    waves = {name: survey.waves[name].subset(mask) for name, mask in of_part.items() if mask.any()}
    return replace(
        survey,
        study=_study_of(survey.study),
        waves=MappingProxyType(waves),
        contacts=None if survey.contacts is None else _contacts_of(survey.contacts, waves),
        voice=None if survey.voice is None else _voice_of(survey.voice, of_part),
        recordings=None if survey.recordings is None else _recordings_of(survey.recordings, waves),
    )


def _values(wave: Wave, segment: str) -> list[object]:
    return list(wave.segments[segment].dropna().unique()) if segment in wave.segments else []


def _study_of(study: Study) -> Study:
    moments = [moment.model_copy(update={"cost_per_year": None}) for moment in study.moments]
    about = study.about.model_copy(update={"population": None})
    return study.model_copy(update={"about": about, "moments": tuple(moments), "segments": ()})


def _contacts_of(contacts: Contacts, waves: Mapping[str, Wave]) -> Contacts:
    """Return the due contacts of those who answered: of nobody else the part is known."""
    ids = _respondents(waves)
    fired = {
        name: Fired(
            one.moment,
            one.table[one.table["respondent"].isin(ids)].reset_index(drop=True),
            one.before[one.before.index.isin(ids)],
        )
        for name, one in contacts.fired.items()
    }
    return replace(
        contacts, fired=MappingProxyType(fired), n_customers=len(ids), surveyed_share=1.0
    )


def _respondents(waves: Mapping[str, Wave]) -> set[str]:
    return {
        str(name)
        for wave in waves.values()
        if wave.respondent is not None
        for name in wave.respondent.dropna()
    }


def _recordings_of(steps: pd.DataFrame, waves: Mapping[str, Wave]) -> pd.DataFrame:
    return steps[steps["respondent"].isin(_respondents(waves))].reset_index(drop=True)


def _voice_of(voice: Voice, of_part: Mapping[str, np.ndarray]) -> Voice:
    """Return the comments of the part, each with its respondent's place in the smaller wave."""
    comments = voice.comments
    place = pd.Series(NOBODY, index=comments.index)
    for name, mask in of_part.items():
        here = (comments["wave"] == name) & (comments["row"] != NOBODY)
        rows = comments.loc[here, "row"].to_numpy()
        place[here] = np.where(mask[rows], np.cumsum(mask)[rows] - 1, NOBODY)
    kept = place != NOBODY
    number = pd.Series(np.cumsum(kept) - 1, index=comments.index)
    mentions = voice.mentions[voice.mentions["comment"].isin(comments.index[kept])]
    return replace(
        voice,
        comments=comments.assign(row=place)[kept].reset_index(drop=True),
        mentions=mentions.assign(comment=number[mentions["comment"]].to_numpy()).reset_index(
            drop=True
        ),
    )
