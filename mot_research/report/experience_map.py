"""The experience map: stages as columns, every moment a circle in its stage."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mot_research.numbers import is_shown, percent
from mot_research.report import house_style as style
from mot_research.report.matrix import first_role
from mot_research.report.narrative import picture_words, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.findings import Findings
    from mot_research.priorities.result import Priority
    from mot_research.study.definition import Ratings

# All lengths are inches on the report's page; the axes are drawn in inches, too.
HEAD = 0.34
FOOT = 0.78
GAP = 0.13  # between two moments of a column
SMALLEST = 0.055  # radius
HALO_AT_MOST = 1.35  # of the largest radius
ROOM_FOR_PLACE = 0.085  # radius from which a number fits inside
NAME_TYPE, DETAIL_TYPE, HEAD_TYPE, PLACE_TYPE = 7.4, 6.8, 8.5, 8.2
LINE, DETAIL_LINE = 0.1435, 0.132  # a line of each type, as matplotlib sets it
LONGEST_NAME = 80  # characters, before it is wrapped
LANES_OF_ONE = 6  # to begin with, where one column holds every moment
HIGHEST = 8.0  # of the columns; a page has a heading and a caption besides
MOST_LANES = 8
KEY_SHARES = (1 / 12, 1 / 4)  # of the largest share, as circles of the key
# The largest radius and the lines of a name, the roomiest that fits first.
FITS = ((0.35, 3), (0.3, 3), (0.26, 3), (0.22, 2), (0.18, 2), (0.14, 1))
BAND = "#f3f6f9"
HALO = "#c3ccd6"


@dataclass(frozen=True)
class Place:
    """A moment as it is drawn: radii in inches, the colour's part of the scale, its words."""

    row: Priority
    radius: float
    halo: float
    rating: float | None
    name: str
    detail: str

    @property
    def height(self) -> float:
        lines = (self.name.count("\n") + 1) * LINE + (DETAIL_LINE if self.detail else 0)
        return 2 * max(self.radius, self.halo) + 0.05 + lines + GAP


@dataclass(frozen=True)
class Layout:
    """The map's columns, each with its lanes of moments, and what the radii mean."""

    columns: tuple[tuple[str, tuple[tuple[Place, ...], ...]], ...]
    largest: float  # radius
    largest_share: float
    role: str

    @property
    def n_lanes(self) -> int:
        return sum(len(lanes) for _, lanes in self.columns)

    @property
    def depth(self) -> float:
        lanes = [lane for _, lanes in self.columns for lane in lanes]
        return max((sum(place.height for place in lane) for lane in lanes), default=0.0)


def experience_map(findings: Findings, ax: Axes | None = None, *, role: str | None = None) -> Axes:
    """Draw the moments by stage: size importance, colour rating, ring uncertainty.

    The area of a circle is the share of importance for the role; the pale ring
    around it reaches to the upper end of its interval. In the circle stands the
    place on the list, below it the name, the mean rating and the owner. A
    moment that is not tested, or that fewer than 30 rated, is a small hollow
    circle. The mark at a circle is red for a moment of truth, blue for an
    internal interaction, green for a decision point, each with its own shape.

    Parameters
    ----------
    role : str, optional
        ``relationship`` or ``revenue``; default the first that was tested.
    """
    layout = _fitting(findings, role or first_role(findings.priorities))
    ratings = [place.rating for place in _places(layout) if place.rating is not None]
    ends = _ends(ratings)
    height = HEAD + 0.1 + max(layout.depth, 1.0) + FOOT
    with style.house_style():
        ax = style.bare_axes(height=height) if ax is None else ax
        ax.set(xlim=(0, style.PAGE_WIDTH), ylim=(-height, 0), aspect="equal")
        ax.set_axis_off()
        width = style.PAGE_WIDTH / max(1, layout.n_lanes)
        left = 0.0
        for i, (name, lanes) in enumerate(layout.columns):
            _draw_column(ax, name, left, width * len(lanes), height, banded=i % 2 == 0)
            for lane in lanes:
                y = -HEAD - 0.1
                for place in lane:
                    _draw_place(ax, place, left + width / 2, y, ends)
                    y -= place.height
                left += width
        _draw_key(ax, layout, findings, ends, -height + FOOT - 0.12)
    return ax


# Where everything goes ------------------------------------------------------------------------


def _fitting(findings: Findings, role: str) -> Layout:
    """Return the roomiest layout that is not higher than a page; else the densest."""
    layout = Layout((), FITS[0][0], 1.0, role)
    for largest, lines in FITS:
        for layout in _layouts(findings, role, largest, lines):
            if layout.depth <= HIGHEST:
                return layout
    return layout


def _layouts(findings: Findings, role: str, largest: float, lines: int) -> Iterator[Layout]:
    """Yield layouts with ever more lanes for the deepest column."""
    stages = _stages(findings)
    lanes = dict.fromkeys(range(len(stages)), 1)
    if len(stages) == 1:
        lanes[0] = min(LANES_OF_ONE, len(stages[0][1]))
    while True:
        width = style.PAGE_WIDTH / max(1, sum(lanes.values()))
        shares = [_share(row, role) for row in findings.priorities.rows]
        top = max(shares, default=0.0) or 1.0
        columns = tuple(
            (
                name,
                tuple(
                    tuple(
                        _place(row, findings, role, largest, top, width, lines)
                        for row in rows[lane :: lanes[i]]
                    )
                    for lane in range(lanes[i])
                ),
            )
            for i, (name, rows) in enumerate(stages)
        )
        yield Layout(columns, largest, top, role)
        if sum(lanes.values()) >= MOST_LANES or not stages:
            return
        deepest = max(lanes, key=lambda i: len(stages[i][1]) / lanes[i])
        lanes[deepest] += 1


def _stages(findings: Findings) -> list[tuple[str, list[Priority]]]:
    """Return the stages with their moments, the list first; without a stage at the end."""
    by_stage: dict[str | None, list[Priority]] = {}
    for row in findings.priorities.rows:
        by_stage.setdefault(row.moment.stage, []).append(row)
    columns = [(stage.name, by_stage.get(stage.id, [])) for stage in findings.study.stages]
    if None in by_stage:
        columns.append((words.NO_STAGE, by_stage[None]))
    return columns if set(by_stage) != {None} else columns[-1:]


def _share(row: Priority, role: str) -> float:
    return row.metrics[f"importance_{role}"].value or 0.0


def _place(
    row: Priority,
    findings: Findings,
    role: str,
    largest: float,
    top: float,
    width: float,
    lines: int,
) -> Place:
    importance, rating = row.metrics[f"importance_{role}"], row.metrics["mean_rating"]

    def radius(share: float) -> float:
        return max(SMALLEST, largest * math.sqrt(max(0.0, share) / top))

    on_list = row.place is not None
    name = style.wrap(
        style.label(row.moment.name, LONGEST_NAME),
        width - 0.1,
        lines,
        size=NAME_TYPE,
        bold=on_list,
    )
    owner = (row.moment.owner or words.NO_OWNER) if on_list else ""
    if importance.value is None or rating.value is None or not is_shown(rating.n):
        detail = _detail("", owner, width)
        return Place(row, SMALLEST, SMALLEST, None, name, detail)
    scale = findings.study.ratings_for(row.moment)
    part = (rating.value - scale.low) / (scale.high - scale.low)
    halo = importance.value if importance.ci_upper is None else importance.ci_upper
    return Place(
        row,
        radius(importance.value),
        min(radius(halo), HALO_AT_MOST * largest),
        part,
        name,
        _detail(f"{rating.value:.1f}", owner, width),
    )


def _detail(rating: str, owner: str, width: float) -> str:
    text = " · ".join(part for part in (rating, style.label(owner, 40) if owner else "") if part)
    return style.wrap(text, width - 0.1, 1, size=DETAIL_TYPE) if text else ""


def _places(layout: Layout) -> list[Place]:
    return [place for _, lanes in layout.columns for lane in lanes for place in lane]


def _ends(parts: list[float]) -> tuple[float, float]:
    """Return the parts of the scale that the colours reach over: a tenth beyond what is seen."""
    if not parts:
        return 0.0, 1.0
    low, high = math.floor(min(parts) * 10) / 10, math.ceil(max(parts) * 10) / 10
    return (low, high) if high > low else (max(0.0, low - 0.1), min(1.0, low + 0.1))


# Drawing --------------------------------------------------------------------------------------


def _draw_column(
    ax: Axes, name: str, left: float, width: float, height: float, *, banded: bool
) -> None:
    from matplotlib.patches import Rectangle

    box = (left + 0.02, -HEAD + 0.04)
    ax.add_patch(Rectangle(box, width - 0.04, HEAD - 0.04, fc=style.ACCENT, lw=0))
    if banded:
        band = (left + 0.02, -height + FOOT)
        ax.add_patch(Rectangle(band, width - 0.04, height - FOOT - HEAD, fc=BAND, lw=0, zorder=0))
    head = style.label(name, LONGEST_NAME)
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


def _draw_place(ax: Axes, place: Place, x: float, top: float, ends: tuple[float, float]) -> None:
    from matplotlib.patches import Circle

    reach = max(place.radius, place.halo)
    centre = (x, top - reach)
    on_list = place.row.place is not None
    if place.rating is None:
        ax.add_patch(Circle(centre, place.radius, fc=style.PAPER, ec=style.SOFT, lw=0.9))
        ink = style.INK
    else:
        colour = style.rating_colours()((place.rating - ends[0]) / (ends[1] - ends[0]))
        ink = style.PAPER if style.is_dark(colour) else style.INK
        ax.add_patch(Circle(centre, place.halo, fc=HALO, ec=style.FAINT, lw=0.5, zorder=2))
        ax.add_patch(Circle(centre, place.radius, fc=colour, ec=style.INK, lw=0.7, zorder=3))
    if on_list:
        inside = place.radius >= ROOM_FOR_PLACE
        ax.text(
            x if inside else x + reach + 0.03,
            centre[1],
            str(place.row.place),
            ha="center" if inside else "left",
            va="center_baseline" if inside else "center",
            fontsize=PLACE_TYPE,
            fontweight="bold",
            color=ink if inside else style.INK,
            zorder=5,
        )
    _draw_mark(ax, place.row.moment.mark, x - 0.71 * reach - 0.06, centre[1] + 0.71 * reach)
    below = centre[1] - reach - 0.05
    ax.text(
        x,
        below,
        place.name,
        ha="center",
        va="top",
        fontsize=NAME_TYPE,
        fontweight="bold" if on_list else "normal",
        color=style.INK,
        linespacing=1.05,
    )
    if place.detail:
        ax.text(
            x,
            below - (place.name.count("\n") + 1) * LINE,
            place.detail,
            ha="center",
            va="top",
            fontsize=DETAIL_TYPE,
            color=style.SOFT,
        )


def _draw_mark(ax: Axes, kind: str, x: float, y: float) -> None:
    ax.scatter(
        x,
        y,
        marker=style.MARK_SHAPES[kind],
        s=style.MARK_SIZES[kind],
        c=style.MARK_COLOURS[kind],
        edgecolor=style.PAPER,
        lw=0.5,
        zorder=4,
    )


def _draw_key(
    ax: Axes, layout: Layout, findings: Findings, ends: tuple[float, float], top: float
) -> None:
    """Explain marks, sizes, rings and colours in two lines under the map."""
    from matplotlib.patches import Circle, Rectangle

    def say(x: float, y: float, text: str, side: str = "left") -> float:
        ax.text(x, y, text, va="center", ha=side, fontsize=DETAIL_TYPE, color=style.SOFT)
        return x + style.width_of(text, size=DETAIL_TYPE) * (1 if side == "left" else 0)

    first, second = top - 0.05, top - 0.4
    x = say(0.06, first, "Kind:") + 0.14
    for kind in style.MARK_SHAPES:
        _draw_mark(ax, kind, x, first)
        x = say(x + 0.1, first, words.MARKS[kind]) + 0.18
    colours, start, span = style.rating_colours(), style.PAGE_WIDTH - 1.62, 1.1
    for step in range(44):
        box = (start + step * span / 44, first - 0.06)
        ax.add_patch(Rectangle(box, span / 44 + 0.005, 0.12, fc=colours(step / 43), lw=0))
    low, high = _rating_ends(findings, ends)
    say(start - 0.05, first, f"Mean rating: {low}", "right")
    say(start + span + 0.05, first, high)
    target = _target(findings)
    if target is not None and ends[0] < target[0] < ends[1]:
        at = start + span * (target[0] - ends[0]) / (ends[1] - ends[0])
        ax.plot([at, at], [first - 0.1, first + 0.06], color=style.INK, lw=1.0)
        ax.text(
            at, first - 0.12, f"target {target[1]:g}", ha="center", va="top", fontsize=DETAIL_TYPE
        )
    x = 0.06
    if any(place.rating is not None for place in _places(layout)):
        x = say(x, second, picture_words.size_of(layout.role)) + 0.16
        for part in KEY_SHARES:
            share, radius = part * layout.largest_share, layout.largest * math.sqrt(part)
            ax.add_patch(Circle((x + radius, second), radius, fc=BAND, ec=style.INK, lw=0.7))
            x = say(x + 2 * radius + 0.04, second, percent(share)) + 0.12
        x += 0.08
        ax.add_patch(Circle((x + 0.1, second), 0.12, fc=HALO, ec=style.FAINT, lw=0.5))
        ax.add_patch(Circle((x + 0.1, second), 0.07, fc=BAND, ec=style.INK, lw=0.7))
        x = say(x + 0.27, second, picture_words.RING) + 0.2
        say(x, second, picture_words.BOLD)
    else:
        say(x, second, picture_words.SIZELESS)


def _rating_ends(findings: Findings, ends: tuple[float, float]) -> tuple[str, str]:
    """Return the ratings at both ends of the colours; words where the scales differ."""
    scales = {(scale.low, scale.high) for scale in _scales(findings)}
    if len(scales) != 1:
        return "low", "high"
    ((low, high),) = scales
    below, above = (low + part * (high - low) for part in ends)
    return f"{below:.1f}", f"{above:.1f}"


def _target(findings: Findings) -> tuple[float, float] | None:
    """Return the target as a part of the scale and as a rating, where all share it."""
    found = {(scale.low, scale.high, scale.target) for scale in _scales(findings)}
    if len(found) != 1:
        return None
    ((low, high, target),) = found
    return None if target is None else ((target - low) / (high - low), target)


def _scales(findings: Findings) -> list[Ratings]:
    return [findings.study.ratings_for(moment) for moment in findings.study.moments]
