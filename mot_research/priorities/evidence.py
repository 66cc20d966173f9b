"""The evidence on each moment: fifteen metrics, each with its interval or its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mot_research.drivers.asymmetry import Asymmetry
from mot_research.drivers.missed_contacts import MissedContact
from mot_research.drivers.result import DriverResult
from mot_research.drivers.waves import StudyUnits
from mot_research.numbers import SHOWN_FROM, SUPPRESSED_BELOW, too_few
from mot_research.priorities.answered import answered_in_time
from mot_research.priorities.result import METRICS, Metric
from mot_research.priorities.voice import NO_VOICE, VoiceOfWave
from mot_research.priorities.wave_means import WaveMeans
from mot_research.statistics.means import DomainMean
from mot_research.statistics.resampling import percentile_interval
from mot_research.study.consensus import Consensus
from mot_research.study.definition import Moment
from mot_research.survey.wave import Survey, Wave


@dataclass(frozen=True)
class Deciding:
    """The analysis that decides for one role."""

    role: str
    outcome: str
    result: DriverResult
    asymmetry: Asymmetry
    missed: tuple[MissedContact, ...] = ()


def evidence(
    survey: Survey,
    units: StudyUnits,
    wave_id: str,
    deciding: Mapping[str, Deciding],
    agreed: Consensus | None,
    voice: VoiceOfWave | None,
    confidence: float,
    at_stake: Mapping[str, Metric] | None = None,
) -> dict[str, dict[str, Metric]]:
    """The fifteen metrics of every moment of the study.

    Parameters
    ----------
    survey : Survey
    units : StudyUnits
    wave_id : str
        Ratings and reach are of this wave.
    deciding : mapping of role to Deciding
        What importance, penalty and reward are read from.
    agreed : Consensus or None
        Of the workshop, where there were votes.
    voice : VoiceOfWave or None
        What the customers say, where the study has it.
    confidence : float
    at_stake : mapping of moment id to Metric, optional
        Revenue at stake.

    Returns
    -------
    dict of moment id to dict of metric name to Metric
        In the order of the study, and of ``METRICS``.
    """
    wave = survey[wave_id]
    before = previous_wave(survey, wave_id)
    found = {}
    for moment in survey.study.moments:
        metrics = _ratings(survey, units, wave, before, moment, confidence)
        if survey.contacts is not None and moment.id in survey.contacts.fired:
            means = WaveMeans(units, confidence)
            metrics["answered_in_time"] = answered_in_time(
                survey.contacts, moment.id, means, wave, metrics["answered_in_time"]
            )
        for role in ("relationship", "revenue"):
            metrics[f"importance_{role}"] = _importance(deciding.get(role), role, moment.id)
        metrics["penalty"], metrics["reward"] = _extremes(deciding, moment.id)
        said = None if voice is None else voice.moments[moment.id]
        metrics["mentions"] = NO_VOICE if said is None else said.mentions
        metrics["negative_share"] = NO_VOICE if said is None else said.negative_share
        metrics["consensus"] = _chosen(agreed, moment.id)
        metrics["revenue_at_stake"] = _at_stake(at_stake or {}, moment.id, metrics["mean_rating"])
        found[moment.id] = {name: metrics[name] for name in METRICS}
    return found


def _chosen(agreed: Consensus | None, moment_id: str) -> Metric:
    """Share of the silos that chose it; the interval is that of other people of the same silos."""
    if agreed is None:
        return Metric(None, reason="no votes: name them under workshop: votes")
    if moment_id not in agreed.moments.index or not agreed.moments.at[moment_id, "n_silos"]:
        return Metric(None, reason="nobody voted on it")
    columns = ["chosen", "ci_lower", "ci_upper"]
    value, lower, upper = agreed.moments.loc[moment_id, columns].to_numpy(float)
    ends = (float(lower), float(upper)) if np.isfinite(lower) else (None, None)
    return Metric(float(value), *ends)


def previous_wave(survey: Survey, wave_id: str) -> Wave | None:
    """The last usable wave before this one."""
    earlier = [wave.id for wave in survey.study.waves]
    earlier = earlier[: earlier.index(wave_id)]
    usable = [survey.waves[name] for name in earlier if name in survey.waves]
    return usable[-1] if usable else None


def _ratings(
    survey: Survey,
    units: StudyUnits,
    wave: Wave,
    before: Wave | None,
    moment: Moment,
    confidence: float,
) -> dict[str, Metric]:
    names = (
        "reach",
        "mean_rating",
        "top_box",
        "bottom_box",
        "gap_to_expectation",
        "answered_in_time",
        "trend",
    )
    if moment.rating is None:
        return dict.fromkeys(names, Metric(None, reason="it has no rating in the survey"))
    if moment.id not in wave.asked:
        return dict.fromkeys(names, Metric(None, reason=f"not asked in wave {wave.id}"))
    scale = survey.study.ratings_for(moment)
    rating = wave.ratings[moment.id].to_numpy()

    ask = WaveMeans(units, confidence)
    mean = ask.of_raters(wave, moment.id, rating)
    squares = ask.of_raters(wave, moment.id, (rating - mean.estimate) ** 2)
    if moment.expected is not None and moment.id in wave.expected:
        gap = rating - wave.expected[moment.id].to_numpy()
    else:
        gap = rating - scale.target
    return {
        "reach": ask.share(ask.reach(wave, moment.id)),
        "mean_rating": ask.metric(mean),
        "top_box": ask.share(ask.of_raters(wave, moment.id, np.isin(rating, scale.top_box))),
        "bottom_box": ask.share(ask.of_raters(wave, moment.id, np.isin(rating, scale.bottom_box))),
        "gap_to_expectation": ask.metric(ask.of_raters(wave, moment.id, gap)),
        "answered_in_time": _spread(ask.metric(squares)),
        "trend": _trend(ask, mean, before, moment),
    }


def _at_stake(at_stake: Mapping[str, Metric], moment_id: str, mean: Metric) -> Metric:
    """Counted from the ratings of the wave: as few as they may be shown."""
    found = at_stake.get(moment_id, Metric(None, reason="no revenue outcome was analysed"))
    if found.value is None:
        return found
    return replace(found, n=mean.n) if mean.value is not None else mean


def _trend(ask: WaveMeans, mean: DomainMean, before: Wave | None, moment: Moment) -> Metric:
    if before is None:
        return Metric(None, reason="there is no earlier wave")
    if moment.id not in before.asked:
        return Metric(None, reason=f"not asked in wave {before.id}")
    earlier = ask.of_raters(before, moment.id, before.ratings[moment.id].to_numpy())
    return ask.metric(mean - earlier)


def _spread(variance: Metric) -> Metric:
    """Standard deviation of the ratings from their variance, by the delta method."""
    if variance.value is None or variance.ci_upper is None or variance.value <= 0:
        return variance
    sd = float(np.sqrt(variance.value))
    half = (variance.ci_upper - variance.value) / (2 * sd)
    return Metric(sd, max(sd - half, 0.0), sd + half, variance.n)


def _importance(deciding: Deciding | None, role: str, moment_id: str) -> Metric:
    if deciding is None:
        return Metric(None, reason=f"no outcome of the role {role} in this wave")
    result = deciding.result
    if moment_id in result.not_tested:
        return Metric(None, reason=result.not_tested[moment_id])
    if moment_id not in result.table.index:
        return Metric(None, reason="it has no rating in the survey")
    if not result.is_ranked:
        return Metric(None, reason="too few rated two moments to share importance out")
    row = result.row(moment_id)
    lower, upper = share_interval(result, moment_id)
    return Metric(row["share"], lower, upper, int(row["n"]))


def share_interval(result: DriverResult, moment_id: str) -> tuple[float | None, float | None]:
    """Percentile interval of a share, its lower end 0 where lmg's is."""
    if not len(result.lmg_draws):
        return None, None
    shares = result.lmg_draws / result.lmg_draws.sum(axis=1, keepdims=True)
    place = result.tested.index(moment_id)
    lower, upper = percentile_interval(shares[:, place], result.confidence)
    none = result.row(moment_id)["ci_lower"] == 0
    return (0.0 if none else float(lower)), float(upper)


def _extremes(deciding: Mapping[str, Deciding], moment_id: str) -> tuple[Metric, Metric]:
    """Penalty and reward, from the relationship's model or else the revenue's."""
    for role in ("relationship", "revenue"):
        if role in deciding and moment_id in deciding[role].asymmetry.table.index:
            row = deciding[role].asymmetry.row(moment_id)
            return _extreme(row, "penalty", row["n_low"]), _extreme(row, "reward", row["n_high"])
    missing = Metric(None, reason="not tested against any outcome")
    return missing, missing


def _extreme(row: Mapping[str, Any], name: str, n_effective: float) -> Metric:
    if np.isnan(row[name]):
        return Metric(None, reason=row["reason"])
    n = int(n_effective)
    if n < SHOWN_FROM:
        return Metric(None, n=n if n >= SUPPRESSED_BELOW else None, reason=too_few(n))
    lower, upper = row[f"{name}_ci_lower"], row[f"{name}_ci_upper"]
    return Metric(row[name], lower, upper, n)
