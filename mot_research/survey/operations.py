"""Operational metrics: read from the study's file, checked, and laid beside the waves."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mot_research.study.definition import Study
from mot_research.study.fields import clean_line
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.cells import numbers, texts
from mot_research.survey.columns import Cells
from mot_research.survey.missing_column import missing_column
from mot_research.survey.problems import Problem, examples
from mot_research.survey.tables import Table

COLUMNS = ("metric", "date", "value")
YEARS = range(1900, 2200)  # a year outside them is a slip of the pen
_TIME = r"(?:[T ]\d{1,2}:\d{2}\S*)?"
_DAYS = (
    re.compile(rf"(?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}}){_TIME}", re.A),
    re.compile(rf"(?P<d>\d{{1,2}})\.(?P<m>\d{{1,2}})\.(?P<y>\d{{4}}){_TIME}", re.A),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", re.A),
)
_MONTH = re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})", re.A)


@dataclass(frozen=True)
class Period:
    """The days whose readings stand beside a wave; both None where there are none.

    ``first`` is the day after the end of the wave before, ``last`` the last day
    of the wave's own fieldwork: what its customers lived through since.
    """

    wave: str
    first: datetime.date | None = None
    last: datetime.date | None = None
    reason: str = ""


def operations_of(study: Study, table: Table) -> tuple[pd.DataFrame | None, list[Problem]]:
    """The readings that can be used, and every problem of the file.

    Nothing in the file raises or stops a wave: what can't be used is left out
    with a warning.

    Parameters
    ----------
    study : Study
        Its moments name the metrics.
    table : Table
        Columns ``metric``, ``date``, ``value``. Dates as 2026-01-31,
        2026/01/31, 31.01.2026 or 20260131, with or without a time; a month,
        2026-01, counts on its last day.

    Returns
    -------
    DataFrame or None
        ``metric`` (str), ``date`` (datetime64), ``value`` (float) of the
        metrics that a moment names, in the order of metric and date; None
        where a column is missing.
    list of Problem
    """
    if lacking := missing_column(table, COLUMNS, "operational metrics"):
        return None, [lacking]
    cells = {column: Cells(wave="", name=column, column=table.frame[column]) for column in COLUMNS}
    values = numbers(table.frame["value"])
    dates = texts(table.frame["date"]).map(_day, na_action="ignore")
    metrics = texts(table.frame["metric"]).map(clean_line, na_action="ignore")
    no_metric, no_date = (column.isna().to_numpy() for column in (metrics, dates))
    blank_date = table.frame["date"].isna().to_numpy()
    problems = [
        *cells["metric"].problem(
            "metric_missing", no_metric, "Rows without a metric are left out.", "warning"
        ),
        *cells["date"].problem(
            "date_missing", blank_date, "Rows without a date are left out.", "warning"
        ),
        *cells["date"].problem(
            "not_a_date",
            no_date & ~blank_date,
            "Write dates as 2026-01-31 or 31.01.2026, a month as 2026-01 (01/02/2026 could be "
            "two days, a bare number any). These rows are left out.",
            "warning",
        ),
        *cells["value"].problem(
            "value_missing", values.blank, "Rows without a value are left out.", "note"
        ),
        *cells["value"].problem(
            "not_a_number",
            values.word,
            "Write numbers as 3.5 or 3,5 without thousands separators or units. These rows are "
            "left out.",
            "warning",
        ),
    ]
    usable = ~(no_metric | no_date | values.blank | values.word)
    readings = pd.DataFrame(
        {
            "metric": metrics[usable].astype("str"),
            "date": pd.to_datetime(dates[usable]),
            "value": values.values[usable],
        }
    )
    readings, found = _known(study, readings)
    problems += found
    readings, found = _once(readings)
    problems += [*found, *_without_data(study, readings)]
    return readings.sort_values(["metric", "date"], ignore_index=True), problems


def named_metrics(study: Study) -> dict[str, tuple[str, ...]]:
    """The metrics that the moments name, each with the ids of those moments."""
    found: dict[str, list[str]] = {}
    for moment in study.moments:
        for metric in dict.fromkeys(moment.metrics):
            found.setdefault(metric, []).append(moment.id)
    return {metric: tuple(moments) for metric, moments in found.items()}


def periods(study: Study) -> dict[str, Period]:
    """The days whose readings stand beside each wave.

    From the day after the end of the wave before to the end of its own
    fieldwork. The first wave has none before it: its period is as long as the
    next wave's, or, where there is no other, its own fieldwork.
    """
    dated = [(wave, wave.to) for wave in study.waves if wave.to is not None]
    ends = [end for _, end in dated]
    found = {}
    for wave in study.waves:
        if wave.to is None:
            found[wave.id] = Period(
                wave.id, reason=f"wave {wave.id} has no dates: add from and to in study.yml"
            )
            continue
        place = [each.id for each, _ in dated].index(wave.id)
        if place:
            first = ends[place - 1] + datetime.timedelta(days=1)
        elif len(ends) > 1:
            first = wave.to - (ends[1] - wave.to) + datetime.timedelta(days=1)
        else:
            first = wave.from_ or wave.to
        found[wave.id] = (
            Period(wave.id, first, wave.to)
            if first <= wave.to
            else Period(wave.id, reason=f"wave {wave.id} does not end after the wave before it")
        )
    return found


def metrics_by_wave(study: Study, readings: pd.DataFrame | None) -> pd.DataFrame:
    """Each metric that a moment names, over the period of each wave.

    Parameters
    ----------
    study : Study
    readings : DataFrame or None
        As from :func:`operations_of`; None where the study has no such file.

    Returns
    -------
    DataFrame
        One row per metric and wave: ``metric``, ``wave``, ``first``, ``last``
        (days of the period), ``value`` (mean of its readings, each counting
        once), ``low``, ``high`` (the smallest and largest of them), ``n``,
        ``during``, ``n_during`` (mean and number of the readings within the
        fieldwork), ``reason`` (why there is no value). No rows without a file.
    """
    if readings is None:
        return pd.DataFrame(columns=_BY_WAVE)
    by_wave = periods(study)
    rows = []
    for metric in named_metrics(study):
        own = readings[readings["metric"] == metric]
        for wave in study.waves:
            period = by_wave[wave.id]
            inside = _between(own, period.first, period.last)
            during = _between(own, wave.from_, wave.to)
            reason = period.reason
            if not reason and own.empty:
                reason = "the file of operational metrics has no value of it"
            elif not reason and not len(inside):
                reason = f"no value from {period.first} to {period.last}"
            rows.append(
                {
                    "metric": metric,
                    "wave": wave.id,
                    "first": period.first,
                    "last": period.last,
                    "value": inside.mean() if len(inside) else np.nan,
                    "low": inside.min() if len(inside) else np.nan,
                    "high": inside.max() if len(inside) else np.nan,
                    "n": len(inside),
                    "during": during.mean() if len(during) else np.nan,
                    "n_during": len(during),
                    "reason": reason,
                }
            )
    return pd.DataFrame(rows, columns=_BY_WAVE)


_BY_WAVE = [
    *("metric", "wave", "first", "last", "value", "low", "high"),
    *("n", "during", "n_during", "reason"),
]


def _between(
    readings: pd.DataFrame, first: datetime.date | None, last: datetime.date | None
) -> np.ndarray:
    """The values from one day to another, both included; none where a day is not given."""
    if first is None or last is None:
        return np.empty(0)
    inside = readings["date"].between(pd.Timestamp(first), pd.Timestamp(last))
    return readings.loc[inside, "value"].to_numpy(dtype=float)


def _day(text: str) -> datetime.date | None:
    """The day that a text names, None where it names none for certain."""
    match = next((found for form in _DAYS if (found := form.fullmatch(text))), None)
    month = _MONTH.fullmatch(text) if match is None else None
    found = match or month
    if found is None or int(found["y"]) not in YEARS:
        return None
    year, number = int(found["y"]), int(found["m"])
    try:
        day = calendar.monthrange(year, number)[1] if match is None else int(match["d"])
        return datetime.date(year, number, day)
    except ValueError:  # a month 13, a 31st of June
        return None


def _known(study: Study, readings: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """The readings of metrics that a moment names, and a note on the others."""
    names = named_metrics(study)
    known = readings["metric"].isin(list(names)).to_numpy()
    if known.all():
        return readings, []
    others = readings.loc[~known, "metric"]
    hint = next((did for name in others.unique() if (did := did_you_mean(name, list(names)))), "")
    return readings[known], [
        Problem(
            column="metric",
            rule="unknown_metric",
            count=len(others),
            examples=examples(others),
            severity="note",
            what_to_do=f"No moment names these metrics, so they are not used.{hint} Add them "
            "under metrics: of the moments that they belong to.",
        )
    ]


def _once(readings: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """One reading a metric and day; two that differ are left out, as neither is known right."""
    day = ["metric", "date"]
    readings = readings.drop_duplicates()
    twice = readings.duplicated(day, keep=False).to_numpy()
    if not twice.any():
        return readings, []
    seen = readings.loc[twice].apply(lambda row: f"{row['metric']} {row['date']:%Y-%m-%d}", axis=1)
    return readings[~twice], [
        Problem(
            column="value",
            rule="duplicate_reading",
            count=int(twice.sum()),
            examples=examples(seen),
            severity="warning",
            what_to_do="A metric has two values on one day, and both are left out: keep the "
            "right one.",
        )
    ]


def _without_data(study: Study, readings: pd.DataFrame) -> Iterator[Problem]:
    have = set(readings["metric"])
    without = [metric for metric in named_metrics(study) if metric not in have]
    if without:
        yield Problem(
            column="metric",
            rule="metric_without_data",
            count=len(without),
            examples=examples(without),
            severity="warning",
            what_to_do="Moments name these metrics, but the file has no value of them that can "
            "be used: add the rows, or correct the name under metrics:.",
        )
