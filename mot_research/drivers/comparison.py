"""Two sets of rows of one study, compared: same columns, same players, same draws.

A difference is never taken from two errors: the influences of each sampling
unit are subtracted before they are squared, and estimates within a draw before
they are ranked. Units that both sides share, such as the branches of two
waves, so count once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from mot_research.drivers.design import Design, Rows, build_design
from mot_research.drivers.estimates import FEW_UNITS
from mot_research.drivers.linear import Model
from mot_research.drivers.reduction import Reduction, reduce_columns
from mot_research.statistics.distributions import t_quantile, t_tail
from mot_research.statistics.false_discovery import false_discovery
from mot_research.statistics.regression import regress
from mot_research.statistics.resampling import (
    Draws,
    SamplingUnits,
    percentile_interval,
    survey_covariance,
)
from mot_research.survey.wave import NOT_EXPERIENCED, RATED

MARK = "(mark)"
IMPORTANCE_DRAWS = 500  # of the common draws: 2^players models in each, on both sides


@dataclass(frozen=True)
class Estimates:
    """p estimates of one set of rows, with the influence of each unit of the study.

    Attributes
    ----------
    values : ndarray (p,)
        NaN where not estimable.
    influence : ndarray (G, p)
        Over all G units of the study; 0 for those without rows.
    """

    values: np.ndarray
    influence: np.ndarray


@dataclass(frozen=True)
class Part:
    """Some of the rows of a design, on the design's columns.

    Attributes
    ----------
    design : Design
        ``rows`` and ``columns`` are of this part alone.
    reduction : Reduction
        Blanks are completed from the rows of this part alone.
    units : SamplingUnits
        Of the whole study.
    """

    design: Design
    reduction: Reduction
    units: SamplingUnits

    @cached_property
    def model(self) -> Model:
        return Model(self.design, self.reduction)

    def influence(self, gradient: np.ndarray) -> np.ndarray:
        """Influence of the study's units on estimates with these gradients, (r, T) to (G, r)."""
        return self._over_the_study(self.reduction.scores(gradient))

    def _over_the_study(self, scores: np.ndarray) -> np.ndarray:
        """From the units of the reduction to all those of the study."""
        found = np.zeros((self.units.n_units, scores.shape[1]))
        found[self.reduction.chosen] = scores
        return found

    def element(self, row: int, column: int) -> np.ndarray:
        """The gradient (T,) of one element of Q."""
        m = len(self.reduction.q)
        chosen = np.zeros((m, m))
        chosen[min(row, column), max(row, column)] = 1.0
        return chosen[np.triu_indices(m)]

    def outcome(self) -> Estimates:
        """The mean of the outcome, (1,)."""
        gradient = self.element(0, 1)[None, :]
        return Estimates(self.reduction.q[0, 1:2], self.influence(gradient))

    def reach(self) -> Estimates:
        """Share that had each contact, (p,); exactly 1 where everyone did."""
        q = self.reduction.q
        values = np.array([1.0 if e is None else q[0, e] for e in self.design.exposure])
        zero = np.zeros_like(self.element(0, 0))
        gradient = [zero if e is None else self.element(0, e) for e in self.design.exposure]
        return Estimates(values, self.influence(np.array(gradient)))

    def rating(self) -> Estimates:
        """Mean rating of those who had it, on its scale, (p,)."""
        q, values, gradients = self.reduction.q, [], []
        for quality, exposure in zip(self.design.quality, self.design.exposure, strict=True):
            had = 1.0 if exposure is None else q[0, exposure]
            values.append(q[0, quality] / had)
            gradient = self.element(0, quality) / had
            if exposure is not None:
                gradient = gradient - values[-1] / had * self.element(0, exposure)
            gradients.append(gradient)
        return Estimates(np.array(values) + self._centres, self.influence(np.array(gradients)))

    @property
    def _centres(self) -> np.ndarray:
        """The pilot centres that the design's quality columns are counted from, (p,)."""
        qualities = self.design.columns[:, [column - 1 for column in self.design.quality]]
        rated = self.design.rows.states == RATED
        return np.nanmean(np.where(rated, self.design.rows.ratings - qualities, np.nan), axis=0)

    def effect(self) -> Estimates:
        """Effect of a rating point, (p,); NaN where it is not determined.

        Influences are those of leaving a unit out.
        """
        model = self.model
        fit = regress(self.reduction.q, 1, model.fitted)
        left_out = self.reduction.coefficient_scores(fit)
        values = np.full(len(self.design.tested), np.nan)
        scores = np.zeros((len(left_out), len(values)))
        for j, quality in enumerate(self.design.quality):
            if quality in fit.columns and quality not in model.aliased:
                place = fit.columns.index(quality)
                values[j], scores[:, j] = fit.estimate[place], left_out[:, place]
        return Estimates(values, self._over_the_study(scores))


def part(design: Design, units: SamplingUnits, mask: np.ndarray) -> Part:
    """The rows of a design where the mask is true, reduced by themselves."""
    rows = design.rows.keep(mask)
    columns = design.columns[mask]
    return Part(
        replace(design, rows=rows, columns=columns), reduce_columns(columns, rows, units), units
    )


def with_drivers(rows: Rows, drivers: Sequence[str]) -> Rows:
    """The rows with these drivers alone."""
    places = [rows.drivers.index(name) for name in drivers]
    return replace(
        rows,
        drivers=tuple(drivers),
        ratings=rows.ratings[:, places],
        states=rows.states[:, places],
    )


def with_players(rows: Rows, players: Sequence[str]) -> Rows:
    """The rows with these drivers alone; of the others, having had it stays as a control."""
    controls = rows.controls.copy()
    for j, name in enumerate(rows.drivers):
        if name not in players:
            state = rows.states[:, j]
            had = np.where(state == RATED, 1.0, np.where(state == NOT_EXPERIENCED, 0.0, np.nan))
            if np.isfinite(had).any():
                controls[f"having it: {name}"] = had
    return replace(with_drivers(rows, players), controls=controls)


def marked_design(rows: Rows, marks: np.ndarray, *, missing: str) -> tuple[Design, np.ndarray]:
    """The design of the rows, and the mark of each row that it kept.

    The marks (n,) travel as a control, whose columns are then taken out.
    """
    controls = rows.controls.assign(**{MARK: pd.Categorical(marks)})
    design = build_design(replace(rows, controls=controls), missing=missing)
    kept = design.rows.controls[MARK].to_numpy()
    own = [i for i, name in enumerate(design.names) if name.startswith(f"control: {MARK} = ")]
    unmarked = replace(
        design,
        rows=replace(design.rows, controls=design.rows.controls.drop(columns=MARK)),
        columns=np.delete(design.columns, own, axis=1),
        names=tuple(name for i, name in enumerate(design.names) if i not in own),
        controls=design.controls[: len(design.controls) - len(own)],
    )
    return unmarked, kept


def first_draws(draws: Draws, n: int) -> Draws:
    """The first n of the common draws."""
    return replace(draws, counts=draws.counts[:n])


@dataclass(frozen=True)
class Comparison:
    """Differences ``b − a`` of two sets of rows of one study.

    Attributes
    ----------
    a, b : Part
        On the same columns, with the same players.
    confidence : float
    """

    a: Part
    b: Part
    confidence: float

    @cached_property
    def present(self) -> np.ndarray:
        """Units of the study with rows on either side, (G,) of bool."""
        present = np.zeros(self.a.units.n_units, dtype=bool)
        for side in (self.a, self.b):
            present[side.reduction.chosen[side.reduction.has_rows]] = True
        return present

    @property
    def degrees_of_freedom(self) -> int:
        """Units with rows on either side, less their strata."""
        strata = self.a.units.stratum_of_unit[self.present]
        return max(len(strata) - len(np.unique(strata)), 1)

    @property
    def t(self) -> float:
        return float(t_quantile((1 + self.confidence) / 2, self.degrees_of_freedom))

    def tested(
        self, a: Estimates, b: Estimates, names: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Differences with errors from influences; t with G − H degrees of freedom.

        ``names`` of the estimates are the players where nothing else is said.
        """
        scores = b.influence - a.influence
        error = np.sqrt(np.diag(covariance_of_influence(scores, self.a.units)))
        change = b.values - a.values
        half = self.t * error
        table = self._table(a.values, b.values, error, change - half, change + half)
        return table.set_axis(list(names or self.a.design.tested)).rename_axis("moment")

    def tested_by_draws(
        self, a: np.ndarray, b: np.ndarray, draws_a: np.ndarray, draws_b: np.ndarray
    ) -> pd.DataFrame:
        """Differences within the draws; without draws there is no interval and no test."""
        nothing = np.full(len(a), np.nan)
        error = lower = upper = nothing
        if len(draws_a):
            within = draws_b - draws_a
            lower, upper = self.interval(b - a, within)
            error = within.std(axis=0, ddof=1)
        table = self._table(a, b, error, lower, upper)
        return table.set_axis(list(self.a.design.tested)).rename_axis("moment")

    def interval(self, estimate: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Percentiles of the draws; below 40 units the estimate ± t times their spread."""
        if self.present.sum() >= FEW_UNITS:
            return percentile_interval(draws, self.confidence)
        half = self.t * draws.std(axis=0, ddof=1)
        return estimate - half, estimate + half

    def _table(
        self,
        a: np.ndarray,
        b: np.ndarray,
        error: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
    ) -> pd.DataFrame:
        statistic = np.full(len(a), np.nan)
        np.divide(np.abs(b - a), error, out=statistic, where=error > 0)
        p = 2 * t_tail(statistic, self.degrees_of_freedom)
        untested = np.isnan(p)
        return pd.DataFrame(
            {
                "a": a,
                "b": b,
                "difference": b - a,
                "std_error": np.where(untested, np.nan, error),
                "ci_lower": np.where(untested, np.nan, lower),
                "ci_upper": np.where(untested, np.nan, upper),
                "p_value": p,
                "q_value": false_discovery(p),
            }
        )


def covariance_of_influence(influence: np.ndarray, units: SamplingUnits) -> np.ndarray:
    """Design covariance of estimates from the influence (G, r) of all the study's units."""
    return survey_covariance(influence, units.stratum_of_unit)


def shares(lmg: np.ndarray) -> np.ndarray:
    """Importances as parts of their sum, along the last axis."""
    return lmg / lmg.sum(axis=-1, keepdims=True)
