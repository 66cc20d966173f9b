"""Who answers for what: whole stages and single silos, each with all of their moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from mot_research.drivers.result import DriverResult
from mot_research.drivers.waves import StudyUnits
from mot_research.priorities.moment_means import MomentMeans
from mot_research.priorities.operational import beside_ratings
from mot_research.priorities.result import Metric, Priorities
from mot_research.priorities.rules import Verdict
from mot_research.priorities.scorecard import Line, Scorecard
from mot_research.priorities.verdicts import grades
from mot_research.priorities.wave_means import WaveMeans
from mot_research.statistics.resampling import percentile_interval
from mot_research.study.definition import Moment, Study
from mot_research.survey.operations import metrics_by_wave
from mot_research.survey.wave import Survey

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
NOT_RANKED = "too few rated two moments to share importance out"


def scorecard(
    survey: Survey,
    units: StudyUnits,
    wave_id: str,
    priorities: Priorities,
    drivers: Mapping[str, DriverResult],
) -> Scorecard:
    """Hold stages and owners accountable for all of their moments.

    Parameters
    ----------
    survey : Survey
    units : StudyUnits
    wave_id : str
        Ratings are of this wave and the usable one before it.
    priorities : Priorities
        The verdicts that are counted.
    drivers : mapping of outcome id to DriverResult
        Every analysed outcome; the first of a role gives its importance.
    """
    study = survey.study
    means = MomentMeans.of(survey, WaveMeans(units, study.rules.confidence), wave_id)
    deciding: dict[str, DriverResult] = {}
    for outcome in study.outcomes:
        if outcome.id in drivers:
            deciding.setdefault(outcome.role, drivers[outcome.id])
    lines = _Lines(means, priorities, deciding)
    stages = lines.of_stages(study)
    metrics = metrics_by_wave(study, survey.operations)
    return Scorecard(
        wave=wave_id,
        earlier=None if means.before is None else means.before.id,
        stages=stages,
        owners=lines.of_owners(study),
        ratings=_ratings(stages, means),
        operations=beside_ratings(study, metrics, means),
        metrics=metrics,
        goals=_goals(study, wave_id, drivers),
        confidence=study.rules.confidence,
    )


@dataclass(frozen=True)
class _Lines:
    """What a line is made from."""

    means: MomentMeans
    priorities: Priorities
    deciding: Mapping[str, DriverResult]

    def of_stages(self, study: Study) -> tuple[Line, ...]:
        by_stage: dict[str, list[Moment]] = {stage.id: [] for stage in study.stages}
        for moment in study.moments:
            by_stage.setdefault(moment.stage or "", []).append(moment)
        if not any(moment.stage for moment in study.moments):
            by_stage = {"": list(study.moments)}
        called = {stage.id: stage.name for stage in study.stages} | {"": ""}
        return tuple(
            self._line(key, called[key], moments, lambda moment: moment.owner or "")
            for key, moments in by_stage.items()
        )

    def of_owners(self, study: Study) -> tuple[Line, ...]:
        by_owner: dict[str, list[Moment]] = {}
        for moment in sorted(study.moments, key=lambda moment: not moment.owner):
            by_owner.setdefault(moment.owner or "", []).append(moment)
        return tuple(
            replace(
                self._line(owner, owner, moments, lambda moment: moment.stage or ""),
                partner_of=tuple(
                    moment.id
                    for moment in study.moments
                    if owner in moment.partners and moment.owner != owner
                ),
            )
            for owner, moments in by_owner.items()
        )

    def _line(
        self, key: str, name: str, moments: Sequence[Moment], other: Callable[[Moment], str]
    ) -> Line:
        ids = tuple(moment.id for moment in moments)
        verdicts = [self.priorities[name].verdict for name in ids]
        rating, rated = self.means.rating(self.means.wave, ids)
        change, compared = self.means.change(ids)
        across: dict[str, list[str]] = {}
        for moment in moments:
            across.setdefault(other(moment), []).append(moment.id)
        return Line(
            key=key,
            name=name,
            moments=ids,
            verdicts={verdict: verdicts.count(verdict) for verdict in VERDICTS},
            rating=rating,
            change=change,
            rated=rated,
            compared=compared,
            importance={role: share_of(result, ids) for role, result in self.deciding.items()},
            across={name: tuple(own) for name, own in sorted(across.items(), key=_named_first)},
            partners=_once(name for moment in moments for name in moment.partners),
            handoffs=_once(name for moment in moments for name in moment.handoffs),
            metrics=_once(name for moment in moments for name in moment.metrics),
        )


def _named_first(entry: tuple[str, list[str]]) -> tuple[bool, int]:
    """Who has most comes first, nobody last."""
    name, moments = entry
    return not name, -len(moments)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def share_draws(result: DriverResult, moments: Iterable[str]) -> np.ndarray:
    """Share of the importance of some moments together, in each draw (n_resamples,)."""
    places = [place for place, name in enumerate(result.tested) if name in set(moments)]
    together: np.ndarray = result.lmg_draws[:, places].sum(axis=1)
    return together / result.lmg_draws.sum(axis=1)


def share_of(result: DriverResult, moments: Sequence[str]) -> Metric:
    """Share of the importance of some moments together, with its percentile interval.

    The lower end is 0 where that of each moment is.
    """
    if not moments:
        return Metric(None, reason="it has no moment")
    if not result.is_ranked:
        return Metric(None, reason=NOT_RANKED)
    tested = [name for name in result.tested if name in set(moments)]
    if not tested:
        return Metric(None, reason="no moment of it was tested")
    value = float(result.table.loc[tested, "share"].sum())
    if not len(result.lmg_draws):
        return Metric(value, n=result.n_obs)
    lower, upper = percentile_interval(share_draws(result, tested), result.confidence)
    none = bool((result.table.loc[tested, "ci_lower"] == 0).all())
    return Metric(value, 0.0 if none else float(lower), float(upper), result.n_obs)


def _ratings(stages: Sequence[Line], means: MomentMeans) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for line in stages:
        for wave in means.survey.waves.values():
            metric, _ = means.rating(wave, line.moments)
            rows.append({"stage": line.key, "wave": wave.id, "rating": metric.value})
            rows[-1] |= {name: getattr(metric, name) for name in ("ci_lower", "ci_upper", "n")}
            rows[-1]["reason"] = metric.reason
    return pd.DataFrame(rows).astype(dict.fromkeys(("rating", "ci_lower", "ci_upper", "n"), float))


GOAL_NUMBERS = ("effect", "ci_lower", "ci_upper", "q_value")


def _goals(study: Study, wave_id: str, drivers: Mapping[str, DriverResult]) -> pd.DataFrame:
    rows = [
        {"moment": moment, "outcome": outcome.id, "goal": outcome.goal, "grade": grade.grade}
        | {name: getattr(grade, name) for name in GOAL_NUMBERS}
        | {"reason": grade.reason}
        for outcome in study.outcomes
        if outcome.id in drivers
        for moment, grade in grades(study, wave_id, outcome, drivers[outcome.id]).items()
    ]
    columns = ["moment", "outcome", "goal", "grade", *GOAL_NUMBERS, "reason"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(GOAL_NUMBERS, float))
