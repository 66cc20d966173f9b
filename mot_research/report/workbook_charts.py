"""The charts of the workbook's notebooks, beside those of the report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from mot_research.drivers.change import Change
from mot_research.drivers.due_contacts import due_contacts
from mot_research.report import house_style as style
from mot_research.report.activity_chart import activity_chart
from mot_research.report.narrative import picture_words, words
from mot_research.report.narrative.change_tables import CAUSES
from mot_research.report.narrative.survey_tables import ABSENCES, mean_ratings
from mot_research.study.definition import Study
from mot_research.survey.activity import activity_map
from mot_research.survey.reading import read_survey
from mot_research.survey.wave import Survey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_HEIGHT = 0.27  # inches
FRAME = 1.0  # inches above and below the rows
LONGEST_NAME = 40  # characters
BLANK = "#f5c35b"
ABSENCE_COLOURS = (style.ACCENT, style.ACCENT_LIGHT, BLANK, style.GRID)
PURPOSE_COLOURS = (style.ACCENT, style.ACCENT_LIGHT, BLANK, "#a8480a", style.GRID)
NOT_SET = "not set"


def moments_per_stage(study: Study, ax: Axes | None = None) -> Axes:
    """Draw how many moments each stage has, by what they are for."""
    from matplotlib.ticker import MaxNLocator

    called = {stage.id: stage.name for stage in study.stages} | {"": words.NO_STAGE}
    purposes = {**words.CATEGORIES, NOT_SET: NOT_SET}
    counted = Counter((moment.stage or "", moment.category or NOT_SET) for moment in study.moments)
    if not any(stage == "" for stage, _ in counted):
        del called[""]
    counts = pd.DataFrame(
        {name: [counted[stage, key] for stage in called] for key, name in purposes.items()}
    )
    ax = _stacked(counts, list(called.values()), PURPOSE_COLOURS, ax, 2)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("Moments")
    return ax


def recorded_journeys(study: Study, ax: Axes | None = None) -> Axes:
    """Draw how customers go from moment to moment, where experiences were recorded."""
    steps = read_survey(study).recordings
    activity = None if steps is None else activity_map(study, steps)
    if activity is None:
        return _saying(picture_words.NO_RECORDINGS, ax)
    return activity_chart(activity, ax=ax, names={one.id: one.name for one in study.moments})


def contacts_due(study: Study, ax: Axes | None = None) -> Axes:
    """Draw who was answered in time, of the moments with a trigger."""
    contacts = due_contacts(read_survey(study), ())
    return _saying(picture_words.NO_CONTACTS, ax) if contacts is None else contacts.plot(ax=ax)


def _saying(text: str, ax: Axes | None) -> Axes:
    """Return axes that say why there is nothing to draw."""
    with style.house_style():
        ax = style.own_axes(ax, height=0.8)
        ax.set_axis_off()
        ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", color=style.SOFT)
    return ax


def absence_bars(survey: Survey, wave_id: str, ax: Axes | None = None) -> Axes:
    """Draw for each moment the percent that rated it, did not have it, left it blank."""
    shares = 100 * survey.absences(wave_id)[[f"share_{state}" for state in ABSENCES]]
    names = [survey.study.moment(str(moment)).name for moment in shares.index]
    ax = _stacked(shares.set_axis(list(ABSENCES.values()), axis=1), names, ABSENCE_COLOURS, ax, 4)
    ax.set(xlabel=picture_words.SHARE_OF_ANSWERS, xlim=(0, 100))
    return ax


def _stacked(
    parts: pd.DataFrame,
    names: list[str],
    colours: tuple[str, ...],
    ax: Axes | None,
    legend_columns: int,
) -> Axes:
    """Draw a bar a row, its parts one after the other, the first row on top."""
    with style.house_style():
        ax = style.own_axes(ax, height=FRAME + 0.2 + ROW_HEIGHT * len(parts))
        left = pd.Series(0.0, index=range(len(parts)))
        for name, colour in zip(parts.columns, colours, strict=True):
            values = parts[name].astype(float).reset_index(drop=True)
            if not values.any():
                continue
            ax.barh(left.index, values, left=left, height=0.66, color=colour, label=name)
            left += values
        _name_rows(ax, names)
        ax.legend(
            ncols=legend_columns, frameon=False, loc="lower left", bbox_to_anchor=(-0.01, 1.0)
        )
    return ax


def rating_dots(survey: Survey, wave_id: str, ax: Axes | None = None) -> Axes:
    """Draw each moment's mean rating in this wave (large) and in the other waves (small)."""
    means = mean_ratings(survey, wave_id)
    rows = range(len(means))
    with style.house_style():
        ax = style.own_axes(ax, height=FRAME + ROW_HEIGHT * len(means))
        others = means.drop(columns=wave_id)
        for n, other in enumerate(others):
            ax.scatter(
                others[other], rows, s=14, color=style.FAINT, label="" if n else "other waves"
            )
        ax.scatter(means[wave_id], rows, s=60, color=style.ACCENT, label="this wave", zorder=3)
        _name_rows(ax, [survey.study.moment(str(name)).name for name in means.index])
        ax.grid(visible=True)
        ax.set_xlabel(picture_words.MEAN_RATING)
        ax.legend(ncols=2, frameon=False, loc="lower left", bbox_to_anchor=(-0.01, 1.0))
    return ax


def change_causes(change: Change, name: str, ax: Axes | None = None) -> Axes:
    """Draw the parts of an outcome's change with their intervals; `name` is the outcome's."""
    terms = change.terms.loc[list(CAUSES)]
    terms = terms[terms["estimate"] != 0]
    rows = range(len(terms))
    with style.house_style():
        ax = style.own_axes(ax, height=FRAME + 0.1 + ROW_HEIGHT * len(terms))
        ax.axvline(0, color=style.FAINT, lw=1.0)
        if change.n_resamples:
            ax.hlines(rows, terms["ci_lower"], terms["ci_upper"], color=style.ACCENT, lw=1.3)
        ax.scatter(terms["estimate"], rows, s=44, color=style.ACCENT, zorder=3)
        _name_rows(ax, [CAUSES[str(term)] for term in terms.index])
        ax.grid(axis="x")
        title = f"{name}: from {change.wave_a} to {change.wave_b}"
        ax.set_title(style.label(title, 80), x=0, parse_math=False)
    return ax


def _name_rows(ax: Axes, names: list[str]) -> None:
    """Name the rows, the first on top."""
    labels = [style.label(name, LONGEST_NAME) for name in names]
    ax.set_yticks(range(len(names)), labels, parse_math=False)
    ax.set_ylim(max(len(names), 1) - 0.4, -0.6)
    ax.spines["left"].set_visible(False)
