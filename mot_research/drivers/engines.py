"""Where the rows of a large wave lie, and who reads them: DuckDB, Spark, or a warehouse.

An engine answers statements about one table, ``source``, whose columns are c0, c1, … by their
place: no name of a file becomes part of a statement. Statements are written in DuckDB's words;
Ibis translates them for every other engine.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mot_research.errors import AnalysisError, shown
from mot_research.survey.formats import delimiter_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ENGINES = ("auto", "memory", "duckdb", "spark")
LARGE_ROWS = 1_000_000  # from here on `auto` takes DuckDB
LARGE_BYTES = 200_000_000  # of a text file, whose rows nobody has counted; a tenth where packed
MEMORY = "300MB"  # of DuckDB itself; what it returns comes in blocks
SAMPLED_BYTES = 65_536
PATTERN = re.compile(r"([][{}*?\\])")  # what Spark takes for a pattern in a path
TEXT_FILES = (".csv", ".tsv", ".txt", ".tab")

Kind = Literal["number", "whole", "text", "boolean", "untyped"]


@dataclass(frozen=True)
class Column:
    """A column of the source: its place, and what its cells are.

    The cells of a text file are ``untyped``: numbers where all of them read as numbers.
    """

    place: int
    kind: Kind


class Engine(Protocol):
    """Answers statements about ``source``.

    Attributes
    ----------
    name : str
    columns : mapping of name to Column
    numbers_rows : bool
        Whether rows have a fixed order, so that a row's number can be its id.
    sums_rows : bool
        Whether sums are best made where the rows lie. DuckDB hands blocks of rows over within
        one process, and a matrix product sums them several times as fast as SQL.
    """

    @property
    def name(self) -> str: ...

    @property
    def columns(self) -> Mapping[str, Column]: ...

    @property
    def numbers_rows(self) -> bool: ...

    @property
    def sums_rows(self) -> bool: ...

    def table(self, statement: str) -> pa.Table:
        """The whole answer."""
        ...

    def blocks(self, statement: str, size: int) -> Iterator[pa.RecordBatch]:
        """The answer in blocks of about ``size`` rows."""
        ...


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


@dataclass(frozen=True)
class Ibis:
    """Any table of an Ibis connection: Spark, Snowflake, BigQuery and others."""

    source: Any
    columns: Mapping[str, Column]
    name: str
    numbers_rows: bool = False
    sums_rows: bool = True

    def table(self, statement: str) -> pa.Table:
        return self._asked(statement).to_pyarrow()

    def blocks(self, statement: str, size: int) -> Iterator[pa.RecordBatch]:
        yield from self._asked(statement).to_pyarrow_batches(chunk_size=size)

    def _asked(self, statement: str) -> Any:
        return self.source.sql(statement, dialect="duckdb")


@contextmanager
def opened(source: object, engine: str) -> Iterator[Engine | None]:
    """Open what ``driver_analysis`` is given by the engine that is asked for.

    Yields None where the rows are to be read into memory.

    Raises
    ------
    AnalysisError
        There is no such engine, or it can't open the source.
    """
    if engine not in ENGINES and "://" not in engine:
        raise AnalysisError(
            f"engine is {shown(engine)!r}: use one of {', '.join(ENGINES)}, or the URL of an Ibis "
            "connection."
        )
    if not isinstance(source, (str, Path)):
        if not hasattr(source, "to_pyarrow_batches"):
            raise AnalysisError(
                f"the rows are of type {type(source).__name__}: give a DataFrame, the path of a "
                "file, or a table of Ibis."
            )
        yield on_ibis(source)
    elif "://" in engine:
        yield on_connection(engine, str(source))
    elif engine == "spark":
        yield on_spark(Path(source))
    elif engine == "duckdb" or (engine == "auto" and is_large(Path(source))):
        with open_file(Path(source)) as file:
            yield file
    else:
        yield None


def is_large(path: Path) -> bool:
    """Whether ``engine="auto"`` leaves the rows of a file where they are."""
    files = _files(path)
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

    files = _files(path)
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


def on_ibis(table: Any) -> Ibis:
    """A table of an Ibis connection as an engine."""
    schema = table.schema()
    columns = {}
    for place, (name, dtype) in enumerate(schema.items()):
        columns[name] = Column(place, _ibis_kind(dtype))
    by_place = table.select(**{f"c{one.place}": table[name] for name, one in columns.items()})
    return Ibis(by_place.alias("source"), columns, str(table.get_backend().name))


def on_spark(path: Path) -> Ibis:
    """A Parquet or text file, or a folder of them, by the Spark session that is set up here.

    A session that is running is used as it is; else PySpark's own settings decide, which
    without any are all cores of this machine.

    Raises
    ------
    AnalysisError
        The extra ``spark`` or Java is missing, or the file is.
    """
    files = _files(path)
    ibis = _ibis()
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise _without_extra() from None
    try:
        session = SparkSession.builder.appName("mot_research").getOrCreate()
    except (PySparkException, OSError) as error:
        raise AnalysisError(
            "no Spark session could be started. It needs Java 17 or newer as the command java "
            f"(`make system` installs it on Debian); Spark says: {shown(_first_line(error))}"
        ) from None
    connection = ibis.pyspark.connect(session)
    named = PATTERN.sub(r"\\\1", str(path.resolve()))
    if files[0].suffix.lower() == ".parquet":
        return on_ibis(connection.read_parquet(named))
    return on_ibis(connection.read_csv(named, header=True, inferSchema=True))


def on_connection(url: str, table: str) -> Ibis:
    """A table of what an Ibis URL connects to, such as ``snowflake://…``.

    Raises
    ------
    AnalysisError
        Ibis is missing, or can't connect. The URL, which may hold a password, is not shown.
    """
    ibis = _ibis()
    try:
        return on_ibis(ibis.connect(url).table(table))
    except Exception as error:  # each backend has errors of its own, which may repeat the URL
        raise AnalysisError(
            f"the table '{shown(table)}' can't be opened by the connection of engine= "
            f"({type(error).__name__}). Open it by `ibis.connect(url).table(name)` to see why; "
            "such a table can be given to driver_analysis as it is."
        ) from None


def _ibis() -> Any:
    try:
        import ibis
    except ImportError:
        raise _without_extra() from None
    return ibis


def _without_extra() -> AnalysisError:
    return AnalysisError(
        "this engine needs the extra spark: pip install 'mot_research[spark]'; "
        "or use engine='duckdb'."
    )


def _files(path: Path) -> Sequence[Path]:
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


def _ibis_kind(dtype: Any) -> Kind:
    if dtype.is_boolean():
        return "boolean"
    if dtype.is_integer():
        return "whole"
    return "number" if dtype.is_numeric() else "text"


def _delimiter(path: Path, *, packed: bool) -> str:
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            return delimiter_of(file.read(SAMPLED_BYTES).decode("utf-8", errors="ignore"))
    except (OSError, EOFError) as error:
        raise _unreadable(shown(path.name), error) from None


def _unreadable(name: str, error: Exception) -> AnalysisError:
    return AnalysisError(
        f"'{name}' can't be read by engine 'duckdb': {shown(_first_line(error))} "
        "Export it again, or use engine='memory', whose readers say more."
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
