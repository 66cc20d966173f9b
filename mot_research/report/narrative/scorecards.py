"""Stages and owners held accountable: sentences and tables. Each function returns Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mot_research.findings import Findings
from mot_research.numbers import (
    CHANGE,
    PERCENT,
    TWO_DIGITS,
    Writing,
    percent,
    plain,
    with_base,
)
from mot_research.priorities.accountability import share_draws
from mot_research.priorities.result import Metric
from mot_research.priorities.scorecard import Line, Scorecard
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import words
from mot_research.report.narrative.phrases import deciding, ended, moment_name, quoted
from mot_research.report.narrative.words import listed
from mot_research.statistics.resampling import percentile_interval

LONGEST_NAME = 60  # characters in a table
NONE = "–"


def stage_name(line: Line) -> str:
    """Return what readers call the stage of a line (no Markdown)."""
    return line.name or words.NO_STAGE


def owner_name(owner: str) -> str:
    """Return what readers call an owner (no Markdown)."""
    return owner or words.NO_OWNER


def owners_of(line: Line) -> str:
    """Return the owners of a stage, each with its number of moments (no Markdown)."""
    if len(line.across) == 1:
        return owner_name(next(iter(line.across)))
    return ", ".join(f"{owner_name(name)} {len(own)}" for name, own in line.across.items())


# The stages -------------------------------------------------------------------------------


def summary(findings: Findings) -> str:
    """Return where importance lies, what moved, who answers for it, and what nobody owns."""
    card = findings.scorecard
    if card is None:
        return ""
    return " ".join(map(ended, _summary(findings, card)))


def _summary(findings: Findings, card: Scorecard) -> Iterator[str]:
    if any(line.key for line in card.stages):
        yield from _heaviest(findings, card)
        yield _moves(card)
    else:
        yield "No moment has a stage, so stages can't be compared: `stage:` places each."
    yield _unowned(findings, card)


def _heaviest(findings: Findings, card: Scorecard) -> Iterator[str]:
    """Yield the stage with the largest share for each role, and which silos answer for it."""
    said: list[str] = []
    heaviest: list[Line] = []
    for role, result in deciding(findings).items():
        lines = [line for line in card.stages if line.importance[role].value is not None]
        if len(lines) < 2:
            continue
        lines.sort(key=lambda line: -(line.importance[role].value or 0.0))
        first, second = lines[:2]
        text = f"for {words.THE_ROLES[role]} {_weight(first, role)}"
        text += "" if said else " of the importance"
        if len(result.lmg_draws):
            apart = share_draws(result, first.moments) - share_draws(result, second.moments)
            ahead = percentile_interval(apart, result.confidence)[0] > 0
            told = "ahead of" if ahead else "not to be told apart from"
            text += f", {told} {quoted(stage_name(second))}"
        said.append(text)
        heaviest.append(first)
    if said:
        yield f"The heaviest stage: {'; '.join(said)}."
    for line in {line.key: line for line in heaviest}.values():
        silos = [escape_markdown(name) for name in line.across if name]
        if len(silos) > 1:
            yield f"{listed(silos)} answer for {quoted(stage_name(line))} together."


def _weight(line: Line, role: str) -> str:
    return f"{quoted(stage_name(line))} with {_share(line.importance[role])}"


def _share(metric: Metric) -> str:
    return PERCENT.with_interval(metric.value, metric.ci_lower, metric.ci_upper)


def _moves(card: Scorecard) -> str:
    if card.earlier is None:
        return "There is no earlier wave to compare the stages with."
    lines = [line for line in card.stages if line.change.value is not None]
    if not lines:
        return f"No stage can be compared with wave {escape_markdown(card.earlier)}."
    moved = [line for line in lines if _is_clear(line.change)]
    since = f"Since {escape_markdown(card.earlier)}"
    if not moved:
        return f"{since} no stage's mean rating moved beyond chance."
    parts = [
        f"{quoted(stage_name(line))} {'rose' if (line.change.value or 0) > 0 else 'fell'} by "
        f"{_unsigned(line.change)}"
        for line in moved
    ]
    rest = "" if len(moved) == len(lines) else "; no other beyond chance"
    return f"{since} the mean rating of {listed(parts)}{rest}."


def _is_clear(metric: Metric) -> bool:
    ends = (metric.ci_lower, metric.ci_upper)
    return None not in ends and (ends[0] > 0 or ends[1] < 0)  # type: ignore[operator]


def _unsigned(metric: Metric) -> str:
    """Return a clear change without its sign, which the verb says."""
    ends = sorted(abs(end) for end in (metric.ci_lower or 0.0, metric.ci_upper or 0.0))
    return TWO_DIGITS.with_interval(abs(metric.value or 0.0), *ends)


def _unowned(findings: Findings, card: Scorecard) -> str:
    total = len(findings.study.moments)
    if not total:
        return ""
    if not card.unowned:
        return "Every moment has an owner."
    if len(card.unowned) == total:
        return "**Nobody answers for any moment:** the study names no owner."
    names = [quoted(moment_name(findings, name)) for name in card.unowned]
    return f"**Nobody answers for** {listed(names)}."


def chart_caption(findings: Findings) -> str:
    """Return what the picture of the stages shows, and how to read it."""
    card = findings.scorecard
    if card is None:
        return ""
    simulated = f"**{words.SIMULATED}** " if findings.simulated else ""
    before = "" if card.earlier is None else f" (hollow: {escape_markdown(card.earlier)})"
    text = (
        f"{simulated}Below each stage who answers for it; dot: mean rating of its moments{before}; "
        f"bars: their share of the importance; lines: {percent(card.confidence)} intervals. "
        f"{alt_stage_scorecard(card)}"
    )
    return ended(text)


def alt_stage_scorecard(card: Scorecard) -> str:
    """Return what is seen in the picture of the stages, in words."""
    parts = []
    rated = [line for line in card.stages if line.rating.value is not None]
    if len(rated) > 1:
        low = min(rated, key=lambda line: line.rating.value or 0.0)
        high = max(rated, key=lambda line: line.rating.value or 0.0)
        parts.append(
            f"Rated lowest is {quoted(stage_name(low))} ({plain(low.rating.value or 0.0, 2)}), "
            f"highest {quoted(stage_name(high))} ({plain(high.rating.value or 0.0, 2)})."
        )
    empty = [quoted(stage_name(line)) for line in card.stages if not line.moments]
    if empty:
        parts.append(f"{listed(empty)} {'has' if len(empty) == 1 else 'have'} no moment.")
    return " ".join(parts)


def stages(findings: Findings) -> str:
    """Return the scorecard: a row a stage."""
    card = findings.scorecard
    if card is None or not findings.study.moments:
        return ""
    return _table(card, "stage").to_markdown()


def owners(findings: Findings) -> str:
    """Return the same for each silo, over all stages."""
    card = findings.scorecard
    if card is None or not findings.study.moments:
        return ""
    return _table(card, "owner", names_of_stages(findings)).to_markdown()


def names_of_stages(findings: Findings) -> dict[str, str]:
    """Return what readers call each stage, by its id."""
    return {stage.id: stage.name for stage in findings.study.stages}


def scorecard_html(card: Scorecard) -> str:
    """Return the scorecard of the stages as an HTML table."""
    return _table(card, "stage").to_html(caption=f"Stages, wave {card.wave}")


def _table(card: Scorecard, by: str, called: Mapping[str, str] | None = None) -> Table:
    of_stage = by == "stage"
    lines = card.stages if of_stage else card.owners
    roles = list(lines[0].importance) if lines else []
    moves = any(line.change.value is not None for line in lines)
    columns = [
        Column("Stage" if of_stage else "Owner", 6),
        Column("Moments", 7),
        Column("Mean rating", 6, "right"),
        *([Column(f"Since {card.earlier}", 6, "right")] if moves else []),
        *(Column(f"Importance, {words.ROLES[role]}", 6, "right") for role in roles),
        Column("Who answers" if of_stage else "Where", 8),
    ]
    rows = tuple(
        (
            shorten(stage_name(line) if of_stage else owner_name(line.name), LONGEST_NAME),
            verdicts_of(line),
            _metric(line.rating, TWO_DIGITS),
            *([_metric(line.change, CHANGE)] if moves else []),
            *(_metric(line.importance[role], PERCENT) for role in roles),
            owners_of(line) or NONE if of_stage else _stages_of(line, called or {}),
        )
        for line in lines
    )
    return Table(tuple(columns), rows)


def _metric(metric: Metric, writing: Writing) -> str:
    if metric.value is None:
        return NONE
    return with_base(
        writing.with_interval(metric.value, metric.ci_lower, metric.ci_upper), metric.n
    )


def verdicts_of(line: Line) -> str:
    """Return "5: 2 proven, 1 bet" (no Markdown)."""
    kinds = {"proven": "proven", "brand_bet": "bet", "likely": "likely"}
    found = [
        f"{line.verdicts[name]} {word}{'s' if word == 'bet' and line.verdicts[name] > 1 else ''}"
        for name, word in kinds.items()
        if line.verdicts[name]
    ]
    if not line.moments:
        return "none"
    return f"{len(line.moments)}: {', '.join(found) or 'none proven'}"


def _stages_of(line: Line, called: Mapping[str, str]) -> str:
    where = ", ".join(
        f"{called.get(stage, stage) or words.NO_STAGE} {len(own)}"
        for stage, own in line.across.items()
    )
    helps = f"; helps with {len(line.partner_of)} of others" if line.partner_of else ""
    return f"{where}{helps}"


def table_note(findings: Findings) -> str:
    """Return how to read the scorecard, and why a cell is empty."""
    card = findings.scorecard
    if card is None or not findings.study.moments:
        return ""
    texts = [
        "*Mean rating* gives each moment of the stage the same weight; *importance* adds up the "
        "shares of its moments."
    ]
    empty = [
        f"{escape_markdown(stage_name(line))}: {escape_markdown(metric.reason)}"
        for line in card.stages
        for metric in list(dict.fromkeys([line.rating, *line.importance.values()]))
        if metric.reason
    ]
    if empty:
        texts.append(f"No number: {'; '.join(dict.fromkeys(empty))}.")
    return " ".join(texts)
