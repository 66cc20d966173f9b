"""What every test may ask for, and what a run says about the tests that it skipped."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Marker → the program that its tests start.
SYSTEM_PROGRAMS = {"browser": "chromium", "java": "java"}
SHARED_ABSENT = "the shared data folder is absent"
LAB_ABSENT = "JupyterLab is not installed"
# Reason of a skip → what it lacks.
ABSENT = {SHARED_ABSENT: "shared", LAB_ABSENT: "lab"}

# No test opens a window.
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does

skipped_for = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and reference values beside the checkout."""
    folder = Path(os.environ.get("MOT_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(SHARED_ABSENT)
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-missing-system",
        action="store_true",
        help="fail where a test skips for want of a system program, JupyterLab or the shared data",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[skipped_for] = Counter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker, program in SYSTEM_PROGRAMS.items():
            if item.get_closest_marker(marker) and shutil.which(program) is None:
                item.add_marker(pytest.mark.skip(reason=f"no '{program}' on this machine"))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Count the skips by what they lack; the gate takes none of them for a pass."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker of pytest-xdist: its controller counts
        return
    counts = session.config.stash[skipped_for]
    for report in reporter.stats.get("skipped", []):
        lacking = [name for reason, name in ABSENT.items() if reason in str(report.longrepr)]
        lacking = lacking or [name for name in SYSTEM_PROGRAMS if name in report.keywords]
        counts.update(lacking or ["other"])
    missing = counts.total() - counts["other"]
    if missing and session.config.getoption("--no-missing-system"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many spoilt files and texts were tried (tests record them as `cases`)."""
    tried = sum(
        value
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == "cases"
    )
    if tried:
        terminalreporter.write_line(f"Spoilt inputs tried: {tried:,} (make fuzz tries more).")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say as the very last line how many tests were skipped and how to get them."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    counts = config.stash[skipped_for]
    if reporter is None or not counts:
        return
    ways = {
        "browser": "Chromium: make system",
        "java": "Java: make system",
        "shared": "the shared data, a folder ../shared or the variable MOT_SHARED",
        "lab": "JupyterLab: make test installs it",
        "other": "what the reasons above name",
    }
    parts = [f"{counts[name]} need {way}" for name, way in ways.items() if counts[name]]
    reporter.write_line(f"Skipped tests: {'; '.join(parts)}.")
