"""Stages and owners held accountable: sentences and tables. Each function returns Markdown."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mot_research.findings import Findings
from mot_research.numbers import (
    CHANGE,
    PERCENT,
    TWO_DIGITS,
    Writing,
    digits_for,
    effect_writing,
    percent,
    plain,
    with_base,
)
from mot_research.priorities.accountability import share_draws
from mot_research.priorities.result import Metric
from mot_research.priorities.scorecard import Line, Scorecard
from mot_research.report import words
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.phrases import deciding, ended, moment_name, quoted
from mot_research.report.words import counted, listed, number, sentence
from mot_research.statistics.resampling import percentile_interval

NAMED_AT_MOST = 4
LONGEST_NAME = 60  # characters in a table
NONE = "–"
NO_FILE = (
    "No operational metrics stand beside the ratings: `operations:` in study.yml names their file."
)
GRADES = ("proven", "likely", "minor", "not_proven", "not_tested")  # the best first
BOTH = ("same direction", "opposite directions")
HOW_MOVED = {
    "same direction": "both, in the same direction",
    "opposite directions": "both, in opposite directions",
    "metric only": "the metric only",
    "rating only": "the rating only",
    "neither": "neither",
    "": "can't be said",
}


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
    return _table(card, "owner", _names_of_stages(findings)).to_markdown()


def _names_of_stages(findings: Findings) -> dict[str, str]:
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


# Operational metrics ----------------------------------------------------------------------


def operations_note(findings: Findings) -> str:
    """Return which operational metrics moved with the ratings of their moments."""
    card = findings.scorecard
    if card is None or findings.study.operations is None:
        return NO_FILE
    table = card.operations
    if table.empty:
        return "No moment names an operational metric that the file has: `metrics:` would."
    if card.earlier is None:
        return "There is no earlier wave to compare the operational metrics with."
    both = [row for row in table.to_dict("records") if row["together"] in BOTH]
    parts = [_moved_together(findings, row) for row in both[:NAMED_AT_MOST]]
    if len(both) > NAMED_AT_MOST:
        more = counted(len(both) - NAMED_AT_MOST, "more metric")
        parts.append(f"{sentence(more)} moved together with a rating.")
    told = table.loc[~table["metric"].isin([row["metric"] for row in both])]
    unknown = told.loc[told["together"] == "", "metric"].nunique()
    silent = told["metric"].nunique() - unknown
    if silent:
        other = " other" if both else ""
        parts.append(
            f"{sentence(number(silent))}{other} {'metric' if silent == 1 else 'metrics'} did not "
            f"move with the {'rating' if silent == 1 else 'ratings'} of their moments."
        )
    if unknown:
        parts.append(f"Of {counted(unknown, 'metric')} it can't be said.")
    waves = len(findings.study.waves)
    parts.append(f"{sentence(counted(waves, 'wave'))} can't carry a correlation.")
    return f"**Operations.** {' '.join(map(ended, parts))}"


def _moved_together(findings: Findings, row: Mapping[Hashable, Any]) -> str:
    moments = [quoted(moment_name(findings, name)) for name in row["moments"]]
    before, now = row["metric_before"], row["metric_now"]
    digits = _digits((before, now))
    return (
        f"“{escape_markdown(_spaced(row['metric']))}” went from {plain(before, digits)} to "
        f"{plain(now, digits)} while the rating of {listed(moments)} "
        f"{'rose' if row['rating_moved'] == 'up' else 'fell'} from "
        f"{plain(row['rating_before'], 2)} to {plain(row['rating_now'], 2)}."
    )


def _spaced(metric: str) -> str:
    """Return the name of a metric as people write it: bill disputes."""
    return " ".join(metric.replace("_", " ").split())


def _digits(values: Iterable[float]) -> int:
    """Return the decimals at which the largest of a metric's values keeps three digits."""
    largest = max((abs(value) for value in values if np.isfinite(value)), default=0.0)
    return 0 if largest >= 100 else min(3, digits_for(largest) + 1)


def operations(findings: Findings) -> str:
    """Return each operational metric beside the rating of its moments, now and before."""
    card = findings.scorecard
    if card is None or card.operations.empty:
        return ""
    called = _names_of_stages(findings)
    before = card.earlier
    columns = (
        Column("Stage", 5),
        Column("Metric", 7),
        Column(f"{before} → {card.wave}" if before else card.wave, 6, "right"),
        Column("Moments", 9),
        Column("Their rating", 6, "right"),
        *([Column("Moved", 6)] if before else []),
    )
    rows = tuple(
        (
            called.get(str(row["stage"]), words.NO_STAGE),
            _spaced(row["metric"]),
            _from_to(row, "metric"),
            shorten(
                ", ".join(moment_name(findings, name) for name in row["moments"]),
                LONGEST_NAME,
            ),
            _from_to(row, "rating"),
            *([HOW_MOVED[str(row["together"])]] if before else []),
        )
        for row in card.operations.to_dict("records")
    )
    return Table(columns, rows).to_markdown()


def _from_to(row: Mapping[Hashable, Any], what: str) -> str:
    before, now = (float(row[f"{what}_{when}"]) for when in ("before", "now"))
    if not np.isfinite(now):
        return NONE
    known = [value for value in (before, now) if np.isfinite(value)]
    digits = 2 if what == "rating" else _digits(known)
    return " → ".join(plain(value, digits) for value in known)


def operations_reading() -> str:
    """Return when a metric counts as moved."""
    return (
        "A metric is the mean of its readings from the end of the wave before to the end of this "
        "wave's interviews. It *moved* if it changed by more than the readings of the period "
        "before differ among themselves; a rating moved if the interval of its change leaves out "
        "0. Whether more is better is not known here: for some metrics opposite directions are "
        "what one expects."
    )


def by_wave(findings: Findings) -> str:
    """Return the mean rating and the metrics of each stage in every wave."""
    card = findings.scorecard
    if card is None or not findings.study.moments:
        return ""
    waves = list(dict.fromkeys(card.ratings["wave"]))
    ratings = {(row["stage"], row["wave"]): row for row in card.ratings.to_dict("records")}
    values = {(row["metric"], row["wave"]): row for row in card.metrics.to_dict("records")}
    rows: list[tuple[str, ...]] = []
    for line in card.stages:
        cells = [ratings[line.key, wave] for wave in waves]
        rows.append(
            (
                shorten(stage_name(line), LONGEST_NAME),
                "mean rating",
                *(_rating(cell) for cell in cells),
            )
        )
        for metric in line.metrics if values else ():
            found = [float(values[metric, wave]["value"]) for wave in waves]
            digits = _digits(found)
            shown = (plain(v, digits) if np.isfinite(v) else NONE for v in found)
            rows.append(("", _spaced(metric), *shown))
    columns = (Column("Stage", 6), Column("", 7), *(Column(wave, 7, "right") for wave in waves))
    return Table(columns, tuple(rows)).to_markdown()


def _rating(cell: Mapping[Hashable, Any]) -> str:
    if not np.isfinite(cell["rating"]):
        return NONE
    text = TWO_DIGITS.with_interval(cell["rating"], cell["ci_lower"], cell["ci_upper"])
    return with_base(text, int(cell["n"]))


# Goals ------------------------------------------------------------------------------------


def goals(findings: Findings) -> str:
    """Return for each moment on the list which of the goals it is proven or likely for."""
    card, on_list = findings.scorecard, findings.priorities.listed
    if card is None or card.goals.empty or not on_list:
        return ""
    present = [goal for goal in words.GOALS if goal in set(card.goals["goal"])]
    best = _best_grades(card)
    columns = (
        Column("#", 1, "right"),
        Column("Moment", 12),
        *(Column(sentence(words.GOALS[goal]), 5) for goal in present),
    )
    rows = tuple(
        (
            str(row.place),
            shorten(row.moment.name, LONGEST_NAME),
            *(words.VERDICTS[best[row.moment.id, goal]] for goal in present),
        )
        for row in on_list
    )
    return Table(columns, rows).to_markdown()


def goals_summary(findings: Findings) -> str:
    """Return which moments on the list are proven for which goals, those of most goals first."""
    card, on_list = findings.scorecard, findings.priorities.listed
    if card is None or card.goals.empty:
        return goals_note(findings)
    present = [goal for goal in words.GOALS if goal in set(card.goals["goal"])]
    best = _best_grades(card)
    together: dict[tuple[str, ...], list[str]] = {}
    for row in on_list:
        proven = tuple(goal for goal in present if best[row.moment.id, goal] == "proven")
        if proven:
            together.setdefault(proven, []).append(quoted(row.moment.name))
    parts = [
        f"for {listed([words.GOALS[goal] for goal in proven])}"
        f"{' alone' if len(proven) == 1 < len(present) else ''}: {_some(names)}"
        for proven, names in sorted(together.items(), key=lambda entry: -len(entry[0]))
    ]
    if not parts:
        return f"No moment on the list is proven for any goal. {_goals_without(card)}".strip()
    several = card.goals["outcome"].nunique() > card.goals["goal"].nunique()
    by = "By any outcome of a goal, proven" if several else "Proven"
    return ended(f"{by} {'; '.join(parts)}. {_goals_without(card)}".strip())


def _some(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    if len(names) <= NAMED_AT_MOST:
        return listed(names)
    return listed([*names[: NAMED_AT_MOST - 1], f"{number(len(names) - NAMED_AT_MOST + 1)} more"])


def _goals_without(card: Scorecard) -> str:
    absent = [name for goal, name in words.GOALS.items() if goal not in set(card.goals["goal"])]
    return f"No outcome of this wave stands for {listed(absent, last='or')}." if absent else ""


def every_goal(findings: Findings) -> str:
    """Return what each analysed outcome says of every moment, with its interval."""
    card = findings.scorecard
    if card is None or card.goals.empty or not findings.study.moments:
        return goals_note(findings)
    rows = {(row["moment"], row["outcome"]): row for row in card.goals.to_dict("records")}
    outcomes = [findings.study.outcome(name) for name in dict.fromkeys(card.goals["outcome"])]
    writings = {
        outcome.id: effect_writing(outcome.kind, findings.drivers[outcome.id].table["effect"])
        for outcome in outcomes
    }
    columns = (
        Column("Moment", 8),
        *(
            Column(f"{sentence(words.GOALS[one.goal])}: {shorten(one.name, LONGEST_NAME)}", 8)
            for one in outcomes
        ),
    )
    table = tuple(
        (
            shorten(moment.name, LONGEST_NAME),
            *(_graded(rows[moment.id, one.id], writings[one.id]) for one in outcomes),
        )
        for moment in findings.study.moments
    )
    return Table(columns, table).to_markdown()


def _graded(row: Mapping[Hashable, Any], writing: Writing) -> str:
    grade = words.VERDICTS[row["grade"]]
    if not np.isfinite(row["effect"]):
        return grade
    return f"{grade}: {writing.with_interval(row['effect'], row['ci_lower'], row['ci_upper'])}"


def _best_grades(card: Scorecard) -> dict[tuple[str, str], str]:
    """Return the best grade of each moment for each goal, over the outcomes of the goal."""
    best: dict[tuple[str, str], str] = {}
    for row in card.goals.to_dict("records"):
        key = (str(row["moment"]), str(row["goal"]))
        grades = [str(row["grade"]), best.get(key, GRADES[-1])]
        best[key] = min(grades, key=GRADES.index)
    return best


def goals_note(findings: Findings) -> str:
    """Return which outcome stands for which goal, and which goal has none."""
    card = findings.scorecard
    if card is None or card.goals.empty:
        return "No outcome is analysed in this wave, so no goal can be told from another."
    by_goal = _outcomes_by_goal(findings, list(dict.fromkeys(card.goals["outcome"])))
    stands = [
        f"{words.GOALS[goal]} ({listed([escape_markdown(name) for name in names])})"
        for goal, names in by_goal.items()
    ]
    return f"Goals told apart: {listed(stands)}. {_goals_without(card)}".strip()


def _outcomes_by_goal(findings: Findings, outcomes: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in outcomes:
        outcome = findings.study.outcome(str(name))
        found.setdefault(outcome.goal, []).append(shorten(outcome.name, LONGEST_NAME))
    return {goal: found[goal] for goal in words.GOALS if goal in found}
