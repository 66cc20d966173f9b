"""A file of rows too many to hold, read where it lies by DuckDB; or a random sample of it.

Statements are about one table, ``source``, whose columns are c0, c1, … by their place: no name of
a file becomes part of a statement.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mot_research.errors import AnalysisError, shown
from mot_research.survey import formats
from mot_research.survey.tables import Table

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ENGINES = ("auto", "memory", "duckdb", "spark")
LARGE_ROWS = 1_000_000  # from here on `auto` takes DuckDB
LARGE_BYTES = 200_000_000  # of a text file, whose rows nobody has counted; a tenth where packed
SAMPLE = 100_000  # rows that stand for all where single rows are needed
MEMORY = "300MB"  # of DuckDB itself; what it returns comes in blocks
SAMPLED_BYTES = 65_536
TEXT_FILES = (".csv", ".tsv", ".txt", ".tab")


Kind = Literal["number", "whole", "text", "boolean", "untyped"]


@dataclass(frozen=True)
class Column:
    """A column of the source: its place, and what its cells are.

    The cells of a text file are ``untyped``: numbers where all of them read as numbers.
    """

    place: int
    kind: Kind


@dataclass(frozen=True)
class DuckDB:
    """DuckDB over Parquet or text files; it can open no other file."""

    connection: duckdb.DuckDBPyConnection
    source: str
    bound: Mapping[str, Any]
    columns: Mapping[str, Column]
    file: str
    name: str = "DuckDB"
    numbers_rows: bool = True
    sums_rows: bool = False

    def table(self, statement: str) -> pa.Table:
        return self._run(statement).to_arrow_table()

    def blocks(self, statement: str, size: int) -> Iterator[pa.RecordBatch]:
        import duckdb

        try:
            yield from self._run(statement).to_arrow_reader(size)
        except duckdb.Error as error:
            raise _unreadable(self.file, error) from None

    def _run(self, statement: str) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            return self.connection.execute(f"WITH {self.source} {statement}", dict(self.bound))
        except duckdb.Error as error:
            raise _unreadable(self.file, error) from None


def is_large(path: Path) -> bool:
    """Whether ``engine="auto"`` leaves the rows of a file where they are."""
    files = files_of(path)
    if files[0].suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        try:
            return sum(pq.read_metadata(file).num_rows for file in files) > LARGE_ROWS
        except (OSError, ValueError):
            return False  # the reader says what is wrong with it
    limit = LARGE_BYTES // 10 if files[0].suffix.lower() == ".gz" else LARGE_BYTES
    return sum(file.stat().st_size for file in files) > limit


@contextmanager
def open_file(path: Path) -> Iterator[DuckDB]:
    """Open a Parquet or text file, or a folder of Parquet files, by DuckDB.

    Raises
    ------
    AnalysisError
        It is missing, of another kind, or can't be read.
    """
    import duckdb

    files = files_of(path)
    name = shown(path.name)
    suffixes = [suffix.lower() for suffix in files[0].suffixes]
    packed = suffixes[-1:] == [".gz"]
    kind = (suffixes[:-1] if packed else suffixes)[-1:]
    bound: dict[str, Any] = {"paths": [str(file.resolve()) for file in files]}
    if kind == [".parquet"] and not packed:
        reader = "read_parquet($paths)"
    elif kind and kind[0] in TEXT_FILES:
        bound["delimiter"] = _delimiter(files[0], packed=packed)
        reader = (
            "read_csv($paths, delim = $delimiter, quote = '\"', escape = '\"', header = true, "
            "all_varchar = true)"
        )
    else:
        raise AnalysisError(
            f"'{name}' is no Parquet or text file, which engine 'duckdb' reads. Export it as "
            ".parquet or .csv, or use engine='memory'."
        )
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        with suppress(duckdb.InvalidInputException):  # in Jupyter that has no bar to show
            connection.execute("SET enable_progress_bar = false")
        connection.execute("SET allowed_paths = $paths", {"paths": bound["paths"]})
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            found = connection.execute(f"SELECT * FROM {reader} LIMIT 0", bound).description or []
        except duckdb.Error as error:
            raise _unreadable(name, error) from None
        aliases = ", ".join(f"c{place}" for place in range(len(found)))
        text = reader.startswith("read_csv")
        yield DuckDB(
            connection,
            f"source AS (SELECT * FROM {reader} AS t({aliases}))",
            bound,
            {
                column[0].lstrip("\ufeff"): Column(
                    place, "untyped" if text else _kind(str(column[1]))
                )
                for place, column in enumerate(found)
            },
            name,
        )
    finally:
        connection.close()


def check_engine(engine: str) -> None:
    """Refuse an engine that there is not, by AnalysisError."""
    if engine not in ENGINES and "://" not in engine:
        raise AnalysisError(
            f"engine is {shown(engine)!r}: use one of {', '.join(ENGINES)}, or the URL of an Ibis "
            "connection."
        )


def is_to_sample(path: Path, engine: str) -> bool:
    """Whether only a sample of a wave's file is held in memory."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    readable = suffixes[-1:] == [".parquet"] or suffixes[-1:] in [[kind] for kind in TEXT_FILES]
    if engine == "memory" or not readable or not path.is_file():
        return False
    return engine != "auto" or is_large(path)


def sampled_table(path: Path, n: int, seed: int) -> tuple[Table, int]:
    """A table of about ``n`` random rows of a file, and how many rows the file has.

    A row is chosen by a hash of its number and the seed: the same on every machine.

    Raises
    ------
    AnalysisError
        The file is missing, of another kind, or can't be read.
    """
    import pyarrow.parquet as pq
    from pyarrow import csv

    with open_file(path) as file:
        (n_rows,) = file.table("SELECT count(*) AS n FROM source")["n"].to_pylist()
        places = ", ".join(f"c{one.place}" for one in file.columns.values())
        statement = f"SELECT {places} FROM source"
        if n_rows > n:
            limit = f"{int(n / n_rows * 16**8):08x}"
            chosen = f"substr(md5(CAST(row_ AS VARCHAR) || '-{int(seed)}'), 1, 8) < '{limit}'"
            statement = (
                f"SELECT {places} FROM (SELECT *, row_number() OVER () AS row_ FROM source) "
                f"AS numbered WHERE {chosen}"
            )
        rows = file.table(statement).rename_columns(list(file.columns))
    written, name = BytesIO(), shown(path.name)
    if any(one.kind == "untyped" for one in file.columns.values()):
        csv.write_csv(rows, written)
        read = formats.read_text(written.getvalue(), name, encoding=None)
    else:
        pq.write_table(rows, written)
        read = formats.read_parquet(written.getvalue(), name)
    with path.open("rb") as whole:
        sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
    return Table(frame=read.frame, path=path, sha256=sha256, notes=read.notes), n_rows


def files_of(path: Path) -> Sequence[Path]:
    """The file, or the Parquet files of the folder."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise AnalysisError(
            f"'{shown(path)}' is no file, nor a folder of .parquet files: correct the path."
        )
    return files


def _kind(sql_type: str) -> Kind:
    if sql_type == "BOOLEAN":
        return "boolean"
    if sql_type.endswith(("INT", "INTEGER")):
        return "whole"
    return "number" if sql_type.startswith(("DOUBLE", "FLOAT", "DECIMAL")) else "text"


def _delimiter(path: Path, *, packed: bool) -> str:
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            return formats.delimiter_of(file.read(SAMPLED_BYTES).decode("utf-8", errors="ignore"))
    except (OSError, EOFError) as error:
        raise _unreadable(shown(path.name), error) from None


def _unreadable(name: str, error: Exception) -> AnalysisError:
    return AnalysisError(
        f"'{name}' can't be read by engine 'duckdb': {shown(first_line(error))} "
        "Export it again, or use engine='memory', whose readers say more."
    )


def first_line(error: Exception) -> str:
    """What an error of a library says first."""
    return (str(error).splitlines() or [type(error).__name__])[0]
