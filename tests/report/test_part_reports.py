"""A report for each value of a segment, by the command."""

import json

import numpy as np
import pytest

from mot_research.report.part_reports import folders_of
from mot_research.survey.part import Part
from tests.drivers.small_surveys import study_of, wave_frame
from tests.test_cli import mot


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    plans = np.array(["basic"] * 280 + ["a/b <b>"] * 250 + ["tiny"] * 20 + ["kept secret"] * 4)
    frame = wave_frame(5).iloc[: len(plans)].assign(plan=plans)
    study_of(folder, {"w1": frame}, segments=["plan"], n_resamples=50)
    return folder


@pytest.fixture(scope="module")
def done(study):
    return mot("report", study, "--by", "plan", "--to", "html", "--renderer", "embedded")


def test_each_value_has_a_report_named_apart_in_a_folder_of_its_own(study, done):
    assert done.returncode == 0, done.stderr
    output = study / "output" / "w1"
    assert sorted(path.name for path in output.iterdir()) == ["plan=a-b-b", "plan=basic"]
    assert (output / "plan=basic" / "small-w1-plan-basic-prioritization.html").is_file()
    assert done.stdout.splitlines() == [
        str(output / "plan=a-b-b" / "small-w1-plan-a-b-b-prioritization.html"),
        str(output / "plan=basic" / "small-w1-plan-basic-prioritization.html"),
    ]


def test_findings_and_page_say_of_whom_they_speak(study, done):
    folder = study / "output" / "w1" / "plan=a-b-b"
    record = json.loads((folder / "findings.json").read_text("utf-8"))
    assert record["part"] == {"segment": "plan", "value": "a/b <b>"}
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["part"] == record["part"]
    page = next(folder.glob("*.html")).read_text("utf-8")
    assert "plan: a/b &lt;b&gt;" in page
    assert "<b>." not in page


def test_small_values_are_refused_with_the_reason_and_leave_nothing(study, done):
    assert "no report on plan=tiny: suppressed, so that another count" in done.stderr
    assert "no report on plan=kept secret: fewer than 10 in wave w1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(study.glob("output/w1/plan=tiny*"))
    assert not list(study.glob("output/w1/**/.unfinished*"))


def test_progress_is_said(done):
    assert "reports by plan" in done.stderr


def test_a_segment_that_is_not_there_is_one_clear_error(study):
    done = mot("report", study, "--by", "plans")
    assert done.returncode == 2
    assert "no segment 'plans'" in done.stderr
    assert "Traceback" not in done.stderr


def test_values_that_make_the_same_name_have_folders_of_their_own():
    parts = [Part("plan", value) for value in ("A b", "a-b", "a b")]
    assert list(folders_of(parts).values()) == ["plan=a-b", "plan=a-b-2", "plan=a-b-3"]
