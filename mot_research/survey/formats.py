"""The four kinds of table file, each read into floats and text.

The readers of typed files are imported only when such a file is met.
"""

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from mot_research.errors import SurveyError, shown
from mot_research.study.fields import clean_line
from mot_research.survey.separately import read_sheets_of, read_spss_of

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

DELIMITERS = ",;\t|"
SAMPLED_ROWS = 200
LARGEST_FIELD = 1_000_000  # characters; a long verbatim, not a lost quote
PARQUET_ROWS = 16_384  # decoded at once
MOST_UNFOLDED = 2_000_000_000  # bytes of a Parquet file's columns in memory
BYTES_A_CELL = 8  # at least
EXACT_INTEGER = 2**53  # larger ids would lose digits as floats
FALLBACK_ENCODING = "cp1252"


@dataclass(frozen=True, eq=False)
class Content:
    """What a reader found; the fields mean the same as those of `Table`."""

    frame: pd.DataFrame
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[float | str, str]] = field(default_factory=dict)
    user_missing: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    encoding: str | None = None
    notes: tuple[str, ...] = ()


def read_text(content: bytes, name: str, *, encoding: str | None) -> Content:
    """Read a delimited text table; every column is text."""
    text, used, notes = _decoded(content, name, encoding)
    csv.field_size_limit(LARGEST_FIELD)
    delimiter = delimiter_of(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    ragged: list[int] = []
    try:
        for row in reader:
            length = len(rows[0]) if rows else len(row)
            if any(row[length:]) or (len(row) < length and any(row)):
                ragged.append(reader.line_num)
            elif any(row) or len(row) == length > 1:  # a blank line is no row
                rows.append(row[:length])
    except csv.Error as error:
        raise SurveyError(
            f"'{name}' line {reader.line_num}: {shown(error)}. "
            'A quote (") is probably not closed: correct it, or export the file again.'
        ) from None
    if ragged:
        raise SurveyError(
            f"'{name}': {len(ragged)} rows don't have the {len(rows[0])} fields of the first "
            f"line; the first is line {ragged[0]}. Fields that hold the delimiter "
            f"'{shown(delimiter)}' must be quoted: export the file again."
        )
    if not rows:
        raise SurveyError(f"'{name}' holds no rows. Export the data again.")
    cells = list(zip(*rows[1:], strict=True)) or [()] * len(rows[0])
    columns = [pd.Series(column, dtype="str").str.strip() for column in cells]
    return Content(_frame(rows[0], columns, name), encoding=used, notes=notes)


def _decoded(content: bytes, name: str, declared: str | None) -> tuple[str, str, tuple[str, ...]]:
    """Byte order mark, then strict UTF-8, then the declared encoding, then cp1252."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return _strictly(content, encoding, name), encoding, ()
    if b"\0" in content:
        raise SurveyError(f"'{name}' is no text table, or is damaged. Export it again as CSV.")
    try:
        return content.decode("utf-8"), "utf-8", ()
    except UnicodeDecodeError:
        pass
    if declared is not None:
        return _strictly(content, declared, name), declared, ()
    note = (
        f"'{name}' is not UTF-8 and was read as {FALLBACK_ENCODING}. If letters look wrong, "
        "add its encoding to study.yml, as in encoding: cp1250"
    )
    return content.decode(FALLBACK_ENCODING, errors="replace"), FALLBACK_ENCODING, (note,)


def _strictly(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except LookupError:
        raise SurveyError(
            f"'{name}': the encoding '{shown(encoding)}' is not known. "
            "Use a name such as utf-8, cp1252, cp1250, iso-8859-15 or shift_jis."
        ) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SurveyError(
            f"'{name}' line {line}: not valid in the encoding {shown(encoding)}. "
            "Correct 'encoding:' in study.yml, or export the file as UTF-8."
        ) from None


def delimiter_of(text: str) -> str:
    """Return the delimiter that splits most rows like the first, into most fields."""
    sample = text[: SAMPLED_ROWS * 2000].splitlines(keepends=True)[:SAMPLED_ROWS]

    def fit(delimiter: str) -> tuple[float, int]:
        lengths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        if not lengths or lengths[0] < 2:
            return 0.0, 0
        return Counter(lengths)[lengths[0]] / len(lengths), lengths[0]

    best = max(DELIMITERS, key=fit)
    return best if fit(best)[1] else ","


def read_workbook(content: bytes, name: str, *, sheet: str | None) -> Content:
    """Read one sheet of a workbook; a cell that is text stays text."""
    sheets = read_sheets_of(content, name, sheet or "")
    if not sheets:
        raise SurveyError(f"'{name}' holds no sheets.")
    wanted = next((each for each in sheets if sheet in (None, each["name"])), None)
    if wanted is None:
        known = ", ".join(f"'{shown(each['name'])}'" for each in sheets)
        raise SurveyError(f"'{name}' has no sheet '{shown(sheet)}'. Sheets: {known}")
    rows = wanted["rows"]
    rows = [row for row in rows if any(cell != "" for cell in row)]
    if not rows:
        raise SurveyError(f"'{name}': the sheet is empty. Name another with sheet: in study.yml")
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(rows[0])
    return Content(_frame([_cell_text(cell) for cell in rows[0]], columns, name))


def read_parquet(content: bytes, name: str) -> Content:
    """Read a Parquet file; integers too large for a float stay exact as text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(BytesIO(content))
        names = _names(file.schema_arrow.names, name)
        table = _within_memory(file, name)
        columns = [_arrow_column(column) for column in table.columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise SurveyError(
            f"'{name}' can't be read as Parquet ({shown(error)}). Export it again."
        ) from None
    return Content(_frame(names, columns, name))


def _within_memory(file: "pq.ParquetFile", name: str) -> "pa.Table":
    """Return all rows of a file that does not unfold: a value said once may stand for millions."""
    import pyarrow as pa

    said = file.metadata
    batches, size = [], 0
    if said.num_rows * said.num_columns * BYTES_A_CELL > MOST_UNFOLDED:
        raise _unfolds(name)
    for batch in file.iter_batches(PARQUET_ROWS):
        batches.append(batch)
        size += batch.nbytes
        if size > MOST_UNFOLDED:
            raise _unfolds(name)
    return pa.Table.from_batches(batches, file.schema_arrow)


def _unfolds(name: str) -> SurveyError:
    return SurveyError(
        f"'{name}' unfolds to more than {MOST_UNFOLDED // 1_000_000:,} MB. Split it, or keep only "
        "the columns of the study."
    )


def _arrow_column(column: "pa.ChunkedArray") -> pd.Series | list[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.float64(), safe=False).to_pandas()
    if pa.types.is_integer(kind):
        limits = pc.min_max(column).as_py()
        exact = max(abs(limits["min"] or 0), abs(limits["max"] or 0)) <= EXACT_INTEGER
        return column.cast(pa.float64()).to_pandas() if exact else column.cast("str").to_pylist()
    return list(column.to_pylist())


def read_spss(content: bytes, name: str) -> Content:
    """Read an SPSS file with its labels; codes declared missing stay in the data."""
    import pyarrow as pa

    said, stream = read_spss_of(content, name)
    table = pa.ipc.open_stream(stream).read_all()
    columns = [
        column.to_pandas() if pa.types.is_floating(column.type) else column.to_pylist()
        for column in table.columns
    ]
    return Content(
        _frame(table.column_names, columns, name),
        labels={column: label for column, label in said["labels"].items() if label},
        value_labels={column: dict(labels) for column, labels in said["value_labels"].items()},
        user_missing={
            column: tuple(
                (part["lo"], part["hi"]) for part in ranges if not isinstance(part["lo"], str)
            )
            for column, ranges in said["missing_ranges"].items()
        },
        encoding=said["encoding"],
    )


def _frame(
    header: Sequence[str], columns: Sequence[Iterable[Any] | pd.Series], name: str
) -> pd.DataFrame:
    """Return the columns as float or str, under their cleaned and checked names."""
    kept = {}
    for place, (text, column) in enumerate(zip(_names(header, name), columns, strict=True), 1):
        values = _values(column)
        if text or values.notna().any():
            kept[text or f"(column {place})"] = values
    return pd.DataFrame(kept)


def _names(header: Sequence[str], name: str) -> list[str]:
    """The cleaned names of the columns; SurveyError where one stands twice."""
    names = [clean_line(re.sub(r"\s", " ", text.replace("\ufeff", ""))) for text in header]
    repeated = [text for text, count in Counter(names).items() if text and count > 1]
    if repeated:
        places = [str(place) for place, text in enumerate(names, 1) if text == repeated[0]]
        more = f" ({len(repeated) - 1} more names are repeated.)" if len(repeated) > 1 else ""
        raise SurveyError(
            f"'{name}': the columns {' and '.join(places)} are all called '{shown(repeated[0])}'. "
            f"Give each column its own name.{more}"
        )
    return names


def _values(column: Iterable[Any] | pd.Series) -> pd.Series:
    """A column of numbers as float; any other as text, blank cells as NA."""
    if isinstance(column, pd.Series) and pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64").reset_index(drop=True)
    if isinstance(column, pd.Series) and column.dtype == "str":
        return column.reset_index(drop=True).where(column.to_numpy() != "")
    cells = list(column)
    numeric = [isinstance(cell, (int, float)) or _is_empty(cell) for cell in cells]
    if all(numeric) and any(isinstance(cell, (int, float)) for cell in cells):
        numbers = [float("nan") if _is_empty(cell) else float(cell) for cell in cells]
        return pd.Series(numbers, dtype="float64")
    return pd.Series([_cell_text(cell) or None for cell in cells], dtype="str")


def _is_empty(cell: Any) -> bool:
    return (
        cell is None
        or cell == ""
        or (isinstance(cell, float) and math.isnan(cell))
        or cell is pd.NaT
    )


def _cell_text(cell: Any) -> str:
    """Return one cell as text: 7 for 7.0, 2026-01-10 for a date at midnight."""
    if isinstance(cell, str):
        return cell.strip()
    if _is_empty(cell):
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return str(cell).removesuffix(" 00:00:00")
