import numpy as np
import pytest

from mot_research.errors import AnalysisError
from mot_research.statistics.crossproducts import (
    augmented,
    cluster_pair_sums,
    crossproducts,
    unvech,
    vech,
)

ROUNDING = 1e-12  # sums of a few thousand terms in double precision
FAR_OFFSET = 7e4  # offset in standard deviations at which raw moments lose 3e-6


@pytest.fixture
def rows():
    rng = np.random.default_rng(11)
    columns = rng.normal(size=(3000, 4)) @ rng.normal(size=(4, 4))
    return columns, rng.uniform(0.2, 5.0, size=3000)


@pytest.mark.parametrize("offset", [0.0, FAR_OFFSET])
def test_sum_of_two_samples_is_the_merged_sample(rows, offset):
    columns, weights = rows
    columns = columns / columns.std(axis=0) + offset
    merged = crossproducts(columns, weights)
    added = crossproducts(columns[:1000], weights[:1000]) + crossproducts(
        columns[1000:], weights[1000:]
    )
    assert added.n == merged.n
    np.testing.assert_allclose(added.sum_w, merged.sum_w, rtol=ROUNDING)
    np.testing.assert_allclose(added.mean, merged.mean, rtol=ROUNDING)
    scale = np.sqrt(np.outer(np.diag(merged.s), np.diag(merged.s)))
    np.testing.assert_allclose(added.s / scale, merged.s / scale, atol=ROUNDING)
    np.testing.assert_allclose(added.n_effective, merged.n_effective, rtol=ROUNDING)


def test_equals_numpy_covariance(rows):
    columns, weights = rows
    found = crossproducts(columns, weights)
    np.testing.assert_allclose(found.mean, np.average(columns, axis=0, weights=weights))
    expected = np.cov(columns, rowvar=False, aweights=weights, ddof=0)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-10)


def test_integer_weights_are_repeated_rows(rows):
    columns, _ = rows
    times = np.random.default_rng(3).integers(0, 4, size=len(columns))
    weighted, repeated = crossproducts(columns, times), crossproducts(columns.repeat(times, axis=0))
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-10)
    np.testing.assert_allclose(weighted.s, repeated.s, rtol=1e-10)


def test_n_effective_is_n_for_equal_weights(rows):
    columns, _ = rows
    assert crossproducts(columns, np.full(3000, 7.0)).n_effective == pytest.approx(3000)


@pytest.mark.parametrize(
    ("columns", "weights", "message"),
    [
        ([[1.0], [np.nan]], None, "column 0 is missing or infinite in 1 rows"),
        ([[1.0], [2.0]], [1.0, -1.0], "weight of row 1 is -1.0"),
        ([[1.0], [2.0]], [np.nan, 1.0], "weight of row 0 is nan"),
        ([[1.0], [2.0]], [0.0, 0.0], "none of the 2 rows has a weight above 0"),
        ([[1.0], [2.0]], [1.0], "weights of shape"),
        ([1.0, 2.0], None, "shape"),
    ],
)
def test_refuses_unusable_rows_and_weights(columns, weights, message):
    with pytest.raises(AnalysisError, match=message):
        crossproducts(columns, weights)


def test_refuses_to_add_different_columns():
    with pytest.raises(AnalysisError, match="2 and of 1 columns"):
        crossproducts([[1.0, 2.0], [2.0, 1.0]]) + crossproducts([[1.0], [2.0]])


def test_vech_follows_the_upper_triangle_and_returns():
    matrix = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 5.0], [3.0, 5.0, 6.0]])
    np.testing.assert_array_equal(vech(matrix), [1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(unvech(vech(matrix)), matrix)
    stack = np.stack([matrix, 2 * matrix])
    np.testing.assert_array_equal(unvech(vech(stack)), stack)


def test_cluster_pair_sums_add_rows_within_clusters(rows, monkeypatch):
    columns, weights = rows
    z = augmented(columns)
    codes = np.random.default_rng(5).integers(0, 40, size=len(z))
    codes[codes == 7] = 8  # a cluster without members stays, with zero
    codes[codes == 9] = 8
    codes[0] = 9  # and one of a single row
    outer = z[:, :, None] * z[:, None, :]
    expected = vech(
        np.stack([(weights[codes == c, None, None] * outer[codes == c]).sum(0) for c in range(40)])
    )
    np.testing.assert_allclose(cluster_pair_sums(z, weights, codes, 40), expected, rtol=1e-10)
    monkeypatch.setattr("mot_research.statistics.crossproducts.BLOCK_ELEMENTS", 1000)
    np.testing.assert_allclose(cluster_pair_sums(z, weights, codes, 40), expected, rtol=1e-10)
    assert not expected[7].any()


def test_cluster_sums_hold_the_crossproducts(rows):
    columns, weights = rows
    sums = cluster_pair_sums(augmented(columns), weights, np.arange(3000) % 50, 50).sum(axis=0)
    second_moment = unvech(sums / sums[0])
    mean = second_moment[0, 1:]
    found = crossproducts(columns, weights)
    np.testing.assert_allclose(mean, found.mean, rtol=1e-10, atol=ROUNDING)
    np.testing.assert_allclose(
        second_moment[1:, 1:] - np.outer(mean, mean), found.covariance, rtol=1e-9
    )
