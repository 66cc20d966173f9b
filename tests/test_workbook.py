"""The whole flow on two studies: the simulated one and the airport's."""

import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import mot_research as mot
from mot_research.errors import MotError, StudyError, SurveyError
from mot_research.priorities.result import METRICS
from mot_research.priorities.rules import grade_by, is_tested
from mot_research.priorities.triangulation import triangulate
from mot_research.simulate import TRUTH
from mot_research.simulate.truth import PLANTED
from mot_research.simulate.voice import COMMENTING, NEW_BILL, NEW_BILL_IS_TOLD
from mot_research.simulate.waves import QUESTIONS

ROOT = Path(__file__).parents[1]
FIVE_LINES = """study: {name: Harbour Mobile}
moments: {q12_first_bill: First bill arrives, q13_outage: Outage call}   # column: name
ratings: {low: 1, high: 5}
outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]
waves: [{id: 2026Q1, file: 2026q1.csv}]
"""


@pytest.fixture(scope="module")
def example():
    return mot.run(ROOT / "data" / "example")


@pytest.fixture(scope="module")
def airport_folder(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("airport")
    shutil.copy(ROOT / "tests" / "studies" / "airport" / "study.yml", folder)
    shutil.copy(shared / "data" / "sfo_waves_2010_2017.csv.gz", folder)
    return folder


@pytest.fixture(scope="module")
def airport(airport_folder):
    return mot.run(airport_folder)


@pytest.fixture(scope="module")
def planted_voice():
    """Share of the customers who mention each moment, and share of these who complain."""
    wave = pd.read_csv(ROOT / "data" / "example" / "waves" / "2026q3.csv")
    ratings = wave[list(QUESTIONS.values())].fillna(0).replace(6, 0).set_axis(list(PLANTED), axis=1)
    topics = (ratings - 3.2).abs().where(ratings > 0, 0)
    topics["first_bill"] *= NEW_BILL_IS_TOLD
    first = topics.div(topics.sum(axis=1), axis=0)
    told = COMMENTING * (first + 0.3 * first * (1 - first))  # 3 of 10 add a second moment
    told = told.mul(wave["weight"], axis=0)
    return pd.DataFrame(
        {
            "mentions": told.sum() / wave["weight"].sum(),
            "negative_share": told.where(ratings < 3).sum() / told.sum(),
        }
    )


def five_line_study(folder, rows=80, **columns):
    rng = np.random.default_rng(4)
    bill, outage = rng.integers(1, 6, (2, rows))
    ltr = np.clip(np.round(2 + 1.2 * bill + rng.normal(size=rows)), 0, 10).astype(int)
    values = {"q12_first_bill": bill, "q13_outage": outage, "ltr": ltr} | columns
    lines = [",".join(values)]
    lines += [",".join(str(v[i]) for v in values.values()) for i in range(rows)]
    (folder / "2026q1.csv").write_text("\n".join(lines) + "\n")
    (folder / "study.yml").write_text(FIVE_LINES)
    return folder


class TestTheRules:
    def test_the_checks_of_every_moment_and_role_give_its_grade(self, example):
        for row in example.priorities.rows:
            for grade in row.grades.values():
                result = example.drivers[grade.outcome]
                assert grade_by(grade.checks) == grade.grade
                if row.moment.rating is not None:
                    assert is_tested(grade.checks) == (row.moment.id not in result.not_tested)

    def test_every_value_of_a_segment_has_a_verdict_or_a_reason(self, example):
        for segment, found in example.segment_priorities.items():
            values = {v for each in example.segments[segment].values() for v in each.values.index}
            assert values == set(found.verdicts) | set(found.refused)
            assert all(found.refused.values())
            for by_moment in found.verdicts.values():
                assert set(by_moment) == {moment.id for moment in example.study.moments}


class TestTheSimulatedTruth:
    def test_the_hidden_driver_is_proven(self, example):
        assert example.priorities[TRUTH["hidden_driver"]].verdict == "proven"

    def test_strong_drivers_are_proven_for_the_relationship(self, example):
        for moment in TRUTH["strong"]:
            assert example.priorities[moment].grades["relationship"].grade == "proven", moment

    def test_no_null_is_proven(self, example):
        for moment in TRUTH["nulls"]:
            assert example.priorities[moment].verdict != "proven", moment

    def test_the_bet_without_effect_stays_a_bet(self, example):
        bet = example.priorities[TRUTH["brand_bet_without_effect"]]
        assert bet.verdict == "brand_bet"
        assert bet.grades["relationship"].ci_lower < 0 < bet.grades["relationship"].ci_upper

    def test_the_basic_and_the_delighter_are_told_apart(self, example):
        assert example.priorities[TRUTH["basic"]].asymmetry == "basic"
        assert example.priorities[TRUTH["delighter"]].asymmetry == "delight"

    def test_the_rare_rescue_is_decisive(self, example):
        rare = example.priorities[TRUTH["rare_but_decisive"]]
        assert rare.verdict == "proven"
        assert "rare_but_decisive" in rare.flags
        assert rare.metrics["reach"].value < 0.08

    def test_having_it_hurts_while_how_it_went_is_silent(self, example):
        moment = TRUTH["contact_hurts_quality_silent"]
        assert "having_it_matters" in example.priorities[moment].flags
        row = example.drivers["recommend"].to_frame().loc[moment]
        assert row["contact_effect"] < 0
        assert row["contact_q_value"] <= 0.05

    def test_the_drop_of_the_last_wave_shows(self, example):
        dropped = example.priorities[TRUTH["dropped"]["moment"]].metrics["trend"]
        assert dropped.ci_upper < 0

    def test_tied_drivers_have_overlapping_ranks(self, example):
        one, other = (example.priorities[moment].grades["relationship"] for moment in TRUTH["tied"])
        assert max(one.rank_lower, other.rank_lower) <= min(one.rank_upper, other.rank_upper)

    def test_it_is_said_to_be_simulated(self, example):
        assert example.simulated

    def test_revenue_pools_mature_waves_and_shows_the_latest_alone(self, example):
        assert example.drivers["renewed"].waves == ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
        assert example.alone["renewed"].waves == ("2026Q3",)
        assert example.drivers["revenue_12m"].waves == ("2025Q4", "2026Q1")
        assert "revenue_12m" not in example.alone


class TestThePlantedVoice:
    """Who comments, and on what, is drawn by a known rule from the ratings of the last wave."""

    @pytest.mark.parametrize("metric", ["mentions", "negative_share"])
    def test_intervals_hold_the_shares_that_were_planted(self, example, planted_voice, metric):
        found = {
            moment: getattr(example.voice.moments[moment], metric) for moment in planted_voice.index
        }
        known = {moment: one for moment, one in found.items() if one.ci_lower is not None}
        outside = [
            moment
            for moment, one in known.items()
            if not one.ci_lower <= planted_voice.at[moment, metric] <= one.ci_upper
        ]
        assert len(known) >= 5
        assert len(outside) <= binom.ppf(0.99, len(known), 0.05), outside

    def test_the_new_bill_is_the_loudest_and_said_in_their_words(self, example):
        bill = TRUTH["dropped"]["moment"]
        assert example.voice.by_salience[0] == bill
        assert bill in example.voice.loud(example.priorities.top)
        first = example.voice.moments[bill].quotes[0]
        assert (first.text, first.valence) == (NEW_BILL, -1)

    def test_the_rate_of_comments_is_the_planted_one(self, example):
        n = example.absences.iloc[0][["n_rated", "n_not_experienced", "n_blank"]].sum()
        lower, upper = binom.interval(0.999, int(n), COMMENTING)
        assert lower <= example.voice.n_comments <= upper

    def test_no_personal_data_are_quoted(self, example):
        said = " ".join(q.text for each in example.voice.moments.values() for q in each.quotes)
        assert said
        for planted in ("@", "0150", "DE89", "4111", "C10"):
            assert planted not in said

    def test_gut_and_numbers_conflict_where_it_was_planted(self, example):
        triangles = {
            each.moment: each
            for each in triangulate(example.priorities, example.voice, example.shortlist)
        }
        assert "shortlist_missed" in triangles[TRUTH["hidden_driver"]].conflicts
        assert "bet_not_proven" in triangles[TRUTH["brand_bet_without_effect"]].conflicts
        for moment in TRUTH["strong"]:
            assert not {"loud_not_proven", "chosen_not_proven"} & set(triangles[moment].conflicts)


class TestTheAirport:
    def test_contacts_that_most_never_had_are_tested(self, airport):
        row = airport.drivers["all"].to_frame().loc["ltparking"]
        assert row["reach"] < 0.36
        assert row["n"] > 500
        assert np.isfinite(row["lmg"])

    def test_food_is_proven_for_satisfaction(self, airport):
        assert airport.priorities["food"].grades["relationship"].grade == "proven"

    def test_recommendation_was_asked_in_one_wave_only(self, airport, airport_folder):
        assert airport.drivers["netpro"].waves == ("2017",)
        earlier = mot.run(airport_folder, wave="2016")
        assert "netpro" not in earlier.drivers
        assert any("was not asked in wave 2016" in warning for warning in earlier.warnings)

    def test_a_revenue_outcome_of_the_questionnaire_warns_of_common_method(self, airport):
        assert any("common method" in warning for warning in airport.warnings)

    def test_the_wave_without_wifi_weights_and_flights_works(self, airport_folder):
        found = mot.run(airport_folder, wave="2012")
        assert found.priorities["wifi"].verdict == "not_tested"
        assert "not on wave 2012" in found.priorities["wifi"].reason
        result = found.drivers["all"]
        assert result.n_effective == result.n_obs
        assert result.n_units == result.n_obs

    def test_every_wave_from_2012_can_be_analysed(self, airport):
        assert airport.study.waves[0].id == "2012"
        assert not (airport.problems["severity"] == "error").any()

    def test_absences_are_told_apart(self, airport, shared):
        import pandas as pd

        frame = pd.read_csv(shared / "data" / "sfo_waves_2010_2017.csv.gz", low_memory=False)
        ltparking = frame.loc[frame["year"] == 2017, "ltparking"]
        row = airport.absences.loc["ltparking"]
        assert row["n_rated"] == ltparking.between(1, 5).sum()
        assert row["n_not_experienced"] == (ltparking == 6).sum()
        assert row["n_blank"] == (ltparking == 0).sum()


class TestTheFiveLineStudy:
    def test_it_runs(self, tmp_path):
        found = mot.run(five_line_study(tmp_path))
        assert found.priorities["q12_first_bill"].verdict == "proven"
        assert found.wave == "2026Q1"
        assert any("an earlier wave" in line for line in found.not_used)

    def test_a_further_key_only_adds(self, tmp_path):
        plain = mot.run(five_line_study(tmp_path))
        text = FIVE_LINES + "rules: {top: 10}\nscales: {all: [q12_first_bill, q13_outage]}\n"
        (tmp_path / "study.yml").write_text(text)
        more = mot.run(tmp_path)
        a = plain.drivers["recommend"].to_frame()
        assert a.equals(more.drivers["recommend"].to_frame())

    def test_without_resamples_nothing_is_proven_by_place(self, tmp_path):
        five_line_study(tmp_path)
        (tmp_path / "study.yml").write_text(FIVE_LINES + "rules: {n_resamples: 0}\n")
        found = mot.run(tmp_path)
        assert "ci_lower" not in found.drivers["recommend"].to_frame()
        assert {row.verdict for row in found.priorities.rows} <= {"minor", "not_proven"}

    def test_only_the_parts_asked_for_are_computed(self, tmp_path):
        study = five_line_study(tmp_path)
        whole, drivers = mot.run(study), mot.run(study, also=())
        assert whole.prediction
        assert whole.not_compared
        assert not drivers.prediction
        assert not drivers.not_compared
        assert drivers.priorities.to_frame().equals(whole.priorities.to_frame())

    def test_an_unknown_part_is_named_and_findings_are_written_whole(self, tmp_path):
        study = five_line_study(tmp_path)
        with pytest.raises(MotError, match=r"'changes'.*change, prediction, segments"):
            mot.run(study, also=["changes"])
        with pytest.raises(MotError, match="written whole"):
            mot.run(study, also=["change"], output=tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_a_wave_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(StudyError, match="2026Q2"):
            mot.run(five_line_study(tmp_path), wave="2026Q2")

    def test_a_wave_with_an_error_is_refused(self, tmp_path):
        five_line_study(tmp_path, q13_outage=["bad"] * 80)
        with pytest.raises(SurveyError, match="2026Q1"):
            mot.run(tmp_path)

    def test_an_outcome_that_never_varies_is_one_clear_error(self, tmp_path):
        five_line_study(tmp_path, ltr=[7] * 80)
        with pytest.raises(MotError):
            mot.run(tmp_path)


class TestFiles:
    def test_findings_are_the_same_bytes_in_two_runs(self, tmp_path):
        study = five_line_study(tmp_path)
        names = ("findings.json", "evidence.csv", "evidence.xlsx", "manifest.json")
        runs = []
        for name in ("one", "two"):
            mot.run(study, output=tmp_path / name)
            runs.append({file: (tmp_path / name / file).read_bytes() for file in names})
        assert runs[0] == runs[1]

    def test_findings_carry_the_contract(self, example, tmp_path):
        from mot_research.report.files import write_findings

        write_findings(example, tmp_path)
        record = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
        assert {
            "study",
            "wave",
            "seed",
            "versions",
            "inputs",
            "outcomes",
            "priorities",
            "contacts",
            "voice",
            "consensus",
            "change",
            "value",
            "warnings",
        } <= set(record)
        outcome = record["outcomes"][0]
        assert {"model", "n_obs", "n_effective", "r_squared", "moments"} <= set(outcome)
        table = example.drivers["recommend"].to_frame()
        assert set(table.columns) <= set(outcome["moments"][0])
        assert list(record["priorities"][0]["metrics"]) == list(METRICS)
        for priority in record["priorities"]:
            for metric in priority["metrics"].values():
                assert (metric["value"] is None) == bool(metric["reason"])

    def test_nothing_of_the_machine_and_no_respondent_is_in_the_files(self, example, tmp_path):
        from mot_research.report.files import write_findings

        write_findings(example, tmp_path)
        for name in ("findings.json", "manifest.json", "evidence.csv"):
            text = (tmp_path / name).read_text(encoding="utf-8")
            assert str(ROOT) not in text
            assert "C100048" not in text  # a customer of the example

    def test_inputs_are_named_with_their_hash(self, example):
        import hashlib

        wave = next(entry for entry in example.inputs if entry.name.endswith("2026q3.csv"))
        content = (ROOT / "data" / "example" / wave.name).read_bytes()
        assert wave.sha256 == hashlib.sha256(content).hexdigest()

    def test_a_folder_that_cannot_be_written_is_one_clear_error(self, tmp_path):
        study = five_line_study(tmp_path)
        (tmp_path / "taken").write_text("a file")
        with pytest.raises(MotError, match="output folder"):
            mot.run(study, output=tmp_path / "taken")

    def test_the_schema_of_study_yml_accepts_the_example(self):
        from ruamel.yaml import YAML

        from mot_research.study.definition import Study

        document = YAML(typ="safe").load((ROOT / "data" / "example" / "study.yml").read_text())
        text = json.loads(json.dumps(document, default=str))
        jsonschema.validate(text, Study.model_json_schema())
