"""The experience map: stages as columns, every moment a circle in its stage."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mot_research.report import house_style as style
from mot_research.report import words
from mot_research.report.charts import first_role
from mot_research.report.numbers import is_shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.findings import Findings
    from mot_research.priorities.result import Priority

ROW = 0.62  # inches of one moment
HEAD = 0.42  # inches of a stage's name
FOOT = 0.62  # inches of the key
LARGEST = 0.23  # inches, radius of the most important moment
SMALLEST = 0.05
NAME_LINES = 3


def experience_map(findings: Findings, ax: Axes | None = None, *, role: str | None = None) -> Axes:
    """Draw the moments by stage: size importance, colour rating, dashed ring uncertainty.

    The area of a circle is the share of importance for the role; the dashed
    ring has the area of the upper end of its interval. A moment that is not
    tested, or that too few rated, is a small hollow circle. The flag beside a
    name is red for a moment of truth, blue for an internal interaction, green
    for a decision point, each with its own shape. Places on the list stand in
    the circle or before the name.
    """
    role = role or first_role(findings.priorities)
    columns = _columns(findings)
    deepest = max((len(rows) for _, rows in columns), default=1)
    width = style.PAGE_WIDTH / max(1, len(columns))
    height = HEAD + ROW * max(1, deepest) + FOOT
    with style.house_style():
        from matplotlib.patches import Rectangle

        ax = style.own_axes(ax, height=height)
        ax.set_xlim(0, style.PAGE_WIDTH)
        ax.set_ylim(-height, 0)
        ax.set_aspect("equal")
        ax.set_axis_off()
        largest = _largest(findings, role)
        for i, (name, rows) in enumerate(columns):
            left = i * width
            ax.add_patch(
                Rectangle(
                    (left + 0.03, -HEAD + 0.08),
                    width - 0.06,
                    HEAD - 0.1,
                    color=style.ACCENT,
                    zorder=1,
                )
            )
            ax.text(
                left + width / 2,
                -HEAD / 2 + 0.03,
                style.label(name, int(width * 13)),
                ha="center",
                va="center",
                color=style.PAPER,
                fontsize=style.TYPE_SIZE,
                fontweight="bold",
            )
            if i % 2 == 0:
                ax.add_patch(
                    Rectangle(
                        (left + 0.03, -height + FOOT),
                        width - 0.06,
                        height - FOOT - HEAD + 0.06,
                        color="#f5f7fa",
                        zorder=0,
                    )
                )
            for j, row in enumerate(rows):
                _draw(ax, row, findings, role, left, -HEAD - ROW * (j + 0.5), width, largest)
        _key(ax, -height + FOOT / 2)
    return ax


def _columns(findings: Findings) -> list[tuple[str, list[Priority]]]:
    """Return the stages with their moments, the list first; without a stage at the end."""
    by_stage: dict[str | None, list[Priority]] = {}
    for row in findings.priorities.rows:
        by_stage.setdefault(row.moment.stage, []).append(row)
    columns = [(stage.name, by_stage.get(stage.id, [])) for stage in findings.study.stages]
    if None in by_stage:
        if len(by_stage) == 1:
            columns = []
        columns.append((words.NO_STAGE, by_stage[None]))
    return columns


def _largest(findings: Findings, role: str) -> float:
    shares = [
        row.metrics[f"importance_{role}"].value or 0.0 for row in findings.priorities.rows
    ]
    return max(shares, default=0.0) or 1.0


def _draw(
    ax: Axes,
    row: Priority,
    findings: Findings,
    role: str,
    left: float,
    y: float,
    width: float,
    largest: float,
) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Circle

    importance = row.metrics[f"importance_{role}"]
    rating = row.metrics["mean_rating"]
    x = left + LARGEST + 0.07
    known = importance.value is not None and rating.value is not None and is_shown(rating.n)
    if known:
        scale = findings.study.ratings_for(row.moment)
        part = (rating.value - scale.low) / (scale.high - scale.low)
        fill = colormaps[style.RATING_COLOURS](min(1.0, max(0.0, part)))
        radius = max(SMALLEST, LARGEST * math.sqrt(importance.value / largest))
        if importance.ci_upper is not None:
            ring = min(LARGEST * 1.25, LARGEST * math.sqrt(importance.ci_upper / largest))
            ax.add_patch(
                Circle((x, y), ring, fill=False, ec=style.SOFT, lw=0.8, ls=(0, (2, 2)), zorder=2)
            )
        ax.add_patch(Circle((x, y), radius, fc=fill, ec=style.INK, lw=0.6, zorder=3))
    else:
        ax.add_patch(Circle((x, y), SMALLEST, fc=style.PAPER, ec=style.FAINT, lw=1.0, zorder=3))
    mark_x = x + LARGEST * 1.25 + 0.07
    kind = row.moment.mark
    ax.scatter(
        mark_x, y, marker=style.MARK_SHAPES[kind], s=20, c=style.MARK_COLOURS[kind], zorder=4, lw=0
    )
    room = left + width - mark_x - 0.1
    place = f"{row.place} " if row.place is not None else ""
    ax.text(
        mark_x + 0.09,
        y,
        _wrapped(place + row.moment.name, max(8, int(room * 15.5))),
        ha="left",
        va="center",
        fontsize=6.6,
        fontweight="bold" if row.place is not None else "normal",
        color=style.INK if row.place is not None else style.SOFT,
        linespacing=1.05,
    )


def _wrapped(name: str, per_line: int) -> str:
    import textwrap

    text = style.label(name, per_line * NAME_LINES)
    return "\n".join(
        textwrap.wrap(text, per_line, max_lines=NAME_LINES, placeholder=style.ELLIPSIS)
    )


def _key(ax: Axes, y: float) -> None:
    """Explain colours and marks under the map."""
    from matplotlib import colormaps
    from matplotlib.patches import Circle, Rectangle

    x = 0.08
    for name, shape in style.MARK_SHAPES.items():
        ax.scatter(x, y, marker=shape, s=24, c=style.MARK_COLOURS[name], lw=0)
        text = words.MARKS[name]
        ax.text(x + 0.1, y, text, va="center", fontsize=7, color=style.SOFT)
        x += 0.26 + 0.062 * len(text)
    ax.add_patch(Circle((x + 0.08, y), 0.08, fc=style.FAINT, ec=style.INK, lw=0.6))
    ax.add_patch(
        Circle((x + 0.08, y), 0.12, fill=False, ec=style.SOFT, lw=0.8, ls=(0, (2, 2)))
    )
    ax.text(x + 0.26, y, "importance, and its upper end", va="center", fontsize=7, color=style.SOFT)
    x += 2.0
    ax.text(x, y, "low", va="center", ha="right", fontsize=7, color=style.SOFT)
    for step in range(20):
        ax.add_patch(
            Rectangle(
                (x + 0.05 + step * 0.035, y - 0.05),
                0.036,
                0.1,
                color=colormaps[style.RATING_COLOURS](step / 19),
                lw=0,
            )
        )
    ax.text(x + 0.8, y, "high rating", va="center", fontsize=7, color=style.SOFT)
