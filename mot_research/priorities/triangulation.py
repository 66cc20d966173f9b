"""Numbers, voice and gut side by side: where they conflict, and where they agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from mot_research.priorities.result import Priorities, Priority
from mot_research.priorities.voice import VoiceOfWave

Heard = Literal["loud", "heard", "quiet", "not_available"]
Gut = Literal["bet", "chosen", "not_chosen", "not_available"]
Conflict = Literal[
    "shortlist_missed", "proven_but_quiet", "loud_not_proven", "bet_not_proven", "chosen_not_proven"
]
CONFLICTS: tuple[Conflict, ...] = (
    "shortlist_missed",
    "proven_but_quiet",
    "loud_not_proven",
    "bet_not_proven",
    "chosen_not_proven",
)
UNPROVEN = ("minor", "not_proven")


@dataclass(frozen=True)
class Triangle:
    """One moment as the numbers, the customers' words and the company's gut see it.

    ``numbers`` is "proven", or else the best grade of any role; a brand bet has its grade here,
    not its verdict. ``voice`` is "loud" among the K most mentioned relative to reach by 30 comments
    or more, "quiet" beyond them by fewer than 30, else "heard".
    """

    moment: str
    name: str
    numbers: str
    voice: Heard
    gut: Gut
    conflicts: tuple[Conflict, ...]


def triangulate(
    priorities: Priorities, voice: VoiceOfWave | None, shortlist: Mapping[str, bool]
) -> tuple[Triangle, ...]:
    """Put the three side by side for every moment, those with a conflict first.

    Parameters
    ----------
    priorities : Priorities
    voice : VoiceOfWave or None
    shortlist : mapping of moment id to bool
        Of the moments that the workshop decided.
    """
    loud = frozenset[str]() if voice is None else voice.loud(priorities.top)
    quiet = frozenset[str]() if voice is None else voice.quiet(priorities.top)
    known = () if voice is None else voice.by_salience
    found = []
    for row in priorities.rows:
        numbers, name = _numbers(row), row.moment.id
        heard: Heard = "heard" if name in known else "not_available"
        heard = "loud" if name in loud else "quiet" if name in quiet else heard
        gut = _gut(row, shortlist)
        conflicts = tuple(conflict for conflict in CONFLICTS if _is(conflict, numbers, heard, gut))
        found.append(Triangle(name, row.moment.name, numbers, heard, gut, conflicts))
    return tuple(sorted(found, key=lambda each: _place(each.conflicts)))


def triangles_frame(triangles: tuple[Triangle, ...]) -> pd.DataFrame:
    """One row per moment; the conflicts as one text."""
    columns = ["moment", "name", "numbers", "voice", "gut", "conflicts"]
    rows = [
        (each.moment, each.name, each.numbers, each.voice, each.gut, ", ".join(each.conflicts))
        for each in triangles
    ]
    return pd.DataFrame(rows, columns=columns)


def _numbers(row: Priority) -> str:
    grades = [grade.grade for grade in row.grades.values()]
    best = ("proven", "likely", "minor", "not_proven")
    return next((grade for grade in best if grade in grades), "not_tested")


def _gut(row: Priority, shortlist: Mapping[str, bool]) -> Gut:
    if row.moment.brand_bet:
        return "bet"
    if row.moment.id not in shortlist:
        return "not_available"
    return "chosen" if shortlist[row.moment.id] else "not_chosen"


def _is(conflict: Conflict, numbers: str, voice: Heard, gut: Gut) -> bool:
    return {
        "shortlist_missed": numbers == "proven" and gut == "not_chosen",
        "proven_but_quiet": numbers == "proven" and voice == "quiet",
        "loud_not_proven": numbers in UNPROVEN and voice == "loud",
        "bet_not_proven": numbers in UNPROVEN and gut == "bet",
        "chosen_not_proven": numbers in UNPROVEN and gut == "chosen",
    }[conflict]


def _place(conflicts: tuple[Conflict, ...]) -> int:
    return min(map(CONFLICTS.index, conflicts), default=len(CONFLICTS))
