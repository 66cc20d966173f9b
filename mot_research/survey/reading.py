"""Every wave of a study, read and checked in one pass."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from mot_research.errors import MotError, shown
from mot_research.study.definition import Study
from mot_research.study.parts import DataFile, WaveFile
from mot_research.survey.building import build_wave
from mot_research.survey.cells import texts
from mot_research.survey.checking import check_study, check_wave
from mot_research.survey.contacts import read_contacts
from mot_research.survey.large_files import SAMPLE, check_engine, is_to_sample, sampled_table
from mot_research.survey.operations import operations_of
from mot_research.survey.outcome_files import OutcomeFile, outcome_file
from mot_research.survey.own_values import own_values
from mot_research.survey.problems import Problem, problems_frame
from mot_research.survey.recordings import recordings_of
from mot_research.survey.tables import Table, read_table
from mot_research.survey.voice import Voice, voice_of
from mot_research.survey.votes import votes_of
from mot_research.survey.wave import InputFile, Survey, Wave


def read_survey(study: Study, *, engine: str = "auto") -> Survey:
    """Read and check every wave, outcome file and event log of a study.

    Nothing that a data file holds raises: each problem is a row of
    `problems`, and a wave with a problem of severity error is left out of
    `waves`, as is a wave whose outcome's file can't be used.

    Parameters
    ----------
    study : Study
        As read by `read_study`; its paths are relative to its folder.
    engine : {"auto", "memory", "duckdb", "spark"} or URL
        Of a Parquet or text file of a wave, ``auto`` holds a random sample of
        100,000 rows where there are more than a million (or 200 MB of text),
        ``duckdb``, ``spark`` and the URL of an Ibis connection in any case, ``memory`` never.

    Returns
    -------
    Survey
        ``survey["2026Q3"]`` is a wave; ``survey.problems`` one row for each problem.

    Raises
    ------
    StudyError
        A link leads out of the study's folder.
    AnalysisError
        There is no such engine.

    Examples
    --------
    >>> import mot_research as mot
    >>> study = mot.read_study(mot.simulate_study("operator", n_respondents=200))
    >>> survey = mot.read_survey(study)
    >>> survey["2026Q3"].ratings.shape
    (200, 20)
    >>> survey.absences("2026Q3")[["n_rated", "n_not_experienced", "n_blank"]].head(2)
                    n_rated  n_not_experienced  n_blank
    moment
    coverage_check      106                 90        4
    campaign            138                 53        9
    """
    check_engine(engine)
    problems = list(check_study(study))
    files = _Files(study, engine)
    outcome_files: dict[str, OutcomeFile] = {}
    unusable: set[str] = set()
    for outcome in study.outcomes:
        if outcome.file is None:
            continue
        table = files.read(outcome.file, outcome.sheet, outcome.encoding, problems, wave="")
        joined = None
        if table is not None:
            joined, found = outcome_file(study, outcome, table)
            problems += found
        if joined is None:
            unusable.add(outcome.id)
        else:
            outcome_files[outcome.id] = joined
    waves: dict[str, Wave] = {}
    for source in study.waves:
        wave, found = _checked_wave(study, source, files, outcome_files)
        problems += found
        needs = {outcome for outcome in unusable if outcome not in source.not_asked}
        if wave is not None and not needs and all(row.severity != "error" for row in found):
            waves[source.id] = wave
    votes = _votes(study, files, problems)
    operations = _beside(study, study.operations, files, operations_of, problems)
    contacts, sources, found = read_contacts(study, _respondents(waves))
    problems += found
    voice = _voice(study, files, waves, problems)
    recordings = _beside(study, study.recordings, files, recordings_of, problems)
    inputs = {file.name: file for file in (*files.inputs(), *sources)}
    return Survey(
        study,
        MappingProxyType(waves),
        problems_frame(problems),
        tuple(inputs.values()),
        votes,
        operations,
        contacts,
        voice,
        recordings,
        {
            source.id: files.sampled[source.file]
            for source in study.waves
            if source.file in files.sampled
        },
        engine,
    )


def _respondents(waves: dict[str, Wave]) -> list[str]:
    """Every id that a usable wave holds."""
    return [
        str(name)
        for wave in waves.values()
        if wave.respondent is not None
        for name in wave.respondent.dropna()
    ]


def _votes(study: Study, files: "_Files", problems: list[Problem]) -> pd.DataFrame | None:
    """The workshop's votes; None, and a warning more, where they can't be used."""
    if study.workshop is None or not study.holds(study.workshop.votes):
        return None
    found: list[Problem] = []
    table = files.read(study.workshop.votes, None, None, found, wave="")
    reason = found[0].what_to_do if found else ""
    if table is not None:
        try:
            return votes_of(study, table)
        except MotError as error:
            reason = str(error)
    problems.append(
        Problem(
            rule="unusable_votes",
            examples=f"'{shown(study.workshop.votes)}'",
            severity="warning",
            what_to_do=reason,
        )
    )
    return None


def _beside(
    study: Study,
    source: DataFile | None,
    files: "_Files",
    read: Callable[[Study, Table], tuple[pd.DataFrame | None, list[Problem]]],
    problems: list[Problem],
) -> pd.DataFrame | None:
    """A table that stands beside the waves; None, and a warning more, where it can't be used."""
    if source is None or not study.holds(source.file):  # told by check_study
        return None
    found: list[Problem] = []
    table = files.read(source.file, source.sheet, source.encoding, found, wave="")
    problems += [replace(problem, severity="warning") for problem in found]
    if table is None:
        return None
    rows, found = read(study, table)
    problems += found
    return rows


def _voice(
    study: Study, files: "_Files", waves: dict[str, Wave], problems: list[Problem]
) -> Voice | None:
    """The comments of the study; None, and a warning more, where their file can't be used."""
    source = study.voice
    if source is None:
        return None
    tables = {}
    for file in (source.file, source.codes):
        if file is not None and study.holds(file):  # told by check_study
            found: list[Problem] = []
            tables[file] = files.read(file, None, None, found, wave="")
            problems += [replace(problem, severity="warning") for problem in found]
    table = None if source.file is None else tables.get(source.file)
    if source.file is not None and table is None:
        return None
    frame = None if source.codes is None else tables.get(source.codes)
    own = {} if table is None else _own_values(study, files, table)
    voice, found = voice_of(study, waves, table, frame, own)
    problems += found
    return voice


def _own_values(study: Study, files: "_Files", voice: Table) -> dict[str, set[str]]:
    """What each person who wrote a comment is called in the waves and the customers' file."""
    if "respondent" not in voice.frame:
        return {}
    frames = []
    for source in study.waves:
        name = study.design_column(source, "respondent")
        table = files.tables.get((source.file, source.sheet, source.encoding))
        column = "" if name is None else source.columns.get(name, name)
        if isinstance(table, Table) and column in table.frame:
            frames.append((table.frame, column))
    customers = study.customers
    if customers is not None and study.holds(customers.file):
        table = files.read(customers.file, customers.sheet, customers.encoding, [], wave="")
        if table is not None and study.respondent and study.respondent in table.frame:
            frames.append((table.frame, study.respondent))
    return own_values(frames, texts(voice.frame["respondent"]).dropna())


class _Files:
    """The tables of a study, each read once however many waves it holds."""

    def __init__(self, study: Study, engine: str) -> None:
        self.study = study
        self.engine = engine
        self.sampled: dict[str, int] = {}
        self.tables: dict[tuple[str, str | None, str | None], Table | MotError] = {}
        self.used: dict[tuple[object, ...], str] = {}

    def read(
        self,
        file: str,
        sheet: str | None,
        encoding: str | None,
        problems: list[Problem],
        *,
        wave: str,
    ) -> Table | None:
        """Return a table, or None and one problem more where it can't be read."""
        key = (file, sheet, encoding)
        if key not in self.tables:
            try:
                self.tables[key] = self._table(file, sheet, encoding, of_wave=bool(wave))
            except MotError as error:
                self.tables[key] = error
        table = self.tables[key]
        if isinstance(table, Table):
            return table
        missing = not self.study.holds(file)
        problems.append(
            Problem(
                wave=wave,
                rule="missing_file" if missing else "unreadable_file",
                count=1,
                examples=f"'{shown(file)}'",
                severity="error",
                what_to_do=str(table),
            )
        )
        return None

    def _table(self, file: str, sheet: str | None, encoding: str | None, *, of_wave: bool) -> Table:
        path = self.study.resolve(file)
        plain = of_wave and sheet is None and encoding is None
        if not (plain and is_to_sample(path, self.engine)):
            return read_table(path, sheet=sheet, encoding=encoding)
        table, self.sampled[file] = sampled_table(path, SAMPLE, self.study.rules.seed)
        return table

    def repeated(self, source: WaveFile, table: Table) -> Iterator[Problem]:
        """Yield an error where two waves would hold the same rows of the same file."""
        where = tuple(sorted((name, codes) for name, codes in source.where.items()))
        other = self.used.setdefault((table.sha256, source.sheet, where), source.id)
        if other != source.id:
            yield Problem(
                wave=source.id,
                rule="same_file_twice",
                count=len(table.frame),
                examples=f"'{shown(source.file)}'",
                severity="error",
                what_to_do=f"This wave holds the same rows as wave '{shown(other)}'. Name its own "
                "file, or tell the waves of one file apart, as in where: {year: 2017}.",
            )

    def inputs(self) -> tuple[InputFile, ...]:
        """Return every file that was read, once, in the order of reading."""
        read = {
            file: InputFile(file, table.sha256, self.sampled.get(file, len(table.frame)))
            for (file, _, _), table in self.tables.items()
            if isinstance(table, Table)
        }
        return tuple(read.values())


def _checked_wave(
    study: Study, source: WaveFile, files: _Files, outcome_files: dict[str, OutcomeFile]
) -> tuple[Wave | None, list[Problem]]:
    problems: list[Problem] = []
    table = files.read(source.file, source.sheet, source.encoding, problems, wave=source.id)
    if table is None:
        return None, problems
    problems += [
        Problem(
            wave=source.id,
            rule="encoding_guessed",
            count=1,
            examples=f"'{shown(source.file)}'",
            severity="note",
            what_to_do=note,
        )
        for note in table.notes
    ]
    problems += files.repeated(source, table)
    wave, found = build_wave(study, source, table, outcome_files)
    problems += found
    if wave is not None:
        problems += check_wave(study, wave)
    return wave, problems
