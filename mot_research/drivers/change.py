"""What changed between two waves, and why: tests of each change, and its decomposition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mot_research.drivers.comparison import (
    IMPORTANCE_DRAWS,
    Comparison,
    marked_design,
    part,
    shares,
    with_drivers,
    with_players,
)
from mot_research.drivers.decomposition import (
    constant_columns,
    decompose,
    part_table,
    term_table,
)
from mot_research.drivers.design import Rows, build_design
from mot_research.drivers.last_plan import last_plan
from mot_research.drivers.waves import StudyUnits, rows_of_waves
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.resampling import Draws
from mot_research.study.definition import Outcome, Rules
from mot_research.survey.wave import Survey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUANTITIES = ("rating", "reach", "effect", "lmg", "share")
MODELS = {  # the decomposition is exact for a linear model alone, whatever decides elsewhere
    "score": "least squares on the score",
    "ordered": "least squares on the scale's numbers",
    "binary": "least squares on 0 and 1",
    "amount": "least squares in currency units",
    "share": "least squares on the share",
}
REFERENCE_POINT = (
    "How the changed effects are split by moment depends on the point from which ratings and "
    "controls are counted (Oaxaca & Ransom 1999): here the earlier wave's mean ratings. "
    "Their total does not."
)


@dataclass(frozen=True)
class Change:
    """What changed in one outcome from wave A to wave B, and why.

    Attributes
    ----------
    outcome : str
        Its id.
    model : str
        The model of the effects, in words: linear in the outcome's values.
    wave_a, wave_b : str
        The earlier and the later wave.
    mean : DataFrame (1 row)
        The outcome's mean: ``a``, ``b``, ``difference``, ``std_error``,
        ``ci_lower``, ``ci_upper``, ``p_value``.
    terms : DataFrame, indexed by TERMS
        ``estimate``, ``ci_lower``, ``ci_upper``, in outcome units; they sum to
        the difference of the means. ``not_split`` holds the moments that
        everyone had in one of the waves only.
    parts : DataFrame, indexed by part
        One row per moment, then per control, then ``unexplained``; ``kind``
        (moment, control, unexplained) and for each term its estimate,
        ``_ci_lower`` and ``_ci_upper``; ``total`` likewise.
    tests : DataFrame, indexed by (quantity, moment)
        For QUANTITIES: ``a``, ``b``, ``difference``, ``std_error``,
        ``ci_lower``, ``ci_upper``, ``p_value``, ``q_value``
        (Benjamini–Hochberg over the moments of a quantity).
    left_out : mapping of moment id to reason
        Moments that can't be compared.
    notes : tuple of str
        What the reader must know.
    n_obs : (int, int)
        Rows of the waves.
    confidence : float
        Of every interval.
    n_resamples, n_importance_resamples : int
        Of the terms' intervals, and of those of ``lmg`` and ``share``.
    last_plan : DataFrame
        What wave A asked for against what moved; see ``drivers.last_plan``.
    """

    outcome: str
    model: str
    wave_a: str
    wave_b: str
    mean: pd.DataFrame
    terms: pd.DataFrame
    parts: pd.DataFrame
    tests: pd.DataFrame
    left_out: Mapping[str, str]
    notes: tuple[str, ...]
    n_obs: tuple[int, int]
    confidence: float
    n_resamples: int
    n_importance_resamples: int
    last_plan: pd.DataFrame = field(default_factory=pd.DataFrame)

    def to_frame(self) -> pd.DataFrame:
        """One row per moment, control and for what is unexplained: the terms and their total."""
        return self.parts.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        """The change step by step: the mean before, its parts with intervals, the mean now."""
        from mot_research.report.wave_charts import change_waterfall

        return change_waterfall(self, ax=ax)


def change(
    survey: Survey,
    units: StudyUnits,
    draws: Draws | None,
    outcome: Outcome,
    wave_a: str,
    wave_b: str,
    rules: Rules,
) -> Change:
    """Compare two waves on the moments that both can test.

    Parameters
    ----------
    survey : Survey
    units : StudyUnits
        Of the whole study: clusters and respondents shared by the waves are
        the same units.
    draws : Draws or None
        The study's common draws; None for no intervals of terms, importance
        and share.
    outcome : Outcome
        Binary as 0 and 1, others in their own units: the model is linear.
    wave_a, wave_b : str
        The earlier and the later wave.
    rules : Rules

    Returns
    -------
    Change

    Raises
    ------
    AnalysisError
        No moment can be tested in both waves, or a wave has too few answers.

    Notes
    -----
    Ratings and reach are those of the rows with the outcome, blanks completed
    by maximum likelihood within each wave. A moment that everyone had in one
    wave only has no contact effect there; the other wave's is used for both,
    so that it counts in its total, which is not split.
    """
    pair, left_out, dropped = wave_pair(survey, units, outcome, wave_a, wave_b, rules)
    estimate = decompose(pair, pair.a.reduction.q[None], pair.b.reduction.q[None])[0]
    resampled = np.empty((0, *estimate.shape))
    lmg = [side.model.lmg(side.reduction.q) for side in (pair.a, pair.b)]
    lmg_draws = [np.empty((0, len(values))) for values in lmg]
    if draws is not None:
        q = [side.reduction.resampled(draws) for side in (pair.a, pair.b)]
        resampled = decompose(pair, *q)
        lmg_draws = [
            side.model.lmg(matrices[:IMPORTANCE_DRAWS])
            for side, matrices in zip((pair.a, pair.b), q, strict=True)
        ]
    tests = {
        "rating": pair.tested(pair.a.rating(), pair.b.rating()),
        "reach": pair.tested(pair.a.reach(), pair.b.reach()),
        "effect": pair.tested(pair.a.effect(), pair.b.effect()),
        "lmg": pair.tested_by_draws(*lmg, *lmg_draws),
        "share": pair.tested_by_draws(*(shares(values) for values in (*lmg, *lmg_draws))),
    }
    mean = pair.tested(pair.a.outcome(), pair.b.outcome(), [outcome.id]).drop(columns="q_value")
    n_resamples = 0 if draws is None else draws.n_resamples
    parts, study = part_table(pair, estimate, resampled), survey.study
    plan = last_plan(
        pair,
        {name: study.ratings_for(study.moment(name)).target for name in pair.a.design.tested},
        rules,
        lmg[0],
        lmg_draws[0],
        tests["rating"],
        parts,
    )
    return Change(
        outcome=outcome.id,
        model=MODELS[outcome.kind],
        wave_a=wave_a,
        wave_b=wave_b,
        mean=mean,
        terms=term_table(pair, estimate, resampled),
        parts=parts,
        tests=pd.concat(tests, names=["quantity"]),
        left_out=left_out,
        notes=_notes(pair, outcome, wave_a, wave_b, dropped),
        n_obs=(pair.a.reduction.n_obs, pair.b.reduction.n_obs),
        confidence=rules.confidence,
        n_resamples=n_resamples,
        n_importance_resamples=min(n_resamples, IMPORTANCE_DRAWS),
        last_plan=plan,
    )


def earlier_wave(survey: Survey, outcome: Outcome, wave_id: str) -> tuple[str | None, str]:
    """The wave to compare ``wave_id`` with, or None and the reason.

    It is the last usable one before it that asked the outcome and is mature
    for it; ``wave_id`` must be both too.
    """
    study = survey.study
    ids = [
        wave.id
        for wave in study.waves
        if wave.id in survey.waves
        and outcome.id in survey[wave.id].outcomes_asked
        and study.is_mature(outcome, wave)
    ]
    if wave_id not in ids:
        return None, f"{outcome.name} is not complete for wave {wave_id}"
    before = ids[: ids.index(wave_id)]
    if not before:
        return None, f"there is no earlier wave with {outcome.name}"
    return before[-1], ""


def wave_pair(
    survey: Survey,
    units: StudyUnits,
    outcome: Outcome,
    wave_a: str,
    wave_b: str,
    rules: Rules,
) -> tuple[Comparison, dict[str, str], tuple[str, ...]]:
    """Both waves on the same columns and players; what is left out, moments and controls.

    Raises
    ------
    AnalysisError
        No moment can be tested in both waves, or a wave has too few answers.
    """
    left_out: dict[str, str] = {}
    for wave in (wave_a, wave_b):
        alone = build_design(
            rows_of_waves(survey, units, outcome.id, (wave,)),
            missing=rules.missing,
            min_n=rules.min_n,
        )
        for name, why in alone.not_tested.items():
            left_out.setdefault(name, f"wave {wave}: {why}")
    rows = rows_of_waves(survey, units, outcome.id, (wave_a, wave_b))
    asked = set(survey[wave_a].asked) & set(survey[wave_b].asked)
    rows = with_drivers(rows, [name for name in rows.drivers if name in asked])
    in_b = (rows.controls["wave"] == wave_b).to_numpy()
    rows = replace(rows, controls=rows.controls.drop(columns="wave"))
    declared = set(rows.controls)
    while True:
        players = [name for name in rows.drivers if name not in left_out]
        if not players:
            raise AnalysisError(
                f"no moment can be compared between the waves {shown(wave_a)} and "
                f"{shown(wave_b)}: "
                + "; ".join(f"{shown(name)}: {why}" for name, why in left_out.items())
            )
        chosen, dropped = _on_both(with_players(rows, players), in_b)
        design, later = marked_design(chosen, in_b, missing=rules.missing)
        pair = Comparison(
            part(design, units.units, ~later), part(design, units.units, later), rules.confidence
        )
        lost = dict(design.not_tested)
        for wave, side in ((wave_a, pair.a), (wave_b, pair.b)):
            for name, quality in zip(design.tested, design.quality, strict=True):
                if quality in side.model.aliased:
                    lost[name] = f"wave {wave}: its ratings follow exactly from other columns"
        if not lost:
            return pair, left_out, tuple(name for name in dropped if name in declared)
        left_out |= lost


def _on_both(rows: Rows, in_b: np.ndarray) -> tuple[Rows, tuple[str, ...]]:
    """The rows without the numeric controls that one of the waves does not have."""
    absent = tuple(
        str(name)
        for name in rows.controls
        if pd.api.types.is_numeric_dtype(rows.controls[name].dtype)
        and not all(rows.controls[name][mask].notna().any() for mask in (in_b, ~in_b))
    )
    return replace(rows, controls=rows.controls.drop(columns=list(absent))), absent


def _notes(
    pair: Comparison, outcome: Outcome, wave_a: str, wave_b: str, dropped: tuple[str, ...]
) -> tuple[str, ...]:
    design, found = pair.a.design, [REFERENCE_POINT]
    if outcome.kind != "score":
        found.append(f"The decomposition is linear in the outcome ({MODELS[outcome.kind]}).")
    exposures = zip(design.tested, design.exposure, strict=True)
    varying = {name: e for name, e in exposures if e is not None}
    for wave, other, side in ((wave_a, wave_b, pair.a), (wave_b, wave_a, pair.b)):
        constant = constant_columns(side.reduction.q)
        everyone = [name for name, e in varying.items() if constant[e]]
        if everyone:
            found.append(
                f"Everyone had {_named(everyone)} in wave {wave} but not in wave {other}: its "
                "part is a total and can't be split."
            )
        together = [
            name for name, e in varying.items() if e in side.model.aliased and not constant[e]
        ]
        if together:
            found.append(
                f"In wave {wave}, having had {_named(together)} follows exactly from other "
                "columns: how their reach and contact terms are split among them is arbitrary."
            )
        if not side.reduction.moments.converged:
            found.append(f"Completing the blanks of wave {wave} did not converge: approximate.")
    if dropped:
        found.append(f"Controls that are not on both waves are left out: {_named(dropped)}.")
    return tuple(found)


def _named(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(shown(name) for name in names)
