"""The best set of moments that a budget buys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mot_research.errors import AnalysisError
from mot_research.statistics.crossproducts import Floats

ENUMERATED = 20  # moments whose subsets are all looked at: a million
ALIKE = 1e-12  # of the largest gain: below it two sets bring the same


def best_set(gain: Sequence[float], cost: Sequence[float], budget: float) -> tuple[int, ...]:
    """The set with the largest sum of gains whose costs fit the budget; exact.

    Of sets that bring the same, the cheapest. What loses is never bought. All subsets are looked
    at up to twenty moments; above, the 0–1 programme is solved by HiGHS (``scipy.optimize.milp``)
    to a proven optimum.

    Parameters
    ----------
    gain, cost : sequences of n floats
    budget : float

    Returns
    -------
    tuple of int
        Positions, in order.
    """
    worth = [j for j in range(len(gain)) if gain[j] > 0 and cost[j] <= budget]
    if not worth:
        return ()
    gains = np.array([gain[j] for j in worth], dtype=float)
    costs = np.array([cost[j] for j in worth], dtype=float)
    solve = _by_enumeration if len(worth) <= ENUMERATED else _by_programme
    return tuple(worth[j] for j in solve(gains, costs, budget))


def _by_enumeration(gains: Floats, costs: Floats, budget: float) -> list[int]:
    total, spent = np.zeros(1), np.zeros(1)
    for gain, cost in zip(gains, costs, strict=True):
        total = np.concatenate([total, total + gain])
        spent = np.concatenate([spent, spent + cost])
    fits = spent <= budget * (1 + ALIKE)
    largest = total[fits].max()
    best = np.flatnonzero(fits & (total >= largest * (1 - ALIKE)))
    chosen = int(best[np.argmin(spent[best])])
    return [j for j in range(len(gains)) if chosen >> j & 1]


def _by_programme(gains: Floats, costs: Floats, budget: float) -> list[int]:
    from scipy.optimize import Bounds, LinearConstraint, milp

    found = milp(
        -gains / gains.max(),
        constraints=LinearConstraint(costs[None] / max(budget, 1.0), ub=budget / max(budget, 1.0)),
        integrality=np.ones(len(gains)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    if not found.success:
        raise AnalysisError(f"no best set was found under a budget of {budget:g}: {found.message}")
    return [j for j, share in enumerate(found.x) if share > 0.5]


def greedy_set(
    joint: Callable[[Sequence[int]], float], cost: Sequence[float], budget: float
) -> tuple[int, ...]:
    """A good set where gains are no sum: always the next best buy; not proven to be the best.

    In each step the moment that adds most per unit of money, of those that still fit; what costs
    nothing comes first.

    Parameters
    ----------
    joint : callable(positions) -> float
        Gain of a set.
    cost : sequence of n floats
    budget : float

    Returns
    -------
    tuple of int
        Positions, in the order bought.
    """
    chosen: list[int] = []
    gained, left = 0.0, budget
    while True:
        added = {
            j: joint([*chosen, j]) - gained
            for j in range(len(cost))
            if j not in chosen and cost[j] <= left
        }
        added = {j: more for j, more in added.items() if more > 0}
        if not added:
            return tuple(chosen)
        best = max(added, key=lambda j: (added[j] / cost[j] if cost[j] else np.inf, added[j]))
        chosen.append(best)
        gained += added[best]
        left -= cost[best]
