"""The charts of the report, each of them drawing alone on any axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mot_research.numbers import SHOWN_FROM, is_shown, percent
from mot_research.report import house_style as style
from mot_research.report import words
from mot_research.report.phrases import deciding, names_by_id
from mot_research.report.rank_groups import alike, draw_brackets

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.drivers.result import DriverResult
    from mot_research.findings import Findings
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
    Brackets to the right join drivers whose ranks cannot be told apart.

    Parameters
    ----------
    names : mapping of str to str, optional
        What readers call a driver; default its name in the result.
    """
    if not result.is_ranked:
        ax = style.own_axes(ax, height=0.8)
        _say(ax, "There is one model per moment, so there are no shares to compare.")
        return ax
    table = result.to_frame()
    tested = table.loc[list(result.tested)].sort_values("lmg", ascending=False, kind="stable")
    order = list(tested.index[tested["n"] >= SHOWN_FROM])
    rest = [name for name in table.index if name not in order]
    rows = order + rest
    with style.house_style():
        ax = style.own_axes(ax, height=max(1.6, 0.9 + ROW_HEIGHT * len(rows)))
        ends = [0.0]
        for y, name in enumerate(order):
            ends.append(_bar(ax, y, *_ends(table, name)))
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
        start = 1.12 * max(ends) or 1.0
        ax.set_xlim(0, draw_brackets(ax, alike(result), order, start=start))
        ax.grid(axis="x")
        ax.spines["left"].set_visible(False)
        outcome = style.label(called.get(result.outcome, result.outcome), 60)
        ax.set_title(f"What moves {outcome}", x=0, parse_math=False)
        lines = f"; line: {percent(result.confidence)} interval" if result.n_resamples else ""
        ax.set_xlabel(f"% of its differences that go with how the moment went{lines}")
    return ax


def importances(findings: Findings) -> list[Axes]:
    """Draw the importance bars of each deciding outcome, a figure each."""
    names = names_by_id(findings)
    return [importance_bars(result, names=names) for result in deciding(findings).values()]


def _ends(table: pd.DataFrame, name: str) -> tuple[float, float, float]:
    """Return an importance and its interval in percent; without resamples an empty one."""
    columns = ["lmg", "ci_lower", "ci_upper"]
    value, lower, upper = table.reindex(columns=columns).loc[name].to_numpy(dtype=float)
    return float(100 * value), float(100 * lower), float(100 * upper)


def _bar(ax: Axes, y: float, value: float, lower: float, upper: float) -> float:
    """Draw one importance with its interval and number; return where they end."""
    ax.barh(y, value, height=0.6, color=style.ACCENT_LIGHT, zorder=2)
    end = value
    if np.isfinite(lower) and np.isfinite(upper):
        end = max(value, upper)
        ax.plot([lower, upper], [y, y], color=style.ACCENT, lw=1.3, zorder=3)
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


def priority_matrix(
    priorities: Priorities, ax: Axes | None = None, *, role: str | None = None
) -> Axes:
    """Draw the moments by rating (across) and importance (up), both with intervals.

    Colour, shape and filling of a mark tell the verdict; the place on the list
    stands in it, the name beside it where there is room. A moment without a
    rating or an importance, or with fewer than 30 people behind them, is not
    drawn.

    Parameters
    ----------
    role : str, optional
        ``relationship`` or ``revenue``; default the first that was tested.
    """
    role = role or first_role(priorities)
    spots = matrix_spots(priorities, role)
    with style.house_style():
        ax = style.own_axes(ax, height=MATRIX_HEIGHT)
        if not spots:
            _say(ax, "No moment has both a rating and an importance to draw.")
            return ax
        for spot in reversed(spots):
            _draw_spot(ax, spot)
        ax.margins(x=0.12, y=0.1)
        ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
        _target_line(ax, spots)
        ax.set_xlabel("Mean rating of those who had it")
        ax.set_ylabel(f"Share of importance for {words.THE_ROLES[role]}, %")
        ax.grid(True)
        _verdict_key(ax, {spot.row.verdict for spot in spots})
        ax.figure.canvas.draw()
        _name_marks(ax, spots)
    return ax


def _draw_spot(ax: Axes, spot: Spot) -> None:
    """Draw the mark of a verdict, its intervals, and the place on the list in it."""
    mark = style.VERDICT_MARKS[spot.row.verdict]
    for xs, ys in spot.lines:
        ax.plot(xs, ys, color=mark.edge, lw=0.9, alpha=0.55, zorder=2)
    ax.scatter(spot.x, spot.y, **mark.scatter, zorder=4)
    if spot.row.place is not None:
        ax.annotate(
            str(spot.row.place),
            (spot.x, spot.y),
            ha="center",
            va="center_baseline",
            fontsize=6.2,
            fontweight="bold",
            color=mark.ink,
            zorder=5,
        )


def priority_matrices(priorities: Priorities) -> list[Axes]:
    """Draw the matrix of each role that was tested, one below the other."""
    import matplotlib.pyplot as plt

    roles = tested_roles(priorities)
    if len(roles) < 2:
        return [priority_matrix(priorities)]
    with style.house_style():
        size = (style.PAGE_WIDTH, MATRIX_HEIGHT * len(roles))
        _, axes = plt.subplots(len(roles), figsize=size, layout="constrained")
    return [
        priority_matrix(priorities, ax, role=role) for role, ax in zip(roles, axes, strict=True)
    ]


def tested_roles(priorities: Priorities) -> list[str]:
    """Return the roles for which any moment has a place in the matrix."""
    return [role for role in words.ROLES if matrix_spots(priorities, role)]


def first_role(priorities: Priorities) -> str:
    """Return the first role that was tested."""
    return next(iter(tested_roles(priorities)), "relationship")


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


def _verdict_key(ax: Axes, drawn: set[str]) -> None:
    """Name the marks in one line above the axes."""
    handles = [
        ax.scatter([], [], **style.VERDICT_MARKS[verdict].scatter, label=name)
        for verdict, name in words.VERDICTS.items()
        if verdict in drawn
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


def _name_marks(ax: Axes, spots: list[Spot]) -> None:
    """Put the names at the marks without overlaps; those that find no room stay unnamed."""
    import textalloc

    named = spots
    if len(spots) > LABELLED_AT_MOST:
        named = [spot for spot in spots if spot.row.place is not None] or spots[:LABELLED_AT_MOST]
    lines = [line for spot in spots for line in spot.lines]
    textalloc.allocate(
        ax,
        [spot.x for spot in named],
        [spot.y for spot in named],
        [style.label(spot.row.moment.name, NAME_IN_MATRIX) for spot in named],
        x_scatter=[spot.x for spot in spots],
        y_scatter=[spot.y for spot in spots],
        x_lines=[xs for xs, _ in lines],
        y_lines=[ys for _, ys in lines],
        textsize=style.SMALL_TYPE,
        textcolor=[style.SOFT if spot.row.place is None else style.INK for spot in named],
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
