"""Memory: what differs between two runs; a manifest that is broken or foreign is left alone."""

import json

import pytest

from mot_research.study.definition import Study
from mot_research.study.manifests import (
    LARGEST_BYTES,
    NO_RUN,
    Manifest,
    compare,
    read_manifest,
    rules_of,
    since_earlier_wave,
)

RECORD = {
    "schema_version": 1,
    "study": "Harbour",
    "wave": "A",
    "versions": {"numpy": "2.4.1"},
    "inputs": [{"name": "study.yml", "sha256": "ab", "n_rows": 0}],
    "rules": {"top": 10, "p_top": 0.8},
}


def written(folder, record):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(record if isinstance(record, str) else json.dumps(record))
    return folder


def test_what_is_different_is_named_by_kind():
    before = Manifest("A", {"top": 10, "old": 1}, {"a": "1", "b": "2"}, {"numpy": "1"})
    now = Manifest("B", {"top": 12, "new": 2}, {"a": "1", "b": "3", "c": "4"}, {"numpy": "1"})
    found = compare(before, now)
    assert found.rules == {"top": (10, 12), "new": (None, 2), "old": (1, None)}
    assert (found.added, found.removed, found.changed) == (("c",), (), ("b",))
    assert not found.versions
    assert compare(now, before).removed == ("c",)
    assert compare(now, now).is_empty


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    found, reason = read_manifest(written(tmp_path, RECORD), "Harbour")
    assert reason == ""
    assert found == Manifest("A", RECORD["rules"], {"study.yml": "ab"}, {"numpy": "2.4.1"})


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("{", "can't be read"),
        ("[" * 100_000, "can't be read"),
        ("\x00", "can't be read"),
        ("[]", "no manifest"),
        ("null", "no manifest"),
        ("{}", "no manifest"),
        (RECORD | {"inputs": [1]}, "no manifest"),
        (RECORD | {"versions": []}, "no manifest"),
        (RECORD | {"rules": 5}, "no manifest"),
        (RECORD | {"study": "\x1b[31mOther"}, "another study"),
        (" " * (LARGEST_BYTES + 1), "no manifest"),
    ],
)
def test_what_is_no_manifest_of_this_study_is_said_and_left_alone(tmp_path, record, reason):
    found, told = read_manifest(written(tmp_path, record), "Harbour")
    assert found is None
    assert reason in told
    assert "\x1b" not in told


def test_a_folder_without_a_run_has_none(tmp_path):
    assert read_manifest(tmp_path / "nowhere", "Harbour") == (None, NO_RUN)


class TestSinceTheEarlierWave:
    @pytest.fixture
    def study(self, tmp_path):
        return Study.model_validate(
            {
                "study": {"name": "Harbour"},
                "moments": {"q1": "First bill"},
                "ratings": {"low": 1, "high": 5},
                "outcomes": [{"id": "ltr", "column": "l", "kind": "score", "low": 0, "high": 10}],
                "waves": [{"id": "A", "file": "a.csv"}, {"id": "B", "file": "b.csv"}],
            }
        ).at(tmp_path / "study.yml")

    def now(self, study, wave="B"):
        return Manifest(wave, rules_of(study.rules), {"study.yml": "ab"}, {"numpy": "2.4.1"})

    def test_it_is_read_from_the_outputs_of_the_wave_before(self, study):
        rules = rules_of(study.rules) | {"p_top": 0.9}
        written(study.folder / "output" / "A", RECORD | {"rules": rules})
        found = since_earlier_wave(study, self.now(study)).difference
        assert found.wave == "A"
        assert found.rules == {"p_top": (0.9, 0.8)}

    def test_the_same_wave_and_later_ones_are_not_read(self, study):
        written(study.folder / "output" / "B", RECORD | {"wave": "B"})
        memory = since_earlier_wave(study, self.now(study))
        assert memory.difference is None
        assert memory.reason == NO_RUN
        assert "no earlier wave" in since_earlier_wave(study, self.now(study, "A")).reason
