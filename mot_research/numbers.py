"""How numbers are written, and which of them may be shown at all.

The small-number rule lives here and nowhere else: fewer than 10 people are
suppressed (privacy), fewer than 30 are too few to say (reliability), 30 to 49
are shown and marked.
"""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

SUPPRESSED_BELOW = 10
SHOWN_FROM = 30
UNMARKED_FROM = 50
MARK = "†"
MINUS = "−"
NO_BREAK = "\N{NO-BREAK SPACE}"
NOT_AVAILABLE = "not available"
LARGEST_PLAIN = 1e15  # beyond it a thousands separator no longer helps anyone


def with_base(text: str, n: int | None) -> str:
    """Return ``text`` if the ``n`` people behind it allow it, else what is said instead."""
    if n is None or n >= UNMARKED_FROM:
        return text
    if n >= SHOWN_FROM:
        return f"{text}{MARK}"
    return too_few(n)


def too_few(n: int) -> str:
    """Return what stands where fewer than 30 people answered."""
    if n < SUPPRESSED_BELOW:
        return f"suppressed: fewer than {SUPPRESSED_BELOW}"
    return f"too few to say (n = {n})"


def is_shown(n: int | None) -> bool:
    """Whether a number that rests on ``n`` people may be shown or drawn."""
    return n is None or n >= SHOWN_FROM


def count(n: float) -> str:
    """Return a whole number with separators: 1,493."""
    return plain(round(n), 0)


def complement(cells: tuple[int, ...], hidden: Collection[int] = ()) -> tuple[int, ...]:
    """Return which parts of a known total to hide with those from 1 to 9, by their places.

    The smallest others of 10 or more, as many as it takes: the hidden parts are 10 people or more
    together, and their sum leaves each of the small ones more than one number. The places in
    ``hidden`` are hidden anyway.
    """
    small = [cell for cell in cells if 0 < cell < SUPPRESSED_BELOW]
    large = [(n, place) for place, n in enumerate(cells) if n >= SUPPRESSED_BELOW]
    beside = [n for n, place in large if place in hidden]
    others = sorted(pair for pair in large if pair[1] not in hidden)
    found = []
    while small and others and _gives_away(small, beside, smallest_shown=others[0][0]):
        n, place = others.pop(0)
        beside.append(n)
        found.append(place)
    return tuple(found)


def _gives_away(small: list[int], beside: list[int], *, smallest_shown: int) -> bool:
    total = sum(small) + sum(beside)
    if total < SUPPRESSED_BELOW:
        return True
    others = len(small) - 1
    least = total - others * (SUPPRESSED_BELOW - 1) - len(beside) * smallest_shown
    most = total - others - len(beside) * SUPPRESSED_BELOW
    return max(1, least) >= min(SUPPRESSED_BELOW - 1, most)


def counts_hidden(cells: tuple[int, ...]) -> tuple[str, ...]:
    """Return the parts of a known total as text, none of them below 10 to be read off.

    Zero is shown. Where the total would give a hidden part away, the smallest other one is told
    to tens, of what the total says of both anyway.
    """
    small = [cell for cell in cells if 0 < cell < SUPPRESSED_BELOW]
    beside = complement(cells)
    return tuple(
        f"fewer than {SUPPRESSED_BELOW}"
        if 0 < cell < SUPPRESSED_BELOW
        else _blurred(cell + sum(small), len(small), len(beside))
        if place in beside
        else count(cell)
        for place, cell in enumerate(cells)
    )


def _blurred(with_small: int, n_small: int, n_blurred: int) -> str:
    if n_blurred > 1:
        return f"{SUPPRESSED_BELOW} or more"
    likely = with_small - n_small * SUPPRESSED_BELOW // 2
    return f"about {count(max(round(likely, -1), SUPPRESSED_BELOW))}"


def plain(value: float, digits: int) -> str:
    """Return a number with separators and a true minus: −1,234.5."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    if abs(value) >= LARGEST_PLAIN:
        return f"{value:.2e}".replace("-", MINUS)
    text = f"{value:,.{digits}f}"
    if text.startswith("-") and not text.strip("-0.,"):
        text = text[1:]
    return text.replace("-", MINUS)


def signed(value: float, digits: int) -> str:
    """Return a number with its sign: +0.31, −0.10, 0.00."""
    text = plain(value, digits)
    return text if text.startswith(MINUS) or not text.strip("0.,") else f"+{text}"


def percent(value: float) -> str:
    """Return a proportion as a percentage: 0.123 as 12 %; never 0 or 100 by rounding."""
    return PERCENT.one(value)


def digits_for(*values: float | None) -> int:
    """Return the decimals at which the largest of the values keeps two digits, at most 4."""
    largest = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    if largest == 0:
        return 2
    return min(4, max(0, 1 - math.floor(math.log10(largest)))) if largest < 10 else 0


@dataclass(frozen=True)
class Writing:
    """How one kind of number is written: its digits, and its unit, said once."""

    number: Callable[[float], str]
    unit: str = ""

    def one(self, value: float | None) -> str:
        """Return "12 %"; "not available" where there is no number."""
        if value is None or not math.isfinite(value):
            return NOT_AVAILABLE
        return f"{self.number(value)}{self.unit}"

    def span(self, lower: float | None, upper: float | None) -> str:
        """Return "8 to 22 %"; empty where there is no interval."""
        if lower is None or upper is None or not (math.isfinite(lower) and math.isfinite(upper)):
            return ""
        return f"{self.number(lower)} to {self.number(upper)}{self.unit}"

    def with_interval(self, value: float | None, lower: float | None, upper: float | None) -> str:
        """Return "12 % (8 to 22)"."""
        inner = Writing(self.number).span(lower, upper)
        said = self.one(value)
        return f"{said} ({inner})" if inner and said != NOT_AVAILABLE else said


def effect_writing(kind: str, values: Iterable[float | None]) -> Writing:
    """Return how effects on an outcome are written, its unit apart; shares in percentage points.

    All ``values`` of a table get the same number of digits.
    """
    found = list(values)
    if kind in ("binary", "share", "ordered"):
        points = digits_for(*(None if v is None else 100 * v for v in found))
        digits = max(1, min(points, 2))
        return Writing(lambda value: signed(100 * value, digits))
    digits = digits_for(*found) if kind == "amount" else max(2, digits_for(*found))
    return Writing(lambda value: signed(value, digits))


def _percent_number(value: float) -> str:
    if 0 < value < 0.005:
        return "under 1"
    if 0.995 <= value < 1:
        return "over 99"
    return plain(100 * value, 0)


COUNT = Writing(count)
PERCENT = Writing(_percent_number, f"{NO_BREAK}%")
PERCENT_TENTHS = Writing(lambda value: plain(100 * value, 1), f"{NO_BREAK}%")
TWO_DIGITS = Writing(lambda value: plain(value, 2))
CHANGE = Writing(lambda value: signed(value, 2))
