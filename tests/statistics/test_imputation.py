"""Imputations keep what is known, draw what is not from people alike; Rubin's rules."""

import numpy as np
import pytest

from mot_research.statistics.imputation import N_IMPUTATIONS, combine, impute, spread_of_draws

DRAWN = 0.03  # share of 3,000 rows: three standard errors of a proportion


@pytest.fixture(scope="module")
def design():
    """Outcome, quality, exposure and control; whether the contact is known depends on y."""
    rng = np.random.default_rng(5)
    n = 3000
    control = rng.normal(size=n)
    had = (rng.random(n) < 0.6).astype(float)
    quality = had * (rng.integers(1, 6, n) - 3.0)
    y = (0.5 * quality + 2.0 * (had - 0.6) + rng.logistic(size=n) > 0).astype(float)
    columns = np.column_stack([y, quality, had, control])
    z = np.column_stack([np.ones(n), columns])
    lost = rng.random(n) < np.where(y == 1, 0.5, 0.1)
    holes = columns.copy()
    holes[lost, 1:3] = np.nan
    return columns, holes, lost, z.T @ z / n


def filled(design, seed=1):
    _, holes, _, q = design
    return impute(holes, q, [1], [2], np.random.default_rng(seed))


def test_without_blanks_nothing_is_drawn(design):
    columns, _, _, q = design
    assert impute(columns, q, [1], [2], np.random.default_rng(1)) is columns


def test_what_is_known_stays_and_the_rest_is_possible(design):
    _, holes, lost, _ = design
    found = filled(design)
    np.testing.assert_array_equal(found[~lost], holes[~lost])
    assert set(np.unique(found[:, 2])) == {0.0, 1.0}
    assert set(np.unique(found[:, 1])) == {-2.0, -1.0, 0.0, 1.0, 2.0}
    assert (found[found[:, 2] == 0, 1] == 0).all()


def test_reach_and_association_are_those_of_the_whole(design):
    columns, holes, lost, _ = design
    found = [filled(design, seed) for seed in range(N_IMPUTATIONS)]
    reach = np.mean([one[:, 2].mean() for one in found])
    assert abs(holes[~lost, 2].mean() - columns[:, 2].mean()) > DRAWN  # blanks do mislead
    assert reach == pytest.approx(columns[:, 2].mean(), abs=DRAWN)

    def slope(table):
        x = np.column_stack([np.ones(len(table)), table[:, 1:]])
        return np.linalg.lstsq(x, table[:, 0], rcond=None)[0][1:3]

    np.testing.assert_allclose(
        np.mean([slope(one) for one in found], axis=0), slope(columns), atol=0.03
    )


def test_imputations_differ_by_seed_only(design):
    np.testing.assert_array_equal(filled(design, 3), filled(design, 3))
    assert (filled(design, 3) != filled(design, 4)).any()


def test_rubins_rules():
    # m = 3: estimates 1, 2, 3 with variances .5: T = .5 + 4/3 · 1
    found = combine(np.array([[1.0], [2.0], [3.0]]), np.full((3, 1), 0.5), 100.0)
    assert found.estimate[0] == 2
    assert found.std_error[0] == pytest.approx(np.sqrt(0.5 + 4 / 3))
    missing = (4 / 3) / (0.5 + 4 / 3)
    old, observed = 2 / missing**2, 101 / 103 * 100 * (1 - missing)
    assert found.degrees_of_freedom[0] == pytest.approx(1 / (1 / old + 1 / observed))


def test_one_imputation_is_taken_as_it_is():
    found = combine(np.array([[1.0]]), np.array([[0.25]]), 40.0)
    assert (found.estimate[0], found.std_error[0], found.degrees_of_freedom[0]) == (1, 0.5, 40)


def test_draws_that_take_turns_have_rubins_spread():
    estimates = np.array([1.0, 2.0, 4.0, 5.0, 3.0])
    widened = (estimates - estimates.mean()) * spread_of_draws(5)
    assert widened.var() == pytest.approx((1 + 1 / 5) * estimates.var(ddof=1))
