"""Slides of 16:9 with text that fits: what is too long gets smaller, then shorter."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mot_research.report import house_style as style
from mot_research.report.escaping import plain_text
from mot_research.report.logo import Logo
from mot_research.report.marked_text import Paragraph, Run, TableText
from mot_research.report.native_charts import WHITE, Box, NativeChart, lighter, rgb

WIDTH, HEIGHT = 13.333, 7.5  # inches
MARGIN = 0.6
INSIDE = Box(MARGIN, 1.35, WIDTH - 2 * MARGIN, 5.35)
FOOT = Box(MARGIN, 6.98, WIDTH - 2 * MARGIN - 1.0, 0.3)
PAGE_NUMBER = Box(WIDTH - MARGIN - 1.0, 6.98, 1.0, 0.3)
TITLE = Box(MARGIN, 0.4, WIDTH - 2 * MARGIN - 1.6, 0.8)
LOGO_HEIGHT = 0.42
LINE = 1.2  # of the size of type
AFTER = 0.45  # of a line, after a paragraph
CELL = (0.06, 0.03)  # inches beside and above the text of a cell
INDENT = 0.28  # inches, of an entry of a list
CAUTIOUS = 1.06  # other machines have other fonts
POINTS = 72
LONGEST_TITLE = 90
MORE = " …"
TITLE_SLIDE, TITLE_ONLY = 0, 5
NUMBER_FIELD = "{00000000-1234-1234-1234-123412341234}"  # any GUID serves


@dataclass(frozen=True)
class Rows:
    """The rows of a table that stand on one slide, and what is left."""

    shown: TableText
    rest: TableText | None


class Deck:
    """A presentation that grows slide by slide."""

    def __init__(self, *, accent: str, foot: str, logo: Logo | None) -> None:
        from pptx import Presentation
        from pptx.util import Inches

        self.file = Presentation()
        widened = Inches(WIDTH) / self.file.slide_width
        self.file.slide_width, self.file.slide_height = Inches(WIDTH), Inches(HEIGHT)
        for layout in (self.file.slide_master, *self.file.slide_layouts):
            for shape in layout.placeholders:
                shape.left, shape.width = int(shape.left * widened), int(shape.width * widened)
        self.accent, self.foot, self.logo = accent, plain_text(foot), logo

    def cover(self, title: str, lines: Sequence[str]) -> None:
        """Add the first slide."""
        slide = self.file.slides.add_slide(self.file.slide_layouts[TITLE_SLIDE])
        heading, below = slide.placeholders
        _place(heading, Box(MARGIN, 2.2, WIDTH - 2 * MARGIN, 1.3))
        _place(below, Box(MARGIN, 3.6, WIDTH - 2 * MARGIN, 1.8))
        self._write_title(heading, title, 40)
        frame = below.text_frame
        frame.word_wrap = True
        _no_margins(frame)
        for place, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            _write_runs(paragraph, (Run(plain_text(line)),), 20, style.SOFT)
            _left(paragraph)
        self._frame(slide, logo_height=0.7)

    def page(self, title: str) -> Any:
        """Add a slide with a title; return it."""
        slide = self.file.slides.add_slide(self.file.slide_layouts[TITLE_ONLY])
        heading = slide.shapes.title
        _place(heading, TITLE)
        short = style.shorten(plain_text(title), LONGEST_TITLE)
        size = fitting_size((Paragraph((Run(short, bold=True),)),), TITLE, 26, 14)[1]
        self._write_title(heading, short, size)
        self._frame(slide, logo_height=LOGO_HEIGHT)
        return slide

    def text(
        self,
        slide: Any,
        paragraphs: Sequence[Paragraph],
        box: Box,
        *,
        largest: float = 18,
        smallest: float = 10,
        panel: bool = False,
    ) -> None:
        """Add paragraphs, as large as fits between the two sizes; then shortened."""
        from pptx.util import Pt

        shape = slide.shapes.add_textbox(*box.emu)
        frame = shape.text_frame
        inner = box
        if panel:
            shape.fill.solid()
            shape.fill.fore_color.rgb = rgb(lighter(self.accent, 0.9))
            inner = Box(box.left + 0.15, box.top + 0.12, box.width - 0.3, box.height - 0.24)
        _no_margins(frame, *((0.15, 0.12) if panel else (0.0, 0.0)))
        frame.word_wrap = True
        kept, size = fitting_size(paragraphs, inner, largest, smallest)
        for place, one in enumerate(kept):
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            paragraph.space_after = Pt(AFTER * size)
            if one.marker:
                _hang(paragraph, one.marker)
            _write_runs(paragraph, one.runs, size, style.INK)

    def table(self, slide: Any, table: TableText, box: Box, *, size: float) -> None:
        """Add a native table; the heights of its rows are what their text needs."""
        from pptx.enum.text import PP_ALIGN
        from pptx.util import Inches

        heights = row_heights(table, box.width, size)
        whole = replace(box, height=sum(heights))
        frame = slide.shapes.add_table(len(table.rows) + 1, len(table.heads), *whole.emu)
        drawn = frame.table
        drawn.horz_banding = False
        for column, share in zip(drawn.columns, table.widths, strict=True):
            column.width = Inches(share * box.width)
        for row, height in zip(drawn.rows, heights, strict=True):
            row.height = Inches(height)
        for y, cells in enumerate((table.heads, *table.rows)):
            head, group = y == 0, y > 0 and _is_group(cells)
            for x, text in enumerate(cells):
                cell = drawn.cell(y, x)
                cell.margin_left = cell.margin_right = Inches(CELL[0])
                cell.margin_top = cell.margin_bottom = Inches(CELL[1])
                paragraph = cell.text_frame.paragraphs[0]
                if table.to_the_right[x]:
                    paragraph.alignment = PP_ALIGN.RIGHT
                colour = WHITE if head else style.INK
                _write_runs(paragraph, (Run(text, bold=head or group),), size, colour)
                cell.fill.solid()
                ground = self.accent if head else lighter(self.accent, 0.85)
                cell.fill.fore_color.rgb = rgb(ground if head or group else WHITE)
        frame.name = "Table"

    def chart(self, slide: Any, chart: NativeChart, box: Box, alt: str) -> None:
        """Add a chart that PowerPoint draws, and what it shows in words."""
        frame = chart.draw(slide.shapes, box, self.accent)
        _describe(frame, alt)

    def notes(self, slide: Any, text: str) -> None:
        """Say beside the slide what a speaker should know."""
        slide.notes_slide.notes_text_frame.text = text

    def saved(self) -> bytes:
        """Return the file."""
        written = io.BytesIO()
        self.file.save(written)
        return written.getvalue()

    def _frame(self, slide: Any, logo_height: float) -> None:
        """Add what stands on every slide, so that it stays when a slide is copied elsewhere."""
        from pptx.util import Inches

        foot = slide.shapes.add_textbox(*FOOT.emu)
        foot.name = "Foot"
        _no_margins(foot.text_frame)
        foot.text_frame.word_wrap = True
        said = Paragraph((Run(self.foot),))
        kept, size = fitting_size((said,), FOOT, 11, 8)
        _write_runs(foot.text_frame.paragraphs[0], kept[0].runs, size, style.SOFT)
        number = slide.shapes.add_textbox(*PAGE_NUMBER.emu)
        number.name = "Slide number"
        _no_margins(number.text_frame)
        number.text_frame.word_wrap = True
        _number(number.text_frame.paragraphs[0])
        if self.logo is not None:
            width = logo_height * self.logo.aspect
            picture = slide.shapes.add_picture(
                io.BytesIO(self.logo.png),
                Inches(WIDTH - MARGIN - width),
                Inches(0.45),
                height=Inches(logo_height),
            )
            _describe(picture, "Logo")

    def _write_title(self, shape: Any, text: str, size: float) -> None:
        from pptx.enum.text import MSO_ANCHOR

        frame = shape.text_frame
        frame.word_wrap = True
        frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        _no_margins(frame)
        _write_runs(frame.paragraphs[0], (Run(plain_text(text), bold=True),), size, self.accent)
        _left(frame.paragraphs[0])


def fitting_size(
    paragraphs: Sequence[Paragraph], box: Box, largest: float, smallest: float
) -> tuple[tuple[Paragraph, ...], float]:
    """Return the paragraphs and the largest size of type at which they fit.

    Where they don't fit at the smallest, the last of them are cut.
    """
    size = largest
    while size > smallest and _height(paragraphs, box.width, size) > box.height:
        size = max(smallest, size - 0.5)
    kept = tuple(paragraphs)
    while len(kept) > 1 and _height(kept[:-1], box.width, size) > box.height:
        kept = kept[:-1]
    while kept and _height(kept, box.width, size) > box.height:
        shorter = _shorter(kept[-1])
        if shorter is None:
            return kept, size
        kept = (*kept[:-1], shorter)
    return kept, size


def fitting_rows(table: TableText, box: Box, largest: float, smallest: float) -> tuple[Rows, float]:
    """Return the rows that fit and the largest size of type at which they do."""
    size = largest
    while size > smallest and sum(row_heights(table, box.width, size)) > box.height:
        size -= 0.5
    heights = row_heights(table, box.width, size)
    used, shown = heights[0], 0
    while shown < len(table.rows) and (used + heights[shown + 1] <= box.height or shown == 0):
        used += heights[shown + 1]
        shown += 1
    if shown > 1 and shown < len(table.rows) and _is_group(table.rows[shown - 1]):
        shown -= 1  # a heading stands over what it heads
    rest = replace(table, rows=table.rows[shown:]) if shown < len(table.rows) else None
    return Rows(replace(table, rows=table.rows[:shown]), rest), size


def row_heights(table: TableText, width: float, size: float) -> list[float]:
    """Return the height of the head and of each row, in inches."""
    heights = []
    for place, cells in enumerate((table.heads, *table.rows)):
        lines = max(
            _n_lines(text, share * width - 2 * CELL[0], size, bold=place == 0)
            for text, share in zip(cells, table.widths, strict=True)
        )
        heights.append(lines * LINE * size / POINTS + 2 * CELL[1])
    return heights


def _is_group(cells: tuple[str, ...]) -> bool:
    return sum(bool(cell) for cell in cells) == 1


def _height(paragraphs: Sequence[Paragraph], width: float, size: float) -> float:
    total = 0.0
    for paragraph in paragraphs:
        room = width - (INDENT if paragraph.marker else 0)
        bold = any(run.bold for run in paragraph.runs)
        total += (_n_lines(paragraph.text, room, size, bold=bold) * LINE + AFTER) * size / POINTS
    return total - AFTER * size / POINTS if paragraphs else 0.0


def _n_lines(text: str, width: float, size: float, *, bold: bool = False) -> int:
    """Return how many lines a text takes; a word wider than a line is broken."""
    lines, used = 1, 0.0
    space = _width(" ", size, bold)
    for word in text.split():
        long = _width(word, size, bold)
        if used and used + space + long > width:
            lines, used = lines + 1, 0.0
        used += long + (space if used else 0.0)
        while used > width:
            lines, used = lines + 1, used - width
    return lines


def _width(text: str, size: float, bold: bool) -> float:
    """Return the width of a text in inches."""
    return style.text_width(text, bold=bold) * size / POINTS * CAUTIOUS


def _shorter(paragraph: Paragraph) -> Paragraph | None:
    """Return a paragraph without its last words; None where nothing is left to cut."""
    *first, last = paragraph.runs
    words = last.text.removesuffix(MORE).split(" ")
    if len(words) > 1:
        return replace(paragraph, runs=(*first, replace(last, text=" ".join(words[:-1]) + MORE)))
    if first:
        return replace(
            paragraph, runs=(*first[:-1], replace(first[-1], text=first[-1].text + MORE))
        )
    half = len(words[0]) // 2
    if half < 1:
        return None
    return replace(paragraph, runs=(replace(last, text=words[0][:half] + MORE),))


def _place(shape: Any, box: Box) -> None:
    shape.left, shape.top, shape.width, shape.height = box.emu


def _no_margins(frame: Any, beside: float = 0.0, above: float = 0.0) -> None:
    from pptx.util import Inches

    frame.margin_left = frame.margin_right = Inches(beside)
    frame.margin_top = frame.margin_bottom = Inches(above)


def _left(paragraph: Any) -> None:
    from pptx.enum.text import PP_ALIGN

    paragraph.alignment = PP_ALIGN.LEFT


def _write_runs(paragraph: Any, runs: Sequence[Run], size: float, colour: str) -> None:
    from pptx.util import Pt

    for run in runs:
        written = paragraph.add_run()
        written.text = run.text
        font = written.font
        font.size, font.bold, font.italic = Pt(size), run.bold, run.italic
        font.color.rgb = rgb(colour)


def _hang(paragraph: Any, marker: str) -> None:
    """Give a paragraph a bullet or a number that PowerPoint knows as one."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls
    from pptx.util import Inches

    properties = paragraph._p.get_or_add_pPr()
    properties.set("marL", str(Inches(INDENT)))
    properties.set("indent", str(-Inches(INDENT)))
    is_number = marker[:-1].isdigit()
    sign = 'buAutoNum type="arabicPeriod"' if is_number else f'buChar char="{marker}"'
    properties.append(parse_xml(f"<a:{sign} {nsdecls('a')}/>"))


def _number(paragraph: Any) -> None:
    """Write the number of the slide as a field."""
    from pptx.enum.text import PP_ALIGN
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls

    paragraph.alignment = PP_ALIGN.RIGHT
    field = parse_xml(
        f'<a:fld {nsdecls("a")} id="{NUMBER_FIELD}" type="slidenum"><a:rPr sz="1100"><a:solidFill>'
        f'<a:srgbClr val="{rgb(style.SOFT)}"/></a:solidFill></a:rPr><a:t>‹#›</a:t></a:fld>'
    )
    paragraph._p.append(field)


def _describe(frame: Any, alt: str) -> None:
    frame._element.xpath(".//p:cNvPr")[0].set("descr", plain_text(alt))
