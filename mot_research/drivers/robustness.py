"""How much an effect can stand: hidden factors, collinearity, any one segment.

*Robustness value* (Cinelli & Hazlett 2020): the share of what is left of both
the rating and the outcome that a factor outside the model would have to explain
to bring the effect to none.

Leaving out a segment value takes its rows out of the completed crossproducts,
so all of them are one batch; blanks follow by the linearised EM step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mot_research.drivers.linear import Model
from mot_research.numbers import SHOWN_FROM
from mot_research.statistics.collinearity import gvif, variance_proportions
from mot_research.statistics.importance import vif
from mot_research.statistics.ranks import ranks
from mot_research.statistics.second_moments import covariance
from mot_research.survey.suppression import SegmentCounts

LARGE_INDEX = 30.0  # condition index: Belsley, Kuh & Welsch (1980)
INVOLVED = 0.5  # share of a coefficient's variance: the same


@dataclass(frozen=True)
class Robustness:
    """What the effects on one outcome can stand: hidden factors, neighbours, segments.

    Attributes
    ----------
    outcome : str
        Its id.
    table : DataFrame
        Indexed by tested driver: ``partial_r_squared`` (of the quality, given
        all else), ``robustness_value``, ``vif`` (of the quality), ``gvif``
        (GVIF^(1/(2 df)) of contact and quality, comparable with √VIF);
        ``effect``, and where segments were left out ``effect_lowest``,
        ``without_lowest``, ``effect_highest``, ``without_highest``,
        ``rank_best``, ``rank_worst``, ``same_sign``.
    condition_index : float
        Largest of the fitted columns, intercept included, qualities centred.
    conditions : DataFrame
        ``condition_index`` and ``columns`` (those with more than half of their
        coefficient's variance in it) of each index above 30, where at least
        two columns are involved (Belsley, Kuh & Welsch 1980).
    left_out : DataFrame
        ``segment``, ``value``, ``n_left_out`` (missing where suppressed),
        ``driver``, ``effect``, ``rank``: the analysis without each segment value.
    not_left_out : tuple of str
        Segment values that could not be left out, each with its reason.
    """

    outcome: str
    table: pd.DataFrame
    condition_index: float
    conditions: pd.DataFrame
    left_out: pd.DataFrame
    not_left_out: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per tested driver."""
        return self.table.copy()


def robustness(outcome: str, model: Model, segments: Mapping[str, np.ndarray]) -> Robustness:
    """Robustness values, collinearity, and the analysis without each segment value.

    Parameters
    ----------
    outcome : str
        Its name in the result.
    model : Model
        The linear model of the outcome, whatever its kind: partial R² and
        what is left without a segment are those of least squares.
    segments : mapping of segment to ndarray (n,) of object
        The value of each row that the analysis was given; None where blank:
        such rows are never left out.
    """
    tested = list(model.design.tested)
    last = model.last(model.reduction.q)
    partial = last / (1 - model.r_squared + last)
    inflation, generalised = _inflation(model)
    index, conditions = _conditions(model)
    table = pd.DataFrame(
        {
            "partial_r_squared": partial,
            "robustness_value": robustness_value(partial),
            "vif": inflation,
            "gvif": generalised,
            "effect": model.effects(model.reduction.q),
        },
        index=pd.Index(tested, name="driver"),
    )
    left_out, not_left_out = _left_out(model, segments)
    return Robustness(
        outcome=outcome,
        table=table.join(_ranges(table["effect"], left_out)),
        condition_index=index,
        conditions=conditions,
        left_out=left_out,
        not_left_out=not_left_out,
    )


def robustness_value(partial_r_squared: np.ndarray) -> np.ndarray:
    """½ (√(f⁴ + 4f²) − f²) with f² = R²_p / (1 − R²_p), R²_p the partial R² of the effect.

    Of a t-statistic: f² = t² / df. 0 where R²_p is 0, 1 where it is 1.

    References
    ----------
    Cinelli & Hazlett (2020), Journal of the Royal Statistical Society B 82.
    """
    r = np.clip(np.asarray(partial_r_squared, dtype=float), 0.0, 1.0)
    # the same with numerator and denominator times 1 − R²_p: no difference of large numbers
    return 2 * r / (r + np.sqrt(r**2 + 4 * r * (1 - r)) + (r == 0))


def _inflation(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """VIF of the qualities, GVIF^(1/(2 df)) of contact and quality."""
    design, fitted = model.design, model.fitted
    moments = _fitted_moments(model)
    factors = vif(moments)
    inflation, generalised = (np.full(len(design.tested), np.inf) for _ in range(2))
    for j, (quality, exposure) in enumerate(zip(design.quality, design.exposure, strict=True)):
        if quality in fitted and quality not in model.aliased:
            block = [fitted.index(c) for c in (quality, exposure) if c in fitted]
            inflation[j] = factors[block[0]]
            generalised[j] = gvif(moments, [block])[0] ** (1 / (2 * len(block)))
    return inflation, generalised


def _conditions(model: Model) -> tuple[float, pd.DataFrame]:
    """The largest condition index, and the columns behind each large one."""
    means = model.reduction.q[0, list(model.fitted)]
    indices, proportions = variance_proportions(_fitted_moments(model), means)
    names = np.array(["constant", *(model.design.names[c - 1] for c in model.fitted)])
    records = [
        (index, ", ".join(names[share > INVOLVED]))
        for index, share in zip(indices, proportions, strict=True)
        if index > LARGE_INDEX and (share > INVOLVED).sum() >= 2
    ]
    return float(indices.max()), pd.DataFrame(records, columns=["condition_index", "columns"])


def _fitted_moments(model: Model) -> np.ndarray:
    """Covariance of the outcome and the fitted columns."""
    used = [0, *(column - 1 for column in model.fitted)]
    return covariance(model.reduction.q)[np.ix_(used, used)]


def _left_out(
    model: Model, segments: Mapping[str, np.ndarray]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Effects and ranks without each segment value, and the values that must stay."""
    reduction, rows = model.reduction, model.design.rows
    kept = model.design.kept
    given = pd.DataFrame({name: np.asarray(each, object)[kept] for name, each in segments.items()})
    why_hidden = dict(SegmentCounts.of(given).suppressed()) if segments else {}
    chosen: list[tuple[str, str, float]] = []
    totals, kept_back = [], []
    for segment in segments:
        values = given[segment].to_numpy()
        labels = sorted({str(value) for value in values if value is not None})
        codes = np.array([0 if v is None else 1 + labels.index(str(v)) for v in values])
        counts = np.bincount(codes, minlength=len(labels) + 1)
        sums = reduction.moments.cluster_sums(rows.weight, codes, len(labels) + 1)
        for code, label in enumerate(labels, start=1):
            n = int(counts[code])
            if min(n, len(rows.weight) - n) < SHOWN_FROM:
                kept_back.append(f"{segment} = {label}: too few rows in it or without it")
                continue
            chosen.append((segment, label, np.nan if why_hidden[segment, label] else n))
            totals.append(sums.sum(axis=0) - sums[code])
    columns = ["segment", "value", "n_left_out", "driver", "effect", "rank"]
    if not chosen:
        return pd.DataFrame(columns=columns), tuple(kept_back)
    q = reduction.completed(np.stack(totals))
    effects, places = model.effects(q), ranks(model.lmg(q))
    records = [
        (*which, driver, effects[place, j], int(places[place, j]))
        for place, which in enumerate(chosen)
        for j, driver in enumerate(model.design.tested)
    ]
    return pd.DataFrame(records, columns=columns), tuple(kept_back)


def _ranges(effect: pd.Series, left_out: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest effect and rank of each driver over what was left out."""
    if left_out.empty:
        return pd.DataFrame(index=effect.index)
    named = left_out.assign(without=left_out["segment"] + " = " + left_out["value"])
    records = {}
    for driver, group in named.groupby("driver", sort=False):
        record: dict[str, object] = {
            "rank_best": int(group["rank"].min()),
            "rank_worst": int(group["rank"].max()),
        }
        known = group.dropna(subset="effect")
        if len(known):
            low, high = known["effect"].idxmin(), known["effect"].idxmax()
            record |= {
                "effect_lowest": known.at[low, "effect"],
                "without_lowest": known.at[low, "without"],
                "effect_highest": known.at[high, "effect"],
                "without_highest": known.at[high, "without"],
                "same_sign": bool((np.sign(known["effect"]) == np.sign(effect[driver])).all()),
            }
        records[driver] = record
    return pd.DataFrame.from_dict(records, orient="index", columns=_RANGES)


_RANGES = [
    *("effect_lowest", "without_lowest", "effect_highest", "without_highest"),
    *("rank_best", "rank_worst", "same_sign"),
]
