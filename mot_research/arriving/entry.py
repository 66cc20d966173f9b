"""What somebody says about a new wave, and the entry in study.yml that it becomes."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from mot_research.arriving.matching import Match, absences_of
from mot_research.arriving.wanted import ROLES
from mot_research.errors import StudyError, shown
from mot_research.study.definition import Study
from mot_research.study.parts import WaveFile

PAIRS = {"--column": "food=q7_food", "--where": "year=2018"}
FLAGS = {
    "id": "--id",
    "from": "--from",
    "to": "--to",
    "where": "--where",
    "file": "rename the file",
}


@dataclass(frozen=True)
class Described:
    """What somebody says about a new wave.

    Parameters
    ----------
    id : str
    from_, to : str, optional
        First and last day of the fieldwork, as 2026-10-05.
    columns : mapping of the study's column to the file's
    absent : tuple of str
        Ids of moments or outcomes, columns, or roles of the design (weight,
        stratum, cluster, respondent) that this wave does not have.
    where : mapping of the file's column to a value
        Which rows of the file are the wave.
    sheet, encoding : str, optional
    """

    id: str
    from_: str | None = None
    to: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    encoding: str | None = None


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Return texts such as food=q7_food as a mapping; StudyError for one of another form."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (name and sign and value):
            raise StudyError(
                f"{option} '{shown(text)}' is no pair. Write it as {option} {PAIRS[option]}"
            )
        if found.setdefault(name, value) != value:
            raise StudyError(f"{option} is given twice for '{shown(name)}'. Give it once.")
    return found


def entry_of(
    study: Study, described: Described, path: str, matches: Sequence[Match]
) -> dict[str, Any]:
    """Return the entry of a new wave, in the words and the order of a study file.

    Columns that have other names in the file stand under `columns`, or under
    their role where the study itself names none for it.
    """
    roles: dict[str, str | None] = {}
    columns: dict[str, str] = {}
    not_asked = [name for name in described.absent if name not in ROLES]
    last = absences_of(study.waves[-1]) if study.waves else set()
    lacking = {*described.absent, *last}
    for match in matches:
        role = next((by[0] for by in match.wanted.absent_by if by[0] in ROLES), None)
        if match.how == "absent":
            for by in match.wanted.absent_by:
                name = next(name for name in by if name in lacking)
                if name in ROLES:
                    roles[name] = None
                elif name not in not_asked:
                    not_asked.append(name)
        elif role is not None and getattr(study, role) is None and match.column is not None:
            roles[role] = match.column
        elif match.is_mapped:
            columns[match.wanted.column] = str(match.column)
    parts: dict[str, Any] = {
        "id": described.id,
        "file": path,
        "sheet": described.sheet,
        "encoding": described.encoding,
        "from": described.from_,
        "to": described.to,
        "columns": columns,
        "where": {name: _code(value) for name, value in described.where.items()},
        "not_asked": not_asked,
    }
    return {name: value for name, value in parts.items() if value} | roles


def _code(text: str) -> int | str:
    """A code as a study file has it: a whole number where it is one."""
    return int(text) if re.fullmatch(r"-?(0|[1-9]\d{0,14})", text, re.ASCII) else text


def wave_of(study: Study, entry: Mapping[str, Any]) -> WaveFile:
    """Return an entry as the study's reader takes it.

    Raises
    ------
    StudyError
        The id is taken, or something in the entry is not allowed.
    """
    try:
        wave = WaveFile.model_validate(entry)
    except ValidationError as error:
        detail = error.errors()[0]
        part = str(detail["loc"][0]) if detail["loc"] else "the dates"
        place = (
            f"--column: '{shown(detail['input'])}'" if part == "columns" else FLAGS.get(part, part)
        )
        raise StudyError(f"{place}: {detail.get('ctx', {}).get('error', detail['msg'])}") from None
    taken = [other.id for other in study.waves if other.id.casefold() == wave.id.casefold()]
    if taken:
        raise StudyError(
            f"the study has a wave '{shown(taken[0])}' already. Nothing is overwritten: give the "
            "new wave another --id, or take the old one out of study.yml first."
        )
    return wave


def place_of(study: Study, file: Path, sha256: str) -> str:
    """Return where a wave's file is to lie, from the study's folder.

    A file inside the folder stays where it is; another goes beside the last
    wave's, under its own name.

    Raises
    ------
    StudyError
        Another file has that name there.
    """
    folder = study.folder.resolve()
    if file.resolve().is_relative_to(folder):
        return file.resolve().relative_to(folder).as_posix()
    beside = PurePosixPath(study.waves[-1].file).parent if study.waves else PurePosixPath("waves")
    path = beside / file.name
    there = folder / path
    if there.exists() and not (there.is_file() and _sha256(there) == sha256):
        raise StudyError(
            f"the study's folder has another file '{shown(path)}' already. Nothing is "
            "overwritten: rename the new file, then run this again."
        )
    return str(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
