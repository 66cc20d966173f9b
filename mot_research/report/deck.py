"""The deck: the first pages of the report as slides that leaders can edit.

Sentences and tables are those of the report, from the same findings; charts are
PowerPoint's own. The method stands in the speaker's notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mot_research.findings import Findings
from mot_research.priorities.result import Priority
from mot_research.report import native_pictures
from mot_research.report.escaping import escape_markdown
from mot_research.report.logo import read_logo
from mot_research.report.marked_text import Block, Paragraph, TableText, plain, read_marked
from mot_research.report.metadata import ACCENT
from mot_research.report.narrative import (
    answer,
    captions,
    moment_tables,
    one_moment,
    phrases,
    picture_words,
    sureness,
    tables,
    value_pages,
    what_changed,
    words,
)
from mot_research.report.native_charts import Box, NativeChart
from mot_research.report.packages import read_package, without_times, write_package
from mot_research.report.slides import INSIDE, MARGIN, WIDTH, Deck, fitting_rows
from mot_research.report.targets import replacing
from mot_research.report.theme import in_house_colours

GAP = 0.35  # inches between parts of a slide
CONTINUED = "(continued)"
TABLE_TYPE = (13.0, 9.0)  # points, the largest and the smallest
FIGURES = Box(MARGIN, 1.3, WIDTH - 2 * MARGIN, 0.95)
ANSWER = Box(MARGIN, 2.45, 7.2, 4.25)
ASKED = Box(MARGIN + 7.2 + GAP, 2.45, WIDTH - 2 * MARGIN - 7.2 - GAP, 4.25)
CHART = Box(MARGIN, 1.3, WIDTH - 2 * MARGIN, 4.65)
BELOW_CHART = Box(MARGIN, 6.05, WIDTH - 2 * MARGIN, 0.75)
MATRIX = Box(MARGIN, 1.25, 8.3, 5.6)
KEY = Box(MARGIN + 8.3 + GAP, 1.35, WIDTH - 2 * MARGIN - 8.3 - GAP, 5.4)
TOLD = Box(MARGIN, 1.3, 5.9, 3.75)
METRICS = Box(MARGIN + 5.9 + GAP, 1.25, WIDTH - 2 * MARGIN - 5.9 - GAP, 3.8)
EVIDENCE = Box(MARGIN, 5.2, WIDTH - 2 * MARGIN, 1.6)


@dataclass(frozen=True)
class Words:
    """Markdown in a box."""

    markdown: str
    box: Box = INSIDE
    largest: float = 18
    smallest: float = 9
    panel: bool = False


@dataclass(frozen=True)
class Grid:
    """A table in Markdown; rows that find no room go to a slide that continues."""

    markdown: str
    box: Box = INSIDE


@dataclass(frozen=True)
class Picture:
    """A native chart, and in Markdown what it shows."""

    chart: NativeChart
    alt: str
    box: Box = CHART


@dataclass(frozen=True)
class Page:
    """One slide: what it says, shows, and leaves to the speaker."""

    title: str
    parts: tuple[Words | Grid | Picture, ...]
    notes: str


def write_deck(findings: Findings, path: Path | str | None) -> None:
    """Write the deck of these findings; the same findings give the same bytes.

    Parameters
    ----------
    findings : Findings
    path : path or None
        The pptx file; None writes nothing, as in a document of which no deck was asked.

    Raises
    ------
    RenderError
        The study's logo can't be drawn.
    """
    if path is None:
        return
    study = findings.study
    accent = study.look.accent or ACCENT
    logo = None if study.look.logo is None else read_logo(study.resolve(study.look.logo))
    said = f" · {words.SIMULATED.rstrip('.')}" if findings.simulated else ""
    deck = Deck(accent=accent, foot=f"{study.name} · {phrases.of_whom(findings)}{said}", logo=logo)
    lines = [f"Priorities, {phrases.of_whom(findings)}", picture_words.REPORT]
    deck.cover(study.name, lines + ([words.SIMULATED] if findings.simulated else []))
    pages = tuple(_pages(findings))
    read = _reader(pages)
    for page in pages:
        _draw(deck, page, read)
    parts = without_times(read_package(deck.saved()))
    content = write_package(in_house_colours(parts, accent))
    with replacing(Path(path)) as written:
        written.write_bytes(content)


def _reader(pages: tuple[Page, ...]) -> Callable[[str], tuple[Block, ...]]:
    """Return what gives the blocks of any Markdown of the pages, all read at once."""
    texts: dict[str, None] = {}
    for page in pages:
        texts[page.notes] = None
        for part in page.parts:
            texts[part.alt if isinstance(part, Picture) else part.markdown] = None
    blocks = dict(zip(texts, read_marked(list(texts)), strict=True))
    return blocks.__getitem__


def _draw(deck: Deck, page: Page, read: Callable[[str], tuple[Block, ...]]) -> None:
    slide = deck.page(page.title)
    for part in page.parts:
        if isinstance(part, Words):
            said = [block for block in read(part.markdown) if isinstance(block, Paragraph)]
            deck.text(
                slide,
                said,
                part.box,
                largest=part.largest,
                smallest=part.smallest,
                panel=part.panel,
            )
        elif isinstance(part, Picture):
            deck.chart(slide, part.chart, part.box, plain(read(part.alt)))
        else:
            rest: TableText | None = next(
                block for block in read(part.markdown) if isinstance(block, TableText)
            )
            on = slide
            while rest is not None:
                rows, size = fitting_rows(rest, part.box, *TABLE_TYPE)
                deck.table(on, rows.shown, part.box, size=size)
                rest = rows.rest
                if rest is not None:
                    on = deck.page(f"{page.title} {CONTINUED}")
    deck.notes(slide, "\n".join(_as_note(block) for block in read(page.notes)))


def _as_note(block: Block) -> str:
    if not isinstance(block, Paragraph):
        return ""
    return f"{block.marker} {block.text}".strip()


# The story --------------------------------------------------------------------------------


def _pages(findings: Findings) -> Iterator[Page]:
    yield _answer(findings)
    on_list = findings.priorities.listed
    if on_list:
        notes = [answer.list_note(findings), sureness.border(findings), sureness.source(findings)]
        yield Page("The list", (Grid(tables.the_list(findings)),), _notes(*notes))
    yield from _matrices(findings)
    yield from _importances(findings)
    for row in on_list:
        yield _moment(row, findings)
    yield from _changes(findings)
    yield from _plan(findings)
    yield _sureness(findings)


def _answer(findings: Findings) -> Page:
    said = answer.answer_sentences(findings)
    figures = answer.key_figures(findings)
    top = 1.3 if not figures else ANSWER.top
    parts: list[Words | Grid | Picture] = []
    for place, (number, text) in enumerate(figures):
        width = FIGURES.width / len(figures)
        box = Box(FIGURES.left + place * width, FIGURES.top, width - 0.2, FIGURES.height)
        parts.append(Words(f"**{number}** {text}", box, largest=24, smallest=12))
    bottom = ANSWER.top + ANSWER.height
    asked = answer.decisions(findings)
    parts += [
        Words("\n\n".join(said), Box(ANSWER.left, top, ANSWER.width, bottom - top)),
        Words(
            f"**{picture_words.DECISIONS}**\n\n{asked}",
            Box(ASKED.left, top, ASKED.width, bottom - top),
            panel=True,
        ),
    ]
    return Page(
        picture_words.ANSWER,
        tuple(parts),
        _notes(sureness.border(findings), sureness.source(findings)),
    )


def _matrices(findings: Findings) -> Iterator[Page]:
    for role in native_pictures.matrix_roles(findings):
        chart, key = native_pictures.matrix(findings, role)
        alt = captions.alt_priority_matrix(findings.priorities, role=role)
        parts = (
            Picture(chart, alt, MATRIX),
            Words(key, KEY, largest=12, smallest=7),
        )
        title = picture_words.where_they_stand(role)
        yield Page(
            title, parts, _notes(captions.matrix_caption(findings), sureness.source(findings))
        )


def _importances(findings: Findings) -> Iterator[Page]:
    for result in phrases.deciding(findings).values():
        chart = native_pictures.importance(findings, result)
        if chart is None:
            continue
        alt = captions.alt_importance_bars(result, findings)
        below = f"{alt} {native_pictures.left_out(findings, result)}".strip()
        name = findings.study.outcome(result.outcome).name
        yield Page(
            f"What moves {name}",
            (Picture(chart, alt), Words(below, BELOW_CHART, largest=14)),
            _notes(captions.evidence_note(result, findings), sureness.source(findings)),
        )


def _moment(row: Priority, findings: Findings) -> Page:
    told = [
        one_moment.what_to_do(row, findings),
        one_moment.what_it_is(row),
        native_pictures.other_metrics(row),
    ]
    chart = native_pictures.metrics(row)
    alt = picture_words.METRICS_ALT
    evidence = moment_tables.moment_evidence(row, findings)
    wide = TOLD if chart is not None else Box(MARGIN, TOLD.top, INSIDE.width, TOLD.height)
    parts: list[Words | Grid | Picture] = [
        Words("\n\n".join(part for part in told if part), wide, largest=15)
    ]
    if chart is not None:
        parts.append(Picture(chart, alt, METRICS))
    if evidence:
        parts.append(Grid(evidence, EVIDENCE))
    notes = [escape_markdown(row.reason), one_moment.how_robust(row, findings)]
    notes += [captions.small_numbers_note(), sureness.source(findings)]
    return Page(f"{row.place} · {row.moment.name}", tuple(parts), _notes(*notes))


def _changes(findings: Findings) -> Iterator[Page]:
    notes = [
        what_changed.limits(findings),
        what_changed.prediction(findings),
        sureness.source(findings),
    ]
    for name, change in findings.change.items():
        chart = native_pictures.waterfall(findings, change)
        alt = what_changed.chart_note(findings)
        parts = (
            Picture(chart, alt),
            Words(what_changed.moved(findings, change), BELOW_CHART, largest=14, smallest=8),
        )
        yield Page(
            picture_words.what_changed(findings.study.outcome(name).name), parts, _notes(*notes)
        )
    if findings.change:
        table = what_changed.beyond_chance(findings)
        if table.startswith("|"):
            yield Page(picture_words.BEYOND_CHANCE, (Grid(table),), _notes(*notes))
    elif findings.not_compared:
        yield Page(
            picture_words.what_changed(), (Words(what_changed.summary(findings)),), _notes(*notes)
        )


def _plan(findings: Findings) -> Iterator[Page]:
    """Yield the table for annual planning, where the moments' worth is known."""
    if findings.value is None:
        return
    table = value_pages.planning(findings)
    if table.startswith("|"):
        notes = _notes(value_pages.summary(findings), sureness.source(findings))
        yield Page(picture_words.PLAN, (Grid(table),), notes)


def _sureness(findings: Findings) -> Page:
    said = [sureness.border(findings), sureness.who_answered(findings)]
    left = Box(MARGIN, INSIDE.top, 5.9, INSIDE.height)
    right = Box(MARGIN + 5.9 + GAP, INSIDE.top, INSIDE.width - 5.9 - GAP, INSIDE.height)
    parts = (
        Words("\n\n".join([*(text for text in said if text), sureness.warnings(findings)]), left),
        Words(f"**{picture_words.METHOD}**\n\n{sureness.method(findings)}", right, panel=True),
    )
    return Page(
        picture_words.SURENESS,
        parts,
        _notes(sureness.not_used(findings), sureness.source(findings)),
    )


def _notes(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)
