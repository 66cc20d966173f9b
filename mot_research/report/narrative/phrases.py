"""Pieces that the sentences of every section share: names, units, ways of writing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.numbers import NO_BREAK, Writing, effect_writing, plain
from mot_research.priorities.result import Priority
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.narrative import words
from mot_research.report.narrative.words import listed, number

NAME_CHARACTERS = 44
NAMED_AT_MOST = 3  # moments named in one sentence; the table names them all
EMPTY_LIST = "No moment is on the list."


def quoted(name: str) -> str:
    """Return a name as it stands in running text, in quotation marks (Markdown)."""
    return f"“{escape_markdown(shorten(name, NAME_CHARACTERS))}”"


def moment_name(findings: Findings, moment: str) -> str:
    """Return the name of a moment by its id (no Markdown); the id where it is no moment."""
    return names_by_id(findings).get(moment, moment)


def names_by_id(findings: Findings) -> dict[str, str]:
    """Return what readers call each moment and outcome."""
    called = {moment.id: moment.name for moment in findings.study.moments}
    return called | {outcome.id: outcome.name for outcome in findings.study.outcomes}


def with_names(text: str, findings: Findings) -> str:
    """Return a sentence with the names of moments in place of their ids (no Markdown).

    Names of outcomes stay as they are. An id that is an ordinary word counts as one
    only where a list or a sentence about it would have it.
    """
    called = {moment.id: moment.name for moment in findings.study.moments}
    if not called:
        return text
    kept = "|".join(_longest_first(outcome.name for outcome in findings.study.outcomes))
    plain_words = "|".join(_longest_first(filter(str.isalpha, called))) or "(?!)"
    codes = "|".join(_longest_first(name for name in called if not name.isalpha())) or "(?!)"
    ids = rf"(?:{codes})(?![\w\-”])|(?:{plain_words}){_ENDS}"
    pattern = rf"(?P<kept>{kept or '(?!)'})|(?<![\w\-“])(?P<id>{ids})"
    return re.sub(
        pattern,
        lambda found: found["kept"] or f"“{shorten(called[found['id']], NAME_CHARACTERS)}”",
        text,
    )


_ENDS = r"(?=[,.:;]|$| \(| is | has the | depends on )"


def _longest_first(names: Iterable[str]) -> list[str]:
    return [re.escape(name) for name in sorted(names, key=len, reverse=True)]


def outcome_name(findings: Findings, outcome: str) -> str:
    """Return the name of an outcome (Markdown)."""
    return escape_markdown(shorten(findings.study.outcome(outcome).name, NAME_CHARACTERS))


def deciding(findings: Findings) -> dict[str, DriverResult]:
    """Return the analysis that decides for each role: its first outcome's."""
    by_role: dict[str, DriverResult] = {}
    for outcome in findings.study.outcomes:
        if outcome.id in findings.drivers:
            by_role.setdefault(outcome.role, findings.drivers[outcome.id])
    return by_role


def linear_writing(findings: Findings, outcome: str, values: Iterable[float | None]) -> Writing:
    """Return how effects of a linear model are written: of an ordered outcome in its numbers."""
    kind = findings.study.outcome(outcome).kind
    return effect_writing("score" if kind == "ordered" else kind, values)


def level_writing(findings: Findings, outcome: str, values: Iterable[float]) -> Writing:
    """Return how the mean of an outcome is written; the change of it as an effect."""
    if findings.study.outcome(outcome).kind in ("binary", "share"):
        return Writing(lambda value: plain(100 * value, 1), f"{NO_BREAK}%")
    change = linear_writing(findings, outcome, values)
    return Writing(lambda value: change.number(value).lstrip("+"))


def unit(findings: Findings, outcome: str) -> str:
    """Return what one unit of an effect on an outcome is."""
    kind = findings.study.outcome(outcome).kind
    if kind in ("binary", "share"):
        return "percentage points"
    return findings.study.currency or "currency" if kind == "amount" else "points"


def linear_unit(findings: Findings, result: DriverResult) -> str:
    """Return the unit of a linear effect on the outcome of a result, and the outcome."""
    return f"{unit(findings, result.outcome)} of {outcome_name(findings, result.outcome)}"


def ended(text: str) -> str:
    """Let the ellipsis of a shortened name end its sentence."""
    return text.replace("….", "…")


def effect_unit(result: DriverResult, findings: Findings) -> str:
    """Return the unit of the effects of a model."""
    if result.kind == "ordered":
        return "percentage points of the top answer"
    return unit(findings, result.outcome)


def names(rows: Sequence[Priority], *, last: str = "and", at_most: int = NAMED_AT_MOST) -> str:
    """Return the names of the first moments, and how many more there are."""
    if len(rows) > at_most + 1:
        more = f"{number(len(rows) - at_most)} more"
        return listed([*(quoted(row.moment.name) for row in rows[:at_most]), more], last=last)
    return listed([quoted(row.moment.name) for row in rows], last=last)


def of_whom(findings: Findings) -> str:
    """Return the wave, and the customers where the findings are of some (no Markdown)."""
    return f"wave {findings.wave}" + (f", {findings.part.in_words}" if findings.part else "")


def simulated(findings: Findings) -> str:
    """Return the sentence that stands wherever simulated data show; empty for real data."""
    return f"**{words.SIMULATED}**" if findings.simulated else ""
