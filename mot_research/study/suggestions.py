"""The nearest allowed name, for messages: suggested, never applied by itself."""

from collections.abc import Iterable

from mot_research.errors import shown

SIMILAR_ENOUGH = 70  # of 100; below it a suggestion misleads more often than it helps


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed name most similar to `name`, or None where none is near."""
    from rapidfuzz import fuzz, process, utils

    match = process.extractOne(
        name,
        sorted(set(allowed)),
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        score_cutoff=SIMILAR_ENOUGH,
    )
    return None if match is None else match[0]


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" with the nearest allowed name, "" where none is near."""
    near = nearest(name, allowed)
    return "" if near is None else f" Did you mean '{shown(near)}'?"
