"""Influence values of lmg: against brute force, the bootstrap, and where they end."""

import numpy as np
import pytest

from mot_research.errors import AnalysisError
from mot_research.statistics.crossproducts import (
    augmented,
    cluster_pair_sums,
    unvech,
    vech,
)
from mot_research.statistics.importance import lmg
from mot_research.statistics.influence import lmg_gradient
from mot_research.statistics.regression import unit_scores
from mot_research.statistics.resampling import (
    draw,
    resample_sums,
    sampling_units,
    survey_covariance,
)
from mot_research.statistics.second_moments import covariance

DIFFERENCES = 1e-6  # of two central differences, with steps of 1e-4 and 1e-5
NOISE = 0.06  # 2,000 draws know a standard error to 1.6 %; 100 clusters add the bootstrap's own


def survey(seed=3, n=2000, p=5):
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 200, n)
    common = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=200)[cluster][:, None]
    x = 0.6 * common + rng.normal(size=(n, p))
    y = x @ np.linspace(0.3, 1.0, p) + rng.normal(size=n) * 2
    weight = rng.gamma(4, size=n)
    return augmented(np.column_stack([y, x * 3 + 10])), weight, cluster


def test_gradient_is_that_of_the_whole_function():
    z, weight, _ = survey()
    q = (z * weight[:, None]).T @ z / weight.sum()
    always = (1, 3)

    def importances(flat):
        return lmg(covariance(unvech(flat)), always=always)

    flat = vech(q)
    scale = np.sqrt(np.diag(q))
    units = vech(np.outer(scale, scale))
    steps = 1e-5 * np.diag(units)
    brute = np.array([importances(flat + s) - importances(flat - s) for s in steps]).T / 2e-5
    # Q_00 is the sum of the weights: it does not vary
    assert (lmg_gradient(q, always) * units)[:, 1:] == pytest.approx(brute[:, 1:], abs=DIFFERENCES)


def test_the_centre_of_a_column_moves_nothing():
    z, weight, cluster = survey()
    shifted = z.copy()
    shifted[:, 2:] -= [3.0, -2.0, 0.5, 8.0, 1.0]
    covariances = []
    for rows in (z, shifted):
        sums = cluster_pair_sums(rows, weight, cluster, 200)
        q = unvech(sums.sum(axis=0) / sums[:, 0].sum())
        scores = unit_scores(sums, q, lmg_gradient(q))
        covariances.append(survey_covariance(scores, np.zeros(200, dtype=int)))
    assert covariances[0] == pytest.approx(covariances[1], rel=1e-6)


def test_agrees_with_the_bootstrap():
    z, weight, cluster = survey()
    units = sampling_units(cluster)
    sums = cluster_pair_sums(z, weight, units.codes, units.n_units)
    q = unvech(sums.sum(axis=0) / sums[:, 0].sum())
    scores = unit_scores(sums, q, lmg_gradient(q, (0,)))
    linear = survey_covariance(scores, units.stratum_of_unit)
    totals = resample_sums(draw(units, 2000, 5), sums)
    drawn = lmg(covariance(unvech(totals / totals[:, :1])), always=(0,))
    assert np.sqrt(np.diag(linear)) == pytest.approx(drawn.std(axis=0), rel=NOISE)


def test_degenerates_where_an_importance_is_none():
    correlations = np.eye(3)
    correlations[0, 1] = correlations[1, 0] = 0.5
    q = np.eye(4)
    q[1:, 1:] = correlations
    gradient = lmg_gradient(q)
    assert np.abs(gradient[1]).max() < 1e-12
    assert np.abs(gradient[0]).max() > 0.1


def test_a_player_that_the_others_explain_for_good_has_none():
    q = np.eye(4)
    q[2, 3] = q[3, 2] = 1.0
    q[1, 2] = q[2, 1] = q[1, 3] = q[3, 1] = 0.4
    with pytest.raises(AnalysisError, match="collinear"):
        lmg_gradient(q)


def test_a_player_that_the_controls_explain_has_a_gradient_of_zero():
    q = np.eye(5)
    q[1, 2] = q[2, 1] = q[1, 3] = q[3, 1] = 0.4
    q[2, 3] = q[3, 2] = 1.0  # column 0 is the control of column 1
    q[1, 4] = q[4, 1] = 0.3
    gradient = lmg_gradient(q, (0,))
    assert np.abs(gradient[0]).max() < 1e-9
    assert np.abs(gradient[1]).max() > 0.1
