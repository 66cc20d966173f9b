"""What a workshop agrees on, and who differs from whom on what: sentences and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mot_research.findings import Findings
from mot_research.numbers import NOT_AVAILABLE, PERCENT, Writing, plain
from mot_research.report.escaping import escape_markdown
from mot_research.report.frame_table import frame_table
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative.phrases import quoted
from mot_research.report.narrative.words import counted, listed, number
from mot_research.study.consensus import RELIABLE, TENTATIVE, Consensus

NO_VOTES = "There are no votes of a workshop: name their file under workshop: votes in study.yml."
NAMED = 3  # moments, or pairs of silos, that a sentence names
COEFFICIENT = Writing(lambda value: plain(value, 2))
ON = {
    "stage": "the stage of a moment",
    "category": "what a moment is for",
    "shortlisted": "which moments belong on the shortlist",
    "rank": "their order",
}
MEASURES = {
    "fleiss_kappa": "Fleiss' κ",
    "krippendorff_alpha": "Krippendorff's α",
    "kendalls_w": "Kendall's W",
    "icc_agreement": "ICC(A,1)",
}


def summary(findings: Findings) -> str:
    """Return how far the workshop agrees, question by question, in words."""
    found = findings.consensus
    if found is None:
        return NO_VOTES
    people = int(found.silos["n_participants"].sum())
    parts = [
        f"{counted(people, 'participant')} of {counted(len(found.silos), 'silo')} voted on "
        f"{counted(len(found.moments), 'moment')}."
    ]
    parts[0] = parts[0][:1].upper() + parts[0][1:]
    rows = {(row["on"], row["measure"]): row for row in _records(found.measures)}
    for on, measure in (
        ("stage", "krippendorff_alpha"),
        ("shortlisted", "krippendorff_alpha"),
        ("rank", "kendalls_w"),
    ):
        row = rows[on, measure]
        if np.isfinite(row["estimate"]):
            value = _with_ends(row["estimate"], row["ci_lower"], row["ci_upper"])
            parts.append(f"On {ON[on]} they {_strength(row)} ({MEASURES[measure]} {value}).")
        else:
            parts.append(f"On {ON[on]} nothing can be said: {escape_markdown(row['reason'])}.")
    return " ".join(parts)


def differences(findings: Findings) -> str:
    """Return who differs from whom on what, a sentence a line."""
    if findings.consensus is None:
        return ""
    named = {moment.id: moment.name for moment in findings.study.moments}
    staged = {stage.id: stage.name for stage in findings.study.stages}
    lines = _differences(findings.consensus, named, staged)
    return "\n".join(f"- {line}" for line in lines) or "No two silos differ."


def _differences(
    found: Consensus, named: Mapping[str, str], staged: Mapping[str, str]
) -> Iterator[str]:
    yield from _furthest_pair(found, named)
    yield from _disputed(found, named)
    yield from _elsewhere(found, named, staged)
    within = found.silos["alpha_shortlisted"].dropna()
    if len(within) > 1 and within.min() < within.max():
        yield (
            f"Within a silo, the people of {_silo(within.idxmin())} agree least on the shortlist "
            f"(α {plain(float(within.min()), 2)}), those of {_silo(within.idxmax())} most "
            f"({plain(float(within.max()), 2)})."
        )


def _furthest_pair(found: Consensus, named: Mapping[str, str]) -> Iterator[str]:
    pairs = [row for row in _records(found.pairs) if row["n_shortlisted"]]
    furthest = min(pairs, key=lambda row: row["shortlisted"], default={"shortlisted": 1})
    if furthest["shortlisted"] == 1:
        return
    one, other, n = furthest["silo"], furthest["other"], furthest["n_shortlisted"]
    both = found.answers["shortlisted"].unstack("silo")[[one, other]].dropna().astype(bool)
    yield (
        f"{_silo(one)} and {_silo(other)} are furthest apart: they answer alike on "
        f"{round(furthest['shortlisted'] * n)} of {counted(n, 'moment')}. "
        + " ".join(
            f"Only {_silo(who)} chose {_moments(rows, named)}."
            for who, whose in ((one, other), (other, one))
            if (rows := list(both.index[both[who] & ~both[whose]]))
        )
    )


def _disputed(found: Consensus, named: Mapping[str, str]) -> Iterator[str]:
    """The moment over which the silos are split most evenly."""
    chosen = found.moments["chosen"].dropna()
    split = (chosen - 0.5).abs()
    if split.empty or split.min() >= 0.5:
        return
    moment = str(split.idxmin())
    said = found.answers["shortlisted"].xs(moment).dropna().astype(bool)
    yes, no = (list(said.index[said == answer]) for answer in (True, False))
    yield (
        f"Most disputed is {quoted(named.get(moment, moment))}: chosen by "
        f"{listed([_silo(name) for name in yes])}, not by {listed([_silo(name) for name in no])}."
    )


def _elsewhere(
    found: Consensus, named: Mapping[str, str], staged: Mapping[str, str]
) -> Iterator[str]:
    """The moment that the silos place in the most different stages."""
    if found.moments["n_stages"].max() < 2:
        return
    several = found.moments["n_stages"] == found.moments["n_stages"].max()
    moment = str(found.moments.loc[several, "stage_share"].fillna(0).idxmin())
    answers = found.answers["stage"].xs(moment).dropna()
    places = [
        f"in {escape_markdown(shorten(staged.get(stage, stage), 30))} by "
        f"{listed([_silo(name) for name in answers.index[answers == stage]])}"
        for stage in answers.value_counts().index
    ]
    yield f"{quoted(named.get(moment, moment))} is placed {listed(places)}."


def chart_caption(findings: Findings) -> str:
    """Return what the picture of the silos shows, in words; empty without votes."""
    found = findings.consensus
    if found is None:
        return ""
    chosen = found.moments["chosen"].dropna()
    everybody, nobody = int((chosen == 1).sum()), int((chosen == 0).sum())
    apart = int((found.moments["n_stages"] > 1).sum())
    return (
        f"Of {counted(len(chosen), 'moment')} {_or_none(everybody)} "
        f"{'was' if everybody == 1 else 'were'} chosen by every silo, {_or_none(nobody)} by none; "
        f"on {_or_none(len(chosen) - everybody - nobody)} the silos differ. Placed in more than "
        f"one stage: {_or_none(apart)}."
    )


def measures_table(findings: Findings) -> str:
    """Return every measure of agreement with its interval."""
    found = findings.consensus
    if found is None:
        return NO_VOTES
    return _measures(found).to_markdown()


def silos_table(findings: Findings) -> str:
    """Return how far the people of each silo agree among themselves."""
    found = findings.consensus
    if found is None:
        return NO_VOTES
    rows = tuple(
        (
            row["silo"],
            str(row["n_participants"]),
            _ends_of(row, "alpha_stage"),
            _ends_of(row, "alpha_shortlisted"),
        )
        for row in _records(found.silos)
    )
    columns = (
        Column("Silo", 6),
        Column("Participants", 3, "right"),
        Column("α within, stage", 6, "right"),
        Column("α within, shortlist", 6, "right"),
    )
    return Table(columns, rows).to_markdown()


def pairs_table(findings: Findings) -> str:
    """Return on how many moments each two silos answer alike, the furthest apart first."""
    found = findings.consensus
    if found is None:
        return NO_VOTES
    pairs = found.pairs.sort_values("shortlisted", kind="stable").reset_index()
    return frame_table(
        pd.DataFrame(
            {
                "Silo": pairs["silo"],
                "and silo": pairs["other"],
                "same on the shortlist": [PERCENT.one(x) for x in pairs["shortlisted"]],
                "of moments": pairs["n_shortlisted"],
                "same stage": [PERCENT.one(x) for x in pairs["stage"]],
                "of moments ": pairs["n_stage"],
            }
        )
    )


def stages_table(findings: Findings) -> str:
    """Return the agreement on each stage against all others."""
    found = findings.consensus
    if found is None:
        return NO_VOTES
    staged = {stage.id: stage.name for stage in findings.study.stages}
    rows = tuple(
        (
            staged.get(row["stage"], row["stage"]),
            str(row["n_votes"]),
            _with_ends(row["kappa"], row["ci_lower"], row["ci_upper"]),
        )
        for row in _records(found.stages)
    )
    columns = (Column("Stage", 6), Column("Votes", 3, "right"), Column("κ", 6, "right"))
    return Table(columns, rows).to_markdown()


def consensus_html(found: Consensus) -> str:
    """Return the measures as an HTML table."""
    caption = f"{len(found.silos)} silos, {PERCENT.one(found.confidence)} intervals"
    return _measures(found).to_html(caption=caption)


def method_note() -> str:
    """Return how to read the measures."""
    return (
        "1 is full agreement, 0 what chance alone gives. α and κ: from "
        f"{RELIABLE:.2f} on to be relied upon, from {TENTATIVE:.2f} on for tentative conclusions "
        "(Krippendorff 2004). The intervals draw the moments again."
    )


def _measures(found: Consensus) -> Table:
    rows = tuple(
        (
            ON[row["on"]],
            MEASURES[row["measure"]],
            _with_ends(row["estimate"], row["ci_lower"], row["ci_upper"])
            if not row["reason"]
            else f"{NOT_AVAILABLE}: {row['reason']}",
            str(row["n_moments"]),
            str(row["n_participants"]),
        )
        for row in _records(found.measures)
    )
    columns = (
        Column("Agreement on", 10),
        Column("Measure", 6),
        Column("Value", 7, "right"),
        Column("Moments", 3, "right"),
        Column("Participants", 4, "right"),
    )
    return Table(columns, rows)


def _strength(row: Mapping[str, Any]) -> str:
    """What the interval says of an agreement, in words."""
    lower, value = row["ci_lower"], row["estimate"]
    if (np.isfinite(lower) and lower <= 0) or value <= 0:
        return "do not agree more than by chance"
    if value >= RELIABLE:
        return "agree"
    return "agree in part" if value >= TENTATIVE else "agree little"


def _ends_of(row: Mapping[str, Any], name: str) -> str:
    return _with_ends(row[name], row[f"{name}_ci_lower"], row[f"{name}_ci_upper"])


def _with_ends(value: float, lower: float, upper: float) -> str:
    return COEFFICIENT.with_interval(float(value), float(lower), float(upper))


def _or_none(n: int) -> str:
    return number(n) if n else "none"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): cell for key, cell in row.items()}
        for row in frame.reset_index().to_dict("records")
    ]


def _silo(name: object) -> str:
    return escape_markdown(shorten(str(name), 30))


def _moments(ids: list[str], named: Mapping[str, str]) -> str:
    shown = [quoted(named.get(name, name)) for name in ids[:NAMED]]
    more = len(ids) - len(shown)
    return listed([*shown, f"{number(more)} more"] if more else shown)
