"""Why a moment has its verdict: every rule is told, with its number, for every case."""

import dataclasses
import io

import pytest
from rich.console import Console

from mot_research.errors import AnalysisError
from mot_research.priorities.rules import RULES
from mot_research.report.narrative import explained, pages
from tests.priorities.test_verdicts import result, study, verdicts
from tests.report.cases import findings as made
from tests.report.cases import odd_cases


@pytest.fixture(scope="module")
def checked():
    """Findings whose verdicts were decided by the rules: three moments, one of them untested."""
    one = result(lmg=[0.3, 0.1], p_top=[0.99, 0.2], p_each=[0.9, 0.1], q=[0.001, 0.3])
    revenue = dataclasses.replace(one, outcome="renewed", kind="binary")
    defined = study(3, m2={"rating": None}, m1={"brand_bet": "[red]It is who we are[/red]"})
    priorities = verdicts(defined, relationship=one, revenue=revenue)
    drivers = {"ltr": one, "renewed": revenue}
    return dataclasses.replace(made(3), study=defined, drivers=drivers, priorities=priorities)


def printed(findings, moment, part=None):
    console = Console(width=140, highlight=False, record=True, file=io.StringIO())
    for piece in explained.for_terminal(findings, moment, part):
        console.print(piece)
    return console.export_text()


def test_every_rule_is_printed_with_its_source_after_the_reason(checked):
    text = printed(checked, "m0")
    row = checked.priorities["m0"]
    assert text.index(row.reason[:40]) < text.index("Threshold")
    checks = [*row.checks, *(c for grade in row.grades.values() for c in grade.checks)]
    for check in checks:
        assert RULES[check.rule].asks[1:30] in text
    assert "at least 80" in text
    assert "Kish" not in text  # nobody was counted by hand
    assert "Benjamini" in text


def test_hostile_text_reaches_the_terminal_as_text(checked):
    assert "[red]It is who we are[/red]" in printed(checked, "m1")


def cells(markdown, name):
    """What the row of a role says under each head of the table."""
    rows = [
        [cell.strip().replace("\\", "").replace("\u00a0", " ") for cell in line.split("|")[1:-1]]
        for line in markdown.splitlines()
        if line.startswith("|")
    ]
    return dict(zip(rows[0], next(row for row in rows if row[0] == name), strict=True))


def test_every_rule_stands_under_a_moment_with_threshold_number_and_mark(checked):
    row = checked.priorities["m0"]
    shown = cells(explained.why_here(row, checked), "Relationship")
    checks = row.grades["relationship"].checks
    assert len(shown) == 1 + len(checks)
    for check in checks:
        head = next(head for head in shown if explained.SHORT[check.rule] in head.lower())
        assert ("✓" in shown[head]) == (check.passed is True)
        assert ("✗" in shown[head]) == (check.passed is False)
    assert shown["Top, across all ≥ 80 %"].startswith("99 %")
    line = explained.why_here(row, checked).splitlines()[-2]
    assert all(explained.SHORT[check.rule] in line for check in row.checks)


def test_a_rule_that_is_not_passed_is_marked_and_one_not_reached_has_no_mark(checked):
    bet = cells(explained.why_here(checked.priorities["m1"], checked), "Relationship")
    assert bet["q ≤ .05"] == ".3 ✗"
    whole = checked.priorities["m0"].grades["relationship"]
    stopped = dataclasses.replace(whole, role="revenue", checks=whole.checks[:1])
    grades = {"relationship": whole, "revenue": stopped}
    row = dataclasses.replace(checked.priorities["m0"], grades=grades)
    assert cells(explained.why_here(row, checked), "Revenue")["q ≤ .05"] == ""


@pytest.mark.parametrize("case", odd_cases().values(), ids=odd_cases())
def test_the_tables_are_right_for_every_case(case):
    for text in (explained.matrices(case), explained.rules_with_sources(case)):
        assert "nan" not in text
        assert "None" not in text
    assert pages.the_moments(case)


def test_the_spreadsheet_has_a_row_for_each_check(checked):
    frame = explained.frame(checked)
    n = sum(
        len(row.checks) + sum(len(grade.checks) for grade in row.grades.values())
        for row in checked.priorities.rows
    )
    assert len(frame) == n
    assert set(frame["passed"]) <= {"yes", "no", "–"}


def test_a_part_without_verdicts_is_refused(checked):
    with pytest.raises(AnalysisError, match="could be analysed by 'plan'"):
        printed(checked, "m0", ("plan", "prepaid"))
