"""What speaks for two columns being the same: words and labels that they share, or nearly."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mot_research.arriving.wanted import Wanted
from mot_research.study.parts import WaveFile
from mot_research.study.suggestions import SIMILAR_ENOUGH

QUESTION_NUMBER = re.compile(
    r"^(?:q|v|var|item|question)?[ _.]?\d+[a-z]?(?:[ _.]\d+)*(?:[\s_.:)-]+|$)", re.IGNORECASE
)
MOST_PROPOSALS = 5  # columns that one column of the study is compared with in the end
TELLING = 8  # letters of a name that a label may hold inside a longer question


def plain(text: str) -> str:
    """Return the letters and digits of a name or label, in small, without its question's number."""
    return "".join(re.findall(r"[^\W_]+", QUESTION_NUMBER.sub("", text.strip()).casefold()))


@dataclass(frozen=True)
class Clue:
    """Texts of a column wanted and of a column of the file that must be shared."""

    why: str
    of_study: Callable[[Wanted], set[str]]
    of_file: Callable[[str], set[str]]


def clues_of(
    labels: Mapping[str, str], last: WaveFile | None, last_labels: Mapping[str, str]
) -> tuple[Clue, ...]:
    """What makes a pair clear, the strongest first."""
    before = {} if last is None else last.columns
    told = {plain(text) for text in labels.values()} - {""}

    def of(*texts: str) -> set[str]:
        return {plain(text) for text in texts} - {""}

    def label(column: str) -> set[str]:
        return of(labels.get(column, ""))

    def label_before(one: Wanted) -> set[str]:
        return of(last_labels.get(before.get(one.column, one.column), ""))

    def labels_with_the_name(one: Wanted) -> set[str]:
        names = [name for name in map(plain, one.called[:1]) if len(name) >= TELLING]
        return {text for text in told for name in names if name in text}

    return (
        Clue("its label, as in the last wave", label_before, label),
        Clue("the same words", lambda one: of(one.column), lambda name: of(name)),
        Clue("its label", lambda one: of(*one.called, one.column), label),
        Clue("its label, which holds the name", labels_with_the_name, label),
    )


def only_pairs(
    wanted: Sequence[Wanted], free: Sequence[str], clue: Clue
) -> list[tuple[Wanted, str]]:
    """Return the pairs that share a text, where neither side shares one with another."""
    texts = {column: clue.of_file(column) for column in free}
    pairs = []
    for one in wanted:
        keys = clue.of_study(one)
        pairs += [(one.column, column) for column in free if keys & texts[column]]
    of_wanted = Counter(name for name, _ in pairs)
    of_column = Counter(column for _, column in pairs)
    by_name = {one.column: one for one in wanted}
    return [
        (by_name[name], column)
        for name, column in pairs
        if of_wanted[name] == 1 and of_column[column] == 1
    ]


def similar_pairs(
    wanted: Sequence[Wanted], free: Sequence[str], labels: Mapping[str, str]
) -> list[tuple[Wanted, str, float]]:
    """Return proposals, the best first, each column of the study and of the file once."""
    from rapidfuzz import fuzz, process, utils

    names = {name: _numberless(name) for name in free if plain(name)}
    called = {column: _numberless(labels[column]) for column in free if labels.get(column)}
    scored: list[tuple[float, str, str]] = []
    for one in wanted:
        own = [one.column] if plain(one.column) else []
        for texts, choices in ((own, names), ([*one.called, *own], called)):
            for text in texts:
                hits = process.extract(
                    _numberless(text),
                    choices,
                    scorer=fuzz.WRatio,
                    processor=utils.default_process,
                    score_cutoff=SIMILAR_ENOUGH,
                    limit=MOST_PROPOSALS,
                )
                scored += [(score, one.column, column) for _, score, column in hits]
    by_name = {one.column: one for one in wanted}
    found, used = [], set()
    for score, name, column in sorted(scored, key=lambda hit: (-hit[0], hit[1], hit[2])):
        if name in by_name and column not in used:
            used.add(column)
            found.append((by_name.pop(name), column, score))
    return found


def _numberless(text: str) -> str:
    return QUESTION_NUMBER.sub("", text.strip()) or text
