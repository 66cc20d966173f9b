"""Weighting by the odds: against plain formulas, refits one by one, and a known truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit

from mot_research.statistics.odds_weighting import (
    logit_parameters,
    odds_weighted,
    resampled_differences,
    standardised_differences,
)
from mot_research.statistics.resampling import draw, sampling_units

EXACT = 1e-8  # two programs for one maximum
TWO_ERRORS = 2.0  # of the simulation: 1 in 20 would lie outside by chance


def drawn(seed, n=2000, effect=0.5, bounded=False):
    """Treatment and outcome both follow x; the effect grows with x."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.5, 1.5, size=(n, 2)) if bounded else rng.normal(size=(n, 2))
    treated = rng.random(n) < expit(0.3 + 0.8 * x[:, 0])
    y = 1.0 + x[:, 0] - 0.5 * x[:, 1] + effect * (1 + 0.4 * x[:, 0]) * treated + rng.normal(size=n)
    return y, treated, x, rng.uniform(0.5, 2.0, n)


def plain_difference(y, treated, w):
    one, other = (np.average(y[group], weights=w[group]) for group in (treated, ~treated))
    return one - other


def fitted(y, x, w):
    """Probabilities of the logit of another program."""
    family = sm.families.Binomial()
    model = sm.GLM(y.astype(float), sm.add_constant(x), family, freq_weights=w)
    return model.fit(tol=1e-12).fittedvalues


def test_equals_the_formula_with_the_logit_of_statsmodels():
    y, treated, x, w = drawn(1)
    e = fitted(treated, x, w)
    kept = ~treated & (e >= e[treated].min()) & (e <= e[treated].max())
    omega = w[treated] * (1 - e[treated]) / e[treated]
    found = odds_weighted(y, treated, x, w)
    expected = np.average(y[treated], weights=omega) - np.average(y[kept], weights=w[kept])
    assert 0 < found.trimmed.sum() == (~treated & ~kept).sum()
    assert found.difference == pytest.approx(expected, abs=EXACT)
    assert found.n_effective == pytest.approx(omega.sum() ** 2 / (omega**2).sum(), rel=EXACT)


def test_recovers_the_effect_on_the_untreated():
    """True is the mean of .5 (1 + .4 x) among the untreated; the plain difference misses it.

    With x bounded: where its tails reach beyond the treated, trimming costs a part of an error.
    """
    found, naive, truth = [], [], []
    for seed in range(40):
        y, treated, x, w = drawn(seed, bounded=True)
        one = odds_weighted(y, treated, x, w)
        kept = ~treated & ~one.trimmed
        found.append(one.difference)
        naive.append(plain_difference(y, treated, w))
        truth.append(np.average(0.5 * (1 + 0.4 * x[kept, 0]), weights=w[kept]))
    error = np.std(np.subtract(found, truth)) / np.sqrt(len(found))
    assert np.mean(np.subtract(found, truth)) == pytest.approx(0, abs=TWO_ERRORS * error)
    assert np.mean(naive) - np.mean(truth) > 20 * error


def test_scale_of_weights_and_of_covariates_does_not_matter():
    y, treated, x, w = drawn(2)
    one = odds_weighted(y, treated, x, w).difference
    again = odds_weighted(y, treated, x * [1e4, 1e-3] + 7, 1000 * w).difference
    assert again == pytest.approx(one, abs=EXACT)


def test_whole_weights_are_repeated_rows():
    y, treated, x, _ = drawn(3, n=400)
    w = np.random.default_rng(3).integers(1, 4, 400)
    rows = np.repeat(np.arange(400), w)
    one = odds_weighted(y, treated, x, w.astype(float)).difference
    again = odds_weighted(y[rows], treated[rows], x[rows], np.ones(len(rows))).difference
    assert again == pytest.approx(one, abs=EXACT)


def test_without_anything_known_it_is_the_plain_difference():
    y, treated, x, w = drawn(4)
    found = odds_weighted(y, treated, x * 0, w)
    assert found.difference == pytest.approx(plain_difference(y, treated, w), abs=EXACT)


def test_many_logits_are_each_its_own():
    _, treated, x, w = drawn(5, n=300)
    design = np.column_stack([np.ones(300), x])
    weights = w[:, None] * np.random.default_rng(5).poisson(1.0, (300, 6))
    many = logit_parameters(design, treated, weights, np.zeros(3))
    for b in range(6):
        own = sm.GLM(
            treated.astype(float), design, sm.families.Binomial(), freq_weights=weights[:, b]
        ).fit(tol=1e-12)
        np.testing.assert_allclose(many[:, b], own.params, atol=1e-6)


def test_every_resample_is_a_refit():
    y, treated, x, w = drawn(6, n=300)
    units = sampling_units(np.arange(300) // 3)
    draws = draw(units, 5, 1)
    differences, kept = resampled_differences(y, treated, x, w, units.codes, draws)
    for b in range(5):
        own = w * draws.multipliers[b, units.codes]
        rows = own > 0
        one = odds_weighted(y[rows], treated[rows], x[rows], own[rows])
        assert differences[b] == pytest.approx(one.difference, abs=1e-6)
        assert kept[b] == pytest.approx(one.weight[~treated[rows]].sum(), abs=1e-6)


def test_untreated_outside_the_range_are_trimmed():
    y, treated, x, w = drawn(7, n=500)
    x[:20, 0], treated[:20] = -30.0, False
    found = odds_weighted(y, treated, x, w)
    assert found.trimmed[:20].all()
    assert not found.weight[:20].any()


def test_what_tells_them_apart_is_said():
    y, treated, x, w = drawn(8, n=300)
    found = odds_weighted(y, treated, np.column_stack([x, treated.astype(float)]), w)
    assert found.separated
    assert not odds_weighted(y, treated, x, w).separated


def test_differences_shrink_by_weighting():
    y, treated, x, w = drawn(9)
    found = odds_weighted(y, treated, x, w)
    before, after = standardised_differences(x, treated, w, found.weight)
    values, weights = ([part[group] for group in (treated, ~treated)] for part in (x[:, 0], w))
    mean = [np.average(v, weights=u) for v, u in zip(values, weights, strict=True)]
    spread = [
        np.average((v - m) ** 2, weights=u) for v, m, u in zip(values, mean, weights, strict=True)
    ]
    assert before[0] == pytest.approx((mean[0] - mean[1]) / np.sqrt(np.mean(spread)), abs=EXACT)
    assert abs(before[0]) > 0.5
    assert np.abs(after).max() < 0.1
