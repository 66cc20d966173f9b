"""What is wrong, or worth knowing, about the survey's files: one row each."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from typing import Literal

import pandas as pd

from mot_research.errors import shown

Severity = Literal["error", "warning", "note"]
SHOWN_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem of one column of one wave.

    `wave` and `column` are "" where the problem is the study's or the file's;
    `count` is the number of rows (or columns, or ids) concerned, 0 where
    nothing is counted. All text is safe to print.
    """

    wave: str = ""
    column: str = ""
    rule: str
    count: int = 0
    examples: str = ""
    severity: Severity
    what_to_do: str


def examples(values: Iterable[object]) -> str:
    """Return the first three different values, quoted and made safe to print."""
    different = list(dict.fromkeys(str(value) for value in values))
    cut = ["…"] if len(different) > SHOWN_EXAMPLES else []
    return ", ".join([f"'{shown(value)}'" for value in different[:SHOWN_EXAMPLES]] + cut)


def problems_frame(problems: Iterable[Problem]) -> pd.DataFrame:
    """Return problems as a frame, in the order in which they were found."""
    names = [field.name for field in fields(Problem)]
    frame = pd.DataFrame([astuple(problem) for problem in problems], columns=names)
    text = dict.fromkeys((name for name in names if name != "count"), "str")
    return frame.astype({"count": "int64", **text})
