"""A wave added to a study, whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mot_research.arriving.arrival import Arrival
from mot_research.errors import StudyError, SurveyError, shown
from mot_research.study.adding import with_items
from mot_research.study.definition import Study
from mot_research.study.reading import read_study
from mot_research.survey.reading import read_survey
from mot_research.unfinished import unfinished_file

BOM = b"\xef\xbb\xbf"


def add_wave(arrival: Arrival) -> Study:
    """Copy a wave's file into the study's folder and write its entry into study.yml.

    The new study file is written beside the old one and read back, with every
    wave; only then does it take the old one's place. Whatever goes wrong
    before leaves the study file as it was, and no copy. After a power cut the
    copy may be left; it is found and used when the same file is added again.

    Returns
    -------
    Study
        As it is now.

    Raises
    ------
    StudyError
        The study file is a link, changed meanwhile, has no certain place for
        the entry, or can't be written.
    SurveyError
        The study with the new wave can't be used; the message says why.
    """
    path = arrival.study.path
    if path is None:
        raise StudyError("the study was not read from a file: nothing can be added to it.")
    if path.is_symlink():
        raise StudyError(f"'{shown(path)}' is a link. Put the study file itself into its folder.")
    try:
        before = path.read_bytes()
        with _copied(arrival), unfinished_file(path) as new:
            new.write_bytes(_with_entry(before, arrival))
            shutil.copymode(path, new)
            _read_back(new, arrival)
            if path.read_bytes() != before:
                raise StudyError(
                    f"'{shown(path)}' was changed by somebody else meanwhile. Nothing was written: "
                    "run this again."
                )
            os.replace(new, path)
    except OSError as error:
        raise StudyError(
            f"the wave can't be added: '{shown(error.filename or path)}' can't be written "
            f"({shown(error.strerror)}). The study is unchanged."
        ) from error
    return read_study(path)


def _with_entry(before: bytes, arrival: Arrival) -> bytes:
    mark = BOM if before.startswith(BOM) else b""
    text = before.decode("utf-8-sig")
    return mark + with_items(text, "waves", [arrival.entry]).encode("utf-8")


@contextmanager
def _copied(arrival: Arrival) -> Iterator[None]:
    """The wave's file in its place; taken away again, with new folders, if the block raises."""
    there = arrival.study.folder / arrival.path
    if not arrival.is_copied or there.exists():  # `place_of` saw that it is the same file
        yield
        return
    made = [folder for folder in there.parents if not folder.exists()]
    copied = False
    try:
        there.parent.mkdir(parents=True, exist_ok=True)
        with there.open("xb") as target, arrival.file.open("rb") as source:
            copied = True
            shutil.copyfileobj(source, target)
        yield
    except BaseException:
        if copied:
            there.unlink(missing_ok=True)
        for folder in made:
            folder.rmdir()
        raise


def _read_back(path: Path, arrival: Arrival) -> None:
    """Read the study and its survey as `mot report` will; an error is a reason not to go on."""
    survey = read_survey(read_study(path))
    wave = str(arrival.entry["id"])
    if wave in survey.waves:
        if survey.waves[wave].source.sha256 == arrival.table.sha256:
            return
        raise SurveyError(f"'{shown(arrival.file)}' was changed meanwhile. Run this again.")
    errors = survey.problems[survey.problems["severity"] == "error"]
    mine = errors[errors["wave"].isin([wave, ""])]
    reasons = "\n".join(f"  {row.column} {row.what_to_do}".rstrip() for row in mine.itertuples())
    raise SurveyError(f"with the new wave the study can't be used. Nothing was written:\n{reasons}")
