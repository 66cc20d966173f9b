"""Penalty and reward: against R, and on surveys with a known truth."""

import json

import numpy as np
import pandas as pd
import pytest

from mot_research.drivers.asymmetry import asymmetry
from mot_research.drivers.design import build_design
from mot_research.drivers.frames import rows_of_frame

REFERENCE = 1e-9


def fit(frame, outcome, drivers, **codes):
    rows, units, _ = rows_of_frame(
        frame,
        outcome,
        tuple(drivers),
        controls=(),
        weight=None,
        cluster=None,
        stratum=None,
        not_experienced=codes.get("not_experienced", ()),
        blank=codes.get("blank", ()),
        scale=(1, 5),
        kind="score",
    )
    design = build_design(rows, missing="em")
    return asymmetry(design, units, dict.fromkeys(drivers, ((5,), (1, 2)))).table


def test_penalties_and_rewards_are_those_of_r(shared):
    reference = json.loads(
        (shared / "golden" / "collinearity_oaxaca_mediation.json").read_text(encoding="utf-8")
    )["penalty_reward"]["coef"]["Estimate"]
    frame = pd.read_csv(shared / "data" / "an_sfo2017_cc.csv.gz")
    table = fit(frame, "all", ["food", "sign", "walkways"])
    for name in table.index:
        expected = reference[f"I({name} >= 5)TRUE"], -reference[f"I({name} <= 2)TRUE"]
        found = tuple(table.loc[name, ["reward", "penalty"]])
        assert found == pytest.approx(expected, rel=REFERENCE)


@pytest.fixture(scope="module")
def simulated():
    rng = np.random.default_rng(5)
    n = 4000
    ratings = rng.choice([1, 2, 3, 4, 5], (n, 4), p=[0.15, 0.15, 0.2, 0.25, 0.25])
    frame = pd.DataFrame(ratings, columns=["basic", "delight", "even", "null"])
    high, low = frame == 5, frame <= 2
    y = -1.0 * low["basic"] + 1.0 * high["delight"] + 0.8 * high["even"] - 0.8 * low["even"]
    had = rng.random(n) < 0.6
    frame["delight"] = frame["delight"].where(had, 6)
    y = y - 1.0 * (high["delight"] & ~had)
    frame["null"] = frame["null"].where(rng.random(n) > 0.1, 0)
    return frame.assign(y=y + 0.5 * had + rng.normal(size=n))


def test_the_four_classes_are_found(simulated):
    table = fit(
        simulated, "y", ["basic", "delight", "even", "null"], not_experienced=(6,), blank=(0,)
    )
    assert table["kind"].to_dict() == {
        "basic": "basic",
        "delight": "delight",
        "even": "performance",
        "null": "undecided",
    }
    assert "neither penalty nor reward" in table.at["null", "reason"]


def test_intervals_hold_the_truth(simulated):
    table = fit(
        simulated, "y", ["basic", "delight", "even", "null"], not_experienced=(6,), blank=(0,)
    )
    truth = {"basic": (0.0, 1.0), "delight": (1.0, 0.0), "even": (0.8, 0.8), "null": (0.0, 0.0)}
    for name, (reward, penalty) in truth.items():
        row = table.loc[name]
        assert row["reward_ci_lower"] < reward < row["reward_ci_upper"]
        assert row["penalty_ci_lower"] < penalty < row["penalty_ci_upper"]


def test_too_few_extremes_are_undecided_with_the_counts(simulated):
    table = fit(simulated.head(60), "y", ["basic", "even"])
    assert (table[["n_high", "n_low"]].min(axis=1) < 25).all()
    assert (table["kind"] == "undecided").all()
    assert table["reason"].str.contains("25 of each are needed").all()


def test_nobody_in_a_box_is_a_reason_not_a_crash(simulated):
    table = fit(simulated.assign(basic=simulated["basic"].clip(3, 4)), "y", ["basic", "even"])
    assert table.at["basic", "kind"] == "undecided"
    assert "0 high and 0 low" in table.at["basic", "reason"]
    assert np.isnan(table.at["basic", "reward"])
