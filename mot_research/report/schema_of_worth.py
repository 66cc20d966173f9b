"""The schema of worth and answerability: value, scorecard, feelings beside, inventory."""

from __future__ import annotations

from mot_research.priorities.operational import COLUMNS
from mot_research.report.narrative.glossary import SHEETS
from mot_research.report.schema_of_verdicts import metric, metric_or_null
from mot_research.report.schema_pieces import (
    INTERVAL,
    Schema,
    columns,
    map_of,
    nullable,
    object_of,
    rows,
    text,
    texts,
    with_ends,
)
from mot_research.study.completeness import WANTED

OF_VALUE = (
    *("name", *with_ends(("per_customer", "gain"))),
    *("cost_per_year", "cost", *with_ends(("return",)), "share_below", "mean_gap"),
    *("rating", "rating_at_target", "claimed", "reason"),
)
LIFTED = (
    *("moment", "scenario", "per_customer", *INTERVAL, "reach", "share_below"),
    *("mean_gap", "effect", "reason"),
)


def value() -> Schema:
    """Return the key ``value``: all of it, or the reason alone."""
    lifts = columns("wave") | {
        "waves": texts("Waves that the effects are of."),
        "moments": rows(SHEETS["lifts"], columns(*LIFTED, table="lifts")),
    }
    bought = columns("budget", "cost_per_year", "gain", *INTERVAL, "claimed", table="plans")
    found = {
        **columns("outcome", "kind", "role", "counted_in", "currency", table="value"),
        **columns("customers", "population", "wave", "days", "confidence", table="value"),
        **columns("additive", "today", table="value"),
        "waves": texts("Waves that the effects are of."),
        "moments": rows(SHEETS["value"], columns("moment", *OF_VALUE, table="value")),
        "listed": nullable(_together("All moments on the list lifted together.")),
        "claimed": nullable(_together("Those of them together whose gain may be claimed.")),
        "purchases": rows(
            SHEETS["plans"],
            bought | columns("exact") | {"moments": texts("Ids of the moments bought.")},
        ),
        "steps": rows(
            "From today to the largest plan, moment by moment.",
            columns("moment", "name", "gain", *INTERVAL, "reached", table="steps"),
        ),
        "planning": _planning(),
        "lifts": map_of("By outcome: what it gains where a moment is lifted.", object_of(lifts)),
        "notes": texts("What the reader must know."),
    }
    reason = {"reason": text("Why there is no value; empty where there is one.")}
    whole = object_of(reason | found, description=SHEETS["value"], optional=tuple(found))
    return whole | {"dependentRequired": {"outcome": list(found)}}


def _together(description: str) -> Schema:
    names = ("per_customer", *INTERVAL, *with_ends(("gain",)), "beyond_scale")
    return object_of(columns(*names, table="value"), description=description)


def _planning() -> Schema:
    """A row has three columns more for each outcome, named by its id."""
    names = ("moment", "place", "stage", "owner", "action", *OF_VALUE, "watch", "check")
    planned = object_of(columns(*names, table="planning"), optional=OF_VALUE)
    of_outcome = columns("<outcome>_per_customer", table="planning").popitem()[1]
    return {
        "type": "array",
        "items": planned | {"additionalProperties": of_outcome},
        "description": SHEETS["planning"],
    }


def accountability() -> Schema:
    """Return the keys ``scorecard``, ``beside`` and ``inventory``."""
    beside = columns("moment", "promise") | {
        "expected": metric_or_null("Mean of what those who rated it expected."),
        "gap": metric_or_null("Rating less expectation, person by person."),
        "emotion": metric_or_null("Mean feeling, on the numbers of its column."),
        "correlation": metric_or_null("Correlation of feeling and rating."),
    }
    stages = {"type": "integer", "description": "Moments of this stage with the purpose."}
    purposes = object_of(columns("category")) | {"additionalProperties": stages}
    inventory = {
        "moments": rows(SHEETS["completeness"], columns("moment", *WANTED, table="completeness")),
        "purposes_by_stage": {
            "type": "array",
            "items": purposes,
            "description": SHEETS["purposes by stage"],
        },
    }
    return {
        "scorecard": nullable(_scorecard()),
        "beside": rows(SHEETS["beside the rating"], beside),
        "inventory": object_of(inventory, description=SHEETS["completeness"]),
    }


def _scorecard() -> Schema:
    """Return stages and owners, held to the same numbers."""
    during = (
        *("metric", "wave", "first", "last", "value", "low", "high"),
        *("n", "during", "n_during", "reason"),
    )
    operations = columns(*(name for name in COLUMNS if name != "moments"), table="operations")
    return object_of(
        {
            **columns("wave", "earlier", "confidence"),
            "stages": rows(SHEETS["stages"], _line()),
            "owners": rows(SHEETS["owners"], _line()),
            "unowned": texts("Ids of the moments that nobody owns."),
            "ratings": rows(
                SHEETS["ratings by stage"],
                columns("stage", "wave", "rating", *INTERVAL, "n", "reason"),
            ),
            "operations": rows(
                SHEETS["operations"],
                operations | {"moments": texts("Ids of the moments that name the metric.")},
            ),
            "operations_by_wave": rows(
                SHEETS["operations by wave"], columns(*during, table="operations by wave")
            ),
            "goals": rows(
                SHEETS["goals"],
                columns("moment", "outcome", "goal", "grade", "effect", *INTERVAL)
                | columns("q_value", "reason"),
            ),
        },
        description="Stages and owners with all of their moments; null without a rating.",
    )


def _line() -> Schema:
    counted = {"type": "integer", "description": "Moments."}
    return {
        "key": text("Id of the stage, or the owner; empty for moments that have none."),
        "name": text("Its name."),
        "moments": texts("Ids of its moments."),
        "verdicts": map_of("By verdict: how many moments have it.", counted),
        "rating": metric("Mean of the moments' mean ratings, each counting once."),
        "change": metric("Change of that mean since the earlier wave."),
        "rated": texts("The moments in `rating`."),
        "compared": texts("The moments in `change`."),
        "importance": map_of("By role: share of the importance.", metric("The share, of 1.")),
        "across": map_of(
            "Of a stage its owners, of an owner the stages, with their moments.",
            texts("Ids of the moments."),
        ),
        "partners": texts("Who works on its moments, too."),
        "handoffs": texts("From whom to whom they are handed."),
        "metrics": texts("Operational metrics that belong to them."),
        "partner_of": texts("Of an owner: moments of others on which it works, too."),
    }
