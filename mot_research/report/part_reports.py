"""A report for each value of a segment, several at a time."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path

from mot_research.errors import FIRST_SIGNAL, MotError, RenderError
from mot_research.report.files import staged
from mot_research.report.study_documents import (
    DocumentName,
    Renderer,
    files_of,
    render_study_documents,
)
from mot_research.study.reading import read_study
from mot_research.survey.file_names import part_folder
from mot_research.survey.part import Part

SECONDS_TO_TIDY_UP = 10.0


@dataclass(frozen=True)
class PartReports:
    """What is wanted of each part; ``folder`` is that of the wave."""

    study: Path
    wave: str
    folder: Path
    formats: Sequence[str]
    document: DocumentName
    renderer: Renderer
    engine: str

    def render(self, part: Part, folder: str) -> list[Path]:
        """Render the reports on one part into a folder of its own; return the files."""
        study = read_study(self.study)
        names = files_of(self.formats, self.document, study, self.wave, part)
        own = self.folder / folder
        with staged(own) as stage:
            render_study_documents(
                study,
                self.wave,
                {
                    each: {suffix: stage / name for suffix, name in files.items()}
                    for each, files in names.items()
                },
                data=stage,
                part=part,
                renderer=self.renderer,
                engine=self.engine,
            )
        return [own / name for files in names.values() for name in files.values()]


def render_parts(
    wanted: PartReports,
    parts: Collection[Part],
    on_progress: Callable[[int, int], None],
) -> tuple[dict[Part, list[Path]], dict[Part, str]]:
    """Render the reports of all parts, as many at a time as there are cores.

    A part that can't be analysed stops no other.

    Returns
    -------
    rendered : mapping of Part to list of Path
    refused : mapping of Part to str
        Why there is no report.
    """
    rendered: dict[Part, list[Path]] = {}
    refused: dict[Part, str] = {}
    on_progress(0, len(parts))
    workers = max(1, min(len(parts), os.cpu_count() or 1))
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_end_with_the_parent
    ) as pool:
        waiting: dict[Future[list[Path]], Part] = {
            pool.submit(wanted.render, part, folder): part
            for part, folder in folders_of(parts).items()
        }
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                part = waiting[future]
                try:
                    rendered[part] = future.result()
                except MotError as error:
                    refused[part] = str(error)
                except BrokenProcessPool as error:
                    raise RenderError(
                        "a process that rendered reports was stopped, most often for want of "
                        "memory. Close other programs, then run again."
                    ) from error
                on_progress(done, len(parts))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in active_children():
                worker.terminate()
            raise
    return {part: rendered[part] for part in parts if part in rendered}, refused


def _end_with_the_parent() -> None:
    """In a process that renders parts: stop and tidy up when told to, or when left alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent passes it on
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(FIRST_SIGNAL + number))
    threading.Thread(target=_watch_the_parent, daemon=True).start()


def _watch_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(SECONDS_TO_TIDY_UP)
        os._exit(FIRST_SIGNAL + signal.SIGTERM)


def folders_of(parts: Collection[Part]) -> dict[Part, str]:
    """Return a folder for each part, told apart where two names come out alike."""
    folders: dict[Part, str] = {}
    for part in parts:
        name = plain = part_folder(part)
        n = 1
        while name in folders.values():
            n += 1
            name = f"{plain}-{n}"
        folders[part] = name
    return folders
