"""The tables of what drives each outcome, in full. Each function returns Markdown.

Where fewer than 30 people stand behind a number, it is not shown.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.numbers import SHOWN_FROM, digits_for
from mot_research.report.escaping import escape_markdown
from mot_research.report.frame_table import NOTHING, frame_table
from mot_research.report.narrative import words

COLUMNS = {
    "share": "Share, %",
    "effect": "One point better",
    "effect_ci_lower": "from",
    "effect_ci_upper": "to",
    "q_value": "q",
    "reach": "Had it, %",
    "mean": "Mean rating",
    "n": "Rated by",
}


def explained(findings: Findings) -> str:
    """Return for each outcome how many answers there are and how much of it is explained."""
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": findings.study.outcome(name).name,
                "Role": words.ROLES[findings.study.outcome(name).role],
                "Waves": ", ".join(result.waves),
                "Answers": result.n_obs,
                "Worth": round(result.n_effective),
                "Explained, %": 100 * result.table["lmg"].sum(),
                "Model": result.model,
            }
            for name, result in findings.drivers.items()
        ),
        digits=1,
    )


def drivers(findings: Findings) -> str:
    """Return a table for each outcome: the moments, the most important first."""
    return _under_headings(
        {
            findings.study.outcome(name).name: _drivers(result, findings)
            for name, result in findings.drivers.items()
        }
    )


def _drivers(result: DriverResult, findings: Findings) -> str:
    table = result.to_frame().sort_values("lmg", ascending=False, kind="stable")
    table[["share", "reach"]] *= 100
    table = table[list(COLUMNS)].astype(float)
    table[~(table["n"] >= SHOWN_FROM)] = np.nan
    effects = digits_for(*table["effect"])
    digits = {"share": 1, "q_value": 3, "reach": 0}
    digits |= dict.fromkeys(("effect", "effect_ci_lower", "effect_ci_upper"), effects)
    table = table.rename(columns=COLUMNS)
    table.insert(0, "Moment", [findings.study.moment(str(name)).name for name in table.index])
    return frame_table(table, digits={COLUMNS[name]: n for name, n in digits.items()})


def neighbours(findings: Findings) -> str:
    """Return for each outcome how sure each moment is ahead of the next one."""
    return _under_headings(
        {
            findings.study.outcome(name).name: _neighbours(result, findings)
            for name, result in findings.drivers.items()
        }
    )


def _neighbours(result: DriverResult, findings: Findings) -> str:
    pairs, shown = result.differences(), result.table["n"] >= SHOWN_FROM
    order = result.table["lmg"][shown].sort_values(ascending=False, kind="stable").index
    after = dict(pairwise(order))
    pairs = pairs[pairs["first"].map(after).eq(pairs["second"])]  # none without resamples
    table = pairs.rename(
        columns={
            "first": "Moment",
            "second": "is ahead of",
            "difference": "by, % of the outcome",
            "ci_lower": "from",
            "ci_upper": "to",
            "first_larger": "in % of the resamples",
        }
    ).copy()
    for column in ("Moment", "is ahead of"):
        table[column] = [findings.study.moment(str(name)).name for name in table[column]]
    numbers = list(table.columns[2:])
    table[numbers] = 100 * table[numbers].astype(float)
    return frame_table(table, digits=dict.fromkeys(numbers[:3], 1) | {numbers[3]: 0})


def contacts(findings: Findings) -> str:
    """Return the moments of which having them goes with an outcome beyond chance."""
    limit = findings.study.rules.false_discovery_rate
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": findings.study.outcome(result.outcome).name,
                "Moment": findings.study.moment(name).name,
                "Having it": row["contact_effect"],
                "from": row["contact_effect_ci_lower"],
                "to": row["contact_effect_ci_upper"],
                "q": row["contact_q_value"],
            }
            for result in findings.drivers.values()
            for name in result.tested
            for row in [result.row(name)]
            if row["contact_q_value"] < limit and row["n"] >= SHOWN_FROM
        ),
        digits=3,
    )


def predictions(findings: Findings) -> str:
    """Return how much is explained of the same answers, and of answers the model has not seen."""
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": findings.study.outcome(name).name,
                "Explained, %": 100 * each.r_squared,
                "Left out, %": 100 * each.cross_validated,
            }
            for name, each in findings.prediction.items()
        ),
        digits=1,
    )


def flips(findings: Findings) -> str:
    """Return the moments that help an outcome in one segment and hurt it in another."""
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": findings.study.outcome(each.outcome).name,
                "Moment": findings.study.moment(str(name)).name,
                "All together": row["effect"],
                "Lowest": row["lowest_effect"],
                "in": row["lowest_value"],
                "Highest": row["highest_effect"],
                "in ": row["highest_value"],
            }
            for by_outcome in findings.segments.values()
            for each in by_outcome.values()
            for name, row in each.flips.loc[list(each.flipping)].iterrows()
        )
    )


def segments(findings: Findings) -> str:
    """Return a table for each segment and outcome: the share of each moment, a column a value."""
    found = {}
    for segment, by_outcome in findings.segments.items():
        for name, each in by_outcome.items():
            frame = each.to_frame()
            if "share" not in frame:
                continue
            table = (100 * frame["share"]).unstack("value")
            table.insert(0, "Moment", [findings.study.moment(str(m)).name for m in table.index])
            found[f"{findings.study.outcome(name).name}, by {segment}"] = frame_table(
                table, digits=0
            )
    return _under_headings(found)


def _under_headings(blocks: dict[str, str]) -> str:
    parts = [f"**{escape_markdown(title)}**\n\n{table}" for title, table in blocks.items()]
    return "\n\n".join(parts) or NOTHING
