"""The sentences of reason: plain words around the numbers that decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mot_research.drivers.missed_contacts import MissedContact
from mot_research.drivers.result import DriverResult
from mot_research.drivers.sample_size import REASONABLE, SampleSize, interviews_needed
from mot_research.numbers import count, percent, signed
from mot_research.priorities.result import Grade
from mot_research.priorities.rules import Verdict, chance_limit
from mot_research.statistics.distributions import t_quantile
from mot_research.study.definition import Moment, Outcome, Rules

NAMED = 4  # moments of a tie that the sentence names; more are counted
NOT_EVEN = f"Not even {REASONABLE} times as many interviews would settle it."
ROLES = {"relationship": "the relationship", "revenue": "revenue"}
PROOF_OF_RARE = "a proof for each customer alone must stand against all tests"


def unit(outcome: Outcome) -> str:
    """What one unit of an effect on this outcome is."""
    if outcome.kind == "ordered":
        return f"percentage points of the top answer to {outcome.name}"
    if outcome.kind in ("binary", "share"):
        return f"percentage points of {outcome.name}"
    return f"points of {outcome.name}" if outcome.kind != "amount" else f"of {outcome.name}"


def shown_effect(outcome: Outcome, value: float) -> str:
    """An effect in the units that people read: percentage points for shares."""
    value = value * 100 if outcome.kind in ("binary", "share", "ordered") else value
    return signed(value, 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0)


def interval(outcome: Outcome, lower: float, upper: float) -> str:
    """Both ends, in the units that people read."""
    return f"{shown_effect(outcome, lower)} to {shown_effect(outcome, upper)}"


def q_text(q: float) -> str:
    """A q value to three decimals, without the leading zero."""
    return "q < .001" if q < 0.001 else f"q = {q:.3f}".replace("0.", ".", 1)


def not_tested(outcome: Outcome, why: str) -> str:
    """Why a moment has no grade for one outcome."""
    return f"Not tested for {outcome.name}: {why}."


def tested(outcome: Outcome, grade: Grade, result: DriverResult, rules: Rules) -> str:
    """Why a tested moment has its grade for one outcome."""
    if grade.effect is None or grade.ci_lower is None or grade.ci_upper is None:
        return (
            f"Not proven for {outcome.name}: its effect can't be told from that of another "
            "column, of which it is an exact combination."
        )
    effect = (
        f"one rating point goes with {shown_effect(outcome, grade.effect)} "
        f"({interval(outcome, grade.ci_lower, grade.ci_upper)}) {unit(outcome)}"
    )
    if grade.grade == "not_proven":
        span = interval(outcome, grade.ci_lower, grade.ci_upper)
        return _not_proven(outcome, grade, span, result, rules)
    q = q_text(grade.q_value) if grade.q_value is not None else ""
    if not result.is_ranked:
        return (
            f"{effect[0].upper()}{effect[1:]}, {q}; too few rated two moments to rank it "
            "against others."
        )
    if grade.p_top is None or grade.p_top_each is None:
        return f"{effect[0].upper()}{effect[1:]}, {q}; without resamples no place is proven."
    places = f"the first {result.top} of {len(result.tested)}"
    across = f"it is among {places} in {percent(grade.p_top)} of the resamples"
    if "rare_but_decisive" in grade.flags:
        across = (
            f"for each customer who had it it is among {places} in {percent(grade.p_top_each)} "
            f"of the resamples (across all customers in {percent(grade.p_top)})"
        )
    elif grade.grade != "proven" and grade.p_top_each >= rules.p_top:
        across = (
            f"for each customer who had it it is among {places} in {percent(grade.p_top_each)} "
            f"of the resamples, where a rare moment can also come by chance: {PROOF_OF_RARE}, "
            f"p ≤ {chance_limit(result, rules):.4f}"
        )
    elif grade.grade != "proven":
        best = max(grade.p_top, grade.p_top_each)
        across = f"it is among {places} in only {percent(best)} of the resamples"
    return f"{effect[0].upper()}{effect[1:]}, {q}, and {across}."


def of_missed_contact(outcome: Outcome, missed: MissedContact, *, real: bool) -> str:
    """Why a moment without a rating has its grade: the missed against those answered in time."""
    about = f"({count(missed.n_in_time)} answered in time, {count(missed.n_missed)} missed)"
    span = interval(outcome, missed.ci_lower, missed.ci_upper)
    if not real:
        return (
            f"Not proven: an answer in time goes with anything from {span} {unit(outcome)} for "
            f"those who were missed {about}; observational."
        )
    lead = "Reversed" if missed.effect < 0 else "Observational"
    return (
        f"{lead}: an answer in time goes with {shown_effect(outcome, missed.effect)} ({span}) "
        f"{unit(outcome)} for those who were missed, {q_text(missed.q_value)} {about}. Who is "
        "answered was not drawn by lot: a trial would prove it."
    )


def _not_proven(
    outcome: Outcome, grade: Grade, span: str, result: DriverResult, rules: Rules
) -> str:
    if "reversed" in grade.flags:
        return (
            f"Reversed: one rating point goes with {shown_effect(outcome, grade.effect or 0.0)} "
            f"({span}) {unit(outcome)}. Check its coding and scale, and what it is correlated "
            "with."
        )
    span = f"anything from {span} {unit(outcome)}"
    smallest = rules.smallest_effect * result.outcome_sd
    sd = grade.effect_sd / grade.effect if grade.effect_sd and grade.effect else None
    if sd is not None and grade.ci_upper is not None and grade.ci_upper * sd < smallest:
        return f"Not proven: {span} per rating point, at most a small effect."
    needed = _interviews_needed(grade, sd, smallest, result)
    few = f"; about {needed:,} interviews would tell" if needed else ""
    return f"Not proven: {span} per rating point{few}."


def _interviews_needed(
    grade: Grade, sd: float | None, smallest: float, result: DriverResult
) -> int | None:
    """Interviews at which the smallest effect of interest would show with 80 % power."""
    if sd is None or grade.ci_upper is None or grade.ci_lower is None:
        return None
    tail = (1 + result.confidence) / 2
    error = (grade.ci_upper - grade.ci_lower) / 2 / t_quantile(tail, result.degrees_of_freedom)
    needed = interviews_needed(error * sd, smallest, result.n_obs, result.confidence)
    return needed if needed is not None and needed > result.n_obs else None


def verdict(
    moment: Moment, name: Verdict, proven_for: Sequence[str], grades: Mapping[str, Grade]
) -> str:
    """One plain sentence or two: the verdict, and the numbers it stands on."""
    if name == "proven":
        roles = " and ".join(ROLES[role] for role in proven_for)
        return f"Proven for {roles}. " + " ".join(grades[role].reason for role in proven_for)
    others = " ".join(grade.reason for grade in grades.values())
    if name == "brand_bet":
        return f"A brand bet: {moment.brand_bet}. {others}".strip()
    if name == "not_tested" and not others:
        return "Not tested: this wave has no outcome to test it against."
    wanted = [grade.reason for grade in grades.values() if grade.grade == name]
    lead = {"likely": "Likely. ", "minor": "Real, but not among the top. "}.get(name, "")
    return lead + " ".join(wanted)


def border(sure: int, tied: Sequence[str], top: int, n_tested: int, would_settle: str = "") -> str:
    """Which places are settled, which moments can't be told apart, and what would tell."""
    if not tied:
        return f"The first {top} of the {n_tested} tested moments are settled."
    rest = f"{len(tied)} moments"
    if len(tied) <= NAMED:
        rest += f" ({', '.join(tied)})"
    if sure == 0:
        told = (
            f"No place among the first {top} of the {n_tested} tested moments is settled: {rest} "
            "may belong there and can't be told apart. Choose among them by cost or passion."
        )
    else:
        moments = "1 moment" if sure == 1 else f"{sure} moments"
        told = (
            f"Sure to be among the first {top}: {moments}. For the other places {rest} "
            "can't be told apart: choose among them by cost or passion."
        )
    return f"{told} {would_settle}".strip()


def more_interviews(size: SampleSize) -> str:
    """What would settle the border of one outcome; empty where nothing can be said."""
    if not size.border_pair:
        return ""
    if size.more is None:
        return NOT_EVEN
    return f"About {size.more:,} more interviews would settle it." if size.more else ""


def more_of_both(times: float | None) -> str:
    """What would settle the border of both roles: their surveys grow together."""
    if times is None or times > REASONABLE:
        return NOT_EVEN
    return f"About {times:.1f} times as many interviews would settle it." if times > 1 else ""
