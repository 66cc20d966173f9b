"""The planning waterfall: from today to the plan, moment by moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mot_research.numbers import digits_for, signed
from mot_research.report import house_style as style
from mot_research.report.narrative import picture_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.findings import Findings
    from mot_research.priorities.value import Value

ROW_HEIGHT = 0.26  # inches
FRAME = 0.75  # inches above and below the rows
LONGEST_NAME = 44  # characters
HATCH = "////"  # what is not claimed reads in grey print too


def planning_waterfalls(findings: Findings) -> list[Axes]:
    """Draw the plan of a run, where there is one."""
    value = findings.value
    if value is None or value.steps.empty:
        return []
    return [planning_waterfall(value, name=findings.study.outcome(value.outcome).name)]


def planning_waterfall(value: Value, ax: Axes | None = None, *, name: str | None = None) -> Axes:
    """Draw what each moment of the plan adds per customer, with its interval.

    A full bar is claimed (proven for the role that value is counted in), a hatched one
    shows what it would bring if the association is causal.

    Parameters
    ----------
    name : str, optional
        What readers call the outcome; default its id.
    """
    steps = value.steps
    scale = 100 if value.kind in ("binary", "share", "ordered") else 1
    rows = len(steps) + 2
    gains = scale * steps["gain"].to_numpy(dtype=float)
    digits = max(1, min(3, digits_for(*gains)))
    level = today = scale * value.today
    ends = [today]
    with style.house_style():
        ax = style.own_axes(ax, height=FRAME + ROW_HEIGHT * rows)
        intervals = scale * steps[["ci_lower", "ci_upper"]].to_numpy(dtype=float)
        claims = value.table["claimed"].reindex(steps.index)
        cells = zip(gains, intervals, claims, strict=True)
        for y, (gain, (lower, upper), claimed) in enumerate(cells, start=1):
            ax.barh(
                y,
                gain,
                left=level,
                height=0.62,
                facecolor=style.ACCENT if claimed else style.PAPER,
                edgecolor=style.ACCENT,
                hatch=None if claimed else HATCH,
                linewidth=0.8,
                zorder=2,
            )
            if np.isfinite(lower) and np.isfinite(upper):
                ax.plot([level + lower, level + upper], [y, y], color=style.INK, lw=1.1, zorder=3)
                ends += [level + lower, level + upper]
            ax.plot([level, level], [y - 1, y], color=style.FAINT, lw=0.8, zorder=1)
            right = level + max(gain, 0.0, np.nan_to_num(upper))
            level += gain
            ends += [level, right]
            _number(ax, signed(gain, digits), right, y)
        ax.plot([level, level], [rows - 2, rows - 1], color=style.FAINT, lw=0.8, zorder=1)
        for y, reached in ((0, today), (rows - 1, level)):
            ax.plot(reached, y, marker="D", ms=5.5, color=style.INK, zorder=4)
            _number(ax, signed(reached, digits).lstrip("+"), reached, y, bold=True)
        labels = [f"Today (wave {value.wave})", *steps["name"], picture_words.WITH_THE_PLAN]
        ax.set_yticks(
            range(rows), [style.label(text, LONGEST_NAME) for text in labels], parse_math=False
        )
        ax.set_ylim(rows - 0.4, -0.6)
        width = max(ends) - min(ends) or 1.0
        ax.set_xlim(min(ends) - 0.04 * width, max(ends) + 0.14 * width)
        ax.grid(axis="x")
        ax.spines["left"].set_visible(False)
        unit = ", %" if scale == 100 else f", {value.currency}" if _in_currency(value) else ""
        title = f"{name or value.outcome}: per customer{unit}"
        ax.set_title(style.label(title, 70), x=0, parse_math=False)
    return ax


def _in_currency(value: Value) -> bool:
    return value.counted_in == "currency" and value.currency is not None


def _number(ax: Axes, text: str, x: float, y: float, *, bold: bool = False) -> None:
    ax.annotate(
        text,
        (x, y),
        xytext=(7 if bold else 5, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL_TYPE,
        fontweight="bold" if bold else "normal",
    )
