"""The picture of a workshop: what each silo chose, and where it sees a moment elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mot_research.report import house_style as style
from mot_research.report.narrative import picture_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mot_research.findings import Findings
    from mot_research.study.consensus import Consensus

ROW_HEIGHT = 0.23  # inches
FRAME = 0.95  # inches above and below the rows
LONGEST_NAME = 40  # characters
WRITTEN_AT_MOST = 8  # silos; beyond, the cells are too narrow for the name of a stage
DARK_FROM = 0.8  # share from which a cell's writing is light
SILO_WIDTH = 3.6  # inches for all columns
ELSEWHERE = "≠"


def silo_agreement(
    consensus: Consensus,
    ax: Axes | None = None,
    *,
    names: Mapping[str, str] | None = None,
    stages: Mapping[str, str] | None = None,
) -> Axes:
    """Draw moments by silos: the darker a cell, the more of the silo chose the moment.

    A dot stands where the silo's majority chose it. A cell names the stage where the silo sees
    the moment elsewhere than most participants do. Moments that most silos chose come first.

    Parameters
    ----------
    names, stages : mapping of id to name, optional
        What readers call moments and stages.
    """
    called, staged = names or {}, stages or {}
    moments = consensus.moments.sort_values("chosen", ascending=False, kind="stable")
    shares = consensus.answers["chosen"].astype(float).unstack("silo").reindex(moments.index)
    seen = consensus.answers["stage"].unstack("silo").reindex(moments.index)
    silos = list(shares.columns)
    with style.house_style():
        ax = style.own_axes(ax, height=FRAME + ROW_HEIGHT * len(moments))
        width = SILO_WIDTH / len(silos)
        for y, moment in enumerate(moments.index):
            usual = moments.loc[moment, "stage"]
            for x, silo in enumerate(silos):
                share = float(shares.loc[moment, silo])
                _cell(ax, x, y, share)
                stage = seen.loc[moment, silo]
                if isinstance(stage, str) and isinstance(usual, str) and stage != usual:
                    text = ELSEWHERE
                    if len(silos) <= WRITTEN_AT_MOST:
                        name = style.label(staged.get(stage, stage), LONGEST_NAME)
                        text = style.wrap(name, 0.74 * width, 1, size=style.SMALL_TYPE - 1)
                    ax.text(
                        x + 0.08,
                        y,
                        text,
                        ha="center",
                        va="center",
                        fontsize=style.SMALL_TYPE - 1,
                        color=style.PAPER if share >= DARK_FROM else style.INK,
                        parse_math=False,
                    )
            row = moments.loc[moment]
            if np.isfinite(row["chosen"]):
                n = int(row["n_silos"])
                ax.text(
                    len(silos) - 0.4,
                    y,
                    f"{round(row['chosen'] * n)} of {n}",
                    va="center",
                    fontsize=style.SMALL_TYPE,
                    color=style.SOFT,
                )
        ax.set_xlim(-0.5, len(silos) + 0.25)
        ax.set_ylim(len(moments) - 0.4, -0.6)
        ax.set_yticks(
            range(len(moments)),
            [style.label(called.get(str(m), str(m)), LONGEST_NAME) for m in moments.index],
            parse_math=False,
        )
        heads = [
            style.wrap(style.label(str(silo), LONGEST_NAME), 0.95 * width, 2, size=style.SMALL_TYPE)
            for silo in silos
        ]
        ax.set_xticks(range(len(silos)), heads, parse_math=False, fontsize=style.SMALL_TYPE)
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        for side in ax.spines.values():
            side.set_visible(False)
        ax.set_title(picture_words.SILOS, x=0, parse_math=False)
        ax.set_xlabel(
            picture_words.SILOS_KEY,
            fontsize=style.SMALL_TYPE,
            loc="right",
        )
    return ax


def silo_agreements(findings: Findings) -> list[Axes]:
    """Draw the agreement of the silos where there were votes."""
    if findings.consensus is None:
        return []
    names = {moment.id: moment.name for moment in findings.study.moments}
    stages = {stage.id: stage.name for stage in findings.study.stages}
    return [silo_agreement(findings.consensus, names=names, stages=stages)]


def _cell(ax: Axes, x: int, y: int, share: float) -> None:
    """Draw one silo's answer to one moment; a dash where it did not vote."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    if not np.isfinite(share):
        ax.text(x, y, "–", ha="center", va="center", color=style.SOFT)
        return
    shade = LinearSegmentedColormap.from_list("chosen", [style.PAPER, style.ACCENT])
    ax.add_patch(
        Rectangle(
            (x - 0.47, y - 0.45), 0.94, 0.9, facecolor=shade(share), edgecolor=style.GRID, lw=0.6
        )
    )
    if share > 0.5:
        ink = style.PAPER if share >= DARK_FROM else style.INK
        ax.plot(x - 0.37, y, marker="o", ms=3, color=ink, zorder=4)
