"""The experience map: stages as columns, every moment a circle in its stage."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from mot_research.numbers import is_shown
from mot_research.report import house_style as style
from mot_research.report import words
from mot_research.report.charts import first_role

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.findings import Findings
    from mot_research.priorities.result import Priority

# All lengths are inches on the report's page; the axes are drawn in inches, too.
HEAD = 0.36
FOOT = 0.42
LARGEST = 0.215  # radius of the most important moment
SMALLEST = 0.045
ROOM_FOR_RATING = 0.1
RING_AT_MOST = 1.3  # of LARGEST
CIRCLE_ROOM = 2 * RING_AT_MOST * LARGEST + 0.06
NAME_TYPE = 7.3
HEAD_TYPE = 8.5
LINE = 0.122
NAME_LINES = 3
ROW = CIRCLE_ROOM + NAME_LINES * LINE + 0.09
LONGEST_NAME = 80  # characters, before it is wrapped
HIGHEST = 8.6
BAND = "#f3f6f9"


def experience_map(findings: Findings, ax: Axes | None = None, *, role: str | None = None) -> Axes:
    """Draw the moments by stage: size importance, colour rating, dashed ring uncertainty.

    The area of a circle is the share of importance for the role; the dashed
    ring has the area of the upper end of its interval. A moment that is not
    tested, or that fewer than 30 rated, is a small hollow circle. The mark at
    a circle is red for a moment of truth, blue for an internal interaction,
    green for a decision point, each with its own shape. The place on the list
    stands before the name.

    Parameters
    ----------
    role : str, optional
        ``relationship`` or ``revenue``; default the first that was tested.
    """
    from matplotlib.patches import Rectangle

    role = role or first_role(findings.priorities)
    columns = _columns(findings)
    deepest = max((len(rows) for _, rows in columns), default=0)
    width = style.PAGE_WIDTH / max(1, len(columns))
    height = HEAD + ROW * max(1, deepest) + FOOT
    paint = _painter(findings, role)
    with style.house_style():
        if ax is None:
            ax = style.own_axes(None, height=min(HIGHEST, height))
        ax.set(xlim=(0, style.PAGE_WIDTH), ylim=(-height, 0), aspect="equal")
        ax.set_axis_off()
        for i, (name, rows) in enumerate(columns):
            left = i * width
            top = (left + 0.02, -HEAD + 0.04)
            ax.add_patch(Rectangle(top, width - 0.04, HEAD - 0.04, fc=style.ACCENT, lw=0))
            if i % 2 == 0:
                band = (left + 0.02, -height + FOOT)
                ax.add_patch(
                    Rectangle(band, width - 0.04, height - FOOT - HEAD, fc=BAND, lw=0, zorder=0)
                )
            head = style.label(name, LONGEST_NAME) if name else ""
            ax.text(
                left + width / 2,
                -HEAD / 2 + 0.02,
                style.wrap(head, width - 0.1, 1, size=HEAD_TYPE, bold=True),
                ha="center",
                va="center",
                color=style.PAPER,
                fontsize=HEAD_TYPE,
                fontweight="bold",
            )
            for j, row in enumerate(rows):
                paint(ax, row, left + width / 2, -HEAD - ROW * j, width)
        _key(ax, -height + FOOT / 2 - 0.04)
    return ax


def _columns(findings: Findings) -> list[tuple[str, list[Priority]]]:
    """Return the stages with their moments, the list first; without a stage at the end."""
    by_stage: dict[str | None, list[Priority]] = {}
    for row in findings.priorities.rows:
        by_stage.setdefault(row.moment.stage, []).append(row)
    columns = [(stage.name, by_stage.get(stage.id, [])) for stage in findings.study.stages]
    if None in by_stage:
        columns.append((words.NO_STAGE, by_stage[None]))
    if set(by_stage) == {None}:
        return _spread(by_stage[None])
    return columns


def _spread(rows: list[Priority]) -> list[tuple[str, list[Priority]]]:
    """Lay moments without any stage over several columns."""
    n = min(6, len(rows))
    return [("" if i else words.NO_STAGE, rows[i::n]) for i in range(n)]


def _painter(
    findings: Findings, role: str
) -> Callable[[Axes, Priority, float, float, float], None]:
    """Return what draws one moment, centred at x, below y."""
    from matplotlib import colormaps
    from matplotlib.patches import Circle

    colours = colormaps[style.RATING_COLOURS]
    key = f"importance_{role}"
    shares = [row.metrics[key].value or 0.0 for row in findings.priorities.rows]
    largest = max(shares, default=0.0) or 1.0

    def radius(share: float, at_most: float) -> float:
        return max(SMALLEST, min(at_most, math.sqrt(max(0.0, share) / largest)) * LARGEST)

    def paint(ax: Axes, row: Priority, x: float, y: float, width: float) -> None:
        importance, rating = row.metrics[key], row.metrics["mean_rating"]
        centre = (x, y - CIRCLE_ROOM / 2)
        reach = SMALLEST
        if importance.value is None or rating.value is None or not is_shown(rating.n):
            ax.add_patch(Circle(centre, SMALLEST, fc=style.PAPER, ec=style.SOFT, lw=0.9))
        else:
            scale = findings.study.ratings_for(row.moment)
            part = (rating.value - scale.low) / (scale.high - scale.low)
            reach = radius(importance.value, 1.0)
            ax.add_patch(Circle(centre, reach, fc=colours(part), ec=style.INK, lw=0.6, zorder=3))
            inner = reach
            if importance.ci_upper is not None:
                ring = radius(importance.ci_upper, RING_AT_MOST)
                ax.add_patch(
                    Circle(centre, ring, fill=False, ec=style.SOFT, lw=0.8, ls=(0, (2, 2)))
                )
                reach = max(reach, ring)
            _say_rating(ax, rating.value, centre, inner, reach, colours(part))
        kind = row.moment.mark
        ax.scatter(
            centre[0] - 0.71 * reach - 0.05,
            centre[1] + 0.71 * reach + 0.02,
            marker=style.MARK_SHAPES[kind],
            s=style.MARK_SIZES[kind],
            c=style.MARK_COLOURS[kind],
            lw=0,
            zorder=4,
        )
        on_list = row.place is not None
        ax.text(
            x,
            y - CIRCLE_ROOM,
            _wrapped(row, width),
            ha="center",
            va="top",
            fontsize=NAME_TYPE,
            fontweight="bold" if on_list else "normal",
            color=style.INK if on_list else style.SOFT,
            linespacing=1.05,
        )

    return paint


def _say_rating(
    ax: Axes,
    rating: float,
    centre: tuple[float, float],
    inner: float,
    outer: float,
    colour: tuple[float, float, float, float],
) -> None:
    """Write the mean rating into its circle, or beside a circle that is too small."""
    x, y = centre
    inside = inner >= ROOM_FOR_RATING
    red, green, blue, _ = colour
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
    ax.text(
        x if inside else x + outer + 0.03,
        y,
        f"{rating:.1f}",
        ha="center" if inside else "left",
        va="center_baseline" if inside else "center",
        fontsize=NAME_TYPE,
        color=style.PAPER if inside and dark else style.INK,
        zorder=5,
    )


def _wrapped(row: Priority, width: float) -> str:
    on_list = row.place is not None
    name = style.label(row.moment.name, LONGEST_NAME)
    text = f"{row.place} {name}" if on_list else name
    return style.wrap(text, width - 0.1, NAME_LINES, size=NAME_TYPE, bold=on_list)


def _key(ax: Axes, y: float) -> None:
    """Explain marks, circles and colours under the map."""
    from matplotlib import colormaps
    from matplotlib.patches import Circle, Rectangle

    def say(x: float, text: str, side: str = "left") -> None:
        ax.text(x, y, text, va="center", ha=side, fontsize=7.2, color=style.SOFT)

    for x, (name, shape) in zip((0.1, 1.12, 2.3), style.MARK_SHAPES.items(), strict=True):
        ax.scatter(x, y, marker=shape, s=style.MARK_SIZES[name], c=style.MARK_COLOURS[name], lw=0)
        say(x + 0.09, words.MARKS[name])
    ax.add_patch(Circle((3.37, y), 0.07, fc=style.FAINT, ec=style.INK, lw=0.6))
    ax.add_patch(Circle((3.37, y), 0.11, fill=False, ec=style.SOFT, lw=0.8, ls=(0, (2, 2))))
    say(3.53, "importance; ring: upper end")
    say(5.68, "mean rating: low", "right")
    for step in range(24):
        colour = colormaps[style.RATING_COLOURS](step / 23)
        ax.add_patch(Rectangle((5.74 + step * 0.02, y - 0.05), 0.021, 0.1, fc=colour, lw=0))
    say(6.28, "high")
