"""Metric 10 of a moment with a trigger: how many of those due were answered in time."""

from __future__ import annotations

import numpy as np

from mot_research.numbers import SHOWN_FROM, SUPPRESSED_BELOW, too_few
from mot_research.priorities.result import Metric
from mot_research.priorities.wave_means import WaveMeans
from mot_research.survey.contacts import MISSED, Contacts
from mot_research.survey.wave import Wave


def answered_in_time(
    contacts: Contacts, moment_id: str, means: WaveMeans, wave: Wave, otherwise: Metric
) -> Metric:
    """Share answered in time among those answered in time or missed.

    Of a sample's log, the weighted share among the wave's respondents; of a log of all
    customers, the share of the log, with Wilson's interval. ``otherwise`` where the trigger
    names no answer.
    """
    fired = contacts.fired[moment_id]
    trigger = fired.moment.trigger
    if trigger is None or trigger.answer is None:
        return otherwise
    value = fired.table["status"].map({"in_time": 1.0} | dict.fromkeys(MISSED, 0.0)).astype(float)
    if contacts.of_a_survey and wave.respondent is not None:
        by_id = value.set_axis(fired.table["respondent"])
        return means.share(means.mean(wave, by_id.reindex(wave.respondent).to_numpy()))
    decided = value.dropna()
    n = len(decided)
    if n < SHOWN_FROM:
        return Metric(None, n=n if n >= SUPPRESSED_BELOW else None, reason=too_few(n))
    from scipy import stats

    interval = stats.binomtest(int(decided.sum()), n).proportion_ci(means.confidence, "wilson")
    return Metric(float(np.mean(decided)), float(interval.low), float(interval.high), n)
