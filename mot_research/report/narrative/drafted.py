"""What a draft guessed, as a table for the terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from mot_research.errors import shown

if TYPE_CHECKING:
    from mot_research.starting.draft import Draft
    from mot_research.starting.guess import Guess

ORDER = (
    *("outcome", "moment", "expected", "respondent", "weight", "stratum", "cluster", "wave"),
    *("dates", "segment", "control", "comments", "not used"),
)
SHOWN_COLUMNS = 6  # of one role and reason


def guesses_table(draft: Draft) -> Table:
    """Return a row for each role and reason, with the columns that it was guessed for."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("guessed", no_wrap=True)
    table.add_column("columns", overflow="fold", max_width=44)
    table.add_column("because", overflow="fold")
    guesses = sorted(draft.guesses, key=_rank)
    for (role, why), group in groupby(guesses, key=lambda guess: (guess.role, guess.why)):
        names = [shown(guess.column) for guess in group]
        more = [f"… ({len(names)} in all)"] if len(names) > SHOWN_COLUMNS else []
        table.add_row(
            Text(role), Text(", ".join([*names[:SHOWN_COLUMNS], *more])), Text(_whole(why))
        )
    return table


def _rank(guess: Guess) -> tuple[int, str]:
    return ORDER.index(guess.role), guess.why


def _whole(text: str) -> str:
    """A long text, made safe word by word."""
    return " ".join(map(shown, text.split()))
