"""Which column of a new file is which column of the study.

A column under its own name, or under the name that the last wave gave it, is
taken. Another is taken where nothing else can be meant: the same words, the
same label as in the last wave, or a label that is the moment's name. What is
merely similar is proposed, and used only where somebody says so.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from mot_research.arriving.wanted import ROLES, Wanted
from mot_research.errors import StudyError, shown
from mot_research.study.fields import Column
from mot_research.study.parts import WaveFile
from mot_research.study.suggestions import SIMILAR_ENOUGH, did_you_mean
from mot_research.survey.tables import Table

How = Literal["same name", "named", "as before", "clear", "similar", "absent", "missing"]
OPEN: tuple[How, ...] = ("similar", "missing")
QUESTION_NUMBER = re.compile(
    r"^(?:q|v|var|item|question)?[ _.]?\d+[a-z]?(?:[ _.]\d+)*(?:[\s_.:)-]+|$)", re.IGNORECASE
)
COLUMN: TypeAdapter[str] = TypeAdapter(Column)
MOST_PROPOSALS = 5  # columns that one column of the study is compared with in the end
TELLING = 8  # letters of a name that a label may hold inside a longer question


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
    for clue in _clues(table.labels, last, last_labels):
        rest = [one for one in wanted if one.column not in found]
        for one, column in _only_pairs(rest, free, clue):
            found[one.column] = Match(one, column, "clear", clue.why)
            free.remove(column)
    rest = [one for one in wanted if one.column not in found]
    if last is not None:
        lacking, why = absences_of(last), f"as in wave '{last.id}'"
        found |= {
            one.column: Match(one, None, "absent", why) for one in rest if one.is_absent(lacking)
        }
    needed = [one for one in rest if one.needed and one.column not in found]
    for one, column, score in _similar(needed, free, table.labels):
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


def plain(text: str) -> str:
    """Return the letters and digits of a name or label, in small, without its question's number."""
    return "".join(re.findall(r"[^\W_]+", QUESTION_NUMBER.sub("", text.strip()).casefold()))


@dataclass(frozen=True)
class _Clue:
    """Texts of a column wanted and of a column of the file that must be shared."""

    why: str
    of_study: Callable[[Wanted], set[str]]
    of_file: Callable[[str], set[str]]


def _clues(
    labels: Mapping[str, str], last: WaveFile | None, last_labels: Mapping[str, str]
) -> tuple[_Clue, ...]:
    """What makes a pair clear, the strongest first."""
    before = {} if last is None else last.columns
    told = {plain(text) for text in labels.values()} - {""}

    def of(*texts: str) -> set[str]:
        return {plain(text) for text in texts} - {""}

    def label(column: str) -> set[str]:
        return of(labels.get(column, ""))

    def label_before(one: Wanted) -> set[str]:
        return of(last_labels.get(before.get(one.column, one.column), ""))

    def labels_with_the_name(one: Wanted) -> set[str]:
        names = [name for name in map(plain, one.called[:1]) if len(name) >= TELLING]
        return {text for text in told for name in names if name in text}

    return (
        _Clue("its label, as in the last wave", label_before, label),
        _Clue("the same words", lambda one: of(one.column), lambda name: of(name)),
        _Clue("its label", lambda one: of(*one.called, one.column), label),
        _Clue("its label, which holds the name", labels_with_the_name, label),
    )


def _only_pairs(
    wanted: Sequence[Wanted], free: Sequence[str], clue: _Clue
) -> list[tuple[Wanted, str]]:
    """Return the pairs that share a text, where neither side shares one with another."""
    texts = {column: clue.of_file(column) for column in free}
    pairs = []
    for one in wanted:
        keys = clue.of_study(one)
        pairs += [(one.column, column) for column in free if keys & texts[column]]
    of_wanted = Counter(name for name, _ in pairs)
    of_column = Counter(column for _, column in pairs)
    by_name = {one.column: one for one in wanted}
    return [
        (by_name[name], column)
        for name, column in pairs
        if of_wanted[name] == 1 and of_column[column] == 1
    ]


def _similar(
    wanted: Sequence[Wanted], free: Sequence[str], labels: Mapping[str, str]
) -> list[tuple[Wanted, str, float]]:
    """Return proposals, the best first, each column of the study and of the file once."""
    from rapidfuzz import fuzz, process, utils

    names = {name: _numberless(name) for name in free if plain(name)}
    called = {column: _numberless(labels[column]) for column in free if labels.get(column)}
    scored: list[tuple[float, str, str]] = []
    for one in wanted:
        own = [one.column] if plain(one.column) else []
        for texts, choices in ((own, names), ([*one.called, *own], called)):
            for text in texts:
                hits = process.extract(
                    _numberless(text),
                    choices,
                    scorer=fuzz.WRatio,
                    processor=utils.default_process,
                    score_cutoff=SIMILAR_ENOUGH,
                    limit=MOST_PROPOSALS,
                )
                scored += [(score, one.column, column) for _, score, column in hits]
    by_name = {one.column: one for one in wanted}
    found, used = [], set()
    for score, name, column in sorted(scored, key=lambda hit: (-hit[0], hit[1], hit[2])):
        if name in by_name and column not in used:
            used.add(column)
            found.append((by_name.pop(name), column, score))
    return found


def _numberless(text: str) -> str:
    return QUESTION_NUMBER.sub("", text.strip()) or text
