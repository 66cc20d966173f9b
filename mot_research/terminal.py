"""What the command shows: tables, progress, paths, complaints."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mot_research.errors import shown

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, RenderableType
    from rich.progress import Progress as RichProgress


def console() -> Console:
    """Text for a terminal, or plain and wide for a file."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140, highlight=False)


def print_problems(problems: pd.DataFrame) -> None:
    """Print the table of problems, the errors first."""
    from rich.table import Table
    from rich.text import Text

    if problems.empty:
        print("No problems found.")
        return
    order = {"error": 0, "warning": 1, "note": 2}
    rows = problems.sort_values("severity", key=lambda s: s.map(order), kind="stable")
    table = Table(show_lines=False, pad_edge=False, box=None, header_style="bold")
    for heading, options in (
        ("", {"no_wrap": True}),
        ("wave", {"no_wrap": True}),
        ("column", {"overflow": "fold"}),
        ("problem", {"overflow": "fold"}),
        ("rows", {"justify": "right"}),
        ("examples", {"overflow": "fold", "max_width": 24}),
        ("what to do", {"overflow": "fold", "ratio": 1}),
    ):
        table.add_column(heading, **options)
    styles = {"error": "bold red", "warning": "yellow", "note": "dim"}
    for row in rows.itertuples():
        severity = str(row.severity)
        cells = [row.wave, row.column, str(row.rule).replace("_", " "), row.count, row.examples]
        table.add_row(
            Text(severity, style=styles.get(severity, "")),
            *(Text(shown(_cell(cell))) for cell in cells),
            Text(str(row.what_to_do)),
        )
    console().print(table)


def _cell(value: object) -> str:
    return "" if value is None or value != value else str(value)


def print_pieces(pieces: Iterable[RenderableType]) -> None:
    """Print what rich can draw."""
    screen = console()
    for piece in pieces:
        screen.print(piece)


def print_paths(paths: Iterable[Path]) -> None:
    """Say where files lie, a line each."""
    for path in paths:
        print(path)


def complain(message: str) -> None:
    """Say what went wrong, where errors belong."""
    print(f"mot: {message}", file=sys.stderr)


class Progress:
    """A bar in a terminal, plain lines elsewhere, nothing when quiet."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.bar: RichProgress | None = None
        self.said = ""

    def __enter__(self) -> Progress:
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            self.bar = RichProgress(console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("reading the survey", total=None)
            self.bar.start()
        return self

    def __exit__(self, *reason: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def step(self, what: str, done: int, total: int) -> None:
        """Say what is being done, and how much of it is."""
        if self.bar is not None:
            self.bar.update(self.task, description=what, completed=done, total=total)
        elif not self.quiet and what != self.said:
            self.said = what
            print(f"{what} …", file=sys.stderr)
