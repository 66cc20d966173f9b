"""When each moment was due for whom, and whether it was answered: triggers over the event log.

The statements are this module's own; events, counts, times and ids reach them as bound values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pandas as pd

from mot_research.errors import SurveyError, shown
from mot_research.study.definition import Moment, Study
from mot_research.study.suggestions import did_you_mean
from mot_research.study.triggers import BeforeDate, NthEvent, RepeatedEvent, Trigger
from mot_research.survey.customer_dates import CustomerDates, customer_dates
from mot_research.survey.event_log import LAST_INSTANT, EventLog, open_log
from mot_research.survey.problems import Problem, examples
from mot_research.survey.wave import InputFile

#: How a due contact ended. "late" and "never" are missed; "left" and "pending" are neither.
STATUSES = ("in_time", "late", "never", "left", "pending")
MISSED = ("late", "never")
OF_A_SURVEY = 0.9  # share of the log's customers who were surveyed, from which it is a sample's log
KINDS_BEFORE = 10  # kinds of events counted before a trigger, the most common first
COMMON_BEFORE = 0.05  # share of the triggered respondents who must have had such an event

FIRINGS = {
    NthEvent: """
        SELECT respondent, time AS triggered FROM log
        WHERE event IN (SELECT unnest($events))
        QUALIFY row_number() OVER (PARTITION BY respondent ORDER BY time) = $nth
    """,
    RepeatedEvent: """
        SELECT respondent, min(time) AS triggered FROM (
            SELECT respondent, time,
                lag(time, $at_least - 1) OVER (PARTITION BY respondent ORDER BY time) AS earlier
            FROM log WHERE event IN (SELECT unnest($events))
        ) WHERE time <= earlier + to_microseconds($window) GROUP BY respondent
    """,
    BeforeDate: """
        SELECT respondent, due - to_days($days) AS triggered FROM customers
        WHERE due IS NOT NULL AND ("left" IS NULL OR "left" >= due - to_days($days))
    """,
}

# Answers that count: all of them, or those at which nothing that must be settled first is open.
COUNTING = "SELECT respondent, time FROM log WHERE event IN (SELECT unnest($answers))"
COUNTING_WHEN_SETTLED = """
    SELECT a.respondent, a.time FROM log a
    ASOF LEFT JOIN (SELECT respondent, time FROM log WHERE event IN (SELECT unnest($opening))) o
        ON a.respondent = o.respondent AND a.time >= o.time
    ASOF LEFT JOIN (SELECT respondent, time FROM log WHERE event IN (SELECT unnest($settling))) s
        ON a.respondent = s.respondent AND a.time >= s.time
    WHERE a.event IN (SELECT unnest($answers)) AND (o.time IS NULL OR s.time >= o.time)
"""

# The first of them from the trigger on; no event answers itself.
ANSWERS = """
    CREATE OR REPLACE TEMP TABLE answers AS
    SELECT f.respondent, min(a.time) AS answered
    FROM fired f JOIN ({counting}) a ON a.respondent = f.respondent
        AND (a.time > f.triggered OR (a.time = f.triggered AND NOT $answers_itself))
    GROUP BY f.respondent
"""

STATUS = """
    SELECT f.respondent, f.triggered, f.deadline, a.answered, c.left AS left_on,
        CASE WHEN f.deadline IS NULL THEN 'triggered'
             WHEN f.deadline > $last THEN 'pending'
             WHEN a.answered <= f.deadline THEN 'in_time'
             WHEN c.left < f.deadline THEN 'left'
             WHEN a.answered IS NULL THEN 'never' ELSE 'late' END AS status
    FROM fired f
    LEFT JOIN answers a USING (respondent)
    LEFT JOIN customers c USING (respondent)
    ORDER BY f.respondent
"""

BEFORE = """
    WITH counted AS (
        SELECT f.respondent, l.event, count(*) AS n
        FROM fired f JOIN asked USING (respondent)
        JOIN log l ON l.respondent = f.respondent AND l.time < f.triggered
        GROUP BY f.respondent, l.event
    ), kinds AS (
        SELECT event FROM counted GROUP BY event
        HAVING count(*) >= $share * (SELECT count(*) FROM fired JOIN asked USING (respondent))
        ORDER BY count(*) DESC, event LIMIT $most
    )
    SELECT respondent, event, n FROM counted JOIN kinds USING (event) ORDER BY respondent, event
"""


@dataclass(frozen=True, eq=False)
class Fired:
    """Whom one moment was due for.

    Attributes
    ----------
    moment : Moment
    table : DataFrame
        One row a customer: respondent (str), triggered, deadline, answered,
        left_on (datetime64, NaT where none), status (one of ``STATUSES``;
        "triggered" where the study names no answer). The index is the first firing.
    before : DataFrame (surveyed customers with an event before, kinds of events)
        How many events of each common kind they had before the trigger.
    """

    moment: Moment
    table: pd.DataFrame
    before: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Contacts:
    """All due contacts that the event log shows.

    Attributes
    ----------
    fired : mapping of moment id to Fired
        Of the moments with a trigger that could be evaluated.
    first, last : datetime
        What the log covers.
    n_customers : int
        Customers in the log.
    surveyed_share : float
        Share of them who answered any wave.
    tells_who_left : bool
        Whether the customers file says who left and when.
    """

    fired: Mapping[str, Fired]
    first: datetime
    last: datetime
    n_customers: int
    surveyed_share: float
    tells_who_left: bool

    @property
    def of_a_survey(self) -> bool:
        """Whether the log holds the survey's respondents only, not all customers."""
        return self.surveyed_share >= OF_A_SURVEY


def read_contacts(
    study: Study, respondents: Sequence[str]
) -> tuple[Contacts | None, tuple[InputFile, ...], list[Problem]]:
    """Evaluate every trigger of a study over its event log.

    Parameters
    ----------
    study : Study
    respondents : sequence of str
        Ids of all waves.

    Returns
    -------
    contacts : Contacts or None
        None where the study has no log, no trigger, or the log can't be used.
    inputs : tuple of InputFile
        The files that were read.
    problems : list of Problem
        None is of severity error: a wave needs no event log.
    """
    problems: list[Problem] = []
    moments = [moment for moment in study.moments if moment.trigger is not None]
    if study.events is None or not moments:
        return None, (), problems
    wanted = tuple(
        dict.fromkeys(
            moment.trigger.when.before
            for moment in moments
            if moment.trigger is not None and isinstance(moment.trigger.when, BeforeDate)
        )
    )
    customers = customer_dates(study, wanted, problems)
    sources = () if customers is None else (customers.source,)
    try:
        with open_log(study, problems) as log:
            if log is None:
                return None, sources, problems
            _register(log, customers, respondents)
            surveyed = _surveyed(log, respondents, problems)
            fired = {}
            for moment in moments:
                problems += _unknown_events(moment, log)
                found = _fired(moment, log, customers, problems)
                if found is not None:
                    fired[moment.id] = found
            contacts = Contacts(
                fired=MappingProxyType(fired),
                first=log.first,
                last=log.last,
                n_customers=log.n_customers,
                surveyed_share=surveyed / log.n_customers,
                tells_who_left=customers is not None and customers.tells_who_left,
            )
            return contacts, (*sources, log.source), problems
    except SurveyError as error:
        problems.append(
            Problem(
                column="events",
                rule="unreadable_file",
                count=1,
                examples=f"'{shown(study.events.file)}'",
                severity="warning",
                what_to_do=str(error),
            )
        )
        return None, sources, problems


def _register(log: EventLog, customers: CustomerDates | None, respondents: Sequence[str]) -> None:
    """Make the tables ``customers`` (respondent, left) and ``asked`` (respondent)."""
    frame = pd.DataFrame(
        {
            "respondent": pd.Series([], dtype="str") if customers is None else customers.respondent,
            "left": pd.Series([], dtype="datetime64[us]") if customers is None else customers.left,
        }
    )
    asked = pd.DataFrame({"respondent": pd.Series(list(dict.fromkeys(respondents)), dtype="str")})
    for name, content in (("customer_frame", frame), ("asked_frame", asked)):
        log.connection.register(name, content)
    log.connection.execute(
        'CREATE TABLE customers AS SELECT respondent, "left", CAST(NULL AS TIMESTAMP) AS due '
        "FROM customer_frame"
    )
    log.connection.execute("CREATE TABLE asked AS SELECT respondent FROM asked_frame")


def _surveyed(log: EventLog, respondents: Sequence[str], problems: list[Problem]) -> int:
    """Count the log's customers who answered a wave; none at all is a problem of the ids."""
    surveyed = int(
        log.frame(
            "SELECT count(*) AS n FROM (SELECT DISTINCT respondent FROM log) JOIN asked "
            "USING (respondent)"
        )["n"][0]
    )
    if not surveyed and respondents:
        ids = log.frame("SELECT DISTINCT respondent FROM log ORDER BY respondent LIMIT 3")
        problems.append(
            Problem(
                column="events",
                rule="no_partner",
                count=log.n_customers,
                examples=examples(ids["respondent"]),
                severity="warning",
                what_to_do="No customer of the event log answered a wave. Compare how both files "
                f"write the ids; the survey's begin {examples(list(respondents)[:3])}.",
            )
        )
    elif respondents and surveyed < log.n_customers:
        problems.append(
            Problem(
                column="events",
                rule="not_surveyed",
                count=log.n_customers - surveyed,
                severity="note",
                what_to_do="Customers of the event log who answered no wave count in the funnel, "
                "not in the effects.",
            )
        )
    return surveyed


def _unknown_events(moment: Moment, log: EventLog) -> Iterator[Problem]:
    assert moment.trigger is not None
    for event in moment.trigger.events:
        if event not in log.kinds:
            yield Problem(
                column="events",
                rule="event_unknown",
                examples=f"'{shown(event)}'",
                severity="warning",
                what_to_do=f"The trigger of moment '{moment.id}' names an event that the log does "
                f"not hold.{did_you_mean(event, log.kinds)}",
            )


def _fired(
    moment: Moment, log: EventLog, customers: CustomerDates | None, problems: list[Problem]
) -> Fired | None:
    """Evaluate one trigger; None where the customers file lacks its date."""
    trigger = moment.trigger
    assert trigger is not None
    when = trigger.when
    if isinstance(when, BeforeDate):
        if customers is None or when.before not in customers.dates:
            if customers is None:
                problems.append(_no_dates(moment, when))
            return None
        frame = pd.DataFrame(
            {"respondent": customers.respondent, "due": customers.dates[when.before]}
        )
        log.connection.register("due_frame", frame)
        log.connection.execute(
            "UPDATE customers SET due = d.due FROM due_frame d "
            "WHERE customers.respondent = d.respondent"
        )
    _run_trigger(trigger, log)
    problems += _before_the_log(moment, log)
    table = log.frame(STATUS, last=log.last)
    table = table.astype(
        {"respondent": "str", "status": "str"}
        | dict.fromkeys(("triggered", "deadline", "answered", "left_on"), "datetime64[us]")
    )
    counted = log.frame(BEFORE, share=COMMON_BEFORE, most=KINDS_BEFORE)
    before = counted.pivot(index="respondent", columns="event", values="n").fillna(0.0)
    return Fired(moment, table, before)


def _run_trigger(trigger: Trigger, log: EventLog) -> None:
    """Fill the tables ``fired`` (respondent, triggered, deadline) and ``answers``."""
    when = trigger.when
    values: dict[str, Any]
    if isinstance(when, NthEvent):
        values = {"events": log.spellings(when.event), "nth": when.nth}
    elif isinstance(when, RepeatedEvent):
        values = {
            "events": log.spellings(when.event),
            "at_least": when.at_least,
            "window": _microseconds(when.in_),
        }
    else:
        values = {"days": when.days}
    # The deadline is the end of its day where it counts in days, else the very instant.
    within = None if trigger.answer is None else trigger.answer.within
    by_day = within is not None and within % timedelta(days=1) == timedelta()
    added = None if within is None else within + (LAST_INSTANT if by_day else timedelta())
    log.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE fired AS SELECT respondent, triggered, "
        f"CASE WHEN $by_day THEN CAST(date_trunc('day', triggered) AS TIMESTAMP) ELSE triggered "
        f"END + to_microseconds($added) AS deadline FROM ({FIRINGS[type(when)]}) "
        f"WHERE triggered <= $last",
        values
        | {
            "by_day": by_day,
            "added": None if added is None else _microseconds(added),
            "last": log.last,
        },
    )
    answer = None if trigger.answer is None else trigger.answer.event
    settled = {
        "opening": log.spellings(trigger.settle_first),
        "settling": log.spellings(trigger.settling_event),
    }
    counting = COUNTING if trigger.settle_first is None else COUNTING_WHEN_SETTLED
    log.connection.execute(
        ANSWERS.format(counting=counting),
        {
            "answers": log.spellings(answer),
            "answers_itself": answer is not None and answer == getattr(when, "event", None),
        }
        | ({} if trigger.settle_first is None else settled),
    )


def _before_the_log(moment: Moment, log: EventLog) -> Iterator[Problem]:
    """Leave out what was due before the log began: its answers can't be known."""
    early = log.frame("SELECT count(*) AS n FROM fired WHERE triggered < $first", first=log.first)[
        "n"
    ][0]
    if early:
        log.connection.execute("DELETE FROM fired WHERE triggered < $first", {"first": log.first})
        yield Problem(
            column="events",
            rule="due_before_the_log",
            count=int(early),
            severity="note",
            what_to_do=f"Moment '{moment.id}' was due for them before the log begins "
            f"({log.first:%Y-%m-%d}): they are left out.",
        )


def _no_dates(moment: Moment, when: BeforeDate) -> Problem:
    return Problem(
        column="customers",
        rule="no_customer_dates",
        examples=f"'{shown(when.before)}'",
        severity="warning",
        what_to_do=f"The trigger of moment '{moment.id}' counts back from a date of the customers "
        "file. Add to study.yml: customers: {file: customers.csv}",
    )


def _microseconds(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)
