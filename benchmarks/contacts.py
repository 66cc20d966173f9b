"""Triggers over a million events: seconds, and as a ratio to the same rules in pandas.

Run from the root of the repository: python benchmarks/contacts.py [--events N]
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import mot_research as mot
from mot_research.survey.contacts import read_contacts

EVENTS = 1_000_000
PER_CUSTOMER = 10
START = pd.Timestamp("2025-01-01")
DAY = pd.Timedelta(days=1)
KINDS = ("order", "call", "answer", "visit", "complaint")
TRIGGERS = {
    "nth": {"event": "order", "nth": 3},
    "often": {"event": "call", "at_least": 3, "in": "60 days"},
    "before": {"before": "contract_end", "days": 30},
}


def draw_log(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events of a year, unsorted, and the contract dates of their customers."""
    rng = np.random.default_rng(20260101)
    ids = [f"C{i:07d}" for i in range(n // PER_CUSTOMER)]
    minutes = rng.integers(0, 365 * 1440, n)
    log = pd.DataFrame(
        {
            "respondent": np.array(ids)[rng.integers(0, len(ids), n)],
            "event": np.array(KINDS)[rng.integers(0, len(KINDS), n)],
            "time": (START + pd.to_timedelta(minutes, "min")).strftime("%Y-%m-%dT%H:%M"),
        }
    )
    ends = START + pd.to_timedelta(rng.integers(0, 500, len(ids)), "D")
    return log, pd.DataFrame({"customer": ids, "contract_end": ends.strftime("%Y-%m-%d")})


def write_study(folder: Path, file: str) -> Path:
    text = {
        "study": "Million",
        "moments": [
            {
                "id": name,
                "name": name,
                "trigger": {"when": when, "answer": {"event": "answer", "within": "14 days"}},
            }
            for name, when in TRIGGERS.items()
        ],
        "respondent": "customer",
        "customers": {"file": "customers.csv"},
        "events": {"file": file},
    }
    path = folder / f"{file}.yml"
    path.write_text(json.dumps(text), encoding="utf-8")
    return path


def by_pandas(log: pd.DataFrame, customers: pd.DataFrame) -> dict[str, dict[str, int]]:
    """The same rules and statuses, as an analyst would write them."""
    log = log.assign(time=pd.to_datetime(log["time"])).drop_duplicates()
    log = log.sort_values(["respondent", "time"])
    first, last = log["time"].min().floor("D"), log["time"].max().floor("D") + DAY
    orders = log[log["event"] == "order"]
    calls = log[log["event"] == "call"]
    ends = customers.set_index("customer")["contract_end"]
    lag = calls.groupby("respondent")["time"].shift(2)
    fired = {
        "nth": orders[orders.groupby("respondent").cumcount() == 2].set_index("respondent")["time"],
        "often": calls[calls["time"] - lag <= 60 * DAY].groupby("respondent")["time"].min(),
        "before": pd.to_datetime(ends) - 30 * DAY,
    }
    answers = log[log["event"] == "answer"]
    found = {}
    for name, triggered in fired.items():
        triggered = triggered[(triggered >= first) & (triggered < last)].rename("triggered")
        after = answers.merge(triggered, left_on="respondent", right_index=True)
        after = after[after["time"] >= after["triggered"]]
        answered = after.groupby("respondent")["time"].min().reindex(triggered.index)
        deadline = triggered.dt.floor("D") + 15 * DAY
        status = np.select(
            [deadline > last, answered < deadline, answered.isna()],
            ["pending", "in_time", "never"],
            "late",
        )
        found[name] = pd.Series(status).value_counts().to_dict()
    return found


def main(n: int) -> None:
    log, customers = draw_log(n)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log.to_csv(folder / "events.csv", index=False)
        log.assign(time=pd.to_datetime(log["time"])).to_parquet(folder / "events.parquet")
        customers.to_csv(folder / "customers.csv", index=False)
        seconds = {}
        for file in ("events.csv", "events.parquet"):
            study = mot.read_study(write_study(folder, file))
            begin = time.perf_counter()
            contacts, _, _ = read_contacts(study, list(customers["customer"][:1500]))
            seconds[file] = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        begin = time.perf_counter()
        wanted = by_pandas(pd.read_csv(folder / "events.csv"), customers)
        seconds["pandas, the same CSV"] = time.perf_counter() - begin
    found = {
        name: one.table["status"].value_counts().to_dict() for name, one in contacts.fired.items()
    }
    if found != wanted:
        raise SystemExit(f"the two disagree: {found} and {wanted}")
    print(f"{n:,} events of {len(customers):,} customers, three triggers; peak {peak:,.0f} MB")
    for what, taken in seconds.items():
        ratio = seconds["pandas, the same CSV"] / taken
        print(f"{what:<22} {taken:6.2f} s   {ratio:5.2f} times as fast as pandas")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=EVENTS)
    main(parser.parse_args().events)
