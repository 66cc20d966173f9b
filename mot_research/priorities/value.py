"""What the moments are worth: revenue at stake, return on their cost, and a plan.

A gain is what bringing every rating of a moment to its target would bring, under the moment's
*total* effect: what reaches revenue through loyalty is in it already and is never added. It is
counted over the study's population, or over each thousand customers. Revenue and cost stand on
the same period: that of the outcome, where the study says it by ``after``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from mot_research.drivers.gains import Gains, JointGain
from mot_research.drivers.lifts import Lifts
from mot_research.priorities.plan import (
    Purchase,
    candidates_of,
    check_date,
    planning_table,
    purchases_of,
    steps_to,
)
from mot_research.priorities.result import Metric, Priorities
from mot_research.study.definition import Outcome, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PER = 1000  # customers that a gain is counted over where the population is not known
YEAR = 365  # days, of a cost per year

CountedIn = Literal["currency", "customers", "points"]


@dataclass(frozen=True)
class Value:
    """What lifting the moments of a wave to their targets is worth.

    Attributes
    ----------
    outcome, kind, role : str
        What gains are counted in: an amount if any was analysed, else the
        first revenue outcome, else the first of the relationship.
    counted_in : {"currency", "customers", "points"}
        Currency; customers who say yes (or give the top answer); points of
        the mean (of a share: of 1) per customer.
    currency : str or None
        Of all amounts, as the study says.
    customers : int
        How many customers a gain is counted over; 1 for points.
    population : int or None
        Customers that the survey stands for, as the study says.
    wave : str
        Whose ratings are lifted.
    waves : tuple of str
        The effects are of these.
    days : int or None
        The period of the outcome, and of ``cost``; None: not given, a year.
    confidence : float
        Of every interval.
    additive : bool
        Whether the gain of a set is the sum of its moments'.
    today : float
        What the model expects per customer today, in outcome units.
    table : DataFrame
        Indexed by moment, in the order of the priorities: ``name``,
        ``per_customer`` (outcome units), ``gain``, ``cost_per_year``, ``cost`` (of the period),
        ``return`` (gain per unit of cost), each with ``_ci_lower`` and
        ``_ci_upper`` where it is estimated; ``share_below``, ``mean_gap``,
        ``rating``, ``rating_at_target``, ``claimed`` (proven for the role;
        else "if causal"), ``reason``.
    listed, claimed : JointGain or None
        All moments on the list together, and those of them that are claimed,
        per customer; None where there are none.
    steps : DataFrame
        From today to the plan, one row per moment of the largest purchase
        (else of the list): ``name``, ``gain`` with its interval and
        ``reached`` (outcome units per customer), as added to those before.
    purchases : tuple of Purchase
        Under ``rules.budget``, or for a quarter, half, three quarters and all
        of what the candidates cost: the proven moments on the list that have
        a cost and gain anything. In currency what costs more than it brings is
        not bought.
    planning : DataFrame
        One row per moment on the list, for annual planning.
    lifts : mapping of outcome id to Lifts
        The gains behind it, per customer.
    notes : tuple of str
        What the reader must know.
    """

    outcome: str
    kind: str
    role: str
    counted_in: CountedIn
    currency: str | None
    customers: int
    population: int | None
    wave: str
    waves: tuple[str, ...]
    days: int | None
    confidence: float
    additive: bool
    today: float
    table: pd.DataFrame
    listed: JointGain | None
    claimed: JointGain | None
    steps: pd.DataFrame
    purchases: tuple[Purchase, ...]
    planning: pd.DataFrame
    lifts: Mapping[str, Lifts] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row per moment with a rating."""
        return self.table.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        """From today to the plan, moment by moment."""
        from mot_research.report import value_charts

        return value_charts.planning_waterfall(self, ax=ax)


def deciding_outcome(study: Study, gains: Mapping[str, Gains]) -> Outcome | None:
    """The outcome that value is counted in; None where none has gains."""
    found = [outcome for outcome in study.outcomes if outcome.id in gains]
    return min(
        found,
        key=lambda outcome: (outcome.role != "revenue", outcome.kind != "amount"),
        default=None,
    )


def revenue_at_stake(study: Study, gains: Mapping[str, Gains], why_not: str) -> dict[str, Metric]:
    """Metric 14 of every moment: its gain in revenue, or the reason why there is none.

    Parameters
    ----------
    study : Study
    gains : mapping of outcome id to Gains
    why_not : str
        Why there are no gains.
    """
    outcome = deciding_outcome(study, gains)
    if outcome is None or outcome.role != "revenue":
        reason = why_not or "no revenue outcome was analysed"
        return {moment.id: Metric(None, reason=reason) for moment in study.moments}
    factor = _customers(study, outcome)
    table = gains[outcome.id].lifts.of("target")
    found = {}
    for moment in study.moments:
        if moment.id not in table.index:
            found[moment.id] = Metric(None, reason="it has no rating in the survey")
            continue
        row = table.loc[[moment.id]].to_dict("records")[0]
        if row["reason"]:
            found[moment.id] = Metric(None, reason=row["reason"])
            continue
        ends = (row["ci_lower"], row["ci_upper"])
        lower, upper = (None if np.isnan(end) else factor * end for end in ends)
        found[moment.id] = Metric(factor * row["per_customer"], lower, upper)
    return found


def value(study: Study, priorities: Priorities, gains: Mapping[str, Gains]) -> Value | None:
    """What the priorities are worth, and the best plan under a budget; None without gains.

    Parameters
    ----------
    study : Study
    priorities : Priorities
    gains : mapping of outcome id to Gains
    """
    outcome = deciding_outcome(study, gains)
    if outcome is None:
        return None
    found, factor = gains[outcome.id], _customers(study, outcome)
    days = outcome.after.days if outcome.after is not None else None
    table = _table(study, priorities, found, outcome, factor, days)
    on_list = [row for row in priorities.listed if row.moment.id in _known(table)]
    names = [row.moment.id for row in on_list]
    claimed = [name for name in names if table.at[name, "claimed"]]
    listed = found.joint(names) if names else None
    net = _counted_in(outcome) == "currency" and study.population is not None
    candidates = candidates_of(on_list, table)
    purchases = purchases_of(candidates, table, found, study.rules.budget, factor, net=net)
    plan = purchases[-1].moments if purchases else tuple(names)
    wave = study.wave(found.lifts.wave)
    return Value(
        outcome=outcome.id,
        kind=outcome.kind,
        role=outcome.role,
        counted_in=_counted_in(outcome),
        currency=study.currency,
        customers=factor,
        population=study.population,
        wave=wave.id,
        waves=found.lifts.waves,
        days=days,
        confidence=found.lifts.confidence,
        additive=found.additive,
        today=found.scenario.today,
        table=table,
        listed=listed,
        claimed=found.joint(claimed) if claimed else None,
        steps=table[["name"]].merge(
            steps_to(plan, found), left_index=True, right_index=True, how="right"
        ),
        purchases=purchases,
        planning=planning_table(priorities, table, gains, check_date(wave.to, days)),
        lifts={name: each.lifts for name, each in gains.items()},
        notes=_notes(outcome, listed, table),
    )


def _counted_in(outcome: Outcome) -> CountedIn:
    if outcome.kind == "amount":
        return "currency"
    return "customers" if outcome.kind in ("binary", "ordered") else "points"


def _customers(study: Study, outcome: Outcome) -> int:
    return 1 if _counted_in(outcome) == "points" else study.population or PER


def _known(table: pd.DataFrame) -> set[str]:
    return set(table.index[table["reason"] == ""])


def _table(
    study: Study,
    priorities: Priorities,
    gains: Gains,
    outcome: Outcome,
    factor: int,
    days: int | None,
) -> pd.DataFrame:
    lifts = gains.lifts.of("target")
    rows = [row for row in priorities.rows if row.moment.id in lifts.index]
    names = [row.moment.id for row in rows]
    table = lifts.reindex(names)[["per_customer", "ci_lower", "ci_upper"]]
    table.columns = pd.Index(["per_customer", "per_customer_ci_lower", "per_customer_ci_upper"])
    for end in ("", "_ci_lower", "_ci_upper"):
        table[f"gain{end}"] = factor * table[f"per_customer{end}"]
    costs = [row.moment.cost_per_year for row in rows]
    table["cost_per_year"] = np.array(costs, dtype=float)
    table["cost"] = table["cost_per_year"] * (YEAR if days is None else days) / YEAR
    paid = table["cost"].where(table["cost"] > 0)
    returns = study.population is not None and _counted_in(outcome) != "points"
    for end in ("", "_ci_lower", "_ci_upper"):
        table[f"return{end}"] = table[f"gain{end}"] / paid if returns else np.nan
    table["share_below"] = lifts["share_below"].reindex(names)
    table["mean_gap"] = lifts["mean_gap"].reindex(names)
    ratings = [row.metrics["mean_rating"].value for row in rows]
    table["rating"] = np.array(ratings, dtype=float)
    table["rating_at_target"] = table["rating"] + table["share_below"] * table["mean_gap"]
    table["claimed"] = [outcome.role in row.proven_for for row in rows]
    table["reason"] = lifts["reason"].reindex(names)
    table.insert(0, "name", [row.moment.name for row in rows])
    return table.rename_axis("moment")


def _notes(outcome: Outcome, listed: JointGain | None, table: pd.DataFrame) -> tuple[str, ...]:
    notes = []
    if listed is not None and listed.beyond_scale > 0:
        notes.append(
            f"With all moments on the list at their targets the model expects more than "
            f"{outcome.high:g} of {listed.beyond_scale:.0%} of the customers: the gain is rather "
            "too large."
        )
    if table["cost_per_year"].notna().any() and outcome.after is None:
        notes.append(
            f"The study does not say by `after` which period {outcome.name} covers: costs are "
            "those of a year."
        )
    return tuple(notes)
