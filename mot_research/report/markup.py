"""A table of plain text, escaped where it is written: as Markdown or as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mot_research.numbers import NO_BREAK
from mot_research.report.escaping import escape_markdown

# Between a number and its unit, its sign or its mark a line must not break.
_BOUND = re.compile(r"(?<=[≤≥<>]) | (?=\\%|%|✓|✗)")


@dataclass(frozen=True)
class Column:
    """A column's head, its relative width, and the side its cells keep to."""

    head: str
    width: int
    side: Literal["left", "right"] = "left"


@dataclass(frozen=True)
class Label:
    """A word on a ground of its own; the kind gives the colour, the word the meaning."""

    text: str
    kind: str

    def to_markdown(self) -> str:
        """Return a span that the house filter draws."""
        return f"[{_printed(self.text)}]{{.mot-label .mot-{self.kind}}}"


@dataclass(frozen=True)
class Quiet:
    """A text in a cell that says nothing new, and so does not ask for the eye."""

    text: str

    def to_markdown(self) -> str:
        """Return a span that the house filter draws."""
        return f"[{_printed(self.text)}]{{.mot-quiet}}"


@dataclass(frozen=True)
class Bar:
    """A text with a bar before it; all ends are parts of the bar's length, from 0 to 1.

    The bar begins at ``start`` and ends at ``end``; ``interval`` is a line on it, ``mark`` a
    line across it. What a bar shows its text must say: a screen reader passes it over.
    """

    text: str
    end: float
    start: float = 0.0
    interval: tuple[float, float] | None = None
    mark: float | None = None

    def to_markdown(self) -> str:
        """Return a span that the house filter draws, and the text."""
        places = {"from": self.start, "to": self.end, "mark": self.mark}
        if self.interval is not None:
            places |= dict(zip(("lower", "upper"), self.interval, strict=True))
        kept = {name: place for name, place in places.items() if place is not None}
        drawn = " ".join(f'{name}="{min(1, max(0, place)):.3f}"' for name, place in kept.items())
        return f"[]{{.mot-bar {drawn}}}{2 * NO_BREAK}{_printed(self.text).replace(' ', NO_BREAK)}"


Cell = str | Label | Quiet | Bar


@dataclass(frozen=True)
class Table:
    """Cells of plain text or of signs with a text; a row of one text heads those below it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...] | str, ...]

    def to_markdown(self) -> str:
        """Return a pipe table of text alone; the dashes give the widths."""
        return self._piped(lambda cell: _printed(_text(cell)))

    def to_drawn_markdown(self) -> str:
        """Return a pipe table with the signs of its cells, as the house filter draws them."""
        return self._piped(
            lambda cell: _printed(cell) if isinstance(cell, str) else cell.to_markdown()
        )

    def _piped(self, written: Callable[[Cell], str]) -> str:
        heads = [_printed(column.head) for column in self.columns]
        rules = [
            f"{dashes}:" if column.side == "right" else f":{dashes}"
            for column in self.columns
            for dashes in ["-" * (3 * column.width)]
        ]
        lines = [heads, rules]
        for row in self.rows:
            if isinstance(row, str):
                at = 1 if len(self.columns) > 2 else 0
                lines.append([f"**{row}**" if i == at else "" for i in range(len(self.columns))])
            else:
                lines.append([written(cell) for cell in row])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def to_html(self, *, caption: str = "") -> str:
        """Return an HTML table that needs no style sheet of its own."""
        head = "".join(
            f'<th scope="col" style="text-align:{column.side}">{html.escape(column.head)}</th>'
            for column in self.columns
        )
        body = []
        for row in self.rows:
            if isinstance(row, str):
                cells = (
                    f'<th scope="rowgroup" colspan="{len(self.columns)}" style="text-align:left">'
                    f"{html.escape(row)}</th>"
                )
            else:
                cells = "".join(
                    f'<td style="text-align:{column.side}">{html.escape(_text(cell))}</td>'
                    for column, cell in zip(self.columns, row, strict=True)
                )
            body.append(f"<tr>{cells}</tr>")
        title = f'<caption style="text-align:left">{html.escape(caption)}</caption>'
        return (
            f'<table class="mot">{title if caption else ""}<thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(body)}</tbody></table>"
        )


def _printed(text: str) -> str:
    return _BOUND.sub(NO_BREAK, escape_markdown(text))


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell.text
