"""A scorecard made by hand from findings made by hand."""

import dataclasses

import numpy as np
import pandas as pd

from mot_research.findings import Findings
from mot_research.priorities.accountability import VERDICTS
from mot_research.priorities.expectation import Beside
from mot_research.priorities.operational import COLUMNS
from mot_research.priorities.result import Metric
from mot_research.priorities.scorecard import Line, Scorecard
from mot_research.study.parts import DataFile

METRIC_COLUMNS = [
    *("metric", "wave", "first", "last", "value", "low", "high"),
    *("n", "during", "n_during", "reason"),
]
NO_RATING = "no moment of it was rated by 30 in wave 2026Q3"


def accountable(findings: Findings, *, earlier: str | None = "2026Q2") -> Findings:
    """The findings with a scorecard, operational metrics and feelings beside the ratings."""
    study = findings.study.model_copy(update={"operations": DataFile(file="operations.csv")})
    ids = [moment.id for moment in study.moments]
    return dataclasses.replace(
        findings, study=study, scorecard=scorecard(findings, earlier), beside=beside(ids)
    )


def scorecard(findings: Findings, earlier: str | None = "2026Q2") -> Scorecard:
    study = findings.study
    stages: dict[str, list] = {stage.id: [] for stage in study.stages}
    if not any(moment.stage for moment in study.moments):
        stages = {}
    owners: dict[str, list] = {}
    for moment in study.moments:
        stages.setdefault(moment.stage or "", []).append(moment)
        owners.setdefault(moment.owner or "", []).append(moment)
    called = {stage.id: stage.name for stage in study.stages} | {"": ""}
    lines = [
        _line(findings, key, called[key], moments, "owner", earlier)
        for key, moments in stages.items()
    ]
    silos = [
        _line(findings, key, key, owners[key], "stage", earlier) for key in sorted(owners, key=bool)
    ]
    waves = [wave for wave in (earlier, findings.wave) if wave]
    ratings = pd.DataFrame(
        [
            [line.key, wave, value - 0.1 * (wave == earlier), value - 0.2, value + 0.1, 900.0, ""]
            for line in lines
            for wave in waves
            for value in [np.nan if line.rating.value is None else line.rating.value]
        ],
        columns=["stage", "wave", "rating", "ci_lower", "ci_upper", "n", "reason"],
    )
    return Scorecard(
        wave=findings.wave,
        earlier=earlier,
        stages=tuple(lines),
        owners=tuple(reversed(silos)),
        ratings=ratings,
        operations=operations(findings, earlier),
        metrics=metrics(findings, waves),
        goals=goals(findings),
        confidence=0.95,
    )


def _line(findings, key, name, moments, other, earlier) -> Line:
    ids = tuple(moment.id for moment in moments)
    verdicts = [findings.priorities[one].verdict for one in ids]
    across: dict[str, tuple[str, ...]] = {}
    for moment in moments:
        across[getattr(moment, other) or ""] = (
            *across.get(getattr(moment, other) or "", ()),
            moment.id,
        )
    level = 2.8 + 0.17 * len(key)
    rating = Metric(level, level - 0.08, level + 0.08, 900) if ids else Metric(None, reason="none")
    if ids == ("m1",):
        rating = Metric(None, reason=NO_RATING)
    change = Metric(-0.2, -0.3, -0.1, 880) if len(ids) > 3 else Metric(0.02, -0.1, 0.14, 880)
    roles = dict.fromkeys(findings.study.outcome(outcome).role for outcome in findings.drivers)
    part = len(ids) / max(1, len(findings.study.moments))
    share = Metric(part, 0.7 * part, 1.4 * part, 1493) if ids else Metric(None, reason="none")
    return Line(
        key=key,
        name=name,
        moments=ids,
        verdicts={verdict: verdicts.count(verdict) for verdict in VERDICTS},
        rating=rating,
        change=change if ids and earlier else Metric(None, reason="there is no earlier wave"),
        rated=ids,
        compared=ids,
        importance=dict.fromkeys(roles, share),
        across=across,
        partners=tuple(dict.fromkeys(p for moment in moments for p in moment.partners)),
        handoffs=tuple(dict.fromkeys(h for moment in moments for h in moment.handoffs)),
        metrics=tuple(dict.fromkeys(m for moment in moments for m in moment.metrics)),
        partner_of=ids[:1],
    )


def operations(findings: Findings, earlier: str | None) -> pd.DataFrame:
    stage = findings.study.moments[0].stage or ""
    row = {
        "stage": stage,
        "metric": "bill_disputes",
        "moments": (findings.study.moments[0].id,),
        "wave_before": earlier or "",
        "wave": findings.wave,
        "metric_before": 372.5 if earlier else np.nan,
        "metric_now": 497.3,
        "n_before": 3.0 if earlier else np.nan,
        "n_now": 3.0,
        "metric_change": 124.8 if earlier else np.nan,
        "metric_moved": "up" if earlier else "",
        "rating_before": 3.58 if earlier else np.nan,
        "rating_now": 2.92,
        "rating_change": -0.66 if earlier else np.nan,
        "ci_lower": -0.75 if earlier else np.nan,
        "ci_upper": -0.57 if earlier else np.nan,
        "rating_moved": "down" if earlier else "",
        "together": "opposite directions" if earlier else "",
        "reason": "",
    }
    nothing = {"metric": "calls_after_bill", "metric_now": np.nan, "together": "", "reason": "none"}
    return pd.DataFrame([row, row | nothing], columns=COLUMNS)


def metrics(findings: Findings, waves: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            [metric, wave, None, None, value, value, value, 3, np.nan, 0, ""]
            for metric, value in (("bill_disputes", 372.5), ("calls_after_bill", np.nan))
            for wave in waves
        ],
        columns=METRIC_COLUMNS,
    )


def goals(findings: Findings) -> pd.DataFrame:
    by_role = {"relationship": "bond", "revenue": "retention"}
    rows = [
        [row.moment.id, grade.outcome, by_role[role], grade.grade]
        + [np.nan if v is None else v for v in (grade.effect, grade.ci_lower, grade.ci_upper)]
        + [0.003, grade.reason]
        for row in findings.priorities.rows
        for role, grade in row.grades.items()
    ]
    columns = ["moment", "outcome", "goal", "grade", "effect", "ci_lower", "ci_upper"]
    return pd.DataFrame(rows, columns=[*columns, "q_value", "reason"])


def beside(ids: list[str]) -> dict[str, Beside]:
    """A promise above delivery with a feeling, one that can't be told apart, one too rare."""
    few = Metric(None, n=17, reason="too few to say (n = 17)")
    cases = [
        Beside(
            ids[0],
            Metric(4.27, 4.22, 4.31, 1342),
            Metric(-1.35, -1.43, -1.26, 1342),
            Metric(-0.3, -0.4, -0.2, 1300),
            Metric(0.52, 0.47, 0.57, 1290),
        )
    ]
    cases += [
        Beside(name, Metric(3.9, 3.8, 4.0, 40), Metric(0.02, -0.1, 0.14, 40)) for name in ids[1:2]
    ]
    cases += [Beside(name, few, few, few, few) for name in ids[2:3]]
    return {case.moment: case for case in cases}
