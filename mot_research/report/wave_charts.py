"""Charts of change, and of what a moment does when it goes wrong or shines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mot_research.drivers.change import Change
from mot_research.numbers import digits_for, is_shown, percent, plain, signed
from mot_research.report import house_style as style
from mot_research.report.narrative import picture_words, words
from mot_research.report.narrative.change_tables import CAUSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.findings import Findings
    from mot_research.priorities.result import Metric, Priorities, Priority

ROW_HEIGHT = 0.205  # inches
FRAME = 0.7  # inches above and below the rows
# Told apart in grey print by their lightness, and by the sign beside each bar.
LOSS, GAIN = "#d98b4f", style.ACCENT_LIGHT
LOSS_EDGE, GAIN_EDGE = "#7a3608", style.ACCENT
HALVES = ((picture_words.LOST, 0.49, "right"), (picture_words.GAINED, 0.51, "left"))
LONGEST_NAME, LONGEST_TITLE = 40, 62  # characters
KEY: dict[str, Any] = {
    "ncols": 3,
    "frameon": False,
    "fontsize": style.SMALL_TYPE,
    "handlelength": 1.2,
    "columnspacing": 1.2,
    "borderpad": 0.2,
}


def change_waterfalls(findings: Findings) -> list[Axes]:
    """Draw the waterfall of each outcome that was compared: side by side, or a column.

    Outcomes compared between the same waves share the names of their steps.
    """
    changes = list(findings.change.values())
    if not changes:
        return []
    import matplotlib.pyplot as plt

    steps = _steps(*changes)
    beside = len({(each.wave_a, each.wave_b) for each in changes}) == 1
    shape = (1, len(changes)) if beside else (len(changes), 1)
    height = FRAME + ROW_HEIGHT * (2 + len(steps))
    with style.house_style():
        figure, axes = plt.subplots(
            *shape,
            figsize=(style.PAGE_WIDTH, shape[0] * height),
            sharey="row",
            layout="constrained",
            squeeze=False,
        )
        for each, ax in zip(changes, axes.flat, strict=True):
            outcome = findings.study.outcome(each.outcome)
            scale = 100.0 if outcome.kind in ("binary", "share") else 1.0
            _draw_steps(ax, each, steps, outcome.name, scale, LONGEST_TITLE // shape[1])
        figure.legend(handles=_keys(changes[0]), loc="outside lower right", **KEY)
    return list(axes.flat)


def change_waterfall(
    change: Change, ax: Axes | None = None, *, name: str | None = None, scale: float = 1.0
) -> Axes:
    """Draw a change step by step: the mean before, its parts with intervals, the mean now.

    Parameters
    ----------
    name : str, optional
        What readers call the outcome; default its id.
    scale : float
        100 draws a share in percent.
    """
    with style.house_style():
        steps = _steps(change)
        ax = style.own_axes(ax, height=FRAME + ROW_HEIGHT * (2 + len(steps)))
        _draw_steps(ax, change, steps, name or change.outcome, scale)
        ax.legend(handles=_keys(change), loc="lower right", bbox_to_anchor=(1.0, 0.99), **KEY)
    return ax


def _draw_steps(
    ax: Axes,
    change: Change,
    names: list[str],
    name: str,
    scale: float,
    longest: int = LONGEST_TITLE,
) -> None:
    terms = change.terms.loc[names, ["estimate", "ci_lower", "ci_upper"]]
    steps = scale * terms.to_numpy(dtype=float)
    before, now = (scale * float(change.mean.iloc[0][side]) for side in ("a", "b"))
    rows = len(steps) + 2
    digits = min(3, digits_for(*steps[:, 0]))
    level = before
    ends = [before, now]
    for y, (value, lower, upper) in enumerate(steps, start=1):
        fill, edge = (GAIN, GAIN_EDGE) if value > 0 else (LOSS, LOSS_EDGE)
        ax.barh(y, value, left=level, height=0.66, color=fill, zorder=2)
        if np.isfinite(lower) and np.isfinite(upper):
            ax.plot([level + lower, level + upper], [y, y], color=edge, lw=1.3, zorder=3)
            ends += [level + lower, level + upper]
        ax.plot([level, level], [y - 1, y], color=style.FAINT, lw=0.8, zorder=1)
        level += value
        ends.append(level)
        right = max(level, level - value, level - value + np.nan_to_num(upper))
        ax.annotate(
            signed(value, digits),
            (right, y),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL_TYPE,
        )
    ax.plot([level, level], [rows - 2, rows - 1], color=style.FAINT, lw=0.8, zorder=1)
    for y, value in ((0, before), (rows - 1, now)):
        ax.plot(value, y, marker="D", ms=5.5, color=style.INK, zorder=4)
        ax.annotate(
            signed(value, digits).lstrip("+"),
            (value, y),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL_TYPE,
            fontweight="bold",
        )
    labels = [change.wave_a, *(CAUSES[term] for term in names), change.wave_b]
    ax.set_yticks(
        range(rows),
        [style.label(text, LONGEST_NAME) for text in labels],
        parse_math=False,
        color=style.INK,
    )
    ax.set_ylim(rows - 0.4, -0.6)
    width = max(ends) - min(ends) or 1.0
    ax.set_xlim(min(ends) - 0.04 * width, max(ends) + 0.14 * width)
    ax.grid(axis="x")
    ax.spines["left"].set_visible(False)
    title = f"{style.label(name, longest)}: mean{', %' if scale == 100 else ''}"
    ax.set_title(title, x=0, parse_math=False, pad=6)


def _keys(change: Change) -> list[Any]:
    """Return what the colours and the lines are, for a legend."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list[Any] = [Patch(fc=LOSS, label="lowers it"), Patch(fc=GAIN, label="raises it")]
    if change.n_resamples:
        interval = f"{percent(change.confidence)} interval"
        keys.append(Line2D([], [], color=LOSS_EDGE, lw=1.3, label=interval))
    return keys


def _steps(*changes: Change) -> list[str]:
    """Return the parts that moved any of the outcomes."""
    return [
        term
        for term in CAUSES
        if any(float(change.terms.loc[[term], "estimate"].iloc[0]) != 0 for change in changes)
    ]


def penalty_rewards(findings: Findings) -> list[Axes]:
    """Draw penalties and rewards where any moment on the list has them."""
    return [penalty_reward(findings)] if extremes(findings.priorities) else []


def penalty_reward(findings: Findings, ax: Axes | None = None) -> Axes:
    """Draw what each moment on the list costs when it goes wrong and brings when it shines.

    To the left the loss, to the right the gain, against an ordinary rating and
    in the outcome's units, with intervals. Where fewer than 30 people rated it
    so, nothing is drawn.
    """
    rows = extremes(findings.priorities)
    roles = {outcome.role: outcome for outcome in reversed(findings.study.outcomes)}
    outcome = roles.get("relationship") or roles["revenue"]
    scale = 100 if outcome.kind in ("binary", "share") else 1
    with style.house_style():
        ax = style.own_axes(ax, height=FRAME + 1.25 * ROW_HEIGHT * max(len(rows), 2))
        if not rows:
            ax.set_axis_off()
            text = picture_words.NO_EXTREMES
            ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", color=style.SOFT)
            return ax
        widest = scale * max(_reach(row) for row in rows) or 1.0
        digits = min(2, digits_for(widest))
        for y, row in enumerate(rows):
            for side, name in ((-1, "penalty"), (1, "reward")):
                _side(ax, y + 0.19 * side, side * scale, row.metrics[name], digits)
            ax.annotate(
                words.KINDS[row.asymmetry],
                (1, y),
                xycoords=("axes fraction", "data"),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.SMALL_TYPE,
                fontweight="bold" if row.asymmetry in ("basic", "delight") else "normal",
                color=style.INK if row.asymmetry in ("basic", "delight") else style.SOFT,
                annotation_clip=False,
            )
        ax.axvline(0, color=style.INK, lw=0.8, zorder=4)
        ax.set_yticks(
            range(len(rows)),
            [style.label(f"{row.place}  {row.moment.name}", LONGEST_NAME) for row in rows],
            parse_math=False,
            color=style.INK,
        )
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_xlim(-1.22 * widest, 1.22 * widest)
        ax.grid(axis="x")
        ax.spines["left"].set_visible(False)
        ax.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
        for text, place, where in HALVES:
            ax.text(
                place,
                1.01,
                text,
                transform=ax.transAxes,
                ha=where,
                va="bottom",
                color=style.INK,
                fontweight="bold",
            )
    return ax


def _reach(row: Priority) -> float:
    """Return how far the bars and the intervals of a moment reach."""
    metrics = [row.metrics[name] for name in ("penalty", "reward")]
    ends = [
        abs(end)
        for metric in metrics
        if is_shown(metric.n)
        for end in (metric.value, metric.ci_lower, metric.ci_upper)
        if end is not None
    ]
    return max(ends, default=0.0)


def _side(ax: Axes, y: float, scale: float, metric: Metric, digits: int) -> None:
    """Draw one bar with its interval and number, or say that too few rated it so."""
    rightwards = scale > 0
    fill, edge = (GAIN, GAIN_EDGE) if rightwards else (LOSS, LOSS_EDGE)
    if metric.value is None or not is_shown(metric.n):
        end, text, ink = 0.0, picture_words.TOO_FEW, style.SOFT
    else:
        ax.barh(y, scale * metric.value, height=0.36, color=fill, zorder=2)
        ends = [metric.value]
        if metric.ci_lower is not None and metric.ci_upper is not None:
            ends += [metric.ci_lower, metric.ci_upper]
            ax.plot([scale * end for end in ends[1:]], [y, y], color=edge, lw=1.3, zorder=3)
        end = scale * max(0.0, *ends)
        text, ink = plain(abs(scale) * metric.value, digits), style.INK
    ax.annotate(
        text,
        (end, y),
        xytext=(5 if rightwards else -5, 0),
        textcoords="offset points",
        ha="left" if rightwards else "right",
        va="center",
        fontsize=style.SMALL_TYPE - 0.5,
        color=ink,
    )


def extremes(priorities: Priorities) -> list[Priority]:
    """Return the moments on the list that have a penalty or a reward that may be shown."""
    return [
        row
        for row in priorities.listed
        if any(
            row.metrics[name].value is not None and is_shown(row.metrics[name].n)
            for name in ("penalty", "reward")
        )
    ]
