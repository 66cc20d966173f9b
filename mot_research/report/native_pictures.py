"""The findings as charts that PowerPoint draws: what each shows, and its names."""

from __future__ import annotations

import string

import numpy as np

from mot_research.drivers.change import Change
from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.numbers import (
    PERCENT,
    SHOWN_FROM,
    Writing,
    digits_for,
    is_shown,
    percent,
    plain,
    signed,
)
from mot_research.priorities.result import METRICS, Priority
from mot_research.report import house_style as style
from mot_research.report.escaping import escape_markdown
from mot_research.report.matrix import Spot, matrix_spots, tested_roles
from mot_research.report.narrative import phrases, picture_words, words
from mot_research.report.narrative.change_tables import CAUSES
from mot_research.report.narrative.moment_tables import METRIC_WRITING, metric_text
from mot_research.report.native_charts import Bar, BarChart, Point, Scatter, Waterfall

LONGEST_NAME = 38  # characters beside a bar
LONGEST_KEY = 42  # characters in the key of the matrix
BARS_AT_MOST = 20
ONE_DIGIT = Writing(lambda value: plain(value, 1))
NO_ENDS = (None, None)
NAMED_AT_MOST = 32  # marks in a matrix; above it only those on the list have a name


def matrix_roles(findings: Findings) -> list[str]:
    """Return the roles that have a matrix."""
    return tested_roles(findings.priorities)


def matrix(findings: Findings, role: str) -> tuple[Scatter, str]:
    """Return the priority matrix of a role, and the key to its marks (Markdown)."""
    spots = matrix_spots(findings.priorities, role)
    letters = iter(_letters())
    whole = len(spots) <= NAMED_AT_MOST
    names = {
        spot.row.moment.id: str(spot.row.place or (next(letters) if whole else ""))
        for spot in spots
    }
    groups = tuple(
        (
            words.VERDICTS[verdict],
            style.VERDICT_MARKS[verdict],
            tuple(
                Point(names[s.row.moment.id], s.x, s.y, s.x_ends, s.y_ends)
                for s in spots
                if s.row.verdict == verdict
            ),
        )
        for verdict in words.VERDICTS
        if any(spot.row.verdict == verdict for spot in spots)
    )
    chart = Scatter(
        groups,
        picture_words.MEAN_RATING,
        picture_words.share_for(role),
        _target(findings, spots),
    )
    lines = [
        f"**{names[s.row.moment.id]}** "
        f"{escape_markdown(style.shorten(s.row.moment.name, LONGEST_KEY))}"
        for s in spots
        if names[s.row.moment.id]
    ]
    lines.append(f"Lines: {percent(findings.priorities.rules.confidence)} intervals.")
    return chart, "\n\n".join(lines)


def importance(findings: Findings, result: DriverResult) -> BarChart | None:
    """Return the importance bars of an outcome; None where it has none to compare."""
    if not result.is_ranked:
        return None
    called = phrases.names_by_id(findings)
    bars = []
    for name, row in _shown(result)[:BARS_AT_MOST]:
        value, ends = 100 * row["lmg"], _ends(row.get("ci_lower"), row.get("ci_upper"), 100)
        label = style.shorten(called.get(name, name), LONGEST_NAME)
        said = ONE_DIGIT.with_interval(value, *(ends or NO_ENDS))
        bars.append(Bar(f"{label}  {said}", value, ends))
    axis = picture_words.explained_share(result.confidence if result.n_resamples else None)
    return BarChart(tuple(bars), axis) if bars else None


def left_out(findings: Findings, result: DriverResult) -> str:
    """Return how many moments have no bar (Markdown)."""
    n = len(_shown(result)) - BARS_AT_MOST
    few = len(result.table) - len(_shown(result))
    return picture_words.without_a_bar(max(n, 0), few)


def metrics(row: Priority) -> BarChart | None:
    """Return the shares among the metrics of a moment as bars; None where there is none."""
    bars = []
    for name in METRICS:
        metric = row.metrics[name]
        if not _is_share(name) or metric.value is None or not is_shown(metric.n):
            continue
        ends = _ends(metric.ci_lower, metric.ci_upper, 100)
        label = f"{words.METRICS[name]}  {metric_text(metric, PERCENT)}"
        bars.append(Bar(label, 100 * metric.value, ends))
    return BarChart(tuple(bars), "%", maximum=100) if bars else None


def other_metrics(row: Priority) -> str:
    """Return the metrics that are no share, in one line (Markdown)."""
    found = {name: row.metrics[name] for name in METRICS if not _is_share(name)}
    parts = [
        f"{words.METRICS[name]} {metric_text(metric, METRIC_WRITING[name])}"
        for name, metric in found.items()
        if metric.value is not None
    ]
    return escape_markdown(f"{'; '.join(parts)}.") if parts else ""


def waterfall(findings: Findings, change: Change) -> Waterfall:
    """Return the steps from the mean before to the mean now, each with its interval in words."""
    outcome = findings.study.outcome(change.outcome)
    scale = 100 if outcome.kind in ("binary", "share") else 1
    before, now = (scale * float(change.mean.iloc[0][side]) for side in ("a", "b"))
    terms = change.terms.loc[[name for name in CAUSES if change.terms["estimate"][name] != 0]]
    digits = min(3, digits_for(*(scale * value for value in terms["estimate"])))
    steps = []
    for name, row in terms.iterrows():
        value, lower, upper = (scale * float(row[c]) for c in ("estimate", "ci_lower", "ci_upper"))
        text = signed(value, digits)
        if np.isfinite(lower) and np.isfinite(upper):
            text += f" ({signed(lower, digits)} to {signed(upper, digits)})"
        steps.append((f"{CAUSES[str(name)]}  {text}", value))
    unit = "%" if scale == 100 else phrases.unit(findings, change.outcome)
    return Waterfall(
        (f"Wave {change.wave_a}  {plain(before, digits)}", before),
        tuple(steps),
        (f"Wave {change.wave_b}  {plain(now, digits)}", now),
        f"Mean, {unit}; in brackets: {percent(change.confidence)} intervals",
    )


def _shown(result: DriverResult) -> list[tuple[str, dict[str, float]]]:
    """Return the tested moments that enough people rated, the most important first."""
    table = result.to_frame().loc[list(result.tested)]
    table = table[table["n"] >= SHOWN_FROM].sort_values("lmg", ascending=False, kind="stable")
    return [(str(name), dict(row)) for name, row in table.iterrows()]


def _is_share(name: str) -> bool:
    return METRIC_WRITING[name] is PERCENT


def _ends(lower: float | None, upper: float | None, scale: float) -> tuple[float, float] | None:
    if lower is None or upper is None or not (np.isfinite(lower) and np.isfinite(upper)):
        return None
    return scale * float(lower), scale * float(upper)


def _target(findings: Findings, spots: list[Spot]) -> float | None:
    """Return the target, where all moments drawn share one."""
    targets = {findings.study.ratings_for(spot.row.moment).target for spot in spots}
    expected = any(spot.row.moment.expected is not None for spot in spots)
    return targets.pop() if len(targets) == 1 and not expected else None


def _letters() -> str:
    return string.ascii_lowercase + string.ascii_uppercase
