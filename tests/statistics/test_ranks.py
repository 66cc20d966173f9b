import json
from pathlib import Path

import numpy as np
import pytest

from mot_research.errors import AnalysisError
from mot_research.statistics.ranks import (
    p_top,
    rank_sets,
    rank_sets_from_draws,
    ranks,
    top_k_sets,
)

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "ranks.json").read_text(encoding="utf-8")
)
CASES = ["independent", "pisa15"]
ONE_OFF = 1  # a critical value is itself drawn: one bound may move by one


def case(name):
    estimate = np.array(REFERENCE[name]["estimate"])
    return estimate, np.array(REFERENCE[name]["covariance"]).reshape(len(estimate), -1)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", ["two-sided", "lower", "upper"])
@pytest.mark.parametrize("stepdown", [True, False])
@pytest.mark.parametrize("simultaneous", [True, False])
def test_rank_sets_equal_csranks(name, kind, stepdown, simultaneous):
    steps = "stepdown" if stepdown else "single"
    jointly = "simultaneous" if simultaneous else "marginal"
    expected = REFERENCE[name][f"{kind}_{steps}_{jointly}"]
    found = rank_sets(
        *case(name), 0.95, seed=1, kind=kind, stepdown=stepdown, simultaneous=simultaneous
    )
    for bound, reference in ((found.lower, expected["L"]), (found.upper, expected["U"])):
        off = np.abs(bound - reference)
        assert off.max() <= ONE_OFF
        assert (off > 0).sum() <= 1
    np.testing.assert_array_equal(ranks(case(name)[0]), expected["rank"])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("k", [1, 3])
def test_top_k_sets_equal_csranks(name, k):
    estimate, covariance = case(name)
    found = top_k_sets(estimate, covariance, k, seed=1)
    np.testing.assert_array_equal(found.possible, REFERENCE[name][f"tau_best_{k}"])
    # sure to be among the p − k best: cannot be among the k worst
    found = top_k_sets(estimate, covariance, len(estimate) - k, seed=1)
    np.testing.assert_array_equal(~found.sure, REFERENCE[name][f"tau_worst_{k}"])


def test_what_is_sure_is_possible():
    for k in range(1, 9):
        found = top_k_sets(*case("independent"), k, seed=2)
        assert found.sure.sum() <= k <= found.possible.sum()
        assert (found.possible | ~found.sure).all()


def test_ranks_begin_at_the_largest_and_share_ties():
    np.testing.assert_array_equal(ranks([[3.0, 5.0, 3.0, 1.0]]), [[2, 1, 2, 4]])
    np.testing.assert_array_equal(ranks([3.0, 5.0, 3.0, 1.0], descending=False), [2, 4, 2, 1])


def test_a_missing_value_has_no_rank():
    with pytest.raises(AnalysisError, match="1 of 2 values to rank are missing"):
        ranks([1.0, np.nan])


def test_p_top_is_the_frequency_of_the_top_ranks():
    draws = np.array([[3, 2, 1], [3, 1, 2], [1, 3, 2], [3, 2, 1]])
    np.testing.assert_array_equal(p_top(draws, 1), [0.75, 0.25, 0.0])
    np.testing.assert_array_equal(p_top(draws, 2), [0.75, 0.75, 0.5])


def test_draws_take_the_place_of_the_covariance():
    estimate, covariance = case("independent")
    draws = np.random.default_rng(3).multivariate_normal(estimate + 7, covariance, size=20_000)
    found, expected = rank_sets_from_draws(estimate, draws), rank_sets(estimate, covariance, seed=1)
    assert np.abs(found.lower - expected.lower).sum() <= ONE_OFF
    assert np.abs(found.upper - expected.upper).sum() <= ONE_OFF


def test_correlation_of_the_estimates_helps_to_tell_them_apart():
    estimate = np.array([1.0, 0.8, 0.6])
    apart = rank_sets(estimate, 0.04 * np.eye(3), seed=1)
    together = rank_sets(estimate, 0.04 * (0.01 * np.eye(3) + 0.99), seed=1)
    np.testing.assert_array_equal(apart.upper - apart.lower, [2, 2, 2])
    np.testing.assert_array_equal(together.lower, [1, 2, 3])
    np.testing.assert_array_equal(together.upper, [1, 2, 3])


def test_differences_without_error():
    covariance = np.ones((3, 3))  # all differences are certain
    found = rank_sets([2.0, 1.0, 1.0], covariance, seed=1)
    np.testing.assert_array_equal(found.lower, [1, 2, 2])
    np.testing.assert_array_equal(found.upper, [1, 3, 3])


def test_one_item_has_rank_one():
    found = rank_sets([0.3], [[0.1]], seed=1)
    assert (found.lower[0], found.upper[0]) == (1, 1)


def test_simultaneous_sets_cover_all_true_ranks():
    rng = np.random.default_rng(12)
    truth, n_studies = np.array([1.0, 0.6, 0.55, 0.2, 0.0]), 300
    covered = 0
    for study in range(n_studies):
        found = rank_sets(
            truth + 0.1 * rng.normal(size=5), 0.01 * np.eye(5), seed=study, n_draws=500
        )
        covered += ((found.lower <= ranks(truth)) & (ranks(truth) <= found.upper)).all()
    # nominal .95; three Monte Carlo standard errors below it are .912
    assert covered / n_studies > 0.912


def test_the_seed_decides():
    one = rank_sets(*case("pisa15"), seed=5)
    other = rank_sets(*case("pisa15"), seed=5)
    np.testing.assert_array_equal(one.lower, other.lower)
    np.testing.assert_array_equal(one.upper, other.upper)


@pytest.mark.parametrize(
    ("estimate", "covariance", "confidence", "message"),
    [
        ([1.0, 2.0], np.eye(3), 0.95, "covariance of shape"),
        ([1.0, np.nan], np.eye(2), 0.95, "missing or infinite"),
        ([1.0, 2.0], np.eye(2), 95, "confidence is 95"),
    ],
)
def test_refuses_unusable_estimates(estimate, covariance, confidence, message):
    with pytest.raises(AnalysisError, match=message):
        rank_sets(estimate, covariance, confidence, seed=1)
