"""Recorded steps: read with every fault told, and put together into a map."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.report.activity_chart import HIDDEN, shown_steps, shown_ways
from mot_research.report.activity_frames import steps_frame, ways_frame
from mot_research.study.definition import Study
from mot_research.survey.activity import activity_map
from tests.drivers.small_surveys import study_of, wave_frame

STUDY = Study.model_validate(
    {"study": {"name": "S"}, "moments": [{"id": name, "name": name.upper()} for name in "abc"]}
)
HEAD = "respondent,time,moment,mark,emotion\n"


def read(folder, text):
    (folder / "recordings.csv").write_text(text, encoding="utf-8")
    survey, *_ = study_of(folder, {"w": wave_frame(1, n=60)}, recordings={"file": "recordings.csv"})
    return survey


def told(survey):
    """The problems of the file of recordings: those of no wave."""
    return survey.problems[survey.problems["wave"] == ""].to_dict("records")


def steps(*rows):
    frame = pd.DataFrame(rows, columns=["respondent", "time", "moment", "mark", "emotion"])
    return frame.assign(time=pd.to_datetime(frame["time"]), emotion=frame["emotion"].astype(float))


def walked(n, moments, *, first=0, mark="moment_of_truth", emotion=1.0):
    """``n`` customers who all go the same way."""
    return [
        (f"c{first + i}", f"2026-01-01T10:{minute:02d}", moment, mark, emotion)
        for i in range(n)
        for minute, moment in enumerate(moments)
    ]


def test_steps_are_read_in_the_order_of_time(tmp_path):
    survey = read(
        tmp_path,
        HEAD
        + "r2,2026-01-02T09:00,a,decision_point,2\n"
        + "r1,2026-01-02T10:00,b,moment_of_truth,\n"
        + "r1,2026-01-02T09:00,a,internal_interaction,-1\n",
    )
    assert survey.recordings[["respondent", "moment"]].to_numpy().tolist() == [
        ["r1", "a"], ["r1", "b"], ["r2", "a"],
    ]  # fmt: skip
    assert survey.recordings["emotion"].tolist()[::2] == [-1.0, 2.0]
    assert told(survey) == []


@pytest.mark.parametrize(
    ("row", "rule", "said"),
    [
        (",2026-01-02T09:00,a,decision_point,1", "respondent_missing", "left out"),
        ("r,yesterday,a,decision_point,1", "not_a_time", "2026-01-31T14:30"),
        ("r,2026-01-02T09:00,aa,decision_point,1", "unknown_moment", "ids of the study's moments"),
        ("r,2026-01-02T09:00,a,decision,1", "unknown_mark", "internal_interaction"),
        ("r,2026-01-02T09:00,a,decision_point,7", "emotion_outside", "from -2 to 2"),
        ("r,2026-01-02T09:00,a,decision_point,sad", "emotion_outside", "count as blank"),
    ],
)
def test_each_fault_is_a_warning_and_stops_nothing(tmp_path, row, rule, said):
    survey = read(tmp_path, f"{HEAD}r9,2026-01-02T09:00,a,decision_point,1\n{row}\n")
    (problem,) = told(survey)
    assert problem["rule"] == rule
    assert problem["severity"] == "warning"
    assert said in problem["what_to_do"]
    assert "w" in survey.waves
    assert len(survey.recordings) == (2 if rule == "emotion_outside" else 1)


def test_a_file_without_a_column_is_left_out_with_the_columns_needed(tmp_path):
    survey = read(tmp_path, "respondent,when,moment,mark\nr,2026-01-02,a,decision_point\n")
    assert survey.recordings is None
    assert "respondent, time, moment, mark" in told(survey)[0]["what_to_do"]


def test_the_usual_order_the_ways_and_the_counts_are_those_recorded():
    rows = walked(20, "acb") + walked(12, "cb", first=20, mark="internal_interaction")
    rows += walked(3, "ba", first=40)
    found = activity_map(STUDY, steps(*rows))
    assert list(found.steps.index) == ["a", "c", "b"]
    assert found.n_customers == 35
    assert found.n_steps == len(rows)
    assert found.steps.loc["c", ["moment_of_truth", "internal_interaction"]].tolist() == [20, 12]
    ways = found.ways.set_index(["from", "to"])
    assert ways["customers"].to_dict() == {("c", "b"): 32, ("a", "c"): 20, ("b", "a"): 3}
    assert ways["back"].to_dict() == {("c", "b"): False, ("a", "c"): False, ("b", "a"): True}


def test_steps_at_one_moment_in_a_row_are_one_stop():
    rows = walked(15, "aab")
    found = activity_map(STUDY, steps(*rows))
    assert found.ways.to_dict("records") == [
        {"from": "a", "to": "b", "customers": 15, "back": False}
    ]
    assert found.steps.loc["a", "moment_of_truth"] == 30
    assert found.steps.loc["a", "customers"] == 15


def test_the_interval_of_an_emotion_is_students_over_customers():
    felt = np.random.default_rng(0).integers(-2, 3, 40)
    rows = [(f"c{i}", "2026-01-01", "a", "moment_of_truth", e) for i, e in enumerate(felt)]
    rows += [(f"c{i}", "2026-01-01", "a", "moment_of_truth", e) for i, e in enumerate(felt)]
    row = activity_map(STUDY, steps(*rows)).steps.loc["a"]
    half = 2.0227 * felt.std(ddof=1) / np.sqrt(40)  # t of 39 degrees of freedom
    assert row["emotion"] == pytest.approx(felt.mean())
    assert row["emotion_ci_upper"] - row["emotion"] == pytest.approx(half, rel=1e-4)
    assert row["emotion_n"] == 40


def test_few_customers_are_counted_nowhere():
    rows = walked(29, "ab") + walked(9, "ac", first=50, mark="decision_point")
    found = activity_map(STUDY, steps(*rows))
    frame = steps_frame(found).set_index("moment")
    assert np.isnan(frame.at["c", "customers"])
    assert np.isnan(frame.at["a", "decision_point"])
    assert frame.at["b", "decision_point"] == 0
    assert np.isnan(frame.at["b", "emotion"])  # 29 customers
    assert frame.at["a", "emotion"] == 1
    assert ways_frame(found)["to"].tolist() == ["b"] == shown_ways(found.ways)["to"].tolist()
    assert shown_steps(found.steps.loc["a"].to_dict(), "decision_point") == HIDDEN


def test_nothing_recorded_is_no_map():
    assert activity_map(STUDY, steps()) is None


@pytest.mark.parametrize("n_moments", [1, 40])
def test_the_picture_holds_one_moment_and_forty_with_long_names(n_moments):
    ids = [f"m{i}" for i in range(n_moments)]
    study = Study.model_validate(
        {"study": {"name": "S"}, "moments": [{"id": name, "name": name} for name in ids]}
    )
    found = activity_map(study, steps(*walked(12, ids)))
    ax = found.plot(names={name: f"$x$ <b> {name} " + "long words " * 9 for name in ids})
    ax.figure.canvas.draw()
    names = [text for text in ax.texts if "<b>" in text.get_text()]
    assert len(names) == n_moments
    boxes = sorted((text.get_window_extent() for text in names), key=lambda box: box.y0)
    assert all(a.y1 <= b.y0 for a, b in pairwise(boxes))
    assert all(box.x0 >= 0 for box in boxes)
    plt.close(ax.figure)


def test_the_example_is_read_without_a_problem():
    from tests.survey.test_part import EXAMPLE

    survey = mot.read_survey(mot.read_study(EXAMPLE))
    found = activity_map(survey.study, survey.recordings)
    assert found.n_customers == 240
    assert not survey.problems["column"].isin(["recordings", "mark", "emotion"]).any()
    stages = [stage.id for stage in survey.study.stages]
    along = [stages.index(survey.study.moment(name).stage) for name in found.steps.index]
    # Planted: about in the order of the stages.
    assert np.corrcoef(along, np.arange(len(along)))[0, 1] > 0.9
