import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mot_research.errors import AnalysisError
from mot_research.statistics import resampling
from mot_research.statistics.resampling import (
    draw,
    jackknife_multipliers,
    jackknife_variance,
    percentile_interval,
    resample_sums,
    sampling_units,
    survey_covariance,
)

SURVEY = json.loads((Path(__file__).parents[1] / "reference" / "survey_designs.json").read_text())
REFERENCE = 1e-8  # closed forms; the reference has 12 digits
DRIVERS = ["food", "store", "sign", "walkways", "screens", "wifi", "cl_boarding", "cl_restroom"]
DRIVERS += ["find", "passthru"]


@pytest.fixture(scope="module")
def airport(shared):
    return pd.read_csv(shared / "data" / "an_sfo2017_cc.csv.gz")


def least_squares(x, y, w):
    return np.linalg.solve((x * w[:, None]).T @ x, (x * w[:, None]).T @ y)


def scores(x, y, w, codes, n_units):
    """Influence values of weighted least squares, summed within units."""
    beta = least_squares(x, y, w)
    bread = np.linalg.inv((x * w[:, None]).T @ x)
    influence = (w * (y - x @ beta))[:, None] * x @ bread
    total = np.zeros((n_units, x.shape[1]))
    np.add.at(total, codes, influence)
    return total


def test_labels_of_any_kind_name_the_units():
    units = sampling_units(["b", "a", "b", 3, 3, ("x", 1)])
    assert units.n_units == 4
    assert units.n_strata == 1
    assert units.merged == ()
    assert units.codes[0] == units.codes[2]
    assert units.codes[3] == units.codes[4]


def test_the_same_cluster_in_two_strata_is_two_units():
    units = sampling_units([1, 2, 1, 2], ["n", "n", "s", "s"])
    assert units.n_units == 4
    np.testing.assert_array_equal(units.stratum_of_unit, [0, 0, 1, 1])


def test_the_order_of_rows_changes_nothing():
    cluster = np.array(["c", "a", "d", "b", "a", "e"])
    stratum = np.array([2, 1, 2, 1, 1, 2])
    order = np.array([5, 2, 0, 3, 1, 4])
    units = sampling_units(cluster, stratum)
    np.testing.assert_array_equal(
        sampling_units(cluster[order], stratum[order]).codes, units.codes[order]
    )


def test_a_stratum_with_one_cluster_joins_its_neighbour():
    #       h: a single, b 2 clusters, c single, d single, e 2, f single (the last)
    stratum = ["a", "b", "b", "c", "d", "e", "e", "f"]
    units = sampling_units(range(8), stratum)
    np.testing.assert_array_equal(units.stratum_of_unit, [0, 0, 0, 1, 1, 2, 2, 2])
    assert units.merged == (("a", "b"), ("c", "d"), ("e", "f"))


def test_many_units_become_random_groups_of_one_size_within_strata(monkeypatch):
    monkeypatch.setattr(resampling, "MOST_UNITS", 3999)
    monkeypatch.setattr(resampling, "GROUPS", 200)
    stratum = np.repeat(["a", "b", "c"], [30, 1970, 2000])
    units = sampling_units(np.arange(4000), stratum)
    assert units.n_grouped == 4000
    assert np.bincount(units.stratum_of_unit).tolist() == [30, 66, 66]
    assert (units.stratum_of_unit[units.codes] == np.unique(stratum, return_inverse=True)[1]).all()
    sizes = np.bincount(units.codes)
    assert {*sizes[30:96]} == {29, 30}
    order = np.random.default_rng(1).permutation(4000)
    again = sampling_units(np.arange(4000)[order], stratum[order])
    assert (again.codes == units.codes[order]).all()


def test_random_groups_estimate_the_same_error(monkeypatch):
    """A mean's error by 400 groups has a coefficient of variation of 1/√(2·399), 3.5 %."""
    y = np.random.default_rng(1).normal(size=8000)
    scores = (y - y.mean())[:, None] / len(y)
    alone = sampling_units(np.arange(8000))
    monkeypatch.setattr(resampling, "MOST_UNITS", 100)
    monkeypatch.setattr(resampling, "GROUPS", 400)
    grouped = sampling_units(np.arange(8000))
    errors = [
        survey_covariance(
            np.bincount(units.codes, scores[:, 0], units.n_units)[:, None], units.stratum_of_unit
        )[0, 0]
        ** 0.5
        for units in (alone, grouped)
    ]
    assert grouped.n_units == 400
    assert errors[1] == pytest.approx(errors[0], rel=3 * 0.036)


@pytest.mark.parametrize(
    ("cluster", "stratum", "message"),
    [
        (["a", "a"], None, "1 sampling units in all"),
        (["a", "b"], [1, 2], "each of the 2 strata has only one cluster"),
        (["a", None, "b"], None, "cluster is missing in 1 of 3 rows \\(first: row 1\\)"),
        (["a", "b"], [1.0, np.nan], "stratum is missing"),
        (["a", "b"], [1], "2 rows have a cluster but 1 a stratum"),
        ([], None, "0 sampling units"),
    ],
)
def test_refuses_designs_without_spread(cluster, stratum, message):
    with pytest.raises(AnalysisError, match=message):
        sampling_units(cluster, stratum)


def test_draws_keep_each_stratum_and_have_mean_one():
    units = sampling_units(np.arange(60), np.repeat([0, 1, 2], [3, 17, 40]))
    draws = draw(units, 4000, seed=5)
    multipliers = draws.multipliers
    for h, n in enumerate([3, 17, 40]):
        within = multipliers[:, units.stratum_of_unit == h]
        np.testing.assert_allclose(within.sum(axis=1), n)
        # Var of a multiplier is (n/(n−1))² (n−1)/n (1 − 1/n) = 1 by design
        np.testing.assert_allclose(within.mean(axis=0), 1, atol=5 / np.sqrt(4000))
        np.testing.assert_allclose(within.var(axis=0).mean(), 1, atol=0.1)


def test_the_seed_decides_the_draws(monkeypatch):
    units = sampling_units(np.arange(50), np.arange(50) % 3)
    draws = draw(units, 30, seed=1)
    np.testing.assert_array_equal(draw(units, 30, seed=1).counts, draws.counts)
    assert (draw(units, 30, seed=2).counts != draws.counts).any()
    np.testing.assert_array_equal(draw(units, 10, seed=1).counts, draws.counts[:10])
    monkeypatch.setattr("mot_research.statistics.resampling.DRAWN_AT_ONCE", 70)
    np.testing.assert_array_equal(draw(units, 30, seed=1).counts, draws.counts)


def test_resampled_sums_are_sums_of_multiplied_units():
    units = sampling_units(np.arange(20), np.arange(20) % 2)
    draws = draw(units, 25, seed=8)
    sums = np.random.default_rng(0).normal(size=(20, 3))
    np.testing.assert_allclose(resample_sums(draws, sums), draws.multipliers @ sums)
    pieces = dict((s.start, block) for s, block in draws.blocks(10))
    assert [len(block) for block in pieces.values()] == [10, 10, 5]
    np.testing.assert_array_equal(np.vstack(list(pieces.values())), draws.multipliers)


def test_no_resamples_is_refused():
    with pytest.raises(AnalysisError, match="n_resamples is 0"):
        draw(sampling_units([1, 2]), 0, seed=1)


def test_resampled_spread_of_a_mean_is_its_design_error():
    rng = np.random.default_rng(4)
    units = sampling_units(np.arange(80), np.repeat([0, 1], 40))
    value = rng.normal(size=80) + np.repeat([0, 3], 40)
    sums = np.column_stack([np.ones(80), value])
    totals = resample_sums(draw(units, 8000, seed=3), sums)
    design = survey_covariance((value - value.mean())[:, None] / 80, units.stratum_of_unit)
    # the spread of 8,000 draws has a relative standard error of 0.8 %
    assert totals[:, 1].std() / totals[:, 0].mean() == pytest.approx(
        np.sqrt(design[0, 0]), rel=0.03
    )


def test_common_draws_cancel_what_two_waves_share():
    rng = np.random.default_rng(9)
    branch = np.tile(np.arange(60), 20)
    wave = np.repeat([0, 1], 600)
    rating = rng.normal(size=60)[branch] + 0.1 * rng.normal(size=1200)
    units = sampling_units(branch)
    sums = np.zeros((60, 4))
    np.add.at(sums, (units.codes, wave), 1)
    np.add.at(sums, (units.codes, 2 + wave), rating)
    totals = resample_sums(draw(units, 500, seed=2), sums)
    means = totals[:, 2:] / totals[:, :2]
    assert (means[:, 1] - means[:, 0]).std() < 0.2 * np.hypot(*means.std(axis=0))


@pytest.mark.parametrize(
    ("design", "cluster", "stratum"),
    [
        ("weights_only", None, None),
        ("cluster_runid", "runid", None),
        ("strata_cluster", "runid", "strata"),
    ],
)
def test_survey_covariance_equals_svyglm(airport, design, cluster, stratum):
    expected = SURVEY[design]
    x = np.column_stack([np.ones(len(airport)), airport[DRIVERS]])
    y, w = airport["all"].to_numpy(), airport["weight"].to_numpy()
    units = sampling_units(
        airport.index if cluster is None else airport[cluster],
        None if stratum is None else airport[stratum],
    )
    u = scores(x, y, w, units.codes, units.n_units)
    covariance = survey_covariance(u, units.stratum_of_unit)
    np.testing.assert_allclose(covariance, expected["lm_vcov"]["values"], rtol=1e-6, atol=1e-14)
    np.testing.assert_allclose(
        np.sqrt(np.diag(covariance)),
        list(expected["lm_all"]["Std. Error"].values()),
        rtol=REFERENCE,
    )
    assert units.degrees_of_freedom == expected["degf"]
    t = least_squares(x, y, w) / np.sqrt(np.diag(covariance))
    p = 2 * stats.t.sf(np.abs(t), units.degrees_of_freedom - len(DRIVERS))
    np.testing.assert_allclose(p, list(expected["lm_all"]["Pr(>|t|)"].values()), rtol=1e-6)


@pytest.mark.parametrize("n_clusters", [None, 30])
def test_survey_covariance_equals_statsmodels(n_clusters):
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(300), rng.normal(size=(300, 2))])
    y, w = x @ [1, 2, 3] + rng.normal(size=300), rng.uniform(1, 3, 300)
    cluster = np.arange(300) if n_clusters is None else np.arange(300) % n_clusters
    model = sm.WLS(y, x, weights=w)
    expected = (
        model.fit(cov_type="HC0")
        if n_clusters is None
        else model.fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False})
    ).cov_params()
    units = sampling_units(cluster)
    found = survey_covariance(scores(x, y, w, units.codes, units.n_units), units.stratum_of_unit)
    g = units.n_units
    np.testing.assert_allclose(found, expected * g / (g - 1), rtol=1e-8)


def test_a_stratum_of_one_unit_has_no_covariance():
    with pytest.raises(AnalysisError, match="stratum 1 has one unit"):
        survey_covariance(np.ones((3, 1)), [0, 0, 1])


def test_units_without_members_count():
    u = np.array([[1.0], [-1.0], [0.0], [0.0]])
    assert survey_covariance(u, [0, 0, 0, 0])[0, 0] == pytest.approx(4 / 3 * 2)


def test_jackknife_equals_the_reference(airport):
    expected = SURVEY["jackknife_JK1_runid"]["lm_all_first5"]
    x = np.column_stack([np.ones(len(airport)), airport[DRIVERS[:5]]])
    y, w = airport["all"].to_numpy(), airport["weight"].to_numpy()
    units = sampling_units(airport["runid"])
    estimates = np.array(
        [least_squares(x, y, w * m[units.codes]) for m in jackknife_multipliers(units)]
    )
    # survey centres its replicates at their mean
    variance = jackknife_variance(estimates, estimates.mean(axis=0), units)
    np.testing.assert_allclose(
        np.sqrt(variance), list(expected["Std. Error"].values()), rtol=REFERENCE
    )


def test_jackknife_of_a_stratified_mean_is_its_linearised_variance():
    rng = np.random.default_rng(1)
    stratum = np.repeat([0, 1], [10, 15])
    units = sampling_units(np.arange(25), stratum)
    value = rng.normal(size=25)
    totals = jackknife_multipliers(units) @ value
    found = jackknife_variance(totals, value.sum(), units)
    assert found == pytest.approx(survey_covariance(value[:, None], stratum)[0, 0], rel=1e-10)


def test_percentile_interval():
    draws = np.column_stack([np.arange(1001.0), np.full(1001, np.nan)])
    lower, upper = percentile_interval(draws, 0.9)
    np.testing.assert_allclose([lower[0], upper[0]], [50, 950])
    assert np.isnan([lower[1], upper[1]]).all()
    with pytest.raises(AnalysisError, match="confidence is 95"):
        percentile_interval(draws, 95)
