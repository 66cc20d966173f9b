"""The process activity map: how customers go from moment to moment, and what happens at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mot_research.statistics.distributions import t_quantile
from mot_research.study.definition import Study
from mot_research.survey.recordings import MARKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class ActivityMap:
    """Recorded steps, put together.

    Counts are whole; what may be shown is decided where they are shown.

    Attributes
    ----------
    n_customers, n_steps : int
        Who recorded, and how many steps in all.
    confidence : float
        Of the intervals of the emotions.
    steps : DataFrame, indexed by moment, in the order in which customers come to them
        ``customers`` who recorded it; ``steps`` of each mark (``moment_of_truth``,
        ``internal_interaction``, ``decision_point``) and ``customers_<mark>`` who recorded them;
        ``place``, the median over customers of how far along their own way it came, 0 to 1;
        ``emotion`` with ``emotion_ci_lower``, ``emotion_ci_upper`` and ``emotion_n``: mean over
        customers of each one's mean, −2 to 2, and how many noted one.
    ways : DataFrame
        ``from``, ``to`` (moments), ``customers`` who went from one directly to the other,
        ``back`` whether that is against the usual order. The most used first.
    """

    n_customers: int
    n_steps: int
    confidence: float
    steps: pd.DataFrame
    ways: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the counts of each moment."""
        return self.steps.copy()

    def plot(self, ax: Axes | None = None, *, names: dict[str, str] | None = None) -> Axes:
        """Draw the map: moments in their usual order, the ways between them, the marks."""
        from mot_research.report.activity_chart import activity_chart

        return activity_chart(self, ax=ax, names=names)


def activity_map(study: Study, steps: pd.DataFrame) -> ActivityMap | None:
    """Put recorded steps together; None where there are none.

    Parameters
    ----------
    study : Study
        Gives the confidence of the intervals, and the order of moments that come equally early.
    steps : DataFrame
        As :func:`mot_research.survey.recordings.recordings_of` returns them. Steps at the same
        moment in a row count as one stop on the way.
    """
    if steps.empty:
        return None
    moments = [moment.id for moment in study.moments if moment.id in set(steps["moment"])]
    new = (steps["respondent"] != steps["respondent"].shift()) | (
        steps["moment"] != steps["moment"].shift()
    )
    stops = steps.loc[new, ["respondent", "moment"]].reset_index(drop=True)
    by_customer = stops.groupby("respondent", sort=False)
    last = by_customer["moment"].transform("size") - 1
    along = by_customer.cumcount() / last.where(last > 0)
    first_stops = stops.assign(along=along.fillna(0.5)).groupby(["moment", "respondent"])["along"]
    place = first_stops.min().groupby("moment").median().reindex(moments)
    order = list(place.sort_values(kind="stable").index)
    table = pd.DataFrame(index=pd.Index(order, name="moment"))
    table["customers"] = steps.groupby("moment")["respondent"].nunique()
    for mark in MARKS:
        marked = steps[steps["mark"] == mark].groupby("moment")["respondent"]
        table[mark] = marked.size()
        table[f"customers_{mark}"] = marked.nunique()
    table = table.fillna(0).astype("int64")
    table["place"] = place
    confidence = study.rules.confidence
    return ActivityMap(
        n_customers=int(steps["respondent"].nunique()),
        n_steps=len(steps),
        confidence=confidence,
        steps=table.join(_emotions(steps, confidence)),
        ways=_ways(stops, order),
    )


def _emotions(steps: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Mean of the customers' own means, with Student's interval over customers."""
    own = steps.groupby(["moment", "respondent"])["emotion"].mean().dropna()
    by_moment = own.groupby("moment")
    n, mean = by_moment.size(), by_moment.mean()
    half = t_quantile((1 + confidence) / 2, n - 1) * by_moment.std() / np.sqrt(n)
    return pd.DataFrame(
        {
            "emotion": mean,
            "emotion_ci_lower": mean - half,
            "emotion_ci_upper": mean + half,
            "emotion_n": n,
        }
    )


def _ways(stops: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    following = stops.shift(-1)
    same = stops["respondent"] == following["respondent"]
    pairs = pd.DataFrame(
        {
            "from": stops.loc[same, "moment"],
            "to": following.loc[same, "moment"],
            "respondent": stops.loc[same, "respondent"],
        }
    )
    counted = pairs.groupby(["from", "to"])["respondent"].nunique().rename("customers")
    ways = counted.reset_index().sort_values(
        ["customers", "from", "to"], ascending=[False, True, True], ignore_index=True
    )
    place = {moment: position for position, moment in enumerate(order)}
    ways["back"] = ways["from"].map(place) > ways["to"].map(place)
    return ways
