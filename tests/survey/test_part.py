"""Some customers as a survey of their own: answers, comments and contacts follow them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.errors import StudyError, SurveyError
from mot_research.survey.file_names import part_folder
from mot_research.survey.part import Part, named_part, part_of, parts_of
from mot_research.survey.suppression import COMPLEMENTARY
from mot_research.survey.voice import NOBODY
from tests.drivers.small_surveys import study_of, wave_frame

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
PREPAID = Part("plan", "prepaid")


@pytest.fixture(scope="module")
def survey():
    return mot.read_survey(mot.read_study(EXAMPLE))


@pytest.fixture(scope="module")
def prepaid(survey):
    return part_of(survey, PREPAID)


def test_each_wave_keeps_the_rows_of_the_value_and_their_order(survey, prepaid):
    for name, wave in survey.waves.items():
        mask = (wave.segments["plan"] == "prepaid").to_numpy(dtype=bool, na_value=False)
        assert 0 < prepaid.waves[name].n_rows == mask.sum() < wave.n_rows
        assert (prepaid.waves[name].respondent == wave.respondent[mask].to_numpy()).all()


def test_a_comment_stays_with_the_respondent_who_wrote_it(survey, prepaid):
    def authors(of):
        return [
            (wave, of.waves[wave].respondent[row], text)
            for wave, row, text in of.voice.comments[["wave", "row", "text"]].itertuples(
                index=False
            )
            if row != NOBODY
        ]

    whole = authors(survey)
    kept = authors(prepaid)
    plans = {
        (name, who): plan
        for name, wave in survey.waves.items()
        for who, plan in zip(wave.respondent, wave.segments["plan"], strict=True)
    }
    assert kept == [entry for entry in whole if plans[entry[:2]] == "prepaid"]


def test_a_mention_stays_with_its_comment(survey, prepaid):
    def mentioned(of):
        of_comment = of.voice.comments.loc[of.voice.mentions["comment"]]
        kept = (of_comment["row"] != NOBODY).to_numpy()
        return list(zip(of_comment["text"], of.voice.mentions["moment"], strict=True)), kept

    pairs, _ = mentioned(prepaid)
    whole, known = mentioned(survey)
    assert 0 < len(pairs) < known.sum()
    assert set(pairs) <= set(whole)


def test_contacts_are_those_of_customers_who_answered(survey, prepaid):
    ids = {who for wave in prepaid.waves.values() for who in wave.respondent}
    assert prepaid.contacts.of_a_survey
    for name, fired in prepaid.contacts.fired.items():
        whole = survey.contacts.fired[name].table
        assert set(fired.table["respondent"]) == set(whole["respondent"]) & ids


def test_what_is_of_all_customers_is_not_said_of_some(survey, prepaid):
    assert survey.study.population
    assert prepaid.study.population is None
    assert any(moment.cost_per_year for moment in survey.study.moments)
    assert not any(moment.cost_per_year for moment in prepaid.study.moments)
    assert prepaid.votes is survey.votes


def test_a_part_is_named_as_on_the_command_line(survey):
    assert named_part(survey.study, "plan=a=b") == Part("plan", "a=b")
    with pytest.raises(
        StudyError, match=r"names no value of a segment\. Write it as segment=value"
    ):
        named_part(survey.study, "plan")
    with pytest.raises(StudyError, match=r"no segment 'plans'.*plan.*Its segments: plan"):
        named_part(survey.study, "plans=x")
    with pytest.raises(SurveyError, match=r"nobody has plan=prepay.*prepaid"):
        part_of(survey, Part("plan", "prepay"))


def test_small_parts_are_refused_and_very_small_ones_not_counted(tmp_path):
    frame = wave_frame(1).assign(
        plan=["a"] * 400 + ["b"] * 142 + ["e"] * 30 + ["c"] * 20 + ["d"] * 8
    )
    frame.loc[::50, "plan"] = np.nan
    survey, *_ = study_of(tmp_path, {"w": frame}, segments=["plan"])
    found = parts_of(survey, "w", "plan")
    assert [part.value for part, reason in found.items() if not reason] == ["a", "b"]
    assert "29 answers" in found[Part("plan", "e")]
    assert found[Part("plan", "c")] == COMPLEMENTARY  # or the size of d would follow
    assert "a report needs 30" in found[Part("plan", "e")]
    assert found[Part("plan", "d")].startswith("fewer than 10 in wave w")


@pytest.mark.parametrize("value", ["../../etc/passwd", "a/b", "", "  ", "…", "CON", "<script>"])
def test_a_folder_of_any_value_stays_in_the_output(value):
    name = part_folder(Part("plan", value))
    assert "/" not in name
    assert ".." not in name
    assert name.startswith("plan=")


def test_the_findings_of_a_part_are_those_of_its_rows_alone(tmp_path):
    frame = wave_frame(2).assign(plan=np.where(np.arange(600) % 3 == 0, "a", "b"))
    (tmp_path / "whole").mkdir()
    (tmp_path / "alone").mkdir()
    survey, *_ = study_of(tmp_path / "whole", {"w": frame}, segments=["plan"])
    alone, *_ = study_of(tmp_path / "alone", {"w": frame[frame["plan"] == "a"]}, segments=["plan"])
    of_part = mot.run(survey.study, part="plan=a")
    of_rows = mot.run(alone.study)
    assert of_part.part == Part("plan", "a")
    pd.testing.assert_frame_equal(of_part.drivers["y"].table, of_rows.drivers["y"].table)
    assert [row.verdict for row in of_part.priorities.rows] == [
        row.verdict for row in of_rows.priorities.rows
    ]
