import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mot_research.errors import AnalysisError
from mot_research.statistics.crossproducts import (
    augmented,
    cluster_pair_sums,
    crossproducts,
    unvech,
    vech,
)
from mot_research.statistics.em import invert, regress
from mot_research.statistics.missing import complete
from mot_research.statistics.resampling import (
    draw,
    resample_sums,
    sampling_units,
    survey_covariance,
)

REFERENCE_DIRECTORY = Path(__file__).parents[1] / "reference"
REFERENCE = json.loads((REFERENCE_DIRECTORY / "missing_data.json").read_text())
NORM = 1e-8  # relative; norm stopped at a change of 1e-12, values have 12 digits
SAME_SOLUTION = 1e-8  # two iterations stopped at a change of 1e-11
ALGEBRA = 1e-9  # the same sums in another order


def contact_design(n, p, blank_rate, seed=0):
    """Outcome, one control, contacts and qualities of p moments; blanks hit both at once."""
    rng = np.random.default_rng(seed)
    halo = rng.normal(size=(n, 1))
    rating = np.clip(np.round(3.5 + 0.6 * halo + 0.8 * rng.normal(size=(n, p))), 1, 5)
    contact = (rng.random((n, p)) < 0.6).astype(float)
    quality = contact * (rating - 3.5)
    outcome = quality.mean(axis=1) + 0.2 * contact.sum(axis=1) / p + rng.normal(size=n)
    blank = rng.random((n, p)) < blank_rate
    contact[blank] = quality[blank] = np.nan
    return np.column_stack([outcome, rng.normal(size=n), contact, quality])


def slopes(q):
    """Regress the first column on the others: (..., T) → (..., k − 1)."""
    q = unvech(q)
    covariance = q[..., 1:, 1:] - q[..., 1:, :1] * q[..., :1, 1:]
    return np.linalg.solve(covariance[..., 1:, 1:], covariance[..., 1:, :1])[..., 0]


@pytest.fixture(scope="module")
def gappy():
    columns = contact_design(600, 3, 0.15)
    return columns, np.random.default_rng(1).uniform(0.3, 3.0, size=len(columns))


def assert_equals_norm(columns, expected):
    found = complete(columns.to_numpy())
    assert found.converged
    np.testing.assert_allclose(found.mean, list(expected["mu"].values()), rtol=NORM)
    np.testing.assert_allclose(found.covariance, expected["sigma"]["values"], rtol=NORM)
    return found


def test_equals_norm_on_airquality():
    expected = REFERENCE["norm_em_airquality"]
    data = pd.read_csv(REFERENCE_DIRECTORY / "R_airquality.csv.gz")
    assert_equals_norm(data[list(expected["mu"])], expected)


def test_equals_norm_on_the_airport_survey(shared):
    expected = REFERENCE["norm_em"]
    data = pd.read_csv(shared / "data" / "an_sfo2017_withNA.csv.gz")[list(expected["mu"])]
    found = assert_equals_norm(data, expected)
    assert len(data) - found.n_excluded == expected["n_rows"]
    assert len(found.shares) == expected["n_patterns"]


def test_without_blanks_it_is_the_plain_moment_matrix(gappy):
    columns = np.nan_to_num(gappy[0])
    weights = gappy[1]
    found = complete(columns, weights)
    plain = crossproducts(columns, weights)
    np.testing.assert_allclose(found.mean, plain.mean, atol=ALGEBRA)
    np.testing.assert_allclose(found.covariance, plain.covariance, atol=ALGEBRA)
    codes = np.arange(600) % 50
    np.testing.assert_allclose(
        found.cluster_sums(weights, codes, 50),
        cluster_pair_sums(augmented(columns), weights, codes, 50),
        atol=ALGEBRA,
    )
    delta = np.random.default_rng(0).normal(size=(4, vech(found.q).size))
    np.testing.assert_array_equal(found.linearised(delta), delta)
    np.testing.assert_array_equal(found.linearised_gradient(delta), delta)
    assert found.converged
    assert not found.blank_share.any()


def test_weights_are_repeated_rows(gappy):
    columns = gappy[0]
    times = np.random.default_rng(2).integers(0, 4, size=len(columns))
    weighted = complete(columns, times)
    repeated = complete(columns.repeat(times, axis=0))
    np.testing.assert_allclose(weighted.q, repeated.q, atol=SAME_SOLUTION)
    np.testing.assert_allclose(weighted.blank_share, repeated.blank_share, atol=ALGEBRA)


def test_only_ratios_of_weights_matter(gappy):
    columns, weights = gappy
    one, other = complete(columns, weights), complete(columns, 1000 * weights)
    np.testing.assert_allclose(one.q, other.q, atol=SAME_SOLUTION)
    np.testing.assert_allclose(one.shares, other.shares, atol=ALGEBRA)


def test_units_of_the_columns_do_not_matter(gappy):
    columns, weights = gappy
    scale, offset = np.geomspace(1e-3, 1e3, columns.shape[1]), np.arange(columns.shape[1])
    plain, moved = complete(columns, weights), complete(columns * scale + offset, weights)
    np.testing.assert_allclose(moved.mean, plain.mean * scale + offset, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(
        moved.covariance / np.outer(scale, scale), plain.covariance, atol=SAME_SOLUTION
    )


def test_cluster_sums_add_up_to_the_solution(gappy):
    columns, weights = gappy
    found = complete(columns, weights)
    total = found.cluster_sums(weights, np.arange(600) % 7, 7).sum(axis=0)
    np.testing.assert_allclose(total / total[0], vech(found.q), atol=SAME_SOLUTION)


def test_a_row_adds_its_conditional_second_moment(gappy):
    columns = gappy[0]
    found = complete(columns)
    row = int(np.flatnonzero(np.isnan(columns).sum(axis=1) == 4)[0])
    observed = np.append(True, ~np.isnan(columns[row]))
    z = np.append(1.0, columns[row])[observed]
    q = found.q
    across = q[np.ix_(~observed, observed)] @ np.linalg.inv(q[np.ix_(observed, observed)])
    expected = np.empty(len(q))
    expected[observed], expected[~observed] = z, across @ z
    second = np.outer(expected, expected)
    second[np.ix_(~observed, ~observed)] += (
        q[np.ix_(~observed, ~observed)] - across @ q[np.ix_(observed, ~observed)]
    )
    weights = np.zeros(len(columns))
    weights[row] = 2.0
    found_sum = found.cluster_sums(weights, np.zeros(len(columns), dtype=int), 1)[0]
    np.testing.assert_allclose(found_sum, 2 * vech(second), atol=ALGEBRA)


def test_rows_with_nothing_observed_contribute_nothing(gappy):
    columns = gappy[0]
    with_empty = np.vstack([columns, np.full((30, columns.shape[1]), np.nan)])
    found, expected = complete(with_empty), complete(columns)
    assert found.n_excluded == 30
    np.testing.assert_allclose(found.q, expected.q, atol=SAME_SOLUTION)
    codes = np.repeat([0, 1], [len(columns), 30])
    assert not found.cluster_sums(np.ones(len(codes)), codes, 2)[1].any()
    assert found.blank_share[0] == pytest.approx(30 / len(with_empty))


def test_a_column_that_never_varies_is_known_where_blank(gappy):
    columns = gappy[0]
    constant = np.full((len(columns), 1), 4.0)
    constant[::5] = np.nan
    found, expected = complete(np.hstack([columns, constant])), complete(columns)
    np.testing.assert_allclose(found.q[:-1, :-1], expected.q, atol=SAME_SOLUTION)
    assert found.mean[-1] == pytest.approx(4.0)
    np.testing.assert_allclose(found.covariance[-1], 0, atol=ALGEBRA)


def test_exactly_collinear_columns_are_completed(gappy):
    columns = gappy[0]
    total = columns[:, [0]] - 2 * columns[:, [1]]
    found, expected = complete(np.hstack([columns, total])), complete(columns)
    assert found.converged
    np.testing.assert_allclose(found.q[:-1, :-1], expected.q, atol=1e-7)
    np.testing.assert_allclose(found.q[-1], found.q[1] - 2 * found.q[2], atol=1e-7)


def test_both_ways_to_regress_agree():
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(50, 5))
    q = rows.T @ rows / 50
    lacked = np.array([[0, 3], [1, 2], [2, 4]])
    by_precision = regress(q, invert(q), lacked)
    by_block = regress(q, None, lacked)
    for one, other in zip(by_precision, by_block, strict=True):
        np.testing.assert_allclose(one, other, atol=ALGEBRA)


def test_says_when_it_has_not_converged(gappy):
    found = complete(gappy[0], max_iterations=2)
    assert not found.converged
    assert found.n_iterations == 2


@pytest.mark.parametrize(
    ("columns", "weights", "message"),
    [
        ([[1.0, np.nan], [2.0, np.nan]], None, "column 1 has no value"),
        ([[1.0, np.nan], [2.0, 3.0]], [1.0, 0.0], "column 1 has no value"),
        ([[1.0, np.nan], [np.nan, 3.0]], None, "columns 0 and 1 are never observed in the same"),
        ([[1.0, np.inf], [2.0, 3.0]], None, "column 1 holds inf in row 0"),
        ([[1.0, 2.0], [2.0, 3.0]], [1.0, -1.0], "weight of row 1 is -1.0"),
    ],
)
def test_refuses_what_cannot_be_completed(columns, weights, message):
    with pytest.raises(AnalysisError, match=message):
        complete(columns, weights)


def test_the_linearised_map_is_its_formula(gappy):
    columns, weights = gappy
    found = complete(columns, weights)
    delta = np.random.default_rng(3).normal(size=(3, vech(found.q).size))
    solved = found.linearised(delta)

    def j(matrix):
        result = np.zeros_like(matrix)
        for missing, share in zip(found.missing, found.shares, strict=True):
            o = ~missing
            a = np.zeros((len(missing), o.sum()))
            a[o] = np.eye(o.sum())
            a[missing] = found.q[np.ix_(missing, o)] @ np.linalg.inv(found.q[np.ix_(o, o)])
            result += share * (matrix - a @ matrix[np.ix_(o, o)] @ a.T)
        return result

    for matrix, change in zip(unvech(delta), unvech(solved), strict=True):
        np.testing.assert_allclose(change - j(change), matrix, atol=1e-8)


def test_the_gradient_goes_through_the_transposed_map(gappy):
    found = complete(*gappy)
    rng = np.random.default_rng(4)
    delta, gradient = rng.normal(size=(2, 5, vech(found.q).size))
    np.testing.assert_allclose(
        gradient @ found.linearised(delta).T, found.linearised_gradient(gradient) @ delta.T
    )


def test_influence_values_give_the_spread_of_the_draws(gappy):
    columns, weights = gappy
    found = complete(columns, weights)
    units = sampling_units(np.arange(len(columns)) % 120)
    sums = found.cluster_sums(weights, units.codes, units.n_units)
    gradient = np.eye(vech(found.q).size)[1 : len(found.q)]  # the means
    scores = (sums - sums[:, :1] * vech(found.q)) / sums[:, 0].sum()
    scores = scores @ found.linearised_gradient(gradient).T
    totals = resample_sums(draw(units, 6000, seed=1), sums)
    draws = found.linearised(totals / totals[:, :1] - vech(found.q))[:, 1 : len(found.q)]
    std_error = np.sqrt(np.diag(survey_covariance(scores, units.stratum_of_unit)))
    # the spread of 6,000 draws has a relative standard error of 0.9 %
    np.testing.assert_allclose(draws.std(axis=0), std_error, rtol=0.04)


def test_the_linearised_map_is_the_derivative_of_em():
    # Blanks completely at random: J is then the derivative of EM up to 1/√n.
    rng = np.random.default_rng(7)
    columns = rng.normal(size=(20_000, 3)) @ rng.normal(size=(3, 3))
    columns[rng.random(columns.shape) < 0.08] = np.nan
    found = complete(columns)
    change = rng.normal(size=len(columns)) * (1 + np.nan_to_num(columns[:, 0]))
    step = 1e-4
    moved = [vech(complete(columns, 1 + sign * step * change).q) for sign in (1, -1)]
    derivative = (moved[0] - moved[1]) / (2 * step)
    rows = np.zeros(len(columns), dtype=int)
    direction = found.cluster_sums(change, rows, 1)[0] / len(columns)
    direction -= direction[0] * vech(found.q)
    error = found.linearised(direction[None])[0] - derivative
    bare_error = direction - derivative
    assert np.linalg.norm(error) < 0.03 * np.linalg.norm(derivative)
    assert np.linalg.norm(error) < 0.3 * np.linalg.norm(bare_error)


@pytest.mark.parametrize("blanks", [0.10, 0.30])
def test_linearised_resamples_spread_like_full_em(blanks):
    columns = contact_design(500, 4, blanks, seed=5)
    found = complete(columns)
    units = sampling_units(np.arange(len(columns)))
    draws = draw(units, 80, seed=3)
    totals = resample_sums(draws, found.cluster_sums(np.ones(500), units.codes, 500))
    delta = totals / totals[:, :1] - vech(found.q)
    full = [vech(complete(columns, w, tolerance=1e-8).q) for w in draws.multipliers]
    reference = slopes(np.array(full)).std(axis=0)
    ratio = slopes(vech(found.q) + found.linearised(delta)).std(axis=0) / reference
    one_step = slopes(vech(found.q) + delta).std(axis=0) / reference
    # Both sides share their draws: what is left is non-linearity, about 3 % a slope.
    assert 0.95 < ratio.mean() < 1.04
    assert (np.abs(ratio - 1) < 0.10).all()
    assert one_step.mean() < 0.92  # why one bare step is not enough
