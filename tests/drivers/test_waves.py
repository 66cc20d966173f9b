"""Waves as rows: units shared across waves, pooling, weights of each wave."""

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.drivers.waves import pooled_waves, rows_of_waves, study_units

STUDY = """
study: {name: Harbour}
moments: {bill: First bill, call: Outage call, shop: Shop}
ratings: {low: 1, high: 5, not_experienced: [6], blank: [0]}
outcomes:
  - {id: ltr, column: ltr, kind: score, low: 0, high: 10}
  - {id: spend, role: revenue, column: spend, kind: amount, after: 90 days, through: 2026-05-01}
cluster: branch
weight: w
waves:
  - {id: A, file: a.csv, to: 2025-10-31}
  - {id: B, file: b.csv, to: 2025-12-31, not_asked: [shop]}
  - {id: C, file: c.csv, to: 2026-01-31}
  - {id: D, file: d.csv, to: 2026-03-31, weight: null}
"""


def wave_frame(seed, branches):
    rng = np.random.default_rng(seed)
    ratings = pd.DataFrame(rng.integers(0, 7, (60, 3)), columns=["bill", "call", "shop"])
    return ratings.assign(
        ltr=rng.integers(0, 11, 60),
        spend=rng.gamma(2, 50, 60),
        branch=rng.choice(branches, 60),
        w=rng.uniform(0.5, 2, 60) * 10**seed,
    )


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    (folder / "study.yml").write_text(STUDY)
    same, other = ["b1", "b2", "b3"], ["x1", "x2", "x3", "x4"]
    for seed, name in enumerate("abcd"):
        wave_frame(seed, other if name == "a" else same).to_csv(folder / f"{name}.csv", index=False)
    return mot.read_survey(mot.read_study(folder))


def test_a_branch_that_is_in_two_waves_is_one_unit(survey):
    units = study_units(survey)
    assert units.units.n_units == 7
    by_branch = {}
    for name in "BCD":
        for unit, branch in zip(units.rows[name], survey[name].cluster, strict=True):
            by_branch.setdefault(branch, set()).add(unit)
    assert {len(found) for found in by_branch.values()} == {1}


def test_waves_that_share_no_unit_are_strata_of_their_own(survey):
    units = study_units(survey)
    stratum = units.units.stratum_of_unit
    assert set(stratum[units.rows["A"]]) != set(stratum[units.rows["B"]])
    assert set(stratum[units.rows["B"]]) == set(stratum[units.rows["D"]])
    assert units.units.n_strata == 2


def test_a_wave_without_clusters_has_respondents_as_units(survey, tmp_path):
    text = STUDY.replace("weight: null", "weight: null, cluster: null")
    (tmp_path / "study.yml").write_text(text)
    for seed, name in enumerate("abcd"):
        wave_frame(seed, ["b1", "b2"]).to_csv(tmp_path / f"{name}.csv", index=False)
    units = study_units(mot.read_survey(mot.read_study(tmp_path)))
    assert len(set(units.rows["D"])) == 60
    assert len(set(units.rows["C"])) == 2


@pytest.mark.parametrize(
    ("outcome", "wave", "n_waves", "expected"),
    [
        ("ltr", "D", 1, ("D",)),
        ("ltr", "D", 4, ("A", "C", "D")),  # B did not ask for the shop
        ("ltr", "B", 4, ("A", "B")),
        ("spend", "D", 4, ("A", "C")),  # D is not mature
        ("spend", "A", 4, ("A",)),
    ],
)
def test_pooling_takes_comparable_mature_waves(survey, outcome, wave, n_waves, expected):
    chosen = survey.study.outcome(outcome)
    assert pooled_waves(survey, chosen, wave, n_waves) == expected


def test_no_wave_counts_more_because_its_weights_are_larger(survey):
    rows = rows_of_waves(survey, study_units(survey), "ltr", ("A", "C", "D"))
    totals = [rows.weight[60 * k : 60 * (k + 1)].sum() for k in range(3)]
    np.testing.assert_allclose(totals, 60)


def test_pooled_waves_are_held_apart_by_a_control(survey):
    rows = rows_of_waves(survey, study_units(survey), "ltr", ("A", "C"))
    assert list(rows.controls["wave"].unique()) == ["A", "C"]
    assert "wave" not in rows_of_waves(survey, study_units(survey), "ltr", ("A",)).controls
