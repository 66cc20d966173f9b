"""From a table and the study's description of it to one `Wave`."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from mot_research.errors import shown
from mot_research.study.definition import Study
from mot_research.study.fields import listed
from mot_research.study.parts import Moment, Outcome, WaveFile
from mot_research.study.suggestions import nearest
from mot_research.survey import columns
from mot_research.survey.cells import Floats, Mask, matches, texts
from mot_research.survey.checking import check_source
from mot_research.survey.columns import Cells
from mot_research.survey.outcome_files import OutcomeFile
from mot_research.survey.problems import Problem
from mot_research.survey.tables import Table
from mot_research.survey.wave import NOT_ASKED, InputFile, Wave


def build_wave(
    study: Study, source: WaveFile, table: Table, outcome_files: dict[str, OutcomeFile]
) -> tuple[Wave | None, list[Problem]]:
    """Return a wave and every problem of its columns.

    Parameters
    ----------
    study : Study
    source : WaveFile
        What the study says about the wave.
    table : Table
        Its file.
    outcome_files : mapping of outcome id to OutcomeFile
        The files of the outcomes that have one; an outcome whose file can't
        be used is absent, and not asked.

    Returns
    -------
    wave : Wave or None
        None where no row is left, or `where` can't be applied. A wave with a
        problem of severity error must not be analysed: its cells are NaN.
    problems : list of Problem
    """
    rows = _Rows(study, source, table)
    if not rows.keep.any():
        return None, rows.problems
    respondent = rows.identified("respondent")
    ratings, states, asked = _ratings(rows, study.moments)
    outcomes, outcomes_asked = _outcomes(rows, study.outcomes, respondent, outcome_files)
    wave = Wave(
        id=source.id,
        ratings=pd.DataFrame(ratings, index=rows.index, dtype="float64"),
        states=pd.DataFrame(states, index=rows.index, dtype="int8"),
        outcomes=pd.DataFrame(outcomes, index=rows.index, dtype="float64"),
        weight=_weight(rows),
        cluster=rows.identified("cluster"),
        stratum=rows.identified("stratum"),
        respondent=respondent,
        segments=_segments(rows),
        controls=_controls(rows),
        expected=_beside(rows, "expected", asked),
        emotion=_beside(rows, "emotion", asked),
        scale_items=_scale_items(rows),
        coded=_coded(rows),
        asked=asked,
        outcomes_asked=outcomes_asked,
        source=InputFile(source.file, table.sha256, rows.n),
    )
    rows.add(check_source(study, source, table, rows.keep))
    return wave, rows.problems


class _Rows:
    """The kept rows of one wave's table, and the problems found in them so far."""

    def __init__(self, study: Study, source: WaveFile, table: Table) -> None:
        self.study = study
        self.source = source
        self.table = table
        self.problems: list[Problem] = []
        self.absent: set[str] = set()
        self.keep = self._kept()
        self.n = int(self.keep.sum())
        self.index = pd.RangeIndex(self.n)

    def name_in_file(self, name: str) -> str:
        """Return what this wave's file calls a column of the study."""
        return self.source.columns.get(name, name)

    def cells(self, name: str, use: str) -> Cells | None:
        """Return a column's kept cells; None, with a problem, where the file lacks it."""
        in_file = self.name_in_file(name)
        if in_file not in self.table.frame:
            self.report_absent(name, use)
            return None
        return Cells(
            wave=self.source.id,
            name=name,
            column=self.table.frame[in_file][self.keep].reset_index(drop=True),
            user_missing=self.table.user_missing.get(in_file, ()),
            value_labels=tuple(self.table.value_labels.get(in_file, {}).items()),
        )

    def report_absent(self, name: str, use: str, rule: str = "column_missing") -> None:
        """Add one problem for a column that the file lacks, once."""
        in_file = self.name_in_file(name)
        if name in self.absent:
            return
        self.absent.add(name)
        near = self._similar(in_file)
        hint = f" Did you mean '{shown(near)}'?" if near else ""
        mapped = shown(near) if near else "its name in this file"
        advice = f"Map it under waves: columns: {{{shown(name)}: {mapped}}}"
        if rule == "column_missing":
            advice += ", or list it under not_asked if this wave does not have it"
        self.problems.append(
            Problem(
                wave=self.source.id,
                column=shown(name),
                rule=rule,
                count=1,
                severity="error",
                what_to_do=f"'{shown(self.table.path.name)}' has no column '{shown(in_file)}' "
                f"({use}).{hint} {advice}.",
            )
        )

    def _similar(self, name: str) -> str | None:
        """Return the file's column whose name, or whose label, is nearest."""
        near = nearest(name, self.table.frame.columns)
        if near is not None:
            return near
        by_label = {label: column for column, label in self.table.labels.items()}
        label = nearest(name, by_label)
        return None if label is None else by_label[label]

    def _kept(self) -> Mask:
        """Apply `where`; no row is kept where it can't be applied."""
        keep = np.ones(len(self.table.frame), dtype=bool)
        for name, codes in self.source.where.items():
            cells = self.name_in_file(name)
            if cells not in self.table.frame:
                self.report_absent(name, "a filter under where", "where_column_missing")
                return np.zeros_like(keep)
            keep &= matches(self.table.frame[cells], codes)
        if not keep.any():
            told = "; ".join(
                f"{shown(name)}: {listed(codes)}" for name, codes in self.source.where.items()
            )
            self.problems.append(
                Problem(
                    wave=self.source.id,
                    rule="no_rows",
                    severity="error",
                    what_to_do=f"No row of '{shown(self.table.path.name)}' has {told}. "
                    "Correct 'where' of this wave.",
                )
            )
        return keep

    def is_asked(self, *names: str | None) -> bool:
        """Return whether the wave declares none of these names as not asked."""
        return not set(names) & set(self.source.not_asked)

    def add(self, problems: Iterable[Problem]) -> None:
        self.problems.extend(problems)

    def identified(self, role: str) -> pd.Series | None:
        """Return the ids of respondents, clusters or strata; None where there are none."""
        name = self.study.design_column(self.source, role)  # type: ignore[arg-type]
        cells = None if name is None else self.cells(name, f"the {role}")
        if cells is None:
            return None
        if role == "respondent":
            ids, problems = columns.respondents(cells)
        else:
            ids, problems = columns.identifiers(cells, role)
        self.add(problems)
        return ids

    def report_empty(self, name: str, what: str) -> None:
        """Add a problem for a column that holds no answer at all."""
        self.problems.append(
            Problem(
                wave=self.source.id,
                column=shown(name),
                rule="all_blank",
                count=self.n,
                severity="warning",
                what_to_do=f"Nobody answered: {what} is treated as not asked on this wave. "
                "If that is so, list it under not_asked; else correct the file.",
            )
        )


def _ratings(
    rows: _Rows, moments: tuple[Moment, ...]
) -> tuple[dict[str, Floats], dict[str, np.ndarray], tuple[str, ...]]:
    ratings, states, asked = {}, {}, []
    for moment in moments:
        if moment.rating is None:
            continue
        ratings[moment.id] = np.full(rows.n, np.nan)
        states[moment.id] = np.full(rows.n, NOT_ASKED, dtype=np.int8)
        if not rows.is_asked(moment.id, moment.rating):
            continue
        cells = rows.cells(moment.rating, f"rating of moment '{moment.id}'")
        if cells is None:
            continue
        values, found, problems = columns.rating_states(cells, rows.study.ratings_for(moment))
        rows.add(problems)
        if cells.column.isna().all():
            rows.report_empty(moment.rating, f"moment '{moment.id}'")
            continue
        ratings[moment.id], states[moment.id] = values, found
        asked.append(moment.id)
    return ratings, states, tuple(asked)


def _outcomes(
    rows: _Rows,
    outcomes: tuple[Outcome, ...],
    respondent: pd.Series | None,
    outcome_files: dict[str, OutcomeFile],
) -> tuple[dict[str, Floats], tuple[str, ...]]:
    values, asked = {}, []
    for outcome in outcomes:
        values[outcome.id] = np.full(rows.n, np.nan)
        if not rows.is_asked(outcome.id, outcome.column):
            continue
        if outcome.file is None:
            cells = rows.cells(outcome.column, f"outcome '{outcome.id}'")
        elif respondent is None:
            rows.add(_without_ids(rows, outcome))
            cells = None
        elif outcome.id in outcome_files:
            cells, problems = outcome_files[outcome.id].joined(rows.source.id, respondent)
            rows.add(problems)
        else:
            cells = None
        if cells is None:
            continue
        found, problems = columns.outcome_values(cells, outcome)
        rows.add(problems)
        if np.isnan(found).all():
            rows.report_empty(outcome.column, f"outcome '{outcome.id}'")
            continue
        values[outcome.id] = found
        asked.append(outcome.id)
    return values, tuple(asked)


def _without_ids(rows: _Rows, outcome: Outcome) -> Iterator[Problem]:
    """A wave that declares to have no ids can't have the outcome; it is said once."""
    if rows.study.design_column(rows.source, "respondent") is None:
        yield Problem(
            wave=rows.source.id,
            column=shown(outcome.column),
            rule="no_respondent",
            count=rows.n,
            severity="warning",
            what_to_do=f"The wave has no respondent ids, so outcome '{outcome.id}' can't be "
            "joined and is not asked. Name the column of ids, or list the outcome under not_asked.",
        )


def _weight(rows: _Rows) -> Floats:
    name = rows.study.design_column(rows.source, "weight")
    cells = None if name is None else rows.cells(name, "the weight")
    if cells is None:
        weight = np.ones(rows.n)
    else:
        weight, problems = columns.weights(cells)
        rows.add(problems)
    weight.setflags(write=False)
    return weight


def _described(rows: _Rows, names: tuple[str, ...], use: str) -> Iterator[Cells]:
    """Yield the segments or controls that this wave has an answer for."""
    for name in names:
        cells = rows.cells(name, f"a {use}") if rows.is_asked(name) else None
        if cells is not None and cells.column.isna().all():
            rows.report_empty(name, f"{use} '{shown(name)}'")
        elif cells is not None:
            yield cells


def _segments(rows: _Rows) -> pd.DataFrame:
    found = {
        cells.name: columns.segment(cells)
        for cells in _described(rows, rows.study.segments, "segment")
    }
    return pd.DataFrame(found, index=rows.index)


def _controls(rows: _Rows) -> pd.DataFrame:
    found = {}
    for cells in _described(rows, rows.study.controls, "control"):
        found[cells.name], problems = columns.control(cells)
        rows.add(problems)
    return pd.DataFrame(found, index=rows.index)


def _beside(rows: _Rows, kind: str, asked: tuple[str, ...]) -> pd.DataFrame:
    """Return the columns beside the ratings: what was expected, or what was felt."""
    found = {}
    for moment_id in asked:
        moment = rows.study.moment(moment_id)
        name = getattr(moment, kind)
        if name is None or not rows.is_asked(name):
            continue
        cells = rows.cells(name, f"{kind} of moment '{moment_id}'")
        if cells is None:
            continue
        read = columns.expected_values if kind == "expected" else columns.free_numbers
        found[moment_id], problems = read(cells, rows.study.ratings_for(moment))
        rows.add(problems)
    return pd.DataFrame(found, index=rows.index, dtype="float64")


def _scale_items(rows: _Rows) -> pd.DataFrame:
    """Return the items of multi-item scales; one that the file lacks is left out.

    The ratings' codes for no value hold for items on the ratings' scale; an
    item with values beyond it has a scale of its own.
    """
    found = {}
    for name in dict.fromkeys(item for items in rows.study.scales.values() for item in items):
        if not rows.is_asked(name) or rows.name_in_file(name) not in rows.table.frame:
            continue
        cells = rows.cells(name, "an item of a scale")
        if cells is None:
            continue
        scale = rows.study.ratings
        values, problems = columns.free_numbers(cells, scale)
        if scale is not None and ((values < scale.low) | (values > scale.high)).any():
            values, problems = columns.free_numbers(cells)
        found[name] = values
        rows.add(problems)
    return pd.DataFrame(found, index=rows.index, dtype="float64")


def _coded(rows: _Rows) -> pd.DataFrame:
    """Return the columns that hold the codes of comments, as text."""
    voice = rows.study.voice
    names, blank = ((), ()) if voice is None else (voice.columns, voice.blank)
    found = {}
    for name in names:
        cells = rows.cells(name, "codes of comments") if rows.is_asked(name) else None
        if cells is not None:
            found[name] = texts(cells.column).mask(pd.Series(matches(cells.column, blank)))
    return pd.DataFrame(found, index=rows.index, dtype="str")
