"""Commands that write a study, stopped before each change they make: the study survives whole."""

import json
import os
import subprocess
import sys

import pytest

from mot_research.study.reading import read_study
from mot_research.workshop.ballot_sheet import write_ballots
from mot_research.workshop.moments_sheet import export_moments
from tests.arriving.small_study import rows, small_study
from tests.conftest import ROOT
from tests.workshop.test_ballots import fill

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the commands are forked"),
]
FEWEST_STOPS = 4


@pytest.fixture
def folder(tmp_path):
    """A study, and beside it what the commands bring into it."""
    study = small_study(tmp_path / "study")
    rows(2, start=5000).to_csv(tmp_path / "next.csv", index=False)
    text = (study / "study.yml").read_text("utf-8")
    (study / "study.yml").write_text(text.replace("Outage call", "Call about an outage"))
    export_moments(read_study(study), tmp_path / "moments.xlsx")
    (study / "study.yml").write_text(text)
    (ballot,) = write_ballots(read_study(study), ["Billing"], tmp_path / "ballots")
    fill(ballot, "A", {"outage": (None, "rescue", "yes", 1)})
    return study


COMMANDS = {
    "add-wave": ["add-wave", "{study}", "{beside}/next.csv", "--id", "2026Q2", "--yes"],
    "moments": ["moments", "{study}", "--import", "{beside}/moments.xlsx"],
    "ballot": ["ballot", "{study}", "--read", "{beside}/ballots"],
    "new": ["new", "{study}/new"],
}


def hidden(files):
    return {name for name in files if ".unfinished" in name}


@pytest.mark.parametrize(
    ("command", "way"), [*((name, "kill") for name in COMMANDS), ("add-wave", "interrupt")]
)
def test_a_command_stopped_before_any_change_leaves_the_study_whole(folder, command, way):
    every = "5" if command == "new" else "1"  # it makes some seventy changes
    places = {"study": folder, "beside": folder.parent}
    arguments = [part.format(**places) for part in COMMANDS[command]]
    done = subprocess.run(
        [sys.executable, "-m", "tests.trust.stopped_writes", folder, way, every, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    *stopped, whole = map(json.loads, done.stdout.splitlines())
    assert len(stopped) >= FEWEST_STOPS
    assert not hidden(whole["files"])
    before = stopped[0]["files"]  # stopped before the first change
    for found in stopped:
        if way == "interrupt":
            assert not hidden(found["files"])
        seen = set(found["files"]) - hidden(found["files"])
        visible = {name: found["files"][name] for name in seen}
        for name, content in visible.items():  # each file is the old one or the new one
            assert content in (before.get(name), whole["files"].get(name)), name
        assert set(before) <= set(visible)
        assert visible["study.yml"] in (before["study.yml"], whole["files"]["study.yml"])
        if command == "new":
            assert visible in (before, whole["files"])
