"""Filled-in voting sheets as votes; errors name file, row and column."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mot_research.errors import StudyError, shown
from mot_research.study.definition import Study
from mot_research.study.suggestions import did_you_mean
from mot_research.workshop.ballot_sheet import (
    CATEGORIES,
    CATEGORY,
    CHOSEN,
    HEADINGS,
    ID,
    NO,
    NO_VOTE,
    PARTICIPANT,
    RANK,
    SILO,
    STAGE,
    YES,
)
from mot_research.workshop.sheets import Cell, place, read_sheets

MOST_TOLD = 20  # errors in one message
RUNS = ("=", "+", "-", "@")  # beginnings that a spreadsheet would run in the votes' file


@dataclass(frozen=True)
class Vote:
    """What one participant said of one moment; None for no vote."""

    participant: str
    silo: str
    moment: str
    stage: str | None
    category: str | None
    shortlisted: int | None
    rank: int | None


@dataclass(frozen=True)
class Ballots:
    """All votes of a folder, and the sheets that hold none."""

    votes: tuple[Vote, ...]
    empty: tuple[str, ...]


@dataclass(frozen=True)
class _Sheet:
    """One voting sheet: where it is, its cells and the columns of its headings."""

    told: str
    rows: Sequence[Sequence[Cell]]
    head: int
    columns: Mapping[str, int]

    def text(self, row: int, heading: str) -> str:
        return _text(self.rows[row][self.columns[heading]])

    def at(self, row: int, heading: str) -> str:
        """Where a cell is, for a message."""
        return f"{self.told}, {place(row, self.columns[heading])} ({heading.lower()})"


def read_ballots(study: Study, folder: Path) -> Ballots:
    """Read every voting sheet of every workbook in a folder.

    A sheet on which nothing is chosen is told, not read. On a sheet with a
    yes, an empty cell under shortlist counts as no; a ranked moment counts as
    chosen.

    Raises
    ------
    StudyError
        There is no voting sheet, or cells say nothing allowed; the message
        lists each with its file, row and column, and no vote is returned.
    """
    if not folder.is_dir():
        raise StudyError(f"'{shown(folder)}' is no folder. Give the folder of the ballots.")
    files = sorted(path for path in folder.glob("*.xlsx") if path.name[0] not in ".~")
    if not files:
        raise StudyError(f"'{shown(folder)}' holds no .xlsx file. Put the ballots there.")
    problems: list[str] = []
    votes: list[Vote] = []
    empty: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    for file in files:
        sheets = list(_sheets(file))
        if not sheets:
            problems.append(
                f"{shown(file.name)}: holds no ballot (no row with {', '.join(HEADINGS)})"
            )
        for sheet in sheets:
            if not _is_filled(sheet):
                empty.append(sheet.told)
                continue
            silo, participant = _who(sheet, problems)
            other = seen.setdefault((silo.casefold(), participant.casefold()), sheet.told)
            if other != sheet.told and participant:
                problems.append(
                    f"{sheet.told}: '{shown(participant)}' of '{shown(silo)}' has voted in {other}"
                )
            votes += _votes(study, sheet, silo, participant, problems)
    if problems:
        more = [f"… and {len(problems) - MOST_TOLD} more"] if len(problems) > MOST_TOLD else []
        listed = "\n".join(f"  {line}" for line in [*problems[:MOST_TOLD], *more])
        raise StudyError(f"the ballots were not read; nothing has changed:\n{listed}")
    return Ballots(tuple(votes), tuple(empty))


def _sheets(file: Path) -> Iterator[_Sheet]:
    sheets = read_sheets(file)
    for name, rows in sheets.items():
        for at, row in enumerate(rows):
            found = {_text(cell).casefold(): column for column, cell in enumerate(row)}
            columns = {h: found[h.casefold()] for h in HEADINGS if h.casefold() in found}
            if len(columns) == len(HEADINGS):
                told = shown(file.name) + (f", sheet '{shown(name)}'" if len(sheets) > 2 else "")
                yield _Sheet(told, rows, at, columns)
                break


def _is_filled(sheet: _Sheet) -> bool:
    asked = (STAGE, CATEGORY, CHOSEN, RANK)
    rows = range(sheet.head + 1, len(sheet.rows))
    return any(sheet.text(row, heading) for row in rows for heading in asked)


def _who(sheet: _Sheet, problems: list[str]) -> tuple[str, str]:
    """The silo and the participant, from the lines above the table."""
    found = {}
    for label in (SILO, PARTICIPANT):
        row = next((at for at in range(sheet.head) if _text(sheet.rows[at][0]) == label), None)
        text = "" if row is None else _text(sheet.rows[row][1])
        where = f"{sheet.told}, {place(row or 0, 1)} ({label.lower()})"
        if not text:
            problems.append(f"{where}: is empty. A vote needs one; initials are enough")
        elif text.startswith(RUNS) or not text.isprintable():
            problems.append(f"{where}: '{shown(text)}' begins with a sign, or holds a line break")
        found[label] = text
    return found[SILO], found[PARTICIPANT]


def _votes(
    study: Study, sheet: _Sheet, silo: str, participant: str, problems: list[str]
) -> Iterator[Vote]:
    stages = {name: stage.id for stage in study.stages for name in (stage.id, stage.name)}
    chosen = {YES: 1, NO: 0, NO_VOTE: None, "x": 1, "1": 1, "0": 0}
    moments = [moment.id for moment in study.moments]
    rows = [row for row in range(sheet.head + 1, len(sheet.rows)) if sheet.text(row, ID)]
    says_yes = any(sheet.text(row, CHOSEN).casefold() in (YES, "x", "1") for row in rows)
    says_yes |= any(sheet.text(row, RANK) for row in rows)
    ranked: dict[int, int] = {}
    for row in rows:
        moment = sheet.text(row, ID)
        if moment not in moments:
            problems.append(
                f"{sheet.at(row, ID)}: '{shown(moment)}' is no moment of the study."
                + did_you_mean(moment, moments)
            )
            continue
        stage = _choice(sheet, row, STAGE, stages, problems)
        category = _choice(sheet, row, CATEGORY, {name: name for name in CATEGORIES}, problems)
        shortlisted = _choice(sheet, row, CHOSEN, chosen, problems)
        rank = _rank(sheet, row, problems)
        if rank is not None and sheet.text(row, CHOSEN).casefold() in (NO, NO_VOTE, "0"):
            problems.append(f"{sheet.at(row, RANK)}: is ranked, but not chosen: yes, or no rank")
        if rank is not None and rank in ranked:
            first = place(ranked[rank], sheet.columns[RANK])
            problems.append(f"{sheet.at(row, RANK)}: {rank} stands in {first} too")
        if rank is not None:
            ranked.setdefault(rank, row)
            shortlisted = 1
        if not sheet.text(row, CHOSEN) and shortlisted is None and says_yes:
            shortlisted = 0
        yield Vote(participant, silo, moment, stage, category, shortlisted, rank)


def _choice(
    sheet: _Sheet, row: int, heading: str, allowed: Mapping[str, Any], problems: list[str]
) -> Any:
    text = sheet.text(row, heading)
    known = {name.casefold(): value for name, value in allowed.items()}
    if text and text.casefold() not in known:
        problems.append(
            f"{sheet.at(row, heading)}: '{shown(text)}' is not allowed."
            f"{did_you_mean(text, allowed)} Choose from the list"
        )
    return known.get(text.casefold())


def _rank(sheet: _Sheet, row: int, problems: list[str]) -> int | None:
    text = sheet.text(row, RANK)
    if text and not (text.isascii() and text.isdigit() and int(text) >= 1):
        problems.append(f"{sheet.at(row, RANK)}: '{shown(text)}' is no whole number from 1")
        return None
    return int(text) if text else None


def _text(cell: Cell) -> str:
    text = f"{cell:.15g}" if isinstance(cell, float) else cell
    return " ".join(text.split()).replace("’", "'")
