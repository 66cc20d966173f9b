"""Spreadsheets that people fill in: nothing in them runs, and each cell keeps its place."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mot_research.errors import StudyError, SurveyError, shown
from mot_research.survey.separately import read_sheets_of

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

CREATED = datetime.datetime(2000, 1, 1)  # the same study gives the same bytes
LARGEST_FILE = 20_000_000  # bytes; a list of moments is a thousandth of it
LARGEST_UNPACKED = 200_000_000
LISTS = "lists"  # the hidden sheet of what may be chosen
BLUE, PALE, INPUT, LINE = "#0B5C8A", "#E4E7EB", "#FFF8E1", "#B8C0C8"
LETTERS = 26
LINE_HEIGHT = 15.0  # points, of 11-point Calibri

A3, A4 = 8, 9

Cell = str | float


@contextmanager
def new_book(path: Path, title: str) -> Iterator[Workbook]:
    """A workbook whose text is text, whatever it begins with."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    content = BytesIO()
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": title, "created": CREATED})
        yield book
    path.write_bytes(content.getvalue())


def write_cell(sheet: Worksheet, row: int, column: int, value: Cell, look: Any = None) -> None:
    """Write a number as a number, and any text as text; an empty one as an empty cell."""
    if isinstance(value, str):
        sheet.write_string(row, column, value, look) if value else sheet.write_blank(
            row, column, None, look
        )
    else:
        sheet.write_number(row, column, value, look)


def height_of(cells: Sequence[Cell], widths: Sequence[int]) -> float:
    """Return the height of a row, in points, that shows wrapped cells whole."""
    lines = [
        sum(max(1, math.ceil(len(line) / width)) for line in str(cell).split("\n"))
        for cell, width in zip(cells, widths, strict=True)
    ]
    return LINE_HEIGHT * max(lines) + 3


class Choices:
    """The hidden sheet that holds what may be chosen; a list in a rule is cut at 255 characters."""

    def __init__(self, book: Workbook) -> None:
        self.sheet = book.add_worksheet(LISTS)
        self.sheet.hide()
        self.columns = 0

    def rule(self, allowed: Sequence[str], advice: str) -> dict[str, Any]:
        """Return a rule that lets a cell hold one of `allowed`, or nothing."""
        letter = letters(self.columns)
        self.sheet.write_column(0, self.columns, allowed)
        self.columns += 1
        return {
            "validate": "list",
            "source": f"={LISTS}!${letter}$1:${letter}${len(allowed)}",
            "error_title": "Choose from the list",
            "error_message": advice,
        }


def read_sheets(path: Path) -> dict[str, list[list[Cell]]]:
    """Return every visible sheet's cells, from row 1 and column A on; an empty cell is "".

    Raises
    ------
    StudyError
        The file is missing, too large, protected or no workbook.
    """
    try:
        sheets = read_sheets_of(_content(path), shown(path.name))
    except SurveyError as error:
        raise StudyError(str(error)) from None
    return {sheet["name"]: _rows(sheet["rows"]) for sheet in sheets if sheet["visible"]}


def _content(path: Path) -> bytes:
    import zipfile

    name = shown(path.name)
    try:
        if not path.is_file():  # a pipe would be waited for
            raise StudyError(f"There is no file '{shown(path)}'.")
        if path.stat().st_size > LARGEST_FILE:
            raise StudyError(f"'{name}' is larger than 20 MB: is it the right file?")
        content = path.read_bytes()
    except OSError as error:
        raise StudyError(f"'{shown(path)}' can't be read: {shown(error.strerror)}.") from None
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST_UNPACKED:
                raise StudyError(f"'{name}' is too large when unpacked: is it the right file?")
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise StudyError(
            f"'{name}' is no .xlsx workbook, or it is damaged. Save it as .xlsx and try again."
        ) from None
    return content


def _rows(rows: list[list[Any]]) -> list[list[Cell]]:
    return [[_cell(cell) for cell in row] for row in rows]


def _cell(cell: Any) -> Cell:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return float(cell)
    return str(cell)


def letters(column: int) -> str:
    """Return what a spreadsheet calls the column at a place, counted from 0: A, …, Z, AA."""
    before, last = divmod(column, LETTERS)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)


def place(row: int, column: int) -> str:
    """Return what a spreadsheet calls a cell at a place, counted from 0: B7."""
    return f"{letters(column)}{row + 1}"
