"""Many studies of a scenario, as coverages and frequencies with their Monte Carlo errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .intervals import Intervals
from .records import Record
from .surveys import Scenario
from .truth import Truth

PRODUCT = "mot_research"
ENOUGH = 100  # raters; of a penalty or a reward those who gave such a rating
COUNTED = {  # kind of interval → what it rests on
    "reach": (),
    "reward": ("high",),
    "penalty": ("low",),
    "asymmetry": ("high", "low"),
    "penalty_reward_difference": ("high", "low"),
    "change of the outcome": (),
    "parts of the change": (),
}
SHARES = ("lmg", "share", "binary: lmg")
SMALL_SHARE = 0.005
DIGITS = 4

Summary = dict[str, Any]


def summarise(scenario: Scenario, records: Sequence[Record], truth: Truth) -> Summary:
    """Plain numbers, ready for JSON: intervals where the scenario is about them, and figures.

    A coverage is the mean over moments within a study, then over studies; its
    Monte Carlo error comes from the spread between studies. Moments with fewer
    than 100 raters on average (for a penalty: low ratings, for a reward: top
    ratings), or whose true importance is below .005, stand in groups of their
    own.
    """
    counts = {
        name: np.mean([record.counts[name] for record in records], axis=0)
        for name in records[0].counts
    }
    methods: dict[str, list[tuple[Intervals, dict[str, float]]]] = {
        PRODUCT: [(record.intervals, record.figures) for record in records]
    }
    for record in records:
        for name, naive in record.naive.items():
            methods.setdefault(name, []).append((naive.intervals, naive.figures))
    return {
        "title": scenario.title,
        "respondents": scenario.n,
        "clusters": scenario.clusters,
        "blank_share": scenario.blank_share,
        "moments": len(truth.null),
        "null_moments": int(truth.null.sum()),
        "r_squared": _rounded(truth.r_squared),
        "fewest_raters": _rounded(counts["raters"].min()),
        "studies": len(records),
        "resamples": scenario.n_resamples,
        "methods": {
            name: {
                "intervals": _coverages([intervals for intervals, _ in found], truth, counts)
                if scenario.about == "coverage"
                else {},
                "figures": _figures([figures for _, figures in found]),
            }
            for name, found in methods.items()
        },
    }


def _coverages(found: Sequence[Intervals], truth: Truth, counts: dict[str, np.ndarray]) -> Summary:
    coverages = {}
    for kind in dict.fromkeys(kind for intervals in found for kind in intervals):
        own = [intervals[kind] for intervals in found if kind in intervals]
        lower, upper = (np.stack(ends) for ends in zip(*own, strict=True))
        true = truth.values[kind]
        small = true < SMALL_SHARE if kind in SHARES else np.zeros(len(true), bool)
        enough = np.ones(len(true), bool)
        for name in COUNTED.get(kind, ("raters",)):
            enough &= counts[name] >= ENOUGH
        groups = {
            "enough": enough & ~small,
            "few raters": ~enough & ~small,
            "small importance": small,
        }
        coverages[kind] = {
            name: _coverage(lower[:, chosen], upper[:, chosen], true[chosen])
            for name, group in groups.items()
            if (chosen := group & np.isfinite(true)).any()
        }
    return coverages


def _coverage(lower: np.ndarray, upper: np.ndarray, true: np.ndarray) -> Summary:
    shown = np.isfinite(lower) & np.isfinite(upper)
    low, high = (lower > true) & shown, (upper < true) & shown
    inside = np.where(shown, ~low & ~high, np.nan)
    by_study = np.nanmean(inside[shown.any(axis=1)], axis=1)
    by_moment = np.nanmean(inside[:, shown.any(axis=0)], axis=0)
    return {
        "coverage": _rounded(by_study.mean()),
        "mc_error": _rounded(by_study.std(ddof=1) / np.sqrt(len(by_study))),
        "lowest_moment": _rounded(by_moment.min()),
        "truth_below": _rounded(low[shown].mean()),
        "truth_above": _rounded(high[shown].mean()),
        "width": _rounded(np.mean((upper - lower)[shown])),
        "intervals": int(shown.sum()),
    }


def _figures(found: Sequence[dict[str, float]]) -> Summary:
    figures = {}
    for name in dict.fromkeys(name for one in found for name in one):
        values = np.array([one[name] for one in found if name in one], dtype=float)
        values = values[np.isfinite(values)]
        if len(values) > 1:
            error = values.std(ddof=1) / np.sqrt(len(values))
            figures[name] = {"mean": _rounded(values.mean()), "mc_error": _rounded(error)}
    return figures


def _rounded(value: float) -> float:
    return round(float(value), DIGITS)
