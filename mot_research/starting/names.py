"""Names of moments, made of the questions' labels or of the columns' names."""

import re
from collections import Counter
from collections.abc import Sequence

from mot_research.starting.profile import Profile, words_of

LONGEST = 60  # characters; the whole question stands in the description
NUMBER = re.compile(
    r"^\s*(q|v|item|question)?[ _.]?\d+[a-z]?([ _.]\d+)*\s*[:.)_-]*\s*", re.IGNORECASE
)
BREAKS = (": ", " - ", " – ", "? ", "... ", "… ")


def moment_names(columns: Sequence[Profile]) -> list[str]:
    """Return a name for each question: what of its label no other question shares.

    "Q7. How satisfied are you with: The first bill" becomes "The first bill",
    and `q07_first_bill` "First bill".
    """
    heads = Counter(head for column in columns if (head := _head(column.label)))
    tokens = [NUMBER.sub("", words_of(column.name)).split() for column in columns]
    tail = _shared_tail(tokens)
    names = []
    for column, words in zip(columns, tokens, strict=True):
        label = NUMBER.sub("", column.label).strip()
        head = _head(column.label)
        if head and heads[head] > 1:
            label = column.label[len(head) :].strip()
        plain = " ".join(words[: len(words) - tail] if len(words) > tail else words)
        names.append(_shortened(label or plain or column.name))
    return names


def _head(label: str) -> str:
    """The part of a label that ends with its last break, "" without."""
    ends = [label.rfind(mark) + len(mark) for mark in BREAKS if mark in label]
    return label[: max(ends)] if ends else ""


def _shared_tail(names: Sequence[Sequence[str]]) -> int:
    """How many last words all names share, as "rating" in `food_rating`, `wifi_rating`."""
    shared = 0
    while len(names) > 1 and len({tuple(name[-shared - 1 :]) for name in names}) == 1:
        if any(len(name) <= shared + 1 for name in names):
            break
        shared += 1
    return shared


def _shortened(name: str) -> str:
    name = name[:1].upper() + name[1:]
    if len(name) <= LONGEST:
        return name
    return name[:LONGEST].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
