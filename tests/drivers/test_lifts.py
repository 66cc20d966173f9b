"""What a lift brings: its identity, its draws, and the truth that it recovers."""

import numpy as np
import pytest

import mot_research as mot
from mot_research.drivers.asymmetry import asymmetry
from mot_research.drivers.design import build_design
from mot_research.drivers.lifts import lifts, shortfall
from mot_research.drivers.one_outcome import analyse
from mot_research.drivers.options import Options
from mot_research.drivers.study_analysis import StudyAnalysis
from mot_research.simulate import PLANTED
from mot_research.statistics.resampling import draw
from mot_research.survey.wave import RATED

from .cases import rows_and_units

IDENTITY = 1e-10  # a product of four numbers
CEILING = 0.18  # of an effect: scores are cut at 0 and 10
MISSED_AT_MOST = 3  # of 17 intervals of 95 %: more in one study of 100
TARGET, BOTTOM = 4.0, (1, 2)
EFFECTS = (1.0, 0.6, 0.3, 0.0)


def lifted(rows, units, *, n_resamples=200, kind="score"):
    draws = draw(units, n_resamples, 1) if n_resamples else None
    options = Options(kind=kind, n_resamples=n_resamples)
    result = analyse(rows, units, draws, options, outcome="y")
    design = build_design(rows, missing="em")
    short = shortfall(design, units, dict.fromkeys(design.tested, (TARGET, BOTTOM)), draws)
    boxes = asymmetry(design, units, dict.fromkeys(design.tested, ((5,), BOTTOM)), draws=draws)
    return result, short, lifts(result, short, boxes)


@pytest.fixture(scope="module")
def plain():
    rows, units = rows_and_units(effects=EFFECTS, reach=0.6)
    return rows, *lifted(rows, units)


def test_a_lift_is_reach_times_share_below_times_mean_gap_times_effect(plain):
    rows, result, _, found = plain
    table = found.of("target")
    for j, name in enumerate(rows.drivers):
        rated = rows.states[:, j] == RATED
        gap = TARGET - rows.ratings[rated, j]
        below = gap > 0
        expected = rated.mean() * below.mean() * gap[below].mean() * result.table.effect[name]
        assert table.per_customer[name] == pytest.approx(expected, rel=IDENTITY)
        product = table.loc[name, ["reach", "share_below", "mean_gap", "effect"]].prod()
        assert table.per_customer[name] == pytest.approx(product, rel=IDENTITY)


def test_emptying_the_bottom_box_saves_the_penalty_of_each_customer_in_it(plain):
    rows, _, _, found = plain
    table = found.of("bottom_box")
    for j, name in enumerate(rows.drivers):
        in_box = np.isin(rows.ratings[:, j], BOTTOM).mean()
        assert table.per_customer[name] == pytest.approx(in_box * table.effect[name], rel=IDENTITY)
        share = table.reach[name] * table.share_below[name]
        assert share == pytest.approx(in_box, rel=IDENTITY)


def test_gap_and_effect_move_together_in_the_draws(plain):
    """In each draw the gap is that of the resampled rows, and meets the effect of that draw."""
    rows, result, short, found = plain
    units = rows_and_units(effects=EFFECTS, reach=0.6)[1]
    weights = draw(units, 200, 1).multipliers[:, rows.unit]
    lack = np.where(rows.states == RATED, np.maximum(TARGET - rows.ratings, 0), 0)
    expected = weights @ lack / weights.sum(axis=1, keepdims=True)
    assert short.gap_draws == pytest.approx(expected, rel=IDENTITY)
    product = result.effect_draws * expected
    assert found.draws["target"] == pytest.approx(product, rel=IDENTITY)


def test_blanks_count_as_what_is_expected_of_them():
    rows, units = rows_and_units(effects=EFFECTS, n=3000, seed=2, blank=0.0)
    whole = lifted(rows, units, n_resamples=0)[1]
    rows, units = rows_and_units(effects=EFFECTS, n=3000, seed=2, blank=0.15)
    _, short, found = lifted(rows, units)
    error = short.gap_draws.std(axis=0)
    assert (np.abs(short.gap - whole.gap) < error).all()
    assert found.of("target").per_customer.notna().all()
    assert (found.of("target").ci_lower < found.of("target").ci_upper).all()


def test_intervals_cover_the_truth_of_a_large_population():
    big, units = rows_and_units(effects=EFFECTS, n=60_000, seed=3)
    lack = np.maximum(TARGET - big.ratings, 0).mean(axis=0)
    truth = lack * np.array(EFFECTS)
    rows, units = rows_and_units(effects=EFFECTS, n=800, seed=4)
    table = lifted(rows, units, n_resamples=400)[2].of("target")
    assert ((table.ci_lower <= truth) & (truth <= table.ci_upper)).all()


def test_a_moment_without_a_test_says_why():
    rows, units = rows_and_units(effects=EFFECTS)
    rows.ratings[:, 2] = 3.0
    table = lifted(rows, units)[2].of("target")
    assert "no variance" in table.reason["m2"]
    assert np.isnan(table.per_customer["m2"])
    assert table.reason["m0"] == ""


def test_without_resamples_there_are_numbers_but_no_intervals():
    rows, units = rows_and_units(effects=EFFECTS)
    table = lifted(rows, units, n_resamples=0)[2].of("target")
    assert table.per_customer.notna().all()
    assert table.ci_lower.isna().all()


def test_the_planted_truth_of_the_simulated_company_is_covered(tmp_path):
    """Reach × Σ share of x · (t − x)₊ × planted effect, less what the score's ceiling takes."""
    study = mot.read_study(mot.simulate_study(tmp_path / "study", n_respondents=800))
    rules = study.rules.model_copy(update={"n_resamples": 100})
    survey = mot.read_survey(study.model_copy(update={"rules": rules}))
    analysis = StudyAnalysis.of(survey)
    wave = "2026Q2"
    result = analysis.drivers(study.outcome("recommend"), (wave,))
    table = lifts(result, analysis.customers(wave).shortfall).of("target")
    straight = [
        name
        for name, one in PLANTED.items()
        if not (one.by_plan or one.penalty or one.reward) and name in table.index
    ]
    missed = []
    for name in straight:
        one = PLANTED[name]
        gap = sum(share * max(TARGET - x, 0) for x, share in enumerate(one.shares(), start=1))
        truth = one.reach * gap * one.recommend
        low, high = (1 - CEILING) * truth, truth
        if table.ci_upper[name] < low or table.ci_lower[name] > high:
            missed.append(name)
    assert len(missed) <= MISSED_AT_MOST, missed
