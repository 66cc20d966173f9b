"""One column of a wave in one role: its values, and what is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mot_research.errors import shown
from mot_research.study.fields import code_text, listed
from mot_research.study.parts import Outcome
from mot_research.study.ratings import Ratings
from mot_research.survey.cells import Floats, Mask, matches, numbers, texts
from mot_research.survey.problems import Problem, examples
from mot_research.survey.wave import BLANK, NOT_EXPERIENCED, RATED

MOST_LEVELS = 30  # categories of one control; more are ids or verbatims by mistake
MOSTLY = 0.5  # a control whose cells are mostly numbers was meant as a number
BLANK_LEVEL = "(blank)"
WEIGHTS = 1e-9, 1e12  # outside them one row is all or nothing, and squares leave the floats

Ranges = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Cells:
    """A column of one wave, and its names.

    `name` is the study's name of the column, `user_missing` the ranges that an
    SPSS file declares missing, `value_labels` its labels of codes.
    """

    wave: str
    name: str
    column: pd.Series
    user_missing: Ranges = ()
    value_labels: tuple[tuple[float | str, str], ...] = ()

    def problem(
        self, rule: str, found: Mask, what_to_do: str, severity: str = "error"
    ) -> Iterator[Problem]:
        """Yield one problem that counts and quotes the cells found, if any."""
        if found.any():
            yield Problem(
                wave=self.wave,
                column=shown(self.name),
                rule=rule,
                count=int(found.sum()),
                examples=examples(texts(self.column[found]).dropna()),
                severity=severity,  # type: ignore[arg-type]
                what_to_do=what_to_do,
            )

    def declared_missing(self) -> Mask:
        """Return where the file itself declares a code missing."""
        values = numbers(self.column).values
        found = np.zeros(len(values), dtype=bool)
        for low, high in self.user_missing:
            found |= (values >= low) & (values <= high)
        return found


def rating_states(
    cells: Cells, scale: Ratings
) -> tuple[Floats, npt.NDArray[np.int8], list[Problem]]:
    """Return ratings (NaN unless rated), states and problems of one moment's column."""
    not_experienced = matches(cells.column, scale.not_experienced)
    values, coded, problems = _measured(
        cells,
        low=scale.low,
        high=scale.high,
        known=not_experienced,
        blank=matches(cells.column, scale.blank),
        advice=(
            "If it means 'did not have this contact', list it under ratings: not_experienced; "
            "if it means no answer, under ratings: blank. Else correct the cells."
        ),
    )
    states = np.full(len(values), BLANK, dtype=np.int8)
    states[~np.isnan(values)] = RATED
    states[not_experienced & ~coded] = NOT_EXPERIENCED
    return values, states, problems


def outcome_values(cells: Cells, outcome: Outcome) -> tuple[Floats, list[Problem]]:
    """Return an outcome as numbers (binary 1 or 0), NaN where blank, and problems."""
    blank = matches(cells.column, outcome.blank)
    if outcome.kind == "binary":
        return _binary(cells, outcome, blank)
    low, high, advice = {
        "amount": (0.0, np.inf, "An amount can't be below 0: correct it, or count refunds apart."),
        "share": (0.0, 1.0, "A share lies from 0 to 1: divide percentages by 100."),
    }.get(
        outcome.kind,
        (
            outcome.low,
            outcome.high,
            "If it means no answer, list it under the outcome's blank. Else correct the cells.",
        ),
    )
    values, _, problems = _measured(
        cells, low=low, high=high, known=np.zeros_like(blank), blank=blank, advice=advice
    )
    return values, problems


def _binary(cells: Cells, outcome: Outcome, blank: Mask) -> tuple[Floats, list[Problem]]:
    yes, no = matches(cells.column, outcome.yes), matches(cells.column, outcome.no)
    missing = blank | cells.column.isna().to_numpy() | (cells.declared_missing() & ~yes & ~no)
    unknown = ~(yes | no | missing)
    problems = list(
        cells.problem(
            "unknown_code",
            unknown,
            f"Outcome '{outcome.id}' knows yes: {listed(outcome.yes)}; no: {listed(outcome.no)}; "
            f"blank: {listed(outcome.blank) or 'none'}. Add the code to one of them.",
        )
    )
    return np.where(yes, 1.0, np.where(no, 0.0, np.nan)), problems


def expected_values(cells: Cells, scale: Ratings) -> tuple[Floats, list[Problem]]:
    """Return expectations on a moment's scale, NaN where there is none."""
    blank = matches(cells.column, (*scale.blank, *scale.not_experienced))
    values, _, problems = _measured(
        cells,
        low=scale.low,
        high=scale.high,
        known=np.zeros_like(blank),
        blank=blank,
        advice="Expectations use the moment's scale and codes: correct the cells or the codes.",
    )
    return values, problems


def free_numbers(cells: Cells, scale: Ratings | None = None) -> tuple[Floats, list[Problem]]:
    """Return numbers on no scale; codes for no value of `scale` are NaN."""
    codes = () if scale is None else (*scale.blank, *scale.not_experienced)
    blank = matches(cells.column, codes)
    values, _, problems = _measured(
        cells,
        low=-np.inf,
        high=np.inf,
        known=np.zeros_like(blank),
        blank=blank,
        advice="",
    )
    return values, problems


def weights(cells: Cells) -> tuple[Floats, list[Problem]]:
    """Return weights, 1.0 in place of every weight that can't be used, and problems."""
    read = numbers(cells.column)
    advice = (
        "Every row needs a weight above 0. Correct the file, remove the rows, or set "
        "'weight: null' for this wave."
    )
    smallest, largest = WEIGHTS
    usable = (read.values >= smallest) & (read.values <= largest)
    problems = [
        *cells.problem("weight_missing", read.blank, advice),
        *cells.problem("weight_not_a_number", read.word, advice),
        *cells.problem("weight_zero", read.values == 0, advice),
        *cells.problem("weight_negative", read.values < 0, advice),
        *cells.problem(
            "weight_outside",
            (read.values > 0) & ~usable,
            f"Weights from {smallest:g} to {largest:g} can be used. Correct the cells, or divide "
            "all weights of the wave by one number.",
        ),
    ]
    return np.where(usable, read.values, 1.0), problems


def identifiers(cells: Cells, role: str) -> tuple[pd.Series, list[Problem]]:
    """Return ids of clusters or strata as text.

    A row without a cluster is a cluster of its own, as where nothing is
    clustered; rows without a stratum are one stratum. Where no row has an id,
    that is an error.
    """
    ids = texts(cells.column).reset_index(drop=True)
    blank = ids.isna().to_numpy()
    if blank.all():
        advice = f"No row has a {role}. Correct the file, or set '{role}: null' for this wave."
        return ids, list(cells.problem(f"{role}_missing", blank, advice))
    own = [f"({cells.wave} row {row})" for row in np.flatnonzero(blank) + 1]
    ids[blank] = own if role == "cluster" else BLANK_LEVEL
    kept = "each is a cluster of its own" if role == "cluster" else "they form one stratum"
    advice = f"Rows without a {role}: {kept}. Add the ids where they are known."
    return ids, list(cells.problem(f"{role}_missing", blank, advice, "warning"))


def respondents(cells: Cells) -> tuple[pd.Series, list[Problem]]:
    """Return ids of respondents as text; an id that stands twice is an error."""
    ids = texts(cells.column).reset_index(drop=True)
    blank = ids.isna().to_numpy()
    repeated = ids.duplicated(keep=False).to_numpy() & ~blank
    return ids, [
        *cells.problem(
            "duplicate_respondent",
            repeated,
            "Each respondent may stand once in a wave. Keep one row each, or correct the ids.",
        ),
        *cells.problem(
            "respondent_missing",
            blank,
            "Rows without an id can't be joined to other files. Add their ids where known.",
            "warning",
        ),
    ]


def segment(cells: Cells) -> pd.Series:
    """Return a segment as text, by the labels of its codes where the file has them."""
    ids = texts(cells.column).reset_index(drop=True)
    labels = {code_text(code): label for code, label in cells.value_labels}
    labelled = ids.map(labels)
    return labelled.where(labelled.notna(), ids).astype("str")


def control(cells: Cells) -> tuple[pd.Series, list[Problem]]:
    """Return a control as float, or as categories with "(blank)" where it holds words."""
    read = numbers(cells.column)
    if not read.word.any():
        advice = "Blank controls are treated as missing values."
        return pd.Series(read.values), list(
            cells.problem("control_blank", read.blank, advice, "note")
        )
    levels = texts(cells.column).reset_index(drop=True).fillna(BLANK_LEVEL).astype("category")
    found = int(levels.cat.categories.size)
    filled = ~read.blank
    mixed = read.word & (read.word.sum() < MOSTLY * max(filled.sum(), 1))
    many = np.full(len(levels), found > MOST_LEVELS)
    return levels, [
        *cells.problem(
            "control_mixed",
            mixed,
            "The words among its numbers make the whole control a set of categories. If it is a "
            "number, empty these cells.",
            "warning",
        ),
        *cells.problem(
            "control_many_levels",
            many,
            f"It has {found} categories, each a column of every model. Group them, or drop it.",
            "warning",
        ),
    ]


def _measured(
    cells: Cells,
    *,
    low: float | None,
    high: float | None,
    known: Mask,
    blank: Mask,
    advice: str,
) -> tuple[Floats, Mask, list[Problem]]:
    """Return values on the scale, where a code means no value, and problems.

    `known` marks cells that mean something other than a value and are no problem.
    """
    read = numbers(cells.column)
    declared = cells.declared_missing() & ~known & ~blank
    silent = known | blank | declared
    lowest, highest = -np.inf if low is None else low, np.inf if high is None else high
    outside = ~silent & ((read.values < lowest) | (read.values > highest))
    problems = [
        *cells.problem(
            "not_a_number",
            read.word & ~silent,
            "Write numbers as 3.5 or 3,5 without thousands separators. A word that means no "
            "answer or no contact belongs under blank or not_experienced.",
        ),
        *cells.problem(
            "outside_scale", outside, f"The scale is {lowest:g} to {highest:g}. {advice}"
        ),
        *cells.problem(
            "declared_missing",
            declared,
            "The SPSS file declares these codes missing; they are read as blank. If they mean "
            "'did not have this contact', list them under ratings: not_experienced.",
            "note",
        ),
    ]
    return np.where(silent | outside, np.nan, read.values), blank | declared, problems
