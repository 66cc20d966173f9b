"""The verdicts of each value of a segment: a sentence, a table, a frame."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mot_research.findings import Findings
from mot_research.priorities.by_segment import SegmentPriorities
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import words
from mot_research.report.narrative.phrases import ended, quoted
from mot_research.report.narrative.words import listed

LONGEST_NAME = 60  # characters in the table
NAMED_AT_MOST = 3
SMALLER = "A part proves less than the whole: not proven there is not without effect."


def differing(findings: Findings) -> str:
    """Return which moments are proven for a part of the customers and not for all of them."""
    lines = [
        line for each in findings.segment_priorities.values() for line in _proven(findings, each)
    ]
    if not lines:
        return ""
    return ended(
        f"- Proven for a part of the customers, though not for all together: {'; '.join(lines)}."
    )


def _proven(findings: Findings, each: SegmentPriorities) -> Iterator[str]:
    segment = escape_markdown(each.segment)
    whole = {row.moment.id: row for row in findings.priorities.rows}
    for value, by_moment in each.verdicts.items():
        names = [
            quoted(whole[name].moment.name)
            for name, one in by_moment.items()
            if one.verdict == "proven" and whole[name].verdict != "proven"
        ]
        more = len(names) - NAMED_AT_MOST
        shown = names[:NAMED_AT_MOST] + ([f"{words.number(more)} more"] if more > 0 else [])
        if names:
            yield f"where {segment} is {escape_markdown(value)}, {listed(shown)}"


def tables(findings: Findings) -> str:
    """Return for each segment the verdicts of its values beside that of the whole."""
    blocks = []
    for segment, each in findings.segment_priorities.items():
        blocks += [f"#### Verdicts by {escape_markdown(segment)}", _table(findings, each)]
        if each.refused:
            parts = [
                f"{escape_markdown(value)} ({escape_markdown(why)})"
                for value, why in each.refused.items()
            ]
            blocks.append(ended(f"No verdicts for {listed(parts)}."))
        blocks.append(SMALLER)
    return "\n\n".join(blocks)


def _table(findings: Findings, each: SegmentPriorities) -> str:
    columns = (
        Column("Moment", 10),
        Column("All", 5),
        *(Column(shorten(value, LONGEST_NAME), 5) for value in each.verdicts),
    )
    rows = tuple(
        (
            shorten(row.moment.name, LONGEST_NAME),
            words.VERDICTS[row.verdict],
            *(
                words.VERDICTS[by_moment[row.moment.id].verdict]
                for by_moment in each.verdicts.values()
            ),
        )
        for row in findings.priorities.rows
    )
    return Table(columns, rows).to_markdown()


def frame(each: SegmentPriorities) -> pd.DataFrame:
    """Return one row per value and moment, then the values refused."""
    rows: list[dict[str, object]] = [
        {
            "value": value,
            "moment": name,
            "verdict": one.verdict,
            "proven_for": ", ".join(one.proven_for),
            "reason": one.reason,
        }
        for value, by_moment in each.verdicts.items()
        for name, one in by_moment.items()
    ]
    rows += [
        {"value": value, "moment": "", "verdict": "", "proven_for": "", "reason": why}
        for value, why in each.refused.items()
    ]
    return pd.DataFrame(rows, columns=["value", "moment", "verdict", "proven_for", "reason"])
