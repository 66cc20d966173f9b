"""Whether the drivers differ by segment, and where a pooled effect hides two signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mot_research.drivers.cautions import Caution
from mot_research.drivers.comparison import (
    IMPORTANCE_DRAWS,
    Comparison,
    Estimates,
    Part,
    first_draws,
    part,
    shares,
    with_players,
)
from mot_research.drivers.design import Rows, build_design
from mot_research.drivers.interactions import flips, no_flips
from mot_research.drivers.linear import Model
from mot_research.drivers.one_outcome import analyse_model
from mot_research.drivers.options import Options
from mot_research.drivers.result import DriverResult
from mot_research.drivers.small_cells import cell_table, masked, value_table
from mot_research.drivers.waves import StudyUnits, rows_of_waves
from mot_research.errors import AnalysisError, shown
from mot_research.numbers import SHOWN_FROM
from mot_research.statistics.resampling import Draws, SamplingUnits
from mot_research.statistics.side_by_side import side_by_side
from mot_research.study.definition import Outcome, Rules
from mot_research.survey.suppression import SegmentCounts
from mot_research.survey.wave import Survey

ROWS_PER_COLUMN = 3  # fewer rows than this for each column of the model say nothing


@dataclass(frozen=True)
class Segments:
    """The drivers of one outcome in each value of a segment.

    Attributes
    ----------
    segment, outcome : str
        The segment's column, and the outcome's id.
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
    notes : tuple of str
        What the reader must know.
    confidence : float
        Of every interval.
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
    notes: tuple[str, ...]
    confidence: float
    n_resamples: int

    @property
    def flipping(self) -> tuple[str, ...]:
        """Moments whose effect has another sign in another segment."""
        return tuple(self.flips.index[self.flips["flips"]])

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """One for each moment that flips: the pooled effect must not be acted on."""
        rows = self.flips.loc[list(self.flipping)]
        return tuple(
            Caution(
                "sign_flip",
                f"The effect of {shown(row.Index)} depends on {shown(self.segment)}: "
                f"{row.lowest_effect:+.2f} a point in {shown(row.lowest_value)}, "
                f"{row.highest_effect:+.2f} in {shown(row.highest_value)}. All together "
                f"({row.effect:+.2f}) it speaks for neither: report it by {shown(self.segment)}.",
            )
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
    importance depends on the others in the model: the moments that the segment
    can test and the rest has. A moment *flips* where the interaction has q at or
    below ``rules.false_discovery_rate`` and the values' own effects are
    significant with both signs, or one is with the sign opposite to a
    significant effect of all values together.
    """
    having = [wave for wave in waves if segment in survey[wave].segments]
    if not having:
        raise AnalysisError(
            f"no wave has the segment '{shown(segment)}': name its column under segments: in "
            "study.yml, and by columns: where a wave calls it otherwise."
        )
    rows = rows_of_waves(survey, units, outcome.id, having)
    labels = pd.concat([survey[wave].segments for wave in having], ignore_index=True)
    usable = np.isfinite(rows.outcome) & (rows.weight > 0)
    labelled = labels[segment].notna().to_numpy()
    notes = _notes(segment, waves, having, int((usable & ~labelled).sum()))
    rows = rows.keep(usable & labelled)
    labels = labels[usable & labelled].astype("string")
    label = labels[segment].to_numpy(dtype=object)

    who = SegmentCounts.of(labels)
    hidden = who.suppressed()
    values = value_table(rows, label, hidden.loc[segment])
    some = None if draws is None else first_draws(draws, IMPORTANCE_DRAWS)
    options = Options(
        kind="score",  # least squares whatever the outcome: cells are small, and differences linear
        missing=rules.missing,
        top=rules.top,
        min_n=rules.min_n,
        n_resamples=0 if some is None else some.n_resamples,
        confidence=rules.confidence,
        seed=rules.seed,
        influence=False,
    )
    parts: dict[str, Part] = {}
    for value in values.index[values["status"] == "analysed"]:
        try:
            parts[value] = _part(rows.keep(label == value), units, rules)
        except AnalysisError as error:
            values.loc[value, ["status", "reason"]] = "not analysed", str(error)

    def of_value(one: Part) -> DriverResult:
        model = Model(one.design, one.reduction)
        return analyse_model(
            model, units.units, some, options, outcome=outcome.id, waves=tuple(having)
        )

    results = dict(zip(parts, side_by_side(of_value, parts.values()), strict=True))
    cells = cell_table(rows, label, who, segment, hidden)
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    flipping = no_flips()
    if len(values) > 1 and results:

        def against_the_rest(value: str) -> dict[str, pd.DataFrame]:
            others = rows.keep(label != value)
            return _differences(parts[value], results[value], others, some, rules)

        for value, found in zip(results, side_by_side(against_the_rest, results), strict=True):
            tables |= {(quantity, value): table for quantity, table in found.items()}
        everyone = _part(rows, units, rules)
        names = everyone.design.tested
        effects = {value: _effects(side, names) for value, side in parts.items()}
        flipping = flips(everyone, effects, rules.false_discovery_rate)
    return Segments(
        segment=segment,
        outcome=outcome.id,
        waves=tuple(having),
        values=values,
        results={
            value: masked(result, cells.loc[[value]].droplevel("value"))
            for value, result in results.items()
        },
        cells=cells,
        differences=_stacked(tables),
        flips=flipping,
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


def _part(rows: Rows, units: StudyUnits, rules: Rules) -> Part:
    """Rows by themselves, where they bear a model.

    Raises
    ------
    AnalysisError
        No moment can be tested, or there are few rows for each column.
    """
    design = build_design(rows, missing=rules.missing, min_n=rules.min_n)
    n, k = design.columns.shape
    if not design.tested:
        raise AnalysisError("no moment can be tested")
    if n < ROWS_PER_COLUMN * k:
        raise AnalysisError(
            f"{n} answers are too few for a model of {k} columns: {ROWS_PER_COLUMN * k} are needed"
        )
    return part(design, units.units, np.ones(n, dtype=bool))


def _differences(
    segment: Part,
    result: DriverResult,
    others: Rows,
    draws: Draws | None,
    rules: Rules,
) -> dict[str, pd.DataFrame]:
    """Segment − rest by quantity; none where the rest bears no model."""
    players = segment.design.tested
    rest = _with_players(others, players, segment.units, rules)
    if rest is None:
        return {}
    lmg = result.table.loc[list(players), "lmg"].to_numpy(dtype=float), result.lmg_draws
    if rest.design.tested != players:
        # the rest never had some of them: both sides without these
        again = _with_players(segment.design.rows, rest.design.tested, segment.units, rules)
        if again is None:
            return {}
        segment, lmg = again, _importance(again, draws)
    pair = Comparison(rest, segment, rules.confidence)
    (shares_a, drawn_a), (shares_b, drawn_b) = (
        tuple(shares(values) for values in side) for side in (_importance(rest, draws), lmg)
    )
    return {
        "effect": pair.tested(rest.effect(), segment.effect()),
        "share": pair.tested_by_draws(shares_a, shares_b, drawn_a, drawn_b),
    }


def _with_players(
    rows: Rows, players: Sequence[str], units: SamplingUnits, rules: Rules
) -> Part | None:
    """Rows by themselves with these players, as far as they have them; None where too few."""
    design = build_design(with_players(rows, players), missing=rules.missing)
    n, k = design.columns.shape
    if n < ROWS_PER_COLUMN * k or not design.tested:
        return None
    return part(design, units, np.ones(n, dtype=bool))


def _importance(side: Part, draws: Draws | None) -> tuple[np.ndarray, np.ndarray]:
    lmg_draws = np.empty((0, len(side.design.tested)))
    if draws is not None:
        lmg_draws = side.model.lmg(side.reduction.resampled(draws))
    return side.model.lmg(side.reduction.q), lmg_draws


def _effects(side: Part, names: Sequence[str]) -> Estimates:
    """The effects in the order of these names; NaN where the part can't test one."""
    found, tested = side.effect(), side.design.tested
    here = [i for i, name in enumerate(names) if name in tested]
    there = [tested.index(names[i]) for i in here]
    values = np.full(len(names), np.nan)
    influence = np.zeros((len(found.influence), len(names)))
    values[here], influence[:, here] = found.values[there], found.influence[:, there]
    return Estimates(values, influence)


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
