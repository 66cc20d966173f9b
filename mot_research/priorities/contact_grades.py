"""The grade of a moment that nobody rates: by what its missed contacts cost."""

from __future__ import annotations

from mot_research.drivers.missed_contacts import MissedContact
from mot_research.priorities import reasons
from mot_research.priorities.result import Grade
from mot_research.priorities.rules import Check, grade_by, number
from mot_research.study.definition import Outcome, Rules

BY_TRIGGER = "nobody rates it: it is tested by its trigger"
NOT_RANDOMISED = "an event log shows who was answered, not a trial"


def contact_checks(missed: MissedContact, rules: Rules) -> tuple[Check, ...]:
    """What the rules say of a moment without a rating, by one outcome."""
    tested = (
        Check("rated", None, reason=BY_TRIGGER),
        Check("comparable", not missed.reason, reason=missed.reason),
    )
    if missed.reason:
        return tested
    limit = rules.false_discovery_rate
    return (
        *tested,
        Check("answer_helps", missed.effect > 0, number(missed.effect), 0.0),
        Check("beyond_chance", missed.q_value <= limit, number(missed.q_value), limit),
        Check("by_lot", False, reason=NOT_RANDOMISED),
    )


def contact_grade(outcome: Outcome, missed: MissedContact, rules: Rules) -> Grade:
    """Likely at most: who was answered was not drawn by lot.

    Parameters
    ----------
    outcome : Outcome
    missed : MissedContact
        With its q value in the family of the outcome's rated moments.
    rules : Rules
    """
    checks = contact_checks(missed, rules)
    if missed.reason:
        why = reasons.not_tested(outcome, missed.reason)
        return Grade(outcome.role, outcome.id, grade_by(checks), why, by="contact", checks=checks)
    real = missed.q_value <= rules.false_discovery_rate
    return Grade(
        role=outcome.role,
        outcome=outcome.id,
        grade=grade_by(checks),
        reason=reasons.of_missed_contact(outcome, missed, real=real),
        flags=("reversed",) if real and missed.effect < 0 else (),
        effect=missed.effect,
        ci_lower=missed.ci_lower,
        ci_upper=missed.ci_upper,
        q_value=number(missed.q_value),
        by="contact",
        checks=checks,
    )
