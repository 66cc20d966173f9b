"""The files that findings leave: whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mot_research.errors import RenderError, shown
from mot_research.report.targets import named
from mot_research.unfinished import alone_in, sweep, unfinished_folder

if TYPE_CHECKING:
    from mot_research.findings import Findings

KEPT = ".before"  # in a stage: the files that its own replace


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
        with named(stage / "evidence.csv"):
            write_evidence_csv(findings, stage / "evidence.csv")
        with named(stage / "evidence.xlsx"):
            write_evidence_xlsx(findings, stage / "evidence.xlsx")
        _write_json(stage / "manifest.json", manifest_record(findings))
        names = sorted(path.name for path in stage.iterdir())
    return [directory / name for name in names]


@contextmanager
def staged(directory: Path) -> Iterator[Path]:
    """A hidden folder beside the outputs, whose files move into place at the end.

    If the block raises, nothing has changed. Every file is replaced in one
    step, so that a reader finds the old one or the new one; where one can't
    be replaced, none is. A process that is killed between two of them leaves
    the rest to whoever is next to work in this folder.

    Raises
    ------
    RenderError
        The folder can't be made or written.
    """
    with ExitStack() as stack:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with alone_in(directory):
                _finish_moves(directory)
            stage = stack.enter_context(unfinished_folder(directory))
        except OSError as error:
            raise RenderError(
                f"the output folder '{shown(directory)}' can't be written "
                f"({shown(error.strerror)}). Give another one with --output."
            ) from error
        yield stage
        try:
            _move(stage, directory)
        except OSError as error:
            name = Path(str(error.filename2 or error.filename or "")).name
            file = directory / name if name != KEPT else directory
            raise RenderError(
                f"'{shown(file)}' can't be written ({shown(error.strerror)}). Make room or close "
                "the file that is open there, then run again. The files of the last run are "
                "unchanged."
            ) from error


def _move(stage: Path, directory: Path) -> None:
    """Move the files of a stage into place: all of them, or none."""
    names = sorted(path.name for path in stage.iterdir())
    kept = stage / KEPT
    with alone_in(directory):
        _finish_moves(directory)
        try:
            kept.mkdir()  # says from now on that the stage is whole
            for name in names:
                if (directory / name).exists():
                    shutil.copy2(directory / name, kept / name)
            for name in names:
                os.replace(stage / name, directory / name)
        except BaseException:
            for name in names:
                if (stage / name).exists():
                    continue
                if (kept / name).exists():
                    os.replace(kept / name, directory / name)
                else:
                    (directory / name).unlink(missing_ok=True)
            shutil.rmtree(kept, ignore_errors=True)
            raise


def _finish_moves(directory: Path) -> None:
    """Bring to its end what a killed process had begun to move, and take away what it left."""

    def finish(stage: Path) -> None:
        if (stage / KEPT).is_dir():
            for path in sorted(stage.iterdir()):
                if path.is_file():
                    os.replace(path, directory / path.name)

    sweep(directory, settle=finish)


def _write_json(path: Path, record: dict[str, object]) -> None:
    text = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False)
    with named(path):
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
