"""Files and folders of work under way: hidden, and held for as long as their process lives.

A process that is killed tidies up nothing. What it left is known by its name, and by that no
process holds it any more; whoever works next at the same place takes it away.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".unfinished-mot-"


@contextmanager
def unfinished_folder(parent: Path, prefix: str = PREFIX) -> Iterator[Path]:
    """A new folder in `parent`, which exists; gone after the block.

    Raises
    ------
    OSError
        It can't be made.
    """
    sweep(parent, prefix)
    folder, held = _made(lambda: Path(tempfile.mkdtemp(prefix=prefix, dir=parent)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _let_go(held)


@contextmanager
def unfinished_file(path: Path) -> Iterator[Path]:
    """A new file beside `path`, with the same ending; gone after the block.

    Raises
    ------
    OSError
        It can't be made.
    """
    sweep(path.parent)
    file, held = _made(lambda: _new_file(path))
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)
        _let_go(held)


def sweep(
    parent: Path, prefix: str = PREFIX, settle: Callable[[Path], None] = lambda left: None
) -> None:
    """Take away what killed processes left in `parent`, each once `settle` has had it.

    Nothing is taken away that another user owns, or where files can't be locked (Windows, some
    network drives).
    """
    for left in parent.glob(f"{prefix}*"):
        with suppress(OSError):  # held, another user's, or swept by another process meanwhile
            if not left.is_symlink() and _is_own(left) and (held := _held(left)) is not None:
                try:
                    settle(left)
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
                finally:
                    _let_go(held)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block for this folder (not on Windows).

    An unfinished folder is its maker's alone as it is.
    """
    held = None if folder.name.startswith(PREFIX) else _locked(folder, wait=True)
    try:
        yield
    finally:
        _let_go(held)


def _new_file(path: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=path.suffix, dir=path.parent)
    os.close(handle)
    return Path(name)


def _made(make: Callable[[], Path]) -> tuple[Path, int | None]:
    """Make something and hold it."""
    while True:
        made = make()
        with suppress(BlockingIOError, FileNotFoundError):
            held = _held(made)
            if made.exists():
                return made, held
            _let_go(held)
        # another process swept it before it was held


def _is_own(path: Path) -> bool:
    return sys.platform == "win32" or path.stat().st_uid == os.geteuid()


def _held(path: Path) -> int | None:
    return _locked(path, wait=False)


def _locked(path: Path, *, wait: bool) -> int | None:
    """Lock a file or folder until this process ends; None where that can't be done.

    Raises
    ------
    BlockingIOError
        Another process holds it, and there is no waiting.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _let_go(held: int | None) -> None:
    if held is not None:
        os.close(held)
