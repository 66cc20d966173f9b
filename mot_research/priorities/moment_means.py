"""Mean ratings of several moments together, each moment counting once.

The interval counts clusters, and that the same people rated several of the
moments: the influences of the means are averaged before they are squared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mot_research.numbers import SHOWN_FROM
from mot_research.priorities.evidence import previous_wave
from mot_research.priorities.result import Metric
from mot_research.priorities.wave_means import WaveMeans
from mot_research.statistics.means import DomainMean, average
from mot_research.survey.wave import RATED, Survey, Wave


@dataclass(frozen=True)
class MomentMeans:
    """Means of moments in this wave, and their change since the usable one before."""

    survey: Survey
    means: WaveMeans
    wave: Wave
    before: Wave | None

    @classmethod
    def of(cls, survey: Survey, means: WaveMeans, wave_id: str) -> MomentMeans:
        """For one wave and the usable one before it."""
        return cls(survey, means, survey[wave_id], previous_wave(survey, wave_id))

    def rated(self, wave: Wave, moments: Iterable[str]) -> tuple[str, ...]:
        """Those that at least 30 rated in a wave: no mean gives away one that may not show."""
        return tuple(
            name
            for name in moments
            if name in wave.asked and int((wave.states[name] == RATED).sum()) >= SHOWN_FROM
        )

    def mean(self, wave: Wave, moments: Sequence[str]) -> DomainMean:
        columns = wave.ratings[list(moments)]
        people = int(columns.notna().any(axis=1).sum())
        return average(
            [self.means.mean(wave, columns[name].to_numpy()) for name in moments], people
        )

    def rating(self, wave: Wave, moments: Sequence[str]) -> tuple[Metric, tuple[str, ...]]:
        """The mean of their mean ratings, and which of them are in it."""
        kept = self.rated(wave, moments)
        reason = self._no_rating(wave, moments, kept)
        if reason:
            return Metric(None, reason=reason), ()
        return self.means.metric(self.mean(wave, kept)), kept

    def change(self, moments: Sequence[str]) -> tuple[Metric, tuple[str, ...]]:
        """The change of that mean since the wave before, over moments of both."""
        before = self.before
        if before is None:
            return Metric(None, reason="there is no earlier wave"), ()
        kept = self.rated(before, self.rated(self.wave, moments))
        reason = self._no_rating(self.wave, moments, self.rated(self.wave, moments))
        if not kept or reason:
            return Metric(None, reason=reason or f"no moment of it was rated in {before.id}"), ()
        difference = self.mean(self.wave, kept) - self.mean(before, kept)
        return self.means.metric(difference), kept

    def _no_rating(self, wave: Wave, moments: Sequence[str], kept: Sequence[str]) -> str:
        study = self.survey.study
        if not moments:
            return "it has no moment"
        if not any(study.moment(name).rating for name in moments):
            return "none of its moments has a rating in the survey"
        if not kept:
            return f"no moment of it was rated by {SHOWN_FROM} in wave {wave.id}"
        scales = [study.ratings_for(study.moment(name)) for name in kept]
        if len({(scale.low, scale.high) for scale in scales}) > 1:
            return "its moments are rated on different scales"
        return ""
