"""A study drafted from a survey's file: what each part is taken from."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mot_research.errors import StudyError, shown
from mot_research.starting.batteries import TOGETHER, correlation
from mot_research.starting.guess import Guess, Role
from mot_research.starting.names import moment_names
from mot_research.starting.outcomes import RECOMMEND
from mot_research.starting.profile import Profile, dates_of, profiles
from mot_research.starting.roles import guess_roles
from mot_research.starting.scales import Scale
from mot_research.survey.cells import Floats, matches
from mot_research.survey.tables import Table

MOST_MOMENTS = 20  # each one more doubles the time of a report; a first one should take minutes
DESIGN: tuple[Role, ...] = ("respondent", "weight", "stratum", "cluster")


@dataclass(frozen=True)
class DraftWave:
    """A wave of the file: its id, the value that marks its rows, its days, and what it lacks."""

    id: str
    value: float | str | None
    first: datetime.date | None
    last: datetime.date | None
    without: tuple[Role, ...]


@dataclass(frozen=True, eq=False)
class Draft:
    """Guesses about a file, in its order, and the waves that it holds."""

    columns: tuple[Profile, ...]
    guesses: tuple[Guess, ...]
    waves: tuple[DraftWave, ...]

    def of(self, role: Role) -> list[Guess]:
        """Return the guesses of one role, in the file's order."""
        return [guess for guess in self.guesses if guess.role == role]

    def profile(self, name: str) -> Profile:
        return next(column for column in self.columns if column.name == name)

    @property
    def outcomes(self) -> list[Guess]:
        """The outcomes, those about recommending first: the first of a role decides."""
        return sorted(
            self.of("outcome"), key=lambda one: not RECOMMEND.search(self.profile(one.column).told)
        )

    @property
    def names(self) -> dict[str, str]:
        """The name of each moment, by its column."""
        asked = [self.profile(guess.column) for guess in self.of("moment")]
        named = zip(asked, moment_names(asked), strict=True)
        return {column.name: name for column, name in named}

    @property
    def scale(self) -> Scale:
        """The scale that most moments are rated on, with all codes that they use beside it."""
        scales = [guess.scale for guess in self.of("moment") if guess.scale is not None]
        ends = [(scale.low, scale.high) for scale in scales]
        low, high = max(sorted(set(ends)), key=ends.count)
        same = [scale for scale in scales if (scale.low, scale.high) == (low, high)]
        absent = sorted({code for scale in same for code in scale.not_experienced})
        blank = sorted({code for scale in same for code in scale.blank} - set(absent))
        return Scale(low, high, tuple(absent), tuple(blank))

    @property
    def caution(self) -> str:
        """What speaks against the guessed scale as a whole; "" where nothing does."""
        for outcome in self.outcomes[:1]:
            wanted = _wanted(outcome, self.profile(outcome.column))
            falling = [
                guess.column
                for guess in self.of("moment")
                if _correlation(_rated(guess, self.profile(guess.column)), wanted) < -TOGETHER
            ]
            if len(falling) > len(self.of("moment")) / 2:
                return (
                    f"Most ratings fall where '{shown(outcome.column)}' rises. If low codes are "
                    "the good ones, turn them round in the file: in a study the highest is best."
                )
        return ""

    def without(self, column: str, why: str) -> "Draft":
        """Return the draft with a column left out, and the reason."""
        guesses = tuple(
            replace(guess, role="not used", why=why) if guess.column == column else guess
            for guess in self.guesses
        )
        return replace(self, guesses=guesses)


def _rated(guess: Guess, profile: Profile) -> Floats:
    scale, values = guess.scale, profile.values
    if scale is None:
        return values
    return np.where((values >= scale.low) & (values <= scale.high), values, np.nan)


def _wanted(guess: Guess, profile: Profile) -> Floats:
    """An outcome as numbers that rise with what is wanted."""
    if guess.answers is None:
        return _rated(guess, profile)
    yes, no = (matches(profile.cells, [code]) for code in (guess.answers.yes, guess.answers.no))
    return np.where(yes, 1.0, np.where(no, 0.0, np.nan))


def _correlation(one: Floats, other: Floats) -> float:
    both = ~np.isnan(one) & ~np.isnan(other)
    return correlation(one[both], other[both])


def draft(table: Table, wave: str) -> Draft:
    """Guess what a survey's file holds.

    Parameters
    ----------
    table : Table
    wave : str
        The id of its wave, where no column tells several apart.

    Raises
    ------
    StudyError
        No column looks like a rating.
    """
    columns = profiles(table)
    guesses = guess_roles(columns)
    found = Draft(tuple(columns), tuple(guesses), ())
    everyones_last = sorted(found.of("moment"), key=_everyone_has_it)
    for guess in everyones_last[MOST_MOMENTS:]:
        why = (
            f"a question on a scale, but a first report has {MOST_MOMENTS}: contacts that not "
            "everyone has come first, then the order of the file"
        )
        found = found.without(guess.column, why)
    found = replace(found, waves=_waves(found, wave))
    if not found.of("moment"):
        raise StudyError(
            f"'{shown(table.path.name)}': no column looks like a question rated on a scale. Begin "
            "with an empty study instead (`mot new` without --from), and name the columns there, "
            "as in moments: {q12: First bill arrives}"
        )
    return found


def _everyone_has_it(guess: Guess) -> bool:
    """Whether a question has no code for "did not have it", as attitudes have none."""
    return guess.scale is None or not guess.scale.not_experienced


def _waves(found: Draft, wave: str) -> tuple[DraftWave, ...]:
    marks = [found.profile(guess.column) for guess in found.of("wave")]
    if not marks:
        everyone = np.ones(len(found.columns[0].values), dtype=bool)
        return (_wave(found, wave, None, everyone),)
    mark = marks[0]
    if mark.is_text:
        names = sorted(mark.cells.dropna().unique(), key=_by_numbers)
        ids = ids_of(names)
        return tuple(
            _wave(found, ids[name], name, (mark.cells == name).to_numpy(bool)) for name in names
        )
    values = np.unique(mark.values[~np.isnan(mark.values)])
    return tuple(_wave(found, f"{value:g}", float(value), mark.values == value) for value in values)


def _wave(found: Draft, wave: str, value: float | str | None, rows: np.ndarray) -> DraftWave:
    """One wave, with its days, and the roles whose column can't serve its rows."""
    lacking: list[Role] = []
    for guess in found.guesses:
        if guess.role in DESIGN:
            blank = found.profile(guess.column).cells[rows].isna()
            if blank.any() if guess.role == "weight" else blank.all():
                lacking.append(guess.role)
    dates = [found.profile(guess.column) for guess in found.of("dates")]
    first, last = dates_of(dates[0].cells[rows].dropna()) if dates else (None, None)
    return DraftWave(wave, value, first, last, tuple(lacking))


def _by_numbers(name: str) -> list[tuple[int, str]]:
    """Numbers in a name by their size: wave 2 before wave 10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)
    ]


def wave_id(name: str) -> str:
    """Return a wave's id, made of a file's name."""
    plain = re.sub(r"[^\w.-]+", "_", name).strip("_-.")
    return plain[:64] or "wave1"


def ids_of(names: Sequence[str]) -> dict[str, str]:
    """Return an id for each column, each another one even without regard to case."""
    found: dict[str, str] = {}
    for name in names:
        base = re.sub(r"[^\w.-]+", "_", name).strip("_-.")[:60] or "moment"
        taken = {one.casefold() for one in found.values()}
        options = (base, *(f"{base}_{number}" for number in range(2, len(names) + 2)))
        found[name] = next(one for one in options if one.casefold() not in taken)
    return found
