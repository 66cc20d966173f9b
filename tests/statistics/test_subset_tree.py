"""Both kernels of the subset tree against brute force and against each other."""

import itertools
from math import comb, factorial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mot_research.statistics import subset_tree
from mot_research.statistics.subset_tree import shapley_gains, shapley_weights, subset_sizes
from mot_research.statistics.sweeping import PIVOT_TOLERANCE

EXACT = 1e-12  # sums of numbers below 1, in another order
# A pivot of 1e-9 holds seven digits of rounding; the two kernels round it differently.
NEARLY_SINGULAR = 1e-6


@pytest.fixture(scope="module")
def compiled() -> ModuleType:
    pytest.importorskip("numba")
    from mot_research.statistics import subset_tree_numba

    return subset_tree_numba


def some_correlations(p: int, *, replicates: int = 1, seed: int = 1) -> np.ndarray:
    """Correlated columns, the outcome last."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(replicates, 3 * p + 10, p + 1))
    rows += 0.5 * rows[..., :1] + 0.7 * rows[..., -1:]
    return np.stack([np.corrcoef(each, rowvar=False) for each in rows])


def with_copies(correlations: np.ndarray, copies: dict[int, int]) -> np.ndarray:
    """Columns replaced by copies of others: {place: the column copied}."""
    rows = list(range(correlations.shape[-1]))
    for place, column in copies.items():
        rows[place] = column
    return correlations[:, rows][:, :, rows]


def brute_force(correlations: np.ndarray, blocks: list[list[int]]) -> np.ndarray:
    """lmg from its definition, with the R² of every subset by least squares."""
    n_players = len(blocks)

    def r_squared(players: tuple[int, ...]) -> float:
        columns = [column for player in players for column in blocks[player]]
        with_outcome = correlations[columns, -1]
        # singular where columns are copies: the pseudo-inverse gives the same fit
        inverse = np.linalg.pinv(correlations[np.ix_(columns, columns)], rcond=1e-11)
        return with_outcome @ inverse @ with_outcome

    shares = np.zeros(n_players)
    for player in range(n_players):
        others = [other for other in range(n_players) if other != player]
        for size in range(n_players):
            added = [
                r_squared((*subset, player)) - r_squared(subset)
                for subset in itertools.combinations(others, size)
            ]
            shares[player] += np.mean(added) / n_players
    return shares


def test_weights_are_sums_over_the_sets_that_go_on() -> None:
    p = 9
    weights = shapley_weights(p)
    of_size = [factorial(s - 1) * factorial(p - s - 1) / factorial(p - 1) for s in range(1, p)]
    of_size.append(1 / p)
    for k, s in itertools.product(range(p), range(p)):
        going_on = [comb(p - k - 1, t) * of_size[s + t] for t in range(p - k) if s <= k]
        np.testing.assert_allclose(weights[k, s], sum(going_on), rtol=EXACT)
    assert not weights[p].any()


def test_sizes_of_subsets_count_their_bits() -> None:
    assert subset_sizes(5).tolist() == [subset.bit_count() for subset in range(32)]


@pytest.mark.parametrize("p", range(1, 9))
def test_numpy_equals_brute_force(p: int) -> None:
    correlations = some_correlations(p, replicates=3)
    expected = [brute_force(each, [[column] for column in range(p)]) for each in correlations]
    np.testing.assert_allclose(shapley_gains(correlations, [1] * p), expected, atol=EXACT)


@pytest.mark.parametrize(
    "widths", [[3], [1, 2], [2, 1], [4, 1, 1], [1, 2, 3, 1, 1, 2, 1], [2] * 6, [3, 1, 1, 1, 1, 3]]
)
def test_blocks_equal_brute_force(widths: list[int]) -> None:
    correlations = some_correlations(sum(widths), replicates=2)
    ends = np.cumsum(widths)
    blocks = [list(range(end - width, end)) for end, width in zip(ends, widths, strict=True)]
    expected = [brute_force(each, blocks) for each in correlations]
    np.testing.assert_allclose(shapley_gains(correlations, widths), expected, atol=EXACT)


@pytest.mark.parametrize("copies", [{1: 0}, {7: 0}, {3: 2, 5: 2}, {6: 1, 7: 3}])
def test_copies_equal_brute_force(copies: dict[int, int], compiled: ModuleType) -> None:
    correlations = with_copies(some_correlations(8, replicates=2), copies)
    expected = [brute_force(each, [[column] for column in range(8)]) for each in correlations]
    np.testing.assert_allclose(shapley_gains(correlations, [1] * 8), expected, atol=1e-9)
    np.testing.assert_allclose(compiled.shapley_gains(correlations), expected, atol=1e-9)


def test_copies_within_a_block_count_once() -> None:
    correlations = with_copies(some_correlations(6), {1: 0, 4: 3})
    expected = brute_force(correlations[0], [[0], [2], [3], [5]])
    shares = shapley_gains(correlations, [2, 1, 2, 1])
    np.testing.assert_allclose(shares[0], expected, atol=1e-9)


@pytest.mark.parametrize("lanes", [1, 2, 16, 1 << 20])
def test_the_number_of_lanes_changes_nothing(lanes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    correlations = some_correlations(9, replicates=7)
    expected = shapley_gains(correlations, [1, 2, 1, 1, 1, 1, 1, 1])
    monkeypatch.setattr(subset_tree, "LANES", lanes)
    shares = shapley_gains(correlations, [1, 2, 1, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(shares, expected, atol=EXACT)


@pytest.mark.parametrize("p", [6, 7, 8])
def test_compiled_equals_brute_force(p: int, compiled: ModuleType) -> None:
    correlations = some_correlations(p, replicates=3)
    expected = [brute_force(each, [[column] for column in range(p)]) for each in correlations]
    np.testing.assert_allclose(compiled.shapley_gains(correlations), expected, atol=EXACT)


@pytest.mark.parametrize(("p", "replicates"), [(6, 300), (11, 5), (15, 2), (16, 3), (18, 2)])
def test_compiled_equals_numpy(p: int, replicates: int, compiled: ModuleType) -> None:
    correlations = some_correlations(p, replicates=replicates)
    np.testing.assert_allclose(
        compiled.shapley_gains(correlations), shapley_gains(correlations, [1] * p), atol=EXACT
    )


@pytest.mark.parametrize(
    "copies", [{0: 1}, {2: 0}, {17: 16}, {17: 0}, {4: 3, 9: 3, 16: 3}, {13: 2, 14: 15, 17: 15}]
)
def test_compiled_equals_numpy_with_copies(copies: dict[int, int], compiled: ModuleType) -> None:
    """Copies among the walked, the doubled and the last five variables of the compiled tree."""
    correlations = with_copies(some_correlations(18), copies)
    shares = compiled.shapley_gains(correlations)
    np.testing.assert_allclose(shares, shapley_gains(correlations, [1] * 18), atol=EXACT)
    for place, column in copies.items():
        np.testing.assert_allclose(shares[0, place], shares[0, column], rtol=1e-9)


@pytest.mark.parametrize("hair", [1e-9, 1e-11, 1e-13])
def test_kernels_agree_next_to_the_tolerance(hair: float, compiled: ModuleType) -> None:
    """A column that differs from another by a hair, which the outcome depends on."""
    rng = np.random.default_rng(8)
    columns = np.linalg.qr(rng.normal(size=(50, 9)))[0]
    columns[:, 4] = columns[:, 3] + np.sqrt(hair) * columns[:, 4]
    outcome = columns @ rng.normal(size=9) + 0.3 * rng.normal(size=50)
    correlations = np.corrcoef(np.column_stack([columns, outcome]), rowvar=False)[None]
    assert (hair > PIVOT_TOLERANCE) == (hair > 1e-12)
    tolerance = NEARLY_SINGULAR if hair > 1e-10 else 1e-3
    np.testing.assert_allclose(
        compiled.shapley_gains(correlations), shapley_gains(correlations, [1] * 9), atol=tolerance
    )


@pytest.mark.parametrize("chunk", [1, 1 << 16, 1 << 30])
def test_threads_and_chunks_change_nothing(
    chunk: int, compiled: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    correlations = some_correlations(18, replicates=3)
    monkeypatch.setattr(compiled, "n_cores", lambda: 1)
    expected = compiled.shapley_gains(correlations)
    monkeypatch.setattr(compiled, "n_cores", lambda: 3)
    np.testing.assert_array_equal(compiled.shapley_gains(correlations), expected)
    monkeypatch.setattr(compiled, "CHUNK_SUBSETS", chunk)
    np.testing.assert_allclose(compiled.shapley_gains(correlations), expected, atol=EXACT)


def test_a_folder_that_cannot_hold_the_cache_is_no_obstacle(
    compiled: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def njit(**options: Any) -> Any:
        def decorate(function: Any) -> Any:
            asked.append(options.get("cache", False))
            if options.get("cache"):
                raise RuntimeError("cannot cache function: no locator available")
            return function

        return decorate

    monkeypatch.setattr(compiled, "njit", njit)
    assert compiled._compiled(len) is len
    assert asked == [True, False]
