"""Gains by the outcome's own model: sums where linear, joint where not, and the truth."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit

from mot_research.drivers.customers import customers
from mot_research.drivers.gains import gains
from mot_research.drivers.one_outcome import analyse
from mot_research.drivers.options import Options
from mot_research.statistics.resampling import draw
from mot_research.survey.wave import RATED

from .cases import rows_and_units

FITTED = 1e-6  # of the reference: it stops at 1e-8 of the deviance
IDENTITY = 1e-10  # products and sums of some hundred numbers
REFITTED = 0.12  # of the spread: the draws are linearised
EFFECTS = (0.9, 0.5, 0.2, 0.0)
TARGET, BOTTOM = 4.0, (1, 2)


def binary(n, seed, *, reach=1.0, blank=0.0):
    """Rows whose outcome is drawn from a logit, and its true probability with and without gaps."""
    rows, units = rows_and_units(n=n, seed=seed, effects=EFFECTS, reach=reach, noise=0.0)
    chance = rows.outcome + 1.2
    had = rows.states == RATED
    lack = np.where(had, np.maximum(TARGET - rows.ratings, 0), 0)
    rng = np.random.default_rng([seed, 1])
    y = (rng.random(n) < expit(chance)).astype(float)
    hidden = (rng.random(had.shape) < blank) & had
    states = np.where(hidden, 2, rows.states).astype(np.int8)
    ratings = np.where(hidden, np.nan, rows.ratings)
    truth = [
        (expit(chance + lack @ (np.array(EFFECTS) * chosen)) - expit(chance)).mean()
        for chosen in (*np.eye(4), np.ones(4))
    ]
    return replace(rows, outcome=y, states=states, ratings=ratings), units, np.array(truth)


def found_in(rows, units, *, kind="binary", n_resamples=200, highest=np.inf):
    draws = draw(units, n_resamples, 1) if n_resamples else None
    result = analyse(rows, units, draws, Options(kind=kind, n_resamples=n_resamples), outcome="y")
    scales = dict.fromkeys(rows.drivers, (TARGET, BOTTOM))
    there = customers(rows, units, scales, draws, wave="A")
    return result, there, gains(result, there, highest=highest)


def test_in_a_linear_model_the_gain_of_a_set_is_the_sum():
    rows, units = rows_and_units(effects=EFFECTS, reach=0.6)
    _, _, found = found_in(rows, units, kind="score")
    table = found.lifts.of("target")
    joint = found.joint(["m0", "m2", "m1"])
    assert found.additive
    assert joint.per_customer == pytest.approx(table.per_customer[:3].sum(), rel=IDENTITY)
    model = found.scenario.lifted(["m0", "m2", "m1"])
    assert joint.per_customer == pytest.approx(model.per_customer, rel=IDENTITY)
    assert joint.draws == pytest.approx(found.lifts.draws["target"][:, :3].sum(axis=1))


def test_predictions_beyond_the_scale_are_counted():
    rows, units = rows_and_units(effects=EFFECTS, reach=0.6)
    _, _, found = found_in(rows, units, kind="score", highest=np.quantile(rows.outcome, 0.9))
    one, all_ = (found.joint(names).beyond_scale for names in (["m3"], ["m0", "m1", "m2", "m3"]))
    assert 0 < one < all_ < 1


def test_near_the_ceiling_gains_overlap_and_intervals_cover_the_truth():
    truth = binary(200_000, 5)[2]
    rows, units, _ = binary(1500, 6)
    _, _, found = found_in(rows, units, n_resamples=400)
    table = found.lifts.of("target")
    assert not found.additive
    assert ((table.ci_lower <= truth[:4]) & (truth[:4] <= table.ci_upper)).all()
    joint = found.joint(rows.drivers)
    lower, upper = joint.interval(0.95)
    assert lower <= truth[4] <= upper
    assert joint.per_customer < table.per_customer.sum()


def logit_gain(rows, weight, moments):
    """By statsmodels, with frequency weights."""
    x = np.column_stack([np.ones(len(weight)), rows.ratings, rows.controls["tenure"]])
    family = sm.families.Binomial()
    fit = sm.GLM(rows.outcome, x, family=family, freq_weights=weight).fit()
    lifted = x.copy()
    lifted[:, moments] = np.maximum(lifted[:, moments], TARGET)
    return np.average(fit.predict(lifted) - fit.predict(x), weights=weight)


def test_the_gain_is_the_mean_change_of_the_predicted_probability():
    rows, units, _ = binary(800, 7)
    result, _, found = found_in(rows, units, n_resamples=0)
    table = found.lifts.of("target")
    once = np.ones(800)
    assert table.per_customer["m0"] == pytest.approx(logit_gain(rows, once, [1]), rel=FITTED)
    joint = found.joint(result.tested)
    assert joint.per_customer == pytest.approx(logit_gain(rows, once, [1, 2, 3, 4]), rel=FITTED)


def test_its_draws_follow_refits():
    rows, units, _ = binary(700, 8)
    _, _, found = found_in(rows, units, n_resamples=100)
    weights = (draw(units, 100, 1).multipliers)[:, rows.unit]
    refitted = [logit_gain(rows, weight, [1]) for weight in weights]
    linear = found.lifts.draws["target"][:, 0]
    assert np.abs(linear - refitted).mean() < REFITTED * np.std(refitted)
    assert np.corrcoef(linear, refitted)[0, 1] > 0.99


def test_customers_of_another_wave_are_lifted_by_the_pooled_model():
    """Who lacks more gains more, by the same model."""
    rows, units, _ = binary(1000, 9, reach=0.6, blank=0.05)
    result, there, found = found_in(rows, units)
    worse = replace(rows, ratings=np.maximum(rows.ratings - 1, 1))
    scales = dict.fromkeys(rows.drivers, (TARGET, BOTTOM))
    later = gains(result, customers(worse, units, scales, there.draws, wave="B"))
    gain, before = (one.lifts.of("target").per_customer for one in (later, found))
    assert (gain[:3] > before[:3]).all()
    assert later.lifts.wave == "B"
