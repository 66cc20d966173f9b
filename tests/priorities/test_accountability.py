"""Whole stages and silos: identities of the scorecard, the odd cases, and what moved."""

import dataclasses
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

import mot_research as mot
from mot_research.drivers.waves import study_units
from mot_research.priorities.accountability import share_draws, share_of
from mot_research.priorities.expectation import expectations_and_emotions
from mot_research.priorities.moment_means import MomentMeans
from mot_research.priorities.operational import beside_ratings
from mot_research.priorities.wave_means import WaveMeans
from mot_research.report.exchange import findings_record
from mot_research.report.narrative import goals, operations, scorecards
from mot_research.survey.operations import metrics_by_wave
from tests.priorities import accountable_study as small

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
EXACT = 1e-12  # the same sums in another order


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    return small.run(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def card(findings):
    return findings.scorecard


def line(card, key, by="stages"):
    return next(one for one in getattr(card, by) if one.key == key)


def test_shares_of_the_stages_are_one_in_every_draw(findings, card):
    for outcome in ("recommend", "paid"):
        result = findings.drivers[outcome]
        for lines in (card.stages, card.owners):
            draws = sum(share_draws(result, one.moments) for one in lines)
            np.testing.assert_allclose(draws, 1.0, rtol=EXACT)
    for role in ("relationship", "revenue"):
        values = [one.importance[role].value for one in card.stages]
        assert sum(v for v in values if v is not None) == pytest.approx(1.0, rel=EXACT)


def test_one_moment_alone_has_its_own_numbers(findings, card):
    billing, bill = line(card, "Billing", "owners"), findings.priorities["bill"]
    assert billing.rating == bill.metrics["mean_rating"]
    assert billing.change == bill.metrics["trend"]
    share, own = billing.importance["relationship"], bill.metrics["importance_relationship"]
    assert (share.value, share.ci_lower, share.ci_upper) == pytest.approx(
        (own.value, own.ci_lower, own.ci_upper), rel=EXACT
    )


def test_a_stage_weighs_its_moments_alike_and_counts_what_they_share(findings, card):
    use = line(card, "use")
    parts = [findings.priorities[name].metrics["mean_rating"] for name in use.moments]
    assert use.rating.value == pytest.approx(np.mean([part.value for part in parts]), rel=EXACT)
    half = use.rating.ci_upper - use.rating.value
    each = np.array([part.ci_upper - part.value for part in parts])
    # The shops' taste lies in both ratings: more than if they were independent.
    assert np.sqrt((each**2).sum()) / 2 < half <= each.mean() * (1 + EXACT)


def test_the_interval_of_a_stage_is_that_of_the_mean_of_its_ratings(findings, card):
    """All rated both moments, so the stage is the mean of one variable: each one's average."""
    frame = small.wave(12, bill_mean=3.2)
    both = frame[["bill", "app"]].mean(axis=1)
    influence = ((both - both.mean()) / len(both)).groupby(frame["shop"]).sum()
    n = len(influence)
    error = np.sqrt(n / (n - 1) * ((influence - influence.mean()) ** 2).sum())
    half = stats.t.ppf(0.975, n - 1) * error
    use = line(card, "use").rating
    assert use.ci_upper - use.ci_lower == pytest.approx(2 * half, rel=1e-9)


def test_verdicts_owners_and_partners_are_counted(findings, card):
    for one in (*card.stages, *card.owners):
        assert sum(one.verdicts.values()) == len(one.moments)
    assert sum(len(one.moments) for one in card.stages) == len(small.MOMENTS)
    assert line(card, "use").across == {"Billing": ("bill",), "IT": ("app",)}
    assert line(card, "IT", "owners").partner_of == ("bill",)
    assert line(card, "IT", "owners").across == {"use": ("app",)}


def test_what_nobody_owns_is_named(findings, card):
    assert card.unowned == ("call",)
    assert card.owners[-1].key == ""
    assert "**Nobody answers for** “Call”." in scorecards.summary(findings)


def test_a_stage_without_moments_keeps_its_row_and_has_a_reason(findings, card):
    share = line(card, "share")
    assert share.moments == ()
    assert share.rating.reason == share.importance["revenue"].reason == "it has no moment"
    assert "| Share | none |" in scorecards.stages(findings)


def test_the_bill_fell_and_its_metric_rose(findings, card):
    row = card.operations.set_index("metric").loc["disputes"]
    assert (row["metric_moved"], row["rating_moved"]) == ("up", "down")
    assert row["together"] == "opposite directions"
    assert row["metric_before"] == pytest.approx(np.mean([100, 104, 98]))
    text = operations.operations_note(findings)
    assert "“disputes” went from 101 to 185 while the rating of “Bill” fell" in text
    assert "can't carry a correlation" in text


def test_a_metric_that_wavers_as_before_did_not_move(tmp_path):
    steady = small.OPERATIONS.replace("180", "99").replace("190", "104").replace("185", "101")
    row = small.run(tmp_path, operations=steady).scorecard.operations.iloc[0]
    assert row["metric_moved"] == "no clear move"
    assert row["together"] == "rating only"


def test_goals_have_a_column_each_and_supporting_outcomes_are_graded(findings, card):
    assert set(card.goals["goal"]) == {"bond", "revenue", "share_of_wallet"}
    assert len(card.goals) == 3 * len(small.MOMENTS)
    grades = card.goals.set_index(["outcome", "moment"])["grade"]
    for moment in findings.study.moments:
        grade = findings.priorities[moment.id].grades["relationship"]
        assert grades["recommend", moment.id] == grade.grade
    assert grades["wallet", "bill"] == grades["paid", "bill"] == "proven"
    table = goals.goals(findings)
    assert "Share of wallet" in table
    assert "No outcome of this wave stands for retention." in goals.goals_note(findings)


def test_expectation_and_feeling_stand_beside_the_rating(findings):
    one = findings.beside["visit"]
    assert set(findings.beside) == {"visit"}
    assert one.promise == "promise_above"
    assert one.gap.value == pytest.approx(
        findings.priorities["visit"].metrics["gap_to_expectation"].value, rel=EXACT
    )
    frame = small.wave(12, bill_mean=3.2)
    r = np.corrcoef(frame["visit"], frame["f_visit"])[0, 1]
    assert one.correlation.value == pytest.approx(r, rel=1e-9)
    assert -1 < one.correlation.ci_lower < r < one.correlation.ci_upper < 1
    assert one.correlation.n == small.N


def test_the_scorecard_goes_into_the_exchange(findings):
    record = json.loads(json.dumps(findings_record(findings), allow_nan=False))
    assert record["scorecard"]["unowned"] == ["call"]
    assert record["scorecard"]["stages"][0].keys() >= {"key", "rating", "importance", "across"}
    assert record["scorecard"]["operations"][0]["moments"] == ["bill"]
    assert record["beside"][0]["promise"] == "promise_above"
    assert len(record["inventory"]["moments"]) == len(small.MOMENTS)
    assert record["inputs"][-1]["name"] == "operations.csv"


def test_it_shows_itself(card):
    ax = card.plot()
    ax.figure.draw_without_rendering()
    plt.close(ax.figure)
    assert "<table" in card._repr_html_()
    assert card.to_frame().loc["use", "moments"] == 2
    assert card.to_frame("owner").loc["Billing", "importance_revenue_n"] == small.N


def test_one_wave_no_operations_no_stage_no_owner(tmp_path):
    bare = [{"id": m["id"]} for m in small.MOMENTS]
    found = small.run(tmp_path, moments=bare, waves=("w2",), operations=None)
    card = found.scorecard
    (only,) = card.stages
    assert (only.key, only.name, len(only.moments)) == ("", "", 4)
    assert only.importance["relationship"].value == pytest.approx(1.0, rel=EXACT)
    assert card.earlier is None
    assert only.change.reason == "there is no earlier wave"
    assert card.operations.empty
    assert found.beside == {}
    text = scorecards.summary(found)
    assert "No moment has a stage" in text
    assert "**Nobody answers for any moment:**" in text
    assert operations.operations_note(found) == operations.NO_FILE
    assert "operations:" in " ".join(found.not_used)


def test_a_mean_over_different_scales_is_refused(tmp_path):
    moments = [dict(m) for m in small.MOMENTS]
    moments[1]["ratings"] = {"low": 0, "high": 10}
    use = line(small.run(tmp_path, moments=moments).scorecard, "use")
    assert use.rating.value is None
    assert use.rating.reason == use.change.reason == "its moments are rated on different scales"


def test_shares_without_resamples_have_no_interval_and_without_ranks_a_reason(findings):
    result = dataclasses.replace(findings.drivers["recommend"], lmg_draws=np.empty((0, 4)))
    alone = share_of(result, ("bill", "app"))
    assert alone.value is not None
    assert alone.ci_lower is None
    unranked = dataclasses.replace(result, table=result.table.assign(rank=np.nan))
    assert "too few rated two moments" in share_of(unranked, ("bill",)).reason
    assert share_of(result, ("nothing",)).reason == "no moment of it was tested"


def test_on_the_simulated_company_the_planted_cause_is_the_metric_that_moved():
    """The new bill layout: the one metric that moved together with the rating of its moment."""
    survey = mot.read_survey(mot.read_study(EXAMPLE))
    planted = json.loads((EXAMPLE / "truth.json").read_text("utf-8"))["planted"]["dropped"]
    units = study_units(survey)
    means = MomentMeans.of(survey, WaveMeans(units, 0.95), planted["wave"])
    metrics = metrics_by_wave(survey.study, survey.operations)
    table = beside_ratings(survey.study, metrics, means).set_index("metric")
    moved = table[table["together"].isin(("same direction", "opposite directions"))]
    assert list(moved.index) == list(survey.study.moment(planted["moment"]).metrics)
    assert moved["rating_moved"].tolist() == ["down"]
    assert set(table["n_now"]) == {3}  # a reading a month
    found = expectations_and_emotions(survey, units, planted["wave"])
    assert found[planted["moment"]].promise == "promise_above"
