"""What a new file holds, against what the study asks for and what the last wave was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mot_research.arriving.comparing import compare_waves
from mot_research.arriving.differences import Comparison
from mot_research.arriving.entry import Described, entry_of, place_of, wave_of
from mot_research.arriving.keys import Panel, Weights, panel_of, weights_of
from mot_research.arriving.matching import Match, match_columns
from mot_research.arriving.noticing import changed_labels, notices
from mot_research.arriving.wanted import ROLES, wanted_columns
from mot_research.errors import AnalysisError, MotError, StudyError, SurveyError, shown
from mot_research.study.definition import Study
from mot_research.study.fields import clean_line
from mot_research.study.parts import WaveFile
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.building import build_wave
from mot_research.survey.checking import check_wave
from mot_research.survey.problems import Problem, problems_frame
from mot_research.survey.reading import read_survey
from mot_research.survey.tables import Table, read_table
from mot_research.survey.wave import Survey, Wave

LABELLED = re.compile(r"\.z?sav(\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Arrival:
    """A file that may become a wave, and everything found about it.

    Parameters
    ----------
    study : Study
    file : Path
        Where it lies now.
    path : str
        Where it is to lie, from the study's folder.
    entry : mapping
        Its entry in study.yml, in the file's words.
    table : Table
    matches : tuple of Match
        One for each column that the study asks for.
    unasked : tuple of str
        Columns of the file that the study does not ask for.
    problems : DataFrame
        As those of a `Survey`.
    n_rows : int
        Rows of the wave.
    panel : Panel or None
        Respondents who answered earlier waves; None where it has no ids.
    weights : Weights or None
        None where it has no weights, or one that can't be used.
    comparison : Comparison or None
        None without an earlier wave that can be read, or where an error or a
        missing column comes first; so are `panel` and `weights`.
    """

    study: Study
    file: Path
    path: str
    entry: Mapping[str, Any]
    table: Table
    matches: tuple[Match, ...]
    unasked: tuple[str, ...]
    problems: pd.DataFrame
    n_rows: int
    panel: Panel | None
    weights: Weights | None
    comparison: Comparison | None

    @property
    def open(self) -> tuple[Match, ...]:
        """The columns about which somebody must decide."""
        return tuple(match for match in self.matches if match.is_open)

    @property
    def has_errors(self) -> bool:
        return bool((self.problems["severity"] == "error").any())

    @property
    def is_copied(self) -> bool:
        """Whether the file lies outside of the study and will be copied into it."""
        return self.file.resolve() != (self.study.folder / self.path).resolve()


def earlier_waves(study: Study) -> Survey:
    """Read the waves of a study alone: not its logs, comments and other files."""
    own = tuple(outcome for outcome in study.outcomes if outcome.file is None)
    apart = dict.fromkeys(("voice", "events", "customers", "workshop", "operations"))
    return read_survey(study.model_copy(update={"outcomes": own, **apart}))


def arrive(survey: Survey, file: Path, described: Described) -> Arrival:
    """Look at a file as the next wave of a study. Nothing is written.

    Parameters
    ----------
    survey : Survey
        The study's earlier waves, as `earlier_waves` reads them.
    file : Path
        Anywhere; a file outside of the study's folder is to be copied into it.
    described : Described

    Raises
    ------
    StudyError
        The id is taken or not allowed, a date or a name is wrong, or the place
        in the study's folder is taken by another file.
    SurveyError
        The file can't be read.
    """
    study = survey.study
    last = study.waves[-1] if study.waves else None
    table = _table(file, described)
    path = place_of(study, file, table.sha256)
    labelled = _last_file(study, last)
    last_labels = {} if labelled is None else labelled.labels
    matches = match_columns(
        wanted_columns(study, last),
        table,
        named={clean_line(name): clean_line(column) for name, column in described.columns.items()},
        absent=_absent(study, described),
        last=last,
        last_labels=last_labels,
    )
    entry = entry_of(study, described, path, matches)
    source = wave_of(study, entry)
    _refuse_the_same_rows(survey, source, table)
    trial = study.model_copy(update={"waves": (*study.waves, source)})
    wave, found = build_wave(trial, source, table, {})
    undecided = {shown(match.wanted.column) for match in matches if match.is_open}
    found = [row for row in found if row.rule != "column_missing" or row.column not in undecided]
    found += [_guessed(source, note) for note in table.notes]
    sound = all(row.severity != "error" for row in found) and not any(
        match.how == "missing" for match in matches if match.is_open
    )
    panel = weights = comparison = None
    if wave is not None and sound:
        found += check_wave(trial, wave)
        panel, weights = panel_of(survey, wave), weights_of(study, source, wave)
        comparison = _compared(survey, wave)
        found += notices(survey, wave, source, panel, weights, comparison)
    if labelled is not None:
        found += changed_labels(source, matches, table, last, labelled)
    return Arrival(
        study=study,
        file=file,
        path=path,
        entry=entry,
        table=table,
        matches=matches,
        unasked=_unasked(table, matches, source),
        problems=problems_frame(found),
        n_rows=0 if wave is None else wave.n_rows,
        panel=panel,
        weights=weights,
        comparison=comparison,
    )


def _table(file: Path, described: Described) -> Table:
    if not file.exists():
        raise SurveyError(
            f"there is no file '{shown(file)}'. Give the path of the new wave's file, as in: "
            "mot add-wave STUDY exports/2026q4.csv --id 2026Q4"
        )
    return read_table(file, sheet=described.sheet, encoding=described.encoding)


def _last_file(study: Study, last: WaveFile | None) -> Table | None:
    """The last wave's file, where it is of a kind that has labels."""
    if last is None or not LABELLED.search(last.file):
        return None
    try:
        return read_table(study.resolve(last.file))
    except MotError:
        return None


def _absent(study: Study, described: Described) -> set[str]:
    """The names given as absent; StudyError for one that the study does not have."""
    ids = {moment.id for moment in study.moments} | {outcome.id for outcome in study.outcomes}
    known = ids | study.column_names | set(ROLES)
    for name in described.absent:
        if name not in known:
            raise StudyError(
                f"--without: '{shown(name)}' is no moment, outcome or column of the study, nor "
                f"one of {', '.join(ROLES)}.{did_you_mean(name, known)}"
            )
    return set(described.absent)


def _refuse_the_same_rows(survey: Survey, source: WaveFile, table: Table) -> None:
    study = survey.study
    for wave in study.waves:
        read = survey.waves.get(wave.id)
        if read is None or read.source.sha256 != table.sha256:
            continue
        if (wave.sheet, wave.where) == (source.sheet, source.where):
            raise StudyError(
                f"'{shown(table.path.name)}' is the file of wave '{shown(wave.id)}'. Give the new "
                "wave's file; where one file holds several waves, tell the rows apart, as in "
                "--where year=2018"
            )


def _guessed(source: WaveFile, note: str) -> Problem:
    return Problem(
        wave=source.id, rule="encoding_guessed", count=1, severity="note", what_to_do=note
    )


def _compared(survey: Survey, wave: Wave) -> Comparison | None:
    if not survey.waves:
        return None
    try:
        return compare_waves(survey, list(survey.waves.values())[-1], wave)
    except AnalysisError:  # one sampling unit: nothing can be estimated
        return None


def _unasked(table: Table, matches: tuple[Match, ...], source: WaveFile) -> tuple[str, ...]:
    used = {match.column for match in matches} | source.where.keys()
    return tuple(str(name) for name in table.frame.columns if name not in used)
