"""A new wave beside the last: shifts, absences, categories, all with chance counted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mot_research.arriving.comparing import compare_waves
from mot_research.study.reading import read_study
from mot_research.survey.reading import read_survey
from tests.arriving.small_study import STUDY, rows, small_study

DEALS = 150
BY_CHANCE = 0.03  # three standard errors of five shares of .05 among 150, hardly correlated
EXACT = 1e-10  # the same sums in another order
TWO = STUDY.replace("   # the first\n", "\n  - {id: 2026Q2, file: waves/2026q2.csv}\n")


@pytest.fixture
def compared(tmp_path):
    def compare(change=lambda frame: frame, *, text=TWO):
        folder = small_study(tmp_path / "study", text)
        change(rows(2, start=3000)).to_csv(folder / "waves" / "2026q2.csv", index=False)
        survey = read_survey(read_study(folder))
        waves = list(survey.waves.values())
        assert len(waves) == 2, survey.problems
        return compare_waves(survey, *waves), *waves

    return compare


def by_name(parts, field="name"):
    return {getattr(part, field): part for part in parts}


def test_a_shift_is_the_difference_of_weighted_means_in_standard_deviations(compared):
    comparison, before, now = compared()
    shift = by_name(comparison.shifts)["first_bill"]
    means, variances = [], []
    for wave in (before, now):
        x, w = wave.ratings["first_bill"].to_numpy(), wave.weight
        means.append(np.average(x, weights=w))
        variances.append(np.average((x - means[-1]) ** 2, weights=w))
    expected = (means[1] - means[0]) / np.sqrt(np.mean(variances))
    assert shift.shift.estimate == pytest.approx(expected, abs=EXACT)
    assert (shift.before, shift.now) == pytest.approx(tuple(means), abs=EXACT)


def test_the_interval_is_that_of_two_independent_weighted_samples(compared):
    comparison, before, now = compared()
    shift = by_name(comparison.shifts)["first_bill"].shift
    variance = 0.0
    for wave in (before, now):
        x, w = wave.ratings["first_bill"].to_numpy(), wave.weight / wave.weight.sum()
        u = w * (x - np.average(x, weights=w))
        variance += len(x) / (len(x) - 1) * np.sum((u - u.mean()) ** 2)
    spread = np.sqrt(
        np.mean([np.cov(w.ratings["first_bill"], aweights=w.weight, ddof=0) for w in (before, now)])
    )
    half = 1.959963984540054 * np.sqrt(variance) / spread
    assert shift.upper - shift.estimate == pytest.approx(half, rel=1e-6)


def test_people_of_both_waves_count_once(compared):
    comparison, _, _ = compared(lambda _: rows(1).assign(day="2026-04-13"))  # the same answers
    assert len(comparison.shifts) == 4
    for shift in comparison.shifts:
        assert (shift.shift.estimate, shift.shift.lower) == pytest.approx((0, 0), abs=EXACT)


def test_a_planted_drop_is_seen_and_nothing_else(compared):
    comparison, _, _ = compared(
        lambda frame: frame.assign(q13_outage=np.clip(frame["q13_outage"] - 1, 1, 5))
    )
    beyond = [shift.name for shift in comparison.shifts if shift.shift.is_beyond(0.2)]
    assert beyond == ["outage"]


def test_the_three_states_move_against_each_other(compared):
    def fewer(frame):
        had = frame["q14_shop"].where(frame["q14_shop"] != 6, 0)
        return frame.assign(q14_shop=had)

    comparison, _, now = compared(fewer)
    states = by_name(comparison.states, "moment")["shop"]
    assert sum(states.now) == now.n_rows
    assert sum(moved.estimate for moved in states.moved) == pytest.approx(0, abs=EXACT)
    _, not_experienced, blank, not_asked = states.moved
    assert not_experienced.estimate == pytest.approx(-blank.estimate, abs=0.1)
    assert not_experienced.upper < -0.2
    assert not_asked.estimate == 0


def test_categories_that_are_new_or_gone_are_named(compared):
    comparison, _, _ = compared(lambda f: f.assign(plan=f["plan"].replace("prepaid", "pre-paid")))
    plan = by_name(comparison.categories)["plan"]
    assert (plan.new, plan.gone) == (("pre-paid",), ("prepaid",))
    assert plan.is_far


def test_shares_that_differ_by_chance_are_not_far(compared):
    plan = by_name(compared()[0].categories)["plan"]
    assert 0 < plan.distance < plan.by_chance
    assert not plan.is_far


def test_fewer_than_thirty_raters_give_no_number(compared):
    def few(frame):
        return frame.assign(q14_shop=frame["q14_shop"].where(frame.index < 20, 6))

    shift = by_name(compared(few)[0].shifts)["shop"]
    assert (shift.before, shift.now, shift.shift) == (None, None, None)
    assert shift.reason == f"too few to say (n = {shift.n_now})"


def test_a_scale_turned_round_is_seen(compared):
    comparison, _, _ = compared(lambda f: f.assign(q13_outage=6 - f["q13_outage"]))
    assert [turned.moment for turned in comparison.turned] == ["outage"]
    assert comparison.turned[0].before > 0 > comparison.turned[0].now


def test_what_one_wave_alone_asks_is_named(compared):
    text = TWO.replace("file: waves/2026q2.csv}", "file: waves/2026q2.csv, not_asked: [outage]}")
    comparison, _, _ = compared(text=text)
    assert comparison.dropped == ("outage",)
    assert "outage" not in by_name(comparison.shifts)
    assert comparison.added == ()


def test_where_nothing_changed_five_in_a_hundred_pass_by_chance(tmp_path):
    """Rows dealt out anew to both waves: the same population, by construction."""
    folder = small_study(tmp_path / "study", TWO)
    rows(2, start=3000).to_csv(folder / "waves" / "2026q2.csv", index=False)
    survey = read_survey(read_study(folder))
    parts = ("ratings", "states", "outcomes", "segments")
    pooled = {
        part: pd.concat([getattr(wave, part) for wave in survey.waves.values()], ignore_index=True)
        for part in parts
    }
    weight = np.concatenate([wave.weight for wave in survey.waves.values()])
    rng = np.random.default_rng(5)
    beyond = []
    for _ in range(DEALS):
        halves = np.split(rng.permutation(len(weight)), 2)
        dealt = [
            replace(
                wave,
                weight=weight[half],
                **{part: pooled[part].iloc[half].reset_index(drop=True) for part in parts},
            )
            for wave, half in zip(survey.waves.values(), halves, strict=True)
        ]
        comparison = compare_waves(survey, *dealt)
        beyond.append(
            [shift.shift.is_beyond(0.0) for shift in comparison.shifts]
            + [each.distance > each.by_chance for each in comparison.categories]
        )
    assert np.mean(beyond) == pytest.approx(0.05, abs=BY_CHANCE)
