"""What missing a contact costs: the planted truth, time, overlap, balance, numbers."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import mot_research as mot
from mot_research.drivers.due_contacts import due_contacts
from mot_research.drivers.missed_contacts import counts_from, in_one_family
from mot_research.drivers.study_analysis import StudyAnalysis
from mot_research.statistics.resampling import draw
from tests.conftest import ROOT

RENEWED = {
    "id": "stays", "role": "revenue", "goal": "retention", "kind": "binary", "column": "stays",
    "yes": [1], "no": [0], "after": "90 days",
}  # fmt: skip
TRIGGER = {"when": {"event": "order", "nth": 1}, "answer": {"event": "call", "within": "20 days"}}
INTERVIEW = pd.Timestamp("2026-03-01")


def people(seed, n=1200, *, effect=0.8, gap=0.8, leaving=0.0):
    """Customers with an order; the willing are called more often and stay more often.

    ``leaving`` is the share that leaves within the 20 days after the order, called or not; who
    has left can't be called any more.
    """
    rng = np.random.default_rng(seed)
    spend = rng.normal(size=n)
    order = pd.Timestamp("2026-02-01") + pd.to_timedelta(rng.integers(0, 5, n), "D")
    day_of_call = rng.uniform(0, 20, n)
    gone_after = np.where(rng.random(n) < leaving, rng.uniform(0, 20, n), np.inf)
    called = (rng.random(n) < expit(0.2 + gap * spend)) & (day_of_call < gone_after)
    stays = rng.random(n) < expit(0.3 + 0.7 * spend + effect * called)
    stays &= np.isinf(gone_after)
    days = np.where(np.isinf(gone_after), 60, gone_after)
    left = pd.Series(order + pd.to_timedelta(days, "D")).dt.date.astype(str)
    return pd.DataFrame(
        {
            "customer": [f"c{i}" for i in range(n)],
            "spend": spend,
            "stays": stays.astype(int),
            "order": order,
            "call": (order + pd.to_timedelta(day_of_call, "D")).where(called),
            "left_on": left.where(~stays, ""),
        }
    )


def survey_of(folder, frame, *, moment=None, outcomes=(RENEWED,), log=None, **more):
    """A study of one rated and one unrated moment, with the frame's orders and calls."""
    rng = np.random.default_rng(0)
    rating = rng.integers(1, 5, len(frame)) + frame["stays"].clip(upper=1)
    wave = frame[["customer", "spend", "stays"]].assign(q=rating)
    wave.to_csv(folder / "wave.csv", index=False)
    frame[["customer", "left_on"]].to_csv(folder / "customers.csv", index=False)
    happened = [
        frame[["customer", kind]]
        .dropna()
        .set_axis(["respondent", "time"], axis=1)
        .assign(event=kind)
        for kind in ("order", "call")
    ]
    events = pd.concat(happened if log is None else [*happened, log])
    events.to_csv(folder / "events.csv", index=False)
    text = {
        "study": {"name": "Small"},
        "moments": [
            {"id": "rated", "name": "Rated", "rating": "q"},
            {"id": "m", "name": "Moment", "trigger": TRIGGER} | (moment or {}),
        ],
        "ratings": {"low": 1, "high": 5},
        "outcomes": list(outcomes),
        "respondent": "customer",
        "controls": ["spend"],
        "waves": [{"id": "w", "file": "wave.csv", "from": "2026-03-01", "to": "2026-03-10"}],
        "customers": {"file": "customers.csv"},
        "events": {"file": "events.csv", "through": "2026-06-30"},
        "rules": {"n_resamples": 100, "min_n": 30},
    } | more
    if text["customers"] is None:
        del text["customers"]
    (folder / "study.yml").write_text(json.dumps(text), encoding="utf-8")
    survey = mot.read_survey(mot.read_study(folder / "study.yml"))
    assert not survey.has_errors, survey.problems.to_string()
    return survey


def missed(survey, outcome="stays"):
    return StudyAnalysis.of(survey).missed_contacts(survey.study.outcome(outcome), "w")[0]


def true_effect(frame, effect=0.8):
    """Mean rise of the chance to stay, had those without a call been called."""
    eta = 0.3 + 0.7 * frame.loc[frame["call"].isna(), "spend"]
    return float((expit(eta + effect) - expit(eta)).mean())


def test_recovers_the_effect_for_the_missed(tmp_path):
    frame = people(1)
    found = missed(survey_of(tmp_path, frame))
    assert found.reason == ""
    assert found.n_in_time == frame["call"].notna().sum()
    assert found.n_missed == frame["call"].isna().sum()
    assert found.ci_lower < true_effect(frame) < found.ci_upper
    assert found.effect == pytest.approx(found.mean_in_time - found.mean_missed)
    naive = frame.groupby(frame["call"].notna())["stays"].mean().diff().iloc[1]
    assert naive > found.ci_upper  # those who spend more are called more and stay more


def test_no_effect_is_no_effect(tmp_path):
    found = missed(survey_of(tmp_path, people(2, effect=0.0)))
    assert found.ci_lower < 0 < found.ci_upper


def test_who_left_before_the_deadline_is_no_proof_of_the_call(tmp_path):
    """Immortal time: whoever leaves on day 3 can't be called on day 10.

    By chance alone the called have then outlived part of the 20 days. Called or not, over all
    customers, shows a strong effect where there is none; from the deadline on there is none.
    """
    frame = people(3, n=3000, effect=0.0, gap=0.0, leaving=0.4)
    ever = frame["call"].notna()
    naive = frame.loc[ever, "stays"].mean() - frame.loc[~ever, "stays"].mean()
    error = np.sqrt(sum(frame.loc[g, "stays"].var() / g.sum() for g in (ever, ~ever)))
    assert naive > 5 * error
    found = missed(survey_of(tmp_path, frame))
    assert found.n_left > 500
    assert found.ci_lower < 0 < found.ci_upper
    assert abs(found.effect) < naive / 3


def test_called_and_gone_before_the_deadline_counts_for_neither(tmp_path):
    frame = people(4, n=400)
    called = frame.index[frame["call"].notna()][:60]
    frame.loc[called, "left_on"] = frame.loc[called, "call"].dt.date.astype(str)
    frame.loc[called, "stays"] = 0
    found = missed(survey_of(tmp_path, frame))
    assert found.n_left == 60
    assert found.n_in_time == frame["call"].notna().sum() - 60


def test_what_is_pending_counts_for_neither(tmp_path):
    frame = people(5, n=400)
    late = frame.index[:50]
    frame.loc[late, "order"] = pd.Timestamp("2026-06-25")
    frame.loc[late, "call"] = pd.Timestamp("2026-06-26")
    frame.loc[late, "left_on"] = ""
    found = missed(survey_of(tmp_path, frame))
    assert found.n_pending == 50
    assert found.n_in_time + found.n_missed == 350


class TestFromWhenAnOutcomeCounts:
    def survey(self, folder, outcome, **more):
        return survey_of(folder, people(6, n=200), outcomes=[RENEWED | outcome], **more)

    def date(self, survey):
        study = survey.study
        return counts_from(study, study.outcomes[0], study.waves[0], survey.contacts.tells_who_left)

    def test_staying_is_known_at_its_end_where_it_is_told_who_left(self, tmp_path):
        assert str(self.date(self.survey(tmp_path, {}))) == "2026-06-08"
        survey = self.survey(tmp_path, {}, customers=None)
        assert str(self.date(survey)) == "2026-03-10"

    def test_other_outcomes_from_the_survey_on(self, tmp_path):
        assert str(self.date(self.survey(tmp_path, {"goal": "revenue"}))) == "2026-03-10"

    def test_what_was_asked_from_the_first_interview(self, tmp_path):
        outcome = {key: value for key, value in RENEWED.items() if key != "after"}
        survey = survey_of(tmp_path, people(6, n=200), outcomes=[outcome])
        assert str(self.date(survey)) == "2026-03-01"

    def test_an_outcome_before_the_deadline_is_none(self, tmp_path):
        waves = [{"id": "w", "file": "wave.csv", "from": "2026-02-01", "to": "2026-02-05"}]
        found = missed(self.survey(tmp_path, {"goal": "revenue"}, waves=waves))
        assert found.n_too_early == 200 - found.n_left
        assert "begun to count before the deadline" in found.reason


class TestUntestable:
    def test_without_overlap(self, tmp_path):
        frame = people(7, n=400)
        frame["spend"] = np.where(frame["call"].notna(), 5.0, -5.0) + 0.1 * frame["spend"]
        found = missed(survey_of(tmp_path, frame))
        assert "no overlap" in found.reason
        assert np.isnan(found.effect)
        assert found.overlap is not None

    def test_with_few_who_resemble_the_missed(self, tmp_path):
        frame = people(8, n=600, gap=3.0)
        found = missed(survey_of(tmp_path, frame, rules={"n_resamples": 20, "min_n": 300}))
        assert "after weighting; 300 are needed" in found.reason

    def test_out_of_balance(self, tmp_path):
        """The called have a spend of two kinds, the missed one between: a logit can't see it."""
        rng = np.random.default_rng(9)
        frame = people(9, n=600)
        called = frame["call"].notna()
        of_called = rng.choice([-3.0, -2.9, 4.0], 600)
        frame["spend"] = np.where(called, of_called, rng.normal(0, 0.4, 600))
        found = missed(survey_of(tmp_path, frame))
        assert "stay different in 'spend'" in found.reason
        assert abs(found.balance.at["spend", "after"]) > 0.1

    def test_with_few(self, tmp_path):
        frame = people(10, n=300)
        frame.loc[frame["call"].notna().cumsum() > 12, "call"] = pd.NaT
        found = missed(survey_of(tmp_path, frame))
        assert found.reason.startswith("too few to say: 12 were answered in time")

    def test_with_nothing_known(self, tmp_path):
        found = missed(survey_of(tmp_path, people(11, n=300), controls=[]))
        assert found.reason.startswith("nothing is known from before")

    def test_without_resamples(self, tmp_path):
        survey = survey_of(tmp_path, people(12, n=300), rules={"n_resamples": 0, "min_n": 30})
        assert "without resamples" in missed(survey).reason


def test_events_before_the_trigger_are_held_alike(tmp_path):
    """Complaints move both the call and the outcome, and only the log knows of them."""
    rng = np.random.default_rng(13)
    frame = people(13, n=2000, effect=0.0, gap=0.0)
    complained = rng.random(2000) < 0.5
    called = rng.random(2000) < np.where(complained, 0.3, 0.7)
    frame["call"] = (frame["order"] + pd.Timedelta(days=3)).where(called)
    frame["stays"] = (rng.random(2000) < np.where(complained, 0.3, 0.7)).astype(int)
    frame["left_on"] = ""
    log = pd.DataFrame({"respondent": frame["customer"], "event": "complaint"})
    log["time"] = frame["order"] - pd.Timedelta(days=9)
    found = missed(survey_of(tmp_path, frame, log=log[complained]))
    assert found.ci_lower < 0 < found.ci_upper
    assert abs(found.balance.at["complaint before", "before"]) > 0.5


class TestRevenuePassedOver:
    def test_of_a_population_by_the_weights(self, tmp_path):
        study = {"name": "Small", "population": 50_000}
        frame = people(14, n=800)
        survey = survey_of(tmp_path, frame, study=study)
        found = missed(survey)
        share = frame["call"].isna().mean() * (1 - found.n_trimmed / found.n_missed)
        assert survey.contacts.of_a_survey
        assert found.n_missed_customers == pytest.approx(50_000 * share)
        assert found.passed_over == pytest.approx(found.n_missed_customers * found.effect)
        assert found.passed_over_lower < found.passed_over < found.passed_over_upper

    def test_of_a_log_of_all_customers_as_counted(self, tmp_path):
        more = 3000
        log = pd.DataFrame(
            {
                "respondent": [f"other{i}" for i in range(more)],
                "time": "2026-02-01",
                "event": "order",
            }
        )
        survey = survey_of(
            tmp_path, people(15, n=800), log=log, study={"name": "Small", "population": 50_000}
        )
        found = missed(survey)
        assert not survey.contacts.of_a_survey
        counted = survey.contacts.fired["m"].table["status"].isin(["late", "never"]).sum()
        kept = 1 - found.n_trimmed / found.n_missed
        assert found.n_missed_customers == pytest.approx(counted * kept)
        assert found.n_missed < 800 < counted

    def test_a_score_adds_up_to_nothing(self, tmp_path):
        score = {"id": "y", "column": "spend", "kind": "score", "low": -9, "high": 9}
        frame = people(16, n=300)
        frame["stays"] = np.arange(300) % 3
        survey = survey_of(tmp_path, frame, outcomes=[score], controls=["stays"])
        found = missed(survey, "y")
        assert found.reason == ""
        assert np.isnan(found.passed_over)


def test_rated_and_unrated_moments_are_one_family(tmp_path):
    survey = survey_of(tmp_path, people(17))
    analysis = StudyAnalysis.of(survey)
    result = analysis.drivers(survey.study.outcome("stays"), ("w",))
    one = missed(survey)
    joint, own = in_one_family(result, (one,), ["m"])
    p = np.append(result.table["p_value"], one.p_value)
    order = np.argsort(p)
    by_hand = np.minimum.accumulate((p[order] * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]
    q = np.empty(len(p))
    q[order] = by_hand
    assert joint.table["q_value"].tolist() == pytest.approx(q[:-1])
    assert own[0].q_value == pytest.approx(q[-1])
    same, rated = in_one_family(result, (dataclasses.replace(one, moment="rated"),), ["m"])
    assert same is result
    assert np.isnan(rated[0].q_value)


def test_counts_by_wave_segment_and_stage(tmp_path):
    frame = people(18, n=300)
    survey = survey_of(tmp_path, frame, moment={"stage": "care"}, segments=["stays"])
    counts = due_contacts(survey, ()).counts.set_index(["by", "value"])
    everyone = counts.loc[("all", "")]
    assert everyone["triggered"] == 300
    assert everyone["in_time"] == frame["call"].notna().sum()
    assert everyone["in_time"] + everyone["never"] + everyone["late"] + everyone["left"] == 300
    for by in ("wave", "stays", "stage"):
        assert counts.loc[by, "triggered"].sum() == 300
        assert counts.loc[by, "never"].sum() == everyone["never"]


@pytest.fixture(scope="module")
def example():
    survey = mot.read_survey(mot.read_study(ROOT / "data" / "example"))
    analysis = StudyAnalysis.of(survey)
    return dataclasses.replace(analysis, draws=draw(analysis.units.units, 200, 1))


def test_the_planted_missed_renewals_are_found(example):
    """Truth: the renewal call adds .75 logits; here as the rise of the chance to renew."""
    study = example.survey.study
    truth = json.loads((ROOT / "data" / "example" / "truth.json").read_text(encoding="utf-8"))
    assert truth["planted"]["missed"] == {"moment": "before_expiry", "outcome": "renewed"}
    found = {one.moment: one for one in example.missed_contacts(study.outcome("renewed"), "2026Q3")}
    one = found["before_expiry"]
    p = one.mean_missed  # at the mean: within a tenth of the mean of the rises
    planted = expit(np.log(p / (1 - p)) + truth["renewal_call_on_renewed"]) - p
    assert one.reason == ""
    assert one.ci_lower < planted < one.ci_upper
    assert one.p_value < 1e-4
    for name in ("first_bill", "third_call"):  # nothing is planted there
        assert found[name].p_value > 0.05
    assert "too few to say" in found["anniversary"].reason
