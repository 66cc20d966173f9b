"""Penalty and reward: against R, and the class that a planted truth gets."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from mot_research.drivers.asymmetry import asymmetry
from mot_research.drivers.design import Rows, build_design
from mot_research.statistics.resampling import sampling_units
from mot_research.survey.wave import NOT_EXPERIENCED, RATED
from tests.drivers.refits import delete_one_covariance

REFERENCE = 1e-8  # closed forms; the reference has 12 digits
MIDDLE = 3.0
BOXES = ((5,), (1, 2))


def fitted(ratings, outcome, *, states=None, weight=None, cluster=None):
    n, p = ratings.shape
    units = sampling_units(np.arange(n) if cluster is None else cluster)
    rows = Rows(
        drivers=tuple(f"m{j}" for j in range(p)),
        ratings=ratings,
        states=np.full((n, p), RATED) if states is None else states,
        outcome=outcome,
        weight=np.ones(n) if weight is None else weight,
        controls=pd.DataFrame(index=range(n)),
        unit=units.codes,
    )
    design = build_design(rows, missing="em")
    return asymmetry(design, units, dict.fromkeys(design.tested, BOXES)).table


def simulated(penalty, reward, *, n=4000, seed=1, reach=1.0):
    rng = np.random.default_rng(seed)
    ratings = rng.integers(1, 6, (n, len(penalty))).astype(float)
    had = rng.random(ratings.shape) < reach
    outcome = rng.normal(size=n)
    outcome += (had * ((ratings == 5) * np.array(reward))).sum(axis=1)
    outcome -= (had * ((ratings <= 2) * np.array(penalty))).sum(axis=1)
    ratings[~had] = np.nan
    states = np.where(had, RATED, NOT_EXPERIENCED)
    return ratings, outcome, states


@pytest.fixture(scope="module")
def airport(shared):
    return pd.read_csv(shared / "data" / "an_sfo2017_cc.csv.gz")


def test_equals_the_regression_on_boxes_in_r(shared, airport):
    text = (shared / "golden" / "collinearity_oaxaca_mediation.json").read_text(encoding="utf-8")
    expected = json.loads(text)["penalty_reward"]["coef"]["Estimate"]
    names = ["food", "sign", "walkways"]
    table = fitted(airport[names].to_numpy(dtype=float), airport["all"].to_numpy(dtype=float))
    for j, name in enumerate(names):
        row = table.loc[f"m{j}"]
        assert row["reward"] == pytest.approx(expected[f"I({name} >= 5)TRUE"], rel=REFERENCE)
        assert -row["penalty"] == pytest.approx(expected[f"I({name} <= 2)TRUE"], rel=REFERENCE)


def test_intervals_and_wald_tests_are_those_of_the_delete_one_cluster_jackknife(airport):
    names = ["food", "sign", "walkways"]
    ratings = airport[names].to_numpy(dtype=float)
    table = fitted(
        ratings,
        airport["all"].to_numpy(dtype=float),
        weight=airport["weight"].to_numpy(),
        cluster=airport["runid"],
    )
    x = np.column_stack([ratings == 5, ratings <= 2]).astype(float)
    fit = sm.WLS(airport["all"], sm.add_constant(x), weights=airport["weight"]).fit()
    unit = pd.factorize(airport["runid"])[0]
    groups = airport["runid"].nunique()
    covariance = delete_one_covariance(
        x,
        airport["all"].to_numpy(dtype=float),
        airport["weight"].to_numpy(),
        unit,
        np.zeros(groups, dtype=int),
    )
    t = stats.t.ppf(0.975, groups - 1)
    for j in range(3):
        high, low = 1 + j, 4 + j
        half = (table["reward_ci_upper"] - table["reward_ci_lower"]).iloc[j] / 2
        assert half == pytest.approx(t * np.sqrt(covariance[high, high]), rel=REFERENCE)
        pair = [high, low]
        values = fit.params.to_numpy()[pair]
        wald = values @ np.linalg.solve(covariance[np.ix_(pair, pair)], values) / 2
        expected = stats.f.sf(wald, 2, groups - 2)
        assert table["p_value"].iloc[j] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("reach", [1.0, 0.5])
def test_planted_classes_are_found(reach):
    ratings, outcome, states = simulated([1.0, 0.1, 0.8, 0.0], [0.1, 1.0, 0.8, 0.0], reach=reach)
    table = fitted(ratings, outcome, states=states)
    assert table["kind"].tolist() == ["basic", "delight", "performance", "undecided"]
    assert "told from none" in table["reason"].iloc[3]


def test_few_extreme_ratings_leave_the_class_open():
    ratings, outcome, _ = simulated([1.0], [0.1], n=300)
    rare = np.flatnonzero(ratings[:, 0] <= 2)[10:]
    ratings[rare] = MIDDLE
    row = fitted(ratings, outcome).iloc[0]
    assert row["kind"] == "undecided"
    assert "too few extreme ratings" in row["reason"]


def test_a_wrong_sign_beyond_doubt_is_undecided():
    ratings, outcome, _ = simulated([-1.0], [1.0])
    row = fitted(ratings, outcome).iloc[0]
    assert row["kind"] == "undecided"
    assert "wrong sign" in row["reason"]


def test_a_box_that_nobody_is_in_is_not_estimable():
    ratings, outcome, _ = simulated([1.0, 1.0], [0.1, 0.1])
    ratings[ratings[:, 0] == 5, 0] = MIDDLE
    row = fitted(ratings, outcome).iloc[0]
    assert np.isnan(row["reward"])
    assert row["kind"] == "undecided"
