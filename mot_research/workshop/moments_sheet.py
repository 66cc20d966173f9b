"""The moments as a spreadsheet, one row each, as workshops use it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mot_research.errors import StudyError, shown
from mot_research.study.definition import Study
from mot_research.unfinished import unfinished_folder
from mot_research.workshop.moment_columns import COLUMNS, DECISION, HOW, WHAT, WHO, cells_of
from mot_research.workshop.sheets import (
    A3,
    A4,
    BLUE,
    LINE,
    PALE,
    Choices,
    height_of,
    new_book,
    write_cell,
)
from mot_research.workshop.stage_questions import EASILY_MISSED, STAGE_QUESTIONS

SHEET, GUIDE = "moments", "how to fill it in"
EMPTY_ROWS = 60  # below the moments, with their lists to choose from
GROUPS: Mapping[str, str] = {WHAT: BLUE, WHO: "#6B4E9B", HOW: "#2F6B4F", DECISION: "#8A4B0B"}
PRINTED_ROWS = 20  # of an empty list, to write on
ROW_TO_WRITE_ON = 33.0  # points: two lines
GUIDE_WIDTHS = (20, 86)


def write_moments(study: Study, path: Path) -> None:
    """Write the moments of a study, and a guide, as a workbook.

    What `read_moments` reads of it is what was written. The same study gives
    the same bytes.
    """
    with new_book(path, f"{study.name}: the moments") as book:
        text = book.add_format(
            {"text_wrap": True, "valign": "top", "border": 1, "border_color": LINE}
        )
        heads = {
            group: book.add_format(
                {"bold": True, "bg_color": colour, "font_color": "#FFFFFF", "valign": "vcenter"}
            )
            for group, colour in GROUPS.items()
        }
        sheet = book.add_worksheet(SHEET)
        widths = [column.width for column in COLUMNS]
        for place, column in enumerate(COLUMNS):
            sheet.set_column(place, place, column.width, text)
            sheet.write_string(0, place, column.key, heads[column.group])
        for row, moment in enumerate(study.moments, start=1):
            cells = cells_of(moment, study)
            values = [cells.get(column.key, "") for column in COLUMNS]
            sheet.set_row(row, height_of(values, widths))
            for place, value in enumerate(values):
                write_cell(sheet, row, place, value, text)
        for row in range(len(study.moments) + 1, PRINTED_ROWS + 1):
            sheet.set_row(row, ROW_TO_WRITE_ON)
        _add_guide(book, study)
        _add_rules(sheet, Choices(book), study, len(study.moments) + EMPTY_ROWS)
        sheet.freeze_panes(1, 2)
        sheet.set_landscape()
        sheet.set_paper(A3)
        sheet.print_area(0, 0, max(len(study.moments), PRINTED_ROWS), len(COLUMNS) - 1)
        sheet.fit_to_pages(2, 0)
        sheet.repeat_rows(0)
        sheet.repeat_columns(0, 1)


def export_moments(study: Study, path: Path) -> None:
    """Write the moments into a new file, whole or not at all.

    Raises
    ------
    StudyError
        The file exists already, is no .xlsx, or can't be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise StudyError(f"'{shown(path)}': let the name end with .xlsx")
    if path.exists():
        raise StudyError(
            f"'{shown(path)}' exists, and may hold what nobody has imported yet. Import it first, "
            "or give another name."
        )
    try:
        with unfinished_folder(path.parent) as folder:
            write_moments(study, folder / path.name)
            (folder / path.name).replace(path)
    except OSError as error:
        raise StudyError(f"'{shown(path)}' can't be written ({shown(error.strerror)}).") from error


def _add_rules(sheet: Any, choices: Choices, study: Study, last: int) -> None:
    for place, column in enumerate(COLUMNS):
        if column.kind == "stage":
            allowed = [stage.name for stage in study.stages]
        elif column.choices:
            allowed = [*column.choices]
        else:
            continue
        advice = f"{column.key}: choose from the list, or leave the cell empty."
        sheet.data_validation(1, place, last, place, choices.rule(allowed, advice))


def _add_guide(book: Any, study: Study) -> None:
    title = book.add_format({"bold": True, "font_size": 14})
    head = book.add_format({"bold": True, "bg_color": PALE, "valign": "top"})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    name = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
    sheet = book.add_worksheet(GUIDE)
    sheet.hide_gridlines(2)
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    for place, width in enumerate(GUIDE_WIDTHS):
        sheet.set_column(place, place, width)
    row = 0

    def line(first: str, second: str = "", looks: tuple[Any, Any] = (name, text)) -> None:
        nonlocal row
        if looks == (name, text):
            sheet.set_row(row, height_of((first, second), GUIDE_WIDTHS))
        for place, value in enumerate((first, second)):
            write_cell(sheet, row, place, value, looks[place])
        row += 1

    line(f"The moments of {study.name}", looks=(title, None))
    line("One row is one moment: a contact that can decide whether a customer stays, buys more or "
         "leaves.", looks=(None, None))  # fmt: skip
    line("Only the name is needed; the rest can come later. Several things in one cell: a line "
         "each, or semicolons.", looks=(None, None))  # fmt: skip
    row += 1
    line("Stage", "Ask this to find its moments", (head, head))
    for stage in study.stages:
        question = STAGE_QUESTIONS.get(stage.id, "")
        line(stage.name, "\n".join(part for part in (stage.definition, question) if part))
    line("Easily missed", "\n".join(EASILY_MISSED))
    row += 1
    for group in GROUPS:
        line(group, "", (head, head))
        for column in COLUMNS:
            if column.group == group:
                more = f" One of: {', '.join(column.choices)}." if column.choices else ""
                line(column.key, column.means + more)
