"""Operational metrics beside the ratings of their moments. Each function returns Markdown."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from mot_research.findings import Findings
from mot_research.numbers import (
    TWO_DIGITS,
    digits_for,
    plain,
    with_base,
)
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.markup import Column, Table
from mot_research.report.narrative import words
from mot_research.report.narrative.phrases import ended, moment_name, quoted
from mot_research.report.narrative.scorecards import names_of_stages, stage_name
from mot_research.report.narrative.words import counted, listed, number, sentence

NAMED_AT_MOST = 4
LONGEST_NAME = 60  # characters in a table
NONE = "–"
NO_FILE = (
    "No operational metrics stand beside the ratings: `operations:` in study.yml names their file."
)
BOTH = ("same direction", "opposite directions")
HOW_MOVED = {
    "same direction": "both, in the same direction",
    "opposite directions": "both, in opposite directions",
    "metric only": "the metric only",
    "rating only": "the rating only",
    "neither": "neither",
    "": "can't be said",
}


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
    called = names_of_stages(findings)
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
