"""What is not on the list: bets, what the workshop missed, the rest. Each returns Markdown."""

from __future__ import annotations

from mot_research.findings import Findings
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.narrative.phrases import (
    NAME_CHARACTERS,
    ended,
    names,
)
from mot_research.report.narrative.words import counted, sentence


def bets(findings: Findings) -> str:
    """Return which brand bets there are, and what the data say of each."""
    rows = [row for row in findings.priorities.rows if row.verdict == "brand_bet"]
    if not rows:
        return "No brand bet is named in the study."
    return "\n".join(
        f"- **{escape_markdown(shorten(row.moment.name, NAME_CHARACTERS))}** "
        + (f"(place {row.place}). " if row.place is not None else "(not on the list). ")
        + escape_markdown(row.reason)
        for row in rows
    )


def missed(findings: Findings) -> str:
    """Return what the data prove and the workshop left out."""
    rows = [row for row in findings.priorities.rows if "missed_by_workshop" in row.flags]
    if rows:
        return ended(
            f"Proven, but not on the workshop's shortlist: {names(rows, at_most=len(rows))}."
        )
    if all(row.metrics["consensus"].value is None for row in findings.priorities.rows) and all(
        row.moment.shortlist is None for row in findings.priorities.rows
    ):
        return "The study has no shortlist of a workshop to compare with."
    return "Nothing that is proven was left out by the workshop."


def off_list(findings: Findings) -> str:
    """Return how to read the table of what is not on the list."""
    n = len(findings.priorities.rows) - len(findings.priorities.listed)
    if n == 0:
        return "Every moment of the study is on the list."
    return (
        f"{sentence(counted(n, 'moment is', 'moments are'))} not on the list. *Not proven* does "
        "not mean without effect: the interval says what the data still allow."
    )
