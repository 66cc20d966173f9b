"""Blocks of the report that put sentences and tables together. Each returns Markdown."""

from __future__ import annotations

from mot_research.findings import Findings
from mot_research.priorities.result import Priority
from mot_research.report.escaping import escape_markdown
from mot_research.report.narrative import (
    answer,
    beside,
    captions,
    explained,
    moment_tables,
    one_moment,
    phrases,
    tables,
    voice_pages,
)
from mot_research.report.narrative.phrases import deciding

MOMENTS_HEADING = "The moments on the list"
PAGE_BREAK = "::: {.mot-page-break}\n:::"
A_PAGE = 2  # moments
SHORT_LIST, SHORT_MAP = 3, 6  # moments that leave room for a picture on the same page
LEADING = 2  # sentences that stand large on page one


def the_answer(findings: Findings) -> str:
    """Return page one down to its table: the answer, its few figures, the list."""
    sentences = answer.answer_sentences(findings)
    lead, others = sentences[:LEADING], sentences[LEADING:]
    figures = [
        f"::: {{.mot-figure}}\n[{number}]{{.mot-number}} {text}\n:::"
        for number, text in answer.key_figures(findings)
    ]
    parts = [f"::: {{.mot-lead}}\n{' '.join(lead)}\n:::"]
    if figures:
        parts.append(_together(".mot-figures", figures))
    parts.append(" ".join(others))
    if findings.priorities.listed:
        parts.append(f"::: {{.mot-roomy}}\n{tables.list_table(findings).to_drawn_markdown()}\n:::")
        parts.append(f"::: {{.mot-note}}\n{answer.list_note(findings)}\n:::")
    return "\n\n".join(part for part in parts if part)


def after_the_answer(findings: Findings) -> str:
    """Return a page break where the list fills page one; else the map follows on it."""
    return PAGE_BREAK if len(findings.priorities.listed) > SHORT_LIST else ""


def after_the_map(findings: Findings) -> str:
    """Return a page break where the map fills a page; else the matrix follows on it."""
    return PAGE_BREAK if len(findings.priorities.rows) > SHORT_MAP else ""


def _together(attributes: str, blocks: list[str]) -> str:
    body = "\n\n".join(blocks)
    return f":::: {{{attributes}}}\n{body}\n::::"


def the_moments(findings: Findings) -> str:
    """Return the section with a half page for each moment on the list."""
    blocks = [_moment(row, findings) for row in findings.priorities.listed]
    heading = f"## {MOMENTS_HEADING}"
    if not blocks:
        return f"{heading}\n\n{phrases.EMPTY_LIST}"
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
                f"**{escape_markdown(captions.role_outcome(role, findings))}**",
                table,
                captions.evidence_note(result, findings),
            ]
    return "\n\n".join(parts) or phrases.EMPTY_LIST


def bars_captions(findings: Findings) -> str:
    """Return what the importance bars show, an outcome a paragraph."""
    results = deciding(findings).values()
    return "\n\n".join(captions.bars_caption(result, findings) for result in results)


def _moment(row: Priority, findings: Findings) -> str:
    said = [
        one_moment.what_it_is(row),
        beside.line(row, findings),
        voice_pages.moment_voice(row, findings),
    ]
    told = "\n\n".join(filter(None, said))
    split = [
        f"::: {{.mot-told}}\n{told}\n:::",
        f"::: {{.mot-numbers}}\n{moment_tables.moment_metrics(row, findings)}\n:::",
    ]
    parts = [
        f"### {row.place} · {escape_markdown(row.moment.name)}",
        one_moment.what_to_do(row, findings),
        _together(".mot-split", split),
        moment_tables.moment_evidence(row, findings),
        one_moment.how_robust(row, findings),
        explained.why_here(row, findings),
    ]
    body = "\n\n".join(part for part in parts if part)
    return f"::::: {{.mot-card}}\n{body}\n:::::"
