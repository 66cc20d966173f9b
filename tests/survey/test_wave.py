import numpy as np
import pytest

from mot_research.errors import StudyError, SurveyError
from mot_research.survey.reading import read_survey

WAVE = "q12_first_bill,q13_outage,ltr\n" + "5,4,9\n1,,2\n3,2,\n4,4,10\n"


@pytest.fixture
def survey(study_with, five_lines):
    return read_survey(study_with(five_lines, _2026q1=WAVE))


def test_a_subset_is_a_new_wave_of_the_chosen_rows(survey):
    wave = survey["2026Q1"]
    part = wave.subset(wave.ratings["q12_first_bill"].to_numpy() > 2)
    assert (wave.n_rows, part.n_rows) == (4, 3)
    assert part.ratings["q12_first_bill"].tolist() == [5.0, 3.0, 4.0]
    assert part.outcomes["recommend"].fillna(-1).tolist() == [9.0, -1.0, 10.0]
    assert part.ratings.index.tolist() == part.states.index.tolist() == [0, 1, 2]
    assert part.asked == wave.asked


@pytest.mark.parametrize("mask", [[True, False], [1, 0, 1, 1], [[True]] * 4])
def test_a_mask_must_name_every_row(survey, mask):
    with pytest.raises(SurveyError, match="must hold 4 values true or false"):
        survey["2026Q1"].subset(mask)


def test_weights_can_not_be_changed(survey):
    wave = survey["2026Q1"]
    for weight in (wave.weight, wave.subset(np.ones(4, dtype=bool)).weight):
        with pytest.raises(ValueError, match="read-only"):
            weight[0] = 9


def test_absences_count_the_four_states(survey):
    absences = survey.absences("2026Q1")
    assert absences.loc["q13_outage"].to_dict() == {
        "n_rated": 3, "n_not_experienced": 0, "n_blank": 1, "n_not_asked": 0,
        "share_rated": 0.75, "share_not_experienced": 0, "share_blank": 0.25, "share_not_asked": 0,
    }  # fmt: skip


def test_a_wave_that_is_not_there_says_why(study_with, five_lines):
    survey = read_survey(study_with(five_lines))
    assert survey.has_errors
    with pytest.raises(SurveyError, match=r"'2026Q1' can't be used.*mot check"):
        survey["2026Q1"]
    with pytest.raises(StudyError, match=r"'2026Q3' is not a wave\. Did you mean"):
        survey["2026Q3"]


def test_until_a_wave_leaves_out_the_later_ones_with_their_problems(study_with, five_lines):
    waves = "waves: [{id: 2026Q1, file: 2026q1.csv}, {id: 2026Q2, file: 2026q2.csv}]"
    text = five_lines.replace("waves: [{id: 2026Q1, file: 2026q1.csv}]", waves)
    survey = read_survey(study_with(text, _2026q1=WAVE, _2026q2=WAVE.replace("5,4,9", "77,4,9")))
    assert survey.has_errors
    early = survey.until("2026Q1")
    assert [*early.waves] == [wave.id for wave in early.study.waves] == ["2026Q1"]
    assert [file.name for file in early.inputs] == ["2026q1.csv"]
    assert not early.has_errors
    assert len(survey.study.waves) == 2
    assert survey.until("2026Q2") is survey
