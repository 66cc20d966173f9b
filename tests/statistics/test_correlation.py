import numpy as np
import pytest
from scipy import stats

from mot_research.statistics.correlation import domain_correlation

LINEARISED = 0.03  # the jackknife differs from the linearised error by terms of order 1/n


def pairs(n=300):
    rng = np.random.default_rng(5)
    x = rng.normal(size=n)
    return x, 0.6 * x + rng.normal(size=n), rng.uniform(0.5, 2, n)


def test_without_weights_it_is_pearson():
    x, y, _ = pairs()
    x[:10] = np.nan
    found = domain_correlation(x, y, np.ones(300), np.arange(300), 300)
    assert found.estimate == pytest.approx(stats.pearsonr(x[10:], y[10:]).statistic, abs=1e-12)
    assert found.n == 290
    assert (found.scores[:10] == 0).all()


def test_whole_weights_are_repeated_rows():
    x, y, _ = pairs(60)
    times = np.arange(60) % 3 + 1
    weighted = domain_correlation(x, y, times.astype(float), np.arange(60), 60)
    repeated = np.corrcoef(np.repeat(x, times), np.repeat(y, times))[0, 1]
    assert weighted.estimate == pytest.approx(repeated, abs=1e-12)


def test_its_error_is_that_of_the_jackknife_over_clusters():
    x, y, w = pairs()
    cluster = np.repeat(np.arange(50), 6)
    found = domain_correlation(x, y, w, cluster, 50)
    left_out = [
        domain_correlation(*(a[cluster != c] for a in (x, y, w, cluster)), 50).estimate
        for c in range(50)
    ]
    jackknife = np.sqrt(49 / 50 * ((left_out - np.mean(left_out)) ** 2).sum())
    assert found.std_error(np.zeros(50, dtype=int)) == pytest.approx(jackknife, rel=LINEARISED)
    assert found.scores.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("y", [np.ones(20), np.full(20, np.nan)])
def test_what_does_not_vary_has_no_correlation(y):
    found = domain_correlation(np.arange(20.0), y, np.ones(20), np.arange(20), 20)
    assert np.isnan(found.estimate)
    assert (found.scores == 0).all()
