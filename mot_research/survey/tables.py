"""One table file of any kind, as numbers and text, with its hash and labels."""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pandas as pd

from mot_research.errors import SurveyError, shown

LARGEST_CONTENT = 500_000_000  # bytes, unpacked; guards memory against a packed bomb
UNPACKED_AT_ONCE = 16_000_000  # bytes

KINDS = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".tab": "text",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
    ".parquet": "parquet",
    ".sav": "spss",
    ".zsav": "spss",
}
# How each kind of file begins; a text file begins with none of these.
BEGINNINGS = {
    b"PK\x03\x04": "workbook",
    b"\xd0\xcf\x11\xe0": "workbook",
    b"PAR1": "parquet",
    b"$FL2": "spss",
    b"$FL3": "spss",
}
SUFFIX_OF = {"text": ".csv", "workbook": ".xlsx", "parquet": ".parquet", "spss": ".sav"}
TOLD = {
    "text": "a text table",
    "workbook": "an Excel workbook",
    "parquet": "a Parquet file",
    "spss": "an SPSS file",
}


@dataclass(frozen=True, eq=False)
class Table:
    """A table as its file has it.

    Parameters
    ----------
    frame : DataFrame
        Columns are float (NaN where empty) or str (NA where empty; without
        surrounding blanks; dates as 2026-01-10). The text "007" stays text;
        true and false of typed files are 1 and 0.
    path : Path
    sha256 : str
        Of the file's bytes as they lie on the disk.
    labels : mapping of column to str
        What an SPSS file calls its columns.
    value_labels : mapping of column to {code: label}
    user_missing : mapping of column to ((low, high), ...)
        Ranges of codes that an SPSS file declares missing; still in `frame`.
    encoding : str or None
        Of a text file.
    notes : tuple of str
        What had to be guessed while reading.
    """

    frame: pd.DataFrame
    path: Path
    sha256: str
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[float | str, str]] = field(default_factory=dict)
    user_missing: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    encoding: str | None = None
    notes: tuple[str, ...] = ()


def read_table(path: Path, *, encoding: str | None = None, sheet: str | None = None) -> Table:
    """Read a table from CSV, TSV, Excel, Parquet or SPSS, also packed by gzip.

    Parameters
    ----------
    path : Path
        Its ending says the kind; its content must agree.
    encoding : str, optional
        Of a text file that is not UTF-8. Without it, what is not UTF-8 is
        read as cp1252, and `notes` says so.
    sheet : str, optional
        Of a workbook; default the first.

    Raises
    ------
    SurveyError
        The file is missing, damaged, protected, too large, of another kind
        than its ending says, empty, or has ragged rows or repeated headers.
    """
    from mot_research.survey import formats

    name = shown(path.name)
    content = _content(path)
    sha256 = hashlib.sha256(content).hexdigest()
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        content, suffixes = _unpacked(content, name), suffixes[:-1]
    kind = _kind(content, suffixes[-1] if suffixes else "", name)
    if sheet is not None and kind != "workbook":
        raise SurveyError(f"'{name}' is {TOLD[kind]} and has no sheets. Remove 'sheet:'.")
    if encoding is not None and kind != "text":
        raise SurveyError(f"'{name}' is {TOLD[kind]}: remove 'encoding:', it knows its own.")
    if kind == "text":
        read = formats.read_text(content, name, encoding=encoding)
    elif kind == "workbook":
        _refuse_packed_bomb(content, name)
        read = formats.read_workbook(content, name, sheet=sheet)
    elif kind == "parquet":
        read = formats.read_parquet(content, name)
    else:
        read = formats.read_spss(content, name)
    if read.frame.empty:
        raise SurveyError(f"'{name}' has column names but no rows. Export the data again.")
    return Table(
        frame=read.frame,
        path=path,
        sha256=sha256,
        labels=read.labels,
        value_labels=read.value_labels,
        user_missing=read.user_missing,
        encoding=read.encoding,
        notes=read.notes,
    )


def _content(path: Path) -> bytes:
    name = shown(path.name)
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise SurveyError(f"'{name}' is a folder, not a file.")
        if not stat.S_ISREG(found.st_mode):
            raise SurveyError(f"'{name}' is no file but a device or a pipe. Copy the data.")
        if found.st_size > LARGEST_CONTENT:
            raise SurveyError(_too_large(name))
        content = path.read_bytes()
    except FileNotFoundError:
        raise SurveyError(
            f"There is no file '{name}' in the folder '{shown(path.parent.name)}'. "
            "Put it there, or correct 'file:' in study.yml."
        ) from None
    except OSError as error:
        raise SurveyError(f"'{name}' can't be read: {shown(error.strerror)}.") from None
    if not content:
        raise SurveyError(f"'{name}' is empty. Export the data again.")
    return content


def _too_large(name: str) -> str:
    return (
        f"'{name}' holds more than {LARGEST_CONTENT // 1_000_000} MB. "
        "Split it, or keep only the columns of the study."
    )


def _unpacked(content: bytes, name: str) -> bytes:
    """Gunzip all members, never beyond the limit."""
    parts, size = [], 0
    while content:
        stream = zlib.decompressobj(wbits=31)
        while content and not stream.eof:
            try:
                parts.append(stream.decompress(content, UNPACKED_AT_ONCE))
            except zlib.error:
                raise SurveyError(f"'{name}' is damaged, or not packed by gzip.") from None
            size += len(parts[-1])
            if size > LARGEST_CONTENT:
                raise SurveyError(_too_large(name))
            content = stream.unconsumed_tail
        if not stream.eof:
            raise SurveyError(f"'{name}' is cut off: its gzip data has no end. Copy it again.")
        content = stream.unused_data.lstrip(b"\0")
    if not size:
        raise SurveyError(f"'{name}' is empty. Export the data again.")
    return b"".join(parts)


def _kind(content: bytes, suffix: str, name: str) -> str:
    """Return the kind of file that both its ending and its content say."""
    found = next(
        (kind for beginning, kind in BEGINNINGS.items() if content.startswith(beginning)), "text"
    )
    if suffix not in KINDS:
        raise SurveyError(
            f"'{name}' ends with no ending that is known. It looks like {TOLD[found]}: "
            f"rename it to end with {SUFFIX_OF[found]}. Known: {', '.join(KINDS)}, also with .gz"
        )
    if found != KINDS[suffix] and found != "text":
        raise SurveyError(
            f"'{name}' is {TOLD[found]}, not {TOLD[KINDS[suffix]]} as its ending says. "
            f"Rename it to end with {SUFFIX_OF[found]}, in study.yml too."
        )
    if found != KINDS[suffix]:
        raise SurveyError(
            f"'{name}' is not {TOLD[KINDS[suffix]]} as its ending says, or it is damaged. "
            "Copy or export it again; if it is a text table, let its name end with .csv"
        )
    return found


def _refuse_packed_bomb(content: bytes, name: str) -> None:
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise SurveyError(f"'{name}' is damaged or cut off. Copy or export it again.") from None
    if size > LARGEST_CONTENT:
        raise SurveyError(_too_large(name))
