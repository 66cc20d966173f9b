"""How numbers are written, and which of them may be shown at all.

The small-number rule lives here and nowhere else: fewer than 10 people are
suppressed (privacy), fewer than 30 are too few to say (reliability), 30 to 49
are shown and marked.
"""

import math
from collections.abc import Callable

SUPPRESSED_BELOW = 10
SHOWN_FROM = 30
UNMARKED_FROM = 50
MARK = "†"
MINUS = "−"
LARGEST_PLAIN = 1e15  # beyond it a thousands separator no longer helps anyone

Formatter = Callable[[float], str]


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


def counts_hidden(cells: tuple[int, ...]) -> tuple[str, ...]:
    """Return the parts of a known total as text, none of them below 10 to be read off.

    Zero is shown. Where a single part is hidden, the smallest other part is
    rounded to tens, because the total would give the hidden one away.
    """
    hidden = [0 < cell < SUPPRESSED_BELOW for cell in cells]
    blurred = None
    if sum(hidden) == 1:
        others = [i for i, cell in enumerate(cells) if cell >= SUPPRESSED_BELOW]
        blurred = min(others, key=lambda i: cells[i], default=None)
    return tuple(
        f"fewer than {SUPPRESSED_BELOW}"
        if hidden[i]
        else f"about {count(round(cell, -1))}"
        if i == blurred
        else count(cell)
        for i, cell in enumerate(cells)
    )


def plain(value: float, digits: int) -> str:
    """Return a number with separators and a true minus: −1,234.5."""
    if not math.isfinite(value):
        return "not available"
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


def percent(value: float, digits: int = 0) -> str:
    """Return a proportion as a percentage: 0.123 as 12%; what rounds to 0 or 100 is said."""
    if digits == 0 and 0 < value < 0.005:
        return "under 1%"
    if digits == 0 and 0.995 <= value < 1:
        return "over 99%"
    return f"{plain(100 * value, digits)}%"


def digits_for(*values: float | None) -> int:
    """Return the decimals at which the largest of the values keeps two digits, at most 4."""
    largest = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    if largest == 0:
        return 2
    return min(4, max(0, 1 - math.floor(math.log10(largest)))) if largest < 10 else 0


def effect_writer(kind: str, *values: float | None, unit: str = "") -> Formatter:
    """Return the writer of an outcome's effects: points, percentage points or currency."""
    if kind in ("binary", "share"):
        digits = 1 if max((abs(v) for v in values if v is not None), default=0) >= 0.001 else 2
        return lambda value: f"{signed(100 * value, digits)} pts"
    digits = max(digits_for(*values), 0 if kind == "amount" else 2)
    suffix = f" {unit}" if kind == "amount" and unit else ""
    return lambda value: f"{signed(value, digits)}{suffix}"


def between(lower: float | None, upper: float | None, write: Formatter) -> str:
    """Return an interval as "0.21 to 0.41"; empty without one."""
    if lower is None or upper is None or not (math.isfinite(lower) and math.isfinite(upper)):
        return ""
    return f"{write(lower)} to {write(upper)}"


def with_interval(
    value: float | None, lower: float | None, upper: float | None, write: Formatter
) -> str:
    """Return "0.31 (0.21 to 0.41)", or the number alone where it has no interval."""
    if value is None or not math.isfinite(value):
        return "not available"
    span = between(lower, upper, write)
    return f"{write(value)} ({span})" if span else write(value)
