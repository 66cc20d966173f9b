"""What one simulated study says: every interval, and whether each decision was right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mot_research.drivers.asymmetry import Asymmetry, asymmetry
from mot_research.drivers.design import Rows, build_design
from mot_research.drivers.one_outcome import analyse
from mot_research.drivers.options import Options
from mot_research.drivers.result import DriverResult
from mot_research.drivers.waves import StudyUnits, rows_of_waves, study_units
from mot_research.priorities.evidence import Deciding, evidence
from mot_research.priorities.result import Priorities
from mot_research.priorities.verdicts import decide
from mot_research.statistics.ranks import top_k_sets
from mot_research.statistics.resampling import draw
from mot_research.study.definition import Study

from .comparisons import further_intervals
from .intervals import Intervals, driver_intervals
from .naive import Naive, naive_alternatives
from .surveys import Scenario, simulated_survey
from .truth import BOTTOM_BOX, TOP_BOX, Truth

METRICS = {  # metric of a moment → the kind of interval it is
    "reach": "reach",
    "mean_rating": "mean_rating",
    "top_box": "top_box",
    "bottom_box": "bottom_box",
    "gap_to_expectation": "gap_to_expectation",
    "answered_in_time": "spread",
    "trend": "trend",
}


@dataclass(frozen=True)
class Record:
    """One study: intervals by kind, each a pair of (p,), and figures of its decisions.

    A figure is 0 or 1, a share of the moments, or a count; NaN where there is
    nothing to count. ``counts`` has how many rated each moment (``raters``),
    and gave a top or a bottom rating (``high``, ``low``), each (p,).
    """

    intervals: Intervals
    figures: dict[str, float]
    counts: dict[str, np.ndarray]
    naive: dict[str, Naive]


def study_record(scenario: Scenario, study: Study, truth: Truth, number: int) -> Record:
    """Simulate a study, and let the product say what it says about wave B."""
    survey = simulated_survey(scenario, study, number)
    units = study_units(survey)
    rows = rows_of_waves(survey, units, "loyalty", ("B",))
    options = _options(scenario, study, number)
    draws = draw(units.units, scenario.n_resamples, number)
    result = analyse(rows, units.units, draws, options, outcome="loyalty", waves=("B",))
    boxes = _asymmetry(study, rows, units)
    deciding = {"relationship": Deciding("relationship", "loyalty", result, boxes)}
    confidence = study.rules.confidence
    metrics = evidence(survey, units, "B", deciding, None, None, confidence)
    priorities = decide(study, "B", deciding, metrics, {})

    names = scenario.moments.names
    intervals = driver_intervals(result)
    if scenario.about == "coverage":
        binary = number < scenario.n_binary
        intervals |= further_intervals(survey, units, draws, rows, result, binary)
    intervals |= _box_intervals(boxes.table)
    for metric, kind in METRICS.items():
        cells = [metrics[name][metric] for name in names]
        ends = [(cell.ci_lower, cell.ci_upper) for cell in cells]
        lower, upper = np.array(ends, dtype=float).T
        intervals[kind] = (lower, upper)
    return Record(
        intervals=intervals,
        figures=_figures(result, boxes.table, priorities, truth),
        counts={
            "raters": result.table["n"].to_numpy(dtype=float),
            "high": np.isin(rows.ratings, TOP_BOX).sum(axis=0),
            "low": np.isin(rows.ratings, BOTTOM_BOX).sum(axis=0),
        },
        naive=(
            naive_alternatives(survey, rows, result, options, truth)
            if number < scenario.n_naive
            else {}
        ),
    )


def _options(scenario: Scenario, study: Study, number: int) -> Options:
    rules = study.rules
    return Options(
        kind="score",
        missing=rules.missing,
        top=rules.top,
        min_n=0.0,  # every moment stays a player, so that the truth is one
        n_resamples=scenario.n_resamples,
        confidence=rules.confidence,
        seed=number,
    )


def _asymmetry(study: Study, rows: Rows, units: StudyUnits) -> Asymmetry:
    scale = study.ratings
    assert scale is not None
    design = build_design(rows, missing=study.rules.missing)
    boxes = dict.fromkeys(design.tested, (scale.top_box, scale.bottom_box))
    return asymmetry(design, units.units, boxes, confidence=study.rules.confidence)


def _box_intervals(table: pd.DataFrame) -> Intervals:
    columns = {
        "reward": "reward",
        "penalty": "penalty",
        "asymmetry": "asymmetry",
        "penalty_reward_difference": "difference",
    }
    return {
        kind: (
            table[f"{column}_ci_lower"].to_numpy(dtype=float),
            table[f"{column}_ci_upper"].to_numpy(dtype=float),
        )
        for kind, column in columns.items()
    }


def _figures(
    result: DriverResult, boxes: pd.DataFrame, priorities: Priorities, truth: Truth
) -> dict[str, float]:
    table, null, top = result.table, truth.null, result.top
    grades = [priorities[name].grades["relationship"] for name in table.index]
    real = table["q_value"].to_numpy() <= priorities.rules.false_discovery_rate
    found = real & (table["effect"].to_numpy() > 0)
    proven = np.array([grade.grade == "proven" for grade in grades])
    certain = np.array([grade.certain for grade in grades])
    by_all = proven & (table["p_top"].to_numpy() >= priorities.rules.p_top)
    by_each = proven & (table["p_top_each"].to_numpy() >= priorities.rules.p_top)
    in_top, in_top_each = truth.rank <= top, truth.rank_each <= top
    wrong = proven & ~(by_all & in_top) & ~(by_each & in_top_each)
    sets = top_k_sets(
        table["lmg"].to_numpy(),
        np.cov(result.lmg_draws, rowvar=False),
        top,
        result.confidence,
        seed=result.seed,
    )
    rank_held = (table["rank_lower"] <= truth.rank) & (truth.rank <= table["rank_upper"])
    difference = truth.values["penalty_reward_difference"]
    misclassed = ((boxes["kind"] == "basic") & (difference > 0)) | (
        (boxes["kind"] == "delight") & (difference < 0)
    )
    contact_null = truth.values["contact_effect"] == 0
    return {
        "null effects with p ≤ .05": _share(table["p_value"].to_numpy() <= 0.05, null),
        "null effects with q ≤ .05": _share(real, null),
        "null contacts with p ≤ .05": _share(
            table["contact_p_value"].to_numpy() <= 0.05, contact_null
        ),
        "false discoveries among q ≤ .05": float((real & null).sum() / max(real.sum(), 1)),
        "true effects with q ≤ .05": _share(found, ~null),
        "studies with a null proven": float((proven & null).any()),
        "studies with a null whose importance is not told from none": _share(
            table["ci_lower"].to_numpy() == 0, null
        ),
        "simultaneous rank sets hold": float(rank_held.all()),
        "width of rank sets": float((table["rank_upper"] - table["rank_lower"] + 1).mean()),
        "possible top K holds the true": float(sets.possible[in_top].all()),
        "sure top K is true": float(in_top[sets.sure].all()),
        "sure of the top K": float(sets.sure.sum()),
        "certain is true": float(in_top[certain].all()),
        "true top K that are proven": _share(by_all, in_top),
        "true top K that are proven by either ranking": _share(proven, in_top),
        "true top K that are certain": _share(certain, in_top),
        "proven": float(proven.sum()),
        "false proofs by importance": float((by_all & ~in_top).sum()),
        "false proofs": float(wrong.sum()),
        "true effects proven": _share(proven, ~null),
        "classed against the truth": _share(misclassed.to_numpy(), np.ones(len(null), bool)),
    }


def _share(what: np.ndarray, among: np.ndarray) -> float:
    return float(what[among].mean()) if among.any() else np.nan
