"""What each column of a survey's file may be: by words in its name and label, and its values.

Every rule is a constant or a short function here; what a rule guesses is told with its reason,
because only the people who asked the questions know.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from mot_research.starting.batteries import going_together
from mot_research.starting.guess import Guess, Role
from mot_research.starting.outcomes import IMPORTANCE, RECOMMEND, guess_outcomes, turned
from mot_research.starting.profile import MOST_CODES, MOSTLY, Profile, words_of
from mot_research.starting.scales import (
    SHORTEST,
    Scale,
    answers_in_words,
    labelled_scale,
    shared_scales,
    unlabelled_scale,
)
from mot_research.survey.checking import FEW_CLUSTERS, FEWEST_SHOWN
from mot_research.survey.columns import MOST_LEVELS

ID = re.compile(
    r"\b(id|ids|(cust|customer|resp|respondent|case|response|user|member|client|panel)(id|num|no)|"
    r"uuid|caseno)\b"
)
WEIGHT = re.compile(r"\b(weights?|weighting|wgt|wt)\b")
STRATUM = re.compile(r"\bstrat(a|um)\b")
CLUSTER = re.compile(r"\b(clusters?|psu|run ?id|branch|store id|sampling point)\b")
WAVE = re.compile(r"\b(wave|year|quarter|survey year)\b")
CONTROL = re.compile(r"\b(tenure|age|prior|previous|years|months|household size)\b")
SEGMENT = re.compile(
    r"\b(plan|segment|tier|tariff|product|type|class|region|country|channel|gender|sex|age|group|"
    r"income|language|lang|terminal|method|purpose)\b"
)
EXPECTED = re.compile(r"[ _.-]*(expected|expectation)$", re.IGNORECASE)

MOST_WAVES = 40
COUNTED = 1.2  # times as many numbers as there are, the gaps with them
MOST_INTERVIEWS = 8  # of one customer, on average
SEGMENT_LEVELS = range(2, 13)
SEGMENTS_USED = 2  # each value is analysed by itself, which takes its time
MOSTLY_FILLED = 0.5
COMMENT_WORDS = 5.0


def guess_roles(columns: Sequence[Profile]) -> list[Guess]:
    """Return one guess for each column, in the file's order."""
    found: dict[str, Guess] = {}
    for guesses in (_unusable, _design, guess_outcomes, _expected, _ratings, _described):
        rest = [column for column in columns if column.name not in found]
        for guess in guesses(rest):
            found.setdefault(guess.column, guess)
    rest = [column for column in columns if column.name not in found]
    found |= {column.name: Guess(column.name, "not used", "no rule knows it") for column in rest}
    return [found[column.name] for column in columns]


def _unusable(columns: Sequence[Profile]) -> Iterator[Guess]:
    for column in columns:
        if not column.name.isprintable():
            yield Guess(column.name, "not used", "its name holds a control character: rename it")
        elif column.n_different < 2:
            yield Guess(column.name, "not used", "it holds fewer than two different values")


def _design(columns: Sequence[Profile]) -> Iterator[Guess]:
    """Yield who was asked when, by which sample; each role once, but for dates."""
    taken: set[Role] = set()
    for column in columns:
        guess = _design_of(column)
        if guess is not None and (guess.role == "dates" or guess.role not in taken):
            taken.add(guess.role)
            yield guess


def _design_of(column: Profile) -> Guess | None:
    name, values = column.name, column.values[~np.isnan(column.values)]
    told = words_of(name).casefold()
    if column.first is not None:
        return Guess(name, "dates", f"its cells are dates, {column.first} to {column.last}")
    if ID.search(told) and not RECOMMEND.search(told) and not CLUSTER.search(told):
        if column.is_unique:
            return Guess(name, "respondent", "named like an id, and no value stands twice")
        if not column.is_text and _numbers_rows(values):
            return Guess(name, "not used", "it numbers the rows of each wave, not the customers")
        if column.n_different > column.n_filled / MOST_INTERVIEWS:
            return Guess(name, "respondent", "named like an id; some stand more than once")
    if WEIGHT.search(told) and len(values) and values.min() > 0 and (values % 1).any():
        return Guess(
            name, "weight", f"named like a weight; positive, with mean {values.mean():.2f}"
        )
    if STRATUM.search(told) and column.n_different <= MOST_LEVELS:
        return Guess(name, "stratum", f"named like a stratum; {column.n_different} values")
    few = column.n_different >= FEW_CLUSTERS
    if CLUSTER.search(told) and few and column.n_different < column.n_filled / 2:
        why = f"named like a sampling unit; {column.n_different} values, each several times"
        return Guess(name, "cluster", why)
    if WAVE.search(told) and (column.codes or column.is_text):
        counts = column.cells.value_counts()
        whole = column.n_filled == len(column.values) and len(counts) <= MOST_WAVES
        if whole and counts.min() >= FEWEST_SHOWN:
            return Guess(name, "wave", f"named like a time; {len(counts)} values, each a wave")
    return None


def _numbers_rows(values: np.ndarray) -> bool:
    """Whether numbers run from 1 on with few gaps, as a count of rows does."""
    different = np.unique(values)
    dense = different <= COUNTED * len(different)
    return len(different) > MOST_CODES and different[0] <= 1 and dense.mean() > MOSTLY


def _expected(columns: Sequence[Profile]) -> Iterator[Guess]:
    names = {column.name for column in columns}
    for column in columns:
        asked = asked_beside(column.name)
        if asked != column.name and asked in names:
            yield Guess(column.name, "expected", f"named like what was expected of {asked}")


def asked_beside(expected: str) -> str:
    """Return the column that a column such as `q07_bill_expected` stands beside, by its name."""
    return EXPECTED.sub("", expected)


def _ratings(columns: Sequence[Profile]) -> Iterator[Guess]:
    """Yield questions on a scale that go along with one another."""
    numeric = [column for column in columns if column.codes and not column.is_text]
    for column in columns:
        if column.is_text and answers_in_words(column):
            yield Guess(column.name, "not used", "its answers are words: export their codes")
    scales: dict[str, tuple[Profile, Scale]] = {}
    unclear = []
    for column in numeric:
        if IMPORTANCE.search(column.told):
            yield Guess(column.name, "not used", "asks how important it is; that is derived here")
            continue
        by_label = labelled_scale(column)
        if by_label is not None and by_label.is_reversed:
            yield turned(column, by_label)
        elif by_label is not None:
            scales[column.name] = column, by_label
        elif not SEGMENT.search(words_of(column.name).casefold().rpartition(" ")[2]):
            unclear.append(column)  # "age group" is no rating, "plan advice" may be one
    own = {column.name: unlabelled_scale(column, unclear) for column in unclear}
    shown_by = {name: scale for name, scale in own.items() if scale is not None}
    several = {one.name: one.codes for one in unclear if len(one.codes) >= SHORTEST}
    for name, scale in shared_scales(shown_by, several).items():
        scales[name] = next(column for column in unclear if column.name == name), scale
    kept = going_together(scales)
    for name, (_, scale) in scales.items():
        if name in kept:
            yield Guess(name, "moment", f"{scale.why}; goes along with the others", scale)


def _described(columns: Sequence[Profile]) -> Iterator[Guess]:
    """Yield who the customers are, and what they wrote."""
    segments = 0
    for column in columns:
        told = words_of(column.name).casefold()
        if column.is_text and column.n_words >= COMMENT_WORDS:
            why = f"text of {column.n_words:.0f} words on average"
            yield Guess(column.name, "comments", why)
        elif CONTROL.search(told) and not column.is_text and not column.codes:
            yield Guess(column.name, "control", "named like something to hold constant; a number")
        elif column.n_filled < MOSTLY_FILLED * len(column.values):
            continue
        elif SEGMENT.search(told) and column.n_different in SEGMENT_LEVELS:
            segments += 1
            why = f"named like a group of customers; {column.n_different} values"
            if segments <= SEGMENTS_USED:
                yield Guess(column.name, "segment", why)
            else:
                yield Guess(column.name, "not used", f"{why}, but {SEGMENTS_USED} are enough")
