"""What changed since the last wave, and why: sentences and a table for leaders.

Each function returns Markdown. The pieces of a change add up to it exactly.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mot_research.drivers.change import REFERENCE_POINT, Change
from mot_research.drivers.prediction import Prediction
from mot_research.findings import Findings
from mot_research.numbers import CHANGE, PERCENT, TWO_DIGITS, Writing, percent, signed
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import words
from mot_research.report.narrative.change_tables import CAUSES
from mot_research.report.narrative.phrases import (
    deciding,
    ended,
    level_writing,
    linear_writing,
    moment_name,
    names_by_id,
    outcome_name,
    quoted,
    unit,
)
from mot_research.report.narrative.words import listed, sentence

LONGEST_NAME = 60  # characters in the table
ROWS_AT_MOST = 8
CHANGED = {
    "rating": "Mean rating",
    "reach": "Share who had it",
    "effect": "One point better",
    "share": "Share of importance",
}


def summary(findings: Findings) -> str:
    """Return how far each deciding outcome moved and what moved it, or why that can't be said."""
    lines = [moved(findings, each) for each in findings.change.values()]
    lines += [
        f"{outcome_name(findings, name)}: nothing to compare, because "
        f"{escape_markdown(reason.rstrip('.'))}."
        for name, reason in findings.not_compared.items()
    ]
    lines += [
        f"{outcome_name(findings, result.outcome)}: each moment has a model of its own, and "
        "models of single moments are not compared."
        for result in deciding(findings).values()
        if not result.is_ranked
    ]
    if not lines:
        return "There is no outcome whose change could be explained."
    return "\n".join(f"- {ended(line)}" for line in lines)


def moved(findings: Findings, each: Change) -> str:
    """Return how far an outcome moved, whether beyond chance, and by what."""
    row = {str(name): float(value) for name, value in each.mean.iloc[0].items()}
    level = level_writing(findings, each.outcome, (row["a"], row["b"]))
    step = linear_writing(findings, each.outcome, [row["difference"]])
    change = step.with_interval(row["difference"], row["ci_lower"], row["ci_upper"])
    clear = row["ci_lower"] > 0 or row["ci_upper"] < 0
    verdict = "beyond chance" if clear else "within chance"
    text = (
        f"**{outcome_name(findings, each.outcome)}**: from {level.one(row['a'])} in wave "
        f"{escape_markdown(each.wave_a)} to {level.one(row['b'])} in "
        f"{escape_markdown(each.wave_b)}, {change} {unit(findings, each.outcome)}, {verdict}."
    )
    return f"{text} {_causes(findings, each)}".strip()


def _causes(findings: Findings, each: Change) -> str:
    """Return the terms beyond chance, the largest first."""
    terms = each.terms.loc[list(CAUSES)]
    if not each.n_resamples:
        return "Without resamples its parts have no intervals."
    clear = terms[(terms["ci_lower"] > 0) | (terms["ci_upper"] < 0)]
    if clear.empty:
        return "No single part of the change is beyond chance."
    writing = linear_writing(findings, each.outcome, terms["estimate"])
    parts = [
        f"{_cause(str(name))}, "
        f"{writing.with_interval(row['estimate'], row['ci_lower'], row['ci_upper'])}"
        for name, row in clear.sort_values("estimate", key=abs, ascending=False).iterrows()
    ]
    return f"Beyond chance: {'; '.join(parts)}. {_mostly(findings, each)}".strip()


def _cause(term: str) -> str:
    """Return what a term stands for, within a sentence."""
    return CAUSES[term][0].lower() + CAUSES[term][1:]


def _mostly(findings: Findings, each: Change) -> str:
    """Return the moments through whose ratings the outcome moved beyond chance."""
    table = each.to_frame()
    table = table[table["kind"] == "moment"]
    clear = table[(table["ratings_ci_lower"] > 0) | (table["ratings_ci_upper"] < 0)]
    if clear.empty:
        return ""
    writing = linear_writing(findings, each.outcome, table["ratings"])
    ordered = clear.sort_values("ratings", key=abs, ascending=False).head(3)
    parts = [
        f"{quoted(moment_name(findings, str(name)))} ({writing.one(row['ratings'])})"
        for name, row in ordered.iterrows()
    ]
    return f"By the ratings of {listed(parts)}."


def chart_note(findings: Findings) -> str:
    """Return what the waterfall shows; empty where there is none."""
    if not findings.change:
        return ""
    said = f"**{words.SIMULATED}** " if findings.simulated else ""
    whole = "; ".join(
        f"for {outcome_name(findings, name)} {_seen(findings, each)}"
        for name, each in findings.change.items()
    )
    return ended(
        f"{said}From the mean before to the mean now; lines: "
        f"{percent(findings.study.rules.confidence)} intervals. The largest step: {whole}."
    )


def _seen(findings: Findings, each: Change) -> str:
    terms = each.terms.loc[list(CAUSES), "estimate"]
    writing = linear_writing(findings, each.outcome, terms)
    largest = str(terms.abs().idxmax())
    return f"“{_cause(largest)}” ({writing.one(terms[largest])} {unit(findings, each.outcome)})"


def beyond_chance(findings: Findings) -> str:
    """Return the table of what changed beyond chance by moment, or that nothing did."""
    if not findings.change:
        return ""
    rows = [row for each in findings.change.values() for row in _changes(findings, each)]
    if not rows:
        return "No moment's rating, reach, effect or importance changed beyond chance."
    columns = (
        Column("Moment", 10),
        Column("What changed", 7),
        Column("Before", 4, "right"),
        Column("Now", 4, "right"),
        Column("Change", 10, "right"),
    )
    unique = list(dict.fromkeys(rows))
    table = Table(columns, tuple(unique[:ROWS_AT_MOST])).to_markdown()
    more = len(unique) - ROWS_AT_MOST
    if more > 0:
        table += f"\n\n{sentence(words.number(more))} more in the technical appendix."
    return table


def _changes(findings: Findings, each: Change) -> Iterator[tuple[str, ...]]:
    """Yield the rows of one outcome; how a moment went and who had it are told once."""
    limit = findings.study.rules.false_discovery_rate
    first = next(iter(findings.change)) == each.outcome
    for quantity, title in CHANGED.items():
        if quantity in ("rating", "reach") and not first:
            continue  # the ratings of the same people, but for those without the outcome
        table = each.tests.loc[[quantity]].droplevel("quantity")
        for moment, row in table[table["q_value"] <= limit].sort_values("q_value").iterrows():
            level, step = _writings(findings, each, quantity, table)
            what = title
            if quantity in ("effect", "share"):
                name = shorten(findings.study.outcome(each.outcome).name, 40)
                what = f"{title}, {name}"
            yield (
                shorten(names_by_id(findings).get(str(moment), str(moment)), LONGEST_NAME),
                what,
                level.one(row["a"]),
                level.one(row["b"]),
                step.with_interval(row["difference"], row["ci_lower"], row["ci_upper"]),
            )


def _writings(
    findings: Findings, each: Change, quantity: str, table: pd.DataFrame
) -> tuple[Writing, Writing]:
    """Return how a level and a change of a quantity are written."""
    if quantity == "rating":
        return TWO_DIGITS, CHANGE
    if quantity == "effect":
        writing = linear_writing(findings, each.outcome, [*table["a"], *table["b"]])
        return writing, writing
    points = Writing(lambda value: signed(100 * value, 0), " percentage points")
    return PERCENT, points


def left_out(findings: Findings) -> str:
    """Return which moments were not compared, by name, and why; empty where all were."""
    lines = []
    for each in findings.change.values():
        parts = [
            f"{quoted(moment_name(findings, moment))} ({escape_markdown(why)})"
            for moment, why in each.left_out.items()
        ]
        if parts:
            lines.append(
                f"Left out for {outcome_name(findings, each.outcome)}: {'; '.join(parts)}."
            )
    return " ".join(lines)


def limits(findings: Findings) -> str:
    """Return what was not compared, and the notes on the method, the reference point once."""
    lines = [text] if (text := left_out(findings)) else []
    for each in findings.change.values():
        name = outcome_name(findings, each.outcome)
        lines += [
            f"{name}: {escape_markdown(note)}" for note in each.notes if note != REFERENCE_POINT
        ]
    if findings.change:
        lines.append(escape_markdown(REFERENCE_POINT))
    return " ".join(map(ended, lines))


def prediction(findings: Findings) -> str:
    """Return how well the last wave's model predicts this wave, an outcome a sentence."""
    return " ".join(_predicted(findings, each) for each in findings.prediction.values())


def _predicted(findings: Findings, each: Prediction) -> str:
    name = outcome_name(findings, each.outcome)
    unseen = (
        f"{name}: {percent(max(each.cross_validated, 0.0))} of its differences are predicted for "
        f"customers whom the model has not seen"
    )
    if each.earlier is None or pd.isna(each.from_earlier):
        return f"{unseen}."
    if each.from_earlier <= 0:
        return (
            f"{unseen}; the model of wave {escape_markdown(each.earlier)} predicts wave "
            f"{escape_markdown(each.wave)} no better than its mean does."
        )
    span = PERCENT.with_interval(
        each.from_earlier, max(each.ci_lower, 0.0), max(each.ci_upper, 0.0)
    )
    return (
        f"{unseen}; the model of wave {escape_markdown(each.earlier)} predicts {span} of them in "
        f"wave {escape_markdown(each.wave)}, one made from that wave itself "
        f"{percent(max(each.own, 0.0))}."
    )
