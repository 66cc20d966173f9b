"""Other programs: pandoc and Quarto, run to their end with a limit of time; and Typst."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from mot_research.errors import RenderError, shown

SECONDS_FOR_A_VERSION = 60.0


def run_program(
    command: Sequence[str],
    *,
    seconds: float,
    text: str | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it said, whatever its code.

    It gets a session of its own, so that what it has started itself ends with it when it takes
    too long, or when this run is stopped.

    Raises
    ------
    RenderError
        It can't be started, or did not end within `seconds`.
    """
    name = Path(command[0]).name
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            cwd=cwd,
            env=None if environment is None else os.environ | environment,
            start_new_session=True,
        )
    except OSError as error:
        raise RenderError(
            f"'{shown(Path(command[0]))}' can't be started ({shown(error.strerror)}). "
            f"Install {shown(name)} again."
        ) from error
    with process:
        try:
            said, complained = process.communicate(text, timeout=seconds)
        except BaseException as error:
            _kill(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RenderError(
                    f"{shown(name)} did not end within {seconds:g} seconds and was stopped. Run "
                    f"'{shown(name)} --version' in a terminal: if that does not end either, "
                    f"install {shown(name)} again."
                ) from None
            raise
    return subprocess.CompletedProcess(command, process.returncode, said, complained)


def version_of(command: str) -> tuple[int, int] | None:
    """Return the first two numbers of a program's version; None if it does not tell it."""
    try:
        done = run_program([command, "--version"], seconds=SECONDS_FOR_A_VERSION)
    except RenderError:
        return None
    found = re.search(r"(\d+)\.(\d+)", done.stdout)
    return None if done.returncode or found is None else (int(found[1]), int(found[2]))


def in_words(version: tuple[int, int] | None) -> str:
    """Return a version as people write it."""
    return "of no known version" if version is None else f"version {version[0]}.{version[1]}"


def typst_package() -> ModuleType:
    """Import Typst, which sets PDF and pictures.

    Raises
    ------
    RenderError
        It is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise RenderError(
            "the Python package typst is missing. Install mot_research again, or: pip install typst"
        ) from error
    return typst


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
