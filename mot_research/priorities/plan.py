"""A plan: what a budget buys, what each moment of it adds, and when to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from mot_research.drivers.gains import Gains
from mot_research.priorities.budget import best_set, greedy_set
from mot_research.priorities.result import Priorities, Priority
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.resampling import percentile_interval

QUARTER = 91  # days to the next look at the ratings, where the outcome says no period
ENDS = ("ci_lower", "ci_upper")
SHARES = (0.25, 0.50, 0.75, 1.0)  # of what the candidates cost together


@dataclass(frozen=True)
class Purchase:
    """The best set of moments for one amount of money a year.

    Attributes
    ----------
    budget : float
        Money a year, in the study's currency.
    moments : tuple of str
        What is bought.
    cost_per_year : float
        Of the set.
    gain, ci_lower, ci_upper : float
        Of the set lifted together, counted as the value is.
    claimed : float
        The part of the gain that comes from moments proven for the value's role.
    exact : bool
        False where the set was found step by step.
    """

    budget: float
    moments: tuple[str, ...]
    cost_per_year: float
    gain: float
    ci_lower: float
    ci_upper: float
    claimed: float
    exact: bool


def candidates_of(on_list: Sequence[Priority], table: pd.DataFrame) -> list[str]:
    """Proven moments that have a cost and gain anything: what money can be spent on by numbers."""
    gaining = set(table.index[table["gain"] > 0])
    return [
        row.moment.id
        for row in on_list
        if row.verdict == "proven"
        and row.moment.cost_per_year is not None
        and row.moment.id in gaining
    ]


def purchases_of(
    candidates: Sequence[str],
    table: pd.DataFrame,
    gains: Gains,
    budget: float | None,
    factor: int,
    *,
    net: bool,
) -> tuple[Purchase, ...]:
    """The best set for each amount of money; amounts that buy the same set once.

    Where gains and costs are both currency, the set with the largest gain less cost: what costs
    more than it brings in the period is not bought.

    Parameters
    ----------
    candidates : sequence of moment ids
    table : DataFrame
        Of the value.
    gains : Gains
    budget : float or None
        Money a year; None for shares of what the candidates cost together.
    factor : int
        Customers that a gain is counted over.
    net : bool
        Whether gains and costs are in the same currency and period.
    """
    chosen = table.loc[list(candidates)]
    cost = [float(one) for one in chosen["cost_per_year"]]
    paid = [0.0] * len(cost)
    if net:
        paid = [float(one) for one in chosen["cost"]]
    gain = [float(one) - less for one, less in zip(chosen["gain"], paid, strict=True)]

    def together(places: Sequence[int]) -> float:
        names = [candidates[j] for j in places]
        return factor * gains.joint(names).per_customer - sum(paid[j] for j in places)

    amounts = [share * sum(cost) for share in SHARES] if budget is None else [budget]
    bought: dict[tuple[str, ...], Purchase] = {}
    for amount in amounts:
        places = (
            best_set(gain, cost, amount) if gains.additive else greedy_set(together, cost, amount)
        )
        names = tuple(candidates[j] for j in places)
        if names and names not in bought:
            bought[names] = _purchase(amount, names, table, gains, factor)
    return tuple(bought.values())


def _purchase(
    amount: float, names: tuple[str, ...], table: pd.DataFrame, gains: Gains, factor: int
) -> Purchase:
    together = gains.joint(names)
    lower, upper = together.interval(gains.lifts.confidence)
    rows = table.loc[list(names)]
    sure = [name for name, claimed in zip(names, rows["claimed"], strict=True) if claimed]
    return Purchase(
        budget=amount,
        moments=names,
        cost_per_year=float(rows["cost_per_year"].sum()),
        gain=factor * together.per_customer,
        ci_lower=factor * lower,
        ci_upper=factor * upper,
        claimed=factor * gains.joint(sure).per_customer if sure else 0.0,
        exact=gains.additive,
    )


def steps_to(names: Sequence[str], gains: Gains) -> pd.DataFrame:
    """What each moment adds to those before, the largest first, and the level reached."""
    alone = gains.lifts.of("target")["per_customer"]
    order = [str(name) for name in alone.loc[list(names)].sort_values(ascending=False).index]
    before, before_draws = 0.0, np.zeros(1)
    rows, reached = [], gains.scenario.today
    for count, name in enumerate(order, start=1):
        together = gains.joint(order[:count])
        added, drawn = together.per_customer - before, together.draws - before_draws
        lower, upper = _interval(drawn, gains.lifts.confidence)
        reached += added
        rows.append((name, added, lower, upper, reached))
        before, before_draws = together.per_customer, together.draws
    columns = ["moment", "gain", "ci_lower", "ci_upper", "reached"]
    return pd.DataFrame(rows, columns=columns).set_index("moment")


def _interval(draws: Floats, confidence: float) -> tuple[float, float]:
    if not len(draws):
        return float("nan"), float("nan")
    lower, upper = percentile_interval(draws, confidence)
    return float(lower), float(upper)


def planning_table(
    priorities: Priorities,
    table: pd.DataFrame,
    gains: Mapping[str, Gains],
    when: date | None,
) -> pd.DataFrame:
    """What annual planning needs of each moment on the list.

    The columns of the value's table, and of each outcome ``<id>_per_customer`` with its
    interval: what bringing the moment to its target brings.
    """
    rows = []
    for row in priorities.listed:
        moment = row.moment
        record: dict[str, object] = {
            "moment": moment.id,
            "place": row.place,
            "stage": moment.stage,
            "owner": moment.owner,
            "action": row.action,
        }
        record |= _cells(table, moment.id, list(table.columns))
        for name, each in gains.items():
            cells = _cells(each.lifts.of("target"), moment.id, ["per_customer", *ENDS])
            record |= {f"{name}_{column}": cell for column, cell in cells.items()}
        record["watch"] = "; ".join(moment.metrics)
        record["check"] = None if when is None else when.isoformat()
        rows.append(record)
    if not rows:
        return pd.DataFrame()
    frame = pd.DataFrame(rows).set_index("moment")
    texts = frame[["stage", "owner", "action", "check"]].astype(object)
    return frame.assign(**texts.where(texts.notna(), None))  # pandas turns None beside texts to NaN


def _cells(table: pd.DataFrame, moment: str, columns: list[str]) -> dict[str, object]:
    if moment not in table.index:
        return {}
    return {str(k): v for k, v in table.loc[[moment], columns].to_dict("records")[0].items()}


def check_date(end: date | None, days: int | None) -> date | None:
    """When to look: the outcome's period after the wave's end, else a quarter; no clock."""
    return None if end is None else end + timedelta(days=QUARTER if days is None else days)
