"""What a respondent's own row holds that could name them, to be masked in their comments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pandas as pd

from mot_research.numbers import SUPPRESSED_BELOW
from mot_research.survey.cells import texts


def own_values(
    frames: Iterable[tuple[pd.DataFrame, str]], respondents: Iterable[str]
) -> dict[str, set[str]]:
    """The telling texts of each respondent's rows, the id among them.

    A text that at least ten rows hold (a plan, a region) tells nobody apart and is left out;
    numbers are answers, and left out too.

    Parameters
    ----------
    frames : iterable of (DataFrame, str)
        Tables with one row a respondent, each with the name of its column of ids.
    respondents : iterable of str
        Those who wrote a comment.
    """
    wanted = set(respondents)
    found: dict[str, set[str]] = defaultdict(set, {who: {who} for who in wanted})
    for frame, id_column in frames:
        who = texts(frame[id_column])
        mine = who.isin(wanted).to_numpy()
        for name in frame.columns:
            column = frame[name]
            if name == id_column or pd.api.types.is_numeric_dtype(column.dtype):
                continue
            rare = (column.map(column.value_counts()) < SUPPRESSED_BELOW).to_numpy()
            for person, value in zip(who[mine & rare], column[mine & rare], strict=True):
                found[str(person)].add(str(value))
    return dict(found)
