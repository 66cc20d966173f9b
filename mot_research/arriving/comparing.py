"""A new wave beside the last one: means, shares of the absences, categories.

Differences carry intervals that count weights, strata and clusters; branches
and customers that both waves share count once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mot_research.arriving.differences import (
    Categories,
    Comparison,
    Interval,
    Shift,
    States,
    Turned,
)
from mot_research.drivers.waves import StudyUnits, study_units
from mot_research.numbers import is_shown, too_few
from mot_research.statistics.drift import (
    pooled_spread,
    total_variation,
    total_variation_by_chance,
)
from mot_research.statistics.means import DomainMean, domain_mean
from mot_research.statistics.resampling import survey_covariance
from mot_research.survey.cells import texts
from mot_research.survey.wave import STATES, Survey, Wave

Array = npt.NDArray[Any]

PARTS = {"moment": "ratings", "outcome": "outcomes", "control": "controls"}
SURE = 3.0  # standard errors of Fisher's z from which a sign is taken for real
MOST_CATEGORIES = 100  # more are ids or verbatims by mistake


def compare_waves(survey: Survey, before: Wave, now: Wave) -> Comparison:
    """Compare what both waves have.

    Parameters
    ----------
    survey : Survey
        Of the study; its rules give the confidence and the seed.
    before, now : Wave
        Without errors. A moment, outcome, segment or control that only one of
        them has is left out.
    """
    both = _Both(survey, before, now)
    return Comparison(
        before.id,
        tuple(both.shifts()),
        tuple(both.states()),
        tuple(both.categories()),
        tuple(_turned(before, now)),
        tuple(one for one in _asked(before) if one not in _asked(now)),
        tuple(one for one in _asked(now) if one not in _asked(before)),
    )


class _Both:
    """Two waves with one numbering of their sampling units."""

    def __init__(self, survey: Survey, before: Wave, now: Wave) -> None:
        self.waves = (before, now)
        self.rules = survey.study.rules
        self.units: StudyUnits = study_units(
            replace(survey, waves={wave.id: wave for wave in self.waves})
        )
        self.z = NormalDist().inv_cdf((1 + self.rules.confidence) / 2)

    def shifts(self) -> Iterator[Shift]:
        for kind, part in PARTS.items():
            before, now = (getattr(wave, part) for wave in self.waves)
            for name in now.columns:
                if name in before and _is_number(before[name]) and _is_number(now[name]):
                    values = (before[name].to_numpy(float), now[name].to_numpy(float))
                    if kind == "control" or self._both_ask(str(name)):
                        yield self._shift(kind, str(name), values)

    def states(self) -> Iterator[States]:
        for moment in filter(self._both_ask, map(str, self.waves[1].states.columns)):
            before, now = (wave.states[moment].to_numpy() for wave in self.waves)
            moved = None
            if all(is_shown(wave.n_rows) for wave in self.waves):
                moved = tuple(
                    self._difference((before == code, now == code), weighted=False)
                    for code in STATES.values()
                )
            yield States(moment, _counts(before), _counts(now), moved)

    def categories(self) -> Iterator[Categories]:
        for part in ("segments", "controls"):
            before, now = (getattr(wave, part) for wave in self.waves)
            for name in now.columns:
                if name not in before or (_is_number(before[name]) and _is_number(now[name])):
                    continue
                yield self._categories(str(name), (_texts(before[name]), _texts(now[name])))

    def _both_ask(self, name: str) -> bool:
        return all(name in _asked(wave) for wave in self.waves)

    def _shift(self, kind: str, name: str, values: tuple[Array, Array]) -> Shift:
        n = [int(np.isfinite(each).sum()) for each in values]
        found = Shift(kind, name, n_before=n[0], n_now=n[1])
        if not all(map(is_shown, n)):
            return replace(found, reason=too_few(min(n)))
        before, now = self._means(values)
        found = replace(found, before=before.estimate, now=now.estimate)
        spread = pooled_spread(*values, *(wave.weight for wave in self.waves))
        if not spread > 0:
            return replace(found, reason="all values are equal")
        apart = self._difference(values)
        scaled = Interval(apart.estimate / spread, apart.lower / spread, apart.upper / spread)
        return replace(found, shift=scaled)

    def _means(
        self, values: tuple[Array, Array], *, weighted: bool = True
    ) -> tuple[DomainMean, DomainMean]:
        before, now = (
            domain_mean(
                np.asarray(each, dtype=float),
                wave.weight if weighted else np.ones(wave.n_rows),
                self.units.rows[wave.id],
                self.units.units.n_units,
            )
            for wave, each in zip(self.waves, values, strict=True)
        )
        return before, now

    def _difference(self, values: tuple[Array, Array], *, weighted: bool = True) -> Interval:
        """Now less before, of means over the values that are there."""
        before, now = self._means(values, weighted=weighted)
        apart = now - before
        half = self.z * apart.std_error(self.units.units.stratum_of_unit)
        return Interval(apart.estimate, apart.estimate - half, apart.estimate + half)

    def _categories(self, name: str, values: tuple[pd.Series, pd.Series]) -> Categories:
        seen = [set(each.dropna()) for each in values]
        gone, new = (tuple(sorted(seen[0] - seen[1])), tuple(sorted(seen[1] - seen[0])))
        n = [int(each.notna().sum()) for each in values]
        if not all(map(is_shown, n)):
            return Categories(name, None, None, new, gone, too_few(min(n)))
        if len(seen[0] | seen[1]) > MOST_CATEGORIES:
            reason = f"not compared: more than {MOST_CATEGORIES} categories"
            return Categories(name, None, None, new, gone, reason)
        there = [each.notna().to_numpy() for each in values]
        pairs = [
            self._means(
                (
                    np.where(there[0], values[0] == label, np.nan),
                    np.where(there[1], values[1] == label, np.nan),
                )
            )
            for label in sorted(seen[0] | seen[1])
        ]
        shares = np.array([[before.estimate, now.estimate] for before, now in pairs])
        scores = np.column_stack([(now - before).scores for before, now in pairs])
        by_chance = total_variation_by_chance(
            survey_covariance(scores, self.units.units.stratum_of_unit),
            confidence=self.rules.confidence,
            seed=self.rules.seed,
        )
        return Categories(name, total_variation(*shares.T), by_chance, new, gone)


def _turned(before: Wave, now: Wave) -> Iterator[Turned]:
    """Yield the moments that go with the first outcome of both waves the other way round."""
    outcome = next((each for each in now.outcomes_asked if each in before.outcomes_asked), None)
    if outcome is None:
        return
    for moment in now.asked:
        if moment not in before.asked:
            continue
        pairs = [
            pd.concat([wave.ratings[moment], wave.outcomes[outcome]], axis=1).dropna()
            for wave in (before, now)
        ]
        if not all(is_shown(len(each)) and (each.nunique() > 1).all() for each in pairs):
            continue
        r = [float(np.corrcoef(each.to_numpy().T)[0, 1]) for each in pairs]
        sure = [
            abs(np.arctanh(np.clip(one, -0.999, 0.999))) * np.sqrt(len(each) - 3) > SURE
            for one, each in zip(r, pairs, strict=True)
        ]
        if r[0] * r[1] < 0 and all(sure):
            yield Turned(moment, outcome, len(pairs[1]), *r)


def _asked(wave: Wave) -> tuple[str, ...]:
    return (*wave.asked, *wave.outcomes_asked)


def _counts(states: Array) -> tuple[int, ...]:
    return tuple(int((states == code).sum()) for code in STATES.values())


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype)


def _texts(column: pd.Series) -> pd.Series:
    """A segment or control as text, whether it holds numbers or categories."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype("str")
    return texts(column)
