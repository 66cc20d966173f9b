"""Which column of a new file is which column of the study.

A column under its own name, or under the name that the last wave gave it, is
taken. Another is taken where nothing else can be meant: the same words, the
same label as in the last wave, or a label that is the moment's name. What is
merely similar is proposed, and used only where somebody says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from mot_research.arriving.clues import clues_of, only_pairs, similar_pairs
from mot_research.arriving.wanted import ROLES, Wanted
from mot_research.errors import StudyError, shown
from mot_research.study.fields import Column
from mot_research.study.parts import WaveFile
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.tables import Table

How = Literal["same name", "named", "as before", "clear", "similar", "absent", "missing"]
OPEN: tuple[How, ...] = ("similar", "missing")
COLUMN: TypeAdapter[str] = TypeAdapter(Column)


@dataclass(frozen=True)
class Match:
    """What stands for a column of the study in the new file.

    `how` is "similar" (a proposal that somebody must accept) or "missing"
    where it is open; `column` is None where the wave does not have it.
    """

    wanted: Wanted
    column: str | None
    how: How
    why: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the wave can't be added before somebody decides."""
        return self.how in OPEN and self.wanted.needed

    @property
    def is_mapped(self) -> bool:
        """Whether the file has another name for it, which the entry must tell."""
        return self.column is not None and self.column != self.wanted.column


def match_columns(
    wanted: Sequence[Wanted],
    table: Table,
    *,
    named: Mapping[str, str],
    absent: set[str],
    last: WaveFile | None,
    last_labels: Mapping[str, str],
) -> tuple[Match, ...]:
    """Match the columns of a study with those of a new file.

    Parameters
    ----------
    wanted : sequence of Wanted
    table : Table
    named : mapping of the study's column to the file's
        What somebody said; it goes before everything else.
    absent : set of str
        Moments, outcomes, columns or roles that the wave does not have.
    last : WaveFile or None
        The wave before, whose names and absences are tried first.
    last_labels : mapping of column to str
        The labels of the last wave's file; empty where it has none.

    Returns
    -------
    tuple of Match
        One for each column wanted, in that order.

    Raises
    ------
    StudyError
        `named` holds a column that the study or the file does not have, or
        one column of the file for two of the study.
    """
    _check_named(named, wanted, table)
    free = [str(name) for name in table.frame.columns]
    found: dict[str, Match] = {}
    for one in wanted:
        match = _by_name(one, set(free), named, absent, last)
        if match is not None:
            found[one.column] = match
    taken = {match.column for match in found.values()}
    free = [name for name in free if name not in taken and _can_be_mapped(name)]
    for clue in clues_of(table.labels, last, last_labels):
        rest = [one for one in wanted if one.column not in found]
        for one, column in only_pairs(rest, free, clue):
            found[one.column] = Match(one, column, "clear", clue.why)
            free.remove(column)
    rest = [one for one in wanted if one.column not in found]
    if last is not None:
        lacking, why = absences_of(last), f"as in wave '{last.id}'"
        found |= {
            one.column: Match(one, None, "absent", why) for one in rest if one.is_absent(lacking)
        }
    needed = [one for one in rest if one.needed and one.column not in found]
    for one, column, score in similar_pairs(needed, free, table.labels):
        found[one.column] = Match(one, column, "similar", f"similar ({score:.0f} of 100)")
    for one in rest:
        found.setdefault(one.column, Match(one, None, "missing", "no column fits"))
    return tuple(found[one.column] for one in wanted)


def _check_named(named: Mapping[str, str], wanted: Sequence[Wanted], table: Table) -> None:
    columns = [str(name) for name in table.frame.columns]
    known = [one.column for one in wanted]
    for name, column in named.items():
        if name not in known:
            raise StudyError(
                f"--column: the study asks for no column '{shown(name)}'."
                f"{did_you_mean(name, known)} Write the study's column first, then the file's, "
                "as in --column food=q7_food"
            )
        if column not in columns:
            raise StudyError(
                f"--column: '{shown(table.path.name)}' has no column '{shown(column)}'."
                f"{did_you_mean(column, columns)} If this wave does not have "
                f"'{shown(name)}', write: --without {shown(name)}"
            )
    twice = [column for column in named.values() if list(named.values()).count(column) > 1]
    if twice:
        raise StudyError(
            f"--column: '{shown(twice[0])}' is given for two columns of the study. Give it for one."
        )


def _by_name(
    one: Wanted,
    columns: set[str],
    named: Mapping[str, str],
    absent: set[str],
    last: WaveFile | None,
) -> Match | None:
    before = last.columns.get(one.column) if last is not None else None
    if one.column in named:
        return Match(one, named[one.column], "named")
    if one.is_absent(absent):
        return Match(one, None, "absent")
    if one.column in named.values():
        return None  # its name stands for another column, as somebody said
    if one.column in columns:
        if before in columns and before != one.column and last is not None:
            why = f"its name, though wave '{last.id}' had it in '{shown(before)}', also here"
            return Match(one, one.column, "similar", why)
        return Match(one, one.column, "same name")
    if last is None:
        return None
    if before in columns and before not in named.values():
        return Match(one, before, "as before", f"as in wave '{last.id}'")
    return None


def absences_of(wave: WaveFile) -> set[str]:
    """Return the names that a wave declares not to have."""
    lacking = (role for role in ROLES if role in wave.model_fields_set and not getattr(wave, role))
    return {*wave.not_asked, *lacking}


def _can_be_mapped(name: str) -> bool:
    """Whether a study file may hold the name: not with a control character in it."""
    try:
        COLUMN.validate_python(name)
    except ValidationError:
        return False
    return True
