"""A table of plain text, escaped where it is written: as Markdown or as HTML."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Literal

from mot_research.numbers import NO_BREAK
from mot_research.report.escaping import escape_markdown

# Between a number and its unit a line must not break.
_UNIT = re.compile(r" (?=\\%|%)")


@dataclass(frozen=True)
class Column:
    """A column's head, its relative width, and the side its cells keep to."""

    head: str
    width: int
    side: Literal["left", "right"] = "left"


@dataclass(frozen=True)
class Table:
    """Cells of plain text; a row that is a single text is a heading over those below it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...] | str, ...]

    def to_markdown(self) -> str:
        """Return a pipe table; the dashes give the widths."""
        heads = [escape_markdown(column.head) for column in self.columns]
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
                lines.append([_UNIT.sub(NO_BREAK, escape_markdown(cell)) for cell in row])
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
                    f'<td style="text-align:{column.side}">{html.escape(cell)}</td>'
                    for column, cell in zip(self.columns, row, strict=True)
                )
            body.append(f"<tr>{cells}</tr>")
        title = f'<caption style="text-align:left">{html.escape(caption)}</caption>'
        return (
            f'<table class="mot">{title if caption else ""}<thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(body)}</tbody></table>"
        )
