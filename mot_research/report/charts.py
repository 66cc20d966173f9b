"""The charts of the report, each of them drawing alone on any axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mot_research.report import house_style as style
from mot_research.report import words
from mot_research.report.numbers import is_shown, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.drivers.result import DriverResult
    from mot_research.priorities.result import Metric, Priorities, Priority

ROW_HEIGHT = 0.27  # inches of one bar
MATRIX_HEIGHT = 4.1  # inches
NAME_IN_MATRIX = 32  # characters
LABELLED_AT_MOST = 24  # above it a matrix labels only what is on the list


def importance_bars(
    result: DriverResult, ax: Axes | None = None, *, names: Mapping[str, str] | None = None
) -> Axes:
    """Draw how much of the outcome each driver explains, largest first.

    A bar is `lmg` in percent of the outcome's variation (how it went), the line
    its interval. Drivers that are not tested or that few rated stand last.

    Parameters
    ----------
    names : mapping of str to str, optional
        What readers call a driver; default its name in the result.
    """
    table = result.to_frame()
    shown = [name for name in result.tested if is_shown(_number(table.at[name, "n"]))]
    order = sorted(shown, key=lambda name: -table.at[name, "lmg"])
    rest = [name for name in table.index if name not in order]
    rows = order + rest
    with style.house_style():
        ax = style.own_axes(ax, height=max(1.6, 0.9 + ROW_HEIGHT * len(rows)))
        ends = [0.0]
        for y, name in enumerate(order):
            ends.append(_bar(ax, y, table.loc[name]))
        for y, name in enumerate(rest, start=len(order)):
            ax.annotate(
                "not tested" if name in result.not_tested else "too few to say",
                (0, y),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.SMALL_TYPE,
                color=style.SOFT,
                style="italic",
            )
        called = names or {}
        ax.set_yticks(
            range(len(rows)),
            [style.label(called.get(name, str(name)), 40) for name in rows],
            parse_math=False,
        )
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_xlim(0, 1.12 * max(ends) or 1.0)
        ax.grid(axis="x")
        ax.spines["left"].set_visible(False)
        outcome = style.label(called.get(result.outcome, result.outcome), 60)
        ax.set_title(f"What moves {outcome}", x=0, parse_math=False)
        lines = f"; line: {percent(result.confidence)} interval" if result.n_resamples else ""
        ax.set_xlabel(f"% of its differences that go with how the moment went{lines}")
    return ax


def _bar(ax: Axes, y: float, row: pd.Series) -> float:
    """Draw one importance with its interval and number; return where they end."""
    value = 100 * float(row["lmg"])
    ax.barh(y, value, height=0.6, color=style.ACCENT_LIGHT, zorder=2)
    end = value
    if np.isfinite(row.get("ci_lower", np.nan)):
        lower, end = 100 * float(row["ci_lower"]), max(value, 100 * float(row["ci_upper"]))
        ax.plot([lower, end], [y, y], color=style.ACCENT, lw=1.3, zorder=3)
    ax.plot(value, y, marker="o", ms=5, color=style.ACCENT, zorder=4)
    ax.annotate(
        f"{value:.1f}",
        (end, y),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL_TYPE,
    )
    return end


def priority_matrix(
    priorities: Priorities, ax: Axes | None = None, *, role: str | None = None
) -> Axes:
    """Draw the moments by rating (across) and importance (up), both with intervals.

    Colour, shape and filling of a mark tell the verdict; the place on the list
    stands in it, the name beside it where there is room. A moment without a rating or an importance, or with fewer than 30
    people behind them, is not drawn.

    Parameters
    ----------
    role : str, optional
        ``relationship`` or ``revenue``; default the first that was tested.
    """
    role = role or first_role(priorities)
    drawn = drawn_in_matrix(priorities, role)
    with style.house_style():
        ax = style.own_axes(ax, height=MATRIX_HEIGHT)
        if not drawn:
            _say(ax, "No moment has both a rating and an importance to draw.")
            return ax
        lines: list[tuple[list[float], list[float]]] = []
        for row in reversed(drawn):
            rating, importance = _at(row, role)
            mark = style.VERDICT_MARKS[row.verdict]
            x, y = rating.value, 100 * importance.value
            for xs, ys in _crosses(rating, importance, x, y):
                ax.plot(xs, ys, color=mark.edge, lw=0.9, alpha=0.55, zorder=2)
                lines.append((xs, ys))
            ax.scatter(
                x,
                y,
                s=mark.size,
                marker=mark.marker,
                facecolor=mark.fill,
                edgecolor=mark.edge,
                linewidth=1.2,
                zorder=4,
            )
            if row.place is not None:
                ax.annotate(
                    str(row.place),
                    (x, y),
                    ha="center",
                    va="center_baseline",
                    fontsize=6.2,
                    fontweight="bold",
                    color=mark.ink,
                    zorder=5,
                )
        ax.margins(x=0.12, y=0.1)
        ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
        _target_line(ax, drawn)
        ax.set_xlabel("Mean rating of those who had it")
        ax.set_ylabel(f"Share of importance for {words.THE_ROLES[role]}, %")
        ax.grid(True)
        _verdict_key(ax, drawn)
        ax.figure.canvas.draw()
        _name_marks(ax, drawn, role, lines)
    return ax


def priority_matrices(priorities: Priorities) -> list[Axes]:
    """Draw the matrix of each role that was tested, one below the other."""
    import matplotlib.pyplot as plt

    roles = tested_roles(priorities)
    if len(roles) < 2:
        return [priority_matrix(priorities)]
    with style.house_style():
        size = (style.PAGE_WIDTH, MATRIX_HEIGHT * len(roles))
        figure, axes = plt.subplots(len(roles), figsize=size, layout="constrained")
        figure.get_layout_engine().set(hspace=0.06)
    return [priority_matrix(priorities, ax, role=role) for role, ax in zip(roles, axes, strict=True)]


def tested_roles(priorities: Priorities) -> list[str]:
    """Return the roles for which any moment has a place in the matrix."""
    return [role for role in words.ROLES if drawn_in_matrix(priorities, role)]


def first_role(priorities: Priorities) -> str:
    """Return the first role that was tested."""
    return next(iter(tested_roles(priorities)), "relationship")


def drawn_in_matrix(priorities: Priorities, role: str) -> list[Priority]:
    """Return the moments that have a place in the matrix, in the order of the list."""
    return [
        row
        for row in priorities.rows
        if all(metric.value is not None and is_shown(metric.n) for metric in _at(row, role))
    ]


def _at(row: Priority, role: str) -> tuple[Metric, Metric]:
    return row.metrics["mean_rating"], row.metrics[f"importance_{role}"]


def _crosses(
    rating: Metric, importance: Metric, x: float, y: float
) -> list[tuple[list[float], list[float]]]:
    crosses = []
    if rating.ci_lower is not None and rating.ci_upper is not None:
        crosses.append(([rating.ci_lower, rating.ci_upper], [y, y]))
    if importance.ci_lower is not None and importance.ci_upper is not None:
        crosses.append(([x, x], [100 * importance.ci_lower, 100 * importance.ci_upper]))
    return crosses


def _target_line(ax: Axes, drawn: list[Priority]) -> None:
    """Draw the target where all moments share one."""
    targets = {
        round(row.metrics["mean_rating"].value - row.metrics["gap_to_expectation"].value, 6)
        for row in drawn
        if row.moment.expected is None and row.metrics["gap_to_expectation"].value is not None
    }
    if len(targets) != 1:
        return
    target = targets.pop()
    lower, upper = ax.get_xlim()
    if not lower < target < upper:
        return
    ax.axvline(target, color=style.SOFT, lw=1.0, ls=(0, (4, 3)), zorder=1)
    for text, side, shift in (("below target", "right", -5), ("at target", "left", 5)):
        ax.annotate(
            text,
            (target, 1),
            xycoords=("data", "axes fraction"),
            xytext=(shift, -2),
            textcoords="offset points",
            ha=side,
            va="top",
            fontsize=style.SMALL_TYPE,
            color=style.SOFT,
        )


def _verdict_key(ax: Axes, drawn: list[Priority]) -> None:
    """Name the marks in one line above the axes."""
    present = [verdict for verdict in words.VERDICTS if verdict in {row.verdict for row in drawn}]
    handles = [
        ax.scatter(
            [],
            [],
            s=style.VERDICT_MARKS[verdict].size,
            marker=style.VERDICT_MARKS[verdict].marker,
            facecolor=style.VERDICT_MARKS[verdict].fill,
            edgecolor=style.VERDICT_MARKS[verdict].edge,
            linewidth=1.2,
            label=words.VERDICTS[verdict],
        )
        for verdict in present
    ]
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=len(handles),
        frameon=False,
        fontsize=style.TYPE_SIZE - 0.5,
        handletextpad=0.2,
        columnspacing=1.3,
        borderpad=0.2,
    )


def _name_marks(
    ax: Axes, drawn: list[Priority], role: str, lines: list[tuple[list[float], list[float]]]
) -> None:
    """Put the names at the marks without overlaps; those that find no room stay unnamed."""
    import textalloc

    named = drawn if len(drawn) <= LABELLED_AT_MOST else [r for r in drawn if r.place is not None]
    if not named:
        named = drawn[:LABELLED_AT_MOST]
    points = [(_at(row, role)[0].value, 100 * _at(row, role)[1].value) for row in drawn]
    where = [(_at(row, role)[0].value, 100 * _at(row, role)[1].value) for row in named]
    textalloc.allocate(
        ax,
        [x for x, _ in where],
        [y for _, y in where],
        [style.label(row.moment.name, NAME_IN_MATRIX) for row in named],
        x_scatter=[x for x, _ in points],
        y_scatter=[y for _, y in points],
        x_lines=[xs for xs, _ in lines],
        y_lines=[ys for _, ys in lines],
        textsize=style.SMALL_TYPE,
        textcolor=[style.INK if row.place is not None else style.SOFT for row in named],
        fontweight="normal",
        linecolor=style.FAINT,
        linewidth=0.6,
        nbr_candidates=400,
        min_distance=0.012,
        max_distance=0.25,
        margin=0.006,
        draw_all=False,
        avoid_label_lines_overlap=True,
        parse_math=False,
    )


def _say(ax: Axes, text: str) -> None:
    """Say in the middle of an empty chart why it is empty."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=style.SOFT)


def _number(value: float) -> int | None:
    return None if not np.isfinite(value) else int(value)
