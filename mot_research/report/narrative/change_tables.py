"""The tables of what changed between two waves, and why. Each function returns Markdown."""

from __future__ import annotations

import pandas as pd

from mot_research.findings import Findings
from mot_research.report.escaping import escape_markdown
from mot_research.report.frame_table import NOTHING, frame_table

LARGEST = 8  # moments shown of each outcome
CAUSES = {
    "ratings": "The moments went better or worse",
    "reach": "More or fewer customers had them",
    "mix": "Other customers answered",
    "effects": "The same counts for more or less",
    "both": "Two of these moved together",
    "not_split": "Can't be split",
}
QUANTITIES = {
    "rating": "Mean rating",
    "reach": "Share who had it",
    "effect": "Effect of one point",
}
PARTS = {
    "ratings": "How it went",
    "ratings_ci_lower": "from",
    "ratings_ci_upper": "to",
    "reach": "Who had it",
    "effects": "How it counts",
    "both": "Together",
}


def not_compared(findings: Findings) -> str:
    """Return which outcomes can't be compared, and why; or that all can."""
    return (
        "\n".join(
            f"- Nothing to compare for {escape_markdown(findings.study.outcome(name).name)}: "
            f"{escape_markdown(reason.rstrip('.'))}."
            for name, reason in findings.not_compared.items()
        )
        or "Every deciding outcome can be compared with an earlier wave."
    )


def outcomes(findings: Findings) -> str:
    """Return the mean of each outcome before and now, with the interval of its change."""
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": findings.study.outcome(name).name,
                "Waves": f"{each.wave_a} to {each.wave_b}",
                "Before": row.a,
                "Now": row.b,
                "Change": row.difference,
                "from": row.ci_lower,
                "to": row.ci_upper,
            }
            for name, each in findings.change.items()
            for row in each.mean.itertuples()
        ),
        digits=3,
    )


def causes(findings: Findings) -> str:
    """Return the parts of each change; they add up to it."""
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": findings.study.outcome(name).name,
                "Part": CAUSES[str(term)],
                "Change": row["estimate"],
                "from": row["ci_lower"],
                "to": row["ci_upper"],
            }
            for name, each in findings.change.items()
            for term, row in each.terms.loc[list(CAUSES)].iterrows()
            if row["estimate"]
        ),
        digits=3,
    )


def moments(findings: Findings) -> str:
    """Return a table for each outcome: the moments whose ratings moved it most."""
    called = {moment.id: moment.name for moment in findings.study.moments}
    blocks = []
    for name, each in findings.change.items():
        table = each.to_frame()
        table = table[table["kind"] == "moment"]
        table = table.sort_values("ratings", key=lambda part: part.abs(), ascending=False)
        table = table.head(LARGEST)[list(PARTS)].rename(columns=PARTS)
        table.insert(0, "Moment", [called[str(moment)] for moment in table.index])
        title = escape_markdown(findings.study.outcome(name).name)
        blocks.append(f"**{title}**\n\n{frame_table(table, digits=3)}")
    return "\n\n".join(blocks) or NOTHING


def beyond_chance(findings: Findings) -> str:
    """Return the ratings, reaches and effects that changed, all moments tested at once."""
    limit = findings.study.rules.false_discovery_rate
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": findings.study.outcome(name).name,
                "Moment": findings.study.moment(str(moment)).name,
                "What": QUANTITIES[quantity],
                "Before": row["a"],
                "Now": row["b"],
                "Change": row["difference"],
                "from": row["ci_lower"],
                "to": row["ci_upper"],
            }
            for name, each in findings.change.items()
            for quantity in QUANTITIES
            for moment, row in each.tests.loc[quantity].iterrows()
            if row["q_value"] < limit
        )
    )


def notes(findings: Findings) -> str:
    """Return the limits of the comparison, and what is left out of it."""
    lines = []
    for name, each in findings.change.items():
        left_out = [
            f"{findings.study.moment(moment).name} is left out: {why}"
            for moment, why in each.left_out.items()
        ]
        title = escape_markdown(findings.study.outcome(name).name)
        lines += [f"- {title}: {escape_markdown(line)}" for line in [*each.notes, *left_out]]
    return "\n".join(lines) or NOTHING
