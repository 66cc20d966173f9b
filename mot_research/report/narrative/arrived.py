"""A new wave's file for the terminal: what it holds, what stands for what, what moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from mot_research.errors import shown
from mot_research.numbers import (
    MARK,
    PERCENT,
    SHOWN_FROM,
    SUPPRESSED_BELOW,
    UNMARKED_FROM,
    count,
    counts_hidden,
    percent,
    plain,
    signed,
    with_base,
)
from mot_research.study.adding import item_text
from mot_research.survey.wave import STATES

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mot_research.arriving.arrival import Arrival
    from mot_research.arriving.differences import Comparison, Interval, Shift, States
    from mot_research.arriving.keys import Panel, Weights
    from mot_research.arriving.matching import Match

MOST_NAMES = 12
FORMATS = {
    ".csv": "text", ".tsv": "text", ".txt": "text", ".tab": "text", ".xlsx": "Excel",
    ".xlsm": "Excel", ".xls": "Excel", ".ods": "spreadsheet", ".parquet": "Parquet",
    ".sav": "SPSS", ".zsav": "SPSS",
}  # fmt: skip
HOW = {
    "named": "as you say",
    "clear": "taken",
    "as before": "taken",
    "absent": "not on this wave",
    "similar": "a guess: please decide",
    "missing": "missing: please decide",
}
NOTHING = "–"
HUNDREDS = 100  # from here on a mean has no decimals
HEADS = ("answers", "mean", "shift", "did not\nhave it", "left\nblank")
ABSENCES = ("not_experienced", "blank")


def found_in(arrival: Arrival) -> Iterator[RenderableType]:
    """Yield what the file is, which columns stand for which, and those that nobody asked for."""
    yield Text(_file(arrival))
    own = sum(match.how == "same name" for match in arrival.matches)
    yield Text(
        f"The study asks for {count(len(arrival.matches))} columns; {count(own)} are here under "
        "their own names" + ("." if own == len(arrival.matches) else ", these are not:")
    )
    if own < len(arrival.matches):
        yield _matches([match for match in arrival.matches if match.how != "same name"])
    if arrival.unasked:
        yield Text(f"Columns that the study does not ask for: {_names(arrival.unasked)}")


def compared(arrival: Arrival) -> Iterator[RenderableType]:
    """Yield ids, weights and the comparison with the last wave."""
    yield Text()
    if arrival.panel is not None:
        yield Text(_panel(arrival.panel))
    if arrival.weights is not None:
        yield Text(_weights(arrival.weights))
    if arrival.comparison is not None:
        yield from _comparison(arrival.comparison)
    elif arrival.study.waves:
        why = "no earlier wave can be read"
        if arrival.has_errors or arrival.open:
            why = "its errors and missing columns come first"
        yield Text(f"Not compared with an earlier wave: {why}.")
    yield Text()


def to_write(arrival: Arrival) -> Iterator[RenderableType]:
    """Yield what adding the wave writes."""
    yield Text()
    if arrival.is_copied:
        yield Text(f"To be copied to {shown(arrival.path)} in the study's folder.")
    yield Text("The entry in study.yml:")
    yield Text("\n".join(shown_line(line) for line in item_text(arrival.entry).splitlines()))


def refusal(arrival: Arrival) -> str:
    """Return why the wave can't be added as it is, and what to do."""
    lines = [f"  {_what_to_type(match)}" for match in arrival.open]
    if lines:
        return "nothing was written. Decide, and run this again:\n" + "\n".join(lines)
    return "nothing was written: the errors above must be mended first."


def _what_to_type(match: Match) -> str:
    """How an open column is settled by options; quoted, for names may hold what a shell runs."""
    pair = f"{match.wanted.column}={match.column or 'its name in this file'}"
    return (
        f"{' and '.join(match.wanted.uses)}: --column {_typed(pair)}, or --without "
        f"{_typed(match.wanted.absent_by[0][0])} if this wave does not have it"
    )


def _typed(text: str) -> str:
    return quote(shown_line(text))


def shown_line(line: str) -> str:
    """A line of any length, made safe piece by piece."""
    return "".join(shown(line[at : at + 80]) for at in range(0, len(line), 80))


def _file(arrival: Arrival) -> str:
    table = arrival.table
    suffix = next(
        (s.lower() for s in reversed(table.path.suffixes) if s.lower() in FORMATS), ".csv"
    )
    encoding = f", {table.encoding}" if suffix in (".csv", ".tsv", ".txt", ".tab") else ""
    rows, columns = table.frame.shape
    part = "" if arrival.n_rows == rows else f", {count(arrival.n_rows)} of them of this wave"
    return (
        f"{shown(table.path.name)} ({FORMATS[suffix]}{encoding}): {count(rows)} rows{part}, "
        f"{count(columns)} columns"
    )


def _matches(matches: Sequence[Match]) -> Table:
    table = _table("the study's column", "what for", "here", "", "because")
    for match in matches:
        wanted = match.wanted
        said = HOW[match.how] if wanted.needed or match.column else "left out"
        table.add_row(
            Text(shown(wanted.column)),
            Text(shown_line(", ".join(wanted.uses))),
            Text(NOTHING if match.column is None else shown(match.column)),
            Text(said, style="yellow" if match.is_open else ""),
            Text(shown(match.why)),
        )
    return table


def _panel(panel: Panel) -> str:
    if not panel.in_wave:
        return f"Ids: {count(panel.n)} respondents; no earlier wave has ids."
    waves = ", ".join(f"{shown(name)} {_people(n)}" for name, n in panel.in_wave.items() if n > 0)
    before = f"{_people(panel.n_before)} ({percent(panel.n_before / max(panel.n, 1))})"
    if 0 < panel.n_before < SUPPRESSED_BELOW:
        before = _people(panel.n_before)
    return (
        f"Ids: {count(panel.n)} respondents; seen in an earlier wave: {before}"
        + (f" ({waves})" if waves else "")
        + "."
    )


def _people(n: int) -> str:
    return counts_hidden((n,))[0]


def _weights(weights: Weights) -> str:
    extreme = f"; {count(weights.n_large)} above five times the mean" if weights.n_large else ""
    extreme += f"; {count(weights.n_small)} below a fifth of it" if weights.n_small else ""
    return (
        f"Weights: {plain(weights.lowest, 2)} to {plain(weights.highest, 2)}, mean "
        f"{plain(weights.mean, 2)}{extreme}. Design effect {plain(weights.design_effect, 2)}: "
        f"{count(weights.n)} interviews tell as much as {count(weights.n / weights.design_effect)}."
    )


def _comparison(comparison: Comparison) -> Iterator[RenderableType]:
    before = shown(comparison.before)
    yield Text(
        f"Beside wave {before}, before → now; shifts in standard deviations, with intervals:"
    )
    states = {each.moment: each for each in comparison.states}
    table = _table("", *HEADS, right=HEADS)
    for shift in comparison.shifts:
        own = states.get(shift.name) if shift.kind == "moment" else None
        raters = _people(shift.n_now) if own is None else counts_hidden(own.now)[0]
        label = shown(shift.name) if own is not None else f"{shift.kind} {shown(shift.name)}"
        table.add_row(Text(label), raters, *_means(shift), *_absences(own))
    yield table
    if any(UNMARKED_FROM > min(s.n_before, s.n_now) >= SHOWN_FROM for s in comparison.shifts):
        yield Text(f"{MARK} Fewer than {UNMARKED_FROM} answers: take it as a hint.")
    for moments, said in (
        (comparison.dropped, f"Asked on wave {before}, not on this one"),
        (comparison.added, f"Asked on this wave, not on {before}"),
    ):
        if moments:
            yield Text(f"{said}: {_names(moments)}")
    for found in comparison.categories:
        said = (
            found.reason
            if found.distance is None
            else f"{percent(found.distance)} in another category (chance: up to "
            f"{percent(found.by_chance or 0.0)})"
        )
        yield Text(f"{shown(found.name)}: {said}")


def _means(shift: Shift) -> tuple[str, str]:
    if shift.before is None or shift.now is None:
        return NOTHING, shift.reason
    n = min(shift.n_before, shift.n_now)
    digits = 2 if max(abs(shift.before), abs(shift.now)) < HUNDREDS else 0
    means = with_base(f"{plain(shift.before, digits)} → {plain(shift.now, digits)}", n)
    return means, shift.reason if shift.shift is None else _interval(shift.shift)


def _absences(states: States | None) -> list[str]:
    if states is None:
        return [""] * len(ABSENCES)
    pairs = zip(_shares(states.before), _shares(states.now), strict=True)
    return [
        NOTHING
        if before == now == percent(0)
        else f"{before.removesuffix(PERCENT.unit)} → {now}"
        if now.endswith(PERCENT.unit)
        else f"{before} → {now}"
        for before, now in pairs
    ]


def _interval(apart: Interval) -> str:
    return f"{signed(apart.estimate, 2)} ({signed(apart.lower, 2)} to {signed(apart.upper, 2)})"


def _shares(counts: tuple[int, ...]) -> list[str]:
    """The absences as shares of the wave; a small one can't be worked out from the others."""
    total = max(sum(counts), 1)
    return [
        text
        if text.startswith("fewer")
        else f"about {percent(round(n, -1) / total)}"
        if text.startswith("about")
        else percent(n / total)
        for name, n, text in zip(STATES, counts, counts_hidden(counts), strict=True)
        if name in ABSENCES
    ]


def _names(names: Sequence[str]) -> str:
    more = f" and {count(len(names) - MOST_NAMES)} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(shown, names[:MOST_NAMES])) + more


def _table(*heads: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for head in heads:
        on_the_right = head in right
        table.add_column(
            head, justify="right" if on_the_right else "left", no_wrap=on_the_right, overflow="fold"
        )
    return table
