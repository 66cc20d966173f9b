"""Pandoc: the one on PATH, or the one that came with the package."""

import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from mot_research.errors import RenderError, shown
from mot_research.report.programs import in_words, run_program, version_of

OLDEST = (3, 2)
SECONDS = 600.0
NO_TIME = {"SOURCE_DATE_EPOCH": "946684800"}  # 2000-01-01: the same content, the same bytes


def pandoc(arguments: Sequence[str], *, text: str | None = None, cwd: Path | None = None) -> str:
    """Run pandoc and return what it writes.

    Raises
    ------
    RenderError
        There is no pandoc that is new enough, or it fails; the message quotes it.
    """
    command = [pandoc_command(), *arguments]
    done = run_program(command, seconds=SECONDS, text=text, cwd=cwd, environment=NO_TIME)
    if done.returncode:
        raise PandocError(done.stderr.strip() or f"it ended with code {done.returncode}")
    return done.stdout


class PandocError(RenderError):
    """Pandoc failed; `said` is what it said."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"pandoc failed: {shown(said)}. Look for what is unusual in the document's last change."
        )
        self.said = said


@cache
def pandoc_command() -> str:
    """The pandoc on PATH if it is new enough, else the one that came with the package.

    Raises
    ------
    RenderError
        Neither is there and new enough.
    """
    found = []
    for command in _candidates():
        version = version_of(command)
        if version is not None and version >= OLDEST:
            return command
        found.append(f"'{shown(Path(command))}' is {in_words(version)}")
    raise RenderError(
        f"no pandoc {OLDEST[0]}.{OLDEST[1]} or newer was found"
        f"{': ' if found else ''}{', '.join(found)}. Install pandoc, or the Python package "
        "pypandoc_binary."
    )


def _candidates() -> Iterator[str]:
    on_path = shutil.which("pandoc")
    if on_path:
        yield on_path
    try:
        import pypandoc

        yield str(pypandoc.get_pandoc_path())
    except (ImportError, OSError):
        return
