"""The last plan, scored: what the earlier wave's numbers asked for, and what moved since."""

from __future__ import annotations

from typing import Any

from mot_research.drivers.change import Change
from mot_research.findings import Findings
from mot_research.numbers import CHANGE, NO_BREAK, Writing
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative.phrases import linear_writing, moment_name, outcome_name
from mot_research.report.narrative.phrases import unit as outcome_unit
from mot_research.report.narrative.value_pages import LONGEST_NAME, records
from mot_research.report.narrative.words import counted

SCORES = {
    "as_planned": "moved as planned",
    "less": "moved, less than planned",
    "not_moved": "did not move",
    "fell": "fell",
    "unclear": "can't be told yet",
}


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
    plain_name = findings.study.outcome(change.outcome).name
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
        Column("Moment", 8),
        Column("Rating: asked for, seen", 8, "right"),
        Column(f"{shorten(plain_name, 30)}: asked for, seen", 8, "right"),
        Column("So it", 5),
    )
    rows = tuple(
        (
            shorten(moment_name(findings, moment), LONGEST_NAME),
            _asked_and_seen(CHANGE, cells, "rating"),
            _asked_and_seen(writing, cells, "outcome"),
            SCORES[cells["score"]],
        )
        for moment, cells in records(asked)
    )
    return (
        f"**{name}**: by its own numbers wave {wave} asked to fix "
        f"{counted(len(asked), 'moment')} (the study does not hold what was decided). Seen of the "
        "outcome is the part these ratings explain, in "
        f"{outcome_unit(findings, change.outcome)}.\n\n"
        f"{Table(columns, rows).to_markdown()}"
    )


def _asked_and_seen(writing: Writing, cells: dict[str, Any], what: str) -> str:
    """Return what was asked for, and what was seen with its interval."""
    asked, seen = (f"{when}_{what}" for when in ("expected", "seen"))
    found = writing.with_interval(cells[seen], cells[f"{seen}_ci_lower"], cells[f"{seen}_ci_upper"])
    return f"{writing.one(cells[asked])} → {found.replace(' ', NO_BREAK)}"
