"""The tables of the report, and of a result that shows itself in a notebook.

Markdown for documents, HTML for notebooks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.numbers import (
    CHANGE,
    COUNT,
    NO_BREAK,
    PERCENT,
    PERCENT_TENTHS,
    TWO_DIGITS,
    Writing,
    count,
    counts_hidden,
    effect_writing,
    is_shown,
    percent,
    plain,
    too_few,
    with_base,
)
from mot_research.priorities.result import METRICS, Grade, Metric, Priorities, Priority
from mot_research.report import narrative, words
from mot_research.report.house_style import shorten
from mot_research.report.markup import Bar, Cell, Column, Label, Quiet, Table
from mot_research.report.phrases import deciding
from mot_research.report.value_pages import gain_writing

LONGEST_NAME = 90  # characters in a table
LONGEST_ON_PAGE_ONE = 64
SHORT_HASH = 12
NONE = "–"
EXTREMES = ("penalty", "reward")
STAKE = "revenue_at_stake"
ABSENCES = ("n_rated", "n_not_experienced", "n_blank", "n_not_asked")
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


def drivers_html(result: DriverResult) -> str:
    """Return a driver analysis as an HTML table, most important first."""
    table = result.to_frame()
    effects = effect_writing(result.kind, table["effect"].dropna())
    three = Writing(lambda value: plain(value, 3))
    variation = Writing(lambda value: plain(100 * value, 1), f"{NO_BREAK}%")
    rows: list[tuple[str, ...]] = []
    for name, row in _by_importance(table):
        n = int(row["n"]) if np.isfinite(row["n"]) else None
        if name in result.not_tested or not is_shown(n):
            reason = result.not_tested.get(name) or too_few(n or 0)
            rows.append((name, *[NONE] * 6, f"not tested: {reason}"))
            continue
        rows.append(
            (
                name,
                variation.with_interval(row["lmg"], row.get("ci_lower"), row.get("ci_upper")),
                PERCENT.one(row["share"]),
                effects.one(row["effect"]),
                three.one(row["q_value"]),
                PERCENT.one(row["reach"]),
                TWO_DIGITS.one(row["mean"]),
                NONE if n is None else with_base(count(n), n),
            )
        )
    caption = (
        f"{result.outcome}: {result.model}; {count(result.n_obs)} answers, "
        f"R² {plain(result.r_squared, 3)}, {percent(result.confidence)} intervals"
    )
    columns = (
        Column("driver", 8),
        Column("how it went, % of variation", 6, "right"),
        Column("share", 3, "right"),
        Column("one point better", 4, "right"),
        Column("q", 3, "right"),
        Column("reach", 3, "right"),
        Column("mean", 3, "right"),
        Column("rated by", 5, "right"),
    )
    return Table(columns, tuple(rows)).to_html(caption=caption)


def _by_importance(table: pd.DataFrame) -> list[tuple[str, dict[str, float]]]:
    """Return the rows of a driver analysis, the most important first, the untested last."""
    ordered = table.sort_values("lmg", ascending=False, na_position="last", kind="stable")
    return [
        (str(name), dict(zip(ordered.columns, map(float, row), strict=True)))
        for name, row in zip(ordered.index, ordered.to_numpy(dtype=float), strict=True)
    ]


def priorities_html(priorities: Priorities) -> str:
    """Return the verdicts of all moments as an HTML table, the list first."""
    columns = (
        Column("#", 1, "right"),
        Column("moment", 8),
        Column("verdict", 4),
        Column("proven for", 4),
        Column("action", 3),
        Column("owner", 4),
        Column("reason", 14),
    )
    rows = tuple(
        (
            "" if row.place is None else str(row.place),
            row.moment.name,
            words.VERDICTS[row.verdict],
            _proven_for(row),
            words.ACTIONS[row.action] if row.action else NONE,
            row.moment.owner or words.NO_OWNER,
            row.reason,
        )
        for row in priorities.rows
    )
    return Table(columns, rows).to_html(caption=priorities.border)


def the_list(findings: Findings) -> str:
    """Return the table of page one as text; empty where nothing is on the list."""
    return list_table(findings).to_markdown() if findings.priorities.listed else ""


def list_table(findings: Findings) -> Table:
    """Return the table of page one: moment, owner, action, proven for, how sure, moved."""
    on_list = findings.priorities.listed
    moves = any(row.metrics["trend"].value is not None for row in on_list)
    columns = [
        Column("#", 1, "right"),
        Column("Moment", 13),
        Column("Owner", 6),
        Column("Action", 4),
        Column("Proven for", 5),
        Column("How sure", 8),
    ]
    if moves:
        columns.append(Column("Moved", 5))
    rows: list[tuple[Cell, ...]] = [
        (
            str(row.place),
            shorten(row.moment.name, LONGEST_ON_PAGE_ONE),
            shorten(row.moment.owner, 40) if row.moment.owner else words.NO_OWNER,
            action_label(row),
            _proven_for(row),
            _how_sure(row),
            *([moved_cell(row)] if moves else []),
        )
        for row in on_list
    ]
    return Table(tuple(columns), _under_headings(on_list, rows))


def action_label(row: Priority) -> Cell:
    """Return the action of a moment as a label; a dash where none is asked for."""
    return Label(words.ACTIONS[row.action], row.action) if row.action else NONE


def _how_sure(row: Priority) -> Cell:
    sure, text = narrative.certainty(row), narrative.how_sure(row)
    return text if sure is None else Bar(text, sure)


def moved_cell(row: Priority) -> Cell:
    """Return how the rating of a moment moved, quiet where that is nothing new."""
    text, change = narrative.moved(row), row.metrics["trend"].value
    if change is None or not narrative.is_moved(row):
        return Quiet(text)
    return f"{words.UP if change > 0 else words.DOWN} {text}"


def evidence(findings: Findings, role: str) -> str:
    """Return the numbers of one role for the list, with intervals.

    Where the analysis pools several waves, this wave alone stands beside.
    """
    result = deciding(findings).get(role)
    on_list = findings.priorities.listed
    if result is None or not on_list:
        return ""
    alone = findings.alone.get(result.outcome)
    beside = [Column("Reach", 3, "right"), Column("Mean", 3, "right")]
    if alone is not None:
        beside = [Column(f"{findings.wave} alone", 8, "right")]
    columns = (
        Column("#", 1, "right"),
        Column("Moment", 12),
        Column("Share of importance", 6, "right"),
        Column("One point better", 9, "right"),
        Column("Rank", 5, "right"),
        *beside,
        Column("Verdict", 5),
    )
    rows = [
        (
            str(row.place),
            shorten(row.moment.name, LONGEST_NAME),
            *grade_cells(row, role, findings),
            *(_seen(row) if alone is None else [_alone(row, alone, result)]),
            words.VERDICTS[row.grades[role].grade],
        )
        for row in on_list
        if role in row.grades
    ]
    return Table(columns, tuple(rows)).to_markdown()


def _seen(row: Priority) -> list[str]:
    return [
        metric_text(row.metrics["reach"], PERCENT, interval=False),
        metric_text(row.metrics["mean_rating"], TWO_DIGITS, interval=False),
    ]


def _alone(row: Priority, alone: DriverResult, pooled: DriverResult) -> str:
    """Return the effect in one wave by itself, written as the pooled one is."""
    if row.moment.id not in alone.tested:
        return "not tested"
    cells = alone.row(row.moment.id)
    writing = effect_writing(pooled.kind, pooled.table["effect"])
    text = writing.with_interval(
        cells["effect"], cells["effect_ci_lower"], cells["effect_ci_upper"]
    )
    return with_base(text, int(cells["n"]))


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
        name = narrative.role_outcome(role, findings)
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


def off_list(findings: Findings) -> str:
    """Return what is not on the list, and what the data still allow of it."""
    rows = [row for row in findings.priorities.rows if row.place is None]
    roles = list(deciding(findings))
    columns = (
        Column("Moment", 8),
        Column("Verdict", 4),
        *(Column(narrative.effect_head(role, findings), 8) for role in roles),
    )
    cells = tuple(
        (
            shorten(row.moment.name, LONGEST_NAME),
            words.VERDICTS[row.verdict],
            *(_allowed(row, role, findings) for role in roles),
        )
        for row in rows
    )
    return Table(columns, cells).to_markdown() if rows else ""


def absences(findings: Findings) -> str:
    """Return how many rated a moment, did not have it, left it blank, were not asked."""
    columns = (
        Column("Moment", 10),
        Column("Rated", 4, "right"),
        Column("Did not have it", 4, "right"),
        Column("Left blank", 4, "right"),
        Column("Not asked", 4, "right"),
    )
    called = {moment.id: moment.name for moment in findings.study.moments}
    counts = findings.absences[list(ABSENCES)]
    rows = tuple(
        (
            shorten(called.get(str(moment), str(moment)), LONGEST_NAME),
            *counts_hidden(tuple(int(cell) for cell in cells)),
        )
        for moment, cells in zip(counts.index, counts.to_numpy(), strict=True)
    )
    return Table(columns, rows).to_markdown()


def reproducibility(findings: Findings) -> str:
    """Return what is needed to get the same numbers again."""
    rules = findings.study.rules.model_dump()
    run = next(iter(findings.drivers.values()), findings.study.rules)
    seed, n_resamples = run.seed, run.n_resamples
    rows = [
        ("Study, wave", f"{findings.study.name}, {findings.wave}"),
        ("Seed, resamples", f"{seed}, {count(n_resamples)}"),
        ("Blanks", "by maximum likelihood" if rules["missing"] == "em" else "rows left out"),
        ("Versions", "; ".join(f"{name} {v}" for name, v in findings.versions.items())),
        ("Rules", "; ".join(f"{_spaced(k)}: {_rule(v)}" for k, v in rules.items())),
    ]
    files = [
        f"{file.name} {file.sha256[:SHORT_HASH]}…" + _rows(file.n_rows) for file in findings.inputs
    ]
    if files:
        rows.append(("Files, sha256", "; ".join(files)))
    return Table((Column("Of this run", 7), Column("Value", 17)), tuple(rows)).to_markdown()


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


def _allowed(row: Priority, role: str, findings: Findings) -> str:
    """Return the interval of an effect that is not on the list, in words."""
    grade = row.grades.get(role)
    if grade is None or grade.effect is None:
        return "not tested" if grade is None else grade.reason.partition(";")[0].rstrip(".")
    effects = effect_writing(
        findings.study.outcome(grade.outcome).kind, findings.drivers[grade.outcome].table["effect"]
    )
    n = row.metrics["mean_rating"].n
    if grade.grade == "not_proven":
        return with_base(f"anything from {effects.span(grade.ci_lower, grade.ci_upper)}", n)
    return with_base(effects.with_interval(grade.effect, grade.ci_lower, grade.ci_upper), n)


def _proven_for(row: Priority) -> str:
    if len(row.proven_for) == len(words.ROLES):
        return "both"
    return " and ".join(words.ROLES[role] for role in row.proven_for) or NONE


def _under_headings(
    on_list: tuple[Priority, ...], rows: list[tuple[Cell, ...]]
) -> tuple[tuple[Cell, ...] | str, ...]:
    """Put the heading over the first row of each kind, where there are several kinds."""
    kinds = dict.fromkeys(row.heading for row in on_list)
    out: list[tuple[Cell, ...] | str] = []
    last = None
    for priority, row in zip(on_list, rows, strict=True):
        if len(kinds) > 1 and priority.heading != last:
            out.append(words.LIST_HEADINGS[priority.heading or "proven"])
        last = priority.heading
        out.append(row)
    return tuple(out)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _rows(n: int) -> str:
    return f" ({count(n)} rows)" if n else ""


def _rule(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return "none" if value is None else str(value)
