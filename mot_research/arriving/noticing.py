"""What is worth a look before a wave is added, as rows of the problems table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mot_research.arriving.clues import plain
from mot_research.arriving.differences import (
    LARGE_MOVE,
    LARGE_SHIFT,
    Categories,
    Comparison,
    Shift,
    States,
    Turned,
)
from mot_research.arriving.keys import EXTREME, Panel, Weights
from mot_research.arriving.matching import Match
from mot_research.errors import shown
from mot_research.numbers import percent, signed
from mot_research.numbers import plain as written
from mot_research.study.definition import Study
from mot_research.study.parts import WaveFile
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.problems import Problem, Severity, examples
from mot_research.survey.tables import Table
from mot_research.survey.wave import STATES, Survey, Wave

SAME_PEOPLE = 0.9  # of a wave who answered one earlier wave: perhaps the same wave again
OTHER_SCALE = 2.0  # times the last wave's mean weight, or the other way round
STATE_WORDS = {
    "not_experienced": "did not have it",
    "blank": "left it blank",
}


def notices(
    survey: Survey,
    wave: Wave,
    source: WaveFile,
    panel: Panel | None,
    weights: Weights | None,
    comparison: Comparison | None,
) -> list[Problem]:
    """Return what differs from the waves before so much that somebody should know why."""
    found = [*_dates(survey.study, source)]
    if panel is not None:
        found += _panel(source.id, panel)
    if weights is not None:
        found += _weights(survey, source, weights)
    if comparison is not None:
        for shift in comparison.shifts:
            found += _shift(survey.study, source.id, shift, comparison.before)
        for states in comparison.states:
            found += _states(survey.study, source.id, states, comparison.before)
        for categories in comparison.categories:
            found += _categories(source.id, categories, comparison.before)
        for turned in comparison.turned:
            found.append(_turned(source.id, turned, comparison.before))
    return found


def changed_labels(
    source: WaveFile,
    matches: Sequence[Match],
    table: Table,
    last: WaveFile | None,
    last_table: Table,
) -> list[Problem]:
    """Return the columns whose question or codes, as SPSS files label them, read otherwise."""
    found = []
    for match in matches:
        name, column = match.wanted.column, match.column or ""
        column_before = name if last is None else last.columns.get(name, name)
        before, now = last_table.labels.get(column_before, ""), table.labels.get(column, "")
        if _reads_otherwise(before, now):
            found.append(
                _row(
                    source.id, name, "label_changed", 1, "warning",
                    f"Its label was '{shown(before)}' in the last wave's file and is "
                    f"'{shown(now)}' here. If the question is another one, list it under "
                    "not_asked, or map the right column.",
                )
            )  # fmt: skip
        found += _changed_codes(
            source.id,
            name,
            last_table.value_labels.get(column_before, {}),
            table.value_labels.get(column, {}),
        )
    return found


def _changed_codes(
    wave: str, name: str, before: Mapping[float | str, str], now: Mapping[float | str, str]
) -> list[Problem]:
    changed = [code for code in now if _reads_otherwise(before.get(code, ""), now[code])]
    if not changed:
        return []
    code = changed[0]
    return [
        _row(
            wave, name, "codes_changed", len(changed), "warning",
            f"Code {shown(f'{code:g}' if isinstance(code, float) else code)} was "
            f"'{shown(before[code])}' in the last wave's file and is '{shown(now[code])}' here. "
            "If the scale was turned or its codes moved, recode the file as the last wave's "
            "before adding it.",
        )
    ]  # fmt: skip


def _reads_otherwise(before: str, now: str) -> bool:
    return bool(before and now) and plain(before) != plain(now)


def _row(
    wave: str, column: str, rule: str, count: int, severity: Severity, what_to_do: str
) -> Problem:
    return Problem(
        wave=wave,
        column=shown(column),
        rule=rule,
        count=count,
        severity=severity,
        what_to_do=what_to_do,
    )


def _dates(study: Study, source: WaveFile) -> Iterator[Problem]:
    last = study.waves[-1] if study.waves else None
    if last is not None and last.from_ and source.from_ and source.from_ < last.from_:
        yield _row(
            source.id, "", "older_than_the_last", 0, "warning",
            f"It began on {source.from_}, before wave '{last.id}' ({last.from_}), but is added as "
            "the latest. If it is older, move its entry up in study.yml: waves stand oldest first.",
        )  # fmt: skip


def _panel(wave: str, panel: Panel) -> Iterator[Problem]:
    for name, n in panel.in_wave.items():
        if panel.n and n >= SAME_PEOPLE * panel.n:
            yield _row(
                wave, "", "same_people", n, "warning",
                f"{percent(n / panel.n)} of its respondents answered wave '{shown(name)}' too. If "
                "this is that wave again, don't add it.",
            )  # fmt: skip


def _weights(survey: Survey, source: WaveFile, weights: Weights) -> Iterator[Problem]:
    column = survey.study.design_column(source, "weight") or ""
    if weights.n_large:
        yield _row(
            source.id, column, "weights_extreme", weights.n_large, "warning",
            f"They weigh more than {EXTREME:g} times the mean, up to "
            f"{written(weights.highest / weights.mean, 1)} times. Ask who made the weights whether "
            "they should be trimmed.",
        )  # fmt: skip
    others = [
        other
        for other in survey.waves.values()
        if survey.study.design_column(survey.study.wave(other.id), "weight") is not None
    ]
    if others:
        before = float(others[-1].weight.mean())
        ratio = weights.mean / before
        if not 1 / OTHER_SCALE <= ratio <= OTHER_SCALE:
            yield _row(
                source.id, column, "weights_other_scale", weights.n, "warning",
                f"Their mean is {written(weights.mean, 2)}, in wave '{others[-1].id}' it was "
                f"{written(before, 2)}: pooled waves would count unequally. Ask which is meant.",
            )  # fmt: skip


def _shift(study: Study, wave: str, shift: Shift, before: str) -> Iterator[Problem]:
    apart = shift.shift
    if apart is None or not apart.is_beyond(LARGE_SHIFT):
        return
    column = {
        "moment": lambda: study.moment(shift.name).rating or "",
        "outcome": lambda: study.outcome(shift.name).column,
    }.get(shift.kind, lambda: shift.name)()
    yield _row(
        wave, column, "drift", shift.n_now, "warning",
        f"The mean of {shift.kind} '{shown(shift.name)}' was {written(shift.before or 0.0, 2)} in "
        f"wave '{before}' and is {written(shift.now or 0.0, 2)}: {signed(apart.estimate, 2)} "
        f"standard deviations ({signed(apart.lower, 2)} to {signed(apart.upper, 2)}). Make sure "
        "that question, scale and sample are the same before you report it.",
    )  # fmt: skip


def _states(study: Study, wave: str, states: States, before: str) -> Iterator[Problem]:
    if states.moved is None:
        return
    for name, n, moved in zip(STATES, states.now, states.moved, strict=True):
        said = STATE_WORDS.get(name)
        if said is None or not moved.is_beyond(LARGE_MOVE):
            continue
        yield _row(
            wave, study.moment(states.moment).rating or "", "absence_moved", n, "warning",
            f"Those who {said} moved by {signed(100 * moved.estimate, 0)} points since wave "
            f"'{before}' ({signed(100 * moved.lower, 0)} to {signed(100 * moved.upper, 0)}). Check "
            "the filter of the question and the codes of not_experienced and blank.",
        )  # fmt: skip


def _categories(wave: str, found: Categories, before: str) -> Iterator[Problem]:
    if found.new:
        near = did_you_mean(found.new[0], found.gone) if found.gone else ""
        yield Problem(
            wave=wave,
            column=shown(found.name),
            rule="new_categories",
            count=len(found.new),
            examples=examples(found.new),
            severity="warning",
            what_to_do=f"Wave '{before}' has no such category.{near} If it is another spelling, "
            "correct the file; segments of two waves meet by their names.",
        )
    if found.gone:
        yield Problem(
            wave=wave,
            column=shown(found.name),
            rule="missing_categories",
            count=len(found.gone),
            examples=examples(found.gone),
            severity="warning",
            what_to_do=f"Nobody of this wave is in a category that wave '{before}' has. Make sure "
            "that the sample was drawn as before.",
        )
    if found.is_far and found.distance is not None and found.by_chance is not None:
        yield _row(
            wave, found.name, "drift", 0, "warning",
            f"{percent(found.distance)} would have to be in another category for the shares to be "
            f"those of wave '{before}'; chance alone hardly gives more than "
            f"{percent(found.by_chance)}. Make sure that sample and weights are as before.",
        )  # fmt: skip


def _turned(wave: str, turned: Turned, before: str) -> Problem:
    return _row(
        wave, turned.moment, "goes_the_other_way", turned.n, "warning",
        f"Its ratings go with outcome '{turned.outcome}' by r = {signed(turned.now, 2)}; in wave "
        f"'{before}' it was {signed(turned.before, 2)}. If the scale runs from best to worst here, "
        "turn it round in the file.",
    )  # fmt: skip
