"""Files as people, spreadsheets and attackers send them, for every table of a study.

Each kind is read as the sound file, or told: a table that is read differently without a word
would be a wrong number in the report.
"""

import gzip
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

import mot_research as mot
from mot_research.errors import MotError
from mot_research.survey import event_log
from tests.trust import small_files
from tests.trust.peak import MOST_GROWTH, growth
from tests.trust.readers import BY_NAME
from tests.trust.standing_by import standing_by

LOCKED = Path(__file__).with_name("files") / "locked.xlsx"  # by msoffcrypto-tool, password "secret"


@dataclass(frozen=True)
class Source:
    """One table of the study: its file, what stands around it, and what is read of it."""

    file: str
    parts: tuple[str, ...]
    seen: Callable[[Any], Any]
    needs: str  # a column without which nothing can be read
    number: str | None = None  # a column of decimal numbers
    day: str | None = None  # a column of dates or times

    @property
    def frame(self) -> pd.DataFrame:
        if self.file == "wave.csv":
            return small_files.answers().astype(str)
        return pd.read_csv(StringIO(small_files.TEXTS[self.file]), dtype=str, na_filter=False)


def wave_seen(survey):
    wave = survey.waves.get("2026Q1")
    if wave is None:
        return None
    return [wave.ratings, wave.outcomes, wave.states, wave.weight, wave.segments, wave.controls]


def fired_seen(moment):
    def seen(survey):
        fired = {} if survey.contacts is None else survey.contacts.fired
        return [fired[moment].table] if moment in fired else None

    return seen


SOURCES = {
    "wave": Source("wave.csv", (), wave_seen, "q1", "weight"),
    "votes": Source("votes.csv", ("workshop",), lambda s: s.votes, "silo"),
    "codes": Source("codes.csv", ("voice",), lambda s: s.voice and s.voice.mentions, "code"),
    "verbatims": Source(
        "verbatims.csv", ("voice",), lambda s: s.voice and s.voice.comments, "wave"
    ),
    "events": Source(
        "events.csv", ("events", "customers"), fired_seen("first_bill"), "event", day="time"
    ),
    "customers": Source(
        "customers.csv", ("events", "customers"), fired_seen("renewal"), "id", day="contract_end"
    ),
    "recordings": Source(
        "recordings.csv", ("recordings",), lambda s: s.recordings, "moment", day="time"
    ),
    "operations": Source(
        "operations.csv", ("operations",), lambda s: s.operations, "metric", "value", "date"
    ),
    "revenue": Source(
        "revenue.csv",
        ("money",),
        lambda s: None if "2026Q1" not in s.waves else s.waves["2026Q1"].outcomes,
        "id",
        "revenue",
    ),
}


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What is read of a table, and every problem but notes; the rest is read once."""
    root = tmp_path_factory.mktemp("studies")

    def read(name, content, file=None):
        source = SOURCES[name]
        file = file or source.file
        folder = root / name / file
        if not folder.exists():
            text = small_files.full_with(*source.parts).replace(source.file, file)
            small_files.write_study(folder, text)
        (folder / file).write_bytes(content)
        with quick[name in ("wave", "revenue")](), growth() as grown:
            survey = mot.read_survey(mot.read_study(folder))
        assert grown.bytes < MOST_GROWTH
        problems = survey.problems[survey.problems["severity"] != "note"]
        return source.seen(survey), {
            f"{row.rule}: {row.examples} {row.what_to_do}" for row in problems.itertuples()
        }

    with standing_by(True, True) as beside, standing_by(True, False) as waves:
        quick = {False: beside, True: waves}
        yield read


def same(one, other):
    if isinstance(one, list):
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_dtype=False)
    else:
        np.testing.assert_array_equal(one, other)


def csv_of(frame, sep=",", line="\n"):
    return frame.to_csv(index=False, sep=sep, lineterminator=line)


def xlsx_of(frame, *, typed=(), dates=()):
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, list(frame))
        for place, name in enumerate(frame):
            for row, cell in enumerate(frame[name], 1):
                if name in dates and cell:
                    when = pd.Timestamp(cell).tz_localize(None)
                    sheet.write_datetime(row, place, when.to_pydatetime(), day)
                elif name in typed and cell:
                    sheet.write_number(row, place, float(cell))
                else:
                    sheet.write_string(row, place, cell)
    return content.getvalue()


def parquet_of(frame):
    return small_files.as_parquet(frame.replace("", None))


def with_commas(source):
    frame = source.frame
    frame[source.number] = frame[source.number].str.replace(".", ",", regex=False)
    return frame


READ_AS_THE_SOUND_FILE = {
    "UTF-16": lambda s: csv_of(s.frame).encode("utf-16"),
    "a byte order mark": lambda s: csv_of(s.frame).encode("utf-8-sig"),
    "cp1252": lambda s: csv_of(s.frame).encode("cp1252"),
    "semicolons": lambda s: csv_of(s.frame, ";").encode(),
    "tabs": lambda s: csv_of(s.frame, "\t").encode(),
    "bars": lambda s: csv_of(s.frame, "|").encode(),
    "lines of Windows": lambda s: csv_of(s.frame, line="\r\n").encode(),
    "lines of old Macs": lambda s: csv_of(s.frame, line="\r").encode(),
    "blank lines at the end": lambda s: (csv_of(s.frame) + "\n\n").encode(),
    "delimiters at the ends of lines": lambda s: csv_of(s.frame).replace("\n", ",\n").encode(),
    "quotes around every cell": lambda s: s.frame.to_csv(index=False, quoting=1).encode(),
    "blanks around names": lambda s: csv_of(s.frame.rename(columns=" {} ".format)).encode(),
    "columns in another order": lambda s: csv_of(s.frame[s.frame.columns[::-1]]).encode(),
}


@pytest.fixture(scope="module")
def sound(read):
    return {name: read(name, csv_of(source.frame).encode()) for name, source in SOURCES.items()}


@pytest.mark.parametrize("name", SOURCES)
def test_other_encodings_and_delimiters_give_the_sound_table(name, sound, read):
    source = SOURCES[name]
    value, said = sound[name]
    for kind, content in READ_AS_THE_SOUND_FILE.items():
        got, problems = read(name, content(source))
        assert got is not None, (kind, problems)
        same(got, value)
        assert problems == said, kind


@pytest.mark.parametrize("name", SOURCES)
def test_other_kinds_of_file_give_the_sound_table(name, sound, read):
    source = SOURCES[name]
    value, said = sound[name]
    stem = source.file.removesuffix(".csv")
    numeric = [column for column in (source.number,) if column]
    # a cell of a sheet has neither zone nor month: events and operations stay text
    dates = [source.day] if name in ("customers", "recordings") else []
    for file, content in {
        f"{stem}.csv.gz": gzip.compress(csv_of(source.frame).encode()),
        f"{stem}.xlsx": xlsx_of(source.frame, typed=numeric, dates=dates),
        f"{stem}.parquet": parquet_of(source.frame),
    }.items():
        got, problems = read(name, content, file)
        assert got is not None, (file, problems)
        same(got, value)
        assert {text.replace(file, source.file) for text in problems} == said, file


def changed(column, *cells):
    """The table with other cells at the top of one column of the source."""

    def content(source):
        frame = source.frame
        frame.loc[: len(cells) - 1, getattr(source, column)] = list(cells)[: len(frame)]
        return csv_of(frame, ";").encode()

    return content


TOLD = {
    "UTF-16 without a mark": (lambda s: csv_of(s.frame).encode("utf-16-le"), "no text table"),
    "nothing": (lambda s: b"", "is empty"),
    "blanks": (lambda s: b"\n \n\n", "no rows"),
    "names alone": (lambda s: csv_of(s.frame[:0]).encode(), "Export"),
    "NUL bytes": (lambda s: csv_of(s.frame).encode().replace(b"\n", b"\n\0", 1), "no text table"),
    "cut off within a row": (
        lambda s: csv_of(s.frame)[: csv_of(s.frame).rindex("\n", 0, -1) + 2].encode(),
        "don't have the",
    ),
    "a name twice": (
        lambda s: csv_of(s.frame.set_axis([s.needs] * 2 + list(s.frame)[2:], axis=1)).encode(),
        "are all called",
    ),
    "a name away": (
        lambda s: csv_of(s.frame.rename(columns={s.needs: ""})).encode(),
        "column",
    ),
    "a huge cell": (
        lambda s: csv_of(s.frame.assign(**{s.needs: "x" * 2_000_000})[:1]).encode(),
        "quote",
    ),
    "an open quote": (lambda s: csv_of(s.frame).replace("\n", '\n"', 1).encode(), "quote"),
    "an unknown delimiter": (
        lambda s: csv_of(s.frame.replace(",", "", regex=True), "^").encode(),
        "column",
    ),
    "a workbook by its content": (lambda s: xlsx_of(s.frame), "Excel workbook"),
    "Parquet by its content": (lambda s: parquet_of(s.frame), "Parquet"),
    "a password": (lambda s: LOCKED.read_bytes(), "Excel workbook"),
    "a web page": (lambda s: b"<!doctype html><html><body>Log in</body></html>", "column"),
}


@pytest.mark.parametrize("kind", TOLD)
def test_what_can_not_be_read_is_told(kind, sound, read):
    make, says = TOLD[kind]
    for name, source in SOURCES.items():
        got, problems = read(name, make(source))
        new = problems - sound[name][1]
        assert any(says in text for text in new), (name, problems)
        if got is not None:  # codes that can't be used leave the comments to a search for terms
            assert name in ("codes", "customers"), name


NUMBERS = {
    "thousands by points": ("1.234,56", "402,5"),
    "thousands by apostrophes": ("1'234.56",),
    "a comma that may be either": ("1,500",),
    "a point that may be either": ("1.500", "402,5"),
    "a currency": ("€ 402",),
    "a percentage": ("35%",),
    "infinity": ("inf",),
    "a number beyond floats": ("1e999",),
    "digits of another script": ("٣",),
    "an underscore": ("1_000",),
    "a hexadecimal number": ("0x10",),
    "a formula": ("=1+1",),
}
DAYS = {
    "the number of a day in Excel": "45678",
    "with its time": "45678.6",
    "a day of America": "01/31/2026",
    "a day that may be two": "01/02/2026",
    "a day without century": "31.01.26",
    "no day of the calendar": "2026-02-30",
    "a year": "2026",
    "a month by its name": "Jan 2026",
    "the end of time": "9999-12-31",
    "another calendar": "1447-07-15",
}


@pytest.mark.parametrize("cells", NUMBERS.values(), ids=NUMBERS)
def test_numbers_that_may_be_two_are_told_not_guessed(cells, sound, read):
    for name, source in SOURCES.items():
        if source.number is not None:
            _, problems = read(name, changed("number", *cells)(source))
            new = problems - sound[name][1]
            assert any("number" in text and cells[0] in text for text in new), (name, problems)


@pytest.mark.parametrize("name", [name for name, source in SOURCES.items() if source.number])
def test_decimal_commas_are_the_same_numbers(name, sound, read):
    source = SOURCES[name]
    got, problems = read(name, csv_of(with_commas(source), ";").encode())
    assert problems == sound[name][1]
    same(got, sound[name][0])


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
def test_days_that_may_be_two_are_told_not_guessed(day, sound, read):
    for name, source in SOURCES.items():
        if source.day is not None:
            _, problems = read(name, changed("day", day)(source))
            new = problems - sound[name][1]
            assert any(day in text for text in new), (name, problems)


def bomb(*names):
    """A hundred million rows of nothing, in a few kilobytes."""
    content = BytesIO()
    piece = pa.table({name: pa.nulls(1_000_000) for name in names})
    with pq.ParquetWriter(content, piece.schema) as writer:
        for _ in range(100):
            writer.write_table(piece)
    return content.getvalue()


def truncated(content):
    return content[: len(content) // 2]


def sheet(*rows):
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        page = book.add_worksheet()
        for row, cells in rows:
            page.write_row(row, 0, cells)
    return content.getvalue()


def far_cell(columns):
    return sheet((0, columns), (1, ["x"] * len(columns)), (1_048_575, ["y"]))


def parquet_with(names):
    content = BytesIO()
    columns = [pa.array(["x", "y"]) for _ in names]
    pq.write_table(pa.Table.from_arrays(columns, names=names), content)
    return content.getvalue()


def zipped(name, size):
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(size))
    return content.getvalue()


GZIP_BOMB = gzip.compress(bytes(501_000_000), 1)
ZIP_BOMB = zipped("xl/worksheets/sheet1.xml", 501_000_000)
WORKBOOKS = {
    "a password": (lambda names: LOCKED.read_bytes(), "password"),
    "nothing": (lambda names: b"", "empty"),
    "cut off": (lambda names: truncated(sheet((0, names), (1, names))), "damaged"),
    "an empty sheet": (lambda names: sheet(), "empty"),
    "a lone cell far away": (far_cell, "unfold"),
    "a name twice": (lambda names: sheet((0, [names[0], *names]), (1, ["x"] * 9)), "all called"),
    "names alone": (lambda names: sheet((0, names)), "no rows"),
    "a text table": (lambda names: ",".join(names).encode() + b"\n1,2\n", "damaged"),
    "a bomb": (lambda names: ZIP_BOMB, "more than 500 MB"),
    "another archive": (lambda names: zipped("a.txt", 10), "damaged"),
}
UNFOLDING = ("a lone cell far away", "a bomb")  # these take a second each
OTHERS = {
    "an empty Parquet file": (".parquet", lambda s: parquet_of(s.frame[:0]), "Export"),
    "half a Parquet file": (".parquet", lambda s: truncated(parquet_of(s.frame)), "Parquet"),
    "a column twice in Parquet": (
        ".parquet",
        lambda s: parquet_with([s.needs, s.needs, "time"]),
        "all called",
    ),
    "half a gzip file": (
        ".csv.gz",
        lambda s: gzip.compress(csv_of(s.frame).encode())[:-12],
        "cut off",
    ),
    "no gzip file": (".csv.gz", lambda s: csv_of(s.frame).encode(), "gzip"),
    "a gzip bomb": (".csv.gz", lambda s: GZIP_BOMB, "500 MB"),
    "half an SPSS file": (".sav", lambda s: b"$FL2" + bytes(400), "SPSS"),
    "an ending nobody knows": (".dat", lambda s: csv_of(s.frame).encode(), "ending"),
}


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_workbooks_that_can_not_be_read_are_told(kind, read):
    make, says = WORKBOOKS[kind]
    for name in ("wave", "events") if kind in UNFOLDING else SOURCES:
        source = SOURCES[name]
        content = make(list(source.frame))
        got, problems = read(name, content, source.file.replace(".csv", ".xlsx"))
        assert any(says in text for text in problems), (name, problems)
        assert got is None or name in ("codes", "customers"), name


@pytest.mark.parametrize("kind", OTHERS)
def test_other_files_that_can_not_be_read_are_told(kind, read):
    ending, make, says = OTHERS[kind]
    for name, source in SOURCES.items():
        got, problems = read(name, make(source), source.file.replace(".csv", ending))
        assert any(says in text for text in problems), (name, problems)
        assert got is None or name in ("codes", "customers"), name


def test_parquet_files_that_unfold_are_told(read):
    for name in ("votes", "revenue"):
        source = SOURCES[name]
        content = bomb(*source.frame)
        assert len(content) < 2_000_000
        _, problems = read(name, content, source.file.replace(".csv", ".parquet"))
        assert any("unfolds" in text for text in problems), (name, problems)


def test_a_log_of_events_that_needs_too_much_memory_is_told(read, monkeypatch):
    monkeypatch.setattr(event_log, "MOST_MEMORY", "40MB")
    frame = pd.DataFrame({"respondent": "C1", "event": "x" * 99, "time": range(400_000)})
    frame["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(frame["time"], unit="s")
    got, problems = read("events", small_files.as_parquet(frame), "events.parquet")
    assert got is None
    assert any("40MB of memory" in text for text in problems), problems


@pytest.mark.parametrize("name", ["moments.xlsx", "ballot.xlsx"])
def test_sheets_of_a_workshop_that_can_not_be_read_are_told(name, tmp_path):
    one = BY_NAME[name]
    one.prepare(tmp_path / "study")
    kinds = WORKBOOKS.keys() - {"names alone"}  # a list without moments changes nothing
    for kind in sorted(kinds):
        make, says = WORKBOOKS[kind]
        with pytest.raises(MotError) as caught, standing_by(True, True) as quick, quick():
            one.use(tmp_path / "study", make(["id", "name", "stage"]))
        said = str(caught.value)
        allowed = {
            "a password": ("password", ".xlsx"),
            "a bomb": ("too large",),
            "a name twice": ("twice", "holds no"),
            "a lone cell far away": ("holds no", "column"),
            "an empty sheet": ("holds no",),
        }
        words = (says, "damaged", *allowed.get(kind, ()))
        assert any(word in said for word in words), (kind, said)
        assert ".xlsx" in said or "sheet" in said, (kind, said)


@pytest.mark.parametrize("name", ["mot add-wave", "mot new --from"])
def test_files_of_commands_that_can_not_be_read_are_told(name, tmp_path):
    one = BY_NAME[name]
    one.prepare(tmp_path / "study")
    for make, says in TOLD.values():
        missing = says == "column"  # an arriving wave may lack it: that is asked, nothing written
        with suppress(MotError) if missing else pytest.raises(MotError, match=says):
            one.use(tmp_path / "study", make(SOURCES["wave"]))
