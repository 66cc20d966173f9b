"""The scorecard of the stages as a picture: verdicts, rating, importance, and who owns them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mot_research.numbers import is_shown
from mot_research.report import house_style as style
from mot_research.report.narrative import picture_words, words
from mot_research.report.narrative.scorecards import owners_of, stage_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.findings import Findings
    from mot_research.priorities.result import Metric
    from mot_research.priorities.scorecard import Line, Scorecard

ROW, TALL_ROW = 0.32, 0.44  # inches; tall where owners need a second line
HEAD, FOOT = 0.3, 0.4  # inches above and below the rows
# Left end and width of each panel, as parts of the page.
NAMES, VERDICTS, RATINGS, SHARES = (0.0, 0.25), (0.27, 0.21), (0.51, 0.22), (0.76, 0.23)
NAME_TYPE, OWNER_TYPE = 9.0, 6.8
OWNER_LINES = 2
MARKS_A_ROW = 8
MARK_SHRINK = 0.42  # of the marks of the matrix
ROLE_COLOURS = {"relationship": style.ACCENT, "revenue": style.ACCENT_LIGHT}
STEP = 1 / MARKS_A_ROW
BAR_STEP, BAR_HEIGHT = 0.42, 0.28  # of a row
LEGEND_BELOW, LEGEND_BELOW_TICKS = -0.05, -0.21  # inches
LEGEND: dict[str, Any] = {
    "frameon": False,
    "fontsize": OWNER_TYPE,
    "columnspacing": 0.7,
    "handletextpad": 0.25,
    "handlelength": 1.0,
    "borderpad": 0,
}


def stage_scorecards(findings: Findings) -> list[Axes]:
    """Draw the scorecard where there is one with a moment in it."""
    card = findings.scorecard
    return [stage_scorecard(card)] if card is not None and findings.study.moments else []


def stage_scorecard(card: Scorecard, ax: Axes | None = None) -> Axes:
    """Draw a row a stage: its moments by verdict, its mean rating, its share of importance.

    Below a stage's name stand its owners, each with its number of moments. In
    the middle the mean rating with its interval, hollow the wave before. To
    the right the share of importance for the relationship and for revenue,
    each with its interval. A number that rests on fewer than 30 people is not
    drawn.
    """
    lines = card.stages
    with style.house_style():
        row = TALL_ROW if any("\n" in _owners(line) for line in lines) else ROW
        body = row * max(1, len(lines))
        height = HEAD + FOOT + body
        ax = style.own_axes(ax, height=height)
        ax.set_axis_off()
        if not any(line.moments for line in lines):
            text = picture_words.NO_SCORECARD
            ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", color=style.SOFT)
            return ax
        bottom, tall = FOOT / height, body / height
        panels = [
            ax.inset_axes((left, bottom, width, tall))
            for left, width in (NAMES, VERDICTS, RATINGS, SHARES)
        ]
        for panel in panels:
            panel.set_ylim(len(lines) - 0.5, -0.5)
            panel.set_yticks([])
            panel.spines["left"].set_visible(False)
            for y in range(1, len(lines)):
                panel.axhline(y - 0.5, color=style.GRID, lw=0.8, zorder=0)
        names, verdicts, ratings, shares = panels
        _names(names, lines)
        _verdicts(verdicts, lines, LEGEND_BELOW / body)
        _ratings(ratings, card)
        _shares(shares, lines, LEGEND_BELOW_TICKS / body)
    return ax


def _names(panel: Axes, lines: tuple[Line, ...]) -> None:
    panel.set_axis_off()
    panel.set_xlim(0, 1)
    width = NAMES[1] * style.PAGE_WIDTH
    for y, line in enumerate(lines):
        name = style.wrap(style.label(stage_name(line), 80), width, 1, size=NAME_TYPE, bold=True)
        panel.text(
            0, y - 0.03, name, va="bottom", fontsize=NAME_TYPE, fontweight="bold", color=style.INK
        )
        panel.text(
            0,
            y - 0.03,
            _owners(line),
            va="top",
            fontsize=OWNER_TYPE,
            color=style.SOFT,
            linespacing=1.05,
        )


def _owners(line: Line) -> str:
    """Return who answers for a stage, in as many lines as that takes."""
    who = style.label(owners_of(line), 200) if line.moments else "no moment"
    return style.wrap(who, NAMES[1] * style.PAGE_WIDTH, OWNER_LINES, size=OWNER_TYPE)


def _verdicts(panel: Axes, lines: tuple[Line, ...], below: float) -> None:
    """Draw a mark for each moment of a stage, the proven ones first."""
    panel.set_xlim(0, 1)
    panel.set_xticks([])
    panel.spines["bottom"].set_visible(False)
    for y, line in enumerate(lines):
        kinds = [name for name in style.VERDICT_MARKS for _ in range(line.verdicts[name])]
        rows = -(-len(kinds) // MARKS_A_ROW)
        gap = min(0.3, 0.8 / max(rows, 1))
        for place, name in enumerate(kinds):
            row, column = divmod(place, MARKS_A_ROW)
            where = STEP * (column + 0.5), y + gap * (row - (rows - 1) / 2)
            panel.scatter(*where, **_mark(name), zorder=3)
    handles = [
        panel.scatter([], [], **_mark(name), label=words.VERDICTS[name].lower())
        for name in style.VERDICT_MARKS
        if any(line.verdicts[name] for line in lines)
    ]
    panel.set_title("Its moments", fontsize=NAME_TYPE, pad=8, x=0)
    panel.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(-VERDICTS[0] / VERDICTS[1], below),
        ncols=len(handles),
        **LEGEND,
    )


def _mark(verdict: str) -> dict[str, Any]:
    """The mark of a verdict, smaller than in the matrix."""
    mark = style.VERDICT_MARKS[verdict].scatter
    return mark | {"s": MARK_SHRINK * mark["s"]}


def _ratings(panel: Axes, card: Scorecard) -> None:
    """Draw the mean rating with its interval, and hollow that of the wave before."""
    earlier = card.ratings[card.ratings["wave"] == card.earlier]
    before = dict(zip(earlier["stage"], earlier["rating"].astype(float), strict=True))
    ends: list[float] = []
    for y, line in enumerate(card.stages):
        value, was = line.rating.value, before.get(line.key, math.nan)
        if value is None or not _may_show(line.rating):
            _say(panel, "not available" if line.moments else "", y)
            continue
        if math.isfinite(was):
            panel.plot([was, value], [y, y], color=style.FAINT, lw=0.9, zorder=1)
            panel.plot(was, y, marker="o", ms=5, mfc=style.PAPER, mec=style.SOFT, zorder=3)
            ends.append(was)
        ends += [value, *_interval(panel, line.rating, y, style.ACCENT)]
        panel.plot(value, y, marker="o", ms=6, color=style.ACCENT, zorder=5)
        panel.annotate(
            f"{value:.2f}",
            (value, y),
            xytext=(0, 5.5),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=OWNER_TYPE,
        )
    if ends:
        room = max(0.25, 0.15 * (max(ends) - min(ends)))
        panel.set_xlim(min(ends) - room, max(ends) + room)
        panel.locator_params(axis="x", nbins=4)
    else:
        panel.set_xticks([])
    panel.set_title("Mean rating", fontsize=NAME_TYPE, pad=8, x=0)
    panel.grid(axis="x")
    if card.earlier is not None:
        panel.set_xlabel(style.label(f"hollow: {card.earlier}", 26), fontsize=OWNER_TYPE)


def _shares(panel: Axes, lines: tuple[Line, ...], below: float) -> None:
    """Draw the share of importance for each role, in percent."""
    from matplotlib.patches import Patch

    roles = list(lines[0].importance)
    ends = [0.0]
    for y, line in enumerate(lines):
        if not any(_may_show(line.importance[role]) for role in roles):
            _say(panel, picture_words.NONE_TESTED if line.moments else "", y)
        for k, role in enumerate(roles):
            place = y + BAR_STEP * (k - (len(roles) - 1) / 2)
            ends.append(_share(panel, line.importance[role], place, ROLE_COLOURS[role]))
    panel.set_xlim(0, 1.16 * max(ends) or 1.0)
    panel.locator_params(axis="x", nbins=4)
    panel.set_title(picture_words.SHARE_OF_IMPORTANCE, fontsize=NAME_TYPE, pad=8, x=0)
    panel.grid(axis="x")
    if roles:
        panel.legend(
            handles=[Patch(color=ROLE_COLOURS[role], label=words.ROLES[role]) for role in roles],
            loc="upper left",
            bbox_to_anchor=(-0.04, below),
            ncols=2,
            **LEGEND,
        )


def _share(panel: Axes, metric: Metric, y: float, colour: str) -> float:
    """Draw one share with its interval and number; return where they end."""
    if metric.value is None or not _may_show(metric):
        return 0.0
    panel.barh(y, 100 * metric.value, height=BAR_HEIGHT, color=colour, zorder=2)
    end = max(100 * metric.value, *_interval(panel, metric, y, style.INK, 100))
    panel.annotate(
        f"{100 * metric.value:.0f}",
        (end, y),
        xytext=(3, 0),
        textcoords="offset points",
        va="center_baseline",
        fontsize=OWNER_TYPE,
    )
    return end


def _may_show(metric: Metric) -> bool:
    return metric.value is not None and is_shown(metric.n)


def _interval(
    panel: Axes, metric: Metric, y: float, colour: str, scale: float = 1.0
) -> tuple[float, ...]:
    """Draw an interval where there is one; return its ends, or the value."""
    if metric.ci_lower is None or metric.ci_upper is None:
        return (scale * (metric.value or 0.0),)
    ends = (scale * metric.ci_lower, scale * metric.ci_upper)
    panel.plot(ends, [y, y], color=style.PAPER, lw=2.6, zorder=4)  # seen on a dark bar too
    panel.plot(ends, [y, y], color=colour, lw=1.2, zorder=4)
    return ends


def _say(panel: Axes, text: str, y: float) -> None:
    """Write why a row is empty, at its left end."""
    panel.annotate(
        text,
        (0, y),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=OWNER_TYPE,
        style="italic",
        color=style.SOFT,
    )
