"""The evidence as files: evidence.csv, and evidence.xlsx with one sheet per table.

Text that a spreadsheet would run as a formula stays text.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mot_research.drivers.cautions import cautions_frame
from mot_research.drivers.result import DriverResult
from mot_research.drivers.segments import Segments
from mot_research.findings import Findings
from mot_research.numbers import SHOWN_FROM, counts_hidden
from mot_research.priorities.triangulation import triangles_frame, triangulate
from mot_research.priorities.voice import VoiceOfWave
from mot_research.report.accountability_frames import accountability_frames
from mot_research.report.activity_frames import steps_frame, ways_frame
from mot_research.report.contact_charts import hidden_counts, hidden_groups
from mot_research.report.escaping import plain_text
from mot_research.report.narrative import explained, segment_verdicts
from mot_research.report.narrative.glossary import SHEETS, Kind, meaning, sheet_kind
from mot_research.report.narrative.tables import ABSENCES
from mot_research.report.shown_counts import without_small_numbers
from mot_research.report.value_record import value_sheets

# A fixed date, so that the same findings give the same bytes.
CREATED = datetime.datetime(2000, 1, 1)
FORMULA_STARTS = ("=", "+", "-", "@")
LONGEST_SHEET_NAME = 31
NOT_IN_SHEET_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
LONGEST_CELL = 32_767  # characters that Excel takes in one cell
NARROWEST_COLUMN, WIDEST_COLUMN = 11, 60  # characters
CONTENTS = "contents"
NUMBERS = {"number": "#,##0.000", "count": "#,##0", "percent": "0.0%"}
# Amounts of money need no thousandths, and shares below one percent need more than tenths.
LARGE_FROM, LARGE = 100, "#,##0.0"
FINE_BELOW, FINE = 0.01, "0.000%"
SHOWN_CELLS = ("shown", "marked")


def write_evidence_csv(findings: Findings, path: Path) -> None:
    """Write one row per moment; text cells that begin like a formula get an apostrophe.

    Text is one line without what is invisible or turns the reading direction, here and in the
    workbook.
    """
    frame = findings.priorities.to_frame().reset_index()
    frame.columns = [_harmless(name) for name in frame.columns]
    frame = frame.map(_harmless)
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def write_evidence_xlsx(findings: Findings, path: Path) -> None:
    """Write one formatted sheet per table; the same findings give the same bytes.

    The first sheet lists the others, the last but one says what their columns mean.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    content = BytesIO()
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": findings.study.name, "created": CREATED})
        *tables, about = _tables(findings)
        taken: set[str] = {CONTENTS}
        named = [
            (_sheet_name(title, taken), sheet_kind(title), frame)
            for title, frame in (*tables, ("columns", _columns(tables)), about)
        ]
        formats = _Formats(book)
        contents = book.add_worksheet(CONTENTS)
        _write_sheet(contents, _contents(named), "", formats)
        for row, (name, kind, frame) in enumerate(named, start=1):
            sheet = book.add_worksheet(name)
            _write_sheet(sheet, frame, kind, formats)
            contents.write_url(row, 0, f"internal:'{name}'!A1", formats.link, name)
    path.write_bytes(content.getvalue())


class _Formats:
    """The looks of cells, each made once; a number is written by what it means."""

    def __init__(self, book: Any) -> None:
        head = {"bold": True, "bg_color": "#E4E7EB", "bottom": 1, "text_wrap": True}
        self.head = book.add_format(head | {"valign": "vcenter"})
        self.text = book.add_format({"text_wrap": True, "valign": "top"})
        self.link = book.add_format({"font_color": "#0B5C8A", "underline": 1, "valign": "top"})
        self._numbers = {
            pattern: book.add_format({"num_format": pattern, "valign": "top"})
            for pattern in (*NUMBERS.values(), LARGE, FINE)
        }

    def of(self, kind: Kind, cells: list[float]) -> Any:
        """Return how all numbers of a column are written."""
        if kind == "number" and max(map(abs, cells), default=0) >= LARGE_FROM:
            return self._numbers[LARGE]
        if kind == "percent" and max(map(abs, cells), default=0) < FINE_BELOW:
            return self._numbers[FINE]
        return self._numbers[NUMBERS.get(kind, NUMBERS["number"])]


def _contents(sheets: list[tuple[str, str, pd.DataFrame]]) -> pd.DataFrame:
    """Return what each sheet holds."""
    rows = [(name, SHEETS.get(kind, ""), len(frame)) for name, kind, frame in sheets]
    return pd.DataFrame(rows, columns=["sheet", "what it holds", "rows"])


def _columns(tables: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """Return what the columns of each kind of sheet mean."""
    found: dict[tuple[str, str], str] = {}
    for title, frame in tables:
        kind = sheet_kind(title)
        for name in map(str, frame.columns):
            means = meaning(name, kind)
            found.setdefault((kind, name), "" if means is None else means.text)
    rows = [(kind, name, text) for (kind, name), text in found.items()]
    return pd.DataFrame(rows, columns=["sheets", "column", "what it means"])


def _tables(findings: Findings) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield every table of the findings with its title."""
    yield "priorities", findings.priorities.to_frame().reset_index()
    for outcome, result in findings.drivers.items():
        frame = without_small_numbers(result.to_frame())
        frame["not_tested"] = [result.not_tested.get(str(name), "") for name in frame.index]
        yield f"drivers {outcome}", frame.reset_index()
        yield f"pairs {outcome}", _shown_pairs(result)
    for outcome, result in findings.alone.items():
        frame = without_small_numbers(result.to_frame())
        yield f"alone {outcome}", frame.reset_index()
    yield "rules", explained.frame(findings)
    yield from _further(findings)
    yield from accountability_frames(findings)
    yield "absences", _absences(findings)
    yield "problems", findings.problems.drop(columns="examples")  # they name customers
    yield "warnings", pd.DataFrame({"warning": list(findings.warnings)})
    yield "about", pd.DataFrame(_about(findings), columns=["what", "value"])


def _further(findings: Findings) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the tables of change, prediction, segments, paths, robustness and planning."""
    for outcome, change in findings.change.items():
        means = change.mean.rename_axis("part").assign(kind="mean")
        yield f"change {outcome}", change.to_frame().reset_index()
        yield f"change tests {outcome}", change.tests.reset_index()
        yield f"change terms {outcome}", change.terms.reset_index()
        yield f"change mean {outcome}", means.reset_index()
        if not change.last_plan.empty:
            yield f"last plan {outcome}", change.last_plan.reset_index()
    if findings.prediction:
        yield "prediction", pd.DataFrame([asdict(one) for one in findings.prediction.values()])
    for segment, by_outcome in findings.segments.items():
        for outcome, result in by_outcome.items():
            yield f"values {segment} {outcome}", result.values.reset_index()
            yield f"segment {segment} {outcome}", _segment(result)
            yield f"differ {segment} {outcome}", _shown_cells(result).reset_index()
            yield f"turn {segment} {outcome}", _shown_flips(result).reset_index()
    for segment, verdicts in findings.segment_priorities.items():
        yield f"verdicts {segment}", segment_verdicts.frame(verdicts)
    for outcome, paths in findings.paths.items():
        yield f"paths {outcome}", paths.to_frame().reset_index()
    for outcome, robust in findings.robustness.items():
        yield f"robustness {outcome}", robust.to_frame().reset_index()
    if findings.value is not None:
        yield from value_sheets(findings.value)
    for outcome, size in findings.sample_sizes.items():
        yield f"sample size {outcome}", size.to_frame().reset_index()
    if findings.contacts is not None:
        yield "contacts", hidden_counts(findings.contacts.counts)
        yield "missed contacts", hidden_groups(findings.contacts.to_frame())
    if findings.activity is not None:
        yield "recorded steps", steps_frame(findings.activity)
        yield "recorded ways", ways_frame(findings.activity)
    if findings.reliability is not None:
        yield "reliability", findings.reliability.to_frame().reset_index()
    if findings.voice is not None:
        yield "voice", findings.voice.to_frame().reset_index()
        yield "quotes", _quotes(findings.voice)
    if findings.voice is not None or findings.shortlist:
        triangles = triangulate(findings.priorities, findings.voice, findings.shortlist)
        yield "numbers, voice, gut", triangles_frame(triangles)
    if findings.consensus is not None:
        for name in ("measures", "silos", "pairs", "answers", "moments"):
            yield f"consensus {name}", getattr(findings.consensus, name).reset_index()
    cautions = [("study", one) for one in findings.cautions]
    cautions += [
        (outcome, one) for outcome, result in findings.drivers.items() for one in result.cautions
    ]
    if cautions:
        frame = cautions_frame([one for _, one in cautions])
        frame.insert(0, "of", [of for of, _ in cautions])
        yield "cautions", frame


def _shown_pairs(result: DriverResult) -> pd.DataFrame:
    """Driver against driver, of those that enough people rated."""
    pairs, shown = result.differences(), result.table["n"] >= SHOWN_FROM
    kept = set(result.table.index[shown])
    return pairs[pairs["first"].isin(kept) & pairs["second"].isin(kept)].reset_index(drop=True)


def _quotes(voice: VoiceOfWave) -> pd.DataFrame:
    rows = [
        (name, quote.text, quote.source, quote.valence)
        for name, each in voice.moments.items()
        for quote in each.quotes
    ]
    return pd.DataFrame(rows, columns=["moment", "quote", "source", "valence"])


def _segment(result: Segments) -> pd.DataFrame:
    """Return the drivers of each value, without the rows that may not be shown."""
    frame = result.to_frame()
    frame = frame[frame["status"].isin(SHOWN_CELLS)]
    if "n" in frame:
        frame = without_small_numbers(frame)
    return frame.reset_index()


def _shown_cells(result: Segments) -> pd.DataFrame:
    """Return the differences of cells that may be shown."""
    keys = [(value, moment) for _, value, moment in result.differences.index]
    return result.differences[[_is_shown_cell(result, *key) for key in keys]]


def _shown_flips(result: Segments) -> pd.DataFrame:
    """Return the interactions whose both ends may be shown."""
    ends = ("lowest_value", "highest_value")
    kept = [
        all(_is_shown_cell(result, row[end], name) for end in ends)
        for name, row in result.flips.iterrows()
    ]
    return result.flips[kept]


def _is_shown_cell(result: Segments, value: object, moment: object) -> bool:
    return result.cells["status"].get((value, moment), "") in SHOWN_CELLS


def _absences(findings: Findings) -> pd.DataFrame:
    """Return the counts per moment as the report shows them."""
    counts = findings.absences[list(ABSENCES)]
    rows = [counts_hidden(tuple(int(n) for n in row)) for row in counts.to_numpy()]
    return pd.DataFrame(rows, columns=counts.columns, index=counts.index).reset_index()


def _about(findings: Findings) -> list[tuple[str, str]]:
    rules = findings.study.rules.model_dump()
    return [
        ("study", findings.study.name),
        ("wave", findings.wave),
        ("customers", "all" if findings.part is None else str(findings.part)),
        ("data", "simulated" if findings.simulated else "as collected"),
        *((f"rule: {name}", str(value)) for name, value in rules.items()),
        *((f"version: {name}", version) for name, version in findings.versions.items()),
        *((f"sha256 of {file.name}", file.sha256) for file in findings.inputs),
    ]


def _write_sheet(sheet: Any, frame: pd.DataFrame, kind: str, formats: _Formats) -> None:
    for column, name in enumerate(map(plain_text, frame.columns)):
        sheet.write_string(0, column, name, formats.head)
        cells = list(enumerate(frame.iloc[:, column], start=1))
        numbers = {row: float(value) for row, value in cells if _is_shown_number(value)}
        means = meaning(name, kind)
        look = formats.of("number" if means is None else means.kind, list(numbers.values()))
        if means is None and all(number.is_integer() for number in numbers.values()):
            look = formats.of("count", [])
        longest = len(name) / 2 + 2  # a head may break into two lines
        for row, value in cells:
            if row in numbers:
                sheet.write_number(row, column, numbers[row], look)
            elif not _is_empty(value):
                text = plain_text(value)[:LONGEST_CELL]
                longest = max(longest, len(text))
                sheet.write_string(row, column, text, formats.text)
        sheet.set_column(column, column, min(WIDEST_COLUMN, max(NARROWEST_COLUMN, longest + 1)))
    sheet.freeze_panes(1, 1)
    if len(frame.columns):
        sheet.autofilter(0, 0, max(1, len(frame)), len(frame.columns) - 1)


def _sheet_name(title: str, taken: set[str]) -> str:
    """Return a name that Excel takes: no more than 31 characters, and none twice."""
    base = title.translate(NOT_IN_SHEET_NAMES)[:LONGEST_SHEET_NAME]
    name, again = base, 2
    while name.casefold() in taken:
        name = f"{base[: LONGEST_SHEET_NAME - 4]} {again}"
        again += 1
    taken.add(name.casefold())
    return name


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = plain_text(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _is_number(value: object) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, bool | np.bool_)


def _is_shown_number(value: object) -> bool:
    return _is_number(value) and not _is_empty(value)


def _is_empty(value: object) -> bool:
    if value is None or value is pd.NA or value == "":
        return True
    return _is_number(value) and not math.isfinite(float(value))  # type: ignore[arg-type]
