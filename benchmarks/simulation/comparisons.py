"""Changes, segments, values, paths and a binary outcome of one study: what the report shows."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mot_research.drivers.change import change
from mot_research.drivers.design import Rows, build_design
from mot_research.drivers.lifts import lifts, shortfall
from mot_research.drivers.one_outcome import analyse
from mot_research.drivers.options import Options
from mot_research.drivers.paths import PARTS, paths
from mot_research.drivers.result import DriverResult
from mot_research.drivers.segments import segments
from mot_research.drivers.waves import StudyUnits, rows_of_waves
from mot_research.statistics.resampling import Draws
from mot_research.study.definition import Study
from mot_research.survey.wave import Survey

from .intervals import Intervals, driver_intervals, ends
from .truth import BOTTOM_BOX, TARGET, TERMS


def further_intervals(
    survey: Survey, units: StudyUnits, draws: Draws, rows: Rows, result: DriverResult, binary: bool
) -> Intervals:
    """By kind; ``result`` is the analysis of ``rows``, wave B's loyalty."""
    study, names = survey.study, list(result.table.index)
    return {
        **_change(survey, units, draws, names),
        **_segments(survey, units, draws, names),
        **_values(study, units, draws, rows, result),
        **_paths(survey, units, draws, names),
        **(_binary(survey, units, draws, result) if binary else {}),
    }


def _change(survey: Survey, units: StudyUnits, draws: Draws, names: Sequence[str]) -> Intervals:
    outcome = survey.study.outcome("loyalty")
    found = change(survey, units, draws, outcome, "A", "B", survey.study.rules)
    tests = {
        f"change of {quantity}": ends(found.tests.loc[quantity].reindex(names), "ci")
        for quantity in ("effect", "lmg", "share")
    }
    return {
        **tests,
        "change of the outcome": ends(found.mean, "ci"),
        "parts of the change": ends(found.terms.loc[list(TERMS)], "ci"),
    }


def _segments(survey: Survey, units: StudyUnits, draws: Draws, names: Sequence[str]) -> Intervals:
    outcome = survey.study.outcome("loyalty")
    found = segments(survey, units, draws, outcome, ("B",), "long", survey.study.rules)
    return {
        f"segment less rest: {quantity}": ends(_of_value(found.differences, quantity, names), "ci")
        for quantity in ("effect", "share")
    }


def _of_value(differences: pd.DataFrame, quantity: str, names: Sequence[str]) -> pd.DataFrame:
    shown = [level for level in differences.index if level[:2] == (quantity, "yes")]
    return differences.loc[shown].droplevel(["quantity", "value"]).reindex(names)


def _values(
    study: Study, units: StudyUnits, draws: Draws, rows: Rows, result: DriverResult
) -> Intervals:
    design = build_design(rows, missing=study.rules.missing)
    scales = dict.fromkeys(design.tested, (TARGET, BOTTOM_BOX))
    short = shortfall(design, units.units, scales, draws, wave="B")
    return {"value of the target": ends(lifts(result, short).of("target"), "ci")}


def _paths(survey: Survey, units: StudyUnits, draws: Draws, names: Sequence[str]) -> Intervals:
    rules = survey.study.rules
    found = paths(
        rows_of_waves(survey, units, "spend", ("B",)),
        survey["B"].outcomes["loyalty"].to_numpy(),
        units.units,
        draws,
        outcome="spend",
        mediator_name="loyalty",
        missing=rules.missing,
        confidence=rules.confidence,
    )
    table = found.table.reindex(names)
    return {f"path: {part}": ends(table, f"{part}_ci") for part in PARTS if part != "a"}


def _binary(survey: Survey, units: StudyUnits, draws: Draws, result: DriverResult) -> Intervals:
    options = Options(
        kind="binary",
        top=result.top,
        missing=result.missing,
        n_resamples=result.n_resamples,
        confidence=result.confidence,
        seed=result.seed,
    )
    rows = rows_of_waves(survey, units, "renewed", ("B",))
    found = driver_intervals(analyse(rows, units.units, draws, options, outcome="renewed"))
    return {f"binary: {kind}": found[kind] for kind in ("effect", "contact_effect", "lmg")}
