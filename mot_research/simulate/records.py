"""What the company's own systems hold: contracts, revenue, events and operational metrics."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from mot_research.simulate.draws import normal, whole
from mot_research.simulate.waves import WAVES

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
        table = pd.DataFrame({
            "customer_id": frame["customer_id"], "wave": wave.id, "revenue": revenue,
        })
        tables.append(table[rng.random(n) >= 0.02])
    return pd.concat(tables).sort_values(["wave", "customer_id"], ignore_index=True)


def draw_events(
    rng: np.random.Generator, waves: dict[str, pd.DataFrame], customers: pd.DataFrame
) -> pd.DataFrame:
    """The event log of the respondents: respondent, event, time.

    First invoices and welcome calls, service calls and case managers, outage calls, the
    top-ups of a few loyal customers, and the renewal calls whose lack costs renewals.
    """
    rows: list[tuple[str, str, np.datetime64]] = []
    since = dict(zip(customers["customer_id"], customers["customer_since"], strict=True))
    for frame in waves.values():
        collectors = 0
        lots = rng.random((len(frame), 12))
        for person, lot in zip(frame.itertuples(index=False), lots, strict=True):
            who = person.customer_id
            day = np.datetime64(person.interview)
            if person.tenure_years < 1.0:
                first = np.datetime64(since[who]) + 30
                rows.append((who, "first_invoice", first))
                if lot[0] < 0.75:
                    rows.append((who, "welcome_call", first + 2 + int(lot[1] * 20)))
            if person.had_third_call:
                third = day - 8 - int(lot[2] * 40)
                for back in (0, 2 + int(lot[3] * 11), 15 + int(lot[4] * 12)):
                    rows.append((who, "service_call", third - back))
                if lot[5] < 0.6:
                    rows.append((who, "case_manager", third + 1 + int(lot[6] * 7)))
            elif lot[5] < 0.25:
                rows.append((who, "service_call", day - 5 - int(lot[6] * 85)))
            if person.had_outage_call:
                rows.append((who, "outage_call", day - 3 - int(lot[7] * 90)))
            loyal = person.plan == "prepaid" and person.tenure_years > 2.0
            if loyal and person.had_anniversary and collectors < COLLECTORS_PER_WAVE:
                collectors += 1
                hundredth = day - 10 - int(lot[8] * 30)
                rows += [(who, "top_up", hundredth - 4 * back) for back in range(100)]
                if lot[9] < 0.6:
                    rows.append((who, "present", hundredth + 1 + int(lot[10] * 9)))
            if person.contract_end:
                rows += _renewal_calls(who, np.datetime64(person.contract_end), person, lot[11])
    log = pd.DataFrame(rows, columns=["respondent", "event", "time"])
    minute = whole(rng, 8 * 60, 20 * 60 - 1, len(log))
    times = log["time"].to_numpy().astype("datetime64[m]") + minute
    log["time"] = times.astype(str)
    return log.sort_values(["time", "respondent", "event"], ignore_index=True)


def _renewal_calls(
    who: str, end: np.datetime64, person: object, lot: float
) -> list[tuple[str, str, np.datetime64]]:
    """A call within 21 days of the trigger (30 days before the end), a late one, or none."""
    trigger = end - 30
    if person.called_in_time:  # type: ignore[attr-defined]
        return [(who, "renewal_call", trigger + 1 + int(lot * 19))]
    if lot < 0.2:
        return [(who, "renewal_call", trigger + 22 + int(lot * 30))]
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
