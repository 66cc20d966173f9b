"""Findings made by hand: the usual case and the odd ones that sentences must fit."""

import dataclasses
from collections.abc import Iterable

import numpy as np
import pandas as pd

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.priorities.result import METRICS, Combined, Grade, Metric, Priorities, Priority
from mot_research.study.definition import Study
from mot_research.survey.wave import InputFile
from tests.report import further

NAMES = (
    "First bill arrives with all its charges explained line by line",
    "Outage call",
    "Third call about the same problem in a month",
    "Renewal offer before the subscription expires",
    "The 100th order",
    "Number kept when switching from another provider",
    "Technician visit at home",
    "Welcome call within two weeks",
    "Web shop search",
    "Refund after a wrong charge",
    "Lost phone blocked and replaced abroad",
    "Roaming notice on arrival",
    "Plan advice in the shop",
    "Contract read and signed",
    "App: see what I use",
    "Moving house",
    "A bereavement in the family",
    "Advertising on the street",
    "Friend recommends us",
    "Loyalty gift after five years",
)
OWNERS = ("Billing", "Network operations", "Contact centre", None, "Shops")
STAGES = ("care", "use", "acquisition", "buy_in", "awareness", "share")
HOSTILE = (
    "$x^2$ and $\\frac{1}{2}$",
    "<script>alert('x')</script>",
    "| pipe | table |---|",
    '=HYPERLINK("http://evil.example")',
    "😀🚀 emoji",
    "שלום עולם",
    "`code` **bold** [link](http://evil.example) ![i](x.png)",
    "{{< pagebreak >}} ::: {.x} @fig-nothing",
    "W" * 300,
    "첫 번째 청구서",
    "{python} 1/0",
    "100 % _sure_ #1",
)


def study(
    n: int, *, names: Iterable[str] = (), revenue: bool = True, waves: int = 3, stages: bool = True
) -> Study:
    given = list(names)
    called = [
        given[i] if i < len(given) else NAMES[i] if i < len(NAMES) else f"Moment number {i + 1}"
        for i in range(n)
    ]
    moments = [
        {
            "id": f"m{i + 1}",
            "name": called[i],
            "rating": f"q{i + 1}",
            "owner": OWNERS[i % len(OWNERS)],
            "category": ("relationship", "rescue", "request", "revenue")[i % 4],
            "mark": ("moment_of_truth", "internal_interaction", "decision_point")[i % 3],
            **({"stage": STAGES[i % 6]} if stages and i % 10 != 9 else {}),
            **(
                {
                    "description": "The first invoice after joining, sent by e-mail and in the app",
                    "interaction": ["e-mail", "app"],
                    "expectation": "I understand every line and know whom to ask",
                    "ideal": "One page, no jargon, a person to ask; corrections are made at once",
                    "partners": ["Contact centre", "IT"],
                    "handoffs": ["Billing → Contact centre"],
                    "metrics": ["bill_disputes", "calls_after_bill"],
                }
                if i % 2 == 0
                else {}
            ),
            **({"brand_bet": "Clarity is who we are"} if i % 9 == 4 else {}),
        }
        for i in range(n)
    ]
    outcomes = [
        {
            "id": "recommend",
            "name": "Likelihood to recommend",
            "column": "ltr",
            "kind": "score",
            "low": 0,
            "high": 10,
        }
    ]
    if revenue:
        outcomes.append(
            {
                "id": "renewed",
                "name": "Renewed the contract",
                "role": "revenue",
                "column": "renewed",
                "kind": "binary",
                "yes": [1],
                "no": [0],
            }
        )
    return Study.model_validate(
        {
            "study": {"name": "Harbour Mobile", "population": 240_000, "currency": "EUR"},
            "moments": moments,
            "ratings": {"low": 1, "high": 5},
            "outcomes": outcomes,
            "waves": [{"id": f"2026Q{w + 1}", "file": f"waves/q{w + 1}.csv"} for w in range(waves)],
        }
    )


def verdicts(n: int, *, both: int, one: int, bets: int, likely: int) -> list[tuple[str, int]]:
    """Return a verdict and the number of roles it is proven for, moment by moment."""
    given = [("proven", 2)] * both + [("proven", 1)] * one
    given += [("brand_bet", 0)] * bets + [("likely", 0)] * likely
    rest = ["minor", "not_proven", "not_proven", "not_tested"]
    given += [(rest[i % 4], 0) for i in range(n - len(given))]
    return given[:n]


def findings(
    n: int = 20,
    *,
    both: int = 4,
    one: int = 3,
    bets: int = 1,
    likely: int = 2,
    revenue: bool = True,
    waves: int = 3,
    names: Iterable[str] = (),
    stages: bool = True,
    tied: bool = False,
    simulated: bool = True,
    border: str = "Places 1 to 5 are settled; 6 to 8 can't be told apart: choose by cost.",
) -> Findings:
    defined = study(n, names=names, revenue=revenue, waves=waves, stages=stages)
    rng = np.random.default_rng(7)
    graded = verdicts(n, both=both, one=one, bets=bets, likely=likely)
    raw = np.ones(n) if tied else np.sort(rng.gamma(1.2, size=n))[::-1] + 0.05
    tested = np.array([verdict != "not_tested" for verdict, _ in graded])
    share = np.where(tested, raw, 0.0) / raw[tested].sum()
    means = np.full(n, 3.9) if tied else rng.uniform(2.6, 4.7, n)
    reach = np.where(np.arange(n) % 7 == 2, 0.04, rng.uniform(0.3, 1.0, n))
    rows, place = [], 0
    roles = ("relationship", "revenue") if revenue else ("relationship",)
    for i, (verdict, proven) in enumerate(graded):
        on_list = verdict in ("proven", "brand_bet", "likely")
        place += on_list
        rows.append(
            _priority(
                defined,
                i,
                verdict,
                roles[:proven],
                place if on_list else None,
                {role: share[i] * (1 - 0.3 * k) for k, role in enumerate(roles)},
                means[i],
                reach[i],
                waves > 1,
            )
        )
    rows.sort(key=lambda row: (row.place is None, row.place or 0))
    drivers = {
        outcome.id: driver_result(defined, outcome.id, outcome.kind, share, reach, means, tested)
        for outcome in defined.outcomes
    }
    rated = np.round(1500 * reach * 0.97).astype(int)
    return Findings(
        study=defined,
        wave=defined.latest_wave.id,
        drivers=drivers,
        alone={},
        priorities=Priorities(rows=tuple(rows), rules=defined.rules, top=10, border=border),
        absences=pd.DataFrame(
            {
                "n_rated": rated,
                "n_not_experienced": 1500 - rated - 8,
                "n_blank": 8,
                "n_not_asked": 0,
            },
            index=pd.Index([moment.id for moment in defined.moments], name="moment"),
        ),
        problems=pd.DataFrame(
            [["2026Q3", "q3", "outside the scale", 12, "7, 9", "warning", "Correct the codes."]],
            columns=[
                "wave",
                "column",
                "rule",
                "count",
                "examples",
                "severity",
                "what_to_do",
            ],
        ),
        inputs=tuple(
            InputFile(name, sha, 1500)
            for name, sha in (("study.yml", "ab" * 32), ("waves/q3.csv", "0f" * 32))
        ),
        versions={"mot_research": "0.1.0", "python": "3.11.2", "numpy": "2.4.1"},
        simulated=simulated,
        warnings=(
            "Recommend comes from the same questionnaire as the ratings: part of what they "
            "share is the way people answer questionnaires.",
        ),
        not_used=("No workshop votes: add workshop: {votes: workshop/votes.csv}.",),
    )


def _combined(shares: dict[str, float], i: int) -> Combined:
    share = sum(shares.values()) / len(shares)
    return Combined(share, share * 0.7, share * 1.3, i + 1, max(1, i - 1), i + 4)


def _priority(
    defined: Study,
    i: int,
    verdict: str,
    proven_for: tuple[str, ...],
    place: int | None,
    shares: dict[str, float],
    mean: float,
    reach: float,
    trend: bool,
) -> Priority:
    moment = defined.moments[i]
    n = round(1500 * reach)
    none = Metric(None, reason="not asked in this study")
    tested = verdict != "not_tested"
    untested = Metric(None, reason="not tested: 17 rated it, 50 are needed")
    metrics = dict.fromkeys(METRICS, none) | {
        "reach": Metric(reach, reach - 0.02, reach + 0.02, 1500),
        "mean_rating": Metric(mean, mean - 0.09, mean + 0.09, n),
        "top_box": Metric(0.31, 0.28, 0.34, n),
        "bottom_box": Metric(0.12, 0.1, 0.14, n),
        "gap_to_expectation": Metric(mean - 4, mean - 4.09, mean - 3.91, n),
        "answered_in_time": Metric(1.02, 0.97, 1.07, n),
        "trend": Metric(0.12 * (-1) ** i, -0.02 + 0.1 * (-1) ** i, 0.02 + 0.14 * (-1) ** i, n)
        if trend
        else Metric(None, reason="this is the first wave"),
        "consensus": Metric(0.6, n=None),
    }
    for role, share in shares.items():
        metrics[f"importance_{role}"] = (
            Metric(share, share * 0.6, share * 1.5 + 0.01, n) if tested else untested
        )
    grades = {}
    for k, role in enumerate(shares):
        grade = "proven" if role in proven_for else verdict
        if role not in proven_for and verdict in ("proven", "brand_bet"):
            grade = "not_proven"
        effect = shares[role] * (2.0 if k == 0 else 0.2) - (0.03 if grade == "not_proven" else 0)
        grades[role] = Grade(
            role=role,
            outcome=("recommend", "renewed")[k],
            grade=grade,
            reason="too few data" if not tested else "q = 0.003, among the top in 93% of resamples",
            certain=place == 1,
            **(
                {
                    "effect": effect,
                    "ci_lower": effect * 0.6 - 0.01,
                    "ci_upper": effect * 1.4 + 0.01,
                    "q_value": 0.003,
                    "effect_sd": effect * 0.9,
                    "share": shares[role],
                    "share_lower": shares[role] * 0.6,
                    "share_upper": shares[role] * 1.5 + 0.01,
                    "rank": i + 1,
                    "rank_lower": max(1, i - 1),
                    "rank_upper": i + 4,
                    "p_top": 0.93,
                    "p_top_each": 0.88,
                }
                if tested
                else {}
            ),
        )
    below = mean < 4
    action = {
        "proven": "fix" if below else "protect",
        "brand_bet": "bet",
        "likely": "find_out",
        "minor": None,
        "not_proven": "stop_and_ask" if i % 3 == 0 else None,
        "not_tested": None,
    }[verdict]
    return Priority(
        moment=moment,
        verdict=verdict,
        proven_for=proven_for,
        flags=("missed_by_workshop",) if i == 1 else (),
        reason=(
            "Proven for recommend: one rating point better goes with 0.42 points more (q = 0.003), "
            "and it is among the top ten in 93% of the resamples."
            if verdict == "proven"
            else f"{verdict} by its numbers."
        ),
        grades=grades,
        metrics=metrics,
        combined=_combined(shares, i) if tested else Combined(),
        asymmetry=("basic", "performance", "delight", "undecided")[i % 4],
        action=action,
        place=place,
        heading=verdict if place else None,
    )


def driver_result(
    defined: Study,
    outcome: str,
    kind: str,
    share: np.ndarray,
    reach: np.ndarray,
    means: np.ndarray,
    tested: np.ndarray,
) -> DriverResult:
    lmg = 0.43 * share
    ranks = pd.Series(-share).rank(method="first").to_numpy()
    table = pd.DataFrame(
        {
            "lmg": lmg,
            "contact": np.where(reach < 1, 0.004, np.nan),
            "share": share,
            "ci_lower": lmg * 0.6,
            "ci_upper": lmg * 1.5 + 0.004,
            "relative_weight": lmg,
            "first": lmg * 1.6,
            "last": lmg * 0.5,
            "effect": share * 2,
            "effect_ci_lower": share * 2 - 0.1,
            "effect_ci_upper": share * 2 + 0.1,
            "std_error": 0.05,
            "p_value": 0.001,
            "q_value": 0.003,
            "n": np.round(1500 * reach),
            "reach": reach,
            "mean": means,
            "rank": ranks,
            "rank_lower": np.maximum(1, ranks - 2),
            "rank_upper": ranks + 2,
            "p_top": 0.9,
            "effect_sd": share * 1.8,
            "rank_each": ranks,
            "p_top_each": 0.85,
        },
        index=pd.Index([moment.id for moment in defined.moments], name="driver"),
    )
    answers = ["lmg", "ci_lower", "ci_upper", "share", "contact", "effect", "q_value", "rank"]
    table.loc[~tested, answers] = np.nan
    return DriverResult(
        outcome=outcome,
        kind=kind,
        model="linear, cluster-robust errors",
        waves=(defined.latest_wave.id,),
        table=table,
        r_squared=0.46,
        r_squared_controls=0.02,
        n_obs=1493,
        n_effective=1370.4,
        n_units=60,
        n_strata=4,
        outcome_mean=7.4,
        outcome_sd=2.1,
        top=10,
        confidence=0.95,
        n_resamples=2000,
        seed=20260101,
        missing="em",
        not_tested={
            moment.id: "effective number of raters 17 is below 50"
            for moment, ok in zip(defined.moments, tested, strict=True)
            if not ok
        },
        warnings=("Intervals come from rows without blanks.",),
        lmg_draws=np.empty((0, int(tested.sum()))),
        effect_sd_draws=np.empty((0, int(tested.sum()))),
    )


def odd_cases() -> dict[str, Findings]:
    none = {"both": 0, "one": 0, "bets": 0, "likely": 0, "border": ""}
    usual = findings()
    revenue = usual.drivers["renewed"]
    return {
        "usual": usual,
        "pooled waves": dataclasses.replace(
            usual,
            drivers={
                **usual.drivers,
                "renewed": dataclasses.replace(revenue, waves=("2026Q1", "2026Q2", "2026Q3")),
            },
            alone={"renewed": revenue},
        ),
        "everything": further.with_everything(findings()),
        "everything, one outcome": further.with_everything(findings(3, revenue=False)),
        "everything, hostile names": further.with_everything(
            findings(12, both=6, one=4, bets=1, likely=1, names=HOSTILE)
        ),
        "a model per moment": further.unranked(findings(both=0, one=0, bets=0, likely=0)),
        "nothing proven": findings(**none),
        "one wave": findings(waves=1, simulated=False),
        "no revenue": findings(both=0, one=7, revenue=False),
        "three moments": findings(3, both=1, one=0, bets=0, likely=0, stages=False),
        "one moment": findings(1, both=1, one=0, bets=0, likely=0),
        "forty moments": findings(40),
        "all tied": findings(both=0, one=0, bets=0, likely=0, tied=True, border="All are tied."),
        "hostile names": findings(12, both=6, one=4, bets=1, likely=1, names=HOSTILE),
        "no outcome": dataclasses.replace(
            usual,
            drivers={},
            priorities=dataclasses.replace(
                usual.priorities,
                rows=tuple(
                    dataclasses.replace(
                        row,
                        verdict="not_tested",
                        proven_for=(),
                        grades={},
                        metrics=row.metrics
                        | dict.fromkeys(
                            ("importance_relationship", "importance_revenue"),
                            Metric(None, reason="no outcome of the role in this wave"),
                        ),
                        combined=Combined(),
                        action=None,
                        place=None,
                        heading=None,
                        asymmetry="undecided",
                    )
                    for row in usual.priorities.rows
                ),
                border="",
            ),
        ),
    }
