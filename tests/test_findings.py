"""From files to findings: paths, robustness, reliability, sample sizes, warnings."""

import json

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.report.exchange import findings_record

N = 400
STUDY = """\
study: Harbour Mobile
moments: {q1: First bill, q2: Outage call, q3: Plan advice}
ratings: {low: 1, high: 5, not_experienced: [6], blank: [0]}
respondent: id
segments: [plan]
scales: {trust: [t1, t2, t3], absent: [t1, t9]}
outcomes:
  - {id: recommend, column: ltr, kind: score, low: 0, high: 10}
  - {id: paid, role: revenue, kind: amount, column: paid, file: paid.csv, after: 60 days,
     through: 2026-12-31}
waves: [{id: w1, file: w1.csv, from: 2026-01-05, to: 2026-01-20}]
rules: {n_resamples: 200, top: 2}
"""


def write(folder, *, one_each=False):
    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 6, (N, 3))
    quality = ratings - 3.0
    trust = rng.normal(size=N)
    missed = rng.random(N) < 0.3
    quality[missed, 1] = 0
    ratings[missed, 1] = 6
    if one_each:
        others = (np.arange(N) % 3)[:, None] != np.arange(3)
        ratings[others], quality[others] = 0, 0
    liking = quality @ [0.9, 0.5, 0.3] + rng.normal(size=N)
    frame = pd.DataFrame(ratings, columns=["q1", "q2", "q3"]).assign(
        id=[f"c{i}" for i in range(N)],
        plan=rng.choice(["prepaid", "contract"], N),
        ltr=np.clip(np.round(6 + liking), 0, 10).astype(int),
        **{f"t{i}": np.clip(np.round(4 + trust + rng.normal(size=N)), 1, 7) for i in (1, 2, 3)},
    )
    frame.to_csv(folder / "w1.csv", index=False)
    paid = 100 + 10 * liking + quality @ [0, 8, 0] + 20 * rng.normal(size=N)
    pd.DataFrame({"id": frame["id"], "paid": paid.round(2)}).to_csv(
        folder / "paid.csv", index=False
    )
    (folder / "study.yml").write_text(STUDY, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    return mot.run(write(tmp_path_factory.mktemp("study")))


def test_paths_go_through_the_first_relationship_outcome(findings):
    found = findings.paths["paid"]
    assert found.mediator == "recommend"
    assert found.note == ""
    table = found.to_frame()
    assert table["total"].to_numpy() == pytest.approx(
        (table["direct"] + table["indirect"]).to_numpy(), abs=1e-10
    )
    assert table["total_winsorised"].notna().all()


def test_robustness_leaves_out_each_segment_value(findings):
    for outcome in ("recommend", "paid"):
        found = findings.robustness[outcome]
        assert set(found.left_out["value"]) == {"prepaid", "contract"}
        assert found.to_frame()["robustness_value"].between(0, 1).all()


def test_scales_keep_values_beyond_the_ratings(findings):
    """6 is "not experienced" for a rating, and an answer on a scale of 1 to 7."""
    scales = findings.reliability.to_frame()
    assert scales.at["trust", "n"] == N
    assert 0.6 < scales.at["trust", "alpha"] < 0.9
    assert "t9" in scales.at["absent", "reason"]


def test_interviews_needed_are_there(findings):
    assert set(findings.sample_sizes) == {"recommend", "paid"}
    assert findings.sample_sizes["recommend"].border_pair == ("q2", "q3")


def test_a_warning_of_several_outcomes_stands_once(findings):
    assert len(findings.warnings) == len(set(findings.warnings))
    assert any(
        warning.startswith("recommend, paid: No contact effect") for warning in findings.warnings
    )


def test_the_exchange_holds_all_of_it(findings):
    record = json.loads(json.dumps(findings_record(findings), allow_nan=False))
    assert record["paths"][0]["moments"][0].keys() >= {"driver", "a", "direct", "indirect"}
    assert record["robustness"][0]["left_out"][0].keys() >= {"segment", "value", "rank"}
    assert record["reliability"]["scales"][0]["scale"] == "trust"
    assert record["sample_sizes"][0]["power"] == 0.8
    assert record["outcomes"][0]["cautions"][0].keys() == {"rule", "text"}


def test_a_survey_of_one_moment_each_is_told_and_not_ranked(tmp_path):
    found = mot.run(write(tmp_path, one_each=True))
    assert any("no ranking" in warning for warning in found.warnings)
    assert not found.drivers["recommend"].is_ranked
    assert found.paths == {}
    assert found.robustness == {}
    first = found.priorities["q1"]
    assert first.verdict == "likely"
    assert "too few rated two moments" in first.reason
    assert first.metrics["importance_relationship"].reason
    json.dumps(findings_record(found), allow_nan=False)
