"""Distributions, adjustments and ranks equal those of scipy and pingouin."""

import numpy as np
import pingouin
import pytest
from scipy import stats

from mot_research.statistics import distributions
from mot_research.statistics.false_discovery import false_discovery
from mot_research.statistics.ranks import mid_ranks

ROUNDING = 1e-12  # relative: the same functions, in another order
SOLVED = 1e-9  # relative: quantiles are solved for by iteration


def test_tails_and_quantiles_are_those_of_scipy() -> None:
    value, df = np.array([-2.5, 0.0, 0.3, 4.0, np.nan]), np.array([1.0, 3.5, 40.0, 1e4, 7.0])
    p = np.array([0.001, 0.2, 0.5, 0.975, 0.999])
    assert distributions.t_tail(value, df) == pytest.approx(
        stats.t.sf(value, df), rel=ROUNDING, nan_ok=True
    )
    assert distributions.t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=SOLVED)
    assert distributions.normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=ROUNDING)
    assert distributions.f_tail(p * 4, 2, df) == pytest.approx(stats.f.sf(p * 4, 2, df), rel=SOLVED)
    assert distributions.f_quantile(p, 3, 50) == pytest.approx(stats.f.ppf(p, 3, 50), rel=SOLVED)


@pytest.mark.parametrize(("yes", "n"), [(0, 30), (7, 41), (60, 60)])
def test_wilson_interval_is_that_of_scipy(yes: int, n: int) -> None:
    theirs = stats.binomtest(yes, n).proportion_ci(0.9, "wilson")
    assert distributions.wilson_interval(yes / n, n, 0.9) == pytest.approx(
        (theirs.low, theirs.high), abs=ROUNDING
    )


def test_q_values_are_those_of_pingouin_and_scipy() -> None:
    p = np.random.default_rng(1).uniform(size=30) ** 3
    p[7] = p[12]
    assert false_discovery(p) == pytest.approx(stats.false_discovery_control(p), rel=ROUNDING)
    assert false_discovery(p) == pytest.approx(
        pingouin.multicomp(p, method="fdr_bh")[1], rel=ROUNDING
    )
    with_missing = false_discovery(np.insert(p, 3, np.nan))
    assert np.isnan(with_missing[3])
    assert np.delete(with_missing, 3) == pytest.approx(false_discovery(p), rel=ROUNDING)
    assert np.isnan(false_discovery(np.full(3, np.nan))).all()


def test_mid_ranks_are_those_of_scipy() -> None:
    values = np.random.default_rng(2).integers(0, 5, size=(6, 9, 4)).astype(float)
    values[0, :2, 1] = np.inf
    assert (mid_ranks(values) == stats.rankdata(values, axis=-2)).all()
