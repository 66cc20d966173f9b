"""What is said of stages, owners, metrics, goals and feelings, in the usual case and odd ones."""

import dataclasses

import numpy as np
import pytest

from mot_research.priorities.result import Metric
from mot_research.report.narrative import beside, goals, operations, scorecards
from tests.report import cases
from tests.report.accountable import accountable

USUAL = accountable(cases.findings())


def with_draws(findings, spread):
    """The findings with draws of the importances that scatter about their values."""
    rng = np.random.default_rng(2)
    drivers = {}
    for name, result in findings.drivers.items():
        lmg = result.table.loc[list(result.tested), "lmg"].to_numpy()
        draws = lmg * rng.uniform(1 - spread, 1 + spread, (200, len(lmg)))
        drivers[name] = dataclasses.replace(result, lmg_draws=draws)
    return dataclasses.replace(findings, drivers=drivers)


def with_lines(findings, change):
    card = findings.scorecard
    stages = tuple(change(line) for line in card.stages)
    return dataclasses.replace(findings, scorecard=dataclasses.replace(card, stages=stages))


def test_the_heaviest_stage_is_told_apart_only_where_its_draws_are():
    """Care holds m1, by far the largest importance, and is first by its share."""
    assert "ahead of" in scorecards.summary(with_draws(USUAL, 0.01))
    assert "not to be told apart from" in scorecards.summary(with_draws(USUAL, 0.99))
    without = scorecards.summary(USUAL)
    assert "ahead of" not in without
    assert "told apart" not in without


def test_silos_answer_together_and_nobody_is_no_silo():
    text = scorecards.summary(USUAL)
    assert "answer for “Care” together" in text
    assert "no owner answer" not in text
    assert "no owner and" not in text


def test_what_moved_has_no_sign_beside_its_verb():
    text = scorecards.summary(USUAL)
    assert "fell by 0.20 (0.10 to 0.30)" in text
    still = with_lines(
        USUAL, lambda line: dataclasses.replace(line, change=Metric(0.0, -0.1, 0.1, 900))
    )
    assert "no stage's mean rating moved beyond chance" in scorecards.summary(still)


def test_one_wave_compares_nothing():
    first = accountable(cases.findings(waves=1), earlier=None)
    assert "no earlier wave to compare the stages with" in scorecards.summary(first)
    assert "no earlier wave" in operations.operations_note(first)
    assert "Since" not in scorecards.stages(first)
    assert "→" not in operations.operations(first)


@pytest.mark.parametrize("case", ["usual", "no outcome"])
def test_without_a_scorecard_nothing_is_claimed(case):
    findings = cases.odd_cases()[case]
    assert findings.scorecard is None
    for said in (scorecards.summary, scorecards.stages, scorecards.owners, operations.by_wave):
        assert said(findings) == ""
    assert operations.operations_note(findings) == operations.NO_FILE
    assert "no goal can be told" in goals.goals_summary(findings)


def test_no_goal_is_proven_where_nothing_is():
    none = accountable(cases.findings(both=0, one=0, bets=0, likely=3))
    text = goals.goals_summary(none)
    assert text.startswith("No moment on the list is proven for any goal.")
    assert "No outcome of this wave stands for revenue or share of wallet." in text


def test_goals_group_the_list_those_of_most_goals_first():
    text = goals.goals_summary(USUAL)
    assert text.index("bond and retention: ") < text.index("for bond alone: ")


def test_a_number_that_rests_on_few_is_not_shown():
    few = Metric(None, n=17, reason="too few to say (n = 17)")
    marked = Metric(3.0, 2.5, 3.5, 40)
    first, *rest = USUAL.scorecard.stages
    lines = (dataclasses.replace(first, rating=few), dataclasses.replace(rest[0], rating=marked))
    card = dataclasses.replace(USUAL.scorecard, stages=lines)
    found = dataclasses.replace(USUAL, scorecard=card)
    table = scorecards.stages(found).replace("\\", "")
    assert "3.00 (2.50 to 3.50)†" in table
    assert "too few to say (n = 17)" in scorecards.table_note(found).replace("\\", "")


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (Metric(-1.0, -1.2, -0.8, 400), "Promise above delivery"),
        (Metric(0.5, 0.3, 0.7, 400), "Delivery above promise"),
        (Metric(0.1, -0.1, 0.3, 400), "Promise and delivery can't be told apart"),
    ],
)
def test_promise_and_delivery_by_the_interval_of_the_gap(gap, said):
    row = USUAL.priorities["m1"]
    one = dataclasses.replace(USUAL.beside["m1"], gap=gap)
    assert f"**{said}:**" in beside.line(row, dataclasses.replace(USUAL, beside={"m1": one}))


def test_a_feeling_stands_with_its_correlation_and_n():
    text = beside.line(USUAL.priorities["m1"], USUAL)
    assert "correlation with the rating +0.52 (+0.47 to +0.57), n = 1,290" in text
    assert beside.line(USUAL.priorities["m9"], USUAL) == ""
    lines = beside.every_moment(USUAL).replace("\\", "").split("\n")
    assert "too few to say (n = 17)" in lines[2]
    assert beside.every_moment(cases.findings()) == beside.NOTHING
