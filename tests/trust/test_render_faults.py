"""Renders that are killed, stopped, refused or badly served: the last good report survives."""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from mot_research.report.files import staged
from tests.conftest import ROOT
from tests.trust.small_report import (
    HOLD,
    Small,
    are_gone,
    as_anybody,
    ended,
    family,
    held,
    wait_for,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are watched as on Linux"),
]

PAGE = "harbour-mobile-2026q1-prioritization.html"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study with a good report, and the bytes of another one that the next run would write."""
    small = Small.made(tmp_path_factory.mktemp("faults"))
    small.with_seed(2)
    said = ended(small.report())
    anew = held(small.output)
    small.with_seed(1)
    said += ended(small.report())
    before = held(small.output)
    assert {name.rsplit(".")[-1] for name in before} == {"html", "pdf", "json", "csv", "xlsx"}
    assert not said
    assert not small.left()
    changed = {name for name in before if before[name] != anew[name]}
    assert {"findings.json", PAGE} <= changed
    small.with_seed(2)
    return small, before, anew


@pytest.fixture
def small(whole):
    """The study with the good report; after the test it is still the last one, or put back."""
    small, before, _ = whole
    study = held(small.study)
    yield small
    small.end_all()
    small.mark.unlink(missing_ok=True)
    for program in small.programs.iterdir():
        program.unlink()
    assert held(small.study) == study
    assert held(small.output) == before


MOMENTS = {
    "while the kernel starts": lambda small: small.temporary.glob("*/kernel.json"),
    "while it analyses": lambda small: small.mark.exists(),
    "while findings are written": lambda small: small.output.glob(".unfinished-*/*/*"),
    "while pandoc runs": lambda small: small.mark.exists(),
    "after the page is written": lambda small: small.output.glob(".unfinished-*/*/*.html"),
}


def _started_until(small, moment):
    environment = {}
    if moment == "while it analyses":
        environment = {"FIRST_CELL": HOLD}
    if moment == "while pandoc runs":
        small.program("pandoc", 'touch "$MARK"; sleep 600')
    process = small.report(environment=environment)
    seen = MOMENTS[moment]

    def is_there():
        found = seen(small)
        return found if isinstance(found, bool) else any(found)

    wait_for(is_there, process)
    return process


def test_a_render_killed_at_any_moment_leaves_the_last_one_whole(whole, small):
    _, before, anew = whole
    for moment in MOMENTS:
        process = _started_until(small, moment)
        children = family(process)
        process.kill()
        process.communicate()
        assert held(small.output) == before, moment
        if moment == "while pandoc runs":  # nobody tells a program that hangs: the test does
            for child in children:
                os.kill(child, signal.SIGKILL)
        assert are_gone(children), moment
        small.mark.unlink(missing_ok=True)
        shutil.rmtree(small.programs)
        small.programs.mkdir()
    assert small.left()  # what the killed ones left
    other = small.study / "other"
    assert ended(small.report("--output", other)) == ""
    assert held(other) == anew
    assert not list(small.temporary.iterdir())
    shutil.rmtree(other)
    with staged(small.output):  # as the next run into this folder begins
        pass
    assert not small.left()


STOPS = {
    "Ctrl-C in a terminal, while it analyses": (signal.SIGINT, os.killpg, "while it analyses"),
    "Ctrl-C, while the kernel starts": (signal.SIGINT, os.kill, "while the kernel starts"),
    "SIGTERM": (signal.SIGTERM, os.kill, "while it analyses"),
    "a closed terminal": (signal.SIGHUP, os.killpg, "while pandoc runs"),
}


@pytest.mark.parametrize(("number", "send", "moment"), STOPS.values(), ids=STOPS)
def test_a_render_that_is_stopped_tidies_up_and_says_one_line(small, number, send, moment):
    process = _started_until(small, moment)
    children = family(process)
    send(process.pid, number)
    said = ended(process)
    assert said == "mot: stopped; the files are as the last finished run left them.\n"
    assert process.returncode == 128 + number
    assert are_gone(children)
    assert not small.left()


def one_message(small, process):
    """What a run said that could not do its work, and left nothing behind."""
    said = ended(process)
    assert said.count("\n") == 1
    assert process.returncode == 2
    assert not small.left()
    return said


DEATHS = {
    "killed": ("os.kill(os.getpid(), 9)", "Python stopped while it ran the cell on line 12 of"),
    "raises": ("1 / 0", "the cell on line 12 of prioritization.qmd failed: ZeroDivisionError"),
}


@pytest.mark.parametrize(("cell", "message"), DEATHS.values(), ids=DEATHS)
def test_a_kernel_that_dies_is_one_message(small, cell, message):
    process = small.report(environment={"FIRST_CELL": cell})
    said = one_message(small, process)
    assert said.startswith(f"mot: {message}")
    assert re.search(r"JupyterLab|smaller wave", said)


def test_a_kernel_that_does_not_start_is_one_message(small, tmp_path):
    (tmp_path / "ipykernel_launcher.py").write_text("raise ImportError('no ipykernel here')")
    path = f"{ROOT}{os.pathsep}{tmp_path}"
    process = small.report(environment={"PYTHONPATH": path})
    said = one_message(small, process)
    assert said.startswith("mot: the Python that runs documents could not be started")
    assert "no ipykernel here" in said
    assert "install mot_research again" in said


@pytest.fixture
def full_disk(tmp_path):
    """A disk of its own, with a few kilobytes left."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", "size=256k", "none", str(folder)]
    if not mount or subprocess.run([mount, *options], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(folder, left):
    free = shutil.disk_usage(folder).free
    (folder / "filling").write_bytes(b"x" * (free - left))


IN_ORDER = ("findings.json", "evidence.csv", "evidence.xlsx", "manifest.json", PAGE)
BLOCK = 4096  # bytes, of a tmpfs


@pytest.mark.parametrize("file", ["evidence.xlsx", PAGE])
def test_a_full_disk_is_one_message_that_names_the_file(whole, small, full_disk, file):
    last = full_disk / "evidence.csv"
    last.write_text("of the last run")
    earlier = IN_ORDER[: IN_ORDER.index(file)]
    _fill(full_disk, sum(len(whole[2][name]) // BLOCK + 1 for name in earlier) * BLOCK + BLOCK)
    process = small.report("--output", full_disk)
    said = ended(process)
    assert said.startswith(f"mot: '{full_disk / file}' can't be written (No space left on device)")
    assert "Make room" in said
    assert said.count("\n") == 1
    assert process.returncode == 2
    assert last.read_text() == "of the last run"
    assert {path.name for path in full_disk.iterdir()} == {"evidence.csv", "filling"}


def test_a_full_temporary_folder_is_one_message(small, full_disk):
    _fill(full_disk, 4 * BLOCK)  # with nothing left at all, Python takes another folder
    process = small.report(environment={"TMPDIR": str(full_disk)})
    said = ended(process)
    assert re.search(f"ake room (there|in '{full_disk}')", said)
    assert str(full_disk) in said
    assert said.count("\n") == 1
    assert process.returncode == 2
    assert [path.name for path in full_disk.iterdir()] == ["filling"]
    assert not small.left()


@pytest.mark.parametrize("closed", ["output", "study"])
def test_a_folder_that_may_not_be_written_is_one_message(small, closed):
    folder = small.output if closed == "output" else small.study
    arguments = ()
    if closed == "study":
        arguments = ("--wave", "2026Q1", "--output", small.study / "new" / "2026Q1")
    folder.chmod(0o500)
    try:
        process = small.report(*arguments, preexec_fn=as_anybody)
        said = one_message(small, process)
    finally:
        folder.chmod(0o755)
    assert said.startswith("mot: the output folder")
    assert "Permission denied" in said
    assert "Give another one with --output" in said
