"""Expectation and emotion beside the rating of a moment: sentences. Each returns Markdown."""

from __future__ import annotations

from mot_research.findings import Findings
from mot_research.numbers import CHANGE, TWO_DIGITS, Writing, count, with_base
from mot_research.priorities.expectation import Beside
from mot_research.priorities.result import Metric, Priority
from mot_research.report.escaping import escape_markdown
from mot_research.report.narrative.phrases import quoted
from mot_research.report.narrative.words import sentence

PROMISES = {
    "promise_above": "promise above delivery",
    "delivery_above": "delivery above promise",
    "alike": "promise and delivery can't be told apart",
}
NOTHING = "The study names no column of expectations or feelings beside a rating."


def line(row: Priority, findings: Findings) -> str:
    """Return what customers expected and felt at a moment; empty where the study does not ask."""
    one = findings.beside.get(row.moment.id)
    if one is None:
        return ""
    parts = []
    if one.promise is not None and one.gap is not None:
        parts.append(f"**{sentence(PROMISES[one.promise])}:** {_said(one.gap, CHANGE)} points.")
    if one.emotion is not None and one.correlation is not None:
        parts.append(_feeling(one.emotion, one.correlation))
    return " ".join(parts)


def every_moment(findings: Findings) -> str:
    """Return the same for every moment that has a column of either, a line each."""
    called = {moment.id: moment.name for moment in findings.study.moments}
    lines = [f"- {quoted(called[name])}: {_line(one)}" for name, one in findings.beside.items()]
    return "\n".join(lines) or NOTHING


def _line(one: Beside) -> str:
    parts = []
    if one.expected is not None and one.gap is not None:
        parts.append(f"**Promise and delivery:** {_promise(one, one.expected, one.gap)}.")
    if one.emotion is not None and one.correlation is not None:
        parts.append(_feeling(one.emotion, one.correlation))
    return " ".join(parts)


def _promise(one: Beside, expected: Metric, gap: Metric) -> str:
    if one.promise is None:
        return _why(gap)
    return (
        f"expected {_said(expected, TWO_DIGITS)}, delivery less expectation "
        f"{_said(gap, CHANGE)}: {PROMISES[one.promise]}"
    )


def _feeling(emotion: Metric, correlation: Metric) -> str:
    if emotion.value is None:
        return f"**Feeling:** {_why(emotion)}."
    text = f"**Feeling:** mean {_said(emotion, CHANGE)}"
    if correlation.value is None:
        return f"{text}; how it goes with the rating is {_why(correlation)}."
    people = "" if correlation.n is None else f", n = {count(correlation.n)}"
    return f"{text}; correlation with the rating {_said(correlation, CHANGE)}{people}."


def _said(metric: Metric, writing: Writing) -> str:
    text = writing.with_interval(metric.value, metric.ci_lower, metric.ci_upper)
    return with_base(text, metric.n)


def _why(metric: Metric) -> str:
    return f"not available: {escape_markdown(metric.reason)}"
