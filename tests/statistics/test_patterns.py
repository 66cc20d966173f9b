import numpy as np
import pytest

from mot_research.statistics.patterns import patterns, rows_by_pattern


@pytest.mark.parametrize("m", [1, 7, 32, 33, 70])
def test_patterns_are_the_different_rows_in_order(m):
    rng = np.random.default_rng(m)
    lacks = rng.random((400, m)) < rng.choice([0.01, 0.5], size=(1, m))
    lacks = lacks[rng.integers(60, size=400)]
    found, pattern = patterns(lacks)
    wanted, inverse = np.unique(lacks, axis=0, return_inverse=True)
    assert (found == wanted).all()
    assert (pattern == inverse.ravel()).all()
    for number, rows in enumerate(rows_by_pattern(pattern)):
        assert (rows == np.flatnonzero(pattern == number)).all()
