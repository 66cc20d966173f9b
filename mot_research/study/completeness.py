"""What the inventory of moments still lacks, and where its purposes leave stages empty."""

from __future__ import annotations

from typing import get_args

import pandas as pd

from mot_research.study.definition import Moment, Study
from mot_research.study.parts import Category

# What a moment needs before it can be owned, measured and improved. It can be complete without
# handoffs, data needed, a trigger beside a rating, or a brand bet.
WANTED = (
    *("stage", "category", "description", "interaction", "expectation", "ideal"),
    *("owner", "partners", "metrics", "measured"),
)
CATEGORIES: tuple[Category, ...] = get_args(Category)
CROWDED_FROM = 3  # moments in one cell …
CROWDED_TIMES = 2.0  # … and at least so many times the average cell


def completeness(study: Study) -> pd.DataFrame:
    """Which parts of the inventory each moment has.

    Returns
    -------
    DataFrame, indexed by moment
        A column of bool for each of ``WANTED``; ``measured`` is true with a
        rating in the survey or a trigger in the event log.
    """
    rows = {moment.id: [_has(moment, part) for part in WANTED] for moment in study.moments}
    index = pd.Index(list(rows), name="moment", dtype="str")
    return pd.DataFrame(list(rows.values()), index=index, columns=list(WANTED), dtype=bool)


def _has(moment: Moment, part: str) -> bool:
    if part == "measured":
        return bool(moment.rating or moment.trigger)
    return bool(getattr(moment, part))


def purposes_by_stage(study: Study) -> pd.DataFrame:
    """Number of moments of each category in each stage.

    Returns
    -------
    DataFrame of int
        A row for each of the four categories and a column for each stage, in
        the order of the study; a row or column ``""`` for moments without one,
        where there are any.
    """
    stages, purposes = [stage.id for stage in study.stages], [*map(str, CATEGORIES)]
    placed: list[tuple[str, str]] = [
        (moment.category or "", moment.stage or "") for moment in study.moments
    ]
    purposes += [""] if any(category == "" for category, _ in placed) else []
    stages += [""] if any(stage == "" for _, stage in placed) else []
    return pd.DataFrame(
        [[placed.count((category, stage)) for stage in stages] for category in purposes],
        index=pd.Index(purposes, name="category", dtype="str"),
        columns=pd.Index(stages, name="stage", dtype="str"),
    )


def empty_cells(study: Study) -> dict[str, tuple[str, ...]]:
    """The stages in which each category has no moment; only categories with such a stage."""
    counts = purposes_by_stage(study).reindex([*map(str, CATEGORIES)])
    stages = [stage.id for stage in study.stages]
    empty = {
        str(category): tuple(stage for stage in stages if counts.at[category, stage] == 0)
        for category in counts.index
    }
    return {category: stages for category, stages in empty.items() if stages}


def crowded_cells(study: Study) -> dict[tuple[str, str], int]:
    """Moments in the cells with three or more and twice the average, by category and stage."""
    stages = [stage.id for stage in study.stages]
    counts = purposes_by_stage(study).loc[[*map(str, CATEGORIES)], stages].to_numpy()
    border = max(CROWDED_FROM, CROWDED_TIMES * counts.mean())
    return {
        (str(CATEGORIES[row]), stages[column]): int(counts[row, column])
        for row, column in zip(*(counts >= border).nonzero(), strict=True)
    }
