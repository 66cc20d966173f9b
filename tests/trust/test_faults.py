"""Runs that are killed, stopped or refused: the last good report and the study survive."""

import os
import resource
import signal
import subprocess
import time

import pytest

from tests.conftest import ROOT
from tests.test_cli import MOT, mot
from tests.test_workbook import five_line_study
from tests.trust.small_report import as_anybody

pytestmark = pytest.mark.slow
KILLED_AFTER = (0.4, 1.2, 2.0, 2.8)  # seconds; a run takes about three


@pytest.fixture
def study(tmp_path):
    """A study with a report of an earlier run."""
    folder = five_line_study(tmp_path)
    done = mot("analyze", folder, "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


def held(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".unfinished-" not in str(path)
    }


def started(*arguments, **options):
    return subprocess.Popen(
        [*MOT, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def kernel_of(process):
    """The process id of the kernel that a render started, once it runs."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        told = ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)]
        for line in subprocess.run(told, capture_output=True, text=True).stdout.splitlines():
            if "ipykernel" in line:
                return int(line.split()[0])
        time.sleep(0.1)
    raise AssertionError("no kernel was started")


def is_gone(pid):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
        )
        if found.stdout.strip() in ("", "Z", "Zs", "Zsl"):
            return True
        time.sleep(0.2)
    return False


def writes(process, folder):
    """Wait until a run begins to write its outputs beside the last ones."""
    deadline = time.monotonic() + 60
    while not any(folder.glob(".unfinished-*/*")):
        assert time.monotonic() < deadline
        assert process.poll() is None, "it ended before anything was seen"
        time.sleep(0.001)


def test_a_run_killed_at_any_time_leaves_the_last_one_whole(study, tmp_path):
    folder = study / "output" / "2026Q1"
    before = held(folder)
    with (study / "study.yml").open("a", encoding="utf-8") as file:
        file.write("rules: {seed: 7, n_resamples: 500}\n")  # other bytes than the last run's
    assert mot("analyze", study, "--quiet", "--output", tmp_path / "whole").returncode == 0
    anew = held(tmp_path / "whole")
    assert anew.keys() == before.keys()
    assert anew["findings.json"] != before["findings.json"]
    for seconds in (*KILLED_AFTER, None):
        process = started("analyze", study, "--quiet")
        if seconds is None:
            writes(process, folder)
        else:
            time.sleep(seconds)
        process.kill()
        process.communicate()
        assert held(folder) in (before, anew)
    assert mot("analyze", study, "--quiet").returncode == 0
    assert held(folder) == anew
    assert not list(study.rglob(".unfinished*"))


def test_a_killed_render_leaves_no_kernel(study):
    before = held(study)
    process = started("report", study, "--to", "html", "--renderer", "embedded", "--quiet")
    kernel = kernel_of(process)
    process.kill()
    process.communicate()
    assert is_gone(kernel)
    assert held(study) == before


def test_ctrl_c_says_so_and_exits_130(study):
    before = held(study)
    process = started("report", study, "--to", "html", "--renderer", "embedded", "--quiet")
    kernel = kernel_of(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said == "mot: stopped; the files are as the last finished run left them.\n"
    assert is_gone(kernel)
    assert held(study) == before
    assert not list(study.rglob(".unfinished*"))


def test_two_runs_at_once_give_what_one_gives(study):
    before = held(study)
    runs = [started("analyze", study, "--quiet") for _ in range(2)]
    for run in runs:
        _, said = run.communicate(timeout=120)
        assert run.returncode == 0, said
    assert held(study) == before
    assert not list(study.rglob(".unfinished*"))


def test_a_full_disk_is_one_message_and_leaves_the_last_run(study):
    before = held(study)

    def small_files_only():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as a full disk: an error, no signal
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    process = started("analyze", study, "--quiet", preexec_fn=small_files_only)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert said.startswith(
        f"mot: '{study / 'output' / '2026Q1' / 'findings.json'}' can't be written"
    )
    assert "Make room" in said
    assert held(study) == before
    assert not list(study.rglob(".unfinished*"))


def test_an_output_that_is_a_file_is_one_message(study):
    done = mot("analyze", study, "--quiet", "--output", study / "study.yml")
    assert done.returncode == 2
    assert done.stderr.startswith("mot: the output folder")


def test_a_folder_that_may_not_be_written_is_one_message(study, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    closed = ("--output", tmp_path / "closed")
    process = started("analyze", study, "--quiet", *closed, preexec_fn=as_anybody)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "Give another one with --output" in said
