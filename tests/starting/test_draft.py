"""Drafts of surveys: of labels, of numbers alone, of several waves, of real files; they render."""

import json

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import mot_research as mot
from mot_research.errors import StudyError, SurveyError
from mot_research.report.narrative.next_step import next_step
from mot_research.report.originals import original
from mot_research.report.rendering import render_document
from mot_research.starting import draft_study
from mot_research.study.reading import read_study
from tests.starting.surveys import QUESTIONS, RECOMMEND, SCALE, WAVE, write_sav

FEWER_RESAMPLES = "\nrules: {n_resamples: 50}\n"  # the intervals are not what is tested here


def roles(draft) -> dict[str, str]:
    return {guess.column: guess.role for guess in draft.guesses}


def drafted(tmp_path, frame: pd.DataFrame):
    """The study, and the draft, of a frame that was written as CSV."""
    frame.to_csv(tmp_path / "survey.csv", index=False)
    path, draft = draft_study(tmp_path / "study", tmp_path / "survey.csv")
    return read_study(path), draft


@pytest.fixture(scope="module")
def spss(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spss")
    frame = write_sav(folder / "harbour.sav")
    path, draft = draft_study(folder / "harbour", folder / "harbour.sav")
    return path, draft, frame


class TestLabels:
    def test_each_column_has_its_role(self, spss):
        _, draft, frame = spss
        assert list(roles(draft)) == list(frame.columns)
        expected = dict.fromkeys(QUESTIONS, "moment") | {
            "ltr": "outcome", "renewed": "outcome", "customer_id": "respondent",
            "weight": "weight", "branch": "cluster", "plan": "segment", "language": "segment",
            "tenure_years": "control", "interview": "dates",
        }  # fmt: skip
        assert roles(draft) == expected

    def test_moments_are_named_by_what_of_their_label_is_their_own(self, spss):
        study = read_study(spss[0])
        first = study.moment("q01_coverage_check")
        assert first.name == "Checking the coverage at home"
        assert first.description == QUESTIONS["q01_coverage_check"]
        assert [moment.rating for moment in study.moments] == list(QUESTIONS)

    def test_the_scale_and_its_codes_come_from_the_labels(self, spss):
        study = read_study(spss[0])
        assert (study.ratings.low, study.ratings.high) == (1, 5)
        assert study.ratings.not_experienced == (6,)
        assert study.ratings.blank == ()  # 9 is declared missing, and read as blank by the file

    def test_the_numbers_read_are_those_of_the_file(self, spss):
        path, _, frame = spss
        survey = mot.read_survey(read_study(path))
        assert not survey.has_errors
        wave = survey.waves["harbour"]
        for name in QUESTIONS:
            rated = frame[name].where(frame[name] <= 5)
            assert wave.ratings[name].equals(rated.rename(name))
        assert wave.outcomes["ltr"].count() == (frame["ltr"] <= 10).sum()
        assert wave.outcomes["renewed"].sum() == frame["renewed"].sum()
        assert set(wave.segments["plan"]) == {"business", "contract", "prepaid"}

    def test_recommending_decides_and_renewal_is_revenue(self, spss):
        recommend, renewed = read_study(spss[0]).outcomes
        assert (recommend.column, recommend.kind, recommend.role) == (
            "ltr",
            "score",
            "relationship",
        )
        assert recommend.blank == (11,)
        assert (renewed.role, renewed.goal, renewed.yes, renewed.no) == (
            "revenue", "retention", (1,), (0,),
        )  # fmt: skip

    def test_every_guess_stands_in_the_study_file_with_its_reason(self, spss):
        path, draft, _ = spss
        text = " ".join(path.read_text(encoding="utf-8").replace("#", " ").split())
        assert RECOMMEND in text
        for guess in draft.guesses:
            if guess.role not in ("moment", "dates", "wave"):
                assert guess.why in text, guess
        assert "6 is labelled 'Did not happen to me'" in text

    def test_the_file_travels_with_the_study(self, spss):
        copy = spss[0].parent / "waves" / "harbour.sav"
        assert copy.read_bytes() == (spss[0].parents[1] / "harbour.sav").read_bytes()
        (wave,) = read_study(spss[0]).waves
        assert (wave.file, wave.id) == ("waves/harbour.sav", "harbour")
        assert wave.from_ is not None
        assert wave.to is not None

    def test_the_draft_renders(self, spss, tmp_path):
        path = spss[0]
        path.write_text(path.read_text(encoding="utf-8") + FEWER_RESAMPLES, encoding="utf-8")
        render_document(
            original("reports/prioritization.qmd"),
            targets={"html": tmp_path / "report.html"},
            formats=("html",),
            parameters={"study": str(path), "output": str(tmp_path)},
            renderer="embedded",
        )
        record = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
        assert {row["moment"] for row in record["priorities"]} == set(QUESTIONS)
        assert "The first bill" in (tmp_path / "report.html").read_text(encoding="utf-8")

    def test_a_scale_from_best_to_worst_is_not_taken_the_wrong_way_round(self, tmp_path):
        frame = write_sav(tmp_path / "s.sav", n=200)
        turned = {float(6 - code): label for code, label in SCALE.items() if code <= 5}
        first, *others = QUESTIONS
        pyreadstat.write_sav(
            frame.assign(**{first: 6 - frame[first].where(frame[first] <= 5)}),
            tmp_path / "s.sav",
            column_labels={"ltr": RECOMMEND},
            variable_value_labels={first: turned, **dict.fromkeys(others, SCALE)},
        )
        path, draft = draft_study(tmp_path / "study", tmp_path / "s.sav")
        assert [one.rating for one in read_study(path).moments] == others
        (left,) = [guess for guess in draft.guesses if guess.column == first]
        assert "1 is labelled 'Very satisfied'" in left.why
        assert "6 minus the code" in left.why


class TestNumbersAlone:
    def test_the_example_without_labels(self, tmp_path):
        """Truth: the example's own study.yml, which says what each column is."""
        truth = read_study(WAVE.parents[1])
        path, _ = draft_study(tmp_path / "study", WAVE)
        study = read_study(path)
        assert len(truth.scales["trust"]) == 3  # attitudes look like moments: they come last
        surveyed = {moment.rating for moment in truth.moments if moment.rating}
        assert {moment.rating for moment in study.moments} == surveyed
        own = {moment.rating: moment.expected for moment in truth.moments if moment.expected}
        assert {one.rating: one.expected for one in study.moments if one.expected} == own
        for name in ("low", "high", "not_experienced", "blank"):
            assert getattr(study.ratings, name) == getattr(truth.ratings, name)
        assert (study.respondent, study.weight, study.cluster) == (
            truth.respondent, truth.weight, truth.cluster,
        )  # fmt: skip
        assert set(study.segments) >= set(truth.segments)
        assert study.controls == truth.controls
        assert [one.column for one in study.outcomes] == ["ltr", "renewed"]

    def test_a_question_that_goes_along_with_no_other_is_no_moment(self, tmp_path):
        rng = np.random.default_rng(1)
        mood = rng.normal(size=300)
        frame = pd.DataFrame(
            {f"r{i}": np.clip(np.round(3 + mood + rng.normal(size=300)), 1, 5) for i in range(4)}
        )
        frame["borough"] = rng.integers(1, 6, 300)
        frame["nps"] = np.clip(np.round(6 + 2 * mood + rng.normal(size=300)), 0, 10)
        study, draft = drafted(tmp_path, frame)
        assert [moment.rating for moment in study.moments] == ["r0", "r1", "r2", "r3"]
        assert roles(draft)["borough"] == "not used"

    def test_a_question_that_shows_a_part_of_its_scale_has_the_others_scale(self, tmp_path):
        rng = np.random.default_rng(6)
        mood = rng.normal(size=200)
        frame = pd.DataFrame(
            {f"r{i}": np.clip(np.round(6 + 2 * mood + rng.normal(size=200)), 1, 10) for i in "abcd"}
        )
        frame["liked"] = np.clip(np.round(8 + mood), 6, 10)
        frame["nps"] = np.clip(np.round(6 + 2 * mood), 0, 10)
        study, _ = drafted(tmp_path, frame)
        assert study.moments[-1].rating == "liked"
        assert {(one.low, one.high) for one in map(study.ratings_for, study.moments)} == {(1, 10)}

    def test_ratings_that_fall_where_the_outcome_rises_are_told(self, tmp_path):
        rng = np.random.default_rng(7)
        mood = rng.normal(size=200)
        frame = pd.DataFrame(
            {f"r{i}": np.clip(np.round(3 - mood + rng.normal(size=200)), 1, 5) for i in range(3)}
        ).assign(nps=np.clip(np.round(6 + 2 * mood), 0, 10))
        study, draft = drafted(tmp_path, frame)
        assert "Most ratings fall where 'nps' rises" in draft.caution
        assert "# Most ratings fall" in study.path.read_text(encoding="utf-8")
        (tmp_path / "other").mkdir()
        assert drafted(tmp_path / "other", frame.assign(nps=10 - frame["nps"]))[1].caution == ""

    def test_answers_in_words(self, tmp_path):
        rng = np.random.default_rng(8)
        mood = rng.normal(size=200)
        frame = pd.DataFrame(
            {f"r{i}": np.clip(np.round(3 + mood + rng.normal(size=200)), 1, 5) for i in range(3)}
        )
        frame["renewed"] = np.where(mood > 0, "Yes", "no")
        frame["service"] = np.array(["poor", "good", "excellent"])[rng.integers(0, 3, 200)]
        study, draft = drafted(tmp_path, frame)
        assert (study.outcomes[0].yes, study.outcomes[0].no) == (("Yes",), ("no",))
        survey = mot.read_survey(study)
        assert survey.waves["survey"].outcomes["renewed"].sum() == (mood > 0).sum()
        (words,) = [guess for guess in draft.guesses if guess.column == "service"]
        assert "export their codes" in words.why

    def test_yes_that_means_a_customer_left_is_turned(self, tmp_path):
        rng = np.random.default_rng(2)
        mood = rng.normal(size=300)
        frame = pd.DataFrame(
            {f"r{i}": np.clip(np.round(3 + mood + rng.normal(size=300)), 1, 5) for i in range(3)}
        ).assign(churned=(mood + rng.normal(size=300) < 0).astype(int))
        (outcome,) = drafted(tmp_path, frame)[0].outcomes
        assert (outcome.yes, outcome.no, outcome.role) == ((0,), (1,), "revenue")

    def test_a_file_without_ratings_says_so_and_leaves_nothing(self, tmp_path):
        frame = pd.DataFrame({"nps": range(11), "city": list("abcdefghijk")})
        with pytest.raises(StudyError, match="no column looks like a question rated"):
            drafted(tmp_path, frame)
        assert [path.name for path in tmp_path.iterdir()] == ["survey.csv"]

    def test_a_file_without_an_outcome_is_drafted_and_the_next_step_names_it(self, tmp_path):
        frame = pd.DataFrame({f"r{i}": [1, 2, 3, 4, 5] * 20 for i in range(3)})
        study, _ = drafted(tmp_path, frame)
        assert len(study.moments) == 3
        assert next_step(study.folder, mot.read_survey(study)).startswith("Step 4 of 5")

    def test_waves_that_a_column_names_stand_in_the_order_of_their_numbers(self, tmp_path):
        rng = np.random.default_rng(5)
        mood = rng.normal(size=300)
        frame = pd.DataFrame(
            {f"r{i}": np.clip(np.round(3 + mood + rng.normal(size=300)), 1, 5) for i in range(3)}
        ).assign(nps=np.clip(np.round(6 + 2 * mood), 0, 10))
        frame["wave"] = np.repeat(["Wave 10", "Wave 2", "Wave 9"], 100)
        frame["day"] = np.repeat(["2026-05-04", "2024-02-03", "2026-01-02"], 100)
        frame["weight"] = np.where(frame["wave"] == "Wave 2", np.nan, 0.5 + rng.random(300))
        study, _ = drafted(tmp_path, frame)
        assert [wave.id for wave in study.waves] == ["Wave_2", "Wave_9", "Wave_10"]
        assert [wave.from_.year for wave in study.waves] == [2024, 2026, 2026]
        assert [study.design_column(wave, "weight") for wave in study.waves] == [
            None, "weight", "weight",
        ]  # fmt: skip
        survey = mot.read_survey(study)
        assert [wave.n_rows for wave in survey.waves.values()] == [100] * 3

    def test_a_file_that_is_no_table_leaves_nothing(self, tmp_path):
        (tmp_path / "survey.sav").write_text("no survey")
        with pytest.raises(SurveyError, match="SPSS"):
            draft_study(tmp_path / "study", tmp_path / "survey.sav")
        assert [path.name for path in tmp_path.iterdir()] == ["survey.sav"]

    def test_names_from_a_file_can_not_leave_their_place(self, tmp_path):
        """Columns and words that would be YAML, a comment's end or a terminal's order."""
        rng = np.random.default_rng(3)
        names = ["a: b", "- [x]", "#\x1b[31m", "no", "quote\"'", "{y: 1}"]
        mood = rng.normal(size=200)
        frame = pd.DataFrame(
            {name: np.clip(np.round(3 + mood + rng.normal(size=200)), 1, 5) for name in names}
        ).assign(nps=np.clip(np.round(6 + 2 * mood), 0, 10))
        frame["type\nmoments: []"] = rng.choice(["x: y", "# z"], 200)
        study, _ = drafted(tmp_path, frame)
        assert len(study.moments) == len(names) - 1  # a control character is no name of a column
        assert "\x1b" not in study.path.read_text(encoding="utf-8")

    def test_a_column_with_an_error_is_left_out_with_the_reason(self, tmp_path):
        rng = np.random.default_rng(4)
        mood = rng.normal(size=200)
        frame = pd.DataFrame(
            {f"r{i}": np.clip(np.round(3 + mood + rng.normal(size=200)), 1, 5) for i in range(3)}
        ).assign(nps=np.clip(np.round(6 + 2 * mood), 0, 10), customer_id=[*range(1000, 1199), 1000])
        study, _ = drafted(tmp_path, frame)
        assert study.respondent is None
        assert "Each respondent may stand once" in study.path.read_text(encoding="utf-8")


class TestRealSurveys:
    def test_the_lounges(self, shared, tmp_path):
        path, draft = draft_study(
            tmp_path / "lounges", shared / "data" / "skytrax_lounge_reviews.csv.gz"
        )
        study = read_study(path)
        assert len(study.moments) == 7
        assert study.moments[2].name == "Bar beverages"
        assert study.ratings.blank == (0,)
        assert [one.id for one in study.outcomes] == ["recommended", "overall_rating"]
        assert roles(draft)["content"] == "comments"
        assert not mot.read_survey(study).has_errors

    def test_the_airports_eight_waves(self, shared, tmp_path):
        path, _ = draft_study(tmp_path / "airport", shared / "data" / "sfo_waves_2010_2017.csv.gz")
        study = read_study(path)
        assert [wave.id for wave in study.waves] == [str(year) for year in range(2010, 2018)]
        touch_points = {
            "art", "food", "store", "sign", "walkways", "screens", "infodown", "infoup", "wifi",
            "roads", "park", "airtrain", "ltparking", "rental",
        }  # fmt: skip
        assert touch_points <= {moment.rating for moment in study.moments}
        assert (study.ratings.not_experienced, study.ratings.blank) == ((6,), (0,))
        assert study.respondent is None  # the numbers begin anew each year
        assert [one.id for one in study.outcomes] == ["netpro", "all"]
        assert study.outcomes[0].blank == (11,)
        survey = mot.read_survey(study)
        assert not survey.has_errors
        assert set(survey.waves) == {wave.id for wave in study.waves}
