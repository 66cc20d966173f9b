"""The one page that most boards read: the list, who answers, what to do, what changed.

Each function returns Markdown. Numbers and sentences are those of the whole report.
"""

from __future__ import annotations

from mot_research.findings import Findings
from mot_research.report.house_style import shorten
from mot_research.report.markup import Cell, Column, Table
from mot_research.report.narrative import answer, memory, one_moment, tables, what_changed
from mot_research.report.narrative.words import NO_OWNER

LONGEST_NAME = 74  # characters: two lines of the table
LONGEST_OWNER = 34


def the_page(findings: Findings) -> str:
    """Return the page below its title: the answer, the list, what changed, the decisions."""
    lead = " ".join(answer.answer_sentences(findings)[:2])
    parts = [f"{answer.heading(findings)} {lead}"]
    if findings.priorities.listed:
        table = the_list(findings).to_drawn_markdown()
        parts.append(f"::: {{.mot-roomy}}\n{table}\n:::")
        parts.append(f"::: {{.mot-note}}\n{answer.list_note(findings)}\n:::")
    parts += ["## What changed since the last wave", what_changed.summary(findings)]
    parts.append(memory.rules_changed(findings))
    parts += ["## Decisions asked of you", answer.decisions(findings)]
    return "\n\n".join(part for part in parts if part)


def the_list(findings: Findings) -> Table:
    """Return the list: place, moment, owner, action, how sure, and how its rating moved."""
    columns = (
        Column("#", 1, "right"),
        Column("Moment", 14),
        Column("Owner", 7),
        Column("Action", 4),
        Column("How sure", 6),
        Column("Moved", 5),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            str(row.place),
            shorten(row.moment.name, LONGEST_NAME),
            shorten(row.moment.owner or NO_OWNER, LONGEST_OWNER),
            tables.action_label(row),
            one_moment.how_sure(row),
            tables.moved_cell(row),
        )
        for row in findings.priorities.listed
    ]
    return Table(columns, tuple(rows))
