"""What a column of a survey's file was taken for."""

from dataclasses import dataclass
from typing import Literal

from mot_research.starting.scales import Scale

Role = Literal[
    "respondent", "weight", "stratum", "cluster", "wave", "dates", "outcome", "moment", "expected",
    "segment", "control", "comments", "not used",
]  # fmt: skip


@dataclass(frozen=True)
class TwoAnswers:
    """A question with two answers: the code to want, the other, and those of no answer."""

    yes: float | str
    no: float | str
    blank: tuple[float, ...] = ()


@dataclass(frozen=True)
class Guess:
    """What a column was taken for, and why.

    A moment and an outcome on a scale have a `scale`, an outcome of two
    answers has `answers`, and one of money has neither.
    """

    column: str
    role: Role
    why: str
    scale: Scale | None = None
    answers: TwoAnswers | None = None
