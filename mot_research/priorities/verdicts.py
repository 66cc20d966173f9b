"""What to do with each moment: grades per role, one verdict, and the list.

The rules stand in :mod:`mot_research.priorities.rules`, their thresholds there and
in ``study.rules``; all of them are printed in the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mot_research.drivers.missed_contacts import MissedContact
from mot_research.drivers.result import DriverResult
from mot_research.drivers.sample_size import sample_size
from mot_research.priorities import reasons
from mot_research.priorities.combined import CombinedShares, combined_shares
from mot_research.priorities.contact_grades import contact_grade
from mot_research.priorities.evidence import Deciding, share_interval
from mot_research.priorities.result import Combined, Grade, Metric, Priorities, Priority
from mot_research.priorities.rules import (
    CERTAIN,
    action_by,
    grade_by,
    grade_checks,
    listed_check,
    met,
    moment_checks,
    number,
    verdict_by,
)
from mot_research.priorities.voice import VoiceOfWave
from mot_research.statistics.ranks import rank_sets, top_k_sets
from mot_research.study.definition import Moment, Outcome, Rules, Study


def decide(
    study: Study,
    wave_id: str,
    deciding: Mapping[str, Deciding],
    metrics: Mapping[str, Mapping[str, Metric]],
    shortlist: Mapping[str, bool],
    voice: VoiceOfWave | None = None,
) -> Priorities:
    """Give every moment its verdict, and make the list.

    Parameters
    ----------
    study : Study
    wave_id : str
    deciding : mapping of role to Deciding
        The first outcome of each role that this wave has.
    metrics : mapping of moment id to its fifteen metrics
    shortlist : mapping of moment id to bool
        The workshop's decision, of the moments that it decided.
    voice : VoiceOfWave, optional
        What the customers say: the loud moments are flagged.
    """
    by_role = {
        role: grades(study, wave_id, study.outcome(one.outcome), one.result, one.missed)
        for role, one in deciding.items()
    }
    combined = combined_shares({role: one.result for role, one in deciding.items()}, study.rules)
    shares = _by_moment(combined)
    rows = []
    for moment in study.moments:
        own = {role: by_moment[moment.id] for role, by_moment in by_role.items()}
        share = shares.get(moment.id, Combined())
        rows.append(_priority(study, moment, own, share, deciding, metrics[moment.id], shortlist))
    main = next(iter(deciding.values())).result if deciding else None
    top = main.top if main else 0
    loud = frozenset() if voice is None else voice.loud(top)
    ranked = _ranked([_flagged(row, loud) for row in rows], study.rules)
    ranked_results = [one.result for one in deciding.values() if one.result.is_ranked]
    border, tied = _border(study, ranked_results, combined)
    return Priorities(rows=ranked, rules=study.rules, top=top, border=border, tied=tied)


def grades(
    study: Study,
    wave_id: str,
    outcome: Outcome,
    result: DriverResult,
    missed: Sequence[MissedContact] = (),
) -> dict[str, Grade]:
    """What the analysis of one outcome says of every moment, by the study's rules.

    A moment without a rating is graded by what missing it costs, where that is ``missed``.
    """
    worst = _worst_ranks(result)
    by_contact = {one.moment: one for one in missed}
    found = {}
    for moment in study.moments:
        if moment.rating is None and moment.id in by_contact:
            found[moment.id] = contact_grade(outcome, by_contact[moment.id], study.rules)
            continue
        checks = grade_checks(moment, result, study.rules, worst.get(moment.id))
        grade = Grade(outcome.role, outcome.id, grade_by(checks), "", checks=checks)
        if grade.grade == "not_tested":
            why = result.not_tested.get(moment.id, "it has no rating in the survey")
            why = f"not on wave {wave_id}" if why == "not asked" else why
            reason = reasons.not_tested(outcome, why)
        else:
            grade = _with_numbers(grade, result, moment, study.rules)
            reason = reasons.tested(outcome, grade, result, study.rules)
        found[moment.id] = replace(grade, reason=reason)
    return found


def _worst_ranks(result: DriverResult) -> dict[str, int]:
    """The one-sided rank bound of each tested moment; none without resamples."""
    if not len(result.lmg_draws):
        return {}
    lmg, covariance = _importances(result)
    sets = rank_sets(lmg, covariance, CERTAIN, seed=result.seed, kind="upper")
    return dict(zip(result.tested, map(int, sets.upper), strict=True))


def _importances(result: DriverResult) -> tuple[np.ndarray, np.ndarray]:
    """Importances of the tested moments, and their covariance over the draws."""
    lmg = result.table.loc[list(result.tested), "lmg"].to_numpy()
    return lmg, np.atleast_2d(np.cov(result.lmg_draws, rowvar=False))


def _with_numbers(grade: Grade, result: DriverResult, moment: Moment, rules: Rules) -> Grade:
    """The grade of a tested moment with its flags and the numbers that it stands on."""
    row = result.row(moment.id)
    passed = met(grade.checks)
    flags = []
    if grade.grade == "proven" and "top_by_importance" not in passed:
        flags.append("rare_but_decisive")
    if "beyond_chance" in passed and row["effect"] < 0:
        flags.append("reversed")
    if "beyond_chance" not in passed and _having_it_matters(result, moment.id, rules):
        flags.append("having_it_matters")
    share_lower, share_upper = share_interval(result, moment.id)
    ranked = "rank_lower" in row
    return replace(
        grade,
        certain=grade.grade == "proven" and "certain" in passed,
        flags=tuple(flags),
        effect=number(row["effect"]),
        ci_lower=number(row["effect_ci_lower"]),
        ci_upper=number(row["effect_ci_upper"]),
        q_value=number(row["q_value"]),
        effect_sd=number(row["effect_sd"]),
        share=number(row["share"]),
        share_lower=share_lower,
        share_upper=share_upper,
        rank=int(row["rank"]) if result.is_ranked else None,
        rank_lower=int(row["rank_lower"]) if ranked else None,
        rank_upper=int(row["rank_upper"]) if ranked else None,
        p_top=number(row.get("p_top", np.nan)),
        p_top_each=number(row.get("p_top_each", np.nan)),
    )


def _having_it_matters(result: DriverResult, moment_id: str, rules: Rules) -> bool:
    """Whether the contact itself explains as much as a top moment, silently."""
    if not result.is_ranked:
        return False
    row = result.row(moment_id)
    border = np.sort(result.table["lmg"].dropna().to_numpy())[-result.top]
    return bool(row["contact_q_value"] <= rules.false_discovery_rate and row["contact"] >= border)


def _priority(
    study: Study,
    moment: Moment,
    grades: Mapping[str, Grade],
    combined: Combined,
    deciding: Mapping[str, Deciding],
    metrics: Mapping[str, Metric],
    shortlist: Mapping[str, bool],
) -> Priority:
    proven_for = tuple(role for role, grade in grades.items() if grade.grade == "proven")
    kind, alike = next(
        (
            (str(row["kind"]), bool(row["alike"]))
            for row in (
                one.asymmetry.row(moment.id)
                for one in deciding.values()
                if moment.id in one.asymmetry.table.index
            )
        ),
        ("undecided", False),
    )
    checks = moment_checks(
        moment,
        proven_for,
        kind,
        alike,
        metrics["mean_rating"].value,
        study.ratings_for(moment).target,
    )
    verdict = verdict_by(checks, [grade.grade for grade in grades.values()])
    flags = [flag for grade in grades.values() for flag in grade.flags]
    if verdict == "proven" and shortlist.get(moment.id) is False:
        flags.append("missed_by_workshop")
    if verdict == "proven" and moment.brand_bet:
        flags.append("chosen_by_gut")
    if _conflict(grades, study.rules):
        flags.append("conflict")
    return Priority(
        moment=moment,
        verdict=verdict,
        proven_for=proven_for,
        flags=tuple(dict.fromkeys(flags)),
        reason=reasons.verdict(moment, verdict, proven_for, grades),
        grades=dict(grades),
        metrics=dict(metrics),
        combined=combined,
        asymmetry=kind,
        action=action_by(checks, verdict, kind),
        checks=checks,
    )


def _flagged(row: Priority, loud: frozenset[str]) -> Priority:
    return replace(row, flags=(*row.flags, "loud_voice")) if row.moment.id in loud else row


def _conflict(grades: Mapping[str, Grade], rules: Rules) -> bool:
    """Whether it helps one role and hurts another, both beyond doubt."""
    signs = {
        np.sign(grade.effect)
        for grade in grades.values()
        if grade.effect is not None
        and grade.q_value is not None
        and grade.q_value <= rules.false_discovery_rate
    }
    return {1.0, -1.0} <= signs


def _by_moment(combined: CombinedShares) -> dict[str, Combined]:
    """What is said of the combined share of each moment."""
    found = {
        name: Combined(share=float(share), rank=int(rank))
        for name, share, rank in zip(combined.moments, combined.share, combined.rank, strict=True)
    }
    if not len(combined.draws):
        return found
    (lower, upper), sets = combined.interval, combined.rank_sets
    return {
        name: replace(
            found[name],
            ci_lower=float(lower[j]),
            ci_upper=float(upper[j]),
            rank_lower=int(sets.lower[j]),
            rank_upper=int(sets.upper[j]),
        )
        for j, name in enumerate(combined.moments)
    }


def _ranked(rows: list[Priority], rules: Rules) -> tuple[Priority, ...]:
    """The list first: proven for more roles, bets, likely; each by combined share."""

    def weight(row: Priority) -> tuple[int, float]:
        return -len(row.proven_for), -(row.combined.share or 0.0)

    groups = {
        verdict: sorted((row for row in rows if row.verdict == verdict), key=weight)
        for verdict in ("proven", "brand_bet", "likely", "minor", "not_proven", "not_tested")
    }
    chosen = [
        *groups["proven"],
        *groups["brand_bet"][: rules.bets],
        *groups["likely"],
    ][: rules.top]
    listed = [
        replace(row, place=place, heading=row.verdict) for place, row in enumerate(chosen, start=1)
    ]
    ids = {row.moment.id for row in listed}
    rest = [row for group in groups.values() for row in group if row.moment.id not in ids]
    return tuple(
        replace(row, checks=(*row.checks, listed_check(row.place, row.verdict, rules)))
        for row in (*listed, *rest)
    )


def _border(
    study: Study, ranked: Sequence[DriverResult], combined: CombinedShares
) -> tuple[str, tuple[str, ...]]:
    """Which places are settled, in words, and the moments that can't be told apart.

    Of the combined share where both roles rank, else of the importance for one.
    """
    if not ranked or not all(len(result.lmg_draws) for result in ranked):
        return "", ()
    both = len(ranked) > 1
    if both:
        names, top, sets = combined.moments, combined.top, combined.top_sets
    else:
        main = ranked[0]
        lmg, covariance = _importances(main)
        names, top = main.tested, main.top
        sets = top_k_sets(lmg, covariance, top, main.confidence, seed=main.seed)
    tied = tuple(names[j] for j in np.flatnonzero(sets.possible & ~sets.sure))
    would_settle = ""
    if tied and both:
        would_settle = reasons.more_of_both(combined.times_to_settle)
    elif tied:
        would_settle = reasons.more_interviews(sample_size(ranked[0]))
    titles = [study.moment(name).name for name in tied]
    return reasons.border(int(sets.sure.sum()), titles, top, len(names), would_settle), tied
