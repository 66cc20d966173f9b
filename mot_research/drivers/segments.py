"""Whether the drivers differ by segment, and where a pooled effect hides two signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mot_research.drivers.analysis import Options, analyse
from mot_research.drivers.comparison import (
    IMPORTANCE_DRAWS,
    Comparison,
    Estimates,
    Part,
    false_discovery,
    first_draws,
    marked_design,
    part,
    shares,
    with_players,
)
from mot_research.drivers.design import Rows, build_design
from mot_research.drivers.interactions import flips, no_flips
from mot_research.drivers.result import DriverResult
from mot_research.drivers.small_cells import SHOWN_FROM, cell_table, masked, value_table
from mot_research.drivers.waves import StudyUnits, rows_of_waves
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.resampling import Draws
from mot_research.study.definition import Outcome, Rules
from mot_research.survey.wave import NOT_EXPERIENCED, RATED, Survey

ROWS_PER_COLUMN = 3  # fewer rows than this for each column of the model say nothing


@dataclass(frozen=True)
class Segments:
    """The drivers of one outcome in each value of a segment.

    Attributes
    ----------
    segment, outcome : str
    waves : tuple of str
        Whose rows are pooled.
    values : DataFrame, indexed by value
        ``n`` (with the outcome; missing where suppressed), ``n_effective``,
        ``mean`` of the outcome, ``status`` (analysed, marked, not analysed,
        not shown, suppressed) and ``reason``.
    results : mapping of value to DriverResult
        Of the values analysed; small cells are taken out of them.
    cells : DataFrame, indexed by (value, moment)
        ``n`` who rated it and ``status`` (shown, marked, not shown,
        suppressed) of every cell.
    differences : DataFrame, indexed by (quantity, value, moment)
        ``segment``, ``rest``, ``difference``, ``std_error``, ``ci_lower``,
        ``ci_upper``, ``p_value``, ``q_value`` of ``effect`` and ``share``.
    flips : DataFrame, indexed by moment
        ``effect`` (all values together), ``p_value``, ``q_value`` of the
        interaction segment × effect, ``lowest_value``, ``lowest_effect``,
        ``highest_value``, ``highest_effect``, and ``flips``: whether the sign
        depends on the segment (Simpson's warning).
    not_compared : mapping of moment id to reason
    notes : tuple of str
    confidence : float
    n_resamples : int
        Of the importances, the first of the study's common draws.
    """

    segment: str
    outcome: str
    waves: tuple[str, ...]
    values: pd.DataFrame
    results: Mapping[str, DriverResult]
    cells: pd.DataFrame
    differences: pd.DataFrame
    flips: pd.DataFrame
    not_compared: Mapping[str, str]
    notes: tuple[str, ...]
    confidence: float
    n_resamples: int

    @property
    def flipping(self) -> tuple[str, ...]:
        """Moments whose effect has another sign in another segment."""
        return tuple(self.flips.index[self.flips["flips"]])

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each moment that flips."""
        rows = self.flips.loc[list(self.flipping)]
        return tuple(
            f"The effect of {shown(row.Index)} depends on {shown(self.segment)}: "
            f"{row.lowest_effect:+.2f} a point in {shown(row.lowest_value)}, "
            f"{row.highest_effect:+.2f} in {shown(row.highest_value)}. All together "
            f"({row.effect:+.2f}) it speaks for neither."
            for row in rows.itertuples()
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per value and moment: the columns of ``DriverResult.to_frame`` and ``status``.

        What is suppressed or not shown is missing.
        """
        if not self.results:
            return self.cells[["status"]].copy()
        tables = {value: result.to_frame() for value, result in self.results.items()}
        stacked = pd.concat(tables, names=["value", "moment"])
        return stacked.join(self.cells[["status"]])


def segments(
    survey: Survey,
    units: StudyUnits,
    draws: Draws | None,
    outcome: Outcome,
    waves: Sequence[str],
    segment: str,
    rules: Rules,
) -> Segments:
    """Analyse each value of a segment, and test where the values differ.

    Parameters
    ----------
    survey : Survey
    units : StudyUnits
        Of the whole study: a value is a domain of it, and its clusters
        without members stay, with zero.
    draws : Draws or None
        The study's common draws, of which the first 500 are used.
    outcome : Outcome
    waves : sequence of str
        Pooled, with the wave as a control. Waves without the segment are left
        out and named.
    segment : str
        One of the study's ``segments``.
    rules : Rules

    Returns
    -------
    Segments

    Raises
    ------
    AnalysisError
        No wave has the segment.

    Notes
    -----
    A difference is segment − rest, on the same players on both sides, since an
    importance depends on the others in the model: the moments that can be
    tested in any value. It is shown where the value itself can test the
    moment. A moment *flips* where the interaction has q at or
    below ``rules.false_discovery_rate`` and the values' own effects are
    significant with both signs, or one is with the sign opposite to that of
    all values together.
    """
    having = [wave for wave in waves if segment in survey[wave].segments]
    if not having:
        raise AnalysisError(
            f"no wave has the segment '{shown(segment)}': name its column under segments: in "
            "study.yml, and by columns: where a wave calls it otherwise."
        )
    rows = rows_of_waves(survey, units, outcome.id, having)
    label = pd.concat([survey[wave].segments[segment] for wave in having], ignore_index=True)
    usable = np.isfinite(rows.outcome) & (rows.weight > 0)
    labelled = label.notna().to_numpy()
    notes = _notes(segment, waves, having, int((usable & ~labelled).sum()))
    rows = rows.keep(usable & labelled)
    label = label[usable & labelled].astype(str).to_numpy()

    values = value_table(rows, label)
    some = None if draws is None else first_draws(draws, IMPORTANCE_DRAWS)
    options = Options(
        kind=outcome.kind,
        missing=rules.missing,
        top=rules.top,
        min_n=rules.min_n,
        n_resamples=0 if some is None else some.n_resamples,
        confidence=rules.confidence,
        seed=rules.seed,
    )
    results: dict[str, DriverResult] = {}
    for value in values.index[values["status"] == "analysed"]:
        chosen = rows.keep(label == value)
        try:
            _check_rows(chosen, rules)
            results[value] = analyse(
                chosen, units.units, some, options, outcome=outcome.id, waves=tuple(having)
            )
        except AnalysisError as error:
            values.loc[value, ["status", "reason"]] = "not analysed", str(error)
    cells = cell_table(rows, label, values)
    differences, flipping, not_compared = _compare(rows, label, units, some, results, rules)
    return Segments(
        segment=segment,
        outcome=outcome.id,
        waves=tuple(having),
        values=values,
        results={value: masked(result, cells.xs(value)) for value, result in results.items()},
        cells=cells,
        differences=differences,
        flips=flipping,
        not_compared=not_compared,
        notes=notes,
        confidence=rules.confidence,
        n_resamples=options.n_resamples,
    )


def _notes(
    segment: str, waves: Sequence[str], having: Sequence[str], n_blank: int
) -> tuple[str, ...]:
    notes = []
    without = [shown(wave) for wave in waves if wave not in having]
    if without:
        notes.append(f"Without the segment {shown(segment)}: wave {', '.join(without)}.")
    if n_blank >= SHOWN_FROM:
        notes.append(f"{n_blank} rows have no {shown(segment)} and are left out.")
    return tuple(notes)


def _check_rows(rows: Rows, rules: Rules) -> None:
    design = build_design(rows, missing=rules.missing, min_n=rules.min_n)
    n, k = design.columns.shape
    if n < ROWS_PER_COLUMN * k:
        raise AnalysisError(
            f"{n} answers are too few for a model of {k} columns: {ROWS_PER_COLUMN * k} are needed"
        )


def _compare(
    rows: Rows,
    label: np.ndarray,
    units: StudyUnits,
    draws: Draws | None,
    results: Mapping[str, DriverResult],
    rules: Rules,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Segment − rest, the interactions, and what can't be compared."""
    answered = np.isin(rows.states, (RATED, NOT_EXPERIENCED))
    not_compared: dict[str, str] = {}
    for j, name in enumerate(rows.drivers):
        if all(name in result.not_tested for result in results.values()):
            not_compared[name] = "not tested in any value"
        for value in results:
            if not answered[label == value, j].any():
                not_compared[name] = f"nobody in {shown(value)} was asked, or answered"
    players = [name for name in rows.drivers if name not in not_compared]
    if len(set(label)) < 2 or not results or not players:
        return _stacked({}), no_flips(), not_compared
    design, kept = marked_design(with_players(rows, players), label, missing=rules.missing)
    sides = {
        value: _side(part(design, units.units, kept == value), draws, result)
        for value, result in results.items()
    }
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    for value, side in sides.items():
        others = set(label) - {value}
        if others <= set(sides) and len(others) == 1:
            rest = sides[others.pop()]
        elif (kept != value).sum() < ROWS_PER_COLUMN * design.columns.shape[1]:
            continue
        else:
            rest = _side(part(design, units.units, kept != value), draws)
        pair = Comparison(rest.part, side.part, rules.confidence)
        share = pair.tested_by_draws(
            *(shares(lmg) for lmg in (rest.lmg, side.lmg, rest.lmg_draws, side.lmg_draws))
        )
        tested = [name for name in players if name not in results[value].not_tested]
        for quantity, table in (
            ("effect", pair.tested(rest.effect, side.effect)),
            ("share", share),
        ):
            tables[quantity, value] = table.loc[tested].assign(
                q_value=lambda kept: false_discovery(kept["p_value"].to_numpy())
            )
    everyone = part(design, units.units, np.ones(len(kept), dtype=bool))
    effects = {
        value: replace(
            side.effect,
            values=np.where(
                np.isin(players, list(results[value].not_tested)), np.nan, side.effect.values
            ),
        )
        for value, side in sides.items()
    }
    flipping = flips(everyone, effects, rules.false_discovery_rate)
    return _stacked(tables), flipping, not_compared


@dataclass(frozen=True)
class _Side:
    part: Part
    effect: Estimates
    lmg: np.ndarray
    lmg_draws: np.ndarray


def _side(rows: Part, draws: Draws | None, analysed: DriverResult | None = None) -> _Side:
    """The importances come from the analysis where that had the same players."""
    players = rows.design.tested
    if analysed is not None and analysed.tested == players:
        lmg = analysed.table.loc[list(players), "lmg"].to_numpy(dtype=float)
        return _Side(rows, rows.effect(), lmg, analysed.lmg_draws)
    lmg_draws = np.empty((0, len(players)))
    if draws is not None:
        lmg_draws = rows.model.lmg(rows.reduction.resampled(draws))
    return _Side(rows, rows.effect(), rows.model.lmg(rows.reduction.q), lmg_draws)


_TESTED = ["segment", "rest", "difference", "std_error"]
_TESTED += ["ci_lower", "ci_upper", "p_value", "q_value"]


def _stacked(tables: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    if not tables:
        index = pd.MultiIndex.from_arrays([[], [], []], names=["quantity", "value", "moment"])
        return pd.DataFrame(columns=_TESTED, index=index, dtype=float)
    stacked = pd.concat(tables, names=["quantity", "value", "moment"]).sort_index(
        level=["quantity"], sort_remaining=False, kind="stable"
    )
    return stacked.rename(columns={"a": "rest", "b": "segment"})[_TESTED]
