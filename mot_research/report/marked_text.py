"""The report's Markdown as paragraphs and tables, for what is drawn elsewhere than on a page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mot_research.report.embedded import READER
from mot_research.report.pandoc import pandoc

BULLET = "•"
LABEL = "mot-label"
STRONG_SPANS = (LABEL, "mot-number")


@dataclass(frozen=True)
class Run:
    """A piece of a paragraph in one type."""

    text: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Runs of text, after a bullet or a number where it is an entry of a list."""

    runs: tuple[Run, ...]
    marker: str = ""

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class TableText:
    """A table as text: heads, rows, the relative widths and the sides of its columns."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    to_the_right: tuple[bool, ...]


Block = Paragraph | TableText


def read_marked(texts: Sequence[str]) -> list[tuple[Block, ...]]:
    """Return the blocks of each text; pandoc reads them all at once."""
    document = "\n\n".join(f"::: {{.piece}}\n{text}\n:::" for text in texts)
    read = json.loads(pandoc([f"--from={READER}", "--to=json", "--columns=1"], text=document))
    return [tuple(_blocks(piece["c"][1])) for piece in read["blocks"]]


def plain(blocks: Sequence[Block]) -> str:
    """Return the paragraphs as one line of text."""
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph))


def _blocks(blocks: list[Any], marker: str = "") -> Iterator[Block]:
    for block in blocks:
        kind, content = block["t"], block.get("c")
        if kind in ("Para", "Plain"):
            yield Paragraph(tuple(_joined(_runs(content))), marker)
        elif kind == "Header":
            yield Paragraph(tuple(_joined(_runs(content[2], bold=True))), marker)
        elif kind == "Div":
            yield from _blocks(content[1], marker)
        elif kind == "BulletList":
            for entry in content:
                yield from _blocks(entry, BULLET)
        elif kind == "OrderedList":
            for number, entry in enumerate(content[1], start=content[0][0]):
                yield from _blocks(entry, f"{number}.")
        elif kind == "Table":
            yield _table(content)


def _table(content: list[Any]) -> TableText:
    _, _, columns, head, bodies, _ = content
    widths = [spec[1].get("c", 1 / len(columns)) for spec in columns]
    return TableText(
        heads=_cells(head[1][0]),
        rows=tuple(_cells(row) for body in bodies for row in body[3]),
        widths=tuple(width / sum(widths) for width in widths),
        to_the_right=tuple(spec[0]["t"] == "AlignRight" for spec in columns),
    )


def _cells(row: list[Any]) -> tuple[str, ...]:
    return tuple(plain(tuple(_blocks(cell[4]))) for cell in row[1])


def _runs(inlines: list[Any], *, bold: bool = False, italic: bool = False) -> Iterator[Run]:
    for inline in inlines:
        kind, content = inline["t"], inline.get("c")
        if kind == "Str":
            yield Run(content, bold, italic)
        elif kind in ("Space", "SoftBreak", "LineBreak"):
            yield Run(" ", bold, italic)
        elif kind == "Strong":
            yield from _runs(content, bold=True, italic=italic)
        elif kind == "Emph":
            yield from _runs(content, bold=bold, italic=True)
        elif kind == "Span":
            classes = content[0][1]
            strong = bold or any(name in STRONG_SPANS for name in classes)
            yield from _runs(content[1], bold=strong, italic=italic)
            if LABEL in classes:
                yield Run(" ·", strong, italic)
        elif kind == "Quoted":
            marks = "“”" if content[0]["t"] == "DoubleQuote" else "‘’"
            yield Run(marks[0], bold, italic)
            yield from _runs(content[1], bold=bold, italic=italic)
            yield Run(marks[1], bold, italic)
        elif kind == "Link":
            yield from _runs(content[1], bold=bold, italic=italic)
        elif kind in ("Code", "Math"):
            yield Run(content[1], bold, italic)


def _joined(runs: Iterator[Run]) -> Iterator[Run]:
    """Yield runs of one type as one."""
    last: Run | None = None
    for run in runs:
        if last is not None and (run.bold, run.italic) == (last.bold, last.italic):
            last = Run(last.text + run.text, run.bold, run.italic)
        else:
            if last is not None:
                yield last
            last = run
    if last is not None:
        yield last
