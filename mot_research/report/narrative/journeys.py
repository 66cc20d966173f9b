"""Recorded journeys in words and as a table. Each function returns Markdown."""

from __future__ import annotations

import math
from typing import Any

from mot_research.findings import Findings
from mot_research.numbers import SUPPRESSED_BELOW, TWO_DIGITS, count, signed, too_few, with_base
from mot_research.report.activity_frames import steps_frame, ways_frame
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import words
from mot_research.report.narrative.phrases import ended, moment_name, quoted, simulated
from mot_research.report.narrative.words import counted, listed, sentence
from mot_research.survey.activity import ActivityMap
from mot_research.survey.recordings import MARKS

LONGEST_NAME = 60
NAMED = 2  # moments named for each mark
HIDDEN = f"under {SUPPRESSED_BELOW}"
NONE_RECORDED = "The study has no recorded journeys: `recordings:` in study.yml names their file."


def summary(findings: Findings) -> str:
    """Return where customers are handed over, where they decide, and the most used way."""
    activity = findings.activity
    if activity is None:
        return ""
    if activity.n_customers < SUPPRESSED_BELOW:
        return f"**Recorded journeys.** {sentence(too_few(activity.n_customers))}."
    said = [
        f"{counted(activity.n_customers, 'customer')} recorded "
        f"{count(activity.n_steps)} steps. {_order(findings, activity)}"
    ]
    for mark in MARKS[1:]:
        if most := _most(findings, activity, mark):
            said.append(f"Most {words.MARKS[mark]}s: {most}.")
    if low := _lowest(findings, activity):
        said.append(low)
    return ended(f"**Recorded journeys.** {sentence(' '.join(said))}")


def briefly(findings: Findings) -> str:
    """Return in one line where departments deal with each other, and where it feels worst."""
    activity = findings.activity
    if activity is None or activity.n_customers < SUPPRESSED_BELOW:
        return ""
    handed = _most(findings, activity, "internal_interaction")
    said = [f"Most internal interactions: {handed}." if handed else "", _lowest(findings, activity)]
    text = " ".join(filter(None, said))
    return f"**Recorded by {count(activity.n_customers)} customers.** {ended(text)}" if text else ""


def _order(findings: Findings, activity: ActivityMap) -> str:
    ways = ways_frame(activity)
    if ways.empty:
        return f"No way from one moment to the next was taken by {SUPPRESSED_BELOW} or more."
    first = ways.iloc[0]
    return (
        f"The most used way leads from {_quoted(findings, first['from'])} to "
        f"{_quoted(findings, first['to'])} ({count(first['customers'])} customers)."
    )


def _most(findings: Findings, activity: ActivityMap, mark: str) -> str:
    shown = steps_frame(activity).set_index("moment")[mark]
    largest = shown[shown > 0].sort_values(ascending=False, kind="stable").head(NAMED)
    return listed([f"{_quoted(findings, name)} ({count(n)})" for name, n in largest.items()])


def _lowest(findings: Findings, activity: ActivityMap) -> str:
    felt = steps_frame(activity).set_index("moment")["emotion"].dropna()
    if felt.empty:
        return ""
    name = str(felt.idxmin())
    return f"The lowest emotion is at {_quoted(findings, name)} ({signed(felt[name], 2)})."


def caption(findings: Findings) -> str:
    """Return what stands under the map, and what is seen in it."""
    if findings.activity is None:
        return NONE_RECORDED
    return ended(
        f"{simulated(findings)} Moments in the order in which customers come to them; counts of "
        "steps by what happened, *few* where fewer than 10 customers recorded it; mean emotion "
        f"of the customers with its interval. {summary(findings)}".strip()
    )


def table(findings: Findings) -> str:
    """Return the counts and the emotion of each moment."""
    if findings.activity is None:
        return ""
    columns = (
        Column("Moment", 10),
        Column("Customers", 4, "right"),
        *(Column(sentence(words.MARKS[mark]), 5, "right") for mark in MARKS),
        Column("Emotion, −2 to 2", 7, "right"),
    )
    rows = tuple(
        (
            shorten(moment_name(findings, row["moment"]), LONGEST_NAME),
            _count(row["customers"]),
            *(_count(row[mark]) for mark in MARKS),
            _felt(row),
        )
        for row in steps_frame(findings.activity).to_dict("records")
    )
    return Table(columns, rows).to_markdown()


def _count(n: float) -> str:
    return HIDDEN if math.isnan(n) else count(n)


def _felt(row: dict[Any, Any]) -> str:
    n = None if math.isnan(row["emotion_n"]) else int(row["emotion_n"])
    if math.isnan(row["emotion"]):
        return HIDDEN if n is None else too_few(n)
    ends = row["emotion_ci_lower"], row["emotion_ci_upper"]
    return with_base(TWO_DIGITS.with_interval(row["emotion"], *ends), n)


def _quoted(findings: Findings, moment: object) -> str:
    return quoted(moment_name(findings, str(moment)))
