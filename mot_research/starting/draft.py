"""A study drafted from a survey's file: what each part is taken from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mot_research.errors import StudyError, shown
from mot_research.starting.names import moment_names
from mot_research.starting.profile import Profile, profiles
from mot_research.starting.roles import RECOMMEND, Guess, Role, guess_roles
from mot_research.starting.scales import Scale
from mot_research.survey.tables import Table

MOST_MOMENTS = 20  # each one more doubles the time of a report; a first one should take minutes
DESIGN: tuple[Role, ...] = ("respondent", "weight", "stratum", "cluster")


@dataclass(frozen=True)
class DraftWave:
    """A wave of the file: its id, the value that marks its rows, and what it lacks."""

    id: str
    value: float | None = None
    without: tuple[Role, ...] = ()


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

    def without(self, column: str, why: str) -> "Draft":
        """Return the draft with a column left out, and the reason."""
        guesses = tuple(
            replace(guess, role="not used", why=why) if guess.column == column else guess
            for guess in self.guesses
        )
        return replace(self, guesses=guesses)


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
        No column looks like a rating, or none like an outcome.
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
    for role, what, example in (
        ("moment", "a question rated on a scale", "moments: {q12: First bill arrives}"),
        ("outcome", "an outcome, such as 'likely to recommend'", "outcomes: [{id: …, column: …}]"),
    ):
        if not found.of(role):  # type: ignore[arg-type]
            raise StudyError(
                f"'{shown(table.path.name)}': no column looks like {what}. Begin with an empty "
                f"study instead (`mot new` without --from), and name the column there: {example}"
            )
    return found


def _everyone_has_it(guess: Guess) -> bool:
    """Whether a question has no code for "did not have it", as attitudes have none."""
    return guess.scale is None or not guess.scale.not_experienced


def _waves(found: Draft, wave: str) -> tuple[DraftWave, ...]:
    marks = [guess.column for guess in found.of("wave")]
    if not marks:
        return (
            DraftWave(wave, None, _lacking(found, np.ones(len(found.columns[0].values), bool))),
        )
    values = found.profile(marks[0]).values
    return tuple(
        DraftWave(f"{value:g}", float(value), _lacking(found, values == value))
        for value in np.unique(values)
    )


def _lacking(found: Draft, rows: np.ndarray) -> tuple[Role, ...]:
    """The roles whose column can't serve these rows: a weight is missing, or every cluster."""
    lacking: list[Role] = []
    for guess in found.guesses:
        if guess.role in DESIGN:
            missing = np.isnan(found.profile(guess.column).values[rows])
            is_text = found.profile(guess.column).is_text
            if not is_text and (missing.any() if guess.role == "weight" else missing.all()):
                lacking.append(guess.role)
    return tuple(lacking)


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
