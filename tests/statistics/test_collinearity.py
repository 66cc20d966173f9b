"""GVIF: by its definition, as a VIF, without end. Variance proportions: R's, by name."""

import json

import numpy as np
import pandas as pd
import pytest

from mot_research.statistics.collinearity import gvif, variance_proportions
from mot_research.statistics.importance import condition_indices, vif

EXACT = 1e-9
PROPORTIONS = {"longley": 1e-5, "mtcars": 1e-8}  # condition 4e4 is squared in X'X


@pytest.fixture
def moments():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6))
    return np.cov(x, rowvar=False)


def test_definition(moments):
    block, rest = [0, 3], [1, 2, 4]
    scale = np.sqrt(np.diag(moments)[1:])
    r = moments[1:, 1:] / np.outer(scale, scale)
    det = np.linalg.det
    expected = det(r[np.ix_(block, block)]) * det(r[np.ix_(rest, rest)]) / det(r)
    assert gvif(moments, [block])[0] == pytest.approx(expected, rel=EXACT)


def test_of_one_column_is_the_vif(moments):
    assert gvif(moments, [[j] for j in range(5)]) == pytest.approx(vif(moments), rel=EXACT)


def test_does_not_depend_on_the_coding_of_the_block(moments):
    recode = np.eye(6)
    recode[1, 4] = 3.0  # column 0 becomes column 0 + 3 × column 3
    recoded = recode @ moments @ recode.T
    assert gvif(recoded, [[0, 3]]) == pytest.approx(gvif(moments, [[0, 3]]), rel=EXACT)


def test_infinite_where_the_others_explain_a_column(moments):
    copy = np.zeros((7, 6))
    copy[:6] = np.eye(6)
    copy[6, 2] = 1.0
    doubled = copy @ moments @ copy.T
    factors = gvif(doubled, [[0, 1], [2]])
    assert np.isinf(factors[0])
    assert np.isfinite(factors[1])


@pytest.mark.parametrize("name", ["longley", "mtcars"])
def test_variance_proportions_are_those_of_r(shared, name):
    text = (shared / "golden" / "collinearity_oaxaca_mediation.json").read_text("utf-8")
    entry = json.loads(text)["collinearity"][name]
    outcome, right = entry["formula"].split(" ~ ")
    frame = pd.read_csv(shared / "data" / f"R_{name}.csv.gz")
    columns = frame[[outcome, *right.split(" + ")]].to_numpy(dtype=float)
    moments = np.cov(columns, rowvar=False, bias=True)
    indices, proportions = variance_proportions(moments, columns[:, 1:].mean(axis=0))
    tolerance = PROPORTIONS[name]
    assert indices == pytest.approx(entry["condition_index_belsley_with_intercept"], rel=tolerance)
    expected = np.array(entry["variance_proportions"]["values"])
    assert proportions == pytest.approx(expected, abs=tolerance)
    assert proportions.sum(axis=0) == pytest.approx(np.ones(columns.shape[1]))


def test_indices_are_those_of_the_other_function(moments):
    means = np.arange(5.0)
    indices, _ = variance_proportions(moments, means)
    assert indices == pytest.approx(condition_indices(moments, means), rel=EXACT)


def test_an_exact_dependence_names_its_columns(moments):
    copy = np.zeros((7, 6))
    copy[:6] = np.eye(6)
    copy[6, 2] = 1.0
    indices, proportions = variance_proportions(copy @ moments @ copy.T, np.zeros(6))
    assert np.isinf(indices[-1])
    assert np.flatnonzero(proportions[-1] > 0.5).tolist() == [2, 6]
