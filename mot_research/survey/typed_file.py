"""A program of its own that reads a workbook or an SPSS file: what a bad one breaks is it alone.

The libraries that read these files are compiled, and a damaged file can crash
them, hang them or have them ask for all memory. The file comes by standard
input; one line of JSON goes out, and after it, for SPSS, the columns as an
Arrow stream. Nothing of mot_research is imported.
"""

import json
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

SMALL = 2_000_000  # cells; a second's work, empty or not


def main(kind: str, memory: int, sheets: list[str], written: BinaryIO) -> None:
    """Read standard input as a kind of file, within so many bytes of memory.

    `sheets` names the only sheet whose rows are wanted, "" for the first; empty for all.
    """
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = BytesIO(sys.stdin.buffer.read())
    try:
        for part in _workbook(content, sheets) if kind == "workbook" else _spss(content):
            written.write(part)
    except MemoryError:
        written.write(_line({"error": "memory"}))


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


def _unpacked_size(content: BytesIO) -> int:
    if not zipfile.is_zipfile(content):
        return content.getbuffer().nbytes
    with zipfile.ZipFile(content) as archive:
        return sum(member.file_size for member in archive.infolist())


def _workbook(content: BytesIO, wanted: list[str]) -> Iterator[bytes]:
    """Every sheet's name, whether it shows, and its rows where wanted; a date as text."""
    import python_calamine as calamine

    try:
        most = SMALL + _unpacked_size(content)  # no cell with anything in it is a single byte
        content.seek(0)
        book = calamine.load_workbook(content)
        sheets = [
            {
                "name": sheet.name,
                "visible": sheet.visible == calamine.SheetVisibleEnum.Visible,
                "rows": _rows(book, sheet, most)
                if not wanted or sheet.name in wanted or (wanted == [""] and place == 0)
                else None,
            }
            for place, sheet in enumerate(book.sheets_metadata)
        ]
    except calamine.PasswordError:
        yield _line({"error": "password"})
    except (calamine.CalamineError, zipfile.BadZipFile) as error:
        yield _line({"error": "damaged", "reason": str(error)})
    else:
        yield _line({"sheets": sheets})


def _rows(book: Any, sheet: Any, most: int) -> list[list[Any]]:
    import python_calamine as calamine

    if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
        return []
    cells = book.get_sheet_by_name(sheet.name)
    if cells.total_height * cells.total_width > most:
        raise calamine.CalamineError("a lone cell far away makes its sheet unfold to empty ones")
    rows = cells.to_python(skip_empty_area=False)
    return [[_plain(cell) for cell in row] for row in rows]


def _plain(cell: Any) -> str | float | bool:
    return cell if isinstance(cell, (str, float, int)) else str(cell).removesuffix(" 00:00:00")


def _spss(content: BytesIO) -> Iterator[bytes]:
    """What the file says of its columns, then the columns."""
    import pyarrow as pa
    import pyreadstat

    try:
        columns, meta = pyreadstat.read_sav(content, user_missing=True, output_format="dict")
    except (pyreadstat.ReadstatError, OverflowError, ValueError) as error:
        yield _line({"error": "damaged", "reason": str(error)})
        return
    yield _line(
        {
            "labels": meta.column_names_to_labels,
            "value_labels": {
                name: list(labels.items()) for name, labels in meta.variable_value_labels.items()
            },
            "missing_ranges": meta.missing_ranges,
            "encoding": meta.file_encoding,
        }
    )
    table = pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()})
    written = BytesIO()
    with pa.ipc.new_stream(written, table.schema) as stream:
        stream.write_table(table)
    yield written.getvalue()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:], sys.stdout.buffer)
