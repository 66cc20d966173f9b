"""Voting sheets for the workshop, one a silo: what to choose from, and nothing that leads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from mot_research.errors import StudyError, shown
from mot_research.study.definition import Study
from mot_research.study.parts import Category
from mot_research.unfinished import unfinished_folder
from mot_research.workshop.sheets import (
    A4,
    BLUE,
    INPUT,
    LINE,
    PALE,
    Choices,
    height_of,
    new_book,
    write_cell,
)

SHEET, MEANINGS = "ballot", "stages and categories"
SILO, PARTICIPANT = "Department", "Your name"
MOMENT, DESCRIPTION, STAGE, CATEGORY, CHOSEN, RANK, ID = HEADINGS = (
    "Moment", "What happens", "Stage", "Category", "Shortlist", "Rank", "id",
)  # fmt: skip
WIDTHS = (34, 40, 16, 16, 11, 8, 18)
YES, NO, NO_VOTE = "yes", "no", "can't say"
CATEGORIES: Mapping[str, str] = {
    "rescue": "A customer is in distress, and we help.",
    "revenue": "The contact builds revenue: it sells, extends or keeps.",
    "request": "A customer asks for something, and we answer.",
    "relationship": "The contact builds the relationship, without being asked.",
}
INSTRUCTIONS = (
    "Fill in the yellow cells by yourself, before you talk about it: where people differ is what "
    "the workshop is for.",
    "Stage and category: choose from the lists; the second sheet says what they mean. Shortlist: "
    "yes for the {top} moments, at most, that we must get right every time; what you leave empty "
    "then counts as no.",
    "Rank: 1 for the most important of your yes, 2 for the next; stop where you are no longer "
    "sure. Can't say, or an empty stage or category, counts as no vote.",
)


def silos_of(study: Study) -> tuple[str, ...]:
    """Return the owners and partners of the moments: the silos that a study knows."""
    named = [
        name
        for moment in study.moments
        for name in (*([moment.owner] if moment.owner else []), *moment.partners)
    ]
    return tuple(sorted(set(named), key=str.casefold))


def write_ballots(study: Study, silos: Sequence[str], folder: Path) -> list[Path]:
    """Write one voting sheet for each silo, all or none.

    Moments stand in alphabetical order and without what the study says of
    them, so that no stage, owner or importance is suggested.

    Raises
    ------
    StudyError
        There is no silo or no moment, a file exists already, or can't be written.
    """
    if not study.moments:
        raise StudyError("there is nothing to vote on: the study has no moments yet.")
    if not silos:
        raise StudyError(
            "no department is known: no moment has an owner or partners. Name the departments, as "
            'in --silos "Marketing, Billing, Customer care"'
        )
    names = _file_names(silos)
    there = [folder / name for name in names.values() if (folder / name).exists()]
    if there:
        raise StudyError(
            f"'{shown(there[0])}' exists, and may hold votes. Read the votes (mot ballot --read), "
            "then move the file away."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(folder) as beside:
            for silo, name in names.items():
                _write_ballot(study, silo, beside / name)
            for name in names.values():
                (beside / name).replace(folder / name)
    except OSError as error:
        raise StudyError(
            f"'{shown(folder)}' can't be written ({shown(error.strerror)})."
        ) from error
    return [folder / name for name in names.values()]


def _file_names(silos: Sequence[str]) -> dict[str, str]:
    """The file of each silo; names that differ in signs or case alone get a number."""
    found: dict[str, str] = {}
    for silo in silos:
        base = re.sub(r"[^\w-]+", "-", silo).strip("-") or "silo"
        taken = {name.casefold() for name in found.values()}
        options = (f"{base}.xlsx", *(f"{base}-{n}.xlsx" for n in range(2, len(silos) + 2)))
        found[silo] = next(one for one in options if one.casefold() not in taken)
    return found


def _write_ballot(study: Study, silo: str, path: Path) -> None:
    with new_book(path, f"{study.name}: vote") as book:
        looks = _Looks(book)
        sheet = book.add_worksheet(SHEET)
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        write_cell(sheet, 0, 0, f"{study.name}: which moments count?", looks.title)
        for row, text in enumerate(INSTRUCTIONS, start=1):
            text = text.format(top=study.rules.top)
            sheet.merge_range(row, 0, row, len(WIDTHS) - 1, "", looks.text)
            write_cell(sheet, row, 0, text, looks.text)
            sheet.set_row(row, height_of([text], [sum(WIDTHS)]))
        row = len(INSTRUCTIONS) + 2
        for label, value, look in ((SILO, silo, looks.fixed), (PARTICIPANT, "", looks.filled_in)):
            write_cell(sheet, row, 0, label, looks.name)
            write_cell(sheet, row, 1, value, look)
            row += 1
        first = row + 2
        for column, heading in enumerate(HEADINGS):
            write_cell(sheet, first - 1, column, heading, looks.head)
        moments = sorted(study.moments, key=lambda moment: moment.name.casefold())
        for row, moment in enumerate(moments, start=first):
            fixed = (moment.name, moment.description or "")
            for column, value in enumerate((*fixed, "", "", "", "", moment.id)):
                look = looks.filled_in if HEADINGS[column] in ASKED else looks.fixed
                write_cell(sheet, row, column, value, looks.small if column == 6 else look)
            sheet.set_row(row, height_of(fixed, WIDTHS[:2]))
        last = first + len(moments) - 1
        _add_meanings(book, study, looks)
        _add_rules(sheet, Choices(book), study, first, last)
        sheet.freeze_panes(first, 1)
        sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True})
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(first - 1)


ASKED = (STAGE, CATEGORY, CHOSEN, RANK)


class _Looks:
    """How cells look: to be read, or to be filled in."""

    def __init__(self, book: Any) -> None:
        line = {"border": 1, "border_color": LINE, "valign": "top", "text_wrap": True}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.text = book.add_format({"text_wrap": True, "valign": "top"})
        self.name = book.add_format({"bold": True, "valign": "top"})
        self.fixed = book.add_format(line)
        self.small = book.add_format(line | {"font_color": "#7A828A", "font_size": 9})
        self.filled_in = book.add_format(line | {"bg_color": INPUT, "locked": False})
        self.pale = book.add_format({"bold": True, "bg_color": PALE})
        self.head = book.add_format(
            {"bold": True, "bg_color": BLUE, "font_color": "#FFFFFF", "valign": "vcenter"}
        )


def _add_rules(sheet: Any, choices: Choices, study: Study, first: int, last: int) -> None:
    allowed = {
        STAGE: [stage.name for stage in study.stages],
        CATEGORY: [*get_args(Category)],
        CHOSEN: [YES, NO, NO_VOTE],
    }
    for heading, options in allowed.items():
        column = HEADINGS.index(heading)
        rule = choices.rule(options, f"{heading}: choose from the list, or leave the cell empty.")
        sheet.data_validation(first, column, last, column, rule)
    column = HEADINGS.index(RANK)
    sheet.data_validation(
        first, column, last, column,
        {
            "validate": "integer", "criteria": "between", "minimum": 1, "maximum": last - first + 1,
            "error_title": "A whole number",
            "error_message": "1 for the most important, then 2, 3 …",
        },
    )  # fmt: skip


def _add_meanings(book: Any, study: Study, looks: _Looks) -> None:
    sheet = book.add_worksheet(MEANINGS)
    widths = (20, 80)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    rows = [
        ("Stage", ""),
        *((stage.name, stage.definition or "") for stage in study.stages),
        ("", ""),
        ("Category", ""),
        *CATEGORIES.items(),
    ]
    for row, (name, means) in enumerate(rows):
        is_head = name in ("Stage", "Category") and not means
        write_cell(sheet, row, 0, name, looks.pale if is_head else looks.name)
        write_cell(sheet, row, 1, means, looks.pale if is_head else looks.text)
        sheet.set_row(row, height_of((name, means), widths))
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
