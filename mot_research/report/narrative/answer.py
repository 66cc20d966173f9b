"""Page one: the answer in sentences, its few figures, and the decisions asked of leaders.

Each function returns Markdown; text from the study passes through `escape_markdown`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.numbers import (
    TWO_DIGITS,
    count,
    is_shown,
    percent,
)
from mot_research.priorities.result import Priority
from mot_research.report.escaping import escape_markdown
from mot_research.report.narrative import memory, words
from mot_research.report.narrative.one_moment import is_moved, moved
from mot_research.report.narrative.phrases import (
    deciding,
    ended,
    names,
    of_whom,
    outcome_name,
    quoted,
    simulated,
)
from mot_research.report.narrative.words import counted, listed, number, sentence

ANSWER_WORDS = 150  # of the answer and the decisions together
DECISION_WORDS = 75
DECISIONS = 5


def heading(findings: Findings) -> str:
    """Return what the report is about: study, wave, and that data are simulated."""
    about = f"**{escape_markdown(findings.study.name)}**, {escape_markdown(of_whom(findings))}."
    return f"{about} {simulated(findings)}".strip()


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
        yield f"Proven for both the relationship and revenue: {names(both)}."
    for role, result in by_role.items():
        if not any(role in row.proven_for for row in findings.priorities.rows) and on_list:
            name = outcome_name(findings, result.outcome)
            yield f"Nothing is proven for {words.THE_ROLES[role]} ({name})."
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
            yield f"Proven for {words.THE_ROLES[role]}{alone}: {names(only)}."
    for result in by_role.values():
        yield _explained(findings, result)


def _explained(findings: Findings, result: DriverResult) -> str:
    """Return how much the moments explain; nothing where they have no model together."""
    name, answers = outcome_name(findings, result.outcome), f"{count(result.n_obs)} answers"
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
    return f"First comes {quoted(row.moment.name)}{details}."


def decisions(findings: Findings) -> str:
    """Return the decisions asked of leaders, as a numbered list."""
    kept = _within(DECISION_WORDS, _decision_sentences(findings))[:DECISIONS]
    return "\n".join(f"{i}. {text}" for i, text in enumerate(kept, 1))


def _decision_sentences(findings: Findings) -> Iterator[str]:
    on_list = findings.priorities.listed

    def to(action: str) -> list[Priority]:
        return [row for row in findings.priorities.rows if row.action == action]

    if fix := to("fix"):
        yield f"Fund the fix of {names(fix)}."
    if unowned := [row for row in on_list if not row.moment.owner]:
        yield f"Name an owner for {names(unowned)}."
    if missed := [row for row in on_list if "missed_by_workshop" in row.flags]:
        yield f"Add to the agreed list, which the workshop missed: {names(missed)}."
    if bets := to("bet"):
        word = "bets" if len(bets) > 1 else "bet"
        yield f"Keep or drop the {word} on {names(bets)}: not proven."
    if undecided := [row for row in to("find_out") if row.verdict == "proven"]:
        yield (
            f"Find out whether to get {names(undecided)} right every time or to wow: "
            "important, but undecided."
        )
    if protect := to("protect"):
        yield f"Protect what is at target: {names(protect)}."
    if wow := to("wow"):
        yield f"Choose where to wow: {names(wow, last='or')}."
    if ask := to("stop_and_ask"):
        yield f"Ask what is gained by the money spent on {names(ask)}."
    if likely := [row for row in to("find_out") if row.verdict != "proven"]:
        yield f"Find out more about {names(likely)}: likely, not proven."
    if not on_list:
        yield "Decide whether to collect more answers before acting: nothing is proven yet."


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


def _within(room: int, sentences: Iterable[str]) -> list[str]:
    """Return the sentences that fit in so many words, the first always."""
    kept: list[str] = []
    for text in map(ended, sentences):
        if not kept or sum(map(_n_words, kept)) + _n_words(text) <= room:
            kept.append(text)
    return kept


def _n_words(text: str) -> int:
    return len(text.split())
