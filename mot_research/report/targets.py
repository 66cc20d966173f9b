"""Files appear whole or not at all; an error of the disk says which file, and what to do."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mot_research.errors import RenderError, shown
from mot_research.unfinished import PREFIX, unfinished_folder

TEMPORARY = "mot-unfinished-"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path to write to; moved to `target` at the end, gone on an error.

    Raises
    ------
    RenderError
        `target` can't be written; what was there before is unchanged.
    """
    with named(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(target.parent) as folder:
            yield folder / target.name
            os.replace(folder / target.name, target)


@contextmanager
def named(target: Path) -> Iterator[None]:
    """Errors of the disk say that `target` can't be written."""
    try:
        yield
    except OSError as error:
        folder = next(one for one in target.parents if not one.name.startswith(PREFIX))
        raise RenderError(
            f"'{shown(folder / target.name)}' can't be written ({shown(error.strerror)}). Make "
            "room, or let the folder be written, then run again. The files of the last run are "
            "unchanged."
        ) from error


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder for one render; a killed one's is taken away by the next.

    Raises
    ------
    RenderError
        Temporary files can't be written.
    """
    try:
        with unfinished_folder(Path(tempfile.gettempdir()), TEMPORARY) as folder:
            yield folder
    except OSError as error:
        raise RenderError(
            f"temporary files can't be written into '{shown(tempfile.gettempdir())}' "
            f"({shown(error.strerror)}). Make room there, or name another folder in the variable "
            "TMPDIR."
        ) from error
