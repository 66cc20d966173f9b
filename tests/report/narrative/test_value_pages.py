"""The plan in words and tables, for every case."""

import dataclasses

import pandas as pd
import pytest

from mot_research.priorities.plan import planning_table
from mot_research.report import value_charts
from mot_research.report.narrative import last_plan, value_pages, words
from mot_research.report.narrative.moment_tables import moment_metrics
from tests.priorities.small_value import run_small
from tests.report import cases


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return lambda *kinds, **more: run_small(tmp_path_factory.mktemp("plan"), *kinds, **more)


@pytest.fixture(scope="module")
def money(run):
    return run("score", "binary", "amount")


def text(markdown):
    return markdown.replace("\\", "")


def test_money_is_said_with_its_interval_its_base_and_its_period(money):
    said = text(value_pages.summary(money))
    assert "at target would bring EUR " in said
    assert "thousand (" in said
    assert "Gains overlap" in said
    assert "Claimed are EUR" in said
    assert "over all 10,000 customers, gains and costs over 73 days." in said


def test_renewals_are_customers_and_points_are_points(run):
    renewals = run("score", "binary")
    assert "customers more with a yes to stay" in text(value_pages.summary(renewals))
    assert "For each EUR 1,000" in text(value_pages.worth(renewals))
    points = run("score")
    assert "points more of bond, per customer" in text(value_pages.summary(points))
    assert "customers" not in value_pages.summary(points)


def test_without_a_population_the_base_is_said(run):
    said = text(value_pages.summary(run("score", "amount", about={"population": None})))
    assert "for each 1,000 customers, because the study names no `population`" in said


def test_nothing_proven_claims_nothing_and_buys_nothing(run):
    found = run("score", "amount", rules={"false_discovery_rate": 1e-300})
    assert "can't be said" not in value_pages.summary(found)
    assert "No moment on the list has a gain" in value_pages.summary(found)
    assert value_pages.bought(found) == "No moment is proven, so a budget buys none by numbers."
    assert value_pages.planning(found) == ""
    assert value_charts.planning_waterfalls(found) == []
    assert value_pages.waterfall_caption(found) == "There is no plan to draw."


def test_without_costs_what_is_missing_is_named(run):
    found = run("score", "amount", costs={})
    assert "`cost_per_year` on each moment" in value_pages.bought(found)
    assert "Cost" not in value_pages.worth(found)


def test_no_value_has_its_reason():
    found = dataclasses.replace(cases.odd_cases()["usual"], no_value="wave A asked no outcome")
    assert text(value_pages.summary(found)) == (
        "What the moments are worth can't be said: wave A asked no outcome."
    )
    assert value_pages.worth(found) == value_pages.bought(found) == ""


def test_every_moment_on_the_list_has_a_line_in_each_table(money):
    n = len(money.priorities.listed)
    for table in (value_pages.worth(money), value_pages.planning(money)):
        assert len(table.splitlines()) == n + 2
    assert "2026-04-14" in text(value_pages.planning(money))
    assert "its mean rating" in value_pages.planning(money)


def test_purchases_say_how_they_were_found(run, money):
    assert "found step by step" in value_pages.bought(money)
    assert "every set was looked at" in value_pages.bought(run("score"))


def test_revenue_at_stake_is_written_in_its_unit(money):
    row = money.priorities.listed[0]
    said = text(moment_metrics(row, money)).replace("\N{NO-BREAK SPACE}", " ")
    assert f"{row.metrics['revenue_at_stake'].value:,.0f} EUR (" in said


def test_the_waterfall_tells_what_is_claimed(money):
    (ax,) = value_charts.planning_waterfalls(money)
    claimed = money.value.table["claimed"].reindex(money.value.steps.index)
    assert [patch.get_hatch() is None for patch in ax.patches] == claimed.tolist()
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["Today (wave A)", *money.value.steps["name"], "With the plan"]
    assert money.value.plot().get_title("left") == "spent: per customer, EUR"


def scored(asked):
    """The usual findings, with a change whose plan asked for so many moments."""
    findings = cases.odd_cases()["everything"]
    outcome, change = next(iter(findings.change.items()))
    names = [moment.id for moment in findings.study.moments[: len(last_plan.SCORES)]]
    plan = pd.DataFrame(
        {"rating": 3.0, "target": 4.0, "asked": [j < asked for j in range(len(names))]},
        index=pd.Index(names, name="moment"),
    )
    for name, value in (("expected", 1.1), ("seen", 0.6)):
        for what in ("rating", "outcome"):
            plan[f"{name}_{what}"] = value
            plan[f"{name}_{what}_ci_lower"], plan[f"{name}_{what}_ci_upper"] = (
                value - 0.2,
                value + 0.2,
            )
    plan["score"] = list(last_plan.SCORES)
    return dataclasses.replace(
        findings, change={outcome: dataclasses.replace(change, last_plan=plan)}
    )


def test_the_last_plan_has_a_plain_word_for_each_moment():
    said = text(last_plan.last_plan_scored(scored(5)))
    assert all(word in said for word in last_plan.SCORES.values())
    assert "+1.10 → +0.60 (+0.40 to +0.80)" in said.replace("\N{NO-BREAK SPACE}", " ")
    assert "does not hold what was decided" in said


def test_a_plan_that_asked_for_nothing_and_no_plan_are_said():
    assert "asked for nothing to be fixed" in last_plan.last_plan_scored(scored(0))
    nothing = dataclasses.replace(cases.odd_cases()["usual"], change={})
    assert last_plan.last_plan_scored(nothing) == (
        "There is no earlier wave whose plan could be scored."
    )


def test_the_table_for_annual_planning_has_all_that_planning_needs(money, run):
    head, _, *rows = text(value_pages.planning(money)).splitlines()
    for column in ("Moment", "Stage", "Owner", "Action", "Expected change", "Cost, EUR", "Watch"):
        assert column in head
    assert "Check on" in head
    assert len(rows) == len(money.priorities.listed)
    costs = {
        f"{moment.cost_per_year:,.0f}" for moment in money.study.moments if moment.cost_per_year
    }
    assert any(cost in row for cost in costs for row in rows)
    assert "Cost" not in value_pages.planning(run("score", "amount", costs={}))


def test_one_moment_without_an_owner_among_others_with_one_is_said_to_have_none(money):
    first, *others = money.priorities.rows
    unowned = dataclasses.replace(
        first, moment=first.moment.model_copy(update={"owner": None, "stage": None})
    )
    priorities = dataclasses.replace(money.priorities, rows=(unowned, *others))
    planning = planning_table(priorities, money.value.table, {}, None)
    found = dataclasses.replace(money, value=dataclasses.replace(money.value, planning=planning))
    assert planning["owner"].tolist() == [None, *(row.moment.owner for row in others if row.place)]
    assert value_pages.worth(found).count(words.NO_OWNER) == 1
