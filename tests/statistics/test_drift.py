"""Distances of two samples, against their definitions and against simulated chance."""

import numpy as np
import pytest

from mot_research.statistics.drift import (
    pooled_spread,
    total_variation,
    total_variation_by_chance,
)

EXACT = 1e-12  # rounding alone
STUDIES = 1500
MISSED = 0.02  # three standard errors of a share of .05 among 1,500


def test_the_spread_of_two_weighted_samples():
    variances = 2 / 3, 0.25 * 3.0**2 + 0.75 * 1.0**2  # about 2, and about 5
    found = pooled_spread([1.0, 2.0, 3.0, np.nan], [2.0, 6.0], [1, 1, 1, 5], [1, 3])
    assert found == pytest.approx(np.sqrt(np.mean(variances)), abs=EXACT)


def test_whole_weights_are_rows_that_stand_several_times():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=20), rng.normal(2, 3, size=30)
    times = rng.integers(1, 4, size=20)
    assert pooled_spread(a, b, times, np.ones(30)) == pytest.approx(
        pooled_spread(np.repeat(a, times), b, np.ones(times.sum()), np.ones(30)), abs=EXACT
    )


def test_a_sample_without_a_value_has_no_spread():
    assert np.isnan(pooled_spread([np.nan], [1.0], [1], [1]))
    assert pooled_spread([2.0, 2.0], [3.0], [1, 1], [1]) == 0


def test_total_variation_is_what_would_have_to_move():
    assert total_variation([0.5, 0.5, 0.0], [0.5, 0.2, 0.3]) == pytest.approx(0.3, abs=EXACT)
    assert total_variation([1, 0], [0, 1]) == 1
    assert total_variation([0.2, 0.8], [0.2, 0.8]) == 0


def test_samples_of_one_population_stay_below_what_chance_gives():
    rng = np.random.default_rng(11)
    shares, n = np.array([0.5, 0.3, 0.15, 0.05]), (400, 300)
    covariance = (np.diag(shares) - np.outer(shares, shares)) * (1 / n[0] + 1 / n[1])
    limit = total_variation_by_chance(covariance, confidence=0.95, seed=1)
    drawn = [rng.multinomial(size, shares, size=STUDIES) / size for size in n]
    above = np.mean([total_variation(a, b) > limit for a, b in zip(*drawn, strict=True)])
    assert above == pytest.approx(0.05, abs=MISSED)


def test_the_seed_alone_decides_the_draws():
    covariance = np.array([[0.1, -0.1], [-0.1, 0.1]])
    limits = [total_variation_by_chance(covariance, confidence=0.95, seed=s) for s in (1, 1, 2)]
    assert limits[0] == limits[1] != limits[2]
