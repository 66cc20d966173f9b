"""The study.yml of the simulated study, as a person would write it, and its README."""

import json
import re

from mot_research.simulate.company import MOMENTS, STAGES, Moment
from mot_research.simulate.records import REVENUE_DAYS, REVENUE_THROUGH
from mot_research.simulate.waves import EXPECTED, QUESTIONS, TRUST_ITEMS, WAVES

HEAD = """\
# A SIMULATED study. Harbour Mobile does not exist; every customer, answer and euro in this
# folder was drawn by mot_research.simulate (seed {seed}, {n} respondents a wave).
# What is true of this company is in truth.json. Read it after you have read the report.

study: {{name: Harbour Mobile, population: 240000, currency: EUR, simulated: true}}

# What the leaders agreed on: the stages of the experience, each with its definition.
stages:
{stages}

# The moments on the workshop's long list. `rating` is the question in the survey; a moment
# without one is known from the event log alone.
moments:
{moments}

# 1 (very dissatisfied) to 5 (very satisfied); 6 = "did not happen to me"; 0 or empty = no answer
ratings: {{low: 1, high: 5, not_experienced: [6], blank: [0], target: 4, top_box: [5], \
bottom_box: [1, 2]}}

outcomes:
  # "How likely are you to recommend us?" 11 = don't know
  - {{id: recommend, name: Likelihood to recommend, role: relationship, goal: bond, \
column: ltr, kind: score, low: 0, high: 10, blank: [11]}}
  # Still a customer four months after the interview, from the contract system
  - {{id: renewed, name: Renewal, role: revenue, goal: retention, kind: binary, \
column: renewed, yes: [1], no: [0], after: 120 days}}
{revenue}
respondent: customer_id
weight: weight
stratum: region
cluster: branch
segments: [plan]
controls: [tenure_years, prior_revenue]
scales: {{trust: [{trust}]}}

waves:
{waves}
{files}
rules: {{top: 10, bets: 2, min_n: 50, false_discovery_rate: 0.05, confidence: 0.95, p_top: 0.8,
        role_weights: {{relationship: 0.5, revenue: 0.5}}, pool: {{relationship: 1, revenue: 4}},
        n_resamples: 2000, seed: {seed}}}
"""


REVENUE = f"""\
  # What they paid in the year after the interviews, from the billing system. The export ends on
  # the day in `through`, so the last two waves are not mature yet and stay out.
  - {{id: revenue_12m, name: Revenue in 12 months, role: revenue, goal: revenue, \
kind: amount, file: crm/revenue.csv,
     column: revenue, after: {REVENUE_DAYS} days, through: {REVENUE_THROUGH}}}
"""

FILES = """
customers: {file: customers.csv}      # customer_since, contract_end, left_on
events: {file: events.csv}
recordings: {file: recordings.csv}
workshop: {votes: workshop/votes.csv}
voice: {file: voice/verbatims.csv, codes: voice/codes.csv, quotes: true}
operations: {file: operations.csv}
"""


def study_yml(*, seed: int, n_respondents: int) -> str:
    """The text of study.yml."""
    return HEAD.format(
        seed=seed,
        n=n_respondents,
        stages="\n".join(
            f"  - {{id: {id_}, name: {name}, definition: {_scalar(definition, flow=True)}}}"
            for id_, name, definition in STAGES
        ),
        moments="\n\n".join(
            f"  # {stage[1]}\n" + "\n".join(_moment(m) for m in MOMENTS if m.stage == stage[0])
            for stage in STAGES
        ),
        revenue=REVENUE,
        trust=", ".join(TRUST_ITEMS),
        waves="\n".join(
            f"  - {{id: {w.id}, file: waves/{w.id.lower()}.csv, from: {w.start}, to: {w.end}}}"
            for w in WAVES
        ),
        files=FILES,
    )


def _moment(moment: Moment) -> str:
    lines = [f"  - id: {moment.id}"]
    for key in (
        "name",
        "stage",
        "category",
        "mark",
        "description",
        "interaction",
        "expectation",
        "ideal",
        "owner",
        "partners",
        "handoffs",
        "metrics",
        "data_needed",
    ):
        value = getattr(moment, key)
        if isinstance(value, tuple):
            if value:
                items = ", ".join(_scalar(item, flow=True) for item in value)
                lines.append(f"    {key}: [{items}]")
        elif key != "mark" or value != "moment_of_truth":
            lines.append(f"    {key}: {_scalar(value)}")
    question = QUESTIONS.get(moment.id)
    if question:
        lines.append(f"    rating: {question}")
    if moment.id in EXPECTED:
        lines.append(f"    expected: {question}_expected")
    if moment.trigger:
        lines.append(f"    trigger: {moment.trigger}")
    if moment.brand_bet:
        lines.append(f"    brand_bet: {_scalar(moment.brand_bet)}")
    lines.append(f"    cost_per_year: {moment.cost_per_year}")
    return "\n".join(lines)


def _scalar(text: str, *, flow: bool = False) -> str:
    """YAML for a text: plain where that is safe, else in double quotes."""
    special = r"[,\[\]{}]|: | #|^[-?:&*!|>'\"%@`]" if flow else r": | #|^[-?:&*!|>'\"%@`\[{]"
    return json.dumps(text, ensure_ascii=False) if re.search(special, text) else text


def readme(*, n_respondents: int) -> str:
    """The README beside the study file."""
    return README.format(n=n_respondents)


README = """\
# Harbour Mobile: a simulated study

**Nothing here is real.** Harbour Mobile is an invented mobile operator; customers, answers,
comments and revenue were drawn by `mot_research.simulate`. It shows what a study looks like,
and because the truth is known (`truth.json`), it shows what an analysis can find, and what not.

| file | what it is |
|---|---|
| `study.yml` | stages, moments, outcomes, waves and rules |
| `waves/*.csv` | four quarterly surveys of {n} customers each |
| `crm/revenue.csv` | what each customer paid after the survey, up to the day of the export |
| `customers.csv` | customer since, end of the contract, day of leaving |
| `events.csv` | calls, first invoices, top-ups, renewal calls |
| `workshop/votes.csv` | what 18 participants of six silos chose |
| `voice/*.csv` | comments and the code frame; addresses and numbers in them are invented |
| `recordings.csv` | journeys of 240 customers, step by step |
| `operations.csv` | operational metrics by month |
| `truth.json` | what was planted: the effect of every moment |

Made by `mot.simulate_study(directory)`; the same seed gives the same bytes.
"""
