"""Influence by leaving a unit out, against true refits without it."""

import numpy as np
import pytest

from mot_research.statistics.crossproducts import vech
from mot_research.statistics.jackknife import delete_one_scores
from mot_research.statistics.resampling import survey_covariance
from tests.drivers.refits import delete_one_covariance

REFIT = 1e-9  # two ways to the same least squares


def summed(values, unit):
    return np.array([values[unit == one].sum(axis=0) for one in range(unit.max() + 1)])


def scores(x, y, weight, unit, stratum_of_unit):
    x = np.column_stack([np.ones(len(x)), x])
    root = np.sqrt(weight)[:, None]
    beta = np.linalg.lstsq(x * root, y * root[:, 0], rcond=None)[0]
    slopes = (weight * (y - x @ beta))[:, None] * x
    return delete_one_scores(
        summed(slopes, unit),
        summed(weight[:, None] * vech(x[:, :, None] * x[:, None, :]), unit),
        stratum_of_unit,
    )


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("n_strata", [1, 3])
@pytest.mark.parametrize("rows_a_unit", [1, 5])
def test_equals_refits_without_each_unit(rng, n_strata, rows_a_unit):
    n_units = 60
    unit = np.repeat(np.arange(n_units), rows_a_unit)
    stratum = np.sort(rng.integers(0, n_strata, n_units))
    x = rng.normal(size=(len(unit), 3)) + rng.normal(size=(n_units, 3))[unit]
    y = x @ [1.0, 0.0, -1.0] + rng.normal(size=len(unit)) * (1 + x[:, 0] ** 2)
    weight = np.exp(rng.normal(size=len(unit)))
    found = survey_covariance(scores(x, y, weight, unit, stratum), stratum)
    expected = delete_one_covariance(x, y, weight, unit, stratum)
    np.testing.assert_allclose(found, expected, rtol=REFIT, atol=REFIT * expected.max())


def test_is_larger_than_the_linearised_where_few_carry_an_effect(rng):
    x = np.zeros((200, 1))
    x[:8, 0] = rng.normal(size=8)
    y = rng.normal(size=200)
    unit, stratum, weight = np.arange(200), np.zeros(200, dtype=int), np.ones(200)
    left_out = survey_covariance(scores(x, y, weight, unit, stratum), stratum)[1, 1]
    whole = np.column_stack([np.ones(200), x])
    bread = np.linalg.inv(whole.T @ whole)
    residual = y - whole @ bread @ whole.T @ y
    linearised = (bread @ (whole * residual[:, None] ** 2).T @ whole @ bread)[1, 1]
    assert left_out > 1.2 * linearised


def test_a_unit_that_alone_knows_a_column_has_no_influence_on_it(rng):
    x = rng.normal(size=(50, 2))
    x[:, 1] = 0.0
    x[7, 1] = 1.0
    y = rng.normal(size=50)
    found = scores(x, y, np.ones(50), np.arange(50), np.zeros(50, dtype=int))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[7], 0.0, atol=0.1)
    others = np.delete(np.arange(50), 7)
    without = scores(x[others, :1], y[others], np.ones(49), np.arange(49), np.zeros(49, dtype=int))
    np.testing.assert_allclose(found[others, 1], without[:, 1], atol=0.003)


def test_collinear_columns_stay_finite(rng):
    x = rng.normal(size=(80, 2))
    x[:, 1] = x[:, 0]
    found = scores(x, rng.normal(size=80), np.ones(80), np.arange(80), np.zeros(80, dtype=int))
    assert np.isfinite(found).all()
