"""lmg by sampled orders against the exact lmg, and its standard error against its spread."""

import numpy as np
import pytest

from mot_research.errors import AnalysisError
from mot_research.statistics.importance import lmg, r_squared
from mot_research.statistics.permutations import (
    MIN_BLOCKS,
    gains_in_order,
    sampled_lmg,
    shifts_and_reversals,
)

EXACT = 1e-12  # sums of numbers below 1, in another order
# Ten players' errors in units of their standard error stay below this but for one seed in 10,000.
SURE = 5.0


def some_covariance(p: int, *, replicates: tuple[int, ...] = (), seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(*replicates, 3 * p + 10, 1 + p))
    rows += 0.5 * rows[..., :1] + 0.7 * rows[..., -1:]
    return rows.swapaxes(-1, -2) @ rows


def test_a_block_puts_each_player_twice_at_each_place() -> None:
    orders = shifts_and_reversals(np.array([3, 0, 4, 1, 2]))
    assert orders.shape == (10, 5)
    for place in range(5):
        assert np.bincount(orders[:, place]).tolist() == [2] * 5
    np.testing.assert_array_equal(orders[5:], orders[:5, ::-1])


def test_gains_in_an_order_are_differences_of_r_squared() -> None:
    covariance = some_covariance(4)
    spread = np.sqrt(np.diagonal(covariance))
    gains = gains_in_order(covariance / spread[:, None] / spread, np.array([[2, 0, 3, 1]]))
    ends = [r_squared(covariance, named) for named in ([], [2], [2, 0], [2, 0, 3], [2, 0, 3, 1])]
    np.testing.assert_allclose(gains[0, [2, 0, 3, 1]], np.diff(ends), atol=EXACT)


def test_estimate_is_within_its_error_of_the_exact_lmg() -> None:
    covariance = some_covariance(12)
    sampled = sampled_lmg(covariance, [3], rng=np.random.default_rng(2), n_permutations=4000)
    exact = lmg(covariance, always=[3])
    assert (sampled.std_error > 0).all()
    assert (np.abs(sampled.estimate - exact) < SURE * sampled.std_error).all()
    assert sampled.std_error.max() < 0.002
    np.testing.assert_allclose(sampled.estimate.sum(), exact.sum(), atol=EXACT)


def test_standard_error_is_the_spread_over_seeds() -> None:
    covariance = some_covariance(8)
    runs = [
        sampled_lmg(covariance, rng=np.random.default_rng(seed), n_permutations=320)
        for seed in range(60)
    ]
    spread = np.std([run.estimate for run in runs], axis=0, ddof=1)
    stated = np.sqrt(np.mean([run.std_error**2 for run in runs], axis=0))
    # sixty runs know a spread to 9 %; the mean of eight ratios to a few
    assert 0.8 < np.mean(stated / spread) < 1.25


def test_orders_are_whole_blocks() -> None:
    rng = np.random.default_rng(1)
    assert sampled_lmg(some_covariance(30), rng=rng, n_permutations=1).n_permutations == (
        60 * MIN_BLOCKS
    )
    assert sampled_lmg(some_covariance(7), rng=rng, n_permutations=1000).n_permutations == 14 * 72


def test_same_seed_same_numbers_and_batch_equals_loop() -> None:
    covariance = some_covariance(6, replicates=(2, 2))
    batch = sampled_lmg(covariance, rng=np.random.default_rng(3), n_permutations=100)
    assert batch.estimate.shape == batch.std_error.shape == (2, 2, 6)
    for replicate in np.ndindex(2, 2):
        alone = sampled_lmg(covariance[replicate], rng=np.random.default_rng(3), n_permutations=100)
        np.testing.assert_allclose(batch.estimate[replicate], alone.estimate, rtol=1e-10)
        np.testing.assert_allclose(batch.std_error[replicate], alone.std_error, rtol=1e-6)


def test_copies_and_constants() -> None:
    rows = [0, 1, 2, 3, 4, 5, 2]
    covariance = np.zeros((8, 8))
    covariance[:7, :7] = some_covariance(5)[np.ix_(rows, rows)]
    sampled = sampled_lmg(covariance, rng=np.random.default_rng(4), n_permutations=2000)
    exact = lmg(covariance)
    assert sampled.estimate[6] == 0
    assert (np.abs(sampled.estimate - exact) <= SURE * sampled.std_error + EXACT).all()


def test_one_player_and_none() -> None:
    covariance = some_covariance(2)
    sampled = sampled_lmg(covariance, [1], rng=np.random.default_rng(5))
    np.testing.assert_allclose(sampled.estimate, lmg(covariance, always=[1]), atol=EXACT)
    assert sampled_lmg(covariance, [0, 1], rng=np.random.default_rng(5)).estimate.shape == (0,)


def test_more_players_than_the_exact_limit() -> None:
    covariance = some_covariance(40)
    sampled = sampled_lmg(covariance, rng=np.random.default_rng(6))
    np.testing.assert_allclose(sampled.estimate.sum(), r_squared(covariance), atol=1e-10)
    assert sampled.std_error.max() < 0.002


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_permutations": 0}, "n_permutations is 0"),
        ({"always": [9]}, "no column at position 9"),
    ],
)
def test_wrong_options_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        sampled_lmg(some_covariance(3), rng=np.random.default_rng(7), **arguments)
