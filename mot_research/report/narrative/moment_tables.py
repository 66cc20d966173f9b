"""The numbers of one moment on the list: its evidence for each role, and its metrics."""

from __future__ import annotations

from collections.abc import Callable

from mot_research.findings import Findings
from mot_research.numbers import (
    CHANGE,
    COUNT,
    NO_BREAK,
    PERCENT,
    PERCENT_TENTHS,
    TWO_DIGITS,
    Writing,
    effect_writing,
    is_shown,
    percent,
    with_base,
)
from mot_research.priorities.result import METRICS, Grade, Metric, Priorities, Priority
from mot_research.report.markup import Bar, Cell, Column, Table
from mot_research.report.narrative import captions, words
from mot_research.report.narrative.value_pages import gain_writing

NONE = "–"
EXTREMES = ("penalty", "reward")
STAKE = "revenue_at_stake"
METRIC_WRITING = {
    "reach": PERCENT,
    "mean_rating": TWO_DIGITS,
    "top_box": PERCENT,
    "bottom_box": PERCENT,
    "gap_to_expectation": CHANGE,
    "importance_relationship": PERCENT,
    "importance_revenue": PERCENT,
    "penalty": TWO_DIGITS,
    "reward": TWO_DIGITS,
    "answered_in_time": TWO_DIGITS,
    "trend": CHANGE,
    "mentions": PERCENT_TENTHS,
    "negative_share": PERCENT,
    "revenue_at_stake": COUNT,
    "consensus": PERCENT,
}


def grade_cells(row: Priority, role: str, findings: Findings) -> tuple[str, str, str]:
    """Return share, effect and place of one moment for one role, with their intervals."""
    grade, n = row.grades[role], row.metrics["mean_rating"].n
    if grade.effect is None:
        return "not tested", NONE, NONE
    effects = effect_writing(
        findings.study.outcome(grade.outcome).kind, findings.drivers[grade.outcome].table["effect"]
    )
    share = PERCENT.with_interval(grade.share, grade.share_lower, grade.share_upper)
    effect = effects.with_interval(grade.effect, grade.ci_lower, grade.ci_upper)
    if grade.by == "contact":
        return NONE, f"{effect} {words.IF_ANSWERED}", NONE
    rank = COUNT.with_interval(grade.rank, grade.rank_lower, grade.rank_upper)
    return with_base(share, n), with_base(effect, n), with_base(rank, n)


def moment_evidence(row: Priority, findings: Findings) -> str:
    """Return the evidence for one moment, drawn: a row for each role."""
    if not row.grades:
        return ""
    columns = (
        Column("Evidence", 9),
        Column("Verdict", 5),
        Column("One point better", 8),
        Column("Share of importance", 9),
        Column("Place", 5),
        Column(f"In top {findings.priorities.top}", 5),
    )
    rows: list[tuple[Cell, ...]] = []
    for role, grade in row.grades.items():
        share, effect, rank = grade_cells(row, role, findings)
        shown = grade.effect is not None and is_shown(row.metrics["mean_rating"].n)
        drawn = _share_bar(share, grade, role, findings) if shown else share
        sure = NONE if grade.p_top is None or not shown else percent(grade.p_top)
        name = captions.role_outcome(role, findings)
        rows.append((name, words.VERDICTS[grade.grade], effect, drawn, rank, sure))
    return Table(columns, tuple(rows)).to_drawn_markdown()


def _share_bar(text: str, grade: Grade, role: str, findings: Findings) -> Cell:
    """Return a share with its bar, as long as the largest upper end of the study asks for."""
    if grade.share is None:
        return text
    grades = [row.grades[role] for row in findings.priorities.rows if role in row.grades]
    longest = max(max(each.share or 0, each.share_upper or 0) for each in grades) or 1.0
    ends = None
    if grade.share_lower is not None and grade.share_upper is not None:
        ends = grade.share_lower / longest, grade.share_upper / longest
    return Bar(text, grade.share / longest, interval=ends)


def metric_text(metric: Metric, writing: Writing, *, interval: bool = True) -> str:
    """Return one metric with its interval, or what stands for it where it may not show."""
    if not interval:
        return with_base(writing.one(metric.value), metric.n)
    text = writing.with_interval(metric.value, metric.ci_lower, metric.ci_upper)
    return with_base(text, metric.n)


def moment_metrics(row: Priority, findings: Findings) -> str:
    """Return the other metrics of one moment, drawn: those that are available."""
    shown = [
        name
        for name in METRICS
        if not name.startswith("importance") and row.metrics[name].value is not None
    ]
    cells = tuple(
        (_metric_name(name, row, findings), _metric_cell(name, row.metrics[name], row, findings))
        for name in shown
    )
    if not cells:
        return ""
    return Table((Column("Customers", 6), Column("Value", 9)), cells).to_drawn_markdown()


def _metric_name(name: str, row: Priority, findings: Findings) -> str:
    due = name == "answered_in_time" and _is_due(row, findings)
    return words.ANSWERED_IN_TIME if due else words.METRICS[name]


def _is_due(row: Priority, findings: Findings) -> bool:
    """Whether a trigger says when the moment is due, so that metric 10 is the share answered."""
    contacts = findings.contacts
    return contacts is not None and row.moment.id in contacts.answered


def _metric_cell(name: str, metric: Metric, row: Priority, findings: Findings) -> Cell:
    """Return a metric, with a bar where its scale has two ends."""
    writing = _stake(findings) if name == STAKE else METRIC_WRITING[name]
    if name == "answered_in_time" and _is_due(row, findings):
        writing = PERCENT
    text = metric_text(metric, writing)
    if metric.value is None or not is_shown(metric.n):
        return text
    if writing is PERCENT:
        return _metric_bar(text, metric, lambda value: value, 0)
    scale = findings.study.ratings_for(row.moment)
    width = scale.high - scale.low
    if name == "mean_rating":
        target = None if scale.target is None else (scale.target - scale.low) / width
        return _metric_bar(text, metric, lambda value: (value - scale.low) / width, 0, target)
    if name in EXTREMES:
        longest = _longest(EXTREMES, findings.priorities)
        return _metric_bar(text, metric, lambda value: value / longest, 0)
    if writing is CHANGE:
        return _metric_bar(text, metric, lambda value: 0.5 + value / width, 0.5, 0.5)
    return text


def _stake(findings: Findings) -> Writing:
    """Return how revenue at stake is written: in the unit of the value."""
    if findings.value is None:
        return COUNT
    writing, unit = gain_writing(findings.value, findings.value.table["gain"])
    return Writing(writing.number, f"{NO_BREAK}{unit}")


def _longest(names: tuple[str, ...], priorities: Priorities) -> float:
    """Return the largest of these metrics or of their upper ends, over all moments shown."""
    metrics = [row.metrics[name] for row in priorities.rows for name in names]
    shown = [metric for metric in metrics if is_shown(metric.n)]
    ends = [end for metric in shown for end in (metric.value, metric.ci_upper) if end is not None]
    return max(ends, default=0.0) or 1.0


def _metric_bar(
    text: str,
    metric: Metric,
    place: Callable[[float], float],
    start: float,
    mark: float | None = None,
) -> Bar:
    ends = None
    if metric.ci_lower is not None and metric.ci_upper is not None:
        ends = place(metric.ci_lower), place(metric.ci_upper)
    return Bar(text, place(metric.value or 0.0), start, ends, mark)
