"""A small study with a small report of its own, and how to start, watch and stop a render of it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT
from tests.test_workbook import five_line_study

SECONDS = 90  # a generous upper bound on a busy machine; nothing is timed
RULES = "rules: {{seed: {seed}, n_resamples: 50}}\n"
# The command, with a report of one cell in place of the whole one, and the signals of a terminal:
# what is started in the background, or by nohup, ignores some.
MOT = """\
import signal, sys
from pathlib import Path
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
from mot_research.report import originals
originals.PLACES = (Path(sys.argv.pop(1)),)
from mot_research.cli import main
main()
"""
REPORT = """\
---
title: Small
execute: {echo: false}
---

```{python}
#| tags: [parameters]
study = wave = output = engine = deck = None
part = None
```

```{python}
#| include: false
import os, pathlib, time
exec(os.environ.get("FIRST_CELL", ""))
```

```{python}
#| include: false
import mot_research as mot

findings = mot.run(study, wave=wave, output=output, part=part, engine=engine)
```

Moments: `{python} len(findings.study.moments)`, seed `{python} findings.study.rules.seed`.

```{python}
#| include: false
exec(os.environ.get("LAST_CELL", ""))
```
"""
HOLD = "pathlib.Path(os.environ['MARK']).touch(); time.sleep(600)"
# Stand in for pandoc and Quarto: what they do when they are asked to render is the test's.
PROGRAM = '#!/bin/sh\n[ "$1" = --version ] && echo "{name} {version}" && exit\n{does}\n'
CAPABILITIES_OVER_FILES = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
PR_CAPBSET_DROP = 24


@dataclass
class Small:
    """The study, its small report, and where its runs leave temporary files."""

    study: Path
    temporary: Path
    programs: Path
    mark: Path
    runs: list[subprocess.Popen] = field(default_factory=list)

    @classmethod
    def made(cls, folder: Path) -> "Small":
        small = cls(*(folder / name for name in ("study", "tmp", "bin", "mark")))
        for each in (small.study, small.temporary, small.programs, folder / "originals/reports"):
            each.mkdir(parents=True)
        five_line_study(small.study)
        small.with_seed(1)
        (folder / "originals/reports/prioritization.qmd").write_text(REPORT, encoding="utf-8")
        return small

    @property
    def output(self) -> Path:
        return self.study / "output" / "2026Q1"

    def with_seed(self, seed: int) -> None:
        """Other numbers, so that another run writes other bytes."""
        file = self.study / "study.yml"
        lines = [line for line in file.read_text("utf-8").splitlines() if "seed" not in line]
        file.write_text("\n".join([*lines, RULES.format(seed=seed)]), encoding="utf-8")

    def program(self, name: str, does: str, version: str = "9.9") -> None:
        file = self.programs / name
        file.write_text(PROGRAM.format(name=name, version=version, does=does), encoding="utf-8")
        file.chmod(0o755)

    def started(self, *arguments, environment=None, **options) -> subprocess.Popen:
        originals = self.study.parent / "originals"
        run = subprocess.Popen(
            [sys.executable, "-c", MOT, str(originals), *map(str, arguments)],
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
                "TMPDIR": str(self.temporary),
                "MARK": str(self.mark),
            }
            | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )
        self.runs.append(run)
        return run

    def end_all(self) -> None:
        """End what a test that failed has left running."""
        for run in self.runs:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                run.communicate()
        self.runs.clear()

    def report(self, *arguments, **options) -> subprocess.Popen:
        renderer = () if "--renderer" in arguments else ("--renderer", "embedded")
        return self.started("report", self.study, "--quiet", *renderer, *arguments, **options)

    def left(self) -> list[Path]:
        """What a run left that is no output."""
        return [*self.temporary.iterdir(), *self.study.rglob(".*")]


def ended(process: subprocess.Popen) -> str:
    """What a run complained of, once it has ended."""
    _, said = process.communicate(timeout=SECONDS)
    assert "Traceback" not in said, said
    return said


def held(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.parts)
    }


def wait_for(condition, process: subprocess.Popen):
    """Return what the condition gives, once that is true, while the process runs."""
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    return found


def family(process: subprocess.Popen) -> list[int]:
    """The processes that a process has started, and those that they have."""
    told = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = {int(pid): int(parent) for pid, parent in map(str.split, told.stdout.splitlines())}
    found = [process.pid]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def are_gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        told = ["ps", "-o", "stat=", "-p", ",".join(map(str, pids)) or "0"]
        states = subprocess.run(told, capture_output=True, text=True).stdout.split()
        if all(state.startswith("Z") for state in states):
            return True
        time.sleep(0.1)
    return False


def as_anybody() -> None:
    """Before a program starts: take from root what lets it write where it may not."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in CAPABILITIES_OVER_FILES:
            if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "rights can't be dropped")
