"""Every sentence of the report, built from the findings. Each function returns Markdown.

Text from the study passes through `escape_markdown`. The words for verdicts,
actions and roles are in `words`, the writing of numbers in `numbers`; a
language is added in these three modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.numbers import (
    MARK,
    SHOWN_FROM,
    TWO_DIGITS,
    UNMARKED_FROM,
    count,
    is_shown,
    percent,
)
from mot_research.priorities.result import Grade, Priorities, Priority
from mot_research.report import matrix, memory, phrases, words
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.phrases import deciding, ended, linear_unit, outcome_name, quoted, unit
from mot_research.report.rank_groups import alike
from mot_research.report.wave_charts import extremes
from mot_research.report.words import counted, listed, number, sentence

ANSWER_WORDS = 150  # of the answer and the decisions together
DECISION_WORDS = 75
DECISIONS = 5
NAMED_AT_MOST = 3  # moments named in one sentence; the table names them all
LONGEST_TEXT = 240  # characters of what a study says of a moment
WEAK = 0.05  # robustness value: weaker than a cause of 5 % of what is left on both sides
EMPTY_LIST = "No moment is on the list."
MOMENTS_HEADING = "The moments on the list"
NOTHING_DRAWN = "No moment has both a rating and an importance, so there is nothing to draw."


# Page one -------------------------------------------------------------------------------


def heading(findings: Findings) -> str:
    """Return what the report is about: study, wave, and that data are simulated."""
    about = f"**{escape_markdown(findings.study.name)}**, wave {escape_markdown(findings.wave)}."
    return f"{about} {simulated(findings)}".strip()


def simulated(findings: Findings) -> str:
    """Return the sentence that stands wherever simulated data show; empty for real data."""
    return f"**{words.SIMULATED}**" if findings.simulated else ""


def answer(findings: Findings) -> str:
    """Return the answer for leaders; with figures and decisions at most 150 words."""
    return " ".join(answer_sentences(findings))


def answer_sentences(findings: Findings) -> list[str]:
    """Return the sentences of the answer that fit on page one, the dearest first."""
    said = [decisions(findings), *(f"{figure} {text}" for figure, text in key_figures(findings))]
    room = ANSWER_WORDS - sum(map(_n_words, said))
    return _within(room, _answer_sentences(findings))


def key_figures(findings: Findings) -> list[tuple[str, str]]:
    """Return the few counts that stand large on page one, each with what it counts."""
    on_list = findings.priorities.listed
    counts = [(len(on_list), f"of {counted(len(findings.priorities.rows), 'moment')} on the list")]
    roles = list(deciding(findings))
    if len(roles) > 1:
        counts.append((sum(len(row.proven_for) > 1 for row in on_list), "proven for both"))
    elif roles:
        proven = sum(bool(row.proven_for) for row in on_list)
        counts.append((proven, f"proven for {words.THE_ROLES[roles[0]]}"))
    counts.append((sum(row.action == "fix" for row in on_list), "to fix"))
    if _moved(findings):
        counts.append((sum(map(is_moved, on_list)), "moved since the last wave"))
    return [(count(n), text) for n, text in counts] if on_list else []


def _answer_sentences(findings: Findings) -> Iterator[str]:
    """Yield the sentences of the answer, the dearest first; what does not fit is left out."""
    on_list = findings.priorities.listed
    by_role = deciding(findings)
    yield _headline(findings)
    if on_list:
        yield _first_place(on_list[0], findings)
    if changed := memory.rules_changed(findings):
        yield changed
    both = [row for row in on_list if len(row.proven_for) > 1]
    if both:
        yield f"Proven for both the relationship and revenue: {_names(both)}."
    for role, result in by_role.items():
        if not any(role in row.proven_for for row in findings.priorities.rows) and on_list:
            yield f"Nothing is proven for {words.THE_ROLES[role]} ({_outcome(findings, result)})."
    if on_list:
        for role in words.ROLES:
            if role not in by_role:
                about = words.THE_ROLES[role]
                yield f"Nothing is said about {about}: this wave has no outcome for it."
    if findings.priorities.border:
        yield escape_markdown(findings.priorities.border)
    for role in by_role:
        only = [row for row in on_list if row.proven_for == (role,)]
        if only:
            alone = " only" if len(by_role) > 1 else ""
            yield f"Proven for {words.THE_ROLES[role]}{alone}: {_names(only)}."
    for result in by_role.values():
        yield _explained(findings, result)


def _explained(findings: Findings, result: DriverResult) -> str:
    """Return how much the moments explain; nothing where they have no model together."""
    name, answers = _outcome(findings, result), f"{count(result.n_obs)} answers"
    if not result.is_ranked:
        return (
            f"For {name} ({answers}) there is one model per moment, because too few rated two: "
            "the moments are not ranked against each other."
        )
    return (
        f"How the moments went goes with {percent(result.table['lmg'].sum())} of the differences "
        f"in {name} ({answers})."
    )


def _headline(findings: Findings) -> str:
    rows, on_list = findings.priorities.rows, findings.priorities.listed
    tested = [row for row in rows if row.verdict != "not_tested"]
    if not on_list:
        if not tested:
            return "No moment could be tested, so there is no list."
        return (
            f"No moment is on the list: {counted(len(tested), 'moment was', 'moments were')} "
            "tested, and the data prove none."
        )
    found = {name: sum(row.heading == name for row in on_list) for name in words.LIST_KINDS}
    kinds = [number(n) + " " + words.LIST_KINDS[name][n > 1] for name, n in found.items() if n]
    how = f"all {words.LIST_KINDS[on_list[0].heading or 'proven'][1]}"
    if len(kinds) > 1:
        how = listed(kinds)
    elif len(on_list) == 1:
        how = kinds[0].split(" ", 1)[1]
    text = (
        f"{sentence(number(len(on_list)))} of {counted(len(rows), 'moment')} "
        f"{'is' if len(on_list) == 1 else 'are'} on the list ({how})"
    )
    room = len(on_list) < min(findings.priorities.rules.top, len(rows))
    return f"{text}; the data prove no more." if room else f"{text}."


def _first_place(row: Priority, findings: Findings) -> str:
    """Return what comes first, how it is rated, and where it went."""
    rating = row.metrics["mean_rating"]
    parts = []
    if rating.value is not None and is_shown(rating.n):
        scale = findings.study.ratings_for(row.moment)
        parts.append(f"rated {TWO_DIGITS.one(rating.value)} on a scale to {scale.high:g}")
    if is_moved(row):
        parts.append(f"{moved(row)} since the last wave")
    details = f": {' and '.join(parts)}" if parts else ""
    return f"First comes {_name(row)}{details}."


def decisions(findings: Findings) -> str:
    """Return the decisions asked of leaders, as a numbered list."""
    kept = _within(DECISION_WORDS, _decision_sentences(findings))[:DECISIONS]
    return "\n".join(f"{i}. {text}" for i, text in enumerate(kept, 1))


def _decision_sentences(findings: Findings) -> Iterator[str]:
    on_list = findings.priorities.listed

    def to(action: str) -> list[Priority]:
        return [row for row in findings.priorities.rows if row.action == action]

    if fix := to("fix"):
        yield f"Fund the fix of {_names(fix)}."
    if unowned := [row for row in on_list if not row.moment.owner]:
        yield f"Name an owner for {_names(unowned)}."
    if missed := [row for row in on_list if "missed_by_workshop" in row.flags]:
        yield f"Add to the agreed list, which the workshop missed: {_names(missed)}."
    if bets := to("bet"):
        word = "bets" if len(bets) > 1 else "bet"
        yield f"Keep or drop the {word} on {_names(bets)}: not proven."
    if undecided := [row for row in to("find_out") if row.verdict == "proven"]:
        yield (
            f"Find out whether to get {_names(undecided)} right every time or to wow: "
            "important, but undecided."
        )
    if protect := to("protect"):
        yield f"Protect what is at target: {_names(protect)}."
    if wow := to("wow"):
        yield f"Choose where to wow: {_names(wow, last='or')}."
    if ask := to("stop_and_ask"):
        yield f"Ask what is gained by the money spent on {_names(ask)}."
    if likely := [row for row in to("find_out") if row.verdict != "proven"]:
        yield f"Find out more about {_names(likely)}: likely, not proven."
    if not on_list:
        yield "Decide whether to collect more answers before acting: nothing is proven yet."


# Notes to tables and charts ---------------------------------------------------------------


def list_note(findings: Findings) -> str:
    """Return how to read the list on page one."""
    if not findings.priorities.listed:
        return ""
    notes = []
    if any(result.is_ranked for result in deciding(findings).values()):
        notes.append(
            "*How sure*: the share of the resamples in which the moment is among the top "
            f"{number(findings.priorities.top)}; *certain* is the higher grade."
        )
    if _moved(findings):
        notes.append(
            "*Moved*: change of the mean rating since the last wave, where it is beyond chance."
        )
    else:
        notes.append(f"Movement is not shown: {_why_not_moved(findings)}.")
    return " ".join(notes)


def _moved(findings: Findings) -> bool:
    return any(row.metrics["trend"].value is not None for row in findings.priorities.listed)


def _why_not_moved(findings: Findings) -> str:
    reasons = {row.metrics["trend"].reason for row in findings.priorities.listed} - {""}
    return escape_markdown(sorted(reasons)[0].rstrip(".")) if reasons else "not available"


def small_numbers_note() -> str:
    """Return what the mark beside a number means."""
    return (
        f"{MARK} {SHOWN_FROM} to {UNMARKED_FROM - 1} people: read with care. Where fewer than "
        f"{SHOWN_FROM} answered, no number is shown."
    )


def role_outcome(role: str, findings: Findings) -> str:
    """Return a role with the outcome that decides for it (no Markdown)."""
    outcome = findings.study.outcome(deciding(findings)[role].outcome)
    return f"{sentence(words.ROLES[role])}: {shorten(outcome.name, phrases.NAME_CHARACTERS)}"


def effect_head(role: str, findings: Findings) -> str:
    """Return the head of a column of effects (no Markdown)."""
    result = deciding(findings)[role]
    outcome = shorten(findings.study.outcome(result.outcome).name, phrases.NAME_CHARACTERS)
    return f"One point better, {_unit(result, findings)} of {outcome}"


def evidence_note(result: DriverResult, findings: Findings) -> str:
    """Return how to read the table of evidence for one outcome."""
    return (
        "*Share of importance*: of all that *how it went* explains, across all customers. "
        "*One point better*: what goes with a rating one point higher, in "
        f"{_unit(result, findings)} of {_outcome(findings, result)}, for those who had it. In "
        f"brackets: {percent(result.confidence)} intervals."
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
        f"What moves {_outcome(findings, result)}. {alt_importance_bars(result, findings)} "
        f"{_brackets_note(result)}",
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
            f"{_outcome(findings, result)}: {counted(settled, 'moment is', 'moments are')} sure to "
            f"be among the first {number(result.top)}."
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
        parts.append(f"Must be right every time: {_names(basic, at_most=len(basic))}.")
    if delight:
        parts.append(f"A place to wow: {_names(delight, at_most=len(delight))}.")
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
        f"{_name(top.row)} for {words.THE_ROLES[role]} ({percent(top.y / 100)})"
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
        f"Important and below target: {_names(fix)}." if fix else "",
        f"Without a place, for want of a rating, a test or answers: {_names(left_out)}."
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
        f"Of {counted(len(drawn), 'moment')}, {_name(top.row)} has the largest share of importance "
        f"for {words.THE_ROLES[role]} ({percent(top.y / 100)}, mean rating {top.x:.1f})."
    )
    fix = [spot.row for spot in ordered if spot.row.action == "fix"]
    if fix:
        text += f" Important and below target: {_names(fix)}."
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


# The moments one by one -------------------------------------------------------------------


def how_sure(row: Priority) -> str:
    """Return how sure a verdict is, in a few plain words (no Markdown)."""
    if row.verdict == "proven" and any(grade.certain for grade in _deciding_grades(row)):
        return "Certain"
    sure = certainty(row)
    word = {"proven": "Proven", "likely": "Likely"}.get(row.verdict, "Not proven")
    return word if sure is None else f"{word}, {percent(sure)}"


def certainty(row: Priority) -> float | None:
    """Return the frequency of the top in the resamples; None where it does not decide."""
    if row.verdict not in ("proven", "likely"):
        return None
    found = [p for g in _deciding_grades(row) for p in (g.p_top, g.p_top_each) if p is not None]
    return max(found, default=None)


def _deciding_grades(row: Priority) -> list[Grade]:
    return [grade for grade in row.grades.values() if grade.grade == row.verdict]


def moved(row: Priority) -> str:
    """Return how the rating moved since the last wave, in a few plain words (no Markdown)."""
    trend = row.metrics["trend"]
    if trend.value is None:
        return "not available"
    if not is_moved(row):
        return "no clear change"
    return f"{'up' if trend.value > 0 else 'down'} {abs(trend.value):.2f}"


def is_moved(row: Priority) -> bool:
    """Whether the rating moved beyond chance since the last wave."""
    trend = row.metrics["trend"]
    if trend.value is None or trend.ci_lower is None or trend.ci_upper is None:
        return False
    return not trend.ci_lower <= 0 <= trend.ci_upper


def what_it_is(row: Priority) -> str:
    """Return what the study says of a moment, a paragraph each."""
    moment = row.moment
    given = (
        ("What it is", moment.description),
        ("By", listed(list(moment.interaction))),
        ("Customers expect", moment.expectation),
        ("Ideal", moment.ideal or "not yet written in the study"),
        ("Owner", _owner(row)),
        ("Handoffs", "; ".join(moment.handoffs) or ("none is named" if moment.partners else "")),
        ("To measure", ", ".join(name.replace("_", " ") for name in moment.metrics)),
    )
    return "\n\n".join(
        f"**{title}:** {escape_markdown(shorten(text, LONGEST_TEXT).rstrip('.'))}."
        for title, text in given
        if text
    )


def _owner(row: Priority) -> str:
    owner = row.moment.owner or "none is named"
    return f"{owner}, with {listed(list(row.moment.partners))}" if row.moment.partners else owner


def what_to_do(row: Priority, findings: Findings) -> str:
    """Return action and kind of the moment as labels, the verdict, the flags, the stage."""
    action = words.ACTIONS[row.action] if row.action else "No action"
    kind = words.ASYMMETRY.get(row.asymmetry, row.asymmetry)
    about = [stage.name for stage in findings.study.stages if stage.id == row.moment.stage]
    about += [words.CATEGORIES[row.moment.category]] if row.moment.category else []
    flags = [words.FLAGS.get(flag, flag.replace("_", " ")) for flag in row.flags]
    parts = [
        f"[{action}]{{.mot-label .mot-{row.action or 'none'}}}",
        f"[{sentence(kind)}]{{.mot-label .mot-kind}}",
        _why(row),
        f"**{sentence(listed(flags))}.**" if flags else "",
        f"[{escape_markdown(' · '.join(about))}]{{.mot-quiet}}" if about else "",
    ]
    return " ".join(part for part in parts if part)


def _why(row: Priority) -> str:
    """Return the verdict; with its numbers where no table of evidence gives them."""
    if row.verdict != "proven":
        return escape_markdown(row.reason)
    return f"Proven for {listed([words.THE_ROLES[role] for role in row.proven_for])}."


def how_robust(row: Priority, findings: Findings) -> str:
    """Return what could undo what is proven of a moment; empty where nothing weak is known."""
    found = []
    for role in row.proven_for:
        outcome = row.grades[role].outcome
        table = findings.robustness[outcome].table if outcome in findings.robustness else None
        if table is None or row.moment.id not in table.index:
            continue
        cells = table.loc[[row.moment.id]].to_dict("records")[0]
        value, name = float(cells["robustness_value"]), outcome_name(findings, outcome)
        if value < WEAK:
            found.append(
                f"a cause outside the model that explains {percent(value)} of what is left of "
                f"both the rating and {name} would undo it"
            )
        if not cells.get("same_sign", True):
            found.append(f"for {name} its sign turns without one segment")
    return sentence(f"**Weak:** {'; '.join(found)}.") if found else ""


# What is not on the list ------------------------------------------------------------------


def bets(findings: Findings) -> str:
    """Return which brand bets there are, and what the data say of each."""
    rows = [row for row in findings.priorities.rows if row.verdict == "brand_bet"]
    if not rows:
        return "No brand bet is named in the study."
    return "\n".join(
        f"- **{escape_markdown(shorten(row.moment.name, phrases.NAME_CHARACTERS))}** "
        + (f"(place {row.place}). " if row.place is not None else "(not on the list). ")
        + escape_markdown(row.reason)
        for row in rows
    )


def missed(findings: Findings) -> str:
    """Return what the data prove and the workshop left out."""
    rows = [row for row in findings.priorities.rows if "missed_by_workshop" in row.flags]
    if rows:
        return ended(
            f"Proven, but not on the workshop's shortlist: {_names(rows, at_most=len(rows))}."
        )
    if all(row.metrics["consensus"].value is None for row in findings.priorities.rows) and all(
        row.moment.shortlist is None for row in findings.priorities.rows
    ):
        return "The study has no shortlist of a workshop to compare with."
    return "Nothing that is proven was left out by the workshop."


def off_list(findings: Findings) -> str:
    """Return how to read the table of what is not on the list."""
    n = len(findings.priorities.rows) - len(findings.priorities.listed)
    if n == 0:
        return "Every moment of the study is on the list."
    return (
        f"{sentence(counted(n, 'moment is', 'moments are'))} not on the list. *Not proven* does "
        "not mean without effect: the interval says what the data still allow."
    )


# Pieces of sentences ----------------------------------------------------------------------


def _outcome(findings: Findings, result: DriverResult) -> str:
    return outcome_name(findings, result.outcome)


def _unit(result: DriverResult, findings: Findings) -> str:
    """Return the unit of the effects of a model."""
    if result.kind == "ordered":
        return "percentage points of the top answer"
    return unit(findings, result.outcome)


def _name(row: Priority) -> str:
    return quoted(row.moment.name)


def _names(rows: Sequence[Priority], *, last: str = "and", at_most: int = NAMED_AT_MOST) -> str:
    """Return the names of the first moments, and how many more there are."""
    if len(rows) > at_most + 1:
        more = f"{number(len(rows) - at_most)} more"
        return listed([*(_name(row) for row in rows[:at_most]), more], last=last)
    return listed([_name(row) for row in rows], last=last)


def _n_words(text: str) -> int:
    return len(text.split())


def _within(room: int, sentences: Iterable[str]) -> list[str]:
    """Return the sentences that fit in so many words, the first always."""
    kept: list[str] = []
    for text in map(ended, sentences):
        if not kept or sum(map(_n_words, kept)) + _n_words(text) <= room:
            kept.append(text)
    return kept
