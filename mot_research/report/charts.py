"""Importances and ranks of drivers, each drawing alone on any axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mot_research.numbers import SHOWN_FROM
from mot_research.report import house_style as style
from mot_research.report.narrative import picture_words
from mot_research.report.narrative.phrases import deciding, names_by_id
from mot_research.report.rank_groups import alike, draw_brackets

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.drivers.result import DriverResult
    from mot_research.findings import Findings

ROW_HEIGHT = 0.27  # inches of one row, less where there are many
ROWS_AT_MOST = 7.8  # inches of all rows
LONGEST_NAME = 40  # characters


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
        _say(ax, picture_words.ONE_MODEL_EACH)
        return ax
    table = result.to_frame()
    tested = table.loc[list(result.tested)].sort_values("lmg", ascending=False, kind="stable")
    order = list(tested.index[tested["n"] >= SHOWN_FROM])
    rest = [name for name in table.index if name not in order]
    rows = order + rest
    with style.house_style():
        ax = style.own_axes(ax, height=_height(len(rows), ROW_HEIGHT))
        ends = [0.0]
        for y, name in enumerate(order):
            ends.append(_bar(ax, y, *_ends(table, name)))
        for y, name in enumerate(rest, start=len(order)):
            ax.annotate(
                "not tested" if name in result.not_tested else picture_words.TOO_FEW,
                (0, y),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.SMALL_TYPE,
                color=style.SOFT,
                style="italic",
            )
        called = names or {}
        _name_rows(ax, [called.get(name, str(name)) for name in rows])
        start = 1.12 * max(ends) or 1.0
        ax.set_xlim(0, draw_brackets(ax, alike(result), order, start=start))
        ax.grid(axis="x")
        outcome = style.label(called.get(result.outcome, result.outcome), 60)
        style.title(ax, f"What moves {outcome}")
        if result.noise_floor is not None:
            ax.axvline(100 * result.noise_floor, color=style.SOFT, lw=1, ls=":", zorder=1)
        ax.set_xlabel(
            picture_words.explained_share(
                result.confidence if result.n_resamples else None,
                brackets=bool(alike(result)),
                noise=result.noise_floor is not None,
            )
        )
    return ax


def rank_plot(
    result: DriverResult, ax: Axes | None = None, *, names: Mapping[str, str] | None = None
) -> Axes:
    """Draw each driver's place among all, and the places it may have.

    A dot is the rank by importance, the line the simultaneous interval of the
    ranks, the shaded part the places at the top that the analysis asks about.
    Drivers that are not tested, or that few rated, are not drawn.

    Parameters
    ----------
    names : mapping of str to str, optional
        What readers call a driver; default its name in the result.
    """
    table = result.table.loc[list(result.tested)]
    if not result.is_ranked or "rank_upper" not in table or not table["rank_upper"].notna().any():
        ax = style.own_axes(ax, height=0.8)
        _say(ax, picture_words.NO_RANKS)
        return ax
    called = names or {}
    shown = table[table["n"] >= SHOWN_FROM].sort_values("rank", kind="stable")
    rows = range(len(shown))
    with style.house_style():
        ax = style.own_axes(ax, height=_height(len(shown), 0.86 * ROW_HEIGHT))
        ax.axvspan(0.5, result.top + 0.5, color=style.WASH, lw=0, zorder=0)
        within = shown["rank_upper"] <= result.top
        colours = np.where(within, style.ACCENT, style.SOFT)
        ax.hlines(rows, shown["rank_lower"], shown["rank_upper"], color=colours, lw=2.2, zorder=2)
        ax.scatter(shown["rank"], rows, s=46, c=colours, edgecolor=style.PAPER, lw=0.8, zorder=3)
        _name_rows(ax, [called.get(str(name), str(name)) for name in shown.index])
        last = max(len(table), int(shown["rank_upper"].max()))
        ax.set_xlim(0.3, last + 0.7)
        ax.set_xticks([1, *range(5, last + 1, 5)])
        ax.grid(axis="x")
        outcome = style.label(called.get(result.outcome, result.outcome), 50)
        style.title(ax, f"Places for {outcome}")
        ax.set_xlabel(picture_words.places(result.confidence, result.top))
    return ax


def ranks(findings: Findings) -> list[Axes]:
    """Draw the rank plot of each deciding outcome that has ranks, a figure each."""
    names = names_by_id(findings)
    results = [result for result in deciding(findings).values() if alike(result)]
    return [rank_plot(result, names=names) for result in results]


def _height(n: int, row: float) -> float:
    return max(1.6, 0.9 + min(row * n, ROWS_AT_MOST))


def _name_rows(ax: Axes, names: list[str]) -> None:
    """Name the rows, the first on top."""
    labels = [style.label(name, LONGEST_NAME) for name in names]
    ax.set_yticks(range(len(names)), labels, parse_math=False, color=style.INK)
    ax.set_ylim(max(len(names), 1) - 0.4, -0.6)
    ax.spines["left"].set_visible(False)


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


def _say(ax: Axes, text: str) -> None:
    """Say in the middle of an empty chart why it is empty."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=style.SOFT)
