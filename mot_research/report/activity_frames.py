"""Recorded journeys as they may leave the house: counts of few customers are empty."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mot_research.numbers import SHOWN_FROM, SUPPRESSED_BELOW
from mot_research.survey.activity import ActivityMap
from mot_research.survey.recordings import MARKS

EMOTION = ("emotion", "emotion_ci_lower", "emotion_ci_upper")


def steps_frame(activity: ActivityMap) -> pd.DataFrame:
    """Return a row a moment: customers, steps of each mark, place, emotion with its interval.

    A count behind which stand 1 to 9 customers is empty, as is an emotion of fewer than 30.
    """
    steps = activity.steps
    shown = pd.DataFrame({"moment": steps.index, "place": steps["place"].to_numpy()})
    shown.insert(1, "customers", _hidden(steps["customers"], steps["customers"]))
    for mark in MARKS:
        shown[mark] = _hidden(steps[mark], steps[f"customers_{mark}"])
    n = steps["emotion_n"].fillna(0)
    for name in EMOTION:
        shown[name] = steps[name].where(n >= SHOWN_FROM).to_numpy()
    shown["emotion_n"] = _hidden(n, n)
    return shown


def ways_frame(activity: ActivityMap) -> pd.DataFrame:
    """Return the ways that at least 10 customers took, the most used first."""
    ways = activity.ways
    return ways[ways["customers"] >= SUPPRESSED_BELOW].reset_index(drop=True)


def _hidden(counts: pd.Series, customers: pd.Series) -> np.ndarray:
    few = customers.between(1, SUPPRESSED_BELOW - 1)
    return counts.astype("float64").mask(few).to_numpy()
