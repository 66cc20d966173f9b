"""A new folder that appears whole, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mot_research.errors import StudyError, shown
from mot_research.unfinished import unfinished_folder

LAST = "study.yml"  # a folder with it is a study: it comes last
LISTED = 3


@contextmanager
def fresh_folder(directory: Path) -> Iterator[Path]:
    """A folder beside `directory` to build in, which takes its place at the end.

    If the block raises, nothing is there that was not there before. An empty
    folder that exists, such as the working folder, is kept and filled.

    Raises
    ------
    StudyError
        `directory` holds something, is a file, or can't be made.
    """
    _refuse_used(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(directory.resolve().parent) as beside:
            stage = beside / "study"
            stage.mkdir()
            yield stage
            _put_in_place(stage, directory)
    except OSError as error:
        raise StudyError(
            f"the folder '{shown(directory)}' can't be written ({shown(error.strerror)}). "
            "Give another place."
        ) from error


def _refuse_used(directory: Path) -> None:
    if not directory.exists():
        return
    if not directory.is_dir():
        raise StudyError(f"'{shown(directory)}' is a file. Give the name of a new folder.")
    held = sorted((path.name for path in directory.iterdir()), key=_hidden_last)
    if held:
        more = ", …" if len(held) > LISTED else ""
        raise StudyError(
            f"the folder '{shown(directory)}' is not empty: it holds "
            f"{', '.join(map(shown, held[:LISTED]))}{more}. Nothing was changed. "
            f"Give the name of a new folder: mot new {shown(directory / 'study')}"
        )


def _hidden_last(name: str) -> tuple[bool, str]:
    return name.startswith("."), name


def _put_in_place(stage: Path, directory: Path) -> None:
    if not directory.exists():
        stage.rename(directory)
        return
    for path in sorted(stage.iterdir(), key=lambda path: path.name == LAST):
        path.rename(directory / path.name)
