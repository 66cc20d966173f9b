"""What the company's own systems hold: contracts, revenue, events and operational metrics."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from mot_research.simulate.draws import Floats, normal, whole
from mot_research.simulate.waves import WAVES

Event = tuple[str, str, np.datetime64]  # respondent, event, day

REVENUE_DAYS = 365
REVENUE_THROUGH = date(2027, 1, 31)  # the first two waves are mature
METRICS = {  # level and spread from month to month
    "advice_minutes": (21.0, 1.2),
    "porting_days": (3.4, 0.3),
    "bill_disputes": (410.0, 25.0),
    "hotline_wait_minutes": (6.8, 0.7),
    "outage_minutes": (95.0, 18.0),
    "repeat_calls": (1240.0, 60.0),
    "complaint_days": (9.5, 0.8),
    "dropped_calls": (0.62, 0.05),
    "app_rating": (4.1, 0.08),
    "roaming_complaints": (130.0, 14.0),
}
NEW_BILL = date(2026, 6, 1)  # the billing change behind the drop of the last wave
DISPUTES_AFTER = 1.7
COLLECTORS_PER_WAVE = 8  # whose hundred top-ups are in the log; more would only make it long


def draw_customers(rng: np.random.Generator, waves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Contract dates of every respondent: customer_since, contract_end, left_on."""
    everyone = pd.concat(waves.values(), ignore_index=True)
    days = np.floor(everyone["tenure_years"].to_numpy() * 365.25).astype(int)
    since = everyone["interview"].to_numpy().astype("datetime64[D]") - days
    since -= whole(rng, 0, 15, len(everyone))
    return (
        everyone[["customer_id", "contract_end", "left_on"]]
        .assign(customer_since=since.astype(str))
        .loc[:, ["customer_id", "customer_since", "contract_end", "left_on"]]
        .sort_values("customer_id", ignore_index=True)
    )


def draw_revenue(rng: np.random.Generator, waves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Revenue after the survey, as booked by the day of the export.

    The later waves hold what was booked so far, so only ``after`` and ``through`` of the study
    file keep them out. Two customers in a hundred are not in the export.
    """
    tables = []
    for wave in WAVES:
        frame = waves[wave.id]
        n = len(frame)
        stays = frame["renewed"].to_numpy() == 1
        full = frame["prior_revenue"].to_numpy() * np.exp(
            frame["log_revenue"].to_numpy() + 0.30 * normal(rng, n) - 0.045
        )
        last_bills = np.where(rng.random(n) < 0.6, 0.0, 0.05 + 0.30 * rng.random(n))
        booked = min((REVENUE_THROUGH - wave.end).days / REVENUE_DAYS, 1.0)
        revenue = full * np.where(stays, booked, np.minimum(last_bills, booked))
        table = pd.DataFrame(
            {
                "customer_id": frame["customer_id"],
                "wave": wave.id,
                "revenue": revenue,
            }
        )
        tables.append(table[rng.random(n) >= 0.02])
    return pd.concat(tables).sort_values(["wave", "customer_id"], ignore_index=True)


@dataclass(frozen=True)
class Person:
    """What the event log needs to know of a respondent, and lots to decide the rest."""

    who: str
    interviewed: np.datetime64
    since: np.datetime64
    tenure_years: float
    plan: str
    had_third_call: bool
    had_outage_call: bool
    had_anniversary: bool
    called_in_time: bool
    contract_end: str
    lots: Floats

    def on(self, day: np.datetime64, event: str, *, after: int) -> Event:
        """Return the event so many days after a day (before it, where negative)."""
        return self.who, event, day + after


def draw_events(
    rng: np.random.Generator, waves: dict[str, pd.DataFrame], customers: pd.DataFrame
) -> pd.DataFrame:
    """Draw the event log of the respondents: respondent, event, time.

    First invoices and welcome calls, service calls and case managers, outage calls, the
    top-ups of a few loyal customers, and the renewal calls whose lack costs renewals.
    """
    since = dict(zip(customers["customer_id"], customers["customer_since"], strict=True))
    rows: list[Event] = []
    for frame in waves.values():
        people = _people(rng, frame, since)
        collectors = [p for p in people if p.had_anniversary and p.tenure_years > 2]
        collectors = [p for p in collectors if p.plan == "prepaid"][:COLLECTORS_PER_WAVE]
        for person in people:
            rows += _first_weeks(person) + _service(person) + _renewal(person)
        for person in collectors:
            rows += _top_ups(person)
    log = pd.DataFrame(rows, columns=["respondent", "event", "time"])
    minute = whole(rng, 8 * 60, 20 * 60 - 1, len(log))
    times = log["time"].to_numpy().astype("datetime64[m]") + minute
    log["time"] = times.astype(str)
    return log.sort_values(["time", "respondent", "event"], ignore_index=True)


def _people(rng: np.random.Generator, frame: pd.DataFrame, since: dict[str, str]) -> list[Person]:
    columns = zip(
        frame["customer_id"].tolist(),
        frame["interview"].tolist(),
        frame["tenure_years"].tolist(),
        frame["plan"].tolist(),
        frame["had_third_call"].tolist(),
        frame["had_outage_call"].tolist(),
        frame["had_anniversary"].tolist(),
        frame["called_in_time"].tolist(),
        frame["contract_end"].tolist(),
        rng.random((len(frame), 12)),
        strict=True,
    )
    return [
        Person(who, np.datetime64(day), np.datetime64(since[who]), *rest)
        for who, day, *rest in columns
    ]


def _first_weeks(person: Person) -> list[Event]:
    """Invoice and welcome call of who joined within the year."""
    if person.tenure_years >= 1:
        return []
    invoice = person.since + 30
    events = [person.on(invoice, "first_invoice", after=0)]
    if person.lots[0] < 0.75:
        events.append(person.on(invoice, "welcome_call", after=2 + int(person.lots[1] * 20)))
    return events


def _service(person: Person) -> list[Event]:
    """Three calls in a month where the survey says so, else at most one; calls about outages."""
    lots, day = person.lots, person.interviewed
    events = []
    if person.had_third_call:
        third = day - 8 - int(lots[2] * 40)
        for before in (0, 2 + int(lots[3] * 11), 15 + int(lots[4] * 12)):
            events.append(person.on(third, "service_call", after=-before))
        if lots[5] < 0.6:
            events.append(person.on(third, "case_manager", after=1 + int(lots[6] * 7)))
    elif lots[5] < 0.25:
        events.append(person.on(day, "service_call", after=-5 - int(lots[6] * 85)))
    if person.had_outage_call:
        events.append(person.on(day, "outage_call", after=-3 - int(lots[7] * 90)))
    return events


def _top_ups(person: Person) -> list[Event]:
    """A hundred top-ups, and perhaps a present."""
    hundredth = person.interviewed - 10 - int(person.lots[8] * 30)
    events = [person.on(hundredth, "top_up", after=-4 * before) for before in range(100)]
    if person.lots[9] < 0.6:
        events.append(person.on(hundredth, "present", after=1 + int(person.lots[10] * 9)))
    return events


def _renewal(person: Person) -> list[Event]:
    """A call within 21 days of the trigger (30 days before the end), a late one, or none."""
    if not person.contract_end:
        return []
    trigger, lot = np.datetime64(person.contract_end) - 30, person.lots[11]
    if person.called_in_time:
        return [person.on(trigger, "renewal_call", after=1 + int(lot * 19))]
    if lot < 0.2:
        return [person.on(trigger, "renewal_call", after=22 + int(lot * 30))]
    return []


def draw_operations(rng: np.random.Generator) -> pd.DataFrame:
    """Operational metrics at the end of every month: metric, date, value."""
    rows = []
    months = [date(2025 + (8 + m) // 12, (8 + m) % 12 + 1, 1) for m in range(12)]
    for metric, (level, spread) in METRICS.items():
        for month, noise in zip(months, normal(rng, len(months)), strict=True):
            value = level + spread * noise
            # The first of the next month less a day: the end of this one.
            end = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
            if metric == "bill_disputes" and month >= NEW_BILL:
                value *= DISPUTES_AFTER
            rows.append((metric, end.isoformat(), value))
    return pd.DataFrame(rows, columns=["metric", "date", "value"])
