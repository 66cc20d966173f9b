"""What the inventory of moments lacks, for whom, and which stages have no moment of a purpose.

Each function returns Markdown.
"""

from __future__ import annotations

import pandas as pd

from mot_research.report.escaping import escape_markdown
from mot_research.report.frame_table import frame_table
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import words
from mot_research.report.narrative.words import counted, listed, number, sentence
from mot_research.study.completeness import (
    WANTED,
    completeness,
    crowded_cells,
    empty_cells,
    purposes_by_stage,
)
from mot_research.study.definition import Study

PARTS = {
    "stage": "a stage",
    "category": "what it is for",
    "description": "a description",
    "interaction": "a method of interaction",
    "expectation": "what customers expect",
    "ideal": "the ideal",
    "owner": "an owner",
    "partners": "partners",
    "metrics": "operational metrics",
    "measured": "a rating or a trigger",
}
NONE = "–"
NAMED_AT_MOST = 3
LONGEST_NAME = 44  # characters
NO_MOMENTS = "The study has no moments yet."


def lacking(study: Study) -> str:
    """Return how complete the inventory is, and what is lacking most, in one sentence."""
    if not study.moments:
        return NO_MOMENTS
    has = completeness(study)
    total = len(has)
    complete = int(has.all(axis=1).sum())
    if complete == total:
        return "The inventory is complete: every moment has all of its parts."
    without = {part: int((~has[part]).sum()) for part in WANTED if not has[part].all()}
    first = sorted(without, key=lambda part: -without[part])[:NAMED_AT_MOST]
    most = [f"{PARTS[part]} ({without[part]})" for part in first]
    kept = "none is" if not complete else "one is" if complete == 1 else f"{number(complete)} are"
    return (
        f"Of {counted(total, 'moment')}, {kept} fully described; most often lacking: "
        f"{listed(most)}."
    )


def lacking_by_part(study: Study) -> str:
    """Return a row for each part that moments lack: how many, and which."""
    has = completeness(study)
    called = {moment.id: shorten(moment.name, LONGEST_NAME) for moment in study.moments}
    rows = [
        {
            "Missing": sentence(PARTS[part]),
            "Moments": int((~has[part]).sum()),
            "Which": _few([called[str(name)] for name in has.index[~has[part]]]),
        }
        for part in WANTED
        if not has[part].all()
    ]
    return frame_table(pd.DataFrame(rows))


def lacking_by_owner(study: Study) -> str:
    """Return a row for each owner: how many moments are complete, and what the others lack."""
    has = completeness(study)
    owner = pd.Series([moment.owner or words.NO_OWNER for moment in study.moments], index=has.index)
    rows = []
    for name, own in has.groupby(owner, sort=False):
        without = (~own).sum()
        rows.append(
            {
                "Owner": str(name),
                "Moments": len(own),
                "Complete": int(own.all(axis=1).sum()),
                "Still to write": ", ".join(
                    f"{PARTS[part]} {without[part]}" for part in WANTED if without[part]
                ),
            }
        )
    return frame_table(pd.DataFrame(rows))


def lacking_by_moment(study: Study) -> str:
    """Return a row for each moment that lacks a part, with its owner."""
    has = completeness(study)
    rows = [
        {
            "Moment": moment.name,
            "Owner": moment.owner or words.NO_OWNER,
            "Still to write": ", ".join(
                PARTS[part] for part in WANTED if not has.at[moment.id, part]
            ),
        }
        for moment in study.moments
        if not has.loc[moment.id].all()
    ]
    return frame_table(pd.DataFrame(rows))


def purposes(study: Study) -> str:
    """Return how many moments of each purpose every stage has."""
    counts, called = purposes_by_stage(study), _stages(study)
    columns = (
        Column("What it is for", 8),
        *(Column(shorten(called[str(stage)], LONGEST_NAME), 4, "right") for stage in counts),
    )
    rows = tuple(
        (_purpose(str(category)), *(str(n) if n else NONE for n in row))
        for category, row in zip(counts.index, counts.to_numpy(), strict=True)
    )
    return Table(columns, rows).to_markdown()


def gaps(study: Study) -> str:
    """Return which purposes no moment serves in which stage, and which cells are crowded."""
    if not any(moment.category and moment.stage for moment in study.moments):
        return (
            "Whether a stage lacks a kind of contact can't be said: no moment has both a stage and "
            "a category."
        )
    called = _stages(study)
    without = [
        f"no {words.CONTACTS[category]} contact in {_named(empty, called, len(study.stages))}"
        for category, empty in empty_cells(study).items()
    ]
    texts = ["Every stage has a moment of each kind."]
    if without:
        texts = [f"{sentence('; '.join(without))}."]
    crowded = [
        f"{words.CONTACTS[category]} in {escape_markdown(shorten(called[stage], LONGEST_NAME))} "
        f"({n})"
        for (category, stage), n in crowded_cells(study).items()
    ]
    if crowded:
        texts.append(f"Crowded: {listed(crowded)}.")
    return " ".join(texts)


def _named(stages: tuple[str, ...], called: dict[str, str], n_stages: int) -> str:
    if len(stages) == n_stages:
        return "any stage"
    return listed([escape_markdown(shorten(called[stage], LONGEST_NAME)) for stage in stages])


def _stages(study: Study) -> dict[str, str]:
    return {stage.id: stage.name for stage in study.stages} | {"": words.NO_STAGE}


def _purpose(category: str) -> str:
    return sentence(words.CATEGORIES.get(category, "not set"))


def _few(names: list[str]) -> str:
    return ", ".join(names[:NAMED_AT_MOST]) + (", …" if len(names) > NAMED_AT_MOST else "")
