"""Where the rows of a large wave lie, and who reads them: DuckDB, Spark, or a warehouse.

An engine answers statements about one table, ``source``, whose columns are c0, c1, … by their
place: no name of a file becomes part of a statement. Statements are written in DuckDB's words;
Ibis translates them for every other engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mot_research.errors import AnalysisError, shown
from mot_research.survey.large_files import (
    Column,
    Kind,
    check_engine,
    files_of,
    first_line,
    is_large,
    open_file,
)

if TYPE_CHECKING:
    import pyarrow as pa

PATTERN = re.compile(r"([][{}*?\\])")  # what Spark takes for a pattern in a path


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
    check_engine(engine)
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
    files = files_of(path)
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
            f"(`make system` installs it on Debian); Spark says: {shown(first_line(error))}"
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


def _ibis_kind(dtype: Any) -> Kind:
    if dtype.is_boolean():
        return "boolean"
    if dtype.is_integer():
        return "whole"
    return "number" if dtype.is_numeric() else "text"
