"""Operational metrics side by side with the ratings of the moments that they belong to.

With a handful of waves no coefficient of correlation is claimed: the table
says what moved since the wave before, and whether both did.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mot_research.priorities.moment_means import MomentMeans
from mot_research.priorities.result import Metric
from mot_research.study.definition import Study
from mot_research.survey.operations import named_metrics

FEWEST_READINGS = 3  # before, to know how much a metric moves by itself
UP, DOWN, UNCLEAR, UNKNOWN = "up", "down", "no clear move", ""
TOGETHER = ("same direction", "opposite directions", "metric only", "rating only", "neither", "")
NUMBERS = (
    *("metric_before", "metric_now", "n_before", "n_now", "metric_change"),
    *("rating_before", "rating_now", "rating_change", "ci_lower", "ci_upper"),
)
COLUMNS = (
    *("stage", "metric", "moments", "wave_before", "wave", "metric_before", "metric_now"),
    *("n_before", "n_now", "metric_change", "metric_moved", "rating_before", "rating_now"),
    *("rating_change", "ci_lower", "ci_upper", "rating_moved", "together", "reason"),
)

Cells = Mapping[tuple[str, str], Mapping[Hashable, Any]]  # by metric and wave


def beside_ratings(study: Study, metrics: pd.DataFrame, means: MomentMeans) -> pd.DataFrame:
    """Each metric and the mean rating of its moments, in this wave and the one before.

    A metric *moved* if its mean changed by more than its readings of the
    period before differ among themselves (three readings or more); a rating
    moved if the interval of its change leaves out 0. ``together`` is one of
    ``TOGETHER``, empty where either can't be said.

    Parameters
    ----------
    study : Study
    metrics : DataFrame
        As from ``survey.operations.metrics_by_wave``.
    means : MomentMeans
        Of this wave and the one before.

    Returns
    -------
    DataFrame
        One row per stage and metric that moments of the stage name, with
        ``COLUMNS``; ``moments`` holds a tuple of their ids. No rows without a
        file of metrics.
    """
    cells = {(row["metric"], row["wave"]): row for row in metrics.to_dict("records")}
    rows = [
        _row(stage, metric, moments, cells, means)
        for metric, named in (named_metrics(study) if len(metrics) else {}).items()
        for stage, moments in _by_stage(study, named).items()
    ]
    order = {stage.id: place for place, stage in enumerate(study.stages)}
    rows.sort(key=lambda row: order.get(str(row["stage"]), len(order)))
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(NUMBERS, float))


def _by_stage(study: Study, moments: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in moments:
        stage = study.moment(name).stage or ""
        found[stage] = (*found.get(stage, ()), name)
    return found


def _row(
    stage: str, metric: str, moments: tuple[str, ...], cells: Cells, means: MomentMeans
) -> dict[str, object]:
    now = cells[metric, means.wave.id]
    rating, _ = means.rating(means.wave, moments)
    change, _ = means.change(moments)
    row: dict[str, object] = {
        "stage": stage,
        "metric": metric,
        "moments": moments,
        "wave_before": "",
        "wave": means.wave.id,
        "metric_now": now["value"],
        "n_now": now["n"],
        "rating_now": rating.value,
        "rating_change": change.value,
        "ci_lower": change.ci_lower,
        "ci_upper": change.ci_upper,
        "rating_moved": _rating_moved(change),
        "metric_moved": UNKNOWN,
        "together": "",
        "reason": now["reason"] or rating.reason,
    }
    if means.before is None:
        return row
    before = cells[metric, means.before.id]
    moved = _metric_moved(before, now)
    return row | {
        "wave_before": means.before.id,
        "metric_before": before["value"],
        "n_before": before["n"],
        "metric_change": now["value"] - before["value"],
        "metric_moved": moved,
        "rating_before": means.rating(means.before, moments)[0].value,
        "together": _together(moved, str(row["rating_moved"])),
        "reason": now["reason"] or before["reason"] or change.reason,
    }


def _metric_moved(before: Mapping[Hashable, Any], now: Mapping[Hashable, Any]) -> str:
    change = float(now["value"] - before["value"])
    if before["n"] < FEWEST_READINGS or np.isnan(change):
        return UNKNOWN
    return _direction(change) if abs(change) > before["high"] - before["low"] else UNCLEAR


def _rating_moved(change: Metric) -> str:
    if change.value is None or change.ci_lower is None or change.ci_upper is None:
        return UNKNOWN
    clear = change.ci_lower > 0 or change.ci_upper < 0
    return _direction(change.value) if clear else UNCLEAR


def _direction(change: float) -> str:
    return UP if change > 0 else DOWN


def _together(metric: str, rating: str) -> str:
    if UNKNOWN in (metric, rating):
        return ""
    if metric == UNCLEAR:
        return "neither" if rating == UNCLEAR else "rating only"
    if rating == UNCLEAR:
        return "metric only"
    return "same direction" if metric == rating else "opposite directions"
