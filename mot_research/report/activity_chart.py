"""The process activity map: moments in their usual order, the ways between, what happens there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mot_research.numbers import MARK, SHOWN_FROM, SUPPRESSED_BELOW, UNMARKED_FROM, count, signed
from mot_research.report import house_style as style
from mot_research.report.narrative import picture_words, words
from mot_research.survey.recordings import HAPPIEST, MARKS, SADDEST

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from mot_research.findings import Findings
    from mot_research.survey.activity import ActivityMap

# All lengths are inches on the report's page; the axis is drawn in inches, too.
ROW, HEAD, FOOT = 0.27, 0.5, 0.34
NAMES, RAIL = 2.2, 2.9  # right end of the names; the way from top to bottom
BULGE = (0.12, 0.6)  # how far an arc leaves the rail: to the next moment, and to the farthest
COLUMNS = dict(zip(MARKS, (3.75, 4.3, 4.85), strict=True))
MOOD = (5.4, 6.6)  # where an emotion of −2 and of 2 lie
WAYS_AT_MOST = 16
LONGEST_NAME = 36
HIDDEN = "few"


def activity_charts(findings: Findings) -> list[Axes]:
    """Draw the map of a study's recorded experiences; none where there are none."""
    if findings.activity is None:
        return []
    names = {moment.id: moment.name for moment in findings.study.moments}
    return [activity_chart(findings.activity, names=names)]


def activity_chart(
    activity: ActivityMap, ax: Axes | None = None, *, names: dict[str, str] | None = None
) -> Axes:
    """Draw the map.

    Parameters
    ----------
    activity : ActivityMap
    ax : matplotlib Axes, optional
        Default: a new one.
    names : mapping of moment to its name, optional
        Default: ids.
    """
    steps = activity.steps
    height = HEAD + ROW * len(steps) + FOOT
    with style.house_style():
        ax = style.bare_axes(height=height) if ax is None else ax
        ax.set(xlim=(0, style.PAGE_WIDTH), ylim=(-height, 0), aspect="equal")
        ax.set_axis_off()
        y = {str(name): -HEAD - ROW * (i + 0.5) for i, name in enumerate(steps.index)}
        _draw_heads(ax)
        for i, name in enumerate(steps.index):
            if i % 2 == 0:
                ax.axhspan(y[name] - ROW / 2, y[name] + ROW / 2, color=style.WASH, lw=0, zorder=0)
        _draw_ways(ax, shown_ways(activity.ways), y)
        for name, row in zip(steps.index, steps.to_dict("records"), strict=True):
            called = (names or {}).get(str(name), str(name))
            _draw_moment(ax, style.label(called, LONGEST_NAME), row, y[str(name)], activity)
        _draw_key(ax, -height)
    return ax


def shown_ways(ways: pd.DataFrame) -> pd.DataFrame:
    """Return the most used ways, of those that enough customers took to be told."""
    return ways[ways["customers"] >= SUPPRESSED_BELOW].head(WAYS_AT_MOST)


def shown_steps(row: dict[Any, Any], mark: str) -> str:
    """Return how many steps of a mark were recorded at a moment, small counts hidden."""
    if 0 < row[f"customers_{mark}"] < SUPPRESSED_BELOW:
        return HIDDEN
    return count(row[mark]) if row[mark] else "–"


def _draw_heads(ax: Axes) -> None:
    top = -HEAD + 0.06
    for mark, x in COLUMNS.items():
        ax.scatter(
            x, top + 0.3, marker=style.MARK_SHAPES[mark], s=style.MARK_SIZES[mark],
            c=style.MARK_COLOURS[mark], linewidths=0, zorder=3,
        )  # fmt: skip
        head = words.MARKS[mark].replace(" ", "\n", 1)
        ax.text(x, top + 0.2, head, ha="center", va="top", fontsize=5.6, linespacing=1.0)
    for value in range(SADDEST, HAPPIEST + 1):
        at = _mood(value)
        ax.plot([at, at], [-HEAD, ax.get_ylim()[0] + FOOT], color=style.GRID, lw=0.7, zorder=1)
        ax.text(at, top, signed(value, 0) if value else "0", ha="center", fontsize=6.5)
    ax.text(_mood(0), top + 0.17, picture_words.EMOTION, ha="center", fontsize=style.SMALL_TYPE)


def _draw_ways(ax: Axes, ways: pd.DataFrame, y: dict[str, float]) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    if ways.empty:
        return
    longest = max(abs(y[a] - y[b]) for a, b in zip(ways["from"], ways["to"], strict=True))
    most = ways["customers"].max()
    for way in ways.to_dict("records"):
        begin, end = y[way["from"]], y[way["to"]]
        aside = BULGE[0] + (BULGE[1] - BULGE[0]) * abs(begin - end) / longest
        aside = RAIL + (-aside if way["back"] else aside) * 4 / 3
        points = [(RAIL, begin), (aside, begin), (aside, end), (RAIL, end)]
        path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        ax.add_patch(
            FancyArrowPatch(
                path=path, arrowstyle="-|>", mutation_scale=6, shrinkA=4, shrinkB=5, fill=False,
                lw=0.5 + 2.4 * way["customers"] / most, zorder=2, alpha=0.75,
                color=style.FAINT if way["back"] else style.ACCENT,
                linestyle=(0, (2, 1.2)) if way["back"] else "-",
            )
        )  # fmt: skip


def _draw_moment(ax: Axes, name: str, row: dict[Any, Any], y: float, activity: ActivityMap) -> None:
    ax.text(NAMES, y, name, ha="right", va="center", fontsize=style.SMALL_TYPE, parse_math=False)
    usual = max(MARKS, key=lambda mark: row[mark])
    size = style.MARK_SIZES[usual] * (0.6 + 2 * row["customers"] / activity.n_customers)
    ax.scatter(
        RAIL, y, marker=style.MARK_SHAPES[usual], s=size, c=style.MARK_COLOURS[usual],
        edgecolors=style.PAPER, linewidths=0.5, zorder=3,
    )  # fmt: skip
    for mark, x in COLUMNS.items():
        said = shown_steps(row, mark)
        colour = style.INK if said not in ("–", HIDDEN) else style.SOFT
        ax.text(x, y, said, ha="center", va="center", fontsize=style.SMALL_TYPE, color=colour)
    n = 0 if row["emotion_n"] != row["emotion_n"] else int(row["emotion_n"])
    if n < SHOWN_FROM:
        text = picture_words.TOO_FEW if n else "–"
        ax.text(_mood(0), y, text, ha="center", va="center", fontsize=6.5, color=style.SOFT)
        return
    lower, upper = (
        min(max(row[f"emotion_ci_{end}"], SADDEST), HAPPIEST) for end in ("lower", "upper")
    )
    ax.plot([_mood(lower), _mood(upper)], [y, y], color=style.ACCENT, lw=1.2, zorder=3)
    ax.plot(_mood(row["emotion"]), y, "o", ms=4, color=style.ACCENT, zorder=4)
    if n < UNMARKED_FROM:
        ax.text(_mood(upper) + 0.05, y, MARK, va="center", fontsize=6.5)


def _draw_key(ax: Axes, bottom: float) -> None:
    ax.text(0, bottom + 0.16, picture_words.WAYS_KEY, fontsize=6.5, va="center", color=style.SOFT)


def _mood(value: float) -> float:
    return MOOD[0] + (MOOD[1] - MOOD[0]) * (value - SADDEST) / (HAPPIEST - SADDEST)
