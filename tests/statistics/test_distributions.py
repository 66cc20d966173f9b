"""Distributions and adjustments equal those of scipy and pingouin."""

import numpy as np
import pingouin
import pytest
from scipy import stats

from mot_research.statistics import distributions
from mot_research.statistics.false_discovery import false_discovery

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
