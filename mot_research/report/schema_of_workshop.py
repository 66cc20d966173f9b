"""The schema of what was asked beside the ratings: contacts, voice, gut and votes."""

from __future__ import annotations

from mot_research.drivers.due_contacts import COUNTED
from mot_research.report.narrative.glossary import SHEETS
from mot_research.report.schema_of_verdicts import metric
from mot_research.report.schema_pieces import (
    INTERVAL,
    Schema,
    columns,
    object_of,
    rows,
    texts,
    with_ends,
)

MISSED = (
    *("moment", "outcome", "n_in_time", "n_missed", "n_left", "n_pending", "n_too_early"),
    *("n_blank", "n_trimmed", "n_effective", "n_effective_missed", "effect", "std_error"),
    *(*INTERVAL, "p_value", "q_value", "mean_in_time", "mean_missed", "n_missed_customers"),
    *("passed_over", "passed_over_lower", "passed_over_upper", "reason"),
)
CONSENSUS = {
    "measures": (
        *("on", "measure", "n_moments", "n_participants"),
        *("estimate", *INTERVAL, "reason"),
    ),
    "stages": ("stage", "kappa", *INTERVAL, "n_votes"),
    "silos": ("silo", "n_participants", *with_ends(("alpha_stage", "alpha_shortlisted"))),
    "pairs": ("silo", "other", "stage", "n_stage", "shortlisted", "n_shortlisted"),
    "answers": ("moment", "silo", "stage", "category", "chosen", "shortlisted", "rank"),
    "moments": (
        *("moment", "chosen", *INTERVAL, "n_silos", "n_participants"),
        *("stage", "stage_share", "n_stages"),
    ),
}


def contacts() -> Schema:
    """Return the key ``contacts``."""
    effect = columns(*MISSED, table="missed contacts") | {
        "waves": texts("Waves whose respondents are compared."),
        "overlap": rows(
            "The probabilities of being answered in time, as far as they were modelled.",
            columns("group", "lowest", "highest", table="missed contacts"),
        ),
        "balance": rows(
            "How far those in time are from the missed, in standard deviations.",
            columns("covariate", "before", "after", table="missed contacts"),
        ),
    }
    return rows(
        "Moments with a trigger: who was answered, and what missing costs.",
        {
            **columns("moment"),
            "log": object_of(
                columns("first", "last", "of_a_survey", "scaled", table="contacts"),
                description="What the event log covers.",
            ),
            "counts": rows(
                SHEETS["contacts"],
                columns("by", "value", *COUNTED, "share_in_time", table="contacts"),
            ),
            "effects": rows(SHEETS["missed contacts"], effect),
        },
    )


def activity() -> Schema:
    """Return the key ``activity``, where experiences were recorded."""
    steps, ways = "recorded steps", "recorded ways"
    counted = ("moment_of_truth", "internal_interaction", "decision_point")
    return object_of(
        columns("confidence")
        | {
            "steps": rows(
                SHEETS[steps],
                columns(
                    *("moment", "customers", "place", *counted, *with_ends(("emotion",))),
                    "emotion_n",
                    table=steps,
                ),
            ),
            "ways": rows(SHEETS[ways], columns("from", "to", "customers", "back", table=ways)),
        },
        description="How customers go from moment to moment; null without recordings.",
    )


def voice() -> Schema:
    """Return the key ``voice``."""
    return rows(
        SHEETS["voice"],
        {
            **columns("moment", "n_comments", "salience", "matched_by", table="voice"),
            "mentions": metric("Share of the wave's respondents who mention it."),
            "negative_share": metric("Share of their mentions that are negative."),
            "quotes": rows(SHEETS["quotes"], columns("text", "source", "valence", table="quotes")),
        },
    )


def triangulation() -> Schema:
    """Return the key ``triangulation``."""
    table = "numbers, voice, gut"
    names = ("moment", "name", "numbers", "voice", "gut", "conflicts")
    return rows(SHEETS[table], columns(*names, table=table))


def consensus() -> Schema:
    """Return the key ``consensus``, where there were votes."""
    return object_of(
        columns("confidence", "n_resamples", "seed")
        | {
            name: rows(
                SHEETS.get(f"consensus {name}", "How far the votes agree on each stage."),
                columns(*names, table=f"consensus {name}"),
            )
            for name, names in CONSENSUS.items()
        },
        description="What the silos of the workshop agree on; null without votes.",
    )
