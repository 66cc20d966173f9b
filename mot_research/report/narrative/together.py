"""Relationship and revenue together, and where segments differ. Each returns Markdown.

What a segment must not show (fewer than 30 people) is not said here either.
"""

from __future__ import annotations

from collections.abc import Iterator

from mot_research.drivers.paths import Paths
from mot_research.drivers.segments import Segments
from mot_research.findings import Findings
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import segment_verdicts
from mot_research.report.narrative.phrases import (
    deciding,
    ended,
    linear_writing,
    moment_name,
    outcome_name,
    quoted,
    unit,
)
from mot_research.report.narrative.words import counted, listed, number, sentence

ROWS_AT_MOST = 6
LONGEST_NAME = 60  # characters in the table
DIFFERENCES_AT_MOST = 4
SHOWN = ("shown", "marked")


# Relationship and revenue -----------------------------------------------------------------


def conflicts(findings: Findings) -> str:
    """Return which moments help one outcome and hurt the other; or that none does."""
    if not all(role in deciding(findings) for role in ("relationship", "revenue")):
        return (
            "Relationship and revenue can't be seen together: this wave has no outcome for one "
            "of them."
        )
    named = [row.moment.id for row in findings.priorities.rows if "conflict" in row.flags]
    for each in _deciding_paths(findings):
        named += [str(name) for name in each.conflicts]
    unique = list(dict.fromkeys(named))
    if not unique:
        return "No moment helps the one and hurts the other beyond chance."
    names = listed([quoted(moment_name(findings, name)) for name in unique])
    verb = "helps" if len(unique) == 1 else "help"
    hurt = "hurts" if len(unique) == 1 else "hurt"
    return f"**Conflict:** {names} {verb} the one and {hurt} the other: decide which counts."


def _deciding_paths(findings: Findings) -> list[Paths]:
    revenue = deciding(findings).get("revenue")
    if revenue is None or revenue.outcome not in findings.paths:
        return []
    return [findings.paths[revenue.outcome]]


def paths(findings: Findings) -> str:
    """Return how a better moment reaches revenue: on loyalty, direct, through loyalty, total."""
    return "\n\n".join(_paths(findings, each) for each in _deciding_paths(findings))


def _paths(findings: Findings, each: Paths) -> str:
    order = [row.moment.id for row in findings.priorities.listed]
    table = each.table[each.table["reason"] == ""]
    here = [name for name in order if name in table.index]
    clear = table["total_ci_lower"].gt(0) | table["total_ci_upper"].lt(0)
    sure = [name for name in here if clear[name]][:ROWS_AT_MOST]
    chosen = sure or here[:ROWS_AT_MOST]
    if not chosen:
        return ""
    first = f"the first {number(len(chosen))}" if len(chosen) > 1 else "the first"
    beyond = f" whose ratings go with {outcome_name(findings, each.outcome)} beyond chance"
    shown = f"{sentence(first)} on the list{beyond if sure else ''}; the rest is in the technical "
    loyalty = linear_writing(findings, each.mediator, table["a"])
    revenue = linear_writing(findings, each.outcome, [*table["total"], *table["direct"]])
    columns = (
        Column("One point better", 10),
        Column(_head(findings, each.mediator), 7, "right"),
        Column(f"{_head(findings, each.outcome)}: in all", 7, "right"),
        Column("of it past loyalty", 7, "right"),
        Column("of it through loyalty", 7, "right"),
    )
    rows = tuple(
        (
            shorten(moment_name(findings, name), LONGEST_NAME),
            *(
                writing.with_interval(*table.loc[name, _with_ends(part)])
                for part, writing in (
                    ("a", loyalty),
                    ("total", revenue),
                    ("direct", revenue),
                    ("indirect", revenue),
                )
            ),
        )
        for name in chosen
    )
    return f"{Table(columns, rows).to_markdown()}\n\n{shown}appendix. {_reading(findings, each)}"


def _with_ends(part: str) -> list[str]:
    return [part, f"{part}_ci_lower", f"{part}_ci_upper"]


def _head(findings: Findings, outcome: str) -> str:
    return f"{shorten(findings.study.outcome(outcome).name, 32)}, {unit(findings, outcome)}"


def _reading(findings: Findings, each: Paths) -> str:
    """Return what loyalty is worth by itself, and the limit of it all."""
    clear = (each.b_ci_lower > 0) or (each.b_ci_upper < 0)
    writing = linear_writing(findings, each.outcome, [each.b, each.b_ci_lower, each.b_ci_upper])
    told = "" if clear else ", which is within chance: there is no proof of a path through loyalty"
    text = (
        f"One point more of {outcome_name(findings, each.mediator)} goes with "
        f"{writing.with_interval(each.b, each.b_ci_lower, each.b_ci_upper)} "
        f"{unit(findings, each.outcome)} of {outcome_name(findings, each.outcome)}, the moments "
        f"being as they are{told}."
    )
    return ended(f"{text} {escape_markdown(each.note)}".strip())


# Segments ---------------------------------------------------------------------------------


def segments(findings: Findings) -> str:
    """Return the moments whose effect turns or differs between segments."""
    if not findings.study.segments:
        return "The study names no segments to compare."
    results = [each for by_outcome in findings.segments.values() for each in by_outcome.values()]
    if not results:
        return "No segment could be analysed."
    lines = [line for each in results for line in _turning(findings, each)]
    more = [line for each in results for line in _differing(findings, each)]
    if len(more) > DIFFERENCES_AT_MOST:
        rest = len(more) - DIFFERENCES_AT_MOST
        more = more[:DIFFERENCES_AT_MOST]
        more.append(f"{sentence(counted(rest, 'further difference'))} in the technical appendix.")
    if not (lines or more):
        compared = listed([escape_markdown(name) for name in findings.segments])
        told = f"By {compared} no moment's effect differs beyond chance."
        return f"{told}\n\n{segment_verdicts.differing(findings)}".strip()
    told = "\n".join(f"- {ended(line)}" for line in [*lines, *more])
    return f"{told}\n{segment_verdicts.differing(findings)}".strip()


def _shown(each: Segments, value: object, moment: str) -> bool:
    cell = (str(value), moment)
    return cell in each.cells.index and each.cells.at[cell, "status"] in SHOWN


def _turning(findings: Findings, each: Segments) -> Iterator[str]:
    effects = each.flips[["effect", "lowest_effect", "highest_effect"]].to_numpy(dtype=float)
    writing = linear_writing(findings, each.outcome, effects.ravel())
    for name in each.flipping:
        row = each.flips.loc[[name]].to_dict("records")[0]
        moment, segment = quoted(moment_name(findings, str(name))), escape_markdown(each.segment)
        low, high = row["lowest_value"], row["highest_value"]
        if not (_shown(each, low, str(name)) and _shown(each, high, str(name))):
            yield f"{moment} works the other way in some part of {segment}, too small to show."
            continue
        yield (
            f"{moment} turns with {segment}: one point better goes with "
            f"{writing.one(row['lowest_effect'])} {unit(findings, each.outcome)} of "
            f"{outcome_name(findings, each.outcome)} in {escape_markdown(low)}, with "
            f"{writing.one(row['highest_effect'])} in {escape_markdown(high)}. All together "
            f"({writing.one(row['effect'])}) it speaks for neither: act by {segment}."
        )


def _differing(findings: Findings, each: Segments) -> Iterator[str]:
    """Yield where an effect in one value differs from the rest, most certain first."""
    if "effect" not in each.differences.index.get_level_values("quantity"):
        return
    table = each.differences.loc[["effect"]]
    limit = findings.study.rules.false_discovery_rate
    writing = linear_writing(findings, each.outcome, table["segment"])
    clear = table[table["q_value"] <= limit].sort_values("q_value").reset_index()
    for row in clear.to_dict("records"):
        value, name = str(row["value"]), str(row["moment"])
        if name in each.flipping or not _shown(each, value, name):
            continue
        more = "more" if abs(row["segment"]) > abs(row["rest"]) else "less"
        yield (
            f"{quoted(moment_name(findings, name))} counts {more} where "
            f"{escape_markdown(each.segment)} is {escape_markdown(value)}: "
            f"{writing.one(row['segment'])} {unit(findings, each.outcome)} of "
            f"{outcome_name(findings, each.outcome)} a rating point, elsewhere "
            f"{writing.one(row['rest'])}."
        )
