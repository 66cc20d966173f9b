"""The technical appendix: change, segments, cautions and rules. Each returns Markdown."""

from __future__ import annotations

import pandas as pd

from mot_research.drivers.cautions import RULES, rules_frame
from mot_research.drivers.change import Change
from mot_research.drivers.segments import Segments
from mot_research.findings import Findings
from mot_research.report.escaping import escape_markdown
from mot_research.report.frame_table import NOTHING, frame_table
from mot_research.report.narrative import change_tables
from mot_research.report.narrative.appendix import probability
from mot_research.report.narrative.phrases import names_by_id, with_names

DIGITS = 3
QUANTITIES = {
    "rating": "Mean rating",
    "reach": "Share who had it",
    "effect": "Effect of one point",
    "lmg": "Importance",
    "share": "Share of importance",
}
TERMS = {
    "reach": "Who had it",
    "ratings": "How it went",
    "mix": "Who answered",
    "effects": "How it counts",
    "both": "Together",
    "not_split": "Not split",
}
TESTED = {
    "a": "Before",
    "b": "Now",
    "difference": "Change",
    "std_error": "± error",
    "ci_lower": "from",
    "ci_upper": "to",
    "p_value": "p",
    "q_value": "q",
}
DIFFERENCES = {"segment": "Here", "rest": "Elsewhere"} | {
    name: title for name, title in TESTED.items() if name not in ("a", "b")
}
SHOWN = ("shown", "marked")


def changes(findings: Findings) -> str:
    """Return the whole comparison with the earlier wave: means, parts, tests, limits."""
    if not findings.change:
        return change_tables.not_compared(findings) if findings.not_compared else NOTHING
    blocks = [change_tables.not_compared(findings)] if findings.not_compared else []
    blocks += [change_tables.outcomes(findings), change_tables.causes(findings)]
    for name, each in findings.change.items():
        title = escape_markdown(findings.study.outcome(name).name)
        blocks += [f"### {title}", _facts(each), "#### Parts by moment and control"]
        blocks.append(_parts(findings, each))
        for quantity, what in QUANTITIES.items():
            table = each.tests.loc[[quantity]].droplevel("quantity")
            table = table.rename(columns=TESTED)[list(TESTED.values())]
            blocks += [f"#### {what}", _named(findings, table)]
    blocks.append(change_tables.notes(findings))
    return "\n\n".join(blocks)


def _facts(each: Change) -> str:
    return escape_markdown(
        f"Waves {each.wave_a} and {each.wave_b}, {each.n_obs[0]:,} and {each.n_obs[1]:,} answers; "
        f"{each.model}; {each.n_resamples:,} resamples, {each.n_importance_resamples:,} of the "
        "importances."
    )


def _parts(findings: Findings, each: Change) -> str:
    table = each.parts[[*TERMS, "total", "total_ci_lower", "total_ci_upper"]]
    titles = TERMS | {"total": "Total", "total_ci_lower": "from", "total_ci_upper": "to"}
    return _named(findings, table.loc[:, (table != 0).any()].rename(columns=titles), "Part")


def segments(findings: Findings) -> str:
    """Return for each segment and outcome: who answered, what differs, what turns."""
    blocks = []
    for segment, by_outcome in findings.segments.items():
        for name, each in by_outcome.items():
            title = f"{findings.study.outcome(name).name}, by {segment}"
            blocks += [f"### {escape_markdown(title)}", _values(each), *_within(findings, each)]
            blocks += [escape_markdown(note) for note in each.notes]
    return "\n\n".join(blocks) or NOTHING


def _values(each: Segments) -> str:
    titles = {
        "value": "Value",
        "n": "Answers",
        "n_effective": "Worth",
        "mean": "Mean",
        "status": "Status",
        "reason": "Reason",
    }
    return frame_table(each.values.reset_index().rename(columns=titles)[list(titles.values())])


def _within(findings: Findings, each: Segments) -> list[str]:
    """Return effects and shares value by value against the rest, and what turns."""
    blocks = []
    found = each.differences
    statuses = each.cells["status"]
    allowed = [statuses.get((str(v), str(m)), "") in SHOWN for _, v, m in found.index]
    found = found[allowed]
    for quantity in found.index.get_level_values("quantity").unique():
        table = found.loc[quantity].rename(columns=DIFFERENCES)
        values = [str(value) for value, _ in table.index]
        table = table.droplevel("value")[list(DIFFERENCES.values())]
        table.insert(0, "Where", values)
        blocks += [f"#### {QUANTITIES[str(quantity)]}", _named(findings, table)]
    flips = each.flips
    if len(flips):
        seen = [
            all(statuses.get((str(row[end]), str(name)), "") in SHOWN for end in _ENDS)
            for name, row in flips.iterrows()
        ]
        titles = {
            "effect": "All together",
            "lowest_effect": "Lowest",
            "lowest_value": "in",
            "highest_effect": "Highest",
            "highest_value": "in ",
            "p_value": "p",
            "q_value": "q",
            "flips": "Turns",
        }
        table = flips[seen][list(titles)].rename(columns=titles)
        blocks += ["#### Interaction of segment and effect", _named(findings, table)]
    return blocks


_ENDS = ("lowest_value", "highest_value")


def cautions(findings: Findings) -> str:
    """Return every caution with its rule, threshold and source."""
    records = [("the study", caution) for caution in findings.cautions]
    records += [
        (findings.study.outcome(name).name, caution)
        for name, result in findings.drivers.items()
        for caution in result.cautions
    ]
    if not records:
        return NOTHING
    return "\n".join(
        f"- **{escape_markdown(of)}**, {escape_markdown(caution.rule)}: "
        f"{escape_markdown(with_names(caution.text, findings))} *Rule:* "
        f"{escape_markdown(rule.threshold)}. *Source:* {escape_markdown(rule.source)}."
        for of, caution in records
        for rule in [RULES[caution.rule]]
    )


def rules() -> str:
    """Return every rule of caution, whether it fired or not."""
    table = rules_frame().reset_index()[["name", "threshold", "source"]]
    return frame_table(table.set_axis(["Rule", "Threshold", "Source"], axis=1))


def problems(findings: Findings) -> str:
    """Return what the check of the files found, without examples."""
    columns = ["wave", "column", "rule", "count", "severity", "what_to_do"]
    titles = ["Wave", "Column", "Rule", "Cells", "Severity", "What to do"]
    return frame_table(findings.problems[columns].set_axis(titles, axis=1))


def _named(findings: Findings, table: pd.DataFrame, head: str = "Moment") -> str:
    called = names_by_id(findings)
    table = table.copy()
    for column in table.columns.intersection(["p", "q"]):
        table[column] = [probability(value) for value in table[column].astype(float)]
    table.insert(0, head, [called.get(str(name), str(name)) for name in table.index])
    return frame_table(table, digits=DIGITS)
