"""Everything that reads a file from outside, each with sound files and a way to use a spoilt one.

A reader may return, or raise `MotError`; what it may not do is anything else.
"""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

import mot_research as mot
from mot_research import arriving
from mot_research.errors import MotError
from mot_research.starting import draft_study
from mot_research.workshop.ballot_reading import read_ballots
from mot_research.workshop.ballot_sheet import CHOSEN, PARTICIPANT, RANK, write_ballots
from mot_research.workshop.importing import import_moments
from mot_research.workshop.moments_sheet import write_moments
from tests.trust import mutations, small_files

Seeds = Callable[[Path], list[bytes]]


@dataclass(frozen=True)
class Reader:
    """One reader.

    Parameters
    ----------
    name : str
    seeds : function of a folder
        Sound files; the folder is there to write in.
    mutate : function of bytes and a generator
    prepare : function of a folder
        Write what stands around the file; called once.
    use : function of the folder and a file's bytes
        Put the file into its place and read it.
    weight : float
        Cases of a short run, as a share of the usual number: a slow reader gets fewer.
    spoils : {"study", "wave", "beside"}
        What the file changes; a long run reads the rest once.
    """

    name: str
    seeds: Seeds
    mutate: mutations.Mutation
    prepare: Callable[[Path], object]
    use: Callable[[Path, bytes], object]
    weight: float = 1.0
    spoils: Literal["study", "wave", "beside"] = "beside"

    def case(self, seed: int, number: int, seeds: list[bytes]) -> bytes:
        """Return one case; the same seed and number give the same bytes."""
        rng = random.Random(f"{seed}/{self.name}/{number}")
        return self.mutate(rng.choice(seeds), rng)


def read_all(folder: Path) -> object:
    """Read a study and its survey, as `mot check` does."""
    return mot.read_survey(mot.read_study(folder))


def _as(name: str) -> Callable[[Path, bytes], object]:
    def use(folder: Path, content: bytes) -> object:
        (folder / name).write_bytes(content)
        return read_all(folder)

    return use


def _beside(part: str) -> Callable[[Path], object]:
    """A short study with one more part, and the files of the full one."""
    return lambda folder: small_files.write_study(folder, small_files.study_with(part))


def _full_with(*parts: str, **renamed: str) -> Callable[[Path], object]:
    """The full study with a few of the parts beside its waves; a file may have another name."""
    text = small_files.full_with(*parts)
    for stem, name in renamed.items():
        text = text.replace(f"{stem}.csv", name)
    return lambda folder: small_files.write_study(folder, text)


def _wave(name: str) -> Callable[[Path], object]:
    return _full_with(wave=name)


def _texts(name: str) -> Seeds:
    return lambda folder: [small_files.TEXTS[name].encode()]


def _text_beside(name: str, part: str, file: str) -> Reader:
    return Reader(name, _texts(file), mutations.on_text, _beside(part), _as(file))


def _csv_seeds(folder: Path) -> list[bytes]:
    return _as_csv(small_files.answers())


def _next_wave_seeds(folder: Path) -> list[bytes]:
    return _as_csv(small_files.answers(seed=2))


def _as_csv(frame: pd.DataFrame) -> list[bytes]:
    return [
        small_files.as_csv(frame).encode(),
        small_files.as_csv(frame, sep=";", decimal=",").encode("cp1252"),
        small_files.as_csv(frame, sep="\t").encode("utf-16"),
    ]


def _moments_seeds(folder: Path) -> list[bytes]:
    path = folder / "seed.xlsx"
    small_files.write_study(folder)
    write_moments(mot.read_study(folder), path)
    return [path.read_bytes()]


def _ballot_seeds(folder: Path) -> list[bytes]:
    import openpyxl

    small_files.write_study(folder)
    (path,) = write_ballots(mot.read_study(folder), ["Billing"], folder / "seeds")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    heads = {cell.value: cell for row in sheet.iter_rows() for cell in row if cell.value}
    sheet.cell(heads[PARTICIPANT].row, 2, "AB")
    sheet.cell(heads[CHOSEN].row + 1, heads[CHOSEN].column, "yes")
    sheet.cell(heads[RANK].row + 1, heads[RANK].column, 1)
    book.save(path)
    return [path.read_bytes()]


def _unchanged_if_refused(folder: Path, use: Callable[[], object]) -> object:
    """Use a file that changes the study: refused, it leaves every byte as it was."""
    before = _held(folder)
    try:
        return use()
    except MotError:
        if _held(folder) != before:
            raise AssertionError("refused, and yet the study's folder has changed") from None
        raise
    finally:
        (folder / "study.yml").write_bytes(before["study.yml"])
        for name in _held(folder).keys() - before.keys():
            (folder / name).unlink()


def _held(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _import(folder: Path, content: bytes) -> object:
    (folder / "moments.xlsx").write_bytes(content)
    return _unchanged_if_refused(
        folder, lambda: import_moments(mot.read_study(folder), folder / "moments.xlsx")
    )


def _read_ballot(folder: Path, content: bytes) -> object:
    (folder / "ballots").mkdir(exist_ok=True)
    (folder / "ballots" / "ballot.xlsx").write_bytes(content)
    return read_ballots(mot.read_study(folder), folder / "ballots")


def _add_wave(folder: Path, content: bytes) -> object:
    file = folder.parent / f"{folder.name}-new.csv"
    file.write_bytes(content)

    def use() -> object:
        survey = arriving.earlier_waves(mot.read_study(folder))
        arrival = arriving.arrive(survey, file, arriving.Described("2026Q2", None, None))
        if arrival.open or arrival.has_errors:
            return arrival.problems
        return arriving.add_wave(arrival)

    return _unchanged_if_refused(folder, use)


def _draft(folder: Path, content: bytes) -> object:
    file = folder / "survey.csv"
    file.write_bytes(content)
    new = folder / "new"
    try:
        return draft_study(new, file)
    except MotError:
        if new.exists() or list(folder.glob(".unfinished*")):
            raise AssertionError("refused, and yet a folder was made") from None
        raise
    finally:
        shutil.rmtree(new, ignore_errors=True)


READERS = (
    Reader(
        "study.yml",
        lambda folder: [text.encode() for text in small_files.STUDIES],
        mutations.on_text,
        small_files.write_study,
        _as("study.yml"),
        spoils="study",
    ),
    Reader(
        "wave.csv",
        _csv_seeds,
        mutations.on_text,
        _wave("wave.csv"),
        _as("wave.csv"),
        spoils="wave",
    ),
    Reader(
        "wave.csv.gz",
        lambda folder: [small_files.packed(small_files.as_csv(small_files.answers()))],
        mutations.in_gzip,
        _wave("wave.csv.gz"),
        _as("wave.csv.gz"),
        0.5,
        spoils="wave",
    ),
    Reader(
        "wave.xlsx",
        lambda folder: [small_files.as_xlsx(small_files.answers())],
        mutations.in_zip,
        _wave("wave.xlsx"),
        _as("wave.xlsx"),
        0.2,
        spoils="wave",
    ),
    Reader(
        "wave.parquet",
        lambda folder: [
            small_files.as_parquet(small_files.answers(), compression=each)
            for each in (None, "snappy", "gzip", "zstd")
        ],
        mutations.on_bytes,
        _wave("wave.parquet"),
        _as("wave.parquet"),
        spoils="wave",
    ),
    Reader(
        "wave.sav",
        lambda folder: [
            small_files.as_sav(small_files.answers(), folder, **options)
            for options in ({}, {"compress": True}, {"row_compress": True})
        ],
        mutations.on_bytes,
        _wave("wave.sav"),
        _as("wave.sav"),
        0.1,
        spoils="wave",
    ),
    _text_beside("votes", "workshop: {votes: votes.csv}", "votes.csv"),
    _text_beside("codes", "voice: {file: verbatims.csv, codes: codes.csv}", "codes.csv"),
    _text_beside("verbatims", "voice: {file: verbatims.csv, codes: codes.csv}", "verbatims.csv"),
    Reader(
        "events.csv",
        _texts("events.csv"),
        mutations.on_text,
        _full_with("events", "customers"),
        _as("events.csv"),
        0.2,
    ),
    Reader(
        "events.parquet",
        lambda folder: [_events_parquet()],
        mutations.on_bytes,
        _full_with("events", "customers", events="events.parquet"),
        _as("events.parquet"),
        0.2,
    ),
    _text_beside("recordings", "recordings: {file: recordings.csv}", "recordings.csv"),
    Reader(
        "operations",
        _texts("operations.csv"),
        mutations.on_text,
        _full_with("operations"),
        _as("operations.csv"),
        0.2,
    ),
    Reader(
        "customers",
        _texts("customers.csv"),
        mutations.on_text,
        _full_with("events", "customers"),
        _as("customers.csv"),
        0.2,
    ),
    Reader(
        "revenue",
        _texts("revenue.csv"),
        mutations.on_text,
        _full_with("money"),
        _as("revenue.csv"),
        0.2,
        spoils="wave",
    ),
    Reader(
        "moments.xlsx",
        _moments_seeds,
        mutations.in_zip,
        small_files.write_study,
        _import,
        0.1,
    ),
    Reader(
        "ballot.xlsx",
        _ballot_seeds,
        mutations.in_zip,
        small_files.write_study,
        _read_ballot,
        0.2,
    ),
    Reader(
        "mot add-wave",
        _next_wave_seeds,
        mutations.on_text,
        _wave("wave.csv"),
        _add_wave,
        0.2,
        spoils="wave",
    ),
    Reader(
        "mot new --from",
        _csv_seeds,
        mutations.on_text,
        lambda folder: folder.mkdir(exist_ok=True),
        _draft,
        0.1,
        spoils="wave",
    ),
)
BY_NAME = {reader.name: reader for reader in READERS}


def _events_parquet() -> bytes:
    from io import StringIO

    return small_files.as_parquet(pd.read_csv(StringIO(small_files.TEXTS["events.csv"])))
