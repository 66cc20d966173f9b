"""Results that show themselves in a notebook, as HTML tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mot_research.drivers.result import DriverResult
from mot_research.numbers import (
    NO_BREAK,
    PERCENT,
    TWO_DIGITS,
    Writing,
    count,
    effect_writing,
    is_shown,
    percent,
    plain,
    too_few,
    with_base,
)
from mot_research.priorities.result import Priorities
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import one_moment, words

NONE = "–"


def drivers_html(result: DriverResult) -> str:
    """Return a driver analysis as an HTML table, most important first."""
    table = result.to_frame()
    effects = effect_writing(result.kind, table["effect"].dropna())
    three = Writing(lambda value: plain(value, 3))
    variation = Writing(lambda value: plain(100 * value, 1), f"{NO_BREAK}%")
    rows: list[tuple[str, ...]] = []
    for name, row in _by_importance(table):
        n = int(row["n"]) if np.isfinite(row["n"]) else None
        if name in result.not_tested or not is_shown(n):
            reason = result.not_tested.get(name) or too_few(n or 0)
            rows.append((name, *[NONE] * 6, f"not tested: {reason}"))
            continue
        rows.append(
            (
                name,
                variation.with_interval(row["lmg"], row.get("ci_lower"), row.get("ci_upper")),
                PERCENT.one(row["share"]),
                effects.one(row["effect"]),
                three.one(row["q_value"]),
                PERCENT.one(row["reach"]),
                TWO_DIGITS.one(row["mean"]),
                NONE if n is None else with_base(count(n), n),
            )
        )
    caption = (
        f"{result.outcome}: {result.model}; {count(result.n_obs)} answers, "
        f"R² {plain(result.r_squared, 3)}, {percent(result.confidence)} intervals"
    )
    columns = (
        Column("driver", 8),
        Column("how it went, % of variation", 6, "right"),
        Column("share", 3, "right"),
        Column("one point better", 4, "right"),
        Column("q", 3, "right"),
        Column("reach", 3, "right"),
        Column("mean", 3, "right"),
        Column("rated by", 5, "right"),
    )
    return Table(columns, tuple(rows)).to_html(caption=caption)


def _by_importance(table: pd.DataFrame) -> list[tuple[str, dict[str, float]]]:
    """Return the rows of a driver analysis, the most important first, the untested last."""
    ordered = table.sort_values("lmg", ascending=False, na_position="last", kind="stable")
    return [
        (str(name), dict(zip(ordered.columns, map(float, row), strict=True)))
        for name, row in zip(ordered.index, ordered.to_numpy(dtype=float), strict=True)
    ]


def priorities_html(priorities: Priorities) -> str:
    """Return the verdicts of all moments as an HTML table, the list first."""
    columns = (
        Column("#", 1, "right"),
        Column("moment", 8),
        Column("verdict", 4),
        Column("proven for", 4),
        Column("action", 3),
        Column("owner", 4),
        Column("reason", 14),
    )
    rows = tuple(
        (
            "" if row.place is None else str(row.place),
            row.moment.name,
            words.VERDICTS[row.verdict],
            one_moment.proven_for(row),
            words.ACTIONS[row.action] if row.action else NONE,
            row.moment.owner or words.NO_OWNER,
            row.reason,
        )
        for row in priorities.rows
    )
    return Table(columns, rows).to_html(caption=priorities.border)
