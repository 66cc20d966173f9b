"""The tables of the report over all moments: the list, the evidence, the rest. Markdown."""

from __future__ import annotations

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.numbers import (
    PERCENT,
    TWO_DIGITS,
    count,
    counts_hidden,
    effect_writing,
    with_base,
)
from mot_research.priorities.result import Priority
from mot_research.report.house_style import shorten
from mot_research.report.markup import Bar, Cell, Column, Label, Quiet, Table
from mot_research.report.narrative import captions, moment_tables, one_moment, words
from mot_research.report.narrative.phrases import deciding, of_whom

LONGEST_NAME = 90  # characters in a table
LONGEST_ON_PAGE_ONE = 64
SHORT_HASH = 12
NONE = "–"
ABSENCES = ("n_rated", "n_not_experienced", "n_blank", "n_not_asked")


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
            one_moment.proven_for(row),
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
    sure, text = one_moment.certainty(row), one_moment.how_sure(row)
    return text if sure is None else Bar(text, sure)


def moved_cell(row: Priority) -> Cell:
    """Return how the rating of a moment moved, quiet where that is nothing new."""
    text, change = one_moment.moved(row), row.metrics["trend"].value
    if change is None or not one_moment.is_moved(row):
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
            *moment_tables.grade_cells(row, role, findings),
            *(_seen(row) if alone is None else [_alone(row, alone, result)]),
            words.VERDICTS[row.grades[role].grade],
        )
        for row in on_list
        if role in row.grades
    ]
    return Table(columns, tuple(rows)).to_markdown()


def _seen(row: Priority) -> list[str]:
    return [
        moment_tables.metric_text(row.metrics["reach"], PERCENT, interval=False),
        moment_tables.metric_text(row.metrics["mean_rating"], TWO_DIGITS, interval=False),
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


def off_list(findings: Findings) -> str:
    """Return what is not on the list, and what the data still allow of it."""
    rows = [row for row in findings.priorities.rows if row.place is None]
    roles = list(deciding(findings))
    columns = (
        Column("Moment", 8),
        Column("Verdict", 4),
        *(Column(captions.effect_head(role, findings), 8) for role in roles),
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
        ("Study", f"{findings.study.name}, {of_whom(findings)}"),
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
