"""What customers expected and felt, beside how they rated a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mot_research.drivers.waves import StudyUnits
from mot_research.numbers import SHOWN_FROM
from mot_research.priorities.result import Metric
from mot_research.priorities.wave_means import WaveMeans
from mot_research.statistics.correlation import domain_correlation
from mot_research.survey.wave import Survey, Wave

Promise = Literal["promise_above", "delivery_above", "alike"]


@dataclass(frozen=True)
class Beside:
    """What stands beside the rating of one moment; None where the study names no column.

    Attributes
    ----------
    moment : str
        Its id.
    expected : Metric or None
        Mean of what those who rated it expected.
    gap : Metric or None
        Rating less expectation, person by person.
    emotion : Metric or None
        Mean feeling, on the numbers of its column.
    correlation : Metric or None
        Of feeling and rating, over those who gave both.
    """

    moment: str
    expected: Metric | None = None
    gap: Metric | None = None
    emotion: Metric | None = None
    correlation: Metric | None = None

    @property
    def promise(self) -> Promise | None:
        """Whether the promise is above the delivery beyond chance; None without a gap."""
        gap = self.gap
        if gap is None or gap.ci_lower is None or gap.ci_upper is None:
            return None
        if gap.ci_upper < 0:
            return "promise_above"
        return "delivery_above" if gap.ci_lower > 0 else "alike"


def expectations_and_emotions(survey: Survey, units: StudyUnits, wave_id: str) -> dict[str, Beside]:
    """Expectation and emotion of each moment that names a column of either.

    Parameters
    ----------
    survey : Survey
    units : StudyUnits
    wave_id : str

    Returns
    -------
    dict of moment id to Beside
    """
    means, wave = WaveMeans(units, survey.study.rules.confidence), survey[wave_id]
    found = {}
    for moment in survey.study.moments:
        if moment.expected is None and moment.emotion is None:
            continue
        expected = gap = emotion = correlation = None
        if moment.expected is not None:
            expected, gap = _expectation(means, wave, moment.id)
        if moment.emotion is not None:
            emotion, correlation = _emotion(means, wave, moment.id)
        found[moment.id] = Beside(moment.id, expected, gap, emotion, correlation)
    return found


def _expectation(means: WaveMeans, wave: Wave, moment: str) -> tuple[Metric, Metric]:
    if moment not in wave.asked or moment not in wave.expected:
        none = Metric(None, reason=f"expectations were not asked in wave {wave.id}")
        return none, none
    expected = wave.expected[moment].to_numpy()
    gap = wave.ratings[moment].to_numpy() - expected
    both = np.where(np.isfinite(gap), expected, np.nan)
    return means.metric(means.mean(wave, both)), means.metric(means.mean(wave, gap))


def _emotion(means: WaveMeans, wave: Wave, moment: str) -> tuple[Metric, Metric]:
    if moment not in wave.emotion:
        none = Metric(None, reason=f"the feeling was not asked in wave {wave.id}")
        return none, none
    feeling = wave.emotion[moment].to_numpy()
    return means.metric(means.mean(wave, feeling)), _correlation(means, wave, moment, feeling)


def _correlation(means: WaveMeans, wave: Wave, moment: str, feeling: np.ndarray) -> Metric:
    """With an interval on Fisher's scale, so that it stays within −1 and 1."""
    if moment not in wave.asked:
        return Metric(None, reason=f"not asked in wave {wave.id}")
    units = means.units
    found = domain_correlation(
        wave.ratings[moment].to_numpy(),
        feeling,
        wave.weight,
        units.rows[wave.id],
        units.units.n_units,
    )
    plain, r = means.metric(found), found.estimate
    if found.n >= SHOWN_FROM and np.isnan(r):
        return Metric(None, n=found.n, reason="feeling or rating is the same for everybody")
    if plain.value is None or abs(r) >= 1:
        return Metric(plain.value, n=plain.n, reason=plain.reason)
    half = means.half_width(found) / (1 - r**2)
    lower, upper = (float(np.tanh(np.arctanh(r) + sign * half)) for sign in (-1, 1))
    return Metric(r, lower, upper, found.n)
