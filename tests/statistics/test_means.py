"""Weighted means of domains: estimate and design-based error."""

import numpy as np
import pytest
import statsmodels.api as sm

from mot_research.statistics.means import domain_mean
from mot_research.statistics.resampling import sampling_units

EXACT = 1e-10


@pytest.fixture
def sample():
    rng = np.random.default_rng(2)
    clusters = rng.integers(0, 40, 500)
    values = rng.normal(size=500) + rng.normal(size=40)[clusters]
    values[rng.random(500) < 0.3] = np.nan
    return values, rng.uniform(0.5, 3, 500), clusters


def test_mean_and_error_are_those_of_a_regression_on_a_constant(sample):
    values, weights, clusters = sample
    units = sampling_units(clusters)
    mean = domain_mean(values, weights, units.codes, units.n_units)
    inside = np.isfinite(values)
    fit = sm.WLS(values[inside], np.ones(inside.sum()), weights[inside]).fit(
        cov_type="cluster", cov_kwds={"groups": clusters[inside], "use_correction": False}
    )
    assert mean.estimate == pytest.approx(fit.params[0], rel=EXACT)
    assert mean.n == inside.sum()
    expected = fit.bse[0] * np.sqrt(40 / 39)
    assert mean.std_error(units.stratum_of_unit) == pytest.approx(expected, rel=1e-8)


def test_a_difference_in_shared_clusters_has_less_than_the_added_variance(sample):
    values, weights, clusters = sample
    units = sampling_units(clusters)
    later = values + 0.5
    first, second = (domain_mean(v, weights, units.codes, units.n_units) for v in (values, later))
    change = second - first
    assert change.estimate == pytest.approx(0.5, rel=EXACT)
    assert change.std_error(units.stratum_of_unit) == pytest.approx(0, abs=EXACT)
    assert first.std_error(units.stratum_of_unit) > 0.01


def test_an_empty_domain_has_no_mean(sample):
    values, weights, clusters = sample
    units = sampling_units(clusters)
    empty = domain_mean(np.full_like(values, np.nan), weights, units.codes, units.n_units)
    assert np.isnan(empty.estimate)
    assert empty.n == 0
    assert empty.std_error(units.stratum_of_unit) == 0
