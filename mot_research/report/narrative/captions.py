"""What stands under tables and charts, and what is seen in them. Each returns Markdown."""

from __future__ import annotations

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.numbers import (
    MARK,
    SHOWN_FROM,
    UNMARKED_FROM,
    count,
    percent,
)
from mot_research.priorities.result import Priorities
from mot_research.report import matrix
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.narrative import words
from mot_research.report.narrative.phrases import (
    NAME_CHARACTERS,
    deciding,
    effect_unit,
    ended,
    linear_unit,
    names,
    outcome_name,
    quoted,
    simulated,
)
from mot_research.report.narrative.words import counted, listed, number, sentence
from mot_research.report.rank_groups import alike
from mot_research.report.wave_charts import extremes

NOTHING_DRAWN = "No moment has both a rating and an importance, so there is nothing to draw."


def small_numbers_note() -> str:
    """Return what the mark beside a number means."""
    return (
        f"{MARK} {SHOWN_FROM} to {UNMARKED_FROM - 1} people: read with care. Where fewer than "
        f"{SHOWN_FROM} answered, no number is shown."
    )


def role_outcome(role: str, findings: Findings) -> str:
    """Return a role with the outcome that decides for it (no Markdown)."""
    outcome = findings.study.outcome(deciding(findings)[role].outcome)
    return f"{sentence(words.ROLES[role])}: {shorten(outcome.name, NAME_CHARACTERS)}"


def effect_head(role: str, findings: Findings) -> str:
    """Return the head of a column of effects (no Markdown)."""
    result = deciding(findings)[role]
    outcome = shorten(findings.study.outcome(result.outcome).name, NAME_CHARACTERS)
    return f"One point better, {effect_unit(result, findings)} of {outcome}"


def evidence_note(result: DriverResult, findings: Findings) -> str:
    """Return how to read the table of evidence for one outcome."""
    return (
        "*Share of importance*: of all that *how it went* explains, across all customers. "
        "*One point better*: what goes with a rating one point higher, in "
        f"{effect_unit(result, findings)} of {outcome_name(findings, result.outcome)}, for those "
        f"who had it. In brackets: {percent(result.confidence)} intervals."
        + (f" {_pooled(result, findings)}" if result.outcome in findings.alone else "")
    )


def _pooled(result: DriverResult, findings: Findings) -> str:
    waves = listed([escape_markdown(wave) for wave in result.waves])
    alone = findings.alone[result.outcome]
    return (
        f"Waves {waves} are pooled ({count(result.n_obs)} answers); *"
        f"{escape_markdown(findings.wave)} alone* is one point better in that wave by itself "
        f"({count(alone.n_obs)} answers)."
    )


def bars_caption(result: DriverResult, findings: Findings) -> str:
    """Return the caption of the importance bars."""
    return _caption(
        findings,
        f"What moves {outcome_name(findings, result.outcome)}. "
        f"{alt_importance_bars(result, findings)} {_brackets_note(result)}",
    )


def ranks_caption(findings: Findings) -> str:
    """Return what the rank plots show: which places are settled."""
    parts = []
    for result in deciding(findings).values():
        if not alike(result):
            continue
        table = result.table.loc[list(result.tested)]
        settled = int((table["rank_upper"] <= result.top).sum())
        parts.append(
            f"{outcome_name(findings, result.outcome)}: "
            f"{counted(settled, 'moment is', 'moments are')} sure to be among the first "
            f"{number(result.top)}."
        )
    if not parts:
        return "No place can be given a set of ranks, so there is no plot of them."
    return _caption(findings, sentence(" ".join(parts)))


def _brackets_note(result: DriverResult) -> str:
    if not alike(result):
        return ""
    return "A bracket joins moments whose places cannot be told apart."


def penalty_caption(findings: Findings) -> str:
    """Return what the penalty–reward picture shows."""
    drawn = extremes(findings.priorities)
    if not drawn:
        return (
            "Nothing can be said: too few gave a moment on the list the worst or the best rating, "
            "or none is on it."
        )
    by_role = deciding(findings)
    result = by_role.get("relationship") or by_role["revenue"]
    basic = [row for row in drawn if row.asymmetry == "basic"]
    delight = [row for row in drawn if row.asymmetry == "delight"]
    parts = []
    if basic:
        parts.append(f"Must be right every time: {names(basic, at_most=len(basic))}.")
    if delight:
        parts.append(f"A place to wow: {names(delight, at_most=len(delight))}.")
    seen = " ".join(parts) or "For none of them the data tell which of the two is larger."
    return _caption(
        findings,
        f"What a bad rating costs and the best one brings, in {linear_unit(findings, result)}, "
        f"against an ordinary one; lines: {percent(result.confidence)} intervals. {seen}",
    )


def matrix_caption(findings: Findings) -> str:
    """Return the caption of the priority matrices: what is seen, over all of them."""
    priorities = findings.priorities
    drawn = {role: matrix.matrix_spots(priorities, role) for role in words.ROLES}
    largest = [
        f"{quoted(top.row.moment.name)} for {words.THE_ROLES[role]} ({percent(top.y / 100)})"
        for role, spots in drawn.items()
        for top in sorted(spots, key=lambda spot: -spot.y)[:1]
    ]
    if not largest:
        return _caption(findings, NOTHING_DRAWN)
    fix = [row for row in priorities.rows if row.action == "fix"]
    placed = {spot.row.moment.id for spots in drawn.values() for spot in spots}
    left_out = [row for row in priorities.rows if row.moment.id not in placed]
    parts = [
        f"Mean rating across, share of importance up; the largest: {listed(largest)}.",
        f"Important and below target: {names(fix)}." if fix else "",
        f"Without a place, for want of a rating, a test or answers: {names(left_out)}."
        if left_out
        else "",
    ]
    return _caption(findings, " ".join(part for part in parts if part))


def map_caption(findings: Findings) -> str:
    """Return the caption of the experience map: how to read it, and what is seen."""
    return _caption(
        findings,
        f"Circle: importance for {words.THE_ROLES[matrix.first_role(findings.priorities)]} by its "
        "area, mean rating by its colour; ring: up to the end of the interval of its importance. "
        f"{alt_experience_map(findings)}",
    )


def _caption(findings: Findings, text: str) -> str:
    return ended(f"{simulated(findings)} {text}".strip())


def alt_priority_matrix(priorities: Priorities, *, role: str | None = None) -> str:
    """Return what the priority matrix shows, in words."""
    role = role or matrix.first_role(priorities)
    drawn = matrix.matrix_spots(priorities, role)
    if not drawn:
        return NOTHING_DRAWN
    ordered = sorted(drawn, key=lambda spot: -spot.y)
    top = ordered[0]
    text = (
        f"Of {counted(len(drawn), 'moment')}, {quoted(top.row.moment.name)} has the largest share "
        f"of importance for {words.THE_ROLES[role]} ({percent(top.y / 100)}, mean rating "
        f"{top.x:.1f})."
    )
    fix = [spot.row for spot in ordered if spot.row.action == "fix"]
    if fix:
        text += f" Important and below target: {names(fix)}."
    left_out = len(priorities.rows) - len(drawn)
    if left_out:
        text += (
            f" {sentence(counted(left_out, 'moment has', 'moments have'))} no place in it: "
            "no rating, no test, or too few answers."
        )
    return text


def alt_importance_bars(result: DriverResult, findings: Findings | None = None) -> str:
    """Return what the importance bars show, in words."""
    if not result.tested:
        return "No driver could be tested, so there is no bar."
    if not result.is_ranked:
        return "There is one model per moment, so there are no shares to compare."
    lmg = result.table.loc[list(result.tested), "lmg"].sort_values(ascending=False)
    called = {} if findings is None else {m.id: m.name for m in findings.study.moments}
    first = [quoted(called.get(name, str(name))) for name in lmg.index[:3]]
    thing = "driver" if findings is None else "moment"
    return (
        f"{sentence(counted(len(lmg), thing))} {'goes' if len(lmg) == 1 else 'together go'} "
        f"with {percent(lmg.sum())} of the differences; "
        + (
            f"the largest {'part' if len(first) == 1 else 'parts'}: {listed(first)}."
            if lmg.sum() > 0
            else "none stands out."
        )
    )


def alt_experience_map(findings: Findings) -> str:
    """Return what the experience map shows, in words."""
    stages = {stage.id: stage.name for stage in findings.study.stages}
    on_list = findings.priorities.listed
    if not on_list:
        return "No moment is on the list; the map shows where the moments stand."
    per_stage: dict[str, int] = {}
    for row in on_list:
        name = stages.get(row.moment.stage or "", "")
        per_stage[name] = per_stage.get(name, 0) + 1
    parts = [
        f"{number(n)} in {escape_markdown(name)}" if name else f"{number(n)} without a stage"
        for name, n in per_stage.items()
    ]
    return f"Of the moments on the list, {listed(parts)}."
