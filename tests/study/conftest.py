from collections.abc import Callable
from pathlib import Path

import pytest

from mot_research.study.definition import Study
from mot_research.study.reading import read_study

FIVE_LINES = """\
study: {name: Harbour Mobile}
moments: {q12_first_bill: First bill arrives, q13_outage: Outage call}
ratings: {low: 1, high: 5}
outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]
waves: [{id: 2026Q1, file: 2026q1.csv}]
"""

# Every key that a study file may have.
EVERYTHING = """\
study: {name: Harbour Mobile, population: 240000, currency: EUR}
look: {logo: logo.svg, accent: "#0b5c8a"}
stages:
  - {id: use, name: Use, definition: The service in daily life}
moments:
  - id: first_bill
    name: First bill arrives
    stage: use
    category: relationship
    mark: moment_of_truth
    description: The first invoice after joining
    interaction: [e-mail, app]
    expectation: I understand every line
    ideal: One page, no jargon, a person to ask
    owner: Billing
    partners: [Contact centre, IT]
    handoffs: [Billing → Contact centre]
    metrics: [bill_disputes]
    data_needed: [billing system]
    rating: q12_first_bill
    expected: q12_expected
    emotion: q12_feeling
    ratings: {target: 4.5}
    trigger: {when: {event: invoice, nth: 1}, answer: {event: welcome_call, within: 14 days}}
    brand_bet: Clarity is who we are
    shortlist: true
    cost_per_year: 120000
  - id: calls
    name: Called three times
    trigger: {when: {event: service_call, at_least: 3, in: 30 days}, settle_first: complaint_open}
  - id: renewal
    name: Before the contract ends
    trigger: {when: {before: contract_end, days: 30}, answer: {event: offer, within: 36 hours}}
ratings: {low: 1, high: 5, not_experienced: [6], blank: [0], target: 4, top_box: [5],
          bottom_box: [1, 2]}
outcomes:
  - {id: recommend, role: relationship, goal: bond, column: ltr, kind: score, low: 0, high: 10,
     blank: [11]}
  - {id: renewed, role: revenue, goal: retention, kind: binary, column: renewed, yes: [1], no: [0]}
  - {id: revenue_12m, role: revenue, goal: revenue, kind: amount, file: crm/revenue.csv,
     column: revenue, after: 365 days, through: 2026-10-31}
respondent: customer_id
weight: weight
stratum: region
cluster: branch
segments: [plan]
controls: [tenure_years, prior_revenue]
scales: {trust: [q41, q42, q43]}
waves:
  - {id: 2026Q1, file: waves/2026q1.csv, from: 2026-01-10, to: 2026-02-02}
  - {id: 2026Q2, file: waves/2026q2.sav, columns: {q12_first_bill: q11}, weight: null,
     not_asked: [wifi]}
  - {id: "2017", file: waves.csv.gz, where: {year: 2017}}
customers: {file: customers.csv}
events: {file: events.parquet}
recordings: {file: recordings.csv}
workshop: {votes: workshop/votes.csv}
voice: {file: voice/verbatims.csv, codes: voice/codes.csv, quotes: true}
operations: {file: operations.csv}
rules: {top: 10, bets: 2, min_n: 50, false_discovery_rate: 0.05, confidence: 0.95, p_top: 0.8,
        role_weights: {relationship: 0.5, revenue: 0.5}, pool: {relationship: 1, revenue: 4},
        n_resamples: 2000, seed: 20260101}
"""


@pytest.fixture
def five_lines() -> str:
    return FIVE_LINES


@pytest.fixture
def everything() -> str:
    return EVERYTHING


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Study]:
    """Write a study file and read it."""

    def write(text: str) -> Study:
        (tmp_path / "study.yml").write_text(text, encoding="utf-8")
        return read_study(tmp_path)

    return write
