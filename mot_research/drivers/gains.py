"""Gains of one outcome, moment by moment and of several moments at once.

For a linear model the gain of a set is the sum of its moments' lifts. For another,

  Δ = Σ w_i [m(X_i with x_ij := max(x_ij, t_j), j in the set) − m(X_i)] / Σ w_i,

which is no sum: who would stay anyway can't be won twice, and who is far from staying may need
both. No draw is refitted: its
model moves by the influence values of its sampling units, as in ``nonlinear``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mot_research.drivers.asymmetry import Asymmetry
from mot_research.drivers.customers import Customers
from mot_research.drivers.design import quality_column
from mot_research.drivers.expected import ExpectedOutcome
from mot_research.drivers.lifts import Lifts, lifts
from mot_research.drivers.result import DriverResult
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.imputation import spread_of_draws
from mot_research.statistics.outcomes.marginal import (
    Predictors,
    Setting,
    gain_of_shifts,
    identity,
)
from mot_research.statistics.resampling import percentile_interval, resample_sums


@dataclass(frozen=True)
class JointGain:
    """What a set of moments brings per customer, all lifted to their targets at once.

    ``draws`` is (B,), empty without resamples; ``beyond_scale`` the weighted share of the
    customers for whom the model then predicts more than the scale holds.
    """

    per_customer: float
    draws: Floats
    beyond_scale: float

    def interval(self, confidence: float) -> tuple[float, float]:
        """Percentile interval; NaN without resamples."""
        if not len(self.draws):
            return float("nan"), float("nan")
        lower, upper = percentile_interval(self.draws, confidence)
        return float(lower), float(upper)


@dataclass(frozen=True)
class Gains:
    """What lifting moments brings to one outcome.

    Attributes
    ----------
    lifts : Lifts
        Each moment for itself.
    additive : bool
        Whether the gain of a set is the sum of its moments'.
    scenario : Scenario
        The model and the customers, for sets.
    """

    lifts: Lifts
    additive: bool
    scenario: Scenario

    def joint(self, moments: Sequence[str]) -> JointGain:
        """Of several moments at once; each must have a lift."""
        gain = self.scenario.lifted(moments)
        if not self.additive:
            return gain
        table = self.lifts.of("target")
        places = np.flatnonzero(table.index.isin(list(moments)))
        return replace(
            gain,
            per_customer=float(table["per_customer"].to_numpy()[places].sum()),
            draws=self.lifts.draws["target"][:, places].sum(axis=1),
        )


@dataclass(frozen=True)
class Scenario:
    """A fitted model and the customers it is asked about."""

    expected: ExpectedOutcome
    customers: Customers
    highest: float

    @property
    def today(self) -> float:
        """What the model expects of the customers as they are, on average."""
        here, model = self.customers, self.expected
        known = model.columns(here.columns, here.n)
        levels = []
        for centre, predictors in zip(model.centres, model.predictors, strict=True):
            x = np.column_stack([np.ones(here.n), known - centre])
            value, _, _ = model.response(predictors.coefficients @ x.T)
            levels.append(here.weight @ value / here.weight.sum())
        return float(np.mean(levels))

    def lifted(self, moments: Sequence[str]) -> JointGain:
        """Every rating of these moments raised to its target where it is below."""
        here, model = self.customers, self.expected
        short = here.shortfall
        shifts = [
            (
                1 + model.names.index(quality_column(name)),
                short.gap_of_each[:, short.drivers.index(name)],
            )
            for name in moments
        ]
        known = model.columns(here.columns, here.n)
        found = [
            gain_of_shifts(
                Setting(
                    np.column_stack([np.ones(here.n), known - centre]),
                    here.weight,
                    here.unit,
                    here.stratum_of_unit,
                ),
                _of_study(predictors, model.chosen, len(here.stratum_of_unit)),
                model.response,
                shifts,
            )
            for centre, predictors in zip(model.centres, model.predictors, strict=True)
        ]
        estimates = np.array([one.estimate for one in found])
        predicted = np.mean([one.predicted for one in found], axis=0)
        draws = np.empty(0)
        if here.draws is not None:
            # By leaving out each unit, as the errors of the effects are.
            scores = np.column_stack([one.scores[-1] for one in found])
            moved = resample_sums(here.draws, scores) - scores.sum(axis=0)
            draws = _in_turn(estimates, moved)
        return JointGain(
            per_customer=float(estimates.mean()),
            draws=draws,
            beyond_scale=float(here.weight @ (predicted > self.highest) / here.weight.sum()),
        )


def gains(
    result: DriverResult,
    customers: Customers,
    boxes: Asymmetry | None = None,
    *,
    highest: float = np.inf,
) -> Gains | None:
    """Gains of one outcome; None where each moment has a model of its own.

    Parameters
    ----------
    result : DriverResult
    customers : Customers
        From the same draws.
    boxes : Asymmetry, optional
        Penalties and their draws, to empty the bottom box (by least squares,
        whatever the outcome).
    highest : float
        Of the outcome's scale.

    References
    ----------
    Rao, Wu & Yue (1992); Binder (1983) for the influence values.
    """
    if result.expected is None:
        return None
    linear = lifts(result, customers.shortfall, boxes)
    scenario = Scenario(result.expected, customers, highest)
    if result.expected.response is identity:
        return Gains(linear, True, scenario)
    return Gains(_by_model(linear, scenario, result.confidence), False, scenario)


def _by_model(linear: Lifts, scenario: Scenario, confidence: float) -> Lifts:
    """The lifts to the target by the outcome's own model instead of effect × gap."""
    table = linear.table.copy()
    draws = np.full_like(linear.draws["target"], np.nan)
    rows = table.index[(table["scenario"] == "target") & table["per_customer"].notna()]
    for place in rows:
        gain = scenario.lifted([str(table.at[place, "moment"])])
        table.loc[place, ["per_customer", "ci_lower", "ci_upper"]] = (
            gain.per_customer,
            *gain.interval(confidence),
        )
        if len(draws):
            draws[:, place] = gain.draws
    return replace(linear, table=table, draws={**linear.draws, "target": draws})


def _of_study(predictors: Predictors, chosen: np.ndarray, n_units: int) -> Predictors:
    """Influence by the units of the whole study."""
    ways, parts, _, k = predictors.influence.shape
    influence = np.zeros((ways, parts, n_units, k))
    influence[:, :, chosen] = predictors.influence
    return Predictors(predictors.coefficients, influence)


def _in_turn(estimates: Floats, moved: Floats) -> Floats:
    """Draw b by imputation b mod m: (m,) and (B, m) to (B,)."""
    m, number = len(estimates), np.arange(len(moved))
    centre = estimates.mean()
    apart = centre + spread_of_draws(m) * (estimates - centre)
    return apart[number % m] + moved[number, number % m]
