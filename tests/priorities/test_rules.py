"""Rules and checks: grades, verdicts and actions follow from the checks, and from the page."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mot_research.drivers.design import Described
from mot_research.priorities.rules import (
    RULES,
    TESTABLE,
    action_by,
    grade_by,
    grade_checks,
    is_tested,
    met,
    moment_checks,
    verdict_by,
)
from mot_research.study.definition import Rules
from tests.priorities.test_verdicts import result, study, verdicts


def as_written(p_top, p_each, effect, q, p):
    """The table of docs/methods/verdicts.md, read as a person would."""
    if not (effect > 0 and q <= 0.05):
        return "not_proven"
    if p_top >= 0.8 or (p_each >= 0.8 and p <= 0.05 / len(GRID)):
        return "proven"
    return "likely" if max(p_top, p_each) >= 0.5 else "minor"


GRID = list(
    itertools.product(
        (0.1, 0.5, 0.79, 0.8), (0.0, 0.5, 0.8), (-0.3, 0.3), (0.05, 0.051), (0.0001, 0.01)
    )
)


@pytest.mark.parametrize("role", ["relationship", "revenue"])
def test_the_grade_of_every_moment_is_that_of_the_written_rules(role):
    n = len(GRID)
    p_top, p_each, effect, q, p = (list(column) for column in zip(*GRID, strict=True))
    lmg = np.linspace(1, 2, n)
    one = result(lmg=lmg, p_top=p_top, p_each=p_each, effect=effect, q=q, p=p)
    if role == "revenue":
        one = replace(one, outcome="renewed", kind="binary")
    found = verdicts(study(n), **{role: one})
    for i, numbers in enumerate(GRID):
        row = found[f"m{i}"]
        assert row.grades[role].grade == as_written(*numbers), numbers
        assert row.verdict == as_written(*numbers)


def test_explanation_and_decision_are_the_same_thing():
    one = result(lmg=[0.3, 0.2, 0.1], p_top=[0.99, 0.6, 0.1], effect=[0.3, 0.3, -0.3])
    revenue = replace(one, outcome="renewed", kind="binary")
    bets = {"m1": {"brand_bet": "It is who we are"}}
    for row in verdicts(study(3, **bets), relationship=one, revenue=revenue).rows:
        grades = [grade_by(grade.checks) for grade in row.grades.values()]
        assert grades == [grade.grade for grade in row.grades.values()]
        assert verdict_by(row.checks, grades) == row.verdict
        assert action_by(row.checks, row.verdict, row.asymmetry) == row.action
        assert ("listed" in met(row.checks)) == (row.place is not None)
        for grade in row.grades.values():
            by_rule = {check.rule: check for check in grade.checks}
            assert by_rule["above_zero"].value == grade.effect
            assert by_rule["beyond_chance"].value == grade.q_value
            assert by_rule["top_by_importance"].value == grade.p_top
            assert grade.certain == (grade.grade == "proven" and bool(by_rule["certain"].passed))


def test_every_check_has_a_rule_with_a_source():
    row = verdicts(study(2), relationship=result(lmg=[0.2, 0.1]))["m0"]
    used = {check.rule for check in (*row.checks, *row.grades["relationship"].checks)}
    assert used <= set(RULES)
    by_hand = {"blanks", "raters"}  # nobody was counted
    without_a_rating = {"comparable", "answer_helps", "by_lot"}
    assert set(RULES) - used <= by_hand | without_a_rating
    assert all(rule.asks and rule.source for rule in RULES.values())


def untested(why, seen=None, **options):
    one = result(lmg=[0.2, 0.1])
    table = pd.concat([one.table, pd.DataFrame(index=["m2"], columns=one.table.columns)])
    described = {} if seen is None else {"m2": seen}
    one = replace(one, table=table, not_tested={"m2": why}, described=described)
    moment = study(3, **options).moment("m2")
    return grade_checks(moment, one, Rules(), None)


class TestNotTested:
    @pytest.mark.parametrize(
        ("why", "seen", "rule"),
        [
            ("not asked", None, "asked"),
            ("too few to say", Described(60, 31.0, 0.1, 4.0, 0.0), "raters"),
            ("41% left it blank", Described(600, 590.0, 0.9, 4.0, 0.41), "blanks"),
            ("no variance", Described(600, 590.0, 0.9, 4.0, 0.0), "estimable"),
            ("separated", None, "estimable"),
        ],
    )
    def test_one_rule_says_why(self, why, seen, rule):
        checks = untested(why, seen)
        assert [check.rule for check in checks if check.passed is False] == [rule]
        assert not is_tested(checks)
        assert grade_by(checks) == "not_tested"

    def test_without_a_question_nothing_else_is_asked(self):
        checks = untested("", m2={"rating": None})
        assert [check.rule for check in checks] == ["rated"]
        assert grade_by(checks) == "not_tested"

    def test_counts_below_ten_stay_secret(self):
        checks = {check.rule: check for check in untested("few", Described(9, 9.0, 0.1, 4, 0.1))}
        assert checks["raters"].passed is False
        assert checks["raters"].value is None
        assert checks["blanks"].value is None
        assert "fewer than 10" in checks["raters"].reason

    def test_no_place_rule_is_asked_of_what_is_not_tested(self):
        assert {check.rule for check in untested("no variance")} <= set(TESTABLE)


def test_without_a_ranking_the_rules_of_places_do_not_apply():
    one = result(lmg=[0.2, 0.1])
    one = replace(
        one,
        table=one.table.assign(rank=np.nan, p_top=np.nan, p_top_each=np.nan, lmg=np.nan),
        lmg_draws=np.empty((0, 2)),
    )
    checks = {c.rule: c for c in grade_checks(study(2).moment("m0"), one, Rules(), None)}
    assert checks["ranked"].passed is False
    assert checks["top_by_importance"].passed is None
    assert "not ranked" in checks["top_by_importance"].reason
    assert grade_by(checks.values()) == "likely"


def test_an_action_without_a_rating_is_to_find_out():
    moment = study(1).moment("m0")
    checks = moment_checks(moment, ["revenue"], "basic", False, None, 4.0)
    assert {check.rule: check.passed for check in checks}["below_target"] is None
    assert action_by(checks, "proven", "basic") == "find_out"
