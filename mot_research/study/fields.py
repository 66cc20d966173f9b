"""The kinds of text and number that a study file may hold, each checked once.

YAML reads ``id: 2017`` as a number; where a text is wanted it becomes "2017".
"""

import datetime
import math
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from mot_research.errors import shown

LONGEST_ID = 64
LONGEST_LINE = 1000  # survey tools export the whole question as a column's name
UNITS = {"hour": 1 / 24, "day": 1, "week": 7}
DURATION = re.compile(r"(\d{1,6})\s*(hour|day|week)s?", re.IGNORECASE)
COLOUR = r"^#[0-9A-Fa-f]{6}$"
# Windows keeps these for devices, with any ending; ids become names of folders.
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class Part(BaseModel):
    """A part of a study file: frozen, no unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, serialize_by_alias=True
    )


def _as_text(value: Any) -> Any:
    """Numbers and dates as text, where a text is wanted."""
    if isinstance(value, bool):
        raise ValueError("true and false are no text: put the word in quotes")
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def clean_line(text: str) -> str:
    """Return a name in one spelling: composed letters, single blanks, none at the ends.

    Names of columns in files and in the study are both cleaned, so that they meet.
    """
    return re.sub(r" {2,}", " ", unicodedata.normalize("NFC", text)).strip()


def _checked_line(text: str) -> str:
    text = clean_line(text)
    if not text:
        raise ValueError("must not be empty")
    if len(text) > LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        raise ValueError("holds a line break or a control character; write it on one line")
    return text


def _checked_text(text: str) -> str:
    if any(
        unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
        for character in text
    ):
        raise ValueError("holds a control character")
    return unicodedata.normalize("NFC", text).strip()


def _checked_id(text: str) -> str:
    text = _checked_line(text)
    if len(text) > LONGEST_ID:
        raise ValueError(f"is longer than {LONGEST_ID} characters")
    allowed = all(character.isalnum() or character in "_-." for character in text)
    if not allowed or not (text[0].isalnum() or text[0] == "_") or text.endswith("."):
        raise ValueError(
            f"'{shown(text)}' is no id: letters, digits, '_', '-' and '.' are allowed, "
            "beginning with a letter, a digit or '_', not ending with '.'"
        )
    if DEVICES.fullmatch(text):
        raise ValueError(
            f"'{shown(text)}' can't be the name of a folder on Windows; choose another"
        )
    return text


def _checked_path(text: str) -> str:
    text = _checked_line(text)
    if "\\" in text:
        raise ValueError(f"'{shown(text)}': write paths with / instead of \\")
    path = PurePosixPath(text)
    if path.is_absolute() or re.match(r"[A-Za-z]:", text) or text.startswith("~"):
        raise ValueError(
            f"'{shown(text)}' is an absolute path; write it relative to the study's folder"
        )
    if ".." in path.parts:
        raise ValueError(f"'{shown(text)}' leaves the study's folder; keep the file inside it")
    if not path.parts:
        raise ValueError(f"'{shown(text)}' names no file")
    return str(path)


def _as_code(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return value


def _checked_code(value: float | str) -> float | str:
    return _checked_line(value) if isinstance(value, str) else value


def _refuse_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


def _as_list(value: Any) -> Any:
    """One value may be written without the brackets of a list."""
    return [value] if isinstance(value, (str, int, float)) else value


def _as_duration(value: Any) -> Any:
    if isinstance(value, datetime.timedelta):
        return value
    match = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f"'{shown(value)}' is no length of time; write a whole number of hours, days or "
            "weeks, for example '14 days' (a month or a year has no fixed length: write its days)"
        )
    return datetime.timedelta(days=int(match[1]) * UNITS[match[2].lower()])


def _as_date(value: Any) -> Any:
    """Dates only: pydantic alone would take numbers as seconds since 1970."""
    if isinstance(value, datetime.datetime):
        raise ValueError("write a date without a time, for example 2026-01-10")
    if isinstance(value, datetime.date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError(f"'{shown(value)}' is no date; write year-month-day, as in 2026-01-10")
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"'{shown(value)}' is not a day of the calendar") from None


def duration_text(duration: datetime.timedelta) -> str:
    """Return a length of time as the study file writes it: "14 days", "36 hours"."""
    hours = round(duration.total_seconds() / 3600)
    number, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{number} {unit}" + ("" if number == 1 else "s")


def code_text(code: float | str) -> str:
    """Return a code as people write it: 6 for 6.0."""
    return code if isinstance(code, str) else f"{code:.15g}"


def code_number(code: float | str) -> float:
    """Return the number that a code is, NaN where it is a word."""
    try:
        return float(code)
    except ValueError:
        return math.nan


def listed(codes: Iterable[float | str]) -> str:
    """Return codes as one readable list: "0, 6, n/a"."""
    return ", ".join(shown(code_text(code)) for code in codes)


def check_scale(low: float, high: float) -> None:
    """Raise ValueError unless `low` is below `high`."""
    if not low < high:
        raise ValueError(f"low ({low:g}) must be below high ({high:g})")


def check_codes(name: str, codes: Iterable[float | str], low: float, high: float) -> None:
    """Raise ValueError if a code for "no value" is a value of the scale."""
    inside = [code for code in codes if low <= code_number(code) <= high]
    if inside:
        raise ValueError(
            f"{name}: {listed(inside)} lies on the scale {low:g} to {high:g}, "
            "so it can't also stand for no value"
        )


def check_disjoint(
    one: str, ones: Iterable[float | str], other: str, others: Iterable[float | str]
) -> None:
    """Raise ValueError if two lists of codes share one."""
    both = set(ones) & set(others)
    if both:
        raise ValueError(f"{listed(sorted(both, key=str))} is in both {one} and {other}")


_WORD = BeforeValidator(_as_text, json_schema_input_type=str | int)

Line = Annotated[str, _WORD, AfterValidator(_checked_line)]
Column = Line  # the name of a column, as its file has it
Text = Annotated[str, _WORD, AfterValidator(_checked_text)]
Id = Annotated[str, _WORD, AfterValidator(_checked_id)]
RelativePath = Annotated[str, AfterValidator(_checked_path)]
Colour = Annotated[str, Field(pattern=COLOUR)]
NO_TRUTH = BeforeValidator(_refuse_truth)  # pydantic alone takes true for 1
Number = Annotated[float, NO_TRUTH]
Code = Annotated[int | float | str, BeforeValidator(_as_code), AfterValidator(_checked_code)]
Codes = Annotated[
    tuple[Code, ...], BeforeValidator(_as_list, json_schema_input_type=list[Code] | Code)
]
Numbers = Annotated[
    tuple[Number, ...], BeforeValidator(_as_list, json_schema_input_type=list[Number] | Number)
]
Lines = Annotated[
    tuple[Line, ...], BeforeValidator(_as_list, json_schema_input_type=list[Line] | Line)
]
Date = Annotated[datetime.date, BeforeValidator(_as_date)]
Duration = Annotated[
    datetime.timedelta,
    BeforeValidator(_as_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["14 days", "365 days", "36 hours"]}),
]
