"""The best set under a budget, against every subset."""

from itertools import chain, combinations

import numpy as np
import pytest

from mot_research.priorities import budget
from mot_research.priorities.budget import best_set, greedy_set


def brute_force(gain, cost, limit):
    """Largest gain of all affordable subsets, one by one."""
    n = range(len(gain))
    subsets = chain.from_iterable(combinations(n, k) for k in range(len(gain) + 1))
    return max(
        sum(gain[j] for j in subset) for subset in subsets if sum(cost[j] for j in subset) <= limit
    )


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("limit", [0, 0.2, 0.5, 0.8, 1])
def test_no_affordable_set_brings_more(seed, limit, monkeypatch):
    rng = np.random.default_rng(seed)
    gain = rng.normal(1, 1.5, 9).tolist()
    cost = rng.integers(0, 40, 9).astype(float).tolist()
    money = limit * sum(cost)
    best = brute_force(gain, cost, money)
    for enumerated in (budget.ENUMERATED, 0):  # by looking at all, and by the 0–1 programme
        monkeypatch.setattr(budget, "ENUMERATED", enumerated)
        chosen = best_set(gain, cost, money)
        assert sum(cost[j] for j in chosen) <= money
        assert sum(gain[j] for j in chosen) == pytest.approx(best)


def test_what_loses_is_never_bought():
    assert best_set([-1.0, 2.0], [0.0, 1.0], 10) == (1,)


def test_of_sets_that_bring_the_same_the_cheapest():
    assert best_set([1.0, 1.0, 2.0], [3.0, 3.0, 5.0], 6) == (2,)


def test_nothing_is_affordable():
    assert best_set([1.0], [5.0], 4) == ()
    assert best_set([], [], 4) == ()


def test_greedy_counts_what_a_moment_adds_to_those_bought():
    values = {0: 1.0, 1: 0.9, 2: 0.5}

    def joint(chosen):  # 0 and 1 win the same customers
        return sum(values[j] for j in chosen) - (0.8 if {0, 1} <= set(chosen) else 0.0)

    assert greedy_set(joint, [1.0, 1.0, 1.0], 2) == (0, 2)
    assert greedy_set(joint, [1.0, 1.0, 1.0], 3) == (0, 2, 1)


def test_greedy_buys_what_is_free_and_stops_at_the_budget():
    assert greedy_set(lambda chosen: float(len(chosen)), [2.0, 0.0, 2.0], 3) == (1, 0)
