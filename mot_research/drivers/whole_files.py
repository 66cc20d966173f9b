"""The drivers of a wave of which a sample is in memory, from all rows of its file.

What needs single respondents (models of outcomes that are no score, asymmetry, segments, changes,
means, quotes) rests on the sample; its sentences say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from mot_research.drivers.design import Described
from mot_research.drivers.engines import Ibis, opened
from mot_research.drivers.large import analyse_source
from mot_research.drivers.options import Options
from mot_research.drivers.result import DriverResult
from mot_research.drivers.statements import Question
from mot_research.errors import AnalysisError, shown
from mot_research.study.definition import Outcome
from mot_research.survey.large_files import Column, DuckDB
from mot_research.survey.wave import Survey, Wave

NOT_ASKED = Described(0, 0.0, np.nan, np.nan, 0.0)


def from_whole_file(
    survey: Survey, outcome: Outcome, waves: tuple[str, ...], options: Options
) -> DriverResult:
    """What drives an outcome over all rows of the file of one wave.

    Raises
    ------
    AnalysisError
        The outcome, or how the study reads the file, needs the single rows: with the reason.
    """
    if len(waves) > 1:
        raise AnalysisError("it pools several waves")
    study, wave = survey.study, survey[waves[0]]
    source = study.wave(wave.id)
    if outcome.file is not None:
        raise AnalysisError("it lies in a file of its own")
    if source.where:
        raise AnalysisError(f"wave {shown(wave.id)} is a part of its file (where:)")
    columns = _names_in_file(survey, wave, outcome)
    first = study.ratings_for(study.moment(wave.asked[0]))
    scales = [study.ratings_for(study.moment(name)) for name in wave.asked]
    codes = (first.low, first.high, set(first.not_experienced), set(first.blank))
    if any((s.low, s.high, set(s.not_experienced), set(s.blank)) != codes for s in scales):
        raise AnalysisError("the moments have scales or codes of their own")
    question = Question(
        outcome=outcome.id,
        drivers=wave.asked,
        controls=tuple(name for name in study.controls if name in wave.controls),
        weight=_role(columns, "weight"),
        cluster=_role(columns, "cluster"),
        stratum=_role(columns, "stratum"),
        respondent=_role(columns, "respondent"),
        not_experienced=_codes(first.not_experienced),
        blank=_codes(first.blank),
        scale=(float(first.low), float(first.high)),
        outcome_blank=_codes(outcome.blank),
    )
    with _named(survey, source.file, columns) as engine:
        found = analyse_source(engine, question, options)
    rated = [moment.id for moment in study.moments if moment.rating is not None]
    absent = [name for name in rated if name not in wave.asked]
    return replace(
        found,
        waves=waves,
        table=found.table.reindex(rated).rename_axis("driver"),
        not_tested={name: "not asked" for name in absent} | dict(found.not_tested),
        described={name: found.described.get(name, NOT_ASKED) for name in rated},
    )


def sample_notes(survey: Survey, wave_id: str, from_all: list[str]) -> list[str]:
    """What rests on all rows of a wave and what on a sample; nothing where all are read."""
    n_rows, n_held = survey.sampled.get(wave_id, 0), survey[wave_id].n_rows
    if n_rows <= n_held:
        return []
    drivers = f"the drivers of {', '.join(from_all)}" if from_all else "nothing but the count"
    return [
        f"Wave {shown(wave_id)} has {n_rows:,} rows. From all of them: {drivers}. From a random "
        f"sample of {n_held:,}, chosen by the study's seed: everything else, such as means, "
        "asymmetry, segments, changes, value, and models of outcomes that are no score."
    ]


def _names_in_file(survey: Survey, wave: Wave, outcome: Outcome) -> dict[str, str]:
    """Names of the analysis to the columns of the file; a role begins with a blank."""
    study = survey.study
    source = study.wave(wave.id)
    named = {name: str(study.moment(name).rating) for name in wave.asked}
    named[outcome.id] = outcome.column
    for name in study.controls:
        if name in wave.controls:
            named[name] = name
    if len(named) < len(wave.asked) + 1 + len(wave.controls.columns):
        raise AnalysisError("a moment, an outcome or a control have the same name")
    for role in ("weight", "cluster", "stratum", "respondent"):
        column = study.design_column(source, role)
        if column is not None:
            named[f" {role}"] = column
    return {name: source.columns.get(column, column) for name, column in named.items()}


def _role(columns: dict[str, str], role: str) -> str | None:
    return f" {role}" if f" {role}" in columns else None


def _codes(codes: tuple[object, ...]) -> tuple[float, ...]:
    try:
        return tuple(float(code) for code in codes)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise AnalysisError("a code is a word") from None


@contextmanager
def _named(survey: Survey, file: str, columns: dict[str, str]) -> Iterator[DuckDB | Ibis]:
    """The engine of a file, its columns by the names of the analysis.

    What a URL connects to holds the rows in a table with the file's name, without its ending.
    """
    engine = "duckdb" if survey.engine == "auto" else survey.engine
    path = survey.study.resolve(file)
    with opened(path.stem if "://" in engine else path, engine) as source:
        assert isinstance(source, (DuckDB, Ibis))
        absent = sorted(set(columns.values()) - set(source.columns))
        if absent:
            raise AnalysisError(f"{source.name} has no column {shown(absent[0])}")
        known: dict[str, Column] = {
            name: source.columns[column] for name, column in columns.items()
        }
        yield replace(source, columns=known)
