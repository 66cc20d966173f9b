"""The plan: what the moments are worth, what a budget buys, and when to look again.

Each function returns Markdown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mot_research.drivers.gains import JointGain
from mot_research.findings import Findings
from mot_research.numbers import TWO_DIGITS, Writing, count, effect_writing, plain
from mot_research.priorities.plan import Purchase
from mot_research.priorities.value import Value
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import words
from mot_research.report.narrative.phrases import moment_name, outcome_name, quoted
from mot_research.report.narrative.words import counted, listed, sentence

LONGEST_NAME = 60  # characters in a table
NAMED_AT_MOST = 1
NONE = "–"
IF_CAUSAL = "if causal"
NOT_CLAIMED = "‡"  # beside a gain that would hold if causal
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
        else " Gains overlap, so this is not the sum of the lines below."
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
            f"Nothing of it is claimed, because no moment on the list is proven for {role}: every "
            f"line ({NOT_CLAIMED}) holds {IF_CAUSAL}."
        )
    n = int(value.table["claimed"].reindex(value.planning.index, fill_value=False).sum())
    return (
        f"Claimed are {_amount(value, value.claimed)}, of the {counted(n, 'moment')} proven for "
        f"{role}; the rest ({NOT_CLAIMED}) holds {IF_CAUSAL}."
    )


def _basis(findings: Findings, value: Value) -> str:
    waves = listed([escape_markdown(wave) for wave in value.waves]) or "this wave"
    wave = escape_markdown(value.wave)
    parts = [f"Counted from the ratings of wave {wave} with the effects of {waves}"]
    if value.counted_in != "points":
        parts.append(
            f"over all {count(value.customers)} customers"
            if value.population
            else f"for each {count(value.customers)} customers, because {_without(findings)}"
        )
    if value.days is not None:
        parts.append(f"gains and costs over {count(value.days)} days")
    return f"{', '.join(parts)}."


def _without(findings: Findings) -> str:
    if findings.part is not None:
        return "`population` and costs are of all customers, not of these"
    return "the study names no `population`"


def _stop_and_ask(findings: Findings, value: Value) -> str:
    """Return the money that goes where nothing is proven."""
    costs = {
        row.moment.name: row.moment.cost_per_year
        for row in findings.priorities.rows
        if row.action == "stop_and_ask" and row.moment.cost_per_year
    }
    if not costs:
        return ""
    names = [quoted(name) for name in sorted(costs, key=lambda name: -costs[name])]
    more = len(names) - NAMED_AT_MOST
    names = [*names[:NAMED_AT_MOST], *([f"{words.number(more)} more"] if more > 0 else [])]
    return (
        f"{value.currency or ''} {count(sum(costs.values()))} a year would go to what is not "
        f"proven: {listed(names)}."
    ).strip()


def worth(findings: Findings) -> str:
    """Return the table for annual planning: who does what, to gain what, for how much.

    A sign beside a gain says that it is not proven for the role that value is counted in.
    """
    value = findings.value
    if value is None or value.planning.empty:
        return ""
    table = value.table.reindex(value.planning.index)
    writing, unit = gain_writing(value, table["gain"])
    costs = bool(table["cost"].notna().any())
    returns = bool(table["return"].notna().any())
    columns = [
        Column("#", 2, "right"),
        Column("Moment", 14),
        Column("Owner", 7),
        Column("Action", 5),
        Column("Rating", 6, "right"),
        Column(f"Gain, {unit}", 9, "right"),
    ]
    if costs:
        columns.append(Column(_cost_head(value), 5, "right"))
    if returns:
        columns.append(Column(_return_head(value), 8, "right"))
    columns.append(Column("Watch", 10))
    rows = []
    for (moment, cells), (_, plan) in zip(records(table), records(value.planning), strict=True):
        rows.append(
            (
                _place(findings, moment),
                shorten(moment_name(findings, moment), LONGEST_NAME),
                shorten(plan["owner"], 40) if plan["owner"] else words.NO_OWNER,
                words.ACTIONS[plan["action"]] if plan["action"] else NONE,
                *_gain_cells(writing, cells),
                *([_cost(cells["cost"])] if costs else []),
                *([_return(value, cells)] if returns else []),
                _watched(plan),
            )
        )
    return Table(tuple(columns), tuple(rows)).to_markdown()


def _gain_cells(writing: Writing, cells: dict[str, Any]) -> tuple[str, str]:
    """Return the rating now and at target, and the gain; or why there is none."""
    reason = cells["reason"]
    if not isinstance(reason, str) or reason:
        why = reason if isinstance(reason, str) else "it has no rating in the survey"
        return NONE, f"not available: {why}"
    gain = _with(writing, cells["gain"], cells["gain_ci_lower"], cells["gain_ci_upper"])
    return (
        f"{TWO_DIGITS.one(cells['rating'])} → {TWO_DIGITS.one(cells['rating_at_target'])}",
        gain if cells["claimed"] else f"{gain}{NOT_CLAIMED}",
    )


def _watched(plan: dict[str, Any]) -> str:
    return shorten(plan["watch"].replace("_", " "), 60) or "its mean rating"


def _place(findings: Findings, moment: str) -> str:
    return str(findings.priorities[moment].place)


def worth_note(findings: Findings) -> str:
    """Return how to read the table for annual planning, and when to look at what it watches."""
    value = findings.value
    if value is None or value.planning.empty:
        return ""
    parts = [_check_dates(value), "Each outcome's expected change: technical appendix."]
    if not value.table["claimed"].reindex(value.planning.index, fill_value=False).all():
        role = words.THE_ROLES[value.role]
        parts.insert(0, f"{NOT_CLAIMED} {sentence(IF_CAUSAL)}: not proven for {role}.")
    return " ".join(parts)


def _check_dates(value: Value) -> str:
    dates = [escape_markdown(date) for date in value.planning["check"].dropna().unique() if date]
    if not dates:
        return "Dates to check on need the end (`to`) of the wave."
    return f"Check what is watched on {listed(dates)}."


def records(table: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows of a table, each with the name of its moment."""
    rows = table.to_dict("records")
    cells = [{str(key): cell for key, cell in row.items()} for row in rows]
    return list(zip(map(str, table.index), cells, strict=True))


def _cost(cost: float) -> str:
    return count(cost) if math.isfinite(cost) else NONE


def _cost_head(value: Value) -> str:
    return f"Cost, {value.currency or 'currency'}"


def _return_head(value: Value) -> str:
    currency = value.currency or "unit of cost"
    return f"Back per {currency}" if _is_money(value) else f"For each {currency} 1,000"


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
        "overlap: next comes what adds most for its cost."
    )
    if _is_money(value) and value.population:
        how += " What costs more than it brings in this period is left out."
    writing, unit = gain_writing(value, [purchase.gain for purchase in value.purchases])
    columns = (
        Column(f"Budget a year, {value.currency or 'currency'}", 5, "right"),
        Column("Spent", 4, "right"),
        Column("Moments, by their # above", 9),
        Column(f"Gain, {unit}", 7, "right"),
        Column("Of it claimed", 4, "right"),
    )
    rows = tuple(
        (
            count(purchase.budget),
            count(purchase.cost_per_year),
            _numbered(findings, purchase),
            _with(writing, purchase.gain, purchase.ci_lower, purchase.ci_upper),
            writing.one(purchase.claimed),
        )
        for purchase in value.purchases
    )
    return f"{how}\n\n{Table(columns, rows).to_markdown()}"


def _numbered(findings: Findings, purchase: Purchase) -> str:
    return ", ".join(sorted((_place(findings, name) for name in purchase.moments), key=int))


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
    """Return what each outcome is expected to do with each moment, until when, seen by what."""
    value = findings.value
    if value is None or value.planning.empty:
        return ""
    costs = bool(value.planning["cost"].notna().any())
    columns = (
        Column("Moment", 8),
        Column("Stage", 4),
        Column("Owner", 5),
        Column("Action", 3),
        Column("Expected change", 9),
        *([Column(_cost_head(value), 4, "right")] if costs else []),
        Column("Watch", 6),
        Column("Check on", 4),
    )
    stages = {stage.id: stage.name for stage in findings.study.stages}
    rows = []
    for moment, cells in records(value.planning):
        stage, owner, action = cells["stage"], cells["owner"], cells["action"]
        rows.append(
            (
                shorten(moment_name(findings, moment), LONGEST_NAME),
                stages.get(stage, words.NO_STAGE),
                shorten(owner, 40) if owner else words.NO_OWNER,
                words.ACTIONS[action] if action else NONE,
                _expected(findings, cells),
                *([_cost(cells["cost"])] if costs else []),
                _watched(cells),
                cells["check"] or "not available",
            )
        )
    text = Table(columns, tuple(rows)).to_markdown()
    if value.planning["check"].isna().all():
        text += f"\n\n{_check_dates(value)}"
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
