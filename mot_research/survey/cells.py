"""The cells of one column as numbers, blanks and codes."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mot_research.study.fields import code_number, code_text

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
COMMA = re.compile(r"[+-]?(\d+),(\d+)", re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column read as numbers; each cell is a number, blank or a word.

    Parameters
    ----------
    values : ndarray (n,)
        NaN where the cell is blank or a word.
    blank, word : ndarray (n,) of bool
    """

    values: Floats
    blank: Mask
    word: Mask


def numbers(column: pd.Series) -> Numbers:
    """Read a column of floats or text as numbers.

    A decimal comma is understood ("3,5"); "1,500" could be 1.5 or 1500 and
    stays a word, and so does "1.500" where the column has decimal commas.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype="float64")
        finite = np.isfinite(values)
        blank = np.isnan(values)
        return Numbers(np.where(finite, values, np.nan), blank, ~finite & ~blank)
    places, different = pd.factorize(column)
    words = different.tolist()
    commas = any(_has_decimal_comma(text) for text in words)
    known = np.array([_number(text, commas) for text in words] + [math.nan])
    blank = places < 0
    values = known[places]  # blank cells have place -1: the NaN at the end
    return Numbers(values, blank, np.isnan(values) & ~blank)


def matches(column: pd.Series, codes: Iterable[float | str]) -> Mask:
    """Return where a column (n,) holds one of the codes, compared as number and as text.

    Text is compared without regard to case; a blank cell matches no code.
    """
    codes = tuple(codes)
    as_numbers = {number for code in codes if math.isfinite(number := code_number(code))}
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.isin(list(as_numbers)).to_numpy() & column.notna().to_numpy()
    texts = {code_text(code).casefold() for code in codes}
    places, different = pd.factorize(column)
    hit = [
        text.casefold() in texts or _number(text, False) in as_numbers
        for text in different.tolist()
    ]
    return np.array([*hit, False])[places]


def texts(column: pd.Series) -> pd.Series:
    """Return a column as text: 7 for 7.0, NA where blank."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("str")
    places, different = pd.factorize(column)
    known = np.array([*(code_text(float(value)) for value in different), None], dtype=object)
    return pd.Series(known[places], index=column.index, dtype="str", name=column.name)


def _has_decimal_comma(text: str) -> bool:
    return bool(COMMA.fullmatch(text)) and not THOUSANDS.fullmatch(text)


def _number(text: str, commas: bool) -> float:
    """Return the number that a text is, NaN where it is none or could be two."""
    if _has_decimal_comma(text):
        return float(text.replace(",", "."))
    if not POINT.fullmatch(text) or (commas and THOUSANDS.fullmatch(text)):
        return math.nan
    value = float(text)
    return value if math.isfinite(value) else math.nan
