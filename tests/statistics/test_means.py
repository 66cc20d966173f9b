"""Weighted means of a domain against R's survey package, and what differences share."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from mot_research.statistics.means import completed_mean, domain_mean
from mot_research.statistics.resampling import sampling_units

SURVEY = 1e-8  # closed forms; the reference has 12 digits
DESIGNS = {
    "weights_only": (None, None),
    "cluster_runid": ("runid", None),
    "strata_cluster": ("runid", "strata"),
}


@pytest.fixture(scope="module")
def airport(shared):
    return pd.read_csv(shared / "data" / "an_sfo2017_cc.csv.gz")


@pytest.fixture(scope="module")
def reference(shared):
    text = (shared / "golden" / "outcome_models.json").read_text(encoding="utf-8")
    return json.loads(text)["survey"]


def units_of(airport, design):
    cluster, stratum = DESIGNS[design]
    labels = np.arange(len(airport)) if cluster is None else airport[cluster]
    return sampling_units(labels, None if stratum is None else airport[stratum])


def mean_of(values, airport, units):
    weights = airport["weight"].to_numpy()
    return domain_mean(values.to_numpy(dtype=float), weights, units.codes, units.n_units)


@pytest.mark.parametrize("design", DESIGNS)
def test_equals_svymean(airport, reference, design):
    expected, units = reference[design]["means"], units_of(airport, design)
    for name, mean in expected["est"].items():
        found = mean_of(airport[name], airport, units)
        assert found.estimate == pytest.approx(mean, rel=SURVEY)
        error = found.std_error(units.stratum_of_unit)
        assert error == pytest.approx(expected["se"][name], rel=SURVEY)


@pytest.mark.parametrize("design", ["weights_only", "cluster_runid"])
def test_a_domain_equals_svyby(airport, reference, design):
    """Units without members stay, with zero."""
    expected, units = reference[design]["mean_all_by_strata"], units_of(airport, design)
    for stratum, mean, error in zip(*expected.values(), strict=True):
        found = mean_of(airport["all"].where(airport["strata"] == stratum), airport, units)
        assert found.n == (airport["strata"] == stratum).sum()
        assert found.estimate == pytest.approx(mean, rel=SURVEY)
        assert found.std_error(units.stratum_of_unit) == pytest.approx(error, rel=SURVEY)


def test_a_difference_counts_what_both_share(airport):
    units = units_of(airport, "cluster_runid")
    food, sign = (mean_of(airport[name], airport, units) for name in ("food", "sign"))
    together = mean_of(airport["food"] - airport["sign"], airport, units)
    difference, stratum = food - sign, units.stratum_of_unit
    assert difference.estimate == pytest.approx(together.estimate)
    assert difference.std_error(stratum) == pytest.approx(together.std_error(stratum))
    assert difference.std_error(stratum) < np.hypot(
        food.std_error(stratum), sign.std_error(stratum)
    )


def test_an_empty_domain_has_no_mean():
    found = domain_mean(np.full(3, np.nan), np.ones(3), np.arange(3), 3)
    assert np.isnan(found.estimate)
    assert found.n == 0
    assert found.std_error(np.zeros(3, dtype=int)) == 0


class TestCompleted:
    """Blanks that depend on what is known elsewhere, completed by regression."""

    N = 4000
    FIVE_ERRORS = 5

    def rows(self, seed=4):
        """An outcome, who had it, its rating, and blanks that the unhappy leave more often."""
        rng = np.random.default_rng(seed)
        mood = rng.normal(size=self.N)
        outcome = mood + rng.normal(size=self.N)
        had = rng.random(self.N) < 0.6
        rating = np.where(had, 3.5 + 0.8 * mood + 0.5 * rng.normal(size=self.N), np.nan)
        unknown = rng.random(self.N) < expit(-1.2 - 0.8 * outcome)
        weight = np.exp(0.5 * rng.normal(size=self.N))
        return outcome, had, rating, unknown, weight

    def mean(self, outcome, had, rating, unknown, weight):
        return completed_mean(
            np.where(had & ~unknown, rating, np.nan),
            unknown,
            outcome[:, None],
            weight,
            np.arange(self.N),
            self.N,
        )

    def test_without_unknown_rows_it_is_the_plain_mean(self):
        outcome, had, rating, _, weight = self.rows()
        found = self.mean(outcome, had, rating, np.zeros(self.N, dtype=bool), weight)
        plain = domain_mean(np.where(had, rating, np.nan), weight, np.arange(self.N), self.N)
        assert found.estimate == plain.estimate
        np.testing.assert_array_equal(found.scores, plain.scores)

    def test_finds_the_mean_of_all_where_the_answers_given_do_not(self):
        outcome, had, rating, unknown, weight = self.rows()
        whole = np.average(rating[had], weights=weight[had])
        found = self.mean(outcome, had, rating, unknown, weight)
        error = found.std_error(np.zeros(self.N, dtype=int))
        given = np.average(rating[had & ~unknown], weights=weight[had & ~unknown])
        assert abs(found.estimate - whole) < self.FIVE_ERRORS * error
        assert abs(given - whole) > self.FIVE_ERRORS * error
        assert found.n == (had & ~unknown).sum()

    def test_scores_are_derivatives_by_the_weights(self):
        outcome, had, rating, unknown, weight = self.rows()
        here = self.mean(outcome, had, rating, unknown, weight)
        step = 1e-5
        for row in (np.flatnonzero(unknown)[0], np.flatnonzero(had & ~unknown)[0]):
            moved = weight.copy()
            moved[row] *= 1 + step
            there = self.mean(outcome, had, rating, unknown, moved)
            assert (there.estimate - here.estimate) / step == pytest.approx(
                here.scores[row], rel=1e-3, abs=1e-9
            )
        assert here.scores.sum() == pytest.approx(0.0, abs=1e-9)

    def test_few_known_rows_leave_the_unknown_out(self):
        outcome, had, rating, unknown, weight = (column[:9] for column in self.rows())
        values = np.where(had & ~unknown, rating, np.nan)
        units = np.arange(9)
        found = completed_mean(values, unknown, outcome[:, None], weight, units, 9)
        assert found.estimate == domain_mean(values, weight, units, 9).estimate
