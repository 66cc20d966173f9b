"""The files that findings leave: whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mot_research.errors import RenderError, shown

if TYPE_CHECKING:
    from mot_research.findings import Findings

UNFINISHED = ".unfinished-"


def write_findings(findings: Findings, directory: Path) -> list[Path]:
    """Write ``findings.json``, ``evidence.csv``, ``evidence.xlsx``, ``manifest.json``.

    Returns
    -------
    list of Path
        Where they lie.

    Raises
    ------
    RenderError
        The folder can't be written; what was there before is unchanged.
    """
    # The command renders documents without these: only their execution computes.
    from mot_research.report.exchange import findings_record, manifest_record
    from mot_research.report.spreadsheet import write_evidence_csv, write_evidence_xlsx

    with staged(directory) as stage:
        _write_json(stage / "findings.json", findings_record(findings))
        write_evidence_csv(findings, stage / "evidence.csv")
        write_evidence_xlsx(findings, stage / "evidence.xlsx")
        _write_json(stage / "manifest.json", manifest_record(findings))
        names = sorted(path.name for path in stage.iterdir())
    return [directory / name for name in names]


@contextmanager
def staged(directory: Path) -> Iterator[Path]:
    """A hidden folder beside the outputs, whose files move into place at the end.

    If the block raises, nothing has changed. Every file is replaced in one
    step, so that a reader finds the old one or the new one.

    Raises
    ------
    RenderError
        The folder can't be made or written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        stage, held = _new_stage(directory)
    except OSError as error:
        raise RenderError(
            f"the output folder '{shown(directory)}' can't be written ({error.strerror}). "
            "Give another one with --output."
        ) from error
    try:
        yield stage
        for path in sorted(stage.iterdir()):
            os.replace(path, directory / path.name)
    except OSError as error:
        raise RenderError(
            f"the outputs can't be written into '{shown(directory)}' ({error.strerror}). Make "
            "room or close the file that is open there, then run again."
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if held is not None:
            os.close(held)


def _new_stage(directory: Path) -> tuple[Path, int | None]:
    """Make a hidden folder and hold it, after taking away those of runs that were killed."""
    _sweep(directory)
    while True:
        stage = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=directory))
        with suppress(BlockingIOError, FileNotFoundError):
            held = _held(stage)
            if stage.is_dir():
                return stage, held
            if held is not None:
                os.close(held)
        # another run swept it before it was held


def _held(folder: Path) -> int | None:
    """Lock a folder until this process ends; None where folders can't be locked.

    Raises
    ------
    BlockingIOError
        Another process holds it.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return descriptor


def _sweep(directory: Path) -> None:
    """Take away what runs left that were killed; the folder of one that lives is locked."""
    for left in directory.glob(f"{UNFINISHED}*"):
        with suppress(BlockingIOError, FileNotFoundError):
            if left.is_dir() and not left.is_symlink() and (lock := _held(left)) is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(lock)


def _write_json(path: Path, record: dict[str, object]) -> None:
    text = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
