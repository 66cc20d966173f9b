"""GVIF: by its definition, as a VIF, and where it has no end."""

import numpy as np
import pytest

from mot_research.statistics.collinearity import gvif
from mot_research.statistics.importance import vif

EXACT = 1e-9


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
