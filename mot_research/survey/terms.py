"""Which moments a text speaks of, by the study's own terms, and how far people agree with that.

Plain search of words: no stemming beyond a plural s, no synonyms, no irony. It is there for
comments that nobody has coded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mot_research.study.definition import Study

SHORTEST_WORD = 4  # letters of a word that a moment's name lends as a term
# Words of names that say nothing of the moment.
COMMON = frozenset(
    re.findall(
        r"\w+",
        """
        about after again also another back before calls comes does during each every
        first from gets gives goes into like made makes more most once only other over
        same some than that their them then there these they this through time uses very
        when where which while with within without your
        """,
    )
)
_WORD = re.compile(r"\w+")
_BETWEEN = r"\W+"


def terms_of(study: Study) -> dict[str, tuple[str, ...]]:
    """The terms of each moment: those it declares, else the telling words of its name.

    A word is telling if it has at least four letters, is not common, and stands in the name of
    no other moment. A moment without any is left out.
    """
    words = {moment.id: _telling(moment.name) for moment in study.moments}
    used = Counter(word for own in words.values() for word in set(own))
    found = {
        moment.id: moment.terms or tuple(word for word in words[moment.id] if used[word] == 1)
        for moment in study.moments
    }
    return {moment: terms for moment, terms in found.items() if terms}


def matched(texts: Sequence[str], terms: Mapping[str, Sequence[str]]) -> npt.NDArray[np.bool_]:
    """Whether each text speaks of each moment, shape (texts, moments of ``terms``).

    A term matches as whole words in any case, with a plural s; ``bill*`` with every ending.
    """
    patterns = [re.compile("|".join(map(_pattern, own)), re.I) for own in terms.values()]
    found = [[pattern.search(text) is not None for pattern in patterns] for text in texts]
    return np.array(found, dtype=bool).reshape(len(texts), len(patterns))


def agreement_with_codes(
    coded: npt.NDArray[np.bool_], by_terms: npt.NDArray[np.bool_], moments: Sequence[str]
) -> pd.DataFrame:
    """How well the terms find what people coded, per moment and in all.

    Parameters
    ----------
    coded, by_terms : ndarray (comments, moments) of bool
    moments : sequence of str

    Returns
    -------
    DataFrame, indexed by moment; the last row, "", takes all pairs of comment and moment
        ``n_coded``, ``n_matched``, ``n_both``; ``precision`` (of the matched, coded so),
        ``recall`` (of the coded, matched), ``kappa`` (Cohen's). NaN where there is nothing to
        divide by.
    """
    # late: scipy costs every reader of a survey a second
    from mot_research.statistics.agreement import cohen_kappa

    columns = [(name, coded[:, j], by_terms[:, j]) for j, name in enumerate(moments)]
    rows = []
    for name, human, machine in [*columns, ("", coded.ravel(), by_terms.ravel())]:
        n_both = int((human & machine).sum())
        rows.append(
            {
                "moment": name,
                "n_coded": int(human.sum()),
                "n_matched": int(machine.sum()),
                "n_both": n_both,
                "precision": n_both / machine.sum() if machine.any() else np.nan,
                "recall": n_both / human.sum() if human.any() else np.nan,
                "kappa": cohen_kappa(human, machine),
            }
        )
    return pd.DataFrame(rows).set_index("moment")


def _telling(name: str) -> list[str]:
    words = _WORD.findall(name.casefold())
    return [
        word
        for word in dict.fromkeys(words)
        if len(word) >= SHORTEST_WORD and word not in COMMON and not word.isdigit()
    ]


def _pattern(term: str) -> str:
    words = _WORD.findall(term)
    if not words:
        return "(?!)"  # a term without a letter matches nothing
    ending = r"\w*" if term.rstrip().endswith("*") else r"(?:['’]?s)?"
    return rf"\b(?:{_BETWEEN.join(map(re.escape, words))}){ending}\b"
