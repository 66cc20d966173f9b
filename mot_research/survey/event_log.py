"""The log of events as one table of a database in memory, whatever file it lies in.

A log may hold millions of rows, so DuckDB reads it. No name or value of a file becomes part of a
statement: columns are taken by their place, values are bound.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mot_research.errors import MotError, SurveyError, shown
from mot_research.study.definition import Study
from mot_research.study.fields import clean_line
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.cells import texts
from mot_research.survey.formats import delimiter_of
from mot_research.survey.problems import Problem, examples
from mot_research.survey.tables import read_table
from mot_research.survey.wave import InputFile

if TYPE_CHECKING:
    import duckdb

RESPONDENT, EVENT, TIME = "respondent", "event", "time"
SAMPLED_BYTES = 65_536
MOST_MEMORY = "4GB"  # as other readers have
EARLIEST, LATEST = datetime(1900, 1, 1), datetime(2200, 1, 1)
DAY = timedelta(days=1)
LAST_INSTANT = timedelta(days=1, microseconds=-1)  # from a day's beginning

# A day, with the time of the day and its zone where the log has them.
WRITTEN_TIME = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:\d{2})?))?)?"
ZONE_AT_END = r".*\d{2}:\d{2}.*(Z|[+-]\d{2}(:\d{2})?)"


@dataclass(frozen=True, eq=False)
class EventLog:
    """An open log: the table ``log`` (respondent, event, time), without repeated rows.

    Attributes
    ----------
    connection : DuckDB connection
        In memory; it can open no file.
    source : InputFile
    kinds : dict of event name to the spellings of it in the file
    first, last : datetime
        First instant of the first day and last instant of the last day that the log covers.
    n_events, n_customers : int
    """

    connection: duckdb.DuckDBPyConnection
    source: InputFile
    kinds: dict[str, list[str]]
    first: datetime
    last: datetime
    n_events: int
    n_customers: int

    def frame(self, sql: str, **values: Any) -> pd.DataFrame:
        """Run one of this package's own statements with bound values; fetched whole."""
        return self.connection.execute(sql, values).df()

    def spellings(self, event: str | None) -> list[str]:
        """What the file calls an event of the study."""
        return [] if event is None else self.kinds.get(event, [])


@contextmanager
def open_log(study: Study, problems: list[Problem]) -> Iterator[EventLog | None]:
    """Read the study's log of events, and close it afterwards.

    Yields None, with the reason among the problems, where it can't be used. Rows
    without an id, an event or a readable time are left out and counted; equal rows
    count once. A time with a zone is taken at UTC, one without as it stands. A log that needs
    too much memory, now or while it is used, raises SurveyError.
    """
    import duckdb

    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = '{MOST_MEMORY}'")
        connection.execute("SET temp_directory = ''")
        yield _read(study, connection, problems)
    except duckdb.OutOfMemoryException:  # while it is read or used
        raise SurveyError(
            f"The log of events needs more than {MOST_MEMORY} of memory. Keep only the events that "
            "a trigger of the study names."
        ) from None
    finally:
        connection.close()


def _problem(rule: str, what_to_do: str, count: int = 0, **more: Any) -> Problem:
    given = {"column": "events", "severity": "warning"} | more
    return Problem(rule=rule, what_to_do=what_to_do, count=count, **given)


def _read(
    study: Study, connection: duckdb.DuckDBPyConnection, problems: list[Problem]
) -> EventLog | None:
    assert study.events is not None
    name = shown(study.events.file)
    try:
        if not study.holds(study.events.file):
            return None  # the study's check says so
        path = study.resolve(study.events.file)
        columns, sha256 = _load(path, study, connection)
    except MotError as error:
        problems.append(_problem("unreadable_file", str(error), 1, examples=f"'{name}'"))
        return None
    places = _places(study, [column for column, _ in columns], name, problems)
    if places is None:
        return None
    who, what, when = (f"c{place}" for place in places)
    kinds = dict((f"c{n}", kind) for n, (_, kind) in enumerate(columns))
    connection.execute(
        f"CREATE TABLE parsed AS SELECT respondent, event, given, "
        f"CASE WHEN instant BETWEEN '{EARLIEST}' AND '{LATEST}' THEN instant END AS time FROM ("
        f"SELECT {_text(who, kinds[who])} AS respondent, {_text(what, kinds[what])} AS event, "
        f"CAST({when} AS VARCHAR) AS given, {_time(when, kinds[when])} AS instant FROM raw)"
    )
    connection.execute("DROP TABLE raw")
    n_rows = _number(connection, "SELECT count(*) FROM parsed")
    problems += _unreadable(connection, name)
    through = study.events.through
    ends = LATEST if through is None else datetime.combine(through, datetime.min.time()) + DAY
    problems += _after_the_end(connection, ends, name)
    connection.execute(
        "CREATE TABLE log AS SELECT DISTINCT respondent, event, time FROM parsed "
        "WHERE respondent IS NOT NULL AND event IS NOT NULL AND time IS NOT NULL AND time < $ends",
        {"ends": ends},
    )
    usable = _number(
        connection,
        "SELECT count(*) FROM parsed WHERE respondent IS NOT NULL AND event IS NOT NULL "
        "AND time IS NOT NULL AND time < $ends",
        ends=ends,
    )
    connection.execute("DROP TABLE parsed")
    n_events = _number(connection, "SELECT count(*) FROM log")
    if usable > n_events:
        problems.append(
            _problem(
                "repeated_events",
                f"{usable - n_events} rows of '{name}' repeat another in respondent, event and "
                "time, and count once. If they are events of their own, export the time of day.",
                usable - n_events,
                severity="note",
            )
        )
    if not n_events:
        problems.append(_problem("no_events", f"'{name}' holds no usable event. Export it again."))
        return None
    first, last, n_customers = connection.execute(
        "SELECT min(time), max(time), count(DISTINCT respondent) FROM log"
    ).fetchall()[0]
    spellings: dict[str, list[str]] = {}
    for (kind,) in connection.execute("SELECT DISTINCT event FROM log ORDER BY event").fetchall():
        spellings.setdefault(clean_line(kind), []).append(kind)
    return EventLog(
        connection=connection,
        source=InputFile(study.events.file, sha256, n_rows),
        kinds=spellings,
        first=_day(first),
        last=(_day(last) if through is None else ends - DAY) + LAST_INSTANT,
        n_events=n_events,
        n_customers=n_customers,
    )


def _load(
    path: Path, study: Study, connection: duckdb.DuckDBPyConnection
) -> tuple[list[tuple[str, str]], str]:
    """Fill the table ``raw`` (c0, c1, …); return the columns' names and types, and the hash.

    Parquet and UTF-8 text are read by DuckDB itself; all else, and what it can't read, by the
    readers of the waves, which also say best what is wrong with a file.
    """
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    assert study.events is not None
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    kind = (suffixes[:-1] if packed else suffixes)[-1:]
    described: list[tuple[str, str]] | None = None
    connection.execute("SET allowed_paths = $paths", {"paths": [str(path.resolve())]})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    if study.events.encoding is None and study.events.sheet is None:
        try:
            if kind == [".parquet"] and not packed:
                _refuse_repeated(pq.read_schema(path).names)
                described = _from(connection, "read_parquet($path)", {"path": str(path.resolve())})
            elif kind in ([".csv"], [".tsv"], [".txt"], [".tab"]):
                head = _head(path, packed=packed)
                delimiter = delimiter_of(head)
                lines = csv.reader(head.splitlines(keepends=True), delimiter=delimiter)
                _refuse_repeated(next(lines))
                bound = {"path": str(path.resolve()), "delimiter": delimiter}
                described = _from(
                    connection,
                    "read_csv($path, delim = $delimiter, quote = '\"', escape = '\"', "
                    "header = true, all_varchar = true)",
                    bound,
                )
        except (duckdb.Error, pa.ArrowException, csv.Error, ValueError, OSError, EOFError):
            described = None
    if described is not None:
        with path.open("rb") as file:
            return described, hashlib.file_digest(file, "sha256").hexdigest()
    table = read_table(path, encoding=study.events.encoding, sheet=study.events.sheet)
    frame = pd.DataFrame(
        {f"c{place}": texts(table.frame[name]) for place, name in enumerate(table.frame)}
    )
    connection.execute("DROP TABLE IF EXISTS raw")
    connection.register("frame", frame)
    connection.execute("CREATE TABLE raw AS SELECT * FROM frame")
    connection.unregister("frame")
    return [(str(name), "VARCHAR") for name in table.frame], table.sha256


def _from(
    connection: duckdb.DuckDBPyConnection, source: str, values: dict[str, str]
) -> list[tuple[str, str]]:
    described = connection.execute(f"SELECT * FROM {source} LIMIT 0", values).description or []
    aliases = ", ".join(f"c{place}" for place in range(len(described)))
    connection.execute(f"CREATE TABLE raw AS SELECT * FROM {source} AS t({aliases})", values)
    return [(clean_line(column[0].lstrip("\ufeff")), str(column[1])) for column in described]


def _head(path: Path, *, packed: bool) -> str:
    """The first lines of a UTF-8 text; ValueError where it is none, or empty."""
    with gzip.open(path) if packed else path.open("rb") as file:
        head = file.read(SAMPLED_BYTES)
    if b"\0" in head or not head.strip():
        raise ValueError("no text table")
    return head.decode("utf-8", errors="ignore" if len(head) == SAMPLED_BYTES else "strict")


def _refuse_repeated(names: Sequence[str]) -> None:
    """DuckDB would number them and take the first: which one is meant, nobody knows."""
    named = [clean_line(name) for name in names if name.strip()]
    if len(set(named)) < len(named):
        raise ValueError("a column's name stands twice")


def _places(
    study: Study, names: Sequence[str], file: str, problems: list[Problem]
) -> tuple[int, int, int] | None:
    """Where respondent, event and time stand; None, with a problem for each that is missing."""
    own = RESPONDENT if RESPONDENT in names else study.respondent or RESPONDENT
    missing = [wanted for wanted in (own, EVENT, TIME) if wanted not in names]
    for wanted in missing:
        known = ", ".join(shown(name) for name in names[:20])
        problems.append(
            _problem(
                "column_missing",
                f"'{file}', the log of events, has no column '{shown(wanted)}'."
                f"{did_you_mean(wanted, names)} It needs respondent, event and time; it has "
                f"{known}.",
                1,
            )
        )
    if missing:
        return None
    return names.index(own), names.index(EVENT), names.index(TIME)


def _text(column: str, kind: str) -> str:
    """SQL for a cell as the waves' readers write it: 7 for 7.0, NULL where blank."""
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        whole = f"CAST(CAST({column} AS HUGEINT) AS VARCHAR)"
        return (
            f"CASE WHEN {column} = trunc({column}) AND abs({column}) < 1e18 THEN {whole} "
            f"ELSE CAST({column} AS VARCHAR) END"
        )
    return f"nullif(trim(CAST({column} AS VARCHAR)), '')"


def _time(column: str, kind: str) -> str:
    """SQL for an instant at UTC, NULL where it can't be read."""
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"CAST({column} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    text = f"trim(CAST({column} AS VARCHAR))"
    return (
        f"CASE WHEN regexp_full_match({text}, '{WRITTEN_TIME}') "
        f"THEN TRY_CAST({text} AS TIMESTAMPTZ) END AT TIME ZONE 'UTC'"
    )


def _unreadable(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[Problem]:
    for column, rule, said in (
        ("respondent", "respondent_missing", "Rows of '{}' without an id are left out."),
        ("event", "event_missing", "Rows of '{}' without the name of an event are left out."),
        (
            "time",
            "bad_time",
            "Times of '{}' that can't be read are left out. Write 2026-01-10 or "
            "2026-01-10T14:30, with a zone (+01:00) or without.",
        ),
    ):
        bad, texts_ = connection.execute(
            f"SELECT count(*), list_slice(list_sort(list_distinct(list(given))), 1, 4) "
            f"FROM parsed WHERE {column} IS NULL"
        ).fetchall()[0]
        if bad:
            yield _problem(
                rule,
                said.format(name),
                bad,
                examples=examples(texts_ or []) if column == "time" else "",
            )
    zoned = _number(
        connection,
        f"SELECT count(*) FROM parsed WHERE time IS NOT NULL AND "
        f"regexp_full_match(given, '{ZONE_AT_END}')",
    )
    timed = _number(
        connection,
        "SELECT count(*) FROM parsed WHERE time IS NOT NULL AND contains(given, ':')",
    )
    if 0 < zoned < timed:
        yield _problem(
            "mixed_zones",
            f"{zoned} times of '{name}' have a zone and are taken at UTC, {timed - zoned} have "
            "none and are taken as they stand. Export all of them in one way.",
            zoned,
        )


def _after_the_end(
    connection: duckdb.DuckDBPyConnection, ends: datetime, name: str
) -> Iterator[Problem]:
    later = _number(connection, "SELECT count(*) FROM parsed WHERE time >= $ends", ends=ends)
    if later:
        yield _problem(
            "event_after_through",
            f"Events of '{name}' after the day in events: through are left out. Correct them, or "
            "the day.",
            later,
        )


def _number(connection: duckdb.DuckDBPyConnection, sql: str, **values: Any) -> int:
    return int(connection.execute(sql, values).fetchall()[0][0])


def _day(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)
