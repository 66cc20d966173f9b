"""Dates of customers: the end of a contract, the day on which they left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from mot_research.errors import MotError, shown
from mot_research.study.definition import Study
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.cells import texts
from mot_research.survey.event_log import EARLIEST, LATEST
from mot_research.survey.problems import Problem, examples
from mot_research.survey.tables import Table, read_table
from mot_research.survey.wave import InputFile


@dataclass(frozen=True, eq=False)
class CustomerDates:
    """One row a customer.

    Attributes
    ----------
    respondent : Series of str
    left : Series of datetime64
        NaT where they are customers still, or the file doesn't tell.
    tells_who_left : bool
        Whether the file has that column.
    dates : mapping of column to Series of datetime64
        The dates that triggers count back from; without those that can't be used.
    source : InputFile
    """

    respondent: pd.Series
    left: pd.Series
    tells_who_left: bool
    dates: Mapping[str, pd.Series]
    source: InputFile


def customer_dates(
    study: Study, wanted: tuple[str, ...], problems: list[Problem]
) -> CustomerDates | None:
    """Read the customers file; None, with the reason among the problems, where it can't be used.

    Parameters
    ----------
    study : Study
    wanted : tuple of str
        Date columns that triggers name.
    problems : list of Problem
        What is found is added.
    """
    if study.customers is None or not study.holds(study.customers.file):
        return None
    try:
        table = read_table(
            study.resolve(study.customers.file),
            encoding=study.customers.encoding,
            sheet=study.customers.sheet,
        )
    except MotError as error:
        file = f"'{shown(study.customers.file)}'"
        problems.append(_problem("unreadable_file", str(error), 1, shown_values=file))
        return None
    names = list(table.frame)
    own = study.respondent if study.respondent and study.respondent in names else "respondent"
    if own not in names:
        problems.append(_missing(table, study.respondent or own, "the customer's id"))
        return None
    ids = texts(table.frame[own])
    repeated = ids.duplicated() & ids.notna()
    if repeated.any():
        problems.append(
            _problem(
                "duplicate_customer",
                f"'{shown(table.path.name)}' must hold one row a customer: of several the first "
                "counts.",
                int(repeated.sum()),
                shown_values=examples(ids[repeated]),
            )
        )
    keep = ids.notna() & ~repeated
    left = study.customers.left
    if left not in names and "left" in study.customers.model_fields_set:
        problems.append(_missing(table, left, "the day on which customers left"))
    dates = {}
    for column in dict.fromkeys((*wanted, left)):
        if column in names:
            dates[column], found = _dates(column, table.frame[column][keep])
            problems += found
        elif column != left:
            problems.append(_missing(table, column, "the date that a trigger counts back from"))
    ids = ids[keep].reset_index(drop=True)
    never = pd.Series(pd.NaT, index=ids.index, dtype="datetime64[us]")
    return CustomerDates(
        respondent=ids,
        left=dates.get(left, never),
        tells_who_left=left in dates,
        dates={name: dates[name] for name in wanted if name in dates},
        source=InputFile(study.customers.file, table.sha256, len(table.frame)),
    )


def _dates(column: str, cells: pd.Series) -> tuple[pd.Series, Iterator[Problem]]:
    written = texts(cells).reset_index(drop=True)
    days = written.str.extract(r"^(\d{4}-\d{2}-\d{2})(?:$|[T ])", expand=False)
    dates = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    dates = dates.where(dates.between(EARLIEST, LATEST))
    bad = written.notna() & dates.isna()
    return dates, _bad_dates(column, written[bad])


def _bad_dates(column: str, bad: pd.Series) -> Iterator[Problem]:
    if len(bad):
        yield _problem(
            "bad_date",
            "Dates of customers that can't be read are left out. Write year-month-day, as in "
            "2026-01-10; leave a day that never comes empty.",
            len(bad),
            column=column,
            shown_values=examples(bad),
        )


def _missing(table: Table, column: str, use: str) -> Problem:
    return _problem(
        "column_missing",
        f"'{shown(table.path.name)}', the customers file, has no column '{shown(column)}' ({use})."
        f"{did_you_mean(column, table.frame.columns)}",
        1,
        column=column,
    )


def _problem(
    rule: str, what_to_do: str, count: int, *, column: str = "customers", shown_values: str = ""
) -> Problem:
    return Problem(
        column=shown(column),
        rule=rule,
        count=count,
        examples=shown_values,
        severity="warning",
        what_to_do=what_to_do,
    )
