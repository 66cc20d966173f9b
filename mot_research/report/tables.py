"""The tables of the report, and of a result that shows itself in a notebook.

A :class:`Table` holds plain text; it is escaped where it is written, as
Markdown for documents and as HTML for notebooks.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.priorities.result import METRICS, Grade, Metric, Priorities, Priority
from mot_research.report import narrative, words
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.numbers import (
    Formatter,
    count,
    counts_hidden,
    effect_writer,
    is_shown,
    percent,
    plain,
    signed,
    too_few,
    with_base,
    with_interval,
)

LONGEST_NAME = 90
SHORT_HASH = 12
NONE = "–"


@dataclass(frozen=True)
class Column:
    """A column's head, its relative width, and the side its cells keep to."""

    head: str
    width: int
    side: Literal["left", "right"] = "left"


@dataclass(frozen=True)
class Table:
    """Cells of plain text; a row that is a single text is a heading over those below it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...] | str, ...]

    def to_markdown(self) -> str:
        """Return a pipe table; the dashes give the widths."""
        heads = [escape_markdown(column.head) or "&nbsp;" for column in self.columns]
        rules = [
            ("-" * (3 * column.width) + (":" if column.side == "right" else "-"))
            for column in self.columns
        ]
        lines = [heads, rules]
        for row in self.rows:
            if isinstance(row, str):
                at = 1 if len(self.columns) > 2 else 0
                lines.append(
                    [f"**{row}**" if i == at else "" for i in range(len(self.columns))]
                )
            else:
                lines.append([escape_markdown(cell) for cell in row])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def to_html(self, *, caption: str = "") -> str:
        """Return an HTML table that needs no style sheet of its own."""
        head = "".join(
            f'<th scope="col" style="text-align:{column.side}">{html.escape(column.head)}</th>'
            for column in self.columns
        )
        body = []
        for row in self.rows:
            if isinstance(row, str):
                cells = (
                    f'<th scope="rowgroup" colspan="{len(self.columns)}" style="text-align:left">'
                    f"{html.escape(row)}</th>"
                )
            else:
                cells = "".join(
                    f'<td style="text-align:{column.side}">{html.escape(cell)}</td>'
                    for column, cell in zip(self.columns, row, strict=True)
                )
            body.append(f"<tr>{cells}</tr>")
        title = f'<caption style="text-align:left">{html.escape(caption)}</caption>'
        return (
            f'<table class="mot">{title if caption else ""}<thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(body)}</tbody></table>"
        )


def drivers_html(result: DriverResult) -> str:
    """Return a driver analysis as an HTML table, most important first."""
    table = result.to_frame()
    write = effect_writer(result.kind, *table["effect"].dropna())
    rows = []
    for name in sorted(table.index, key=lambda name: -np.nan_to_num(table.at[name, "lmg"])):
        row = table.loc[name]
        n = None if not np.isfinite(row["n"]) else int(row["n"])
        if name in result.not_tested or not is_shown(n):
            reason = result.not_tested.get(name) or too_few(n or 0)
            rows.append((str(name), *[NONE] * 6, f"not tested: {reason}"))
            continue
        rows.append(
            (
                str(name),
                _cell(row, "lmg", lambda v: percent(v, 1), "ci_lower", "ci_upper"),
                _cell(row, "share", percent),
                _cell(row, "effect", write),
                _cell(row, "q_value", lambda v: plain(v, 3)),
                _cell(row, "reach", percent),
                _cell(row, "mean", lambda v: plain(v, 2)),
                with_base(count(n) if n is not None else NONE, n),
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


def priorities_html(priorities: Priorities) -> str:
    """Return the verdicts of all moments as an HTML table, the list first."""
    columns = (
        Column("", 1, "right"),
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
    """Return the table of page one: moment, owner, action, proven for, how sure, moved."""
    on_list = findings.priorities.listed
    if not on_list:
        return ""
    moves = any(row.metrics["trend"].value is not None for row in on_list)
    columns = [
        Column("", 1, "right"),
        Column("Moment", 11),
        Column("Owner", 6),
        Column("Action", 3),
        Column("Proven for", 6),
        Column("How sure", 5),
    ]
    if moves:
        columns.append(Column("Moved", 4))
    rows = [
        (
            str(row.place),
            shorten(row.moment.name, LONGEST_NAME),
            shorten(row.moment.owner, 40) if row.moment.owner else words.NO_OWNER,
            words.ACTIONS[row.action] if row.action else NONE,
            _proven_for(row),
            narrative.how_sure(row),
            *([narrative.moved(row)] if moves else []),
        )
        for row in on_list
    ]
    return Table(tuple(columns), _under_headings(on_list, rows)).to_markdown()


def evidence(findings: Findings, role: str) -> str:
    """Return the numbers of one role for the list, with intervals."""
    result = narrative.deciding(findings).get(role)
    on_list = findings.priorities.listed
    if result is None or not on_list:
        return ""
    columns = (
        Column("", 1, "right"),
        Column("Moment", 9),
        Column("Share of importance", 6, "right"),
        Column("One point better", 8, "right"),
        Column("Place (interval)", 4, "right"),
        Column("Reach", 3, "right"),
        Column("Mean rating", 5, "right"),
        Column("Verdict", 4),
    )
    rows = [
        (
            str(row.place),
            shorten(row.moment.name, LONGEST_NAME),
            *grade_cells(row.grades[role], findings, row.metrics["mean_rating"].n),
            metric_text(row.metrics["reach"], percent, interval=False),
            metric_text(row.metrics["mean_rating"], lambda v: plain(v, 1)),
            words.VERDICTS[row.grades[role].grade],
        )
        for row in on_list
        if role in row.grades
    ]
    return Table(columns, tuple(rows)).to_markdown()


def grade_cells(grade: Grade, findings: Findings, n: int | None) -> tuple[str, str, str]:
    """Return share, effect and place of one moment for one outcome, with their intervals."""
    if grade.effect is None:
        return "not tested", NONE, NONE
    unit = findings.study.currency or ""
    kind = findings.study.outcome(grade.outcome).kind
    write = effect_writer(kind, grade.effect, grade.ci_lower, grade.ci_upper, unit=unit)
    share = with_interval(grade.share, grade.share_lower, grade.share_upper, percent)
    effect = with_interval(grade.effect, grade.ci_lower, grade.ci_upper, write)
    rank = with_interval(grade.rank, grade.rank_lower, grade.rank_upper, count)
    return with_base(share, n), with_base(effect, n), with_base(rank, n)


def moment_evidence(row: Priority, findings: Findings) -> str:
    """Return the evidence for one moment: a column a role."""
    if not row.grades:
        return ""
    n = row.metrics["mean_rating"].n
    grades = list(row.grades.values())
    cells = [grade_cells(grade, findings, n) for grade in grades]
    outcomes = [shorten(findings.study.outcome(g.outcome).name, 44) for g in grades]
    columns = (
        Column("Evidence", 6),
        *(
            Column(f"{words.sentence(words.ROLES[g.role])}: {name}", 10)
            for g, name in zip(grades, outcomes, strict=True)
        ),
    )
    rows = (
        ("Verdict", *(words.VERDICTS[grade.grade] for grade in grades)),
        ("One point better", *(effect for _, effect, _ in cells)),
        ("Share of importance", *(share for share, _, _ in cells)),
        ("Place among moments", *(rank for _, _, rank in cells)),
    )
    return Table(columns, rows).to_markdown()


def off_list(findings: Findings) -> str:
    """Return what is not on the list: verdict, what the data still allow, and why."""
    rows = [row for row in findings.priorities.rows if row.place is None]
    if not rows:
        return ""
    roles = list(narrative.deciding(findings))
    columns = (
        Column("Moment", 7),
        Column("Verdict", 3),
        *(Column(f"One point better, {words.ROLES[role]}", 5) for role in roles),
        Column("Reason", 12),
    )
    cells = tuple(
        (
            shorten(row.moment.name, LONGEST_NAME),
            words.VERDICTS[row.verdict],
            *(_allowed(row, role, findings) for role in roles),
            row.reason,
        )
        for row in rows
    )
    return Table(columns, cells).to_markdown()


def absences(findings: Findings) -> str:
    """Return how many rated a moment, did not have it, left it blank, were not asked."""
    columns = (
        Column("Moment", 10),
        Column("Rated", 4, "right"),
        Column("Did not have it", 4, "right"),
        Column("Left blank", 4, "right"),
        Column("Not asked", 4, "right"),
    )
    names = ["rated", "not_experienced", "blank", "not_asked"]
    called = {moment.id: moment.name for moment in findings.study.moments}
    rows = tuple(
        (
            shorten(called.get(str(moment), str(moment)), LONGEST_NAME),
            *counts_hidden(tuple(int(cell) for cell in findings.absences.loc[moment, names])),
        )
        for moment in findings.absences.index
    )
    return Table(columns, rows).to_markdown()


def reproducibility(findings: Findings) -> str:
    """Return what is needed to get the same numbers again."""
    rules = findings.study.rules.model_dump()
    result = next(iter(findings.drivers.values()), None)
    rows = [
        ("Study", findings.study.name),
        ("Wave", findings.wave),
        ("Seed", str(findings.study.rules.seed if result is None else result.seed)),
        (
            "Resamples",
            count(findings.study.rules.n_resamples if result is None else result.n_resamples),
        ),
        ("Blanks", "by maximum likelihood" if rules["missing"] == "em" else "rows left out"),
        ("Versions", "; ".join(f"{name} {v}" for name, v in findings.versions.items())),
        ("Rules", "; ".join(f"{_spaced(k)}: {_rule(v)}" for k, v in rules.items())),
    ]
    rows += [
        (f"File {file.name}", f"sha256 {file.sha256[:SHORT_HASH]}…; {count(file.n_rows)} rows")
        for file in findings.inputs
    ]
    return Table((Column("Of this run", 6), Column("Value", 18)), tuple(rows)).to_markdown()


def metric_text(metric: Metric, write: Formatter, *, interval: bool = True) -> str:
    """Return one metric with its interval, or what stands for it where it may not show."""
    if metric.value is None:
        return "not available"
    if not interval:
        return with_base(write(metric.value), metric.n)
    return with_base(
        with_interval(metric.value, metric.ci_lower, metric.ci_upper, write), metric.n
    )


def metric_writer(name: str, findings: Findings) -> Formatter:
    """Return how a metric's number is written."""
    if name in (
        "reach",
        "top_box",
        "bottom_box",
        "importance_relationship",
        "importance_revenue",
        "negative_share",
        "consensus",
    ):
        return percent
    if name in ("gap_to_expectation", "trend", "penalty", "reward"):
        return lambda value: signed(value, 2)
    if name == "mentions":
        return count
    if name == "revenue_at_stake":
        currency = f" {findings.study.currency}" if findings.study.currency else ""
        return lambda value: f"{count(value)}{currency}"
    return lambda value: plain(value, 2)


def metrics_line(row: Priority, findings: Findings) -> str:
    """Return the metrics that stand for the customers' side, those available, as Markdown."""
    shown = [name for name in METRICS if not name.startswith("importance")]
    parts = [
        f"{words.METRICS[name].lower()} **"
        + escape_markdown(metric_text(row.metrics[name], metric_writer(name, findings)))
        + "**"
        for name in shown
        if row.metrics[name].value is not None
    ]
    return words.sentence("; ".join(parts)) + "." if parts else ""


def _allowed(row: Priority, role: str, findings: Findings) -> str:
    grade = row.grades.get(role)
    n = row.metrics["mean_rating"].n
    span = "" if grade is None else narrative.effect_span(grade, findings)
    if not span:
        return "not tested"
    return with_base(span if row.verdict == "minor" else f"anything from {span}", n)


def _proven_for(row: Priority) -> str:
    return " and ".join(words.ROLES[role] for role in row.proven_for) or NONE


def _under_headings(
    on_list: tuple[Priority, ...], rows: list[tuple[str, ...]]
) -> tuple[tuple[str, ...] | str, ...]:
    """Put the heading over the first row of each kind, where there are several kinds."""
    kinds = dict.fromkeys(row.heading for row in on_list)
    out: list[tuple[str, ...] | str] = []
    last = None
    for priority, row in zip(on_list, rows, strict=True):
        if len(kinds) > 1 and priority.heading != last:
            out.append(words.LIST_HEADINGS[priority.heading or "proven"])
        last = priority.heading
        out.append(row)
    return tuple(out)


def _cell(row: object, name: str, write: Formatter, lower: str = "", upper: str = "") -> str:
    values = [row.get(key) if key else None for key in (name, lower, upper)]  # type: ignore[attr-defined]
    found = [None if v is None or not np.isfinite(v) else float(v) for v in values]
    return NONE if found[0] is None else with_interval(*found, write)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _rule(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return str(value)
