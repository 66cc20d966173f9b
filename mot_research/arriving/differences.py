"""What a comparison of a new wave with the last one gives, and when a difference is large."""

from __future__ import annotations

from dataclasses import dataclass

LARGE_SHIFT = 0.2  # standard deviations: Cohen's small effect
LARGE_DISTANCE = 0.1  # one respondent in ten in another category
LARGE_MOVE = 0.05  # of the wave, from one state of a moment to others


@dataclass(frozen=True)
class Interval:
    """A difference, now less before, with its interval."""

    estimate: float
    lower: float
    upper: float

    def is_beyond(self, size: float) -> bool:
        """Whether it is at least so large, and not by chance alone."""
        return abs(self.estimate) >= size and (self.lower > 0 or self.upper < 0)


@dataclass(frozen=True)
class Shift:
    """A number on both waves: a rating, an outcome or a control.

    `shift` is the difference of the weighted means in standard deviations;
    None, with `reason`, where it can't be told.
    """

    kind: str
    name: str
    n_before: int
    n_now: int
    before: float | None = None
    now: float | None = None
    shift: Interval | None = None
    reason: str = ""


@dataclass(frozen=True)
class States:
    """The respondents of both waves in the states of a moment, in the order of `STATES`.

    `moved` are the differences of the shares of the wave, unweighted; None
    where a wave is too small. Both waves ask for the moment.
    """

    moment: str
    before: tuple[int, ...]
    now: tuple[int, ...]
    moved: tuple[Interval, ...] | None


@dataclass(frozen=True)
class Categories:
    """The categories of a segment or control on both waves.

    `distance` is the total variation of the weighted shares, `by_chance` what
    it stays below where nothing changed; None, with `reason`, where a wave is
    too small. `new` and `gone` are categories that one wave alone has.
    """

    name: str
    distance: float | None
    by_chance: float | None
    new: tuple[str, ...]
    gone: tuple[str, ...]
    reason: str = ""

    @property
    def is_far(self) -> bool:
        """Whether the distance is large, and not by chance alone."""
        return (
            self.distance is not None
            and self.by_chance is not None
            and self.distance >= LARGE_DISTANCE
            and self.distance > self.by_chance
        )


@dataclass(frozen=True)
class Turned:
    """A moment whose ratings went with an outcome one way, and go the other way now."""

    moment: str
    outcome: str
    n: int
    before: float
    now: float


@dataclass(frozen=True)
class Comparison:
    """A new wave beside the last one that could be read, `before`.

    `dropped` and `added` are the moments and outcomes that one of them alone has.
    """

    before: str
    shifts: tuple[Shift, ...]
    states: tuple[States, ...]
    categories: tuple[Categories, ...]
    turned: tuple[Turned, ...]
    dropped: tuple[str, ...]
    added: tuple[str, ...]
