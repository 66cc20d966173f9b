"""Must it be right every time, or is it a place to shine: penalty and reward.

The regression ``y = a + Σ (γ_j E_j + r_j E_j High_j + p_j E_j Low_j) + z'δ``:
*reward* r_j is what a top rating adds over a middling one, *penalty* π_j =
−p_j what a bottom rating takes (Brandt 1987; Matzler & Sauerwein 2002). It is
linear in its columns, so blanks are completed by the same EM as for the
drivers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mot_research.drivers.design import Design
from mot_research.drivers.reduction import Reduction, reduce_columns
from mot_research.statistics.distributions import f_tail, t_quantile
from mot_research.statistics.false_discovery import false_discovery
from mot_research.statistics.regression import (
    Regression,
    aliased_columns,
    independent_columns,
    regress,
)
from mot_research.statistics.resampling import Draws, SamplingUnits
from mot_research.survey.wave import RATED

MIN_EXTREMES = 25  # effective ratings in the top and in the bottom box
PERFORMANCE_BAND = 0.4  # the interval of the asymmetry lies within ± this
NOT_TOLD_APART = "penalty and reward can't be told apart yet"
CLASSES = ("basic", "performance", "delight", "undecided")


@dataclass(frozen=True)
class Asymmetry:
    """Penalty, reward and class of each tested driver.

    ``table`` has the columns ``reward``, ``penalty``, ``asymmetry`` ((r − π) /
    (r + π)), each with ``_ci_lower`` and ``_ci_upper``, then ``p_value`` and
    ``q_value`` of the joint Wald test, ``n_high``, ``n_low`` (effective),
    ``kind`` (one of CLASSES), ``reason``, and ``alike``: whether the only thing
    undecided is which of the two is larger. ``penalty_draws`` (B, tested
    drivers) are the penalties in the common draws, by influence values; no rows
    without resamples.
    """

    table: pd.DataFrame
    penalty_draws: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def row(self, driver: str) -> dict[str, Any]:
        """The cells of one driver, by column."""
        return {str(name): value for name, value in self.table.loc[driver].items()}


def asymmetry(
    design: Design,
    units: SamplingUnits,
    boxes: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    draws: Draws | None = None,
    confidence: float = 0.95,
    false_discovery_rate: float = 0.05,
) -> Asymmetry:
    """Fit the penalty–reward regression on the rows of a driver analysis.

    Parameters
    ----------
    design : Design
    units : SamplingUnits
        Of the whole study.
    boxes : mapping of driver to (top box, bottom box)
        Ratings that count as high and as low.
    draws : Draws, optional
        Of ``units``, for ``penalty_draws``.
    confidence, false_discovery_rate : float

    Returns
    -------
    Asymmetry
        Indexed by tested driver. Numbers are missing where they are not
        estimable, with the reason.
    """
    if not design.tested:
        none = pd.DataFrame(columns=[*_COLUMNS, "kind", "reason", "alike"])
        return Asymmetry(none.rename_axis("driver"))
    rows = design.rows
    places = [rows.drivers.index(name) for name in design.tested]
    high, low = (_boxes(design, places, boxes, which) for which in (0, 1))
    background = [*(e for e in design.exposure if e is not None), *design.controls]
    columns = np.column_stack(
        [design.columns[:, :1], high, low, design.columns[:, [c - 1 for c in background]]]
    )
    reduction = reduce_columns(columns, rows, units)
    p = len(places)
    order = (*range(2 + 2 * p, 2 + 2 * p + len(background)), *range(2, 2 + 2 * p))
    kept = independent_columns(reduction.q, order)
    lost = aliased_columns(reduction.q, order)
    fit = regress(reduction.q, 1, kept)
    t = t_quantile((1 + confidence) / 2, max(reduction.degrees_of_freedom, 1))
    counts = [_effective(rows.weight, columns[:, 1 + j]) for j in range(2 * p)]
    scores = reduction.coefficient_scores(fit)
    covariance = reduction.covariance_of_scores(scores)
    records = []
    for j in range(p):
        pair = (2 + j, 2 + p + j)
        record: dict[str, object] = {"n_high": counts[j], "n_low": counts[p + j]}
        if all(column in fit.columns and column not in lost for column in pair):
            both = [fit.columns.index(column) for column in pair]
            record |= _numbers(fit.estimate[both], covariance[np.ix_(both, both)], t, reduction)
        records.append(record)
    table = pd.DataFrame(records, index=pd.Index(design.tested, name="driver"), columns=_COLUMNS)
    table["q_value"] = false_discovery(table["p_value"].to_numpy(dtype=float))
    kinds = [
        _classify({str(name): value for name, value in row.items()}, false_discovery_rate)
        for row in table.to_dict("records")
    ]
    return Asymmetry(
        table.assign(
            kind=[kind for kind, _ in kinds],
            reason=[why for _, why in kinds],
            alike=[why == NOT_TOLD_APART for _, why in kinds],
        ),
        penalty_draws=(
            np.empty((0, p))
            if draws is None
            else _penalty_draws(table["penalty"], fit, scores, reduction, draws)
        ),
    )


def _penalty_draws(
    penalty: pd.Series, fit: Regression, scores: np.ndarray, reduction: Reduction, draws: Draws
) -> np.ndarray:
    """(B, p) by the influence of each sampling unit; NaN where there is no penalty."""
    p = len(penalty)
    lows = np.zeros((len(scores), p))
    for j in range(p):
        if 2 + p + j in fit.columns:
            lows[:, j] = scores[:, fit.columns.index(2 + p + j)]
    multipliers = draws.counts[:, reduction.chosen] * draws.scale[reduction.chosen]
    return np.asarray(penalty.to_numpy(dtype=float) - (multipliers - 1) @ lows)


_COLUMNS = [
    *("reward", "reward_ci_lower", "reward_ci_upper"),
    *("penalty", "penalty_ci_lower", "penalty_ci_upper"),
    *("asymmetry", "asymmetry_ci_lower", "asymmetry_ci_upper"),
    *("difference_ci_lower", "difference_ci_upper", "p_value", "q_value", "n_high", "n_low"),
]


def _boxes(
    design: Design,
    places: Sequence[int],
    boxes: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    which: int,
) -> np.ndarray:
    """1 where the rating is in the box, 0 where it is not or was not had, NaN where blank."""
    columns: list[np.ndarray] = []
    for name, j, quality in zip(design.tested, places, design.quality, strict=True):
        ratings, states = design.rows.ratings[:, j], design.rows.states[:, j]
        inside = np.isin(ratings, np.asarray(boxes[name][which])).astype(float)
        unknown = np.isnan(design.columns[:, quality - 1])
        columns.append(np.where(unknown, np.nan, np.where(states == RATED, inside, 0.0)))
    return np.column_stack(columns)


def _effective(weight: np.ndarray, inside: np.ndarray) -> float:
    w = weight[inside == 1]
    return float(w.sum() ** 2 / (w**2).sum()) if len(w) else 0.0


def _numbers(
    values: np.ndarray, covariance: np.ndarray, t: float, reduction: Reduction
) -> dict[str, object]:
    reward, low = values
    penalty = -low
    errors = np.sqrt(np.diag(covariance))
    spread = reward + penalty
    # r − π = r + p, and the asymmetry (r + p) / (r − p) by the delta method
    difference = float(np.sqrt(np.array([1, 1]) @ covariance @ np.array([1, 1])))
    slope = np.array([-2 * low, 2 * reward]) / spread**2
    ratio = float(np.sqrt(slope @ covariance @ slope))
    wald = float(values @ np.linalg.solve(covariance, values)) / 2
    df = max(reduction.degrees_of_freedom - 1, 1)
    middle = (reward - penalty) / spread
    return {
        "reward": reward,
        "reward_ci_lower": reward - t * errors[0],
        "reward_ci_upper": reward + t * errors[0],
        "penalty": penalty,
        "penalty_ci_lower": penalty - t * errors[1],
        "penalty_ci_upper": penalty + t * errors[1],
        "asymmetry": middle,
        "asymmetry_ci_lower": middle - t * ratio,
        "asymmetry_ci_upper": middle + t * ratio,
        "difference_ci_lower": reward - penalty - t * difference,
        "difference_ci_upper": reward - penalty + t * difference,
        "p_value": float(f_tail(wald, 2, df)),
    }


def _classify(row: Mapping[str, float], false_discovery_rate: float) -> tuple[str, str]:
    if min(row["n_high"], row["n_low"]) < MIN_EXTREMES:
        return "undecided", (
            f"too few extreme ratings: {row['n_high']:.0f} high and {row['n_low']:.0f} low, "
            f"{MIN_EXTREMES} of each are needed"
        )
    if np.isnan(row["p_value"]):
        return "undecided", "high and low ratings are not separable from the other columns"
    if row["q_value"] > false_discovery_rate:
        return "undecided", "neither penalty nor reward is told from none"
    if row["reward_ci_upper"] < 0 or row["penalty_ci_upper"] < 0:
        return "undecided", "penalty or reward has the wrong sign beyond doubt"
    if row["difference_ci_upper"] < 0:
        return "basic", "a bad rating costs more than a top rating gains"
    if row["difference_ci_lower"] > 0:
        return "delight", "a top rating gains more than a bad rating costs"
    low, high = row["asymmetry_ci_lower"], row["asymmetry_ci_upper"]
    if low >= -PERFORMANCE_BAND and high <= PERFORMANCE_BAND:
        return "performance", "penalty and reward are alike"
    return "undecided", NOT_TOLD_APART
