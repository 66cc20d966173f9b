"""The JSON schema of ``findings.json``: every key, its type and what it means.

Columns of tables take their words from the glossary, which ``evidence.xlsx``
prints, too. `mot schema --findings` prints the schema.
"""

from __future__ import annotations

from mot_research.priorities.result import METRICS
from mot_research.report.narrative import words
from mot_research.report.narrative.glossary import SHEETS
from mot_research.report.schema_of_verdicts import checks, grade, metric, segment_verdicts
from mot_research.report.schema_of_workshop import (
    activity,
    consensus,
    contacts,
    triangulation,
    voice,
)
from mot_research.report.schema_of_worth import accountability, value
from mot_research.report.schema_pieces import (
    INTERVAL,
    Schema,
    column,
    columns,
    list_of,
    map_of,
    nullable,
    object_of,
    rows,
    text,
    texts,
    with_ends,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DRIVER_COLUMNS = (
    *("lmg", "contact", "share", "ci_lower", "ci_upper", "relative_weight", "first", "last"),
    *("effect", "effect_ci_lower", "effect_ci_upper", "std_error", "p_value", "q_value"),
    *("contact_effect", "contact_effect_ci_lower", "contact_effect_ci_upper"),
    *("contact_std_error", "contact_p_value", "contact_q_value", "n", "reach", "mean"),
    *("rank", "rank_lower", "rank_upper", "p_top", "effect_sd", "rank_each", "p_top_each"),
    "not_tested",
)
FURTHER_COLUMNS = (
    "effect_per_customer",
    *(
        f"{name}_{what}"
        for name in ("nps", "poisson", "winsorised")
        for what in ("effect", "std_error")
    ),
)
TESTED = ("difference", "std_error", *INTERVAL, "p_value", "q_value")
CHANGE_PARTS = ("reach", "ratings", "mix", "effects", "both", "not_split", "total")
LAST_PLAN = ("expected_rating", "expected_outcome", "seen_rating", "seen_outcome")
PATHS = ("a", "direct", "indirect", "total", "total_winsorised")


def findings_schema() -> Schema:
    """Return the schema; a key that it does not describe is not allowed at the top."""
    properties = _about_the_run() | _of_outcomes() | _of_priorities() | _of_changes() | _of_checks()
    return {
        "$schema": DIALECT,
        "title": "Findings of mot_research",
        "description": (
            "Everything that one run found for one wave of a study. What is not estimable is null, "
            "with its reason beside it. A share is a part of 1."
        ),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _about_the_run() -> Schema:
    return {
        "schema_version": {
            "const": 1,
            "description": "Version of this schema; it changes where a key changes its meaning.",
        },
        "study": text("Name of the study."),
        "wave": text("Id of the wave that the findings speak of."),
        "part": nullable(
            object_of(
                {
                    "segment": text("The segment's column."),
                    "value": text("The value that these customers have."),
                },
                description="The customers that the findings speak of; null for all.",
            )
        ),
        "simulated": column("simulated"),
        "seed": {"type": "integer", "description": "Seed of all random draws."},
        "versions": map_of(
            "Versions of Python and of the packages that computed.", text("Version")
        ),
        "inputs": rows(
            "Every file read.",
            {
                "name": text("Its path in the study's folder."),
                "sha256": {
                    "type": "string",
                    "pattern": "^[0-9a-f]{64}$",
                    "description": "Hash of its bytes.",
                },
                "n_rows": column("n_rows"),
            },
        ),
        "warnings": texts("Warnings of the study as a whole, then of each outcome."),
    }


def _of_outcomes() -> Schema:
    deciding = "The analyses that decide: of the waves that the rules pool."
    alone = "The wave by itself, where `outcomes` pools several."
    return {
        "outcomes": list_of(deciding, _outcome()),
        "outcomes_alone": list_of(alone, _outcome()),
        "paths": rows(
            SHEETS["paths"],
            columns("outcome", "n_obs", "b", "b_ci_lower", "b_ci_upper", table="paths")
            | columns("confidence", "note")
            | {
                "mediator": text("Outcome through which the paths lead."),
                "waves": texts("Waves that are pooled."),
                "moments": rows(
                    "One row a moment.",
                    columns("driver", *with_ends(PATHS), table="paths")
                    | columns("conflict", "opposed", "reason"),
                    optional=with_ends(("total_winsorised",)),
                ),
            },
        ),
    }


def _outcome(**more: Schema) -> Schema:
    """Return the schema of one analysis."""
    return object_of(
        more
        | {"id": text("Id of the outcome.")}
        | columns("name", "role", "goal", "kind", "model", "n_obs", "n_effective", "n_units")
        | columns("n_strata", "r_squared", "r_squared_controls", "outcome_mean", "outcome_sd")
        | columns("top", "confidence", "n_resamples", "missing")
        | {
            "waves": texts("Waves that are pooled."),
            "moments": rows(
                SHEETS["drivers"], columns("driver", *DRIVER_COLUMNS), optional=DRIVER_COLUMNS
            ),
            "further": rows(
                "Effects in other units, where the outcome has them.",
                columns("driver", *FURTHER_COLUMNS),
                optional=FURTHER_COLUMNS,
            ),
            "computed": texts("What was sampled or approximated, and how closely."),
            "warnings": texts("Warnings of this outcome."),
            "cautions": rows("The warnings with their rules.", columns("rule", "text")),
        }
    )


def _of_priorities() -> Schema:
    row = (
        columns("moment", "name", "stage", "category", "owner", "place", "heading", "verdict")
        | columns("action", "asymmetry", "combined_share", "reason")
        | {
            "proven_for": texts("Roles of outcome for which it is proven."),
            "flags": texts("What else is to be known of it."),
            "checks": checks(),
            "combined": object_of(
                columns("share", *INTERVAL, "rank", "rank_lower", "rank_upper"),
                description="Both roles together, by the declared weights, resampled together.",
            ),
            "grades": map_of("By role: what its deciding outcome says.", grade()),
            "metrics": object_of(
                {name: metric(words.METRICS[name]) for name in METRICS},
                description="The fifteen metrics.",
            ),
        }
    )
    return {
        "top": {"type": "integer", "description": "Number of places that count as the top."},
        "border": text("Which places are settled, and what would settle the others."),
        "priorities": rows("One row a moment: those on the list first, in its order.", row),
        "absences": rows(
            SHEETS["absences"],
            columns("moment", *(f"n_{name}" for name in ABSENT), *(f"share_{n}" for n in ABSENT)),
            optional=tuple(f"share_{name}" for name in ABSENT),
        ),
        "contacts": contacts(),
        "activity": nullable(activity()),
        "voice": voice(),
        "triangulation": triangulation(),
        "value": value(),
        **accountability(),
        "segment_priorities": segment_verdicts(),
        "consensus": nullable(consensus()),
    }


ABSENT = ("rated", "not_experienced", "blank", "not_asked")


def _of_changes() -> Schema:
    change = columns("outcome", "model", "confidence", "n_resamples") | {
        "n_importance_resamples": column("n_importance_resamples"),
        "wave_a": text("The earlier wave."),
        "wave_b": text("The wave of the findings."),
        "n_obs": {
            "type": "array",
            "items": {"type": "integer"},
            "description": "Answers used of each of the two waves.",
        },
        "mean": object_of(
            columns("a", "b", *(name for name in TESTED if name != "q_value")),
            description=SHEETS["change mean"],
        ),
        "terms": rows(SHEETS["change terms"], columns("term", "estimate", *INTERVAL)),
        "parts": rows(
            SHEETS["change"],
            columns("part", "kind", *with_ends(CHANGE_PARTS), table="change"),
        ),
        "tests": rows(SHEETS["change tests"], columns("quantity", "moment", "a", "b", *TESTED)),
        "last_plan": rows(
            SHEETS["last plan"],
            columns("moment", "rating", "target", "asked", "score", table="last plan")
            | columns(*with_ends(LAST_PLAN), table="last plan"),
        ),
        "left_out": map_of("By moment: why it is left out.", text("The reason.")),
        "notes": texts("Limits of the comparison."),
    }
    segment = columns("segment", "outcome", "confidence", "n_resamples") | {
        "waves": texts("Waves that are pooled."),
        "values": rows(
            SHEETS["values"],
            columns("value", "n", "n_effective", "mean", "status", "reason", table="values"),
        ),
        "cells": rows("Which cells may be shown.", columns("value", "moment", "n", "status")),
        "results": list_of(SHEETS["segment"], _outcome(value=column("value"))),
        "differences": rows(
            SHEETS["differ"],
            columns("quantity", "value", "moment", "segment", "rest", *TESTED, table="differ"),
        ),
        "flips": rows(
            SHEETS["turn"],
            columns("moment", "effect", "p_value", "q_value", "lowest_value", "lowest_effect")
            | columns("highest_value", "highest_effect", "flips"),
        ),
        "notes": texts("What is left out."),
    }
    return {
        "change": rows("What changed since the earlier wave, an outcome a row.", change),
        "not_compared": map_of("By outcome: why there is no change.", text("The reason.")),
        "prediction": rows(
            SHEETS["prediction"],
            columns("outcome", "wave", "r_squared", "cross_validated", "cross_validated_spread")
            | columns("n_folds", "n_repeats", "earlier", "from_earlier", *INTERVAL)
            | columns("level_error", "own", "confidence"),
        ),
        "segments": rows("Where customers differ, a segment and outcome a row.", segment),
    }


def _of_checks() -> Schema:
    robust = columns("outcome", "condition_index") | {
        "conditions": rows(
            "Columns that can hardly be told apart.", columns("condition_index", "columns")
        ),
        "moments": rows(
            SHEETS["robustness"],
            columns("driver", "partial_r_squared", "robustness_value", "vif", "gvif", "effect")
            | columns("effect_lowest", "without_lowest", "effect_highest", "without_highest")
            | columns("rank_best", "rank_worst", "same_sign"),
        ),
        "left_out": rows(
            "The effects without each segment value.",
            columns("segment", "value", "n_left_out", "driver", "effect", "rank"),
        ),
        "not_left_out": texts("Segment values that could not be left out, and why."),
    }
    sizes = columns("outcome", "n_obs", "power", "border") | {
        "border_pair": texts("The two moments on both sides of the border."),
        "moments": rows(SHEETS["sample size"], columns("driver", "n_effect", "n_border")),
    }
    reliability = columns("wave", "halo", "halo_correlation", "n_ratings", "n_pairs") | {
        "scales": rows(
            "The scales of several questions.",
            columns("scale", "n_items", "n", *with_ends(("alpha",)), "omega", "reason"),
        )
    }
    return {
        "robustness": rows("What could undo an effect, an outcome a row.", robust),
        "sample_sizes": rows("Interviews that would tell more, an outcome a row.", sizes),
        "reliability": nullable(object_of(reliability, description=SHEETS["reliability"])),
        "problems": rows(
            SHEETS["problems"],
            columns("wave", "column", "rule", "count", "severity", "what_to_do"),
        ),
    }
