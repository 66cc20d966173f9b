"""Missed contacts and the revenue passed over: every sentence and table. Each returns Markdown."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from mot_research.drivers.due_contacts import DueContacts
from mot_research.drivers.missed_contacts import MAX_IMBALANCE, MissedContact
from mot_research.findings import Findings
from mot_research.numbers import (
    NO_BREAK,
    SHOWN_FROM,
    TWO_DIGITS,
    Writing,
    count,
    effect_writing,
    percent,
    plain,
    too_few,
)
from mot_research.report import contact_charts
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import phrases, picture_words
from mot_research.report.narrative.phrases import ended, moment_name, outcome_name, quoted, unit
from mot_research.report.narrative.words import counted, listed, sentence

LONGEST_NAME = 60
SHOWN_DIGITS = 2  # of a number scaled to all customers: more would be pretended
NO_LOG = (
    "What missed contacts cost is not known: no moment has a trigger that an event log shows. "
    "`trigger:` on a moment and `events:` in study.yml bring it."
)
OBSERVATIONAL = (
    "*Observational*: who is answered is not drawn by lot, so those answered in time are weighted "
    "until they resemble the missed in all that is known from before. A trial would prove it."
)


def summary(findings: Findings) -> str:
    """Return what the missed contacts cost, the dearest first; or why that can't be said."""
    contacts = findings.contacts
    if contacts is None:
        return NO_LOG
    due = _due(contacts)
    if not due:
        return (
            "No trigger names the contact that answers it, or none was due for 30 customers: what "
            "missed contacts cost can't be said."
        )
    lines: list[str] = []
    chance: list[str] = []
    untested: list[str] = []
    for row in due:
        tested = _tested(contacts, row["moment"])
        clear = [one for one in tested if one.ci_lower > 0 or one.ci_upper < 0]
        if clear:
            lines.append(_of_moment(findings, row, clear))
        else:
            (chance if tested else untested).append(quoted(row["name"]))
    if chance:
        lines.append(f"What missing costs is within chance at {listed(chance)}.")
    if untested:
        lines.append(f"It can't be tested at {listed(untested)}.")
    return ended(f"**Missed contacts.** {' '.join(lines)}")


def _due(contacts: DueContacts) -> list[dict[Hashable, Any]]:
    """Return the counts of the moments that are shown, most due first."""
    return contact_charts.shown_counts(contacts).to_dict("records")


def _tested(contacts: DueContacts, moment: str) -> list[MissedContact]:
    return [one for one in contacts.effects if one.moment == moment and not one.reason]


def _of_moment(
    findings: Findings, row: Mapping[Hashable, Any], clear: Sequence[MissedContact]
) -> str:
    effects = listed([_effect(findings, one) for one in clear])
    told = (
        f"{quoted(row['name'])}: due for {count(row['triggered'])} customers of the log, answered "
        f"in time for {_in_time(row)} of those who stayed until the deadline. For the missed, an "
        f"answer in time goes with {effects} (observational)."
    )
    passed = [_passed_over(findings, one) for one in clear if one.passed_over > 0]
    return f"{told} **Passed over: {listed(passed)}.**" if passed else told


def _in_time(row: Mapping[Hashable, Any]) -> str:
    decided = int(row["in_time"] + row["late"] + row["never"])
    if decided < SHOWN_FROM:
        return too_few(decided)
    return percent(row["in_time"] / decided)


def _writing(findings: Findings, one: MissedContact) -> Writing:
    kind = findings.study.outcome(one.outcome).kind
    return effect_writing(
        "score" if kind == "ordered" else kind, [one.effect, one.ci_lower, one.ci_upper]
    )


def _effect(findings: Findings, one: MissedContact) -> str:
    text = _writing(findings, one).with_interval(one.effect, one.ci_lower, one.ci_upper)
    return f"{text} {unit(findings, one.outcome)} of {outcome_name(findings, one.outcome)}"


def _passed_over(findings: Findings, one: MissedContact) -> str:
    """Return what all the missed come to: money, or customers."""
    money = findings.study.outcome(one.outcome).kind == "amount"
    of = "of" if money else "for"
    return f"{_total(findings, one)} {of} {outcome_name(findings, one.outcome)}"


def _total(findings: Findings, one: MissedContact) -> str:
    money = findings.study.outcome(one.outcome).kind == "amount"
    unit_ = f"{NO_BREAK}{findings.study.currency or 'currency'}" if money else ""
    writing = Writing(lambda value: plain(_rounded(value), 0))
    text = writing.with_interval(one.passed_over, one.passed_over_lower, one.passed_over_upper)
    return f"{text}{unit_}" if money else f"{text} customers"


def _rounded(value: float) -> float:
    """Return a number of two significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, SHOWN_DIGITS - 1 - math.floor(math.log10(abs(value))))


def table(findings: Findings) -> str:
    """Return each tested moment and outcome: the groups, the effect, what was passed over."""
    if findings.contacts is None:
        return ""
    columns = (
        Column("Moment", 9),
        Column("Outcome", 6),
        Column("In time", 3, "right"),
        Column("Missed", 3, "right"),
        Column("An answer in time goes with", 8, "right"),
        Column("Passed over", 8, "right"),
    )
    rows = [
        (
            shorten(str(row["name"]), LONGEST_NAME),
            shorten(findings.study.outcome(one.outcome).name, LONGEST_NAME),
            count(one.n_in_time),
            count(one.n_missed),
            f"{_writing(findings, one).with_interval(one.effect, one.ci_lower, one.ci_upper)} "
            f"{unit(findings, one.outcome)}",
            _total(findings, one) if math.isfinite(one.passed_over) else "–",
        )
        for row in _due(findings.contacts)
        for one in _tested(findings.contacts, row["moment"])
    ]
    return Table(columns, tuple(rows)).to_markdown() if rows else ""


def note(findings: Findings) -> str:
    """Return how to read it: whose missed contacts are counted, what could not be tested."""
    contacts = findings.contacts
    if contacts is None or not _due(contacts):
        return ""
    tested = any(not one.reason for one in contacts.effects)
    return ended(" ".join([_scope(findings, contacts), *([OBSERVATIONAL] if tested else [])]))


def how(findings: Findings) -> str:
    """Return how the missed were compared, in full (appendix)."""
    contacts = findings.contacts
    if contacts is None or all(one.reason for one in contacts.effects):
        return ""
    trimmed = sum(one.n_trimmed for one in contacts.effects)
    text = (
        "The outcome counts from the deadline on for both groups. After weighting no known trait "
        f"of a tested pair differs by more than {MAX_IMBALANCE} standard deviations. What nobody "
        "records may still differ."
    )
    return (
        f"{text} Left out are missed customers whom nobody answered resembles." if trimmed else text
    )


def not_tested(findings: Findings) -> str:
    """Return why missing a moment could not be tested, a line each; empty where all were."""
    contacts = findings.contacts
    if contacts is None:
        return ""
    lines = [
        f"- {quoted(moment_name(findings, one.moment))}, {outcome_name(findings, one.outcome)}: "
        f"{escape_markdown(one.reason)}."
        for one in contacts.effects
        if one.reason
    ]
    return "\n".join(["**Not tested:**", "", *lines]) if lines else ""


def _scope(findings: Findings, contacts: DueContacts) -> str:
    period = f"{contacts.first:%Y-%m-%d} to {contacts.last:%Y-%m-%d}"
    log = f"The log covers {period}; of each customer the first time counts."
    if contacts.scaled:
        return (
            f"{log} It holds the survey's respondents: what was passed over is their weighted "
            f"share times the {count(findings.study.population or 0)} customers."
        )
    held = "the survey's respondents" if contacts.of_a_survey else "customers beyond the survey"
    return f"{log} It holds {held}: what was passed over is of its own customers, not scaled."


def funnel_caption(findings: Findings) -> str:
    """Return the caption of the contact funnel: what is seen."""
    contacts = findings.contacts
    due = [] if contacts is None else _due(contacts)
    text = picture_words.NOTHING_DUE
    if due:
        seen = listed([f"{quoted(row['name'])} {_in_time(row)}" for row in due])
        text = f"{sentence(counted(len(due), 'moment'))} with a deadline; answered in time: {seen}."
    return ended(f"{phrases.simulated(findings)} {text}".strip())


def balance(findings: Findings) -> str:
    """Return how different the two groups were before and after weighting (appendix)."""
    if findings.contacts is None:
        return ""
    rows = [
        (
            shorten(moment_name(findings, one.moment), LONGEST_NAME),
            shorten(findings.study.outcome(one.outcome).name, LONGEST_NAME),
            str(name),
            TWO_DIGITS.one(before),
            TWO_DIGITS.one(after),
        )
        for one in findings.contacts.effects
        if one.balance is not None
        for name, before, after in one.balance.itertuples()
    ]
    columns = (
        Column("Moment", 8),
        Column("Outcome", 6),
        Column("Known before", 7),
        Column("Difference", 3, "right"),
        Column("After weighting", 3, "right"),
    )
    return Table(columns, tuple(rows)).to_markdown() if rows else ""


def counts(findings: Findings) -> str:
    """Return who was answered, by stage, wave and segment (appendix)."""
    if findings.contacts is None:
        return ""
    frame = findings.contacts.counts
    parts = []
    for by, group in frame.groupby("by", sort=False):
        named = group.copy()
        if by not in ("all", "stage"):
            named["name"] = named["name"] + ", " + named["value"]
        title = {"all": "All customers of the log"}.get(str(by), f"By {by}")
        table_ = contact_charts.funnel_table(named).to_markdown()
        parts += [f"**{escape_markdown(title)}**", table_]
    return "\n\n".join(parts)
