"""The last plan, scored: what the earlier wave asked for, against what moved since.

A study does not hold what was decided. Scored is what the earlier wave's own numbers would have
put to be fixed: moments that it alone proves to be among the top by importance, rated below
target. All moments have their numbers, whether asked for or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from mot_research.drivers.comparison import Comparison, Estimates, Part
from mot_research.statistics.ranks import p_top, ranks
from mot_research.study.definition import Rules
from mot_research.survey.wave import RATED

Score = Literal["as_planned", "less", "not_moved", "fell", "unclear"]


def last_plan(
    pair: Comparison,
    targets: Mapping[str, float],
    rules: Rules,
    lmg: np.ndarray,
    lmg_draws: np.ndarray,
    seen_rating: pd.DataFrame,
    seen_outcome: pd.DataFrame,
) -> pd.DataFrame:
    """Score each moment of the earlier wave, ``pair.a``.

    Parameters
    ----------
    pair : Comparison
    targets : mapping of moment to its target rating
    rules : Rules
    lmg : (p,) array
        Importances in the earlier wave.
    lmg_draws : (B, p) array
        No rows without resamples: then rank alone says what was among the top.
    seen_rating : DataFrame
        Change of each mean rating: ``difference``, ``ci_lower``, ``ci_upper``.
    seen_outcome : DataFrame
        Its part in the outcome's change: ``ratings``, ``ratings_ci_lower``,
        ``ratings_ci_upper``.

    Returns
    -------
    DataFrame
        Indexed by moment: ``asked`` (the earlier wave's numbers put it to be
        fixed), ``rating`` (then), ``target``; ``expected_rating`` and
        ``expected_outcome`` (every rating of that wave at its target) and
        ``seen_rating`` and ``seen_outcome``, each with ``_ci_lower`` and
        ``_ci_upper``; ``score`` of the rating.
    """
    names = list(pair.a.design.tested)
    lack, gain = _expected(pair.a, [targets[name] for name in names])
    effect = _from_none(pair, pair.a.effect())
    top = min(rules.top, -(-len(names) // 2))
    among = p_top(lmg_draws, top) >= rules.p_top if len(lmg_draws) else ranks(lmg) <= top
    table = pd.DataFrame({"rating": pair.a.rating().values}, index=pd.Index(names, name="moment"))
    table["target"] = [targets[name] for name in names]
    table["asked"] = (
        (effect["b"] > 0)
        & (effect["q_value"] <= rules.false_discovery_rate)
        & among
        & (table["rating"] < table["target"])
    )
    expected = {"rating": _from_none(pair, lack), "outcome": _from_none(pair, gain)}
    for name, found in expected.items():
        table[f"expected_{name}"] = found["b"]
        for end in ("ci_lower", "ci_upper"):
            table[f"expected_{name}_{end}"] = found[end]
    seen = {
        "rating": (seen_rating, "difference", ""),
        "outcome": (seen_outcome, "ratings", "ratings_"),
    }
    for name, (found, column, prefix) in seen.items():
        table[f"seen_{name}"] = found[column].reindex(names)
        for end in ("ci_lower", "ci_upper"):
            table[f"seen_{name}_{end}"] = found[f"{prefix}{end}"].reindex(names)
    columns = ["expected_rating", "seen_rating_ci_lower", "seen_rating_ci_upper"]
    table["score"] = [score(*row) for row in table[columns].to_numpy(dtype=float)]
    return table


def score(expected: float, lower: float, upper: float) -> Score:
    """What a change says of its plan: by its interval against no change and against the plan."""
    if upper < 0:
        return "fell"
    if lower > 0:
        return "as_planned" if upper >= expected else "less"
    return "not_moved" if upper < expected else "unclear"


def _from_none(pair: Comparison, found: Estimates) -> pd.DataFrame:
    """Each estimate, ``b``, with its interval and its test of no effect."""
    nothing = Estimates(np.zeros_like(found.values), np.zeros_like(found.influence))
    return pair.tested(nothing, found)


def _expected(part: Part, targets: list[float]) -> tuple[Estimates, Estimates]:
    """What the mean ratings lack to their targets, and what that brings across all customers.

    Of those who rated, ȳ = Σ w (t − x)₊ / Σ w; the gain is β · reach · ȳ.
    """
    rows, n_units = part.design.rows, part.units.n_units
    values = np.zeros(len(targets))
    influence = np.zeros((n_units, len(targets)))
    for j, (name, target) in enumerate(zip(part.design.tested, targets, strict=True)):
        place = rows.drivers.index(name)
        rated = rows.states[:, place] == RATED
        weight = rows.weight[rated]
        lack = np.maximum(target - rows.ratings[rated, place], 0.0)
        values[j] = weight @ lack / weight.sum()
        influence[:, j] = np.bincount(
            rows.unit[rated], weight * (lack - values[j]) / weight.sum(), n_units
        )
    reach, effect = part.reach(), part.effect()
    gain = effect.values * reach.values * values
    of_gain = (
        effect.influence * (reach.values * values)
        + reach.influence * (effect.values * values)
        + influence * (effect.values * reach.values)
    )
    return Estimates(values, influence), Estimates(gain, of_gain)
