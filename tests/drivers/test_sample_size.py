"""Interviews needed: the textbook formula, a survey of that size, borders."""

from dataclasses import replace

import numpy as np
import pytest

from mot_research.drivers.one_outcome import analyse
from mot_research.drivers.options import Options
from mot_research.drivers.sample_size import (
    POWER,
    interviews_for_pair,
    interviews_needed,
    sample_size,
)
from mot_research.statistics.ranks import rank_sets
from mot_research.statistics.resampling import draw
from tests.drivers.cases import rows_and_units

MONTE_CARLO = 0.06  # four standard errors of a share of .8 over 800 surveys


def analysed(rows, units, *, top=2, n_resamples=400):
    draws = draw(units, n_resamples, 1) if n_resamples else None
    return analyse(rows, units, draws, Options(top=top, n_resamples=n_resamples), outcome="y")


@pytest.fixture(scope="module")
def result():
    return analysed(*rows_and_units(n=800, effects=[0.9, 0.7, 0.4, 0.3], noise=2.0))


def test_formula_of_a_two_sided_test():
    # 0.5 sd between two groups of n: 63 each by Cohen's table; one error of the difference is
    # √(2 / 63) there
    assert interviews_needed(np.sqrt(2 / 63), 0.5, 63, 0.95) == 100
    assert interviews_needed(1.0, 2.8016, 1000, 0.95) == 1000
    assert interviews_needed(1.0, 1.4008, 1000, 0.95) == 4000


def test_no_difference_and_no_error_have_no_number():
    assert interviews_needed(1.0, 0.0, 100, 0.95) is None
    assert interviews_needed(float("nan"), 1.0, 100, 0.95) is None


def test_half_the_effect_of_interest_needs_four_times_as_many(result):
    whole = sample_size(result, smallest_effect=0.02).to_frame()["n_effect"]
    half = sample_size(result, smallest_effect=0.01).to_frame()["n_effect"]
    assert (half / whole).to_numpy(float) == pytest.approx(4.0, abs=0.1)


def test_a_survey_of_that_size_tells_the_pair_apart(result):
    """Estimates drawn around these, with the covariance that n would have."""
    n = interviews_for_pair(result, "m1", "m2")
    lmg = result.table["lmg"].to_numpy()
    rng = np.random.default_rng(0)
    scaled = result.lmg_covariance * result.n_obs / n
    drawn = rng.multivariate_normal(lmg, scaled, 800)
    error = np.sqrt(scaled[1, 1] + scaled[2, 2] - 2 * scaled[1, 2])
    told = np.abs((drawn[:, 1] - drawn[:, 2]) / error) > 1.96
    assert told.mean() == pytest.approx(POWER, abs=MONTE_CARLO)


def test_a_survey_of_that_size_settles_the_border(result):
    size = sample_size(result)
    assert size.border_pair == ("m1", "m2")
    assert size.border is not None
    lmg = result.table["lmg"].to_numpy()
    scaled = result.lmg_covariance * result.n_obs / size.border
    drawn = np.random.default_rng(0).multivariate_normal(lmg, scaled, 200)
    settled = [
        (rank_sets(one, scaled, 0.95, seed=1, n_draws=2000, kind="upper").upper <= 2).sum() == 2
        for one in drawn
    ]
    # not fewer than promised; the stepdown of the rank sets settles some more
    assert np.mean(settled) >= POWER - 2 * MONTE_CARLO


def test_of_a_pair_and_of_its_border_agree(result):
    table = sample_size(result).to_frame()
    pair = interviews_for_pair(result, "m1", "m2")
    assert table.at["m1", "n_border"] == table.at["m2", "n_border"] == pair


def test_more_of_the_same_sample_needs_no_other_number():
    rows, units = rows_and_units(n=400, noise=2.0)
    doubled, _ = rows_and_units(n=400, noise=2.0)
    one = sample_size(analysed(rows, units, n_resamples=0)).to_frame()["n_effect"]
    rows2 = doubled.__class__(
        doubled.drivers,
        *(
            np.concatenate([getattr(doubled, name)] * 2)
            for name in ("ratings", "states", "outcome", "weight")
        ),
        doubled.controls.loc[list(range(400)) * 2].reset_index(drop=True),
        np.arange(800),
    )
    from mot_research.statistics.resampling import sampling_units

    two = sample_size(analysed(rows2, sampling_units(np.arange(800)), n_resamples=0))
    ratio = two.to_frame()["n_effect"].to_numpy(float) / one.to_numpy(float)
    assert ratio == pytest.approx(1.0, abs=0.15)  # rounded up to hundreds


def test_without_influence_values_the_draws_serve(result):
    drawn = sample_size(replace(result, lmg_covariance=np.empty((0, 0))))
    assert drawn.border == pytest.approx(sample_size(result).border, rel=0.3)


def test_without_resamples_there_is_no_border():
    size = sample_size(analysed(*rows_and_units(), n_resamples=0))
    assert size.border is None
    assert size.border_pair == ()
    assert size.more is None
    assert size.to_frame()["n_border"].isna().all()


def test_moments_that_are_alike_need_more_than_any_survey(result):
    table = result.table.copy()
    table.loc["m2", "lmg"] = table.at["m1", "lmg"] - 1e-5
    size = sample_size(replace(result, table=table))
    assert set(size.border_pair) == {"m1", "m2"}
    assert size.border > 20 * result.n_obs
    assert size.more is None
    table.loc["m2", "lmg"] = table.at["m1", "lmg"]
    assert sample_size(replace(result, table=table)).border is None


def test_where_everything_is_a_top_place_there_is_no_border():
    result = analysed(*rows_and_units(p=1))
    assert sample_size(result).border_pair == ()
