"""The plan: what the moments are worth, what a budget buys, and when to look again.

Each function returns Markdown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mot_research.drivers.change import Change
from mot_research.drivers.gains import JointGain
from mot_research.findings import Findings
from mot_research.numbers import CHANGE, TWO_DIGITS, Writing, count, effect_writing, plain
from mot_research.priorities.plan import Purchase
from mot_research.priorities.value import Value
from mot_research.report import words
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.phrases import linear_writing, moment_name, outcome_name, quoted
from mot_research.report.phrases import unit as outcome_unit
from mot_research.report.words import counted, listed

LONGEST_NAME = 60  # characters in a table
NAMED_AT_MOST = 4
NONE = "–"
IF_CAUSAL = "if causal"
SCORES = {
    "as_planned": "moved as planned",
    "less": "moved, less than planned",
    "not_moved": "did not move",
    "fell": "fell",
    "unclear": "can't be told yet",
}
SIZES = ((1e6, "million", 1), (1e4, "thousand", 0))  # from where on, name, digits


def gain_writing(value: Value, gains: Iterable[float]) -> tuple[Writing, str]:
    """Return how gains of one table are written, and their unit."""
    found = [abs(gain) for gain in gains if math.isfinite(gain)]
    largest = max(found, default=0.0)
    if value.counted_in == "points":
        unit = "percentage points" if value.kind == "share" else "points"
        return effect_writing(value.kind, found), unit
    if value.counted_in == "customers":
        return Writing(lambda gain: plain(gain, 0)), "customers"
    size, name, digits = next((step for step in SIZES if largest >= step[0]), (1.0, "", 0))
    unit = f"{value.currency or 'currency units'} {name}".strip()
    return Writing(lambda gain: plain(gain / size, digits)), unit


def summary(findings: Findings) -> str:
    """Return what the list is worth, how much of that is claimed, and what is freed."""
    value = findings.value
    if value is None:
        why = findings.no_value.rstrip(".") or "no outcome was analysed"
        return f"What the moments are worth can't be said: {escape_markdown(why)}."
    sentences = [_together(findings, value), _claimed(findings, value), _basis(findings, value)]
    sentences += [escape_markdown(note) for note in value.notes]
    sentences.append(_stop_and_ask(findings, value))
    return " ".join(sentence for sentence in sentences if sentence)


def _together(findings: Findings, value: Value) -> str:
    if value.listed is None:
        return "No moment on the list has a gain that could be estimated."
    on_list = [row.moment.id for row in findings.priorities.listed]
    n = int((value.table["reason"].reindex(on_list) == "").sum())
    which = "The moment on the list" if n == 1 else f"All {words.number(n)} moments on the list"
    if n < len(on_list):
        which = f"The {counted(n, 'moment')} on the list whose gain could be estimated,"
    total = _amount(value, value.listed)
    overlap = (
        ""
        if value.additive or n == 1
        else " Gains overlap: this is what they bring together, not the sum of the lines below."
    )
    return (
        f"{which} at target would bring {total} {_of_what(findings, value)}, if the "
        f"associations are causal.{overlap}"
    )


def _amount(value: Value, gain: JointGain) -> str:
    lower, upper = (value.customers * end for end in gain.interval(value.confidence))
    total = value.customers * gain.per_customer
    writing, unit = gain_writing(value, (total, upper))
    if not _is_money(value):
        return f"{_with(writing, total, lower, upper)} {unit}"
    currency, _, size = unit.partition(" ")
    number = f"{writing.one(total)} {size}".strip()
    span = writing.span(lower, upper)
    return f"{currency} {number}{f' ({span})' if span else ''}"


def _with(writing: Writing, gain: float, lower: float, upper: float) -> str:
    return writing.with_interval(gain, lower, upper)


def _is_money(value: Value) -> bool:
    return value.counted_in == "currency"


def _of_what(findings: Findings, value: Value) -> str:
    name = outcome_name(findings, value.outcome)
    if value.counted_in == "currency":
        return f"more of {name}"
    if value.counted_in == "customers":
        answer = "top answers to" if value.kind == "ordered" else "more with a yes to"
        return f"{answer} {name}"
    return f"more of {name}, per customer"


def _claimed(findings: Findings, value: Value) -> str:
    role = words.THE_ROLES[value.role]
    if value.listed is None:
        return ""
    if value.claimed is None:
        return (
            f"None of it is claimed, because no moment on the list is proven for {role}: every "
            f"line is marked *{IF_CAUSAL}*."
        )
    n = int(value.table["claimed"].reindex(value.planning.index, fill_value=False).sum())
    return (
        f"Claimed are {_amount(value, value.claimed)}, of the {counted(n, 'moment')} proven for "
        f"{role}; the rest is marked *{IF_CAUSAL}*."
    )


def _basis(findings: Findings, value: Value) -> str:
    waves = listed([escape_markdown(wave) for wave in value.waves]) or "this wave"
    wave = escape_markdown(value.wave)
    parts = [f"Lifted are the ratings of wave {wave}, by the effects of {waves}"]
    if value.counted_in != "points":
        parts.append(
            f"counted over all {count(value.customers)} customers"
            if value.population
            else f"counted over each {count(value.customers)} customers, because the study names "
            "no `population`"
        )
    if value.days is not None:
        parts.append(f"over {count(value.days)} days, and costs too")
    return f"{', '.join(parts)}."


def _stop_and_ask(findings: Findings, value: Value) -> str:
    """Return the money that goes where nothing is proven."""
    rows = [row for row in findings.priorities.rows if row.action == "stop_and_ask"]
    money = sum(row.moment.cost_per_year or 0 for row in rows)
    if not money:
        return ""
    names = [quoted(row.moment.name) for row in rows[:NAMED_AT_MOST]]
    more = len(rows) - len(names)
    names += [f"{more} more"] if more else []
    return (
        f"{value.currency or ''} {count(money)} a year would go to what is not among the proven: "
        f"{listed(names)}."
    ).strip()


def worth(findings: Findings) -> str:
    """Return the gain of each moment on the list, its cost and its return."""
    value = findings.value
    if value is None or value.planning.empty:
        return ""
    table = value.table.reindex(value.planning.index)
    writing, unit = gain_writing(value, table["gain"])
    costs = bool(table["cost"].notna().any())
    returns = bool(table["return"].notna().any())
    columns = [
        Column("#", 1, "right"),
        Column("Moment", 10),
        Column("Mean rating, and at target", 5, "right"),
        Column(f"Gain, {unit}", 7, "right"),
        Column("Claimed", 3),
    ]
    if costs:
        columns.append(Column(f"Cost, {value.currency or 'currency'}", 4, "right"))
    if returns:
        columns.append(Column(_return_head(value), 6, "right"))
    rows = []
    for place, (moment, cells) in enumerate(_records(table), start=1):
        named = str(place), shorten(moment_name(findings, moment), LONGEST_NAME)
        reason = cells["reason"]
        if not isinstance(reason, str) or reason:
            why = reason if isinstance(reason, str) else "it has no rating in the survey"
            rows.append((*named, NONE, f"not available: {why}", *[NONE] * (len(columns) - 4)))
            continue
        rows.append(
            (
                *named,
                f"{TWO_DIGITS.one(cells['rating'])} → {TWO_DIGITS.one(cells['rating_at_target'])}",
                _with(writing, cells["gain"], cells["gain_ci_lower"], cells["gain_ci_upper"]),
                "yes" if cells["claimed"] else IF_CAUSAL,
                *([_cost(cells["cost"])] if costs else []),
                *([_return(value, cells)] if returns else []),
            )
        )
    return Table(tuple(columns), tuple(rows)).to_markdown()


def _records(table: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    rows = table.to_dict("records")
    cells = [{str(key): cell for key, cell in row.items()} for row in rows]
    return list(zip(map(str, table.index), cells, strict=True))


def _cost(cost: float) -> str:
    return count(cost) if math.isfinite(cost) else NONE


def _return_head(value: Value) -> str:
    currency = value.currency or "unit of cost"
    return f"Back for each {currency}" if _is_money(value) else f"For each {currency} 1,000"


def _return(value: Value, cells: dict[str, Any]) -> str:
    """Return currency for each unit of currency, or customers for each thousand of it."""
    factor = 1 if _is_money(value) else 1000
    gain, lower, upper = (factor * cells[f"return{end}"] for end in ("", "_ci_lower", "_ci_upper"))
    if not math.isfinite(gain):
        return NONE
    digits = 0 if abs(gain) >= 10 else 1
    return Writing(lambda number: plain(number, digits)).with_interval(gain, lower, upper)


def bought(findings: Findings) -> str:
    """Return the best set of moments for each amount of money."""
    value = findings.value
    if value is None:
        return ""
    if not value.purchases:
        return _nothing_bought(findings, value)
    how = (
        "The best set of the proven moments for each amount; every set was looked at."
        if value.additive
        else "A good set of the proven moments for each amount, found step by step because gains "
        "overlap: the next is always the one that adds most for its cost."
    )
    if _is_money(value) and value.population:
        how += " What costs more than it brings in this period is not bought."
    writing, unit = gain_writing(value, [purchase.gain for purchase in value.purchases])
    columns = (
        Column(f"Budget a year, {value.currency or 'currency'}", 4, "right"),
        Column("Spent", 4, "right"),
        Column("Moments", 13),
        Column(f"Gain, {unit}", 7, "right"),
        Column("Of it claimed", 4, "right"),
    )
    rows = tuple(
        (
            count(purchase.budget),
            count(purchase.cost_per_year),
            _named(findings, purchase),
            _with(writing, purchase.gain, purchase.ci_lower, purchase.ci_upper),
            writing.one(purchase.claimed),
        )
        for purchase in value.purchases
    )
    return f"{how}\n\n{Table(columns, rows).to_markdown()}"


def _named(findings: Findings, purchase: Purchase) -> str:
    return "; ".join(shorten(moment_name(findings, name), 32) for name in purchase.moments)


def _nothing_bought(findings: Findings, value: Value) -> str:
    proven = [row for row in findings.priorities.listed if row.verdict == "proven"]
    if not proven:
        return "No moment is proven, so a budget buys none by numbers."
    if all(row.moment.cost_per_year is None for row in proven):
        return (
            "No proven moment has a cost: `cost_per_year` on each moment gives its return and the "
            "best set under a budget."
        )
    return "No proven moment that has a cost fits the budget and brings more than it costs."


def planning(findings: Findings) -> str:
    """Return the table for annual planning: who does what, until when, seen by what."""
    value = findings.value
    if value is None or value.planning.empty:
        return ""
    columns = (
        Column("Moment", 8),
        Column("Stage", 4),
        Column("Owner", 5),
        Column("Action", 3),
        Column("Expected change", 9),
        Column("Watch", 6),
        Column("Check on", 4),
    )
    stages = {stage.id: stage.name for stage in findings.study.stages}
    rows = []
    for moment, cells in _records(value.planning):
        stage, owner, action = cells["stage"], cells["owner"], cells["action"]
        rows.append(
            (
                shorten(moment_name(findings, moment), LONGEST_NAME),
                stages.get(stage, words.NO_STAGE),
                shorten(owner, 40) if owner else words.NO_OWNER,
                words.ACTIONS[action] if action else NONE,
                _expected(findings, cells),
                shorten(cells["watch"].replace("_", " "), 60) or "its mean rating",
                cells["check"] or "not available",
            )
        )
    text = Table(columns, tuple(rows)).to_markdown()
    if value.planning["check"].isna().all():
        text += "\n\nDates to check on need the end (`to`) of the wave."
    return text


def _expected(findings: Findings, cells: dict[str, Any]) -> str:
    """Return the change of the rating, and of the first outcome of each role."""
    if not math.isfinite(cells.get("rating_at_target", np.nan)):
        return "not available"
    said = [f"rating {signed_step(cells['rating_at_target'] - cells['rating'])}"]
    for outcome in dict.fromkeys(_first_outcomes(findings)):
        gain = cells.get(f"{outcome}_per_customer", np.nan)
        if not math.isfinite(gain):
            continue
        ends = [cells[f"{outcome}_ci_lower"], cells[f"{outcome}_ci_upper"]]
        kind = findings.study.outcome(outcome).kind
        writing = effect_writing(kind, [gain])
        unit = " points" if kind in ("binary", "share", "ordered") else ""
        name = shorten(findings.study.outcome(outcome).name, 30)
        said.append(f"{name} {writing.with_interval(gain, *ends)}{unit}")
    return "; ".join(said)


def signed_step(change: float) -> str:
    """Return a step of a rating with its sign."""
    return f"+{plain(change, 2)}" if change >= 0 else plain(change, 2)


def _first_outcomes(findings: Findings) -> list[str]:
    by_role: dict[str, str] = {}
    for outcome in findings.study.outcomes:
        if outcome.id in findings.drivers:
            by_role.setdefault(outcome.role, outcome.id)
    return list(by_role.values())


def waterfall_caption(findings: Findings) -> str:
    """Return what the planning waterfall shows."""
    value = findings.value
    if value is None or value.steps.empty:
        return "There is no plan to draw."
    name = outcome_name(findings, value.outcome)
    plan = "the largest plan above" if value.purchases else "the list"
    kind = " (%)" if value.kind in ("binary", "share", "ordered") else ""
    return (
        f"{name}{kind} per customer from today to {plan}, moment by moment, each added to those "
        "above it, with its interval. Full bars are claimed; hatched ones hold "
        f"{IF_CAUSAL}.{f' {words.SIMULATED}' if findings.simulated else ''}"
    )


def last_plan_scored(findings: Findings) -> str:
    """Return what the earlier wave's numbers asked for against what moved since."""
    parts = [_scored(findings, change) for change in findings.change.values()]
    parts = [part for part in parts if part]
    if not parts:
        return "There is no earlier wave whose plan could be scored."
    return "\n\n".join(parts)


def _scored(findings: Findings, change: Change) -> str:
    if change.last_plan.empty:
        return ""
    asked = change.last_plan[change.last_plan["asked"]]
    name = outcome_name(findings, change.outcome)
    wave = escape_markdown(change.wave_a)
    if asked.empty:
        return (
            f"**{name}**: wave {wave} by itself proved no moment below its target, so it asked "
            "for nothing to be fixed."
        )
    asked = asked.sort_values("expected_outcome", ascending=False)
    gains = [*asked["expected_outcome"], *asked["seen_outcome"]]
    writing = linear_writing(findings, change.outcome, gains)
    columns = (
        Column("Moment", 9),
        Column("Rating asked for", 6, "right"),
        Column("Rating seen", 6, "right"),
        Column("Outcome asked for", 7, "right"),
        Column("Outcome seen", 7, "right"),
        Column("So it", 5),
    )
    rows = tuple(
        (
            shorten(moment_name(findings, moment), LONGEST_NAME),
            *_three(CHANGE, cells, "expected_rating", "seen_rating"),
            *_three(writing, cells, "expected_outcome", "seen_outcome"),
            SCORES[cells["score"]],
        )
        for moment, cells in _records(asked)
    )
    what = counted(len(asked), "moment")
    return (
        f"**{name}**: by its own numbers wave {wave} asked to fix {what}, proven and below "
        "target. The study does not hold what was decided; this is what its numbers asked for, "
        f"against what moved up to wave {escape_markdown(change.wave_b)} (outcome: the part of "
        f"its change that these ratings explain, {outcome_unit(findings, change.outcome)}).\n\n"
        f"{Table(columns, rows).to_markdown()}"
    )


def _three(writing: Writing, cells: dict[str, Any], *names: str) -> list[str]:
    return [
        writing.with_interval(cells[name], cells[f"{name}_ci_lower"], cells[f"{name}_ci_upper"])
        for name in names
    ]
