"""What moments are worth: units, periods, claims, and the plan."""

from datetime import date

import numpy as np
import pytest

from mot_research.priorities.plan import check_date
from mot_research.priorities.value import deciding_outcome, revenue_at_stake, value

from .small_value import N, run_small

IDENTITY = 1e-10  # products and sums of a few numbers


@pytest.fixture(scope="module")
def survey_of(tmp_path_factory):
    return lambda *kinds, **more: run_small(tmp_path_factory.mktemp("value"), *kinds, **more)


@pytest.fixture(scope="module")
def with_amount(survey_of):
    return survey_of("score", "binary", "amount")


def test_value_is_counted_in_an_amount_before_renewals_before_points(survey_of, with_amount):
    assert (with_amount.value.outcome, with_amount.value.counted_in) == ("spent", "currency")
    renewals = survey_of("score", "binary").value
    assert (renewals.outcome, renewals.counted_in) == ("stay", "customers")
    points = survey_of("score").value
    assert (points.outcome, points.counted_in, points.customers) == ("bond", "points", 1)


def test_a_gain_is_per_customer_times_population(with_amount):
    table = with_amount.value.table
    expected = 10_000 * table["per_customer"]
    assert table["gain"].to_numpy() == pytest.approx(expected.to_numpy(), rel=IDENTITY)
    metric = with_amount.priorities["a"].metrics["revenue_at_stake"]
    assert metric.value == pytest.approx(table["gain"]["a"], rel=IDENTITY)
    assert metric.ci_lower < metric.value < metric.ci_upper
    assert metric.n == N


def test_cost_and_gain_stand_on_the_same_period(with_amount):
    value_ = with_amount.value
    assert value_.days == 73
    row = value_.table.loc["a"]
    assert row["cost"] == pytest.approx(50_000 / 5)
    assert row["return"] == pytest.approx(row["gain"] / 10_000, rel=IDENTITY)
    assert np.isnan(value_.table.loc["d", "return"])


def test_without_a_population_gains_are_per_thousand_and_have_no_return(survey_of):
    found = survey_of("score", "amount", about={"population": None}).value
    assert (found.customers, found.population) == (1000, None)
    assert found.table["return"].isna().all()
    assert found.purchases  # ordered by what they bring, not by what is left of it


def test_value_is_claimed_for_what_is_proven_for_its_role(with_amount):
    rows = {row.moment.id: row for row in with_amount.priorities.rows}
    table = with_amount.value.table
    assert table["claimed"].any()
    assert not table["claimed"].all()
    for name, claimed in table["claimed"].items():
        assert claimed == ("revenue" in rows[name].proven_for)


def test_the_total_effect_is_counted_once(with_amount):
    """Never the path through loyalty on top: the lift is that of the revenue model alone."""
    value_ = with_amount.value
    own = with_amount.drivers["spent"].table["effect"]
    lifts = value_.lifts["spent"].of("target")
    product = lifts["reach"] * lifts["share_below"] * lifts["mean_gap"] * own
    within = (lifts["per_customer"] / product)[["a", "b", "c"]]
    assert within.between(0.8, 1.3).all()  # the model is curved, and nothing is doubled


def test_purchases_fit_their_budgets_and_steps_end_at_the_plan(with_amount):
    value_ = with_amount.value
    for purchase in value_.purchases:
        assert purchase.cost_per_year <= purchase.budget * (1 + IDENTITY)
        assert purchase.ci_lower < purchase.gain < purchase.ci_upper
    last = value_.purchases[-1]
    assert set(value_.steps.index) == set(last.moments)
    total = value_.customers * value_.steps["gain"].sum()
    assert total == pytest.approx(last.gain, rel=IDENTITY)
    assert value_.steps["reached"].iloc[-1] == pytest.approx(
        value_.today + value_.steps["gain"].sum(), rel=IDENTITY
    )


def test_a_declared_budget_buys_one_set(survey_of):
    found = survey_of("score", rules={"budget": 30_000}).value
    (bought,) = found.purchases
    assert bought.exact
    assert bought.budget == 30_000
    assert set(bought.moments) <= {"b", "c"}


def test_without_costs_there_is_value_and_no_plan_to_buy(survey_of):
    found = survey_of("score", "amount", costs={})
    assert found.value.purchases == ()
    assert set(found.value.steps.index) == {row.moment.id for row in found.priorities.listed}


def test_what_costs_more_than_it_brings_is_not_bought(survey_of):
    found = survey_of("score", "amount", costs={"a": 10**9, "b": 10}).value
    assert all("a" not in purchase.moments for purchase in found.purchases)
    assert found.purchases[-1].moments == ("b",)


def test_planning_has_a_row_for_each_moment_on_the_list(with_amount):
    planning = with_amount.value.planning
    assert list(planning.index) == [row.moment.id for row in with_amount.priorities.listed]
    assert (planning["check"] == "2026-04-14").all()
    assert (planning["rating_at_target"] > planning["rating"]).all()
    assert planning["bond_per_customer"].notna().all()


def test_the_check_is_after_the_period_or_a_quarter():
    end = date(2026, 7, 27)
    assert check_date(end, 365) == date(2027, 7, 27)
    assert check_date(end, None) == date(2026, 10, 26)
    assert check_date(None, 365) is None


def test_without_gains_there_is_a_reason(with_amount):
    study = with_amount.study
    assert deciding_outcome(study, {}) is None
    assert value(study, with_amount.priorities, {}) is None
    metrics = revenue_at_stake(study, {}, "each moment has a model of its own")
    assert metrics["a"].value is None
    assert metrics["a"].reason == "each moment has a model of its own"


def test_no_revenue_outcome_has_nothing_at_stake(survey_of):
    found = survey_of("score")
    metric = found.priorities["a"].metrics["revenue_at_stake"]
    assert metric.reason == "no revenue outcome was analysed"
