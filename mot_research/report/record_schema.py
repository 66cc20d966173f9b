"""The JSON schema of ``findings.json``: every key, its type and what it means.

Columns of tables take their words from the glossary, which ``evidence.xlsx``
prints, too. `mot schema --findings` prints the schema.
"""

from __future__ import annotations

from typing import Any

from mot_research.priorities.result import METRICS
from mot_research.report import words
from mot_research.report.glossary import SHEETS, Kind, meaning

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES: dict[Kind, str] = {
    "text": "string",
    "flag": "boolean",
    "count": "number",
    "number": "number",
    "percent": "number",
}
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
GRADE_COLUMNS = (
    *("role", "outcome", "grade", "reason", "certain", "effect", "ci_lower", "ci_upper"),
    *("q_value", "effect_sd", "share", "share_lower", "share_upper"),
    *("rank", "rank_lower", "rank_upper", "p_top", "p_top_each"),
)
INTERVAL = ("ci_lower", "ci_upper")
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
        "study": _text("Name of the study."),
        "wave": _text("Id of the wave that the findings speak of."),
        "simulated": _column("simulated"),
        "seed": {"type": "integer", "description": "Seed of all random draws."},
        "versions": _map("Versions of Python and of the packages that computed.", _text("Version")),
        "inputs": _rows(
            "Every file read.",
            {
                "name": _text("Its path in the study's folder."),
                "sha256": {
                    "type": "string",
                    "pattern": "^[0-9a-f]{64}$",
                    "description": "Hash of its bytes.",
                },
                "n_rows": _column("n_rows"),
            },
        ),
        "warnings": _texts("Warnings of the study as a whole, then of each outcome."),
    }


def _of_outcomes() -> Schema:
    deciding = "The analyses that decide: of the waves that the rules pool."
    alone = "The wave by itself, where `outcomes` pools several."
    return {
        "outcomes": _list(deciding, _outcome()),
        "outcomes_alone": _list(alone, _outcome()),
        "paths": _rows(
            SHEETS["paths"],
            _columns("outcome", "n_obs", "b", "b_ci_lower", "b_ci_upper", table="paths")
            | _columns("confidence", "note")
            | {
                "mediator": _text("Outcome through which the paths lead."),
                "waves": _texts("Waves that are pooled."),
                "moments": _rows(
                    "One row a moment.",
                    _columns("driver", *_with_ends(PATHS), table="paths")
                    | _columns("conflict", "opposed", "reason"),
                    optional=_with_ends(("total_winsorised",)),
                ),
            },
        ),
    }


def _outcome(**more: Schema) -> Schema:
    """Return the schema of one analysis."""
    return _object(
        more
        | {"id": _text("Id of the outcome.")}
        | _columns("name", "role", "goal", "kind", "model", "n_obs", "n_effective", "n_units")
        | _columns("n_strata", "r_squared", "r_squared_controls", "outcome_mean", "outcome_sd")
        | _columns("top", "confidence", "n_resamples", "missing")
        | {
            "waves": _texts("Waves that are pooled."),
            "moments": _rows(
                SHEETS["drivers"], _columns("driver", *DRIVER_COLUMNS), optional=DRIVER_COLUMNS
            ),
            "further": _rows(
                "Effects in other units, where the outcome has them.",
                _columns("driver", *FURTHER_COLUMNS),
                optional=FURTHER_COLUMNS,
            ),
            "computed": _texts("What was sampled or approximated, and how closely."),
            "warnings": _texts("Warnings of this outcome."),
            "cautions": _rows("The warnings with their rules.", _columns("rule", "text")),
        }
    )


def _of_priorities() -> Schema:
    checks = _rows(
        SHEETS["rules"],
        _columns("rule", "passed", "value", "threshold", "reason", table="rules"),
    )
    metric = {
        "value": _number("The metric; null where there is a reason."),
        **_columns(*INTERVAL, "n"),
        "reason": _text("Why there is no value; empty where there is one."),
    }
    grade = _object(
        _columns(*GRADE_COLUMNS) | {"flags": _texts("What else is to be known."), "checks": checks}
    )
    row = (
        _columns("moment", "name", "stage", "category", "owner", "place", "heading", "verdict")
        | _columns("action", "asymmetry", "combined_share", "reason")
        | {
            "proven_for": _texts("Roles of outcome for which it is proven."),
            "flags": _texts("What else is to be known of it."),
            "checks": checks,
            "combined": _object(
                _columns("share", *INTERVAL, "rank", "rank_lower", "rank_upper"),
                description="Both roles together, by the declared weights, resampled together.",
            ),
            "grades": _map("By role: what its deciding outcome says.", grade),
            "metrics": _object(
                {name: _object(metric, description=words.METRICS[name]) for name in METRICS},
                description="The fifteen metrics.",
            ),
        }
    )
    return {
        "top": {"type": "integer", "description": "Number of places that count as the top."},
        "border": _text("Which places are settled, and what would settle the others."),
        "priorities": _rows("One row a moment: those on the list first, in its order.", row),
        "absences": _rows(
            SHEETS["absences"],
            _columns("moment", *(f"n_{name}" for name in ABSENT), *(f"share_{n}" for n in ABSENT)),
            optional=tuple(f"share_{name}" for name in ABSENT),
        ),
        "contacts": _open_list("Moments with a trigger: triggered, answered, missed."),
        "voice": _open_list("What customers said in their own words, by moment."),
        "value": _open("What the moments are worth, or in `reason` why that can't be said."),
        "scorecard": _nullable(_open("Stages and owners; null without a rating.")),
        "beside": _open_list("Expectation and feeling beside the rating, by moment."),
        "inventory": _open("What the study says of each moment, and what is missing."),
        "segment_priorities": _open_list("Verdicts in each value of a segment."),
        "consensus": _nullable(_consensus()),
    }


ABSENT = ("rated", "not_experienced", "blank", "not_asked")


def _consensus() -> Schema:
    tables = {
        "measures": (
            *("on", "measure", "n_moments", "n_participants"),
            *("estimate", *INTERVAL, "reason"),
        ),
        "stages": ("stage", "kappa", *INTERVAL, "n_votes"),
        "silos": ("silo", "n_participants", *_with_ends(("alpha_stage", "alpha_shortlisted"))),
        "pairs": ("silo", "other", "stage", "n_stage", "shortlisted", "n_shortlisted"),
        "answers": ("moment", "silo", "stage", "category", "chosen", "shortlisted", "rank"),
        "moments": (
            *("moment", "chosen", *INTERVAL, "n_silos", "n_participants"),
            *("stage", "stage_share", "n_stages"),
        ),
    }
    return _object(
        _columns("confidence", "n_resamples", "seed")
        | {
            name: _rows(
                SHEETS.get(f"consensus {name}", "How far the votes agree on each stage."),
                _columns(*columns, table=f"consensus {name}"),
            )
            for name, columns in tables.items()
        },
        description="What the silos of the workshop agree on; null without votes.",
    )


def _of_changes() -> Schema:
    change = _columns("outcome", "model", "confidence", "n_resamples") | {
        "n_importance_resamples": _column("n_importance_resamples"),
        "wave_a": _text("The earlier wave."),
        "wave_b": _text("The wave of the findings."),
        "n_obs": {
            "type": "array",
            "items": {"type": "integer"},
            "description": "Answers used of each of the two waves.",
        },
        "mean": _object(
            _columns("a", "b", *(name for name in TESTED if name != "q_value")),
            description=SHEETS["change mean"],
        ),
        "terms": _rows(SHEETS["change terms"], _columns("term", "estimate", *INTERVAL)),
        "parts": _rows(
            SHEETS["change"],
            _columns("part", "kind", *_with_ends(CHANGE_PARTS), table="change"),
        ),
        "tests": _rows(SHEETS["change tests"], _columns("quantity", "moment", "a", "b", *TESTED)),
        "last_plan": _rows(
            SHEETS["last plan"],
            _columns("moment", "rating", "target", "asked", "score", table="last plan")
            | _columns(*_with_ends(LAST_PLAN), table="last plan"),
        ),
        "left_out": _map("By moment: why it is left out.", _text("The reason.")),
        "notes": _texts("Limits of the comparison."),
    }
    segment = _columns("segment", "outcome", "confidence", "n_resamples") | {
        "waves": _texts("Waves that are pooled."),
        "values": _rows(
            SHEETS["values"],
            _columns("value", "n", "n_effective", "mean", "status", "reason", table="values"),
        ),
        "cells": _rows("Which cells may be shown.", _columns("value", "moment", "n", "status")),
        "results": _list(SHEETS["segment"], _outcome(value=_column("value"))),
        "differences": _rows(
            SHEETS["differ"],
            _columns("quantity", "value", "moment", "segment", "rest", *TESTED, table="differ"),
        ),
        "flips": _rows(
            SHEETS["turn"],
            _columns("moment", "effect", "p_value", "q_value", "lowest_value", "lowest_effect")
            | _columns("highest_value", "highest_effect", "flips"),
        ),
        "notes": _texts("What is left out."),
    }
    return {
        "change": _rows("What changed since the earlier wave, an outcome a row.", change),
        "not_compared": _map("By outcome: why there is no change.", _text("The reason.")),
        "prediction": _rows(
            SHEETS["prediction"],
            _columns("outcome", "wave", "r_squared", "cross_validated", "cross_validated_spread")
            | _columns("n_folds", "n_repeats", "earlier", "from_earlier", *INTERVAL)
            | _columns("level_error", "own", "confidence"),
        ),
        "segments": _rows("Where customers differ, a segment and outcome a row.", segment),
    }


def _of_checks() -> Schema:
    robust = _columns("outcome", "condition_index") | {
        "conditions": _rows(
            "Columns that can hardly be told apart.", _columns("condition_index", "columns")
        ),
        "moments": _rows(
            SHEETS["robustness"],
            _columns("driver", "partial_r_squared", "robustness_value", "vif", "gvif", "effect")
            | _columns("effect_lowest", "without_lowest", "effect_highest", "without_highest")
            | _columns("rank_best", "rank_worst", "same_sign"),
        ),
        "left_out": _rows(
            "The effects without each segment value.",
            _columns("segment", "value", "n_left_out", "driver", "effect", "rank"),
        ),
        "not_left_out": _texts("Segment values that could not be left out, and why."),
    }
    sizes = _columns("outcome", "n_obs", "power", "border") | {
        "border_pair": _texts("The two moments on both sides of the border."),
        "moments": _rows(SHEETS["sample size"], _columns("driver", "n_effect", "n_border")),
    }
    reliability = _columns("wave", "halo", "halo_correlation", "n_ratings", "n_pairs") | {
        "scales": _rows(
            "The scales of several questions.",
            _columns("scale", "n_items", "n", *_with_ends(("alpha",)), "omega", "reason"),
        )
    }
    return {
        "robustness": _rows("What could undo an effect, an outcome a row.", robust),
        "sample_sizes": _rows("Interviews that would tell more, an outcome a row.", sizes),
        "reliability": _nullable(_object(reliability, description=SHEETS["reliability"])),
        "problems": _rows(
            SHEETS["problems"],
            _columns("wave", "column", "rule", "count", "severity", "what_to_do"),
        ),
    }


# Pieces -----------------------------------------------------------------------------------


def _columns(*names: str, table: str = "") -> Schema:
    return {name: _column(name, table) for name in names}


def _column(name: str, table: str = "") -> Schema:
    means = meaning(name, table)
    if means is None:
        raise KeyError(f"the glossary has no word for '{name}'")
    return {"type": [TYPES[means.kind], "null"], "description": means.text}


def _with_ends(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}{end}" for name in names for end in ("", "_ci_lower", "_ci_upper"))


def _object(properties: Schema, *, description: str = "", optional: tuple[str, ...] = ()) -> Schema:
    described = {"description": description} if description else {}
    return described | {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _rows(description: str, columns: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    return _list(description, _object(columns, optional=optional))


def _list(description: str, items: Schema) -> Schema:
    return {"type": "array", "items": items, "description": description}


def _open_list(description: str) -> Schema:
    return _list(description, {"type": "object"})


def _open(description: str) -> Schema:
    return {"type": "object", "description": description}


def _map(description: str, values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values, "description": description}


def _nullable(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _number(description: str) -> Schema:
    return {"type": ["number", "null"], "description": description}


def _texts(description: str) -> Schema:
    return _list(description, {"type": "string"})
