"""The priority matrix: every moment by its rating and its importance, with a key of names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mot_research.numbers import is_shown, percent
from mot_research.report import house_style as style
from mot_research.report.narrative import picture_words, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.priorities.result import Metric, Priorities, Priority

PANEL_HEIGHT = 3.0  # inches
KEY_COLUMNS = 3
KEY_ROW = 0.158  # inches
KEY_TYPE = 7.4
LONGEST_NAME = 60  # characters, before it is cut to its column
# Badges that would cover another one move outwards: distances in points, and directions.
DISTANCES = (9, 12, 15, 19, 24, 30, 38, 48)
DIRECTIONS = tuple(2 * math.pi * step / 16 for step in range(16))
ROOM_FOR_CODE = 4.9  # points: the radius of a badge, that its letter needs
OVER_THE_EDGE = 5.0  # points that a badge may reach over the left or right edge of the axes
BELOW_AXES = 0.5  # inches: ticks and label of given axes, before the key
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Spot:
    """A moment's place in the matrix: mean rating across, percent of importance up."""

    row: Priority
    x: float
    y: float
    x_ends: tuple[float, float] | None
    y_ends: tuple[float, float] | None

    @property
    def lines(self) -> list[tuple[list[float], list[float]]]:
        """The intervals, each as the x and the y of its ends."""
        found = []
        if self.x_ends is not None:
            found.append((list(self.x_ends), [self.y, self.y]))
        if self.y_ends is not None:
            found.append(([self.x, self.x], list(self.y_ends)))
        return found


def matrix_spots(priorities: Priorities, role: str) -> list[Spot]:
    """Return the moments that have a place in the matrix, in the order of the list.

    Those with a rating and a share of importance for the role, from 30 people up.
    """
    spots = []
    for row in priorities.rows:
        rating, importance = row.metrics["mean_rating"], row.metrics[f"importance_{role}"]
        if rating.value is None or importance.value is None:
            continue
        if is_shown(rating.n) and is_shown(importance.n):
            ends = _interval(rating, 1), _interval(importance, 100)
            spots.append(Spot(row, rating.value, 100 * importance.value, *ends))
    return spots


def _interval(metric: Metric, scale: float) -> tuple[float, float] | None:
    if metric.ci_lower is None or metric.ci_upper is None:
        return None
    return scale * metric.ci_lower, scale * metric.ci_upper


def tested_roles(priorities: Priorities) -> list[str]:
    """Return the roles for which any moment has a place in the matrix."""
    return [role for role in words.ROLES if matrix_spots(priorities, role)]


def first_role(priorities: Priorities) -> str:
    """Return the first role that was tested."""
    return next(iter(tested_roles(priorities)), "relationship")


def priority_matrix(
    priorities: Priorities, ax: Axes | None = None, *, role: str | None = None
) -> Axes:
    """Draw the moments by rating (across) and importance (up), both with intervals.

    Colour, shape and filling of a mark tell the verdict; the place on the list
    stands in it, a letter where there is none, and the key below gives the
    names. A mark that would cover another stands beside its point, on a line. A
    moment without a rating or an importance, or with fewer than 30 people behind
    them, is not drawn.

    Parameters
    ----------
    role : str, optional
        ``relationship`` or ``revenue``; default the first that was tested.
    """
    role = role or first_role(priorities)
    spots = {role: matrix_spots(priorities, role)}
    with style.house_style():
        if ax is None:
            return _whole(priorities, spots)[0]
        codes = _codes(priorities, spots)
        _draw_panels([ax], spots, codes)
        box = ax.get_window_extent()
        width, below = box.width / ax.figure.dpi, _key_height(codes) + BELOW_AXES
        _draw_key(ax, priorities, codes, width, ax.transAxes, -below)
    return ax


def priority_matrices(priorities: Priorities) -> list[Axes]:
    """Draw the matrix of each role that was tested side by side, over one key of names."""
    roles = tested_roles(priorities) or [first_role(priorities)]
    with style.house_style():
        return _whole(priorities, {role: matrix_spots(priorities, role) for role in roles})


def _whole(priorities: Priorities, spots: Mapping[str, list[Spot]]) -> list[Axes]:
    """Draw a figure: the panels side by side on the same scales, the key below them."""
    import matplotlib.pyplot as plt

    codes = _codes(priorities, spots)
    key = _key_height(codes)
    height = PANEL_HEIGHT + key
    figure, axes = plt.subplots(
        1,
        len(spots),
        figsize=(style.PAGE_WIDTH, height),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0, key / height, 1, 1 - key / height))
    _draw_panels(list(axes[0]), spots, codes)
    _draw_key(axes[0, 0], priorities, codes, style.PAGE_WIDTH, figure.transFigure, 0.0)
    return list(axes[0])


def _draw_panels(
    panels: list[Axes], spots: Mapping[str, list[Spot]], codes: dict[str, str]
) -> None:
    for ax, role in zip(panels, spots, strict=True):
        _draw_panel(ax, spots[role], role)
    if any(spots.values()):
        # Only now: a limit that is set keeps shared axes from growing with the next panel.
        panels[0].set_ylim(bottom=min(0.0, panels[0].get_ylim()[0]))
        panels[0].set_ylabel(picture_words.SHARE_OF_IMPORTANCE)
        panels[0].figure.canvas.draw()
    for ax, role in zip(panels, spots, strict=True):
        _draw_badges(ax, spots[role], codes)


def _codes(priorities: Priorities, spots: Mapping[str, list[Spot]]) -> dict[str, str]:
    """Return what stands in the mark of each moment drawn: its place, else a letter."""
    drawn = {spot.row.moment.id for each in spots.values() for spot in each}
    codes: dict[str, str] = {}
    for row in priorities.rows:
        if row.moment.id in drawn:
            n = sum(not code.isdigit() for code in codes.values())
            double, letter = divmod(n, len(LETTERS))
            other = (LETTERS[double - 1] if double else "") + LETTERS[letter]
            codes[row.moment.id] = other if row.place is None else str(row.place)
    return codes


def _draw_panel(ax: Axes, spots: list[Spot], role: str) -> None:
    if not spots:
        _say(ax, picture_words.NOTHING_PLACED)
        return
    for spot in spots:
        mark = style.VERDICT_MARKS[spot.row.verdict]
        for xs, ys in spot.lines:
            ax.plot(xs, ys, color=mark.edge, lw=0.9, alpha=0.45, zorder=2)
        ax.plot(spot.x, spot.y, marker="o", ms=2.2, color=mark.edge, zorder=3)
    ax.margins(x=0.08, y=0.08)
    ax.set_title(f"For {words.THE_ROLES[role]}", x=0, pad=16)
    ax.set_xlabel(picture_words.MEAN_RATING)
    ax.grid(visible=True)


def _draw_badges(ax: Axes, spots: list[Spot], codes: dict[str, str]) -> None:
    """Draw the marks at their points, or beside them where they would cover another."""
    from matplotlib.transforms import ScaledTranslation

    if not spots:
        return
    _target_line(ax, spots)
    ax.autoscale(enable=False)
    to_points = 72 / ax.figure.dpi
    points = np.array([ax.transData.transform((spot.x, spot.y)) for spot in spots]) * to_points
    edges = np.asarray(ax.bbox.extents) * to_points
    for spot, (right, up) in zip(spots, _shifts(points, _radii(spots), edges), strict=True):
        mark = style.VERDICT_MARKS[spot.row.verdict]
        moved = ScaledTranslation(right / 72, up / 72, ax.figure.dpi_scale_trans)
        at = ax.transData + moved
        if right or up:
            ax.annotate(
                "",
                (spot.x, spot.y),
                xytext=(right, up),
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": mark.edge, "lw": 0.7, "shrinkB": 0},
                zorder=3,
            )
        ax.scatter(spot.x, spot.y, transform=at, **mark.scatter, zorder=4)
        ax.text(
            spot.x,
            spot.y,
            codes[spot.row.moment.id],
            transform=at,
            ha="center",
            va="center_baseline",
            fontsize=7.0 if spot.row.place is not None else 6.4,
            fontweight="bold" if spot.row.place is not None else "normal",
            color=mark.ink,
            zorder=5,
        )


def _radii(spots: list[Spot]) -> list[float]:
    marks = (style.VERDICT_MARKS[spot.row.verdict] for spot in spots)
    return [max(0.5 * math.sqrt(mark.size) + 0.6, ROOM_FOR_CODE) for mark in marks]


def _shifts(points: np.ndarray, radii: list[float], edges: np.ndarray) -> list[tuple[float, float]]:
    """Return how far each badge moves so that none covers another, the first ones least.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Where the badges belong, in points.
    radii : list of float
    edges : ndarray of shape (4,)
        Left, bottom, right and top of the axes.
    """
    ways = [(0.0, 0.0)] + [
        (distance * math.cos(angle), distance * math.sin(angle))
        for distance in DISTANCES
        for angle in DIRECTIONS
    ]
    taken: list[tuple[np.ndarray, float]] = []
    shifts = []
    for point, radius in zip(points, radii, strict=True):
        for way in ways:
            centre = point + way
            inside = (centre[0] - radius > edges[0] - OVER_THE_EDGE) and (
                centre[0] + radius < edges[2] + OVER_THE_EDGE
            )
            inside = inside and edges[1] < centre[1] - radius and centre[1] + radius < edges[3]
            apart = all(math.dist(centre, other) >= radius + r for other, r in taken)
            if apart and (inside or way == (0.0, 0.0)):
                break
        else:
            way = (0.0, 0.0)
        taken.append((point + way, radius))
        shifts.append(way)
    return shifts


def _target_line(ax: Axes, spots: list[Spot]) -> None:
    """Draw the target where all moments share one: the rating less its gap."""
    gaps = [(spot, spot.row.metrics["gap_to_expectation"].value) for spot in spots]
    targets = {
        round(spot.x - gap, 6)
        for spot, gap in gaps
        if gap is not None and spot.row.moment.expected is None
    }
    if len(targets) != 1:
        return
    target = targets.pop()
    lower, upper = ax.get_xlim()
    if not lower < target < upper:
        return
    ax.axvline(target, color=style.SOFT, lw=1.0, ls=(0, (4, 3)), zorder=1)
    near_left = target - lower < 0.2 * (upper - lower)
    ax.annotate(
        f"target {target:g}",
        (target, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="left" if near_left else "center" if upper - target > 0.1 * (upper - lower) else "right",
        va="bottom",
        fontsize=style.SMALL_TYPE,
        color=style.SOFT,
    )


# The key ---------------------------------------------------------------------------------------


def _key_height(codes: dict[str, str]) -> float:
    """Return the height of the key in inches: a line of verdicts, then the names."""
    return KEY_ROW * (2.2 + math.ceil(len(codes) / KEY_COLUMNS)) if codes else 0.0


def _draw_key(
    ax: Axes,
    priorities: Priorities,
    codes: dict[str, str],
    width: float,
    corner: Any,
    bottom: float,
) -> None:
    """Name the verdicts of the marks in a line, and the moments in columns below it.

    All lengths are inches from the lower left of the transform ``corner``, so that the
    names keep apart whatever the size of the figure.
    """
    from matplotlib.lines import Line2D
    from matplotlib.text import Text
    from matplotlib.transforms import ScaledTranslation

    if not codes:
        return
    inches = ax.figure.dpi_scale_trans + ScaledTranslation(0, 0, corner)
    top = bottom + _key_height(codes)

    def say(x: float, line: float, text: str, **look: Any) -> None:
        ax.figure.add_artist(
            Text(
                x,
                top - line * KEY_ROW,
                text,
                transform=inches,
                va="center_baseline",
                fontsize=KEY_TYPE,
                fontfamily=style.families(),
                parse_math=False,
                **look,
            )
        )

    drawn = [row for row in priorities.rows if row.moment.id in codes]
    x = 0.12
    for verdict, name in words.VERDICTS.items():
        if any(row.verdict == verdict for row in drawn):
            mark = style.VERDICT_MARKS[verdict]
            ax.figure.add_artist(
                Line2D([x], [top - 0.5 * KEY_ROW], ls="", transform=inches, **mark.line)
            )
            say(x + 0.12, 0.6, name, color=style.INK)
            x += style.width_of(name, size=KEY_TYPE) + 0.4
    lines = f"lines: {percent(priorities.rules.confidence)} intervals"
    say(width - 0.05, 0.6, lines, color=style.SOFT, ha="right")
    per_column = math.ceil(len(drawn) / KEY_COLUMNS)
    for i, row in enumerate(drawn):
        column, line = divmod(i, per_column)
        left, room = column * width / KEY_COLUMNS, width / KEY_COLUMNS
        on_list = row.place is not None
        look = {"color": style.INK if on_list else style.SOFT}
        weight = "bold" if on_list else "normal"
        say(left + 0.2, line + 2, codes[row.moment.id], ha="right", fontweight=weight, **look)
        name = style.label(row.moment.name, LONGEST_NAME)
        say(left + 0.26, line + 2, style.wrap(name, room - 0.34, 1, size=KEY_TYPE), **look)


def _say(ax: Axes, text: str) -> None:
    """Say in the middle of an empty chart why it is empty."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=style.SOFT)
