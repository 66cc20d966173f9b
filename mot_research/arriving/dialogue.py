"""The questions about a new wave that only a person can answer, in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mot_research.arriving.entry import Described
from mot_research.arriving.matching import Match
from mot_research.errors import shown

Ask = Callable[[str], bool]


def settled(described: Described, doubtful: tuple[Match, ...], ask: Ask) -> Described:
    """Return the description with what a person said about each doubtful column.

    Parameters
    ----------
    described : Described
    doubtful : tuple of Match
        The open ones of an arrival.
    ask : callable
        Takes a question, returns whether the answer is yes.

    Returns
    -------
    Described
        A proposal that was accepted is a named column; a column that the wave
        does not have is absent; the rest stays open.
    """
    columns, absent = dict(described.columns), list(described.absent)
    for match in doubtful:
        name, uses = shown(match.wanted.column), " and ".join(match.wanted.uses)
        if match.column is not None and ask(
            f"Is '{shown(match.column)}' the column '{name}', {uses}? ({match.why})"
        ):
            columns[match.wanted.column] = match.column
        elif ask(f"Does this wave not have '{name}', {uses}?"):
            absent += [by[0] for by in match.wanted.absent_by]
    return replace(described, columns=columns, absent=tuple(dict.fromkeys(absent)))


def yes_or_no(question: str) -> bool:
    """Ask in the terminal until the answer is y or n; the end of the input is no."""
    for answer in _answers(f"{question} [y/n] "):
        if answer in ("y", "yes"):
            return True
        if answer in ("n", "no"):
            return False
        print("Please answer y or n.")
    return False


def _answers(prompt: str) -> Iterator[str]:
    while True:
        try:
            yield input(prompt).strip().casefold()
        except EOFError:
            return
