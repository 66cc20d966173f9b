"""What a column of a survey's file holds, before anyone says what it is."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from mot_research.errors import shown
from mot_research.study.fields import LONGEST_LINE, clean_line
from mot_research.survey.cells import numbers, texts
from mot_research.survey.tables import Table

MOST_CODES = 15  # different whole numbers; more are an amount or an id
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
MOSTLY = 0.95


@dataclass(frozen=True, eq=False)
class Profile:
    """One column: its cells as numbers where they are, and its labels.

    Parameters
    ----------
    name, label : str
        The column's name, and what an SPSS file calls it ("" without).
    values : ndarray (n,)
        NaN where a cell is blank or a word.
    cells : Series of str
        As written, NA where blank.
    n_filled, n_different : int
    codes : tuple of float
        The different whole numbers and those that have a label, where they
        are few; else empty.
    value_labels : mapping of code to label
    declared : tuple of (low, high)
        Codes that an SPSS file declares missing.
    is_text : bool
        Whether a cell holds a word.
    n_words : float
        Mean number of words of a cell of text.
    first, last : date or None
        Where the cells are dates.
    """

    name: str
    label: str
    values: npt.NDArray[np.float64]
    cells: pd.Series
    n_filled: int
    n_different: int
    codes: tuple[float, ...] = ()
    value_labels: Mapping[float, str] = field(default_factory=dict)
    declared: tuple[tuple[float, float], ...] = ()
    is_text: bool = False
    n_words: float = 0.0
    first: datetime.date | None = None
    last: datetime.date | None = None

    @property
    def told(self) -> str:
        """The name and the label, in small letters, to look for words in."""
        return f"{words_of(self.name)} {self.label}".casefold()

    @property
    def is_unique(self) -> bool:
        return self.n_filled > 0 and self.n_different == self.n_filled

    def declares_missing(self, code: float) -> bool:
        """Whether the file itself says that a code is no answer."""
        return any(low <= code <= high for low, high in self.declared)


def profiles(table: Table) -> list[Profile]:
    """Return what each column of a table holds, in the table's order."""
    return [_profile(str(name), table) for name in table.frame.columns]


def words_of(name: str) -> str:
    """A column's name as words: `q07_firstBill` is "q07 first Bill"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", name).strip()


def _one_line(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return clean_line(plain)[:LONGEST_LINE]


def _profile(name: str, table: Table) -> Profile:
    column = table.frame[name]
    read = numbers(column)
    cells = texts(column)
    filled = cells.dropna()
    labels = {
        float(code): shown(label)
        for code, label in table.value_labels.get(name, {}).items()
        if not isinstance(code, str)
    }
    different = np.unique(read.values[~np.isnan(read.values)])
    whole = bool(len(different)) and bool(np.all(different == np.round(different)))
    is_text = bool(read.word.any())
    codes = () if is_text or not whole or len(different) > MOST_CODES else (*different, *labels)
    first, last, words = None, None, 0.0
    if is_text:
        first, last = dates_of(filled)
        words = float(filled.str.count(r"\S+").mean())
    return Profile(
        name=name,
        label=_one_line(table.labels.get(name, "")),
        values=read.values,
        cells=cells,
        n_filled=len(filled),
        n_different=int(filled.nunique()),
        codes=tuple(sorted({float(code) for code in codes})),
        value_labels=labels,
        declared=table.user_missing.get(name, ()),
        is_text=is_text,
        n_words=words,
        first=first,
        last=last,
    )


def dates_of(written: pd.Series) -> tuple[datetime.date | None, datetime.date | None]:
    """Return the first and the last date of cells; None where most are no dates."""
    days = written[written.str.match(DATE)].str[:10]
    if written.empty or len(days) < MOSTLY * len(written):
        return None, None
    read = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce").dropna()
    return (None, None) if read.empty else (read.min().date(), read.max().date())
