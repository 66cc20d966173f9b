"""What it would bring to lift a moment: every rating to its target, or out of the bottom box.

Across all customers of a wave, and under the effects of an analysis (Σ over respondents i):

  to the target     Δ_j = β_j · Σ w_i E_ij (t_j − x_ij)₊ / Σ w_i
  no bottom box     Δ_j = π_j · Σ w_i E_ij Low_ij / Σ w_i,  π_j the penalty of ``asymmetry``

Both parts of a product move together within each of the study's common draws. A blank counts
with what is expected of it: the gaps and the boxes are completed by the same EM as everything
else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from mot_research.drivers.asymmetry import Asymmetry
from mot_research.drivers.design import Design
from mot_research.drivers.reduction import Reduction, reduce_columns
from mot_research.drivers.result import DriverResult
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.resampling import Draws, SamplingUnits, percentile_interval
from mot_research.survey.wave import RATED

Scenario = Literal["target", "bottom_box"]

NOT_TOLD_APART = "its effect can't be told from that of another column"


@dataclass(frozen=True)
class Shortfall:
    """How much the customers of one wave lack at each of p moments.

    Attributes
    ----------
    wave : str
    drivers : tuple of str
    reach : (p,) array
    share_below, share_low : (p,) arrays
        Of those who had it: below the target, in the bottom box.
    gap : (p,) array
        Σ w E (t − x)₊ / Σ w: points to the target, over all customers.
    low : (p,) array
        Σ w E Low / Σ w: in the bottom box, of all customers.
    gap_draws, low_draws : (B, p) arrays
        The common draws; no rows without resamples.
    gap_of_each : (n, p) array
        E (t − x)₊ of each row, or what is expected of it.
    not_known : mapping of driver to reason
    """

    wave: str
    drivers: tuple[str, ...]
    reach: Floats
    share_below: Floats
    share_low: Floats
    gap: Floats
    low: Floats
    gap_draws: Floats
    low_draws: Floats
    gap_of_each: Floats
    not_known: Mapping[str, str]


@dataclass(frozen=True)
class Lifts:
    """Gains of one outcome per customer, moment by moment.

    Attributes
    ----------
    outcome, kind : str
        The outcome's id, and which values it has.
    wave : str
        Whose customers are lifted.
    waves : tuple of str
        The effects are of these.
    confidence : float
        Of the percentile intervals.
    table : DataFrame
        One row per moment and scenario: ``moment``, ``scenario`` ("target" or
        "bottom_box"), ``per_customer`` (outcome units, over all customers),
        ``ci_lower``, ``ci_upper``, ``reach``, ``share_below`` (of those who
        had it: below the target, or in the bottom box), ``mean_gap`` (points
        that these lack to the target), ``effect`` (of a point, or the
        penalty), ``reason`` (why there is no number). ``per_customer`` is the
        product reach × share_below × mean_gap × effect, without mean_gap for
        the bottom box.
    draws : mapping of scenario to (B, p) array
        In the order of the moments of the table.
    """

    outcome: str
    kind: str
    wave: str
    waves: tuple[str, ...]
    confidence: float
    table: pd.DataFrame
    draws: Mapping[str, Floats] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """One row per moment and scenario."""
        return self.table.copy()

    def of(self, scenario: Scenario) -> pd.DataFrame:
        """One row per moment."""
        return self.table[self.table["scenario"] == scenario].set_index("moment")


def shortfall(
    design: Design,
    units: SamplingUnits,
    scales: Mapping[str, tuple[float, Sequence[float]]],
    draws: Draws | None,
    *,
    wave: str = "",
) -> Shortfall:
    """Measure what the rows of a design lack at each tested driver.

    Parameters
    ----------
    design : Design
        Of the customers who would be lifted; its outcome helps to complete blanks.
    units : SamplingUnits
        Of the whole study.
    scales : mapping of driver to (target, ratings of the bottom box)
    draws : Draws or None
        Of ``units``. With blanks each draw follows by the linearised EM step.
    wave : str
    """
    rows, p = design.rows, len(design.tested)
    gaps, lows, below = [], [], []
    for name, quality in zip(design.tested, design.quality, strict=True):
        j = rows.drivers.index(name)
        target, bottom = scales[name]
        rating = rows.ratings[:, j]
        rated = rows.states[:, j] == RATED
        blank = np.isnan(design.columns[:, quality - 1])
        lack = np.where(rated, np.maximum(target - rating, 0.0), 0.0)
        low = np.where(rated, np.isin(rating, np.asarray(bottom)), 0.0)
        gaps.append(np.where(blank, np.nan, lack))
        lows.append(np.where(blank, np.nan, low))
        below.append(np.average(lack[rated] > 0, weights=rows.weight[rated]))
    background = [*(e for e in design.exposure if e is not None), *design.controls]
    columns = np.column_stack(
        [design.columns[:, :1], *gaps, *lows, design.columns[:, [c - 1 for c in background]]]
    )
    reduction = reduce_columns(columns, rows, units)
    wanted = np.arange(2, 2 + 2 * p)
    drawn = _resampled_means(reduction, wanted, draws)
    mean = reduction.q[0]
    exposed = {e: mean[2 + 2 * p + place] for place, e in enumerate(background)}
    reach = np.array([1.0 if e is None else exposed[e] for e in design.exposure])
    return Shortfall(
        wave=wave,
        drivers=design.tested,
        reach=reach,
        share_below=np.array(below),
        share_low=mean[2 + p : 2 + 2 * p] / reach,
        gap=mean[2 : 2 + p],
        low=mean[2 + p : 2 + 2 * p],
        gap_draws=drawn[:, :p],
        low_draws=drawn[:, p:],
        gap_of_each=reduction.moments.rows[:, 2 : 2 + p],
        not_known=dict(design.not_tested),
    )


def _resampled_means(reduction: Reduction, columns: np.ndarray, draws: Draws | None) -> Floats:
    """Means of some columns of z in each resample, (B, len(columns))."""
    if draws is None:
        return np.empty((0, len(columns)))
    size = len(reduction.q)
    gradient = np.zeros((len(columns), size * (size + 1) // 2))
    gradient[np.arange(len(columns)), columns] = 1.0  # vech begins with Q[0], the means
    # What a unit adds to each mean, and its weight: ratios of their resampled totals.
    carried = reduction.moments.linearised_gradient(gradient)
    flat = reduction.q[np.triu_indices(size)]
    sums = reduction.sums @ carried.T - reduction.sums[:, :1] * (carried @ flat)
    multipliers = draws.counts[:, reduction.chosen] * draws.scale[reduction.chosen]
    total = multipliers @ reduction.sums[:, :1]
    return np.asarray(reduction.q[0, columns] + multipliers @ sums / total)


def lifts(result: DriverResult, short: Shortfall, boxes: Asymmetry | None = None) -> Lifts:
    """Gains of a score, whose model is linear: per customer, each with its interval.

    Parameters
    ----------
    result : DriverResult
        Effects and their draws.
    short : Shortfall
        Of the customers who are lifted; from the same draws.
    boxes : Asymmetry, optional
        Penalties and their draws, to empty the bottom box.
    """
    names = [str(name) for name in result.table.index]
    of_short = short.drivers
    products = {
        "target": (
            _Factor(result.tested, _of_tested(result, "effect"), result.effect_draws),
            _Factor(of_short, short.gap, short.gap_draws),
            short.share_below,
        )
    }
    if boxes is not None:
        tested = tuple(str(name) for name in boxes.table.index)
        penalty = boxes.table["penalty"].to_numpy(dtype=float)
        products["bottom_box"] = (
            _Factor(tested, penalty, boxes.penalty_draws),
            _Factor(of_short, short.low, short.low_draws),
            short.share_low,
        )
    tables, draws = [], {}
    for scenario, (effect, lack, share) in products.items():
        table = pd.DataFrame({"moment": names, "scenario": scenario})
        table["effect"] = effect.among(names)
        table["reach"] = _Factor(of_short, short.reach).among(names)
        table["share_below"] = _Factor(of_short, share).among(names)
        across = pd.Series(lack.among(names))
        table["per_customer"] = table["effect"] * across
        concerned = table["reach"] * table["share_below"]
        gap = across / concerned.where(concerned > 0)
        table["mean_gap"] = gap if scenario == "target" else np.nan
        table["reason"] = [
            _reason(name, short, result) if missing else ""
            for name, missing in zip(names, table["per_customer"].isna(), strict=True)
        ]
        drawn = effect.drawn(names) * lack.drawn(names)
        table["ci_lower"], table["ci_upper"] = (
            percentile_interval(drawn, result.confidence) if len(drawn) else (np.nan, np.nan)
        )
        tables.append(table[_COLUMNS])
        draws[scenario] = drawn
    return Lifts(
        outcome=result.outcome,
        kind=result.kind,
        wave=short.wave,
        waves=result.waves,
        confidence=result.confidence,
        table=pd.concat(tables, ignore_index=True),
        draws=draws,
    )


_COLUMNS = [
    *("moment", "scenario", "per_customer", "ci_lower", "ci_upper"),
    *("reach", "share_below", "mean_gap", "effect", "reason"),
]


@dataclass(frozen=True)
class _Factor:
    """One factor of a product: its values by driver, and those in the draws."""

    drivers: tuple[str, ...]
    values: Floats
    draws: Floats = field(default_factory=lambda: np.empty((0, 0)))

    def among(self, names: list[str]) -> Floats:
        """(len(names),); missing where the driver has none."""
        found = np.full(len(names), np.nan)
        found[[names.index(driver) for driver in self.drivers]] = self.values
        return found

    def drawn(self, names: list[str]) -> Floats:
        """(B, len(names)); missing where the driver has none."""
        found = np.full((len(self.draws), len(names)), np.nan)
        if len(self.draws):
            places = [names.index(driver) for driver in self.drivers]
            found[:, places] = self.draws
        return found


def _of_tested(result: DriverResult, column: str) -> Floats:
    return result.table.loc[list(result.tested), column].to_numpy(dtype=float)


def _reason(name: str, short: Shortfall, result: DriverResult) -> str:
    if name in result.not_tested:
        return result.not_tested[name]
    return short.not_known.get(name, NOT_TOLD_APART)
