"""Which moments cannot be told apart, and the brackets that say so beside a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mot_research.drivers.result import DriverResult
from mot_research.numbers import SHOWN_FROM
from mot_research.report import house_style as style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LANE = 0.03  # of the axis, for each bracket


def alike(result: DriverResult) -> tuple[tuple[str, ...], ...]:
    """Return the longest runs of drivers, most important first, that cannot be told apart.

    In a run the first may rank as low as the last, and the last as high as the
    first, by the simultaneous intervals of their ranks. Empty without resamples.
    """
    table = result.table.loc[list(result.tested)]
    if not result.is_ranked or "rank_upper" not in table or not table["rank_upper"].notna().any():
        return ()
    shown = table[table["n"] >= SHOWN_FROM]
    ordered = shown.sort_values("lmg", ascending=False, kind="stable")
    places, lower, upper = (ordered[c].to_numpy() for c in ("rank", "rank_lower", "rank_upper"))
    runs: list[tuple[int, int]] = []
    for first in range(len(ordered)):
        last = first
        for other in range(first + 1, len(ordered)):
            if upper[first] >= places[other] and lower[other] <= places[first]:
                last = other
        if last > first and not any(last <= end for _, end in runs):
            runs.append((first, last))
    return tuple(tuple(map(str, ordered.index[a : b + 1])) for a, b in runs)


def draw_brackets(
    ax: Axes, runs: tuple[tuple[str, ...], ...], order: Sequence[str], *, start: float
) -> float:
    """Draw a bracket for each run, each in a lane of its own; return where they end.

    Parameters
    ----------
    order : sequence of str
        The drivers from the first row down.
    start : float
        Where the first lane begins.
    """
    for lane, run in enumerate(runs):
        x = start * (1 + (lane + 0.5) * LANE)
        top, bottom = order.index(run[0]) - 0.25, order.index(run[-1]) + 0.25
        tip = x - 0.35 * LANE * start
        ax.plot([tip, x, x, tip], [top, top, bottom, bottom], color=style.SOFT, lw=1.0)
    return start * (1 + LANE * len(runs))
