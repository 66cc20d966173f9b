"""The schema of what the rules say: metrics, grades, checks, verdicts within segments."""

from __future__ import annotations

from mot_research.report.narrative.glossary import SHEETS
from mot_research.report.schema_pieces import (
    INTERVAL,
    Schema,
    columns,
    list_of,
    map_of,
    nullable,
    number,
    object_of,
    rows,
    text,
    texts,
)

GRADE_COLUMNS = (
    *("role", "outcome", "grade", "reason", "certain", "effect", *INTERVAL),
    *("q_value", "effect_sd", "share", "share_lower", "share_upper"),
    *("rank", "rank_lower", "rank_upper", "p_top", "p_top_each", "by"),
)


def metric(description: str) -> Schema:
    """Return one number with its interval and base, or the reason why there is none."""
    return object_of(
        {
            "value": number("The number; null where there is a reason."),
            **columns(*INTERVAL, "n"),
            "reason": text("Why there is no number; empty where there is one."),
        },
        description=description,
    )


def metric_or_null(description: str) -> Schema:
    """Return the same, null where it was not asked for."""
    return nullable(metric(description))


def checks() -> Schema:
    """Return what the rules say of a moment."""
    return rows(
        SHEETS["rules"], columns("rule", "passed", "value", "threshold", "reason", table="rules")
    )


def grade() -> Schema:
    """Return what one outcome says of a moment."""
    return object_of(
        columns(*GRADE_COLUMNS) | {"flags": texts("What else is to be known."), "checks": checks()}
    )


def segment_verdicts() -> Schema:
    """Return the key ``segment_priorities``."""
    moment = columns("moment", "verdict", "reason") | {
        "proven_for": texts("Roles of outcome for which it is proven."),
        "grades": map_of("By role: what its deciding outcome says.", grade()),
    }
    of_value = columns("value") | {"moments": rows("One row a moment.", moment)}
    return list_of(
        "Verdicts in each value of a segment, a segment a row.",
        object_of(
            columns("segment")
            | {
                "values": rows("The values that can have verdicts.", of_value),
                "refused": map_of("By value: why it has none.", text("The reason.")),
            }
        ),
    )
