"""What makes thousands of cases a minute possible: nothing that stands around a file is read twice.

Workbooks and SPSS files are read by the same program as ever, but one process of it reads many and
is replaced when it dies, hangs or has read `MOST_READ`; the study and the waves beside the file
under trial are kept. `tests/trust/fuzz.py` tries one case in a hundred without any of this.
"""

import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

MOST_READ = 2_000  # files of one process, so that a leak is no case of its own
PRELOADED = ["pandas", "pyarrow", "pyreadstat", "python_calamine", "tests.trust.standing_by"]


def serve(program: str, to_parent: Connection) -> None:
    """Answer each file with the exit code and the output of a program such as `typed_file`."""
    typed_file: Any = SimpleNamespace(**runpy.run_path(program))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # compiled code tells there how it dies
    while True:
        try:
            kind, memory, more, content = to_parent.recv()
        except EOFError:
            return
        written = BytesIO()
        sys.stdin = SimpleNamespace(buffer=BytesIO(content))
        try:
            typed_file.main(kind, memory, more, written)
        except BaseException:  # a panic of compiled code is no Exception
            to_parent.send((1, b""))
        else:
            to_parent.send((0, written.getvalue()))


class Reading:
    """Stands in for `subprocess.run` of `mot_research.survey.separately`."""

    def __init__(self) -> None:
        self.deaths = 0
        self._read = MOST_READ
        self._process: Any = None

    def run(
        self, command: list[str], *, input: bytes, timeout: float, **_: Any
    ) -> "subprocess.CompletedProcess[bytes]":
        """Read a file as the command would."""
        _, _, program, kind, memory, *more = command
        if self._read >= MOST_READ:
            self._start(program)
        self._read += 1
        code, output = -1, b""
        try:
            self._link.send((kind, int(memory), more, input))
            if not self._link.poll(timeout):
                self._read = MOST_READ
                raise subprocess.TimeoutExpired(command, timeout)
            code, output = self._link.recv()
        except (EOFError, OSError):
            self.deaths += 1
            self._read = MOST_READ
        return subprocess.CompletedProcess(command, code, output, b"")

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._link.close()

    def _start(self, program: str) -> None:
        self.close()
        context = get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(program, theirs))
        self._process.start()
        theirs.close()
        self._read = 0


@contextmanager
def standing_by(keeps_study: bool, keeps_waves: bool) -> Iterator[Callable[[], ExitStack]]:
    """Yield a way to enter the quick form, for as long as a case takes.

    Parameters
    ----------
    keeps_study, keeps_waves : bool
        Whether the file under trial leaves the study, and its waves, as they are.
    """
    import mot_research as mot
    from mot_research.survey import reading, separately
    from mot_research.survey.checking import check_study

    reader, read_study, read_wave = Reading(), mot.read_study, reading._checked_wave
    kept: dict[Any, Any] = {}

    def study_of(folder: Path) -> Any:
        if folder not in kept:
            kept[folder] = read_study(folder)
        return kept[folder]

    def wave_of(study: Any, source: Any, files: Any, outcome_files: Any) -> Any:
        key = (study.folder, source.id)
        if key not in kept:
            kept[key] = read_wave(study, source, files, outcome_files)
        return kept[key]

    run = SimpleNamespace(run=reader.run, TimeoutExpired=subprocess.TimeoutExpired)

    def quick() -> ExitStack:
        stack = ExitStack()
        stack.enter_context(mock.patch.object(separately, "subprocess", run))
        if keeps_study:
            stack.enter_context(mock.patch.object(mot, "read_study", study_of))
            if keeps_waves:
                stack.enter_context(mock.patch.object(reading, "_checked_wave", wave_of))
        else:
            stack.enter_context(
                mock.patch.object(mot, "read_survey", lambda study: list(check_study(study)))
            )
        return stack

    try:
        yield quick
    finally:
        reader.close()
