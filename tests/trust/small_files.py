"""A study that has every kind of file, small, each sound: what fuzzing begins from."""

import gzip
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

N = 24
STUDY = """\
# Our study.
study: {name: Harbour Mobile, population: 240000, currency: EUR}
stages:
  - {id: use, name: Use, definition: "The service in daily life"}
moments:
  - id: first_bill
    name: First bill arrives
    stage: use
    category: relationship
    mark: moment_of_truth
    interaction: [e-mail, app]
    owner: Billing
    partners: [Contact centre, IT]
    metrics: [bill_disputes]
    rating: q1
    expected: q1_expected
    trigger: {when: {event: invoice, nth: 1}, answer: {event: welcome_call, within: 14 days}}
    cost_per_year: 120000
  - {id: outage, name: Outage call, rating: q2, brand_bet: We are there, shortlist: true}
  - {id: renewal, name: Renewal, trigger: {when: {before: contract_end, days: 30}}}
ratings: {low: 1, high: 5, not_experienced: [6], blank: [0], target: 4}
outcomes:
  - {id: recommend, role: relationship, column: ltr, kind: score, low: 0, high: 10, blank: [11]}
  - {id: renewed, role: revenue, kind: binary, column: renewed, yes: [1], no: [0]}
  - {id: money, role: revenue, kind: amount, file: revenue.csv, column: revenue}
respondent: id
weight: weight
cluster: branch
segments: [plan]
controls: [tenure]
scales: {trust: [q1, q2]}
waves:
  - {id: 2026Q1, file: wave.csv, from: 2026-01-10, to: 2026-02-02}
customers: {file: customers.csv}
events: {file: events.csv}
recordings: {file: recordings.csv}
workshop: {votes: votes.csv}
voice: {file: verbatims.csv, codes: codes.csv, quotes: true}
operations: {file: operations.csv}
rules: {top: 10, n_resamples: 50, seed: 1, role_weights: {relationship: 0.5, revenue: 0.5}}
"""
SHORT = """\
study: {name: Harbour Mobile}
moments: {q1: First bill arrives, q2: Outage call}
ratings: {low: 1, high: 5, not_experienced: [6]}
outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]
waves: [{id: 2026Q1, file: wave.csv}]
"""
TEXTS = {
    "votes.csv": "participant,silo,moment,stage,category,shortlisted,rank\n"
    "AB,Billing,first_bill,use,relationship,1,1\nAB,Billing,outage,use,rescue,0,\n"
    "CD,IT,first_bill,use,request,1,2\n",
    "codes.csv": "wave,code,label,moment,valence\n,1,Bill wrong,first_bill,-1\n"
    "2026Q1,2,Kind,outage,1\n",
    "verbatims.csv": "respondent,wave,text,codes,source\nC1,2026Q1,The bill is wrong,1,survey\n"
    'C2,2026Q1,"Kind, but ""slow"" – größer",1;2,call\nC3,2026Q1,,,\n',
    "events.csv": "respondent,event,time\nC1,invoice,2025-12-01T10:00\n"
    "C1,welcome_call,2025-12-03\nC2,invoice,2025-12-04 11:30:00+01:00\nC3,invoice,2026-01-05Z\n",
    "recordings.csv": "respondent,time,moment,mark,emotion\n"
    "C1,2026-01-05T14:30,first_bill,moment_of_truth,1\n"
    "C1,2026-01-05T14:40,outage,decision_point,-2\n",
    "operations.csv": "metric,date,value\nbill_disputes,2025-12-31,3.5\nbill_disputes,2026-01,4\n",
    "customers.csv": "id,customer_since,contract_end,left_on\nC1,2020-01-01,2026-03-01,\n"
    "C2,2021-05-05,2026-02-01,2026-02-02\n",
    "revenue.csv": "id,wave,revenue\nC1,2026Q1,402.69\nC2,2026Q1,0\nC3,2026Q1,12.5\n",
}


def answers(seed: int = 1) -> pd.DataFrame:
    """One wave."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": [f"C{row}" for row in range(N)],
            "q1": rng.integers(1, 7, N),
            "q1_expected": rng.integers(1, 6, N),
            "q2": rng.integers(0, 7, N),
            "ltr": rng.integers(0, 12, N),
            "renewed": rng.integers(0, 2, N),
            "weight": np.round(rng.uniform(0.5, 2, N), 2),
            "branch": [f"B{row % 5}" for row in range(N)],
            "plan": np.where(rng.random(N) < 0.5, "contract", "Größe, klein"),
            "tenure": np.round(rng.uniform(0, 9, N), 1),
        }
    )


def packed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def as_csv(frame: pd.DataFrame, **options: object) -> str:
    return frame.to_csv(index=False, **options)


def as_xlsx(frame: pd.DataFrame) -> bytes:
    content = BytesIO()
    with pd.ExcelWriter(content, engine="xlsxwriter") as book:
        frame.to_excel(book, index=False, sheet_name="Answers")
    return content.getvalue()


def as_parquet(frame: pd.DataFrame, **options: object) -> bytes:
    content = BytesIO()
    frame.to_parquet(content, index=False, **options)
    return content.getvalue()


def as_sav(frame: pd.DataFrame, folder: Path, **options: object) -> bytes:
    import pyreadstat

    path = folder / "seed.sav"
    pyreadstat.write_sav(
        frame,
        path,
        column_labels={"q1": "First bill", "q2": "Outage"},
        variable_value_labels={"q1": {1: "bad", 6: "not had"}},
        missing_ranges={"q2": [{"lo": 90, "hi": 99}]},
        **options,
    )
    return path.read_bytes()


def write_study(folder: Path, text: str = STUDY) -> Path:
    """Write the study and all of its files; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yml").write_text(text, encoding="utf-8")
    (folder / "wave.csv").write_text(as_csv(answers()), encoding="utf-8")
    for name, content in TEXTS.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def study_with(part: str, wave: str = "wave.csv") -> str:
    """The short study with one more part, as a study file's text."""
    return SHORT.replace("wave.csv", wave).rstrip() + f"\n{part}\n"


def full_with(*parts: str) -> str:
    """The full study with no other part beside its waves than these; ``money`` is one."""
    beside = ("customers", "events", "recordings", "workshop", "voice", "operations")
    left_out = tuple(
        "  - {id: money" if part == "money" else f"{part}:"
        for part in (*beside, "money")
        if part not in parts
    )
    lines = STUDY.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(left_out))


# Short ones: the time of a case goes with the length of the file.
STUDIES = (
    STUDY,
    SHORT,
    *(
        study_with(part)
        for part in (
            "customers: {file: customers.csv}\nevents: {file: events.csv}",
            "recordings: {file: recordings.csv}\nworkshop: {votes: votes.csv}",
            "voice: {file: verbatims.csv, codes: codes.csv, quotes: true}",
            "rules: {top: 10, n_resamples: 50, seed: 1, role_weights: {relationship: 1}}",
            "weight: weight\ncluster: branch\nsegments: [plan]\ncontrols: [tenure]",
            'stages:\n  - {id: use, name: Use, definition: "The service in daily life"}',
        )
    ),
)


def as_json(value: object) -> str:
    """A value as a study file may hold it: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)
