"""What a run says of waves and segments, in its findings and in findings.json."""

import json

import pytest

import mot_research as mot
from tests.drivers.small_surveys import study_of, wave_frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    frames = {}
    for wave, seed in (("A", 1), ("B", 2)):
        frame = wave_frame(seed, reach=(1, 0.7, 0.9))
        frame["kind"] = ["x", "y"] * (len(frame) // 2)
        frame["y"] -= (frame["kind"] == "x") * (frame["a"] - 3)
        frames[wave] = frame
    study_of(folder, frames, segments=["kind"])
    return folder


def test_the_later_wave_is_compared_and_segments_are_pooled(folder):
    findings = mot.run(folder)
    change = findings.change["y"]
    assert (change.wave_a, change.wave_b) == ("A", "B")
    assert findings.not_compared == {}
    assert findings.prediction["y"].earlier == "A"
    found = findings.segments["kind"]["y"]
    assert found.waves == ("A", "B")
    assert found.flipping == ("a",)
    assert any("The effect of a depends on kind" in warning for warning in findings.warnings)


def test_the_first_wave_has_a_reason_instead(folder):
    findings = mot.run(folder, "A")
    assert findings.change == {}
    assert "no earlier wave" in findings.not_compared["y"]
    assert findings.prediction["y"].earlier is None


def test_findings_json_has_them(folder, tmp_path):
    findings = mot.run(folder, output=tmp_path / "out")
    record = json.loads((tmp_path / "out" / "findings.json").read_text(encoding="utf-8"))
    (change,) = record["change"]
    terms = {row["term"]: row["estimate"] for row in change["terms"]}
    assert sum(terms.values()) == pytest.approx(change["mean"]["difference"])
    assert terms["ratings"] == findings.change["y"].terms.at["ratings", "estimate"]
    assert {row["quantity"] for row in change["tests"]} == {
        *("rating", "reach", "effect", "lmg", "share")
    }
    (segment,) = record["segments"]
    assert [row["moment"] for row in segment["flips"] if row["flips"]] == ["a"]
    assert {entry["value"] for entry in segment["results"]} == {"x", "y"}
    (prediction,) = record["prediction"]
    assert prediction["from_earlier"] == findings.prediction["y"].from_earlier
