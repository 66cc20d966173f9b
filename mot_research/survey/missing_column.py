"""The one problem of a file beside the waves without which nothing in it can be read."""

from __future__ import annotations

from collections.abc import Sequence

from mot_research.errors import shown
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.problems import Problem
from mot_research.survey.tables import Table


def missing_column(table: Table, needed: Sequence[str], what: str) -> Problem | None:
    """Return the warning that a file lacks a column it needs; None where it has all."""
    absent = [column for column in needed if column not in table.frame]
    if not absent:
        return None
    return Problem(
        column=absent[0],
        rule="column_missing",
        count=len(absent),
        severity="warning",
        what_to_do=f"'{shown(table.path.name)}', the file of {what}, has no column "
        f"'{absent[0]}'.{did_you_mean(absent[0], list(table.frame.columns))} Columns needed: "
        f"{', '.join(needed)}.",
    )
