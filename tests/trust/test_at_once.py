"""Several commands at once on one study, and reports by segment that are stopped or killed."""

import os
import shutil
import signal
import sys

import numpy as np
import pytest

from tests.test_workbook import five_line_study
from tests.trust.small_report import SECONDS, Small, are_gone, ended, family, held, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are watched as on Linux"),
]
WAIT = (
    "mark = pathlib.Path(os.environ['MARK']); mark.touch()\nwhile mark.exists(): time.sleep(0.05)"
)


def test_reports_an_analysis_and_a_new_wave_at_once_give_what_one_report_gives(tmp_path):
    small = Small.made(tmp_path)
    ended(small.report())
    alone = held(small.output)
    shutil.rmtree(small.output)
    waiting = small.report(environment={"FIRST_CELL": WAIT})
    wait_for(small.mark.exists, waiting)  # it has read the study, and its kernel runs
    (tmp_path / "next").mkdir()
    next_wave = tmp_path / "2026q2.csv"
    (five_line_study(tmp_path / "next", rows=90) / "2026q1.csv").rename(next_wave)
    once = ("--wave", "2026Q1")
    others = [
        small.report(*once),
        small.started("analyze", small.study, "--quiet", *once),
        small.started("add-wave", small.study, next_wave, "--id", "2026Q2", "--yes"),
    ]
    assert [ended(other) for other in others] == ["", "", ""]
    assert [other.returncode for other in others] == [0, 0, 0]
    small.mark.unlink()
    assert ended(waiting) == ""
    assert waiting.returncode == 0
    assert "id: 2026Q2" in (small.study / "study.yml").read_text("utf-8")
    assert held(small.output) == alone
    assert not small.left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_reports_by_segment_end_with_their_command(tmp_path, number):
    small = Small.made(tmp_path)
    five_line_study(small.study, rows=600, plan=np.array(["contract", "prepaid"] * 300))
    with (small.study / "study.yml").open("a", encoding="utf-8") as file:
        file.write("segments: [plan]\nrules: {n_resamples: 50}\n")
    process = small.report("--by", "plan", "--to", "html")
    kernels = min(2, os.cpu_count() or 1)
    wait_for(lambda: len(list(small.temporary.glob("*/kernel.json"))) >= kernels, process)
    started = family(process)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=SECONDS)
    assert are_gone(started)
    assert not list(small.study.glob("output/*/*/*.html"))
    if number == signal.SIGINT:
        assert said == "mot: stopped; the files are as the last finished run left them.\n"
        assert process.returncode == 130
        assert not small.left()
