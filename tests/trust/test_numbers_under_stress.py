"""Adversarial data sets: each number agrees with exact arithmetic, or is marked with a reason.

Floats are fractions, so `fractions.Fraction` gives the exact importances and effects of the very
data that the product gets.
"""

from fractions import Fraction
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.errors import MotError

N = 60
CLOSE = 1e-9  # of R², and relative for effects: conditions here reach 1e4
NEAR = 1e-5  # the same where two ratings differ by 1e-5 of their spread: eleven digits are lost


def covariance(columns, weights):
    """Exact weighted covariance of exact columns, the outcome first."""
    columns = [[Fraction(float(cell)) for cell in column] for column in columns]
    w = [Fraction(float(cell)) for cell in weights]
    total = sum(w)
    means = [sum(map(lambda a, b: a * b, w, column)) / total for column in columns]
    centred = [[x - mean for x in column] for column, mean in zip(columns, means, strict=True)]
    return [
        [sum(u * a * b for u, a, b in zip(w, one, other, strict=True)) for other in centred]
        for one in centred
    ]


def solved(matrix, right):
    """Exact solution of a small system; a zero pivot takes its column out, as 0."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    used = []
    for column in range(len(rows)):
        pivot = next((r for r in range(len(rows)) if r not in used and rows[r][column] != 0), None)
        if pivot is None:
            used.append(None)
            continue
        for r in range(len(rows)):
            if r != pivot and rows[r][column] != 0:
                factor = rows[r][column] / rows[pivot][column]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[pivot], strict=True)]
        used.append(pivot)
    return [Fraction(0) if r is None else rows[r][-1] / rows[r][c] for c, r in enumerate(used)]


def explained(cov, chosen):
    inner = [[cov[1 + a][1 + b] for b in chosen] for a in chosen]
    right = [cov[1 + a][0] for a in chosen]
    return sum(map(lambda a, b: a * b, solved(inner, right), right)) / cov[0][0]


def exact_lmg(cov):
    p = len(cov) - 1
    shares = []
    for j in range(p):
        others = [k for k in range(p) if k != j]
        total = Fraction(0)
        for size in range(p):
            weight = Fraction(factorial(size) * factorial(p - 1 - size), factorial(p))
            for chosen in combinations(others, size):
                total += weight * (explained(cov, [*chosen, j]) - explained(cov, [*chosen]))
        shares.append(float(total))
    return np.array(shares)


def exact_effects(cov):
    p = len(cov) - 1
    inner = [[cov[1 + a][1 + b] for b in range(p)] for a in range(p)]
    return np.array([float(value) for value in solved(inner, [row[0] for row in cov[1:]])])


def frame(change=None):
    rng = np.random.default_rng(7)
    columns = {name: rng.integers(1, 6, N).astype(float) for name in ("a", "b", "c")}
    table = pd.DataFrame(columns)
    table["y"] = table["a"] + 0.5 * table["b"] + rng.integers(-2, 3, N)
    table["w"] = 1.0
    return table if change is None else table.assign(**change(table))


ESTIMABLE = {
    "as it comes": (None, CLOSE),
    "an outcome of 1e5 and more": (lambda t: {"y": t["y"] + 1e5}, NEAR),
    "ratings far from zero": (lambda t: {"a": t["a"] + 2.0**30}, CLOSE),
    "a tiny unit": (lambda t: {"y": t["y"] * 2.0**-40}, CLOSE),
    "units that differ by 1e15": (lambda t: {"a": t["a"] * 2.0**25, "b": t["b"] * 2.0**-25}, CLOSE),
    "an exact fit": (lambda t: {"y": 2 * t["a"] - t["b"]}, CLOSE),
    "a suppressor": (lambda t: {"y": t["a"] - t["b"], "b": t["b"] + t["a"]}, CLOSE),
    "nearly the same question": (
        lambda t: {"b": t["a"] + np.where(np.arange(N) % 2, 1e-5, -1e-5) * t["c"]},
        NEAR,
    ),
    "one row that outweighs all": (lambda t: {"w": np.where(np.arange(N) == 3, 1e6, 1.0)}, CLOSE),
    "all but a few weights nothing": (lambda t: {"w": np.where(np.arange(N) % 3, 0.0, 1.0)}, CLOSE),
    "two answers only": (lambda t: {"c": (t["c"] > 3).astype(float)}, CLOSE),
    "powers of a few numbers": (
        lambda t: {"a": np.arange(N) % 5 + 1.0, "b": (np.arange(N) % 5 + 1.0) ** 2},
        CLOSE,
    ),
}


def analysed(table):
    return mot.driver_analysis(
        table, outcome="y", drivers=["a", "b", "c"], weight="w", n_resamples=0
    )


@pytest.mark.parametrize("case", ESTIMABLE)
def test_what_is_estimated_agrees_with_exact_arithmetic(case):
    change, tolerance = ESTIMABLE[case]
    table = frame(change)
    cov = covariance([table[name] for name in ("y", "a", "b", "c")], table["w"])
    result = analysed(table)
    shown = result.to_frame()
    np.testing.assert_allclose(shown["lmg"], exact_lmg(cov), atol=tolerance)
    assert result.r_squared == pytest.approx(float(explained(cov, [0, 1, 2])), abs=tolerance)
    effects, exact = shown["effect"].to_numpy(), exact_effects(cov)
    given = np.isfinite(effects)
    np.testing.assert_allclose(effects[given], exact[given], rtol=tolerance, atol=tolerance * 1e-3)
    assert given.all() or result.warnings


MARKED = {
    "the same question twice": lambda t: {"b": t["a"]},
    "a sum of two others": lambda t: {"c": t["a"] + t["b"]},
    "everybody answered alike": lambda t: {"c": 4.0},
    "nobody answered": lambda t: {"c": np.nan},
}


@pytest.mark.parametrize("case", MARKED)
def test_what_can_not_be_told_is_marked_with_a_reason(case):
    table = frame(MARKED[case])
    result = analysed(table)
    shown = result.to_frame()
    assert shown["effect"].isna().any()
    assert any("'c'" in text or " c" in text or "a, b" in text for text in result.warnings)
    assert shown["lmg"].sum() == pytest.approx(result.r_squared, abs=CLOSE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: {"y": 7.0}, "7"),
        (lambda t: {"y": t["y"] + 1e9}, "a millionth"),
        (lambda t: {"y": np.nan}, "missing in all 60 rows"),
        (lambda t: {"w": -1.0}, "negative"),
        (lambda t: {"w": 0.0}, "weight"),
    ],
)
def test_what_has_no_answer_is_one_clear_error(change, message):
    with pytest.raises(MotError, match=message):
        analysed(frame(change))
