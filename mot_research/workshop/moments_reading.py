"""A filled-in spreadsheet of moments, read into what a study file says; errors name their cells."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mot_research.errors import StudyError, shown
from mot_research.study.definition import Moment, Study
from mot_research.study.suggestions import did_you_mean, nearest
from mot_research.workshop.moment_columns import BY_KEY, value_of
from mot_research.workshop.moments_sheet import GUIDE, SHEET
from mot_research.workshop.sheets import Cell, place, read_sheets

MOST_TOLD = 12  # errors in one message


@dataclass(frozen=True)
class SheetMoments:
    """What a spreadsheet says.

    Parameters
    ----------
    rows : mapping of moment id to {key: value}
        Values as in study.yml; a key is absent where its cell is empty.
    keys : tuple of str
        The columns that the sheet has: only these can change.
    ignored : tuple of str
        Headings of columns that are not the moments' own.
    """

    rows: Mapping[str, Mapping[str, Any]]
    keys: tuple[str, ...]
    ignored: tuple[str, ...] = ()


def read_moments(path: Path, study: Study) -> SheetMoments:
    """Read the moments of a spreadsheet, for a study that knows its stages.

    Raises
    ------
    StudyError
        The file is no workbook, has no column of names, or holds cells that
        say nothing allowed; the message lists each with its row and column.
    """
    sheets = read_sheets(path)
    name = shown(path.name)
    cells = sheets.get(SHEET) or next((rows for key, rows in sheets.items() if key != GUIDE), [])
    if not any(any(row) for row in cells):
        raise StudyError(f"'{name}' holds no moments. Fill in a row each, and save it.")
    headings = [str(cell).strip() for cell in cells[0]]
    found = {heading.casefold(): at for at, heading in enumerate(headings) if heading}
    keys = {key: found[key] for key in BY_KEY if key in found}
    problems = list(_wrong_headings(headings, name))
    if "name" not in keys:
        problems.append(f"row 1: there is no column 'name'. Columns: {', '.join(BY_KEY)}")
    rows: dict[str, Mapping[str, Any]] = {}
    places: dict[str, int] = {}
    if not problems:
        ids = {moment.name.casefold(): moment.id for moment in study.moments}
        for at, row in enumerate(cells[1:], start=1):
            if any(str(row[column]).strip() for column in keys.values()):
                read = dict(_row(row, at, keys, study, problems))
                moment = str(read.setdefault("id", _id(str(read.get("name", "")), ids, rows)))
                if moment.casefold() in places:
                    first = places[moment.casefold()] + 1
                    problems.append(
                        f"row {at + 1}: the id '{shown(moment)}' stands in row {first} too. "
                        "Give each moment its own."
                    )
                places.setdefault(moment.casefold(), at)
                problems += _not_allowed(read, at, keys)
                rows[moment] = read
    if problems:
        more = [f"… and {len(problems) - MOST_TOLD} more"] if len(problems) > MOST_TOLD else []
        listed = "\n".join(f"  {line}" for line in [*problems[:MOST_TOLD], *more])
        raise StudyError(f"'{name}' was not imported; nothing has changed:\n{listed}")
    ignored = tuple(each for each in headings if each and each.casefold() not in BY_KEY)
    return SheetMoments(rows, tuple(keys), ignored)


def _wrong_headings(headings: Sequence[str], name: str) -> Iterator[str]:
    """Yield headings that stand twice, and those that are nearly a column's."""
    for at, heading in enumerate(headings):
        known = heading.casefold() in BY_KEY
        if known and heading.casefold() in [one.casefold() for one in headings[:at]]:
            yield f"{place(0, at)}: the heading '{shown(heading)}' stands twice. Keep one column"
        elif heading and not known and nearest(heading, BY_KEY) is not None:
            yield (
                f"{place(0, at)}: the heading '{shown(heading)}' is not known."
                f"{did_you_mean(heading, BY_KEY)} Rename it; a column of notes may be called "
                "anything less like one"
            )


def _row(
    row: Sequence[Cell], at: int, keys: Mapping[str, int], study: Study, problems: list[str]
) -> Iterator[tuple[str, Any]]:
    for key, column in keys.items():
        cell = row[column]
        if str(cell).strip():
            try:
                yield key, value_of(BY_KEY[key], cell, study)
            except ValueError as error:
                problems.append(f"{place(at, column)} ({key}): '{shown(cell)}' {error}")


def _id(name: str, known: Mapping[str, str], rows: Mapping[str, Any]) -> str:
    """The id of the moment of this name, or a new one made of the name."""
    if name.casefold() in known:
        return known[name.casefold()]
    base = re.sub(r"\W+", "_", name.casefold()).strip("_")[:60] or "moment"
    taken = {one.casefold() for one in (*rows, *known.values())}
    options = (base, *(f"{base}_{number}" for number in range(2, len(taken) + 3)))
    return next(one for one in options if one not in taken)


def _not_allowed(read: Mapping[str, Any], at: int, keys: Mapping[str, int]) -> Iterator[str]:
    """Yield what a moment may not be, at its cell."""
    try:
        Moment.model_validate(read)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            key = str(detail["loc"][0]) if detail["loc"] else "id"
            where = place(at, keys[key]) if key in keys else f"row {at + 1}"
            reason = str(detail.get("ctx", {}).get("error", detail["msg"]))
            if detail["type"] == "missing" and len(detail["loc"]) == 1:
                reason = "is missing: every moment needs one"
            inner = ".".join(map(str, detail["loc"][1:]))
            yield f"{where} ({key}): {f'{inner}: ' if inner else ''}{reason}"
