"""Any frame as a Markdown table: what a notebook shows where a result has no table of its own."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mot_research.numbers import count, plain
from mot_research.report.markup import Column, Table

NOTHING = "*Nothing to show.*"
NONE = "–"
DIGITS = 2
WIDEST, NARROWEST = 30, 5  # relative widths of columns, in characters


def frame_table(frame: pd.DataFrame, *, digits: int | Mapping[str, int] = DIGITS) -> str:
    """Return a frame as a Markdown table that JupyterLab, Quarto and the reports render alike.

    Parameters
    ----------
    frame : DataFrame
        Its index is not shown. Numbers stand to the right, whole ones without
        decimals; what is missing is a dash; text prints literally, whatever
        signs it holds.
    digits : int, or mapping of column to int
        Decimals of the numbers that are not whole; two for a column not named.

    Returns
    -------
    str
        Markdown; a sentence where the frame has no rows.
    """
    if frame.empty:
        return NOTHING
    if isinstance(digits, int):
        digits = dict.fromkeys(map(str, frame.columns), digits)
    written = {
        str(name): _written(frame[name], digits.get(str(name), DIGITS)) for name in frame.columns
    }
    columns = tuple(
        Column(
            name,
            min(WIDEST, max(NARROWEST, *(len(cell) for cell in cells), _longest_word(name))),
            "right" if pd.api.types.is_numeric_dtype(frame.dtypes.iloc[place]) else "left",
        )
        for place, (name, cells) in enumerate(written.items())
    )
    return Table(columns, tuple(zip(*written.values(), strict=True))).to_markdown()


def _written(column: pd.Series, digits: int) -> list[str]:
    if pd.api.types.is_bool_dtype(column.dtype):
        return ["yes" if value else "no" for value in column]
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return [NONE if pd.isna(value) or value == "" else str(value) for value in column]
    whole = (column.dropna() % 1 == 0).all()
    return [
        NONE if pd.isna(value) else count(value) if whole else plain(float(value), digits)
        for value in column
    ]


def _longest_word(text: str) -> int:
    return max((len(word) for word in text.split()), default=0)
