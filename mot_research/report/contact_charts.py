"""The contact funnel: of those a moment was due for, who was answered and who was missed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from mot_research.drivers.due_contacts import DueContacts
from mot_research.numbers import (
    PERCENT,
    SHOWN_FROM,
    SUPPRESSED_BELOW,
    count,
    counts_hidden,
    percent,
    too_few,
)
from mot_research.report import house_style as style
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import picture_words
from mot_research.report.shown_counts import WITHOUT_PARTS, shown_contacts
from mot_research.survey.contacts import MISSED, STATUSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_HEIGHT = 0.38  # inches
FRAME = 0.85
LONGEST_NAME = 36  # characters
NAMED_FROM = 7  # percent: a narrower part has no room for its number
#: Colour, colour of the number on it, hatching: told apart in grey print, too.
STATUS_LOOKS = {
    "in_time": (style.ACCENT, style.PAPER, ""),
    "late": ("#f5c35b", style.INK, ""),
    "never": ("#a8480a", style.PAPER, "\\\\\\\\"),
    "left": (style.FAINT, style.INK, ""),
    "pending": (style.PAPER, style.INK, "////"),
}
WITHHELD = "–"


def shown_counts(contacts: DueContacts) -> pd.DataFrame:
    """Return the moments that name an answer and were due for 30 or more, most due first."""
    counts = contacts.counts[contacts.counts["by"] == "all"]
    counts = counts[counts["moment"].isin(contacts.answered) & (counts["triggered"] >= SHOWN_FROM)]
    return counts.sort_values(["triggered", "moment"], ascending=[False, True], ignore_index=True)


def contact_funnels(contacts: DueContacts | None) -> list[Axes]:
    """Draw the funnel where any moment was due for enough customers."""
    if contacts is None or shown_counts(contacts).empty:
        return []
    return [contact_funnel(contacts)]


def contact_funnel(contacts: DueContacts, ax: Axes | None = None) -> Axes:
    """Draw a bar for each moment: the shares in time, late, never, left and pending.

    A share of fewer than 10 customers is drawn and has no number.
    """
    counts = shown_counts(contacts)
    with style.house_style():
        ax = style.own_axes(ax, height=FRAME + ROW_HEIGHT * max(len(counts), 1))
        if counts.empty:
            ax.set_axis_off()
            ax.text(
                0.5,
                0.5,
                picture_words.NOTHING_DUE,
                transform=ax.transAxes,
                ha="center",
                color=style.SOFT,
            )
            return ax
        shares = counts[list(STATUSES)].div(counts["triggered"], axis=0) * 100
        left = pd.Series(0.0, index=counts.index)
        for status in STATUSES:
            if not counts[status].any():
                continue
            fill, ink, hatch = STATUS_LOOKS[status]
            ax.barh(
                left.index, shares[status], left=left, height=0.62, color=fill, hatch=hatch,
                edgecolor=style.SOFT if fill == style.PAPER else style.PAPER, linewidth=0.8,
                label=picture_words.STATUSES[status],
            )  # fmt: skip
            for y, (share, n, at) in enumerate(
                zip(shares[status], counts[status], left, strict=True)
            ):
                if share >= NAMED_FROM and n >= SUPPRESSED_BELOW:
                    ax.text(
                        at + share / 2, y, percent(share / 100), ha="center", va="center",
                        color=ink, size=style.TYPE_SIZE - 1, zorder=4,
                        bbox={"fc": fill, "ec": "none", "pad": 0.8} if hatch else None,
                    )  # fmt: skip
            left += shares[status]
        labels = [
            f"{style.label(name, LONGEST_NAME)}\ndue for {count(n)}"
            for name, n in zip(counts["name"], counts["triggered"], strict=True)
        ]
        ax.set_yticks(range(len(labels)), labels, parse_math=False)
        ax.set(xlim=(0, 100), ylim=(len(labels) - 0.5, -0.5))
        ax.set_xlabel(picture_words.SHARE_OF_DUE)
        ax.spines["left"].set_visible(False)
        ax.legend(
            ncols=3, frameon=False, loc="lower left", bbox_to_anchor=(0, 1.0),
            borderaxespad=0.2, handlelength=1.2, columnspacing=1.4,
        )  # fmt: skip
    return ax


def funnel_table(counts: pd.DataFrame, *, head: str = "Moment") -> Table:
    """Return counts as a table: due, in time, missed and the rest, small ones withheld."""
    columns = (
        Column(head, 10),
        Column("Due", 3, "right"),
        Column("In time", 4, "right"),
        Column("Late", 3, "right"),
        Column("Never", 3, "right"),
        Column("Left or pending", 4, "right"),
        Column(picture_words.IN_TIME_OF_KNOWN, 5, "right"),
    )
    shown = shown_contacts(counts)
    rows = zip(counts.to_dict("records"), shown.to_dict("records"), strict=True)
    return Table(columns, tuple(_cells(row, told) for row, told in rows))


def _cells(row: Mapping[Hashable, Any], told: Mapping[Hashable, Any]) -> tuple[str, ...]:
    """One row; ``told`` are its counts as they may be shown."""
    n = {name: int(row[name]) for name in ("triggered", *STATUSES)}
    if n["triggered"] < SHOWN_FROM:
        due = too_few(n["triggered"])
        if pd.isna(told["triggered"]) and n["triggered"] >= SUPPRESSED_BELOW:
            due = WITHHELD
        return str(row["name"]), due, *[""] * 5
    numbers = (n["in_time"], n["late"], n["never"], n["left"] + n["pending"])
    parts = counts_hidden(numbers)
    if row["by"] not in WITHOUT_PARTS:  # its counts are told across the values, too
        both = (told["left"], told["pending"])
        hidden = [pd.isna(told[name]) for name in ("in_time", *MISSED)] + [any(map(pd.isna, both))]
        parts = tuple(
            _told(cell, is_hidden) for cell, is_hidden in zip(numbers, hidden, strict=True)
        )
    decided = n["in_time"] + sum(n[status] for status in MISSED)
    share = PERCENT.one(n["in_time"] / decided) if decided >= SHOWN_FROM else too_few(decided)
    if parts != tuple(map(count, numbers)) or pd.isna(told["triggered"]):
        share = WITHHELD  # it would give the hidden count away
    due = WITHHELD if pd.isna(told["triggered"]) else count(n["triggered"])
    return str(row["name"]), due, *parts, share


def _told(n: int, is_hidden: bool) -> str:
    if 0 < n < SUPPRESSED_BELOW:
        return f"fewer than {SUPPRESSED_BELOW}"
    return WITHHELD if is_hidden else count(n)


def contacts_html(contacts: DueContacts) -> str:
    """Return the counts of every moment as an HTML table."""
    counts = contacts.counts[contacts.counts["by"] == "all"]
    caption = picture_words.due_between(f"{contacts.first:%Y-%m-%d}", f"{contacts.last:%Y-%m-%d}")
    return funnel_table(counts).to_html(caption=caption)


def hidden_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Return counts as text, without those below 10 and those that would tell one."""
    shown = shown_contacts(counts)
    frame = shown.astype({name: object for name in ("triggered", *STATUSES)})
    for name in ("triggered", *STATUSES):
        frame[name] = [
            _told(int(n), bool(is_hidden))
            for n, is_hidden in zip(counts[name], shown[name].isna(), strict=True)
        ]
    return frame


def hidden_groups(effects: pd.DataFrame) -> pd.DataFrame:
    """Return the effects of missed contacts without the group sizes below 10."""
    frame = effects.copy()
    for name in [column for column in frame if str(column).startswith("n_")]:
        small = (frame[name] > 0) & (frame[name] < SUPPRESSED_BELOW)
        frame[name] = frame[name].astype(float).mask(small)
    return frame
