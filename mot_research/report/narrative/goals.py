"""Which goals each moment serves: sentences and tables. Each function returns Markdown."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from mot_research.findings import Findings
from mot_research.numbers import (
    Writing,
    effect_writing,
)
from mot_research.priorities.scorecard import Scorecard
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import words
from mot_research.report.narrative.phrases import ended, quoted
from mot_research.report.narrative.words import listed, number, sentence

NAMED_AT_MOST = 4
LONGEST_NAME = 60  # characters in a table
GRADES = ("proven", "likely", "minor", "not_proven", "not_tested")  # the best first


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
