"""Adversarial data sets: each number agrees with exact arithmetic, or is marked with a reason.

Floats are fractions, so `fractions.Fraction` gives the exact importances and effects of the very
data that the product gets.
"""

from decimal import Decimal, getcontext
from fractions import Fraction
from itertools import combinations
from math import factorial
from operator import mul

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.errors import MotError

N = 60
CLOSE = 1e-9  # of R², and relative for effects: conditions here reach 1e4
FITTED = 1e-6  # effects of a fit that stops when its steps are small
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


def exact_lmg(cov, always=0):
    """Of the columns before the last ``always`` ones, which are in every model."""
    p = len(cov) - 1 - always
    beside = range(p, p + always)
    shares = []
    for j in range(p):
        others = [k for k in range(p) if k != j]
        total = Fraction(0)
        for size in range(p):
            weight = Fraction(factorial(size) * factorial(p - 1 - size), factorial(p))
            for chosen in combinations(others, size):
                without = [*chosen, *beside]
                total += weight * (explained(cov, [*without, j]) - explained(cov, without))
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
    "weights that differ by 1e12": (lambda t: {"w": 10.0 ** (np.arange(N) % 13)}, CLOSE),
    "tiny weights": (lambda t: {"w": 2.0**-99}, CLOSE),
    "huge weights": (lambda t: {"w": 2.0**99}, CLOSE),
    "a huge unit": (lambda t: {"y": t["y"] * 2.0**150, "a": t["a"] * 2.0**150}, CLOSE),
    "one answer that differs": (lambda t: {"b": np.where(np.arange(N) == 0, 2.0, 3.0)}, CLOSE),
    "the outcome is a rating": (lambda t: {"y": t["a"]}, CLOSE),
    "two classes that a rating separates": (lambda t: {"y": (t["a"] > 3).astype(float)}, CLOSE),
    "a class of one": (lambda t: {"y": (np.arange(N) == 7).astype(float)}, CLOSE),
    "everybody twice": (
        lambda t: {name: np.tile(t[name].to_numpy()[: N // 2], 2) for name in ("a", "b", "c", "y")},
        CLOSE,
    ),
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


NOT_HAD = 9.0
PEOPLE = np.arange(4 * N)
CONTACTS = {
    "a third had one": {"c": PEOPLE % 3 == 0},
    "two that the same people had": {"a": PEOPLE % 2 == 0, "c": PEOPLE % 2 == 0},
    "two that other people had": {"a": PEOPLE % 2 == 0, "c": PEOPLE % 2 == 1},
    "all but one had it": {"b": PEOPLE != 11},
    "two that differ in one person": {
        "a": PEOPLE % 2 == 0,
        "c": (PEOPLE % 2 == 0) | (PEOPLE == 5),
    },
}


@pytest.mark.parametrize("case", CONTACTS)
def test_contacts_that_not_all_had_agree_with_exact_arithmetic(case):
    had = CONTACTS[case]
    table = pd.concat([frame()] * 4, ignore_index=True)
    quality = [table[name] * had.get(name, True) for name in ("a", "b", "c")]
    exposure = list({tuple(mask): mask.astype(float) for mask in had.values()}.values())
    cov = covariance([table["y"], *quality, *exposure], table["w"])
    coded = table.assign(**{name: table[name].where(mask, NOT_HAD) for name, mask in had.items()})
    result = mot.driver_analysis(
        coded,
        outcome="y",
        drivers=["a", "b", "c"],
        not_experienced=[NOT_HAD],
        n_resamples=0,
    )
    shown = result.to_frame()
    np.testing.assert_allclose(shown["lmg"], exact_lmg(cov, len(exposure)), atol=CLOSE)
    np.testing.assert_allclose(shown["effect"], exact_effects(cov)[:3], rtol=CLOSE)


def test_a_contact_that_nobody_had_is_marked_and_changes_nothing():
    table = frame()
    result = mot.driver_analysis(
        table.assign(d=NOT_HAD),
        outcome="y",
        drivers=["a", "b", "c", "d"],
        not_experienced=[NOT_HAD],
        n_resamples=0,
    )
    assert "d" in result.not_tested
    np.testing.assert_allclose(
        result.to_frame().loc[["a", "b", "c"], "lmg"], analysed(table).to_frame()["lmg"], atol=CLOSE
    )


@pytest.mark.parametrize("kind", ["ordered", "score"])
def test_levels_that_nobody_chose_change_no_ordered_outcome(kind):
    table = frame(lambda t: {"y": np.clip(t["y"], 2, 6) - 2})
    found = []
    for levels in ((0, 1, 2, 3, 4), (0, 1, 2, 3, 9)):
        coded = table.assign(y=np.array(levels, dtype=float)[table["y"].round().astype(int)])
        result = mot.driver_analysis(
            coded, outcome="y", drivers=["a", "b", "c"], kind=kind, n_resamples=0
        )
        found.append(result.to_frame()["lmg"].to_numpy())
    assert np.allclose(*found, atol=FITTED) == (kind == "ordered")


def test_a_stratum_of_one_unit_is_told_and_has_errors():
    table = frame().assign(
        stratum=np.repeat([0, 1, 2], [20, 39, 1]),
        cluster=np.arange(N) // 2 + N * (np.arange(N) == 59),
    )
    result = mot.driver_analysis(
        table,
        outcome="y",
        drivers=["a", "b", "c"],
        stratum="stratum",
        cluster="cluster",
        n_resamples=0,
    )
    assert np.isfinite(result.to_frame()["std_error"]).all()
    assert any("strat" in text for text in result.warnings)


@pytest.mark.parametrize("case", [case for case in ESTIMABLE if case != "a class of one"])
def test_intervals_hold_what_they_are_about_or_are_not_given(case):
    result = mot.driver_analysis(
        frame(ESTIMABLE[case][0]), outcome="y", drivers=["a", "b", "c"], weight="w", n_resamples=50
    )
    shown = result.to_frame()
    assert not np.isinf(shown.select_dtypes("number").to_numpy(dtype=float)).any()
    given = shown[["effect", "effect_ci_lower", "effect_ci_upper"]].dropna()
    assert (given["effect_ci_lower"] <= given["effect"]).all()
    assert (given["effect"] <= given["effect_ci_upper"]).all()
    ranks = shown[["rank_lower", "rank", "rank_upper"]].to_numpy(dtype=float)
    assert (np.diff(ranks, axis=1) >= 0).all()
    assert shown[["p_value", "q_value", "p_top"]].stack().between(0, 1).all()
    assert (shown["ci_lower"] <= shown["ci_upper"]).all()


def test_a_class_that_most_resamples_miss_is_one_error_not_an_interval():
    with pytest.raises(MotError, match="does not vary"):
        mot.driver_analysis(
            frame(ESTIMABLE["a class of one"][0]),
            outcome="y",
            drivers=["a", "b", "c"],
            n_resamples=50,
        )


def test_more_ratings_than_people_are_marked():
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.integers(1, 6, (12, 15)).astype(float)).rename(columns=str)
    table["y"] = rng.normal(size=12)
    drivers = [str(place) for place in range(15)]
    result = mot.driver_analysis(table, outcome="y", drivers=drivers, n_resamples=0)
    assert result.to_frame()["effect"].isna().all()
    assert result.warnings


def near_copy(size):
    return lambda t: {"b": t["a"] + size * np.where(np.arange(N) % 2, 1.0, -1.0) * t["c"]}


MARKED = {
    "nearly the same question, by 1e-7": near_copy(1e-7),
    "nearly the same question, by 1e-9": near_copy(1e-9),
    "nearly the same question, by 1e-12": near_copy(1e-12),
    "nearly the same question, by 1e-15": near_copy(1e-15),
    "hardly anyone answered": lambda t: {"c": t["c"].where(np.arange(N) < 5)},
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
        (lambda t: {"w": 1e300}, "another unit"),
        (lambda t: {"w": 1e-300}, "another unit"),
        (lambda t: {"w": 5e-324}, "another unit"),
        (lambda t: {"w": np.where(np.arange(N) == 3, np.inf, 1.0)}, "infinite"),
        (lambda t: {"w": np.where(np.arange(N) == 3, np.nan, 1.0)}, "empty"),
        (lambda t: {"a": np.where(np.arange(N) == 3, np.inf, t["a"])}, "infinite"),
        (lambda t: {"y": np.where(np.arange(N) == 3, -np.inf, t["y"])}, "infinite"),
        (lambda t: {"y": t["y"] * 1e300}, "another unit"),
        (lambda t: {"y": t["y"] * 5e-324}, "another unit"),
        (lambda t: {"a": t["a"] * 1e-300}, "another unit"),
        (lambda t: {"a": 3.0, "b": 3.0, "c": 3.0}, "no variance"),
        (lambda t: {"w": 0.0}, "weight"),
    ],
)
def test_what_has_no_answer_is_one_clear_error(change, message):
    with pytest.raises(MotError, match=message):
        analysed(frame(change))


def exact_logit_effects(table):
    """Weighted average marginal effects of a, b and c on a binary y, by fifty digits."""
    getcontext().prec = 50
    w = [Decimal(float(cell)) for cell in table["w"]]
    y = [Decimal(float(cell)) for cell in table["y"]]
    x = [[Decimal(1), *map(Decimal, map(float, row))] for row in table[["a", "b", "c"]].to_numpy()]
    beta = [Decimal(0)] * 4
    for _ in range(40):
        p = [1 / (1 + (-sum(map(mul, beta, row))).exp()) for row in x]
        spread = [u * q * (1 - q) for u, q in zip(w, p, strict=True)]
        score = [
            sum(u * (a - q) * row[j] for u, a, q, row in zip(w, y, p, x, strict=True))
            for j in range(4)
        ]
        hessian = [
            [sum(v * row[j] * row[k] for v, row in zip(spread, x, strict=True)) for k in range(4)]
            for j in range(4)
        ]
        beta = [b + step for b, step in zip(beta, solved(hessian, score), strict=True)]
    return np.array([float(b * sum(spread) / sum(w)) for b in beta[1:]])


BINARY = {
    "as it comes": lambda t: {"y": (t["y"] > 4).astype(float)},
    "weights from 1 to 10,000": lambda t: {
        "y": (t["y"] > 4).astype(float),
        "w": 10.0 ** (np.arange(N) % 5),
    },
    "a tenth says yes": lambda t: {"y": (t["y"] > 7).astype(float)},
    "nearly separated": lambda t: {
        "y": np.where(np.arange(N) % 20 == 0, t["a"] < 3, t["a"] > 3).astype(float)
    },
}


@pytest.mark.parametrize("case", BINARY)
def test_effects_on_a_binary_outcome_agree_with_fifty_digits(case):
    table = frame(BINARY[case])
    result = mot.driver_analysis(
        table, outcome="y", drivers=["a", "b", "c"], weight="w", kind="binary", n_resamples=0
    )
    np.testing.assert_allclose(
        result.to_frame()["effect"], exact_logit_effects(table), rtol=FITTED, atol=FITTED
    )


def test_a_binary_outcome_that_a_rating_separates_is_marked():
    table = frame(lambda t: {"y": (t["a"] > 3).astype(float)})
    result = mot.driver_analysis(
        table, outcome="y", drivers=["a", "b", "c"], kind="binary", n_resamples=0
    )
    assert np.isnan(result.to_frame().loc["a", "effect"])
    assert any("a is not tested" in text and "separation" in text for text in result.warnings)
