"""Outputs move into place all or none, whatever stops the move; what is held is not swept."""

import os
import subprocess
import sys

import pytest

from mot_research.errors import RenderError
from mot_research.report import files
from mot_research.report.files import staged
from mot_research.unfinished import PREFIX, sweep, unfinished_folder
from tests.conftest import ROOT

NAMES = ("a", "b", "c")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders are locked as on Unix")
# Replaces a, b and c by new ones, and is killed before one of the moves.
KILLED = """\
import os, signal, sys
from pathlib import Path
from mot_research.report.files import staged
moves = iter(range(9))
replace = os.replace
def killed(source, target):
    if next(moves) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
with staged(Path(sys.argv[1])) as stage:
    for name in "abc":
        (stage / name).write_text("new")
    os.replace = killed
"""
# Writes a to z again and again, each time with one text of its own in all of them.
TURNS = """\
import sys
from pathlib import Path
from mot_research.report.files import staged
for turn in range(15):
    with staged(Path(sys.argv[1])) as stage:
        for name in "abcdefghijklmnopqrstuvwxyz":
            (stage / name).write_text(f"{sys.argv[2]} {turn}")
"""


def start(program, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def held(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path):
    """The last outputs: a and b, and a file of somebody's own."""
    for name in ("a", "b", "own"):
        (tmp_path / name).write_text("last")
    return tmp_path


NEW = dict.fromkeys(NAMES, "new") | {"own": "last"}


@pytest.mark.parametrize("moved", range(len(NAMES)))
def test_what_a_killed_process_had_begun_to_move_the_next_one_moves(folder, moved):
    assert start(KILLED, folder, moved).wait(60) == -9
    (left,) = folder.glob(f"{PREFIX}*")
    assert {name for name in NAMES if (left / name).exists()} == set(NAMES[moved:])
    with staged(folder):
        assert {name: text for name, text in held_files(folder).items()} == NEW
    assert held(folder) == NEW


def held_files(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_a_killed_process_that_had_moved_nothing_leaves_nothing(folder):
    before = held(folder)
    program = KILLED.replace("os.replace = killed", "os.kill(os.getpid(), signal.SIGKILL)")
    assert start(program, folder, 0).wait(60) == -9
    with staged(folder):
        pass
    assert held(folder) == before


@pytest.mark.parametrize("stop", [PermissionError(13, "Permission denied"), KeyboardInterrupt()])
@pytest.mark.parametrize("moved", range(len(NAMES)))
def test_a_move_that_is_stopped_puts_back_what_was_moved(folder, monkeypatch, stop, moved):
    before = held(folder)
    moves = iter(range(len(NAMES) + 1))
    replace = os.replace

    def stopped(source, target):
        if target.parent == folder and files.KEPT not in str(source) and next(moves) == moved:
            raise stop
        replace(source, target)

    with pytest.raises((RenderError, KeyboardInterrupt)) as caught, staged(folder) as stage:  # noqa: PT012
        for name in NAMES:
            (stage / name).write_text("new")
        monkeypatch.setattr(os, "replace", stopped)
    monkeypatch.undo()
    assert held(folder) == before
    if isinstance(caught.value, RenderError):
        assert "close the file that is open there, then run again" in str(caught.value)


def test_a_folder_in_the_place_of_an_output_is_told_and_nothing_is_moved(folder):
    (folder / "c").mkdir()
    told = r"/c' can't be written \(Is a directory"
    with pytest.raises(RenderError, match=told), staged(folder) as stage:  # noqa: PT012
        for name in NAMES:
            (stage / name).write_text("new")
    assert held_files(folder) == dict.fromkeys(("a", "b", "own"), "last")
    assert not list(folder.glob(".*"))


def test_the_files_of_two_runs_take_turns(tmp_path):
    runs = [start(TURNS, tmp_path, name) for name in ("one", "other")]
    assert [run.wait(120) for run in runs] == [0, 0]
    assert len(held(tmp_path)) == 26
    assert len(set(held(tmp_path).values())) == 1


def test_what_a_living_process_holds_and_what_a_link_leads_to_stay(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(own)
    (tmp_path / f"{PREFIX}dead").mkdir()
    (tmp_path / f"{PREFIX}dead.yml").touch()
    with unfinished_folder(tmp_path) as held_folder:
        sweep(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {
            "own", held_folder.name, f"{PREFIX}link",
        }  # fmt: skip
    assert own.is_dir()
