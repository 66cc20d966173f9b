"""The columns that a study asks a wave for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from mot_research.study.definition import DesignRole, Study
from mot_research.study.parts import WaveFile

ROLES: tuple[DesignRole, ...] = get_args(DesignRole)


@dataclass(frozen=True)
class Wanted:
    """A column of the study, and what for.

    Parameters
    ----------
    column : str
        Its name in the study.
    uses : tuple of str
        As messages name them: "the rating of moment 'first_bill'".
    absent_by : tuple of tuple of str
        For each use, the names any of which takes it from a wave: the id of a
        moment or outcome, the column, or the role in the design. The first is
        the one to write.
    called : tuple of str
        What a file's label may call it: a moment's name and description.
    needed : bool
        Whether a wave without it has an error.
    """

    column: str
    uses: tuple[str, ...]
    absent_by: tuple[tuple[str, ...], ...]
    called: tuple[str, ...] = ()
    needed: bool = True

    def is_absent(self, names: set[str]) -> bool:
        """Whether these names take every use of the column from a wave."""
        return all(names & set(by) for by in self.absent_by)


def wanted_columns(study: Study, last: WaveFile | None) -> tuple[Wanted, ...]:
    """Return every column that a new wave is asked for, once, the design's first.

    Where the study names no weight, stratum, cluster or respondent of its own,
    the last wave's column is asked for.
    """
    found: dict[str, Wanted] = {}
    for one in _each_use(study, last):
        before = found.get(one.column)
        found[one.column] = one if before is None else _both(before, one)
    return tuple(found.values())


def design_columns(study: Study, last: WaveFile | None) -> dict[DesignRole, str]:
    """Return the column of each role of the design that a new wave is asked for."""
    found: dict[DesignRole, str] = {}
    for role in ROLES:
        column = getattr(study, role) or (getattr(last, role) if last is not None else None)
        if column is not None:
            found[role] = column
    return found


def _both(one: Wanted, other: Wanted) -> Wanted:
    return Wanted(
        one.column,
        one.uses + other.uses,
        one.absent_by + other.absent_by,
        one.called + other.called,
        one.needed or other.needed,
    )


def _each_use(study: Study, last: WaveFile | None) -> Iterator[Wanted]:
    for role, column in design_columns(study, last).items():
        yield Wanted(column, (f"the {role}",), ((role,),))
    for moment in study.moments:
        called = tuple(text for text in (moment.name, moment.description) if text)
        for kind in ("rating", "expected", "emotion"):
            column = getattr(moment, kind)
            if column is not None:
                by = (moment.id, column) if kind == "rating" else (column, moment.id)
                use = f"the {kind} of moment '{moment.id}'"
                yield Wanted(column, (use,), (by,), called if kind == "rating" else ())
    for outcome in study.outcomes:
        if outcome.file is None:
            use, by = f"outcome '{outcome.id}'", (outcome.id, outcome.column)
            yield Wanted(outcome.column, (use,), (by,), (outcome.name,))
    for kind, columns in (("a segment", study.segments), ("a control", study.controls)):
        for column in columns:
            yield Wanted(column, (kind,), ((column,),))
    for column in study.voice.columns if study.voice else ():
        yield Wanted(column, ("codes of comments",), ((column,),))
    for scale, items in study.scales.items():
        for column in items:
            yield Wanted(column, (f"an item of scale '{scale}'",), ((column,),), needed=False)
