"""Votes of ballots in the study's file of votes, beside those that were there."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from io import StringIO
from pathlib import Path

import pandas as pd

from mot_research.errors import StudyError, shown
from mot_research.study.definition import Study
from mot_research.study.editing import with_part, write_whole
from mot_research.survey.formats import read_text
from mot_research.survey.tables import Table, read_table
from mot_research.survey.votes import COLUMNS, votes_of
from mot_research.workshop.ballot_reading import Ballots, read_ballots

DEFAULT = "workshop/votes.csv"


@dataclass(frozen=True)
class Collected:
    """What was read: participants by silo, the votes' file, and how many voters it kept."""

    participants: dict[str, int]
    file: Path
    kept: int
    empty: tuple[str, ...]
    is_new: bool


def collect_votes(study: Study, folder: Path) -> Collected:
    """Read the ballots of a folder into the study's file of votes.

    Who votes again replaces the own votes of before; all other votes stay.
    Where the study names no file of votes, it does so afterwards.

    Raises
    ------
    StudyError, SurveyError
        A ballot or the votes' file can't be used; nothing has changed.
    """
    if study.path is None:
        raise StudyError("votes are collected for a study's file: read it by read_study.")
    name = study.workshop.votes if study.workshop is not None else DEFAULT
    file = study.resolve(name)
    if file.suffix.lower() != ".csv":
        raise StudyError(
            f"the votes are in '{shown(name)}'. Only a .csv can be written: save it as one, and "
            "name that under workshop: votes in study.yml."
        )
    ballots = read_ballots(study, folder)
    if not ballots.votes:
        raise StudyError(f"no ballot in '{shown(folder)}' is filled in.")
    voters = {(vote.silo, vote.participant) for vote in ballots.votes}
    before = _others(study, file, voters)
    rows = [*before, *(astuple(vote) for vote in ballots.votes)]
    write_whole(file, _votes_csv(study, file, rows))
    is_new = study.workshop is None
    if is_new:
        text = study.path.read_bytes().decode("utf-8-sig")
        write_whole(study.path, with_part(text, "workshop", {"votes": DEFAULT}))
    return Collected(
        _by_silo(ballots), file, len({row[:2] for row in before}), ballots.empty, is_new
    )


def _by_silo(ballots: Ballots) -> dict[str, int]:
    voters = sorted({(vote.silo, vote.participant) for vote in ballots.votes})
    silos = [silo for silo, _ in voters]
    return {silo: silos.count(silo) for silo in dict.fromkeys(silos)}


def _others(study: Study, file: Path, voters: set[tuple[str, str]]) -> list[tuple[object, ...]]:
    """The rows of those who have voted before and do not now."""
    if not file.exists():
        return []
    frame = votes_of(study, read_table(file))
    kept = [
        (silo, participant) not in voters
        for silo, participant in zip(frame["silo"], frame["participant"], strict=True)
    ]
    return [tuple(row) for row in frame[kept].itertuples(index=False)]


def _votes_csv(study: Study, file: Path, rows: Iterable[tuple[object, ...]]) -> str:
    """The text of the votes' file, once it has been read as one."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in row] for row in rows)
    text = stream.getvalue()
    content = read_text(text.encode("utf-8"), file.name, encoding="utf-8")
    votes_of(study, Table(frame=content.frame, path=file, sha256=""))
    return text


def _cell(value: object) -> str:
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
