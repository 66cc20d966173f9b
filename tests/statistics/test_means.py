"""Weighted means of a domain against R's survey package, and what differences share."""

import json

import numpy as np
import pandas as pd
import pytest

from mot_research.statistics.means import domain_mean
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
