"""Blocks of the report that put sentences and tables together. Each returns Markdown."""

from __future__ import annotations

from mot_research.findings import Findings
from mot_research.priorities.result import Priority
from mot_research.report import narrative, tables
from mot_research.report.escaping import escape_markdown
from mot_research.report.phrases import deciding

KEPT_TOGETHER = '::: {.block breakable="false"}'
PAGE_BREAK = "::: {.mot-page-break}\n:::"
A_PAGE = 2  # moments


def the_moments(findings: Findings) -> str:
    """Return the section with a half page for each moment on the list."""
    blocks = [_moment(row, findings) for row in findings.priorities.listed]
    heading = f"## {narrative.MOMENTS_HEADING}"
    if not blocks:
        return f"{heading}\n\n{narrative.EMPTY_LIST}"
    blocks[0] = f"{heading}\n\n{blocks[0]}"
    for first in range(0, len(blocks), A_PAGE):
        blocks[first] = f"{PAGE_BREAK}\n\n{blocks[first]}"
    if len(blocks) % A_PAGE == 0:
        blocks.append(PAGE_BREAK)
    return "\n\n".join(blocks)


def the_evidence(findings: Findings) -> str:
    """Return the table of numbers with intervals, one for each role."""
    parts = []
    for role, result in deciding(findings).items():
        table = tables.evidence(findings, role)
        if table:
            parts += [
                f"**{escape_markdown(narrative.role_outcome(role, findings))}**",
                table,
                narrative.evidence_note(result, findings),
            ]
    return "\n\n".join(parts) or narrative.EMPTY_LIST


def bars_captions(findings: Findings) -> str:
    """Return what the importance bars show, an outcome a paragraph."""
    results = deciding(findings).values()
    return "\n\n".join(narrative.bars_caption(result, findings) for result in results)


def _moment(row: Priority, findings: Findings) -> str:
    parts = [
        KEPT_TOGETHER,
        f"### {row.place} · {escape_markdown(row.moment.name)}",
        f"{narrative.what_to_do(row)} {escape_markdown(row.reason)}",
        narrative.what_it_is(row, findings),
        narrative.who_answers(row),
        narrative.how_robust(row, findings),
        tables.moment_evidence(row, findings),
        tables.moment_metrics(row),
        ":::",
    ]
    return "\n\n".join(part for part in parts if part)
