"""Why a moment has its verdict: every rule, its threshold, its number, passed or not.

What is shown are the checks from which the verdict was read; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from mot_research.errors import AnalysisError, shown
from mot_research.findings import Findings
from mot_research.numbers import PERCENT, TWO_DIGITS, count, effect_writing, plain
from mot_research.priorities.by_segment import SegmentVerdict
from mot_research.priorities.result import Grade, Priority
from mot_research.priorities.rules import RULES, Check
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import captions, phrases, words
from mot_research.report.narrative.phrases import deciding
from mot_research.study.suggestions import did_you_mean

if TYPE_CHECKING:
    from rich.console import RenderableType

MET = {True: "yes", False: "no", None: "–"}
SHORT = {  # as a rule heads a column
    "rated": "rated",
    "asked": "asked",
    "blanks": "blanks",
    "raters": "raters",
    "comparable": "comparable",
    "estimable": "fitted",
    "above_zero": "effect",
    "answer_helps": "answer helps",
    "beyond_chance": "q",
    "ranked": "ranked",
    "by_lot": "by lot",
    "top_by_importance": "top, across all",
    "top_per_customer": "top, who had it",
    "against_all_tests": "p, all tests",
    "more_often_than_not": "top, either way",
    "certain": "worst place",
    "proven": "proven for",
    "brand_bet": "brand bet",
    "class_known": "class known or both pay",
    "below_target": "rating",
    "costs": "costs",
    "listed": "place",
}
SIGNS = {"at most ": "≤ ", "at least ": "≥ ", "above ": "> ", "below ": "< "}
MARKS = {True: "✓", False: "✗", None: ""}
NONE = "–"
LONGEST_NAME = 40  # characters in the matrix
COLUMNS = ("Rule", "Number", "Threshold", "Met")


def why_here(row: Priority, findings: Findings) -> str:
    """Return under a moment of the list every rule, its threshold and number, passed or not."""
    grades = {role: grade for role, grade in row.grades.items() if grade.checks}
    if not grades:
        return ""
    rules = _asked({check.rule for grade in grades.values() for check in grade.checks})
    heads = (_head(rule, grades.values()) for rule in rules)
    columns = (Column("Why is this here?", 6), *(Column(head, 4) for head in heads))
    cells = tuple(
        (words.sentence(words.ROLES[role]), *_marked(grade, rules, findings))
        for role, grade in grades.items()
    )
    of_moment = ", ".join(map(_in_a_line, row.checks))
    table = Table(columns, cells).to_markdown()
    return f"::: {{.mot-rules}}\n{table}\n\n*The moment:* {escape_markdown(of_moment)}.\n:::"


def _asked(rules: Collection[str]) -> list[str]:
    """Return these rules in their order."""
    return [rule for rule in RULES if rule in rules]


def _head(rule: str, grades: Iterable[Grade]) -> str:
    """Return a rule with its threshold."""
    checks = (check for grade in grades for check in grade.checks if check.rule == rule)
    told = (_signed(check) for check in checks if check.threshold is not None)
    name = SHORT[rule] if len(SHORT[rule]) == 1 else words.sentence(SHORT[rule])
    return f"{name} {next(told, '')}".strip()


def _signed(check: Check) -> str:
    """Return the threshold of a check with a sign in place of words."""
    _, threshold = _texts(check, TWO_DIGITS.one)
    for told, sign in SIGNS.items():
        threshold = threshold.replace(told, sign)
    return threshold


def _marked(grade: Grade, rules: Iterable[str], findings: Findings) -> list[str]:
    """Return what each rule says of a grade; nothing where it was not reached."""
    checks, effect = {check.rule: check for check in grade.checks}, _effects(grade, findings)
    return [_mark(checks[rule], effect) if rule in checks else "" for rule in rules]


def _mark(check: Check, effect: Callable[[float], str]) -> str:
    number = "" if check.value is None else _texts(check, effect)[0]
    return f"{number} {MARKS[check.passed]}".strip() or NONE


def _in_a_line(check: Check) -> str:
    number = "" if check.value is None else _texts(check, TWO_DIGITS.one)[0]
    threshold = "" if check.threshold is None else f"({_signed(check)})"
    return " ".join(filter(None, [SHORT[check.rule], number, threshold, MARKS[check.passed]]))


def _effects(grade: Grade, findings: Findings) -> Callable[[float], str]:
    """Return how an effect on the outcome of a grade is written."""
    kind = findings.study.outcome(grade.outcome).kind
    effects = [grade.effect]
    if grade.outcome in findings.drivers:
        effects = list(findings.drivers[grade.outcome].table["effect"])
    return effect_writing(kind, effects).one


def _texts(check: Check, effect: Callable[[float], str]) -> tuple[str, str]:
    """Return the number and the threshold of a check as people read them."""
    number, threshold = _WRITTEN.get(check.rule, (_none, _none))
    if check.rule == "above_zero":
        number = effect
    told = "" if check.value is None else number(check.value)
    return told or check.reason or "–", "" if check.threshold is None else threshold(
        check.threshold
    )


def _none(value: float) -> str:
    return ""


def _probability(value: float) -> str:
    if value < 0.001:
        return "< .001"
    return f"{value:.4f}".rstrip("0").replace("0.", ".", 1)


_AT_LEAST: tuple[Callable[[float], str], Callable[[float], str]] = (
    PERCENT.one,
    lambda value: f"at least {PERCENT.one(value)}",
)
_WRITTEN: Mapping[str, tuple[Callable[[float], str], Callable[[float], str]]] = {
    "blanks": (PERCENT.one, lambda value: f"at most {PERCENT.one(value)}"),
    "raters": (count, lambda value: f"at least {count(value)}"),
    "above_zero": (TWO_DIGITS.one, lambda value: "above 0"),
    "beyond_chance": (_probability, lambda value: f"at most {_probability(value)}"),
    "top_by_importance": _AT_LEAST,
    "top_per_customer": _AT_LEAST,
    "against_all_tests": (_probability, lambda value: f"at most {_exact(value)}"),
    "more_often_than_not": _AT_LEAST,
    "certain": (count, lambda value: f"at most {count(value)}"),
    "proven": (lambda value: words.counted(int(value), "role"), lambda value: "at least 1"),
    "listed": (count, lambda value: f"at most {count(value)}"),
    "below_target": (TWO_DIGITS.one, lambda value: f"below {plain(value, 2)}"),
    "costs": (count, lambda value: ""),
}


def _exact(value: float) -> str:
    """Return a small limit to two digits that count: .0031."""
    return f"{value:.2g}".replace("0.", ".", 1) if value >= 1e-4 else f"{value:.0e}"


def groups(
    row: Priority, findings: Findings, grades: Mapping[str, Grade]
) -> Iterator[tuple[str, Table]]:
    """Yield the rules of each role, then those of the moment, each with its heading."""
    for role, grade in grades.items():
        outcome = findings.study.outcome(grade.outcome).name
        title = f"For {words.THE_ROLES[role]} ({outcome}): {words.VERDICTS[grade.grade]}"
        yield title, _table(grade.checks, _effects(grade, findings))
    action = words.ACTIONS[row.action] if row.action else "no action"
    title = f"The moment: {words.VERDICTS[row.verdict]}; {action}"
    yield title, _table(row.checks, TWO_DIGITS.one)


def _table(checks: Iterable[Check], effect: Callable[[float], str]) -> Table:
    columns = (Column("Rule", 16), Column("Number", 7), Column("Threshold", 7), Column("Met", 3))
    return Table(
        columns,
        tuple(
            (words.sentence(RULES[check.rule].asks), *_texts(check, effect), MET[check.passed])
            for check in checks
        ),
    )


def for_terminal(
    findings: Findings, moment_id: str, part: tuple[str, str] | None = None
) -> list[RenderableType]:
    """Return the sentence of reason, and a table of rules for each role.

    Parameters
    ----------
    findings : Findings
    moment_id : str
    part : (segment, value), optional
        The customers to speak of. Default: all.

    Raises
    ------
    AnalysisError
        The segment has no such value, or no verdict for it.
    """
    from rich.table import Table as Drawn
    from rich.text import Text

    row = findings.priorities[moment_id]
    if part is None:
        reason, given = row.reason, list(groups(row, findings, row.grades))
    else:
        found = _of_part(findings, moment_id, *part)
        reason, given = found.reason, list(groups(row, findings, found.grades))[:-1]
    about = f"{row.moment.name}{'' if part is None else f', {part[0]} = {part[1]}'}"
    said: list[RenderableType] = [Text(_safe(about), style="bold"), Text(_safe(reason)), Text("")]
    for title, table in given:
        drawn = Drawn(title=Text(_safe(title), style="bold"), title_justify="left", box=None)
        for head in COLUMNS:
            drawn.add_column(head, overflow="fold", header_style="bold")
        drawn.add_column("Source", overflow="fold", style="dim", header_style="bold")
        sources = {words.sentence(rule.asks): rule.source for rule in RULES.values()}
        for cells in table.rows:
            texts = [Text(_safe(str(cell))) for cell in cells]
            texts[-1].stylize({"yes": "green", "no": "bold red"}.get(str(cells[-1]), "dim"))
            drawn.add_row(*texts, Text(sources[str(cells[0])]))
        said += [drawn, Text("")]
    return said


def _safe(text: str) -> str:
    """Return a text whose every word is safe for a terminal."""
    return " ".join(map(shown, text.split(" ")))


def _of_part(findings: Findings, moment_id: str, segment: str, value: str) -> SegmentVerdict:
    each = findings.segment_priorities.get(segment)
    if each is None:
        raise AnalysisError(f"no outcome could be analysed by '{shown(segment)}'.")
    if value in each.refused:
        raise AnalysisError(
            f"no verdict for {shown(segment)} = {shown(value)}: {each.refused[value]}."
        )
    if value not in each.verdicts:
        values = [*each.verdicts, *each.refused]
        raise AnalysisError(
            f"{shown(segment)} has no value '{shown(value)}'.{did_you_mean(value, values)} "
            f"Its values: {', '.join(map(shown, values))}."
        )
    return each.verdicts[value][moment_id]


def rules_with_sources(findings: Findings) -> str:
    """Return every rule of the verdict with its threshold and where it comes from."""
    rules = findings.priorities.rules
    thresholds = {
        "blanks": "at most 40 %",
        "raters": f"at least {count(rules.min_n)}",
        "above_zero": "above 0",
        "beyond_chance": f"at most {_probability(rules.false_discovery_rate)}",
        "top_by_importance": f"at least {PERCENT.one(rules.p_top)}",
        "top_per_customer": f"at least {PERCENT.one(rules.p_top)}",
        "against_all_tests": f"at most {_probability(rules.false_discovery_rate)} / tests",
        "more_often_than_not": "at least 50 %",
        "certain": f"at most {count(findings.priorities.top)}",
        "listed": f"at most {count(rules.top)}",
        "below_target": "the target of its scale",
    }
    columns = (Column("Rule", 12), Column("Threshold", 6), Column("Decides", 4), Column("From", 12))
    return Table(
        columns,
        tuple(
            (words.sentence(rule.asks), thresholds.get(rule.id, ""), rule.decides, rule.source)
            for rule in RULES.values()
        ),
    ).to_markdown()


def matrices(findings: Findings) -> str:
    """Return for each role the numbers that decided, a row a moment."""
    blocks = []
    for role in deciding(findings):
        blocks += [
            f"**{escape_markdown(captions.role_outcome(role, findings))}**",
            _matrix(findings, role),
        ]
    return "\n\n".join(blocks) or phrases.EMPTY_LIST


def _matrix(findings: Findings, role: str) -> str:
    graded = [row for row in findings.priorities.rows if role in row.grades]
    grades = [row.grades[role] for row in graded]
    rules = _asked(
        {check.rule for grade in grades for check in grade.checks if check.value is not None}
    )
    columns = (
        Column("Moment", 10),
        *(Column(_head(rule, grades), 5) for rule in rules),
        Column("Grade", 5),
    )
    cells = tuple(
        (
            shorten(row.moment.name, LONGEST_NAME),
            *_marked(grade, rules, findings),
            words.VERDICTS[grade.grade],
        )
        for row, grade in zip(graded, grades, strict=True)
    )
    return Table(columns, cells).to_markdown()


def frame(findings: Findings) -> pd.DataFrame:
    """Return one row per moment, role and rule, for a spreadsheet; no role: of the moment."""
    rows = [
        {
            "moment": row.moment.id,
            "role": role,
            "rule": check.rule,
            "asks": RULES[check.rule].asks,
            "value": check.value,
            "threshold": check.threshold,
            "passed": MET[check.passed],
            "reason": check.reason,
            "source": RULES[check.rule].source,
        }
        for row in findings.priorities.rows
        for role, checks in (
            *((role, grade.checks) for role, grade in row.grades.items()),
            ("", row.checks),
        )
        for check in checks
    ]
    columns = ["moment", "role", "rule", "asks", "value", "threshold", "passed", "reason", "source"]
    return pd.DataFrame(rows, columns=columns)
