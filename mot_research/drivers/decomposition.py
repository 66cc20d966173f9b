"""The exact five-term decomposition of a difference of two means.

With reach r, mean rating m of those who had it, controls z̄, and both sides on
side A's centres m_jA, the change of the outcome's mean is exactly

- *reach*    Σ γ_jA (r_jB − r_jA)
- *ratings*  Σ β_jA r_jB (m_jB − m_jA)
- *mix*      δ_A'(z̄_B − z̄_A)
- *effects*  (α_B − α_A) + Σ (γ_jB − γ_jA) r_jA + (δ_B − δ_A)'z̄_A
- *both*     Σ [(γ_jB − γ_jA)(r_jB − r_jA) + (β_jB − β_jA) r_jB (m_jB − m_jA)]
  + (δ_B − δ_A)'(z̄_B − z̄_A): effects and what they act on moved together

(Kitagawa 1955; Oaxaca 1973; Blinder 1973; threefold as in Daymont & Andrisani
1984). The part of α is *unexplained*.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mot_research.drivers.comparison import Comparison
from mot_research.drivers.design import Design
from mot_research.statistics.regression import coefficients
from mot_research.statistics.second_moments import covariance

TERMS = ("reach", "ratings", "mix", "effects", "both", "not_split")
UNEXPLAINED = "unexplained"


def decompose(pair: Comparison, q_a: np.ndarray, q_b: np.ndarray) -> np.ndarray:
    """The terms of each part: two stacks (B, m, m) to (B, moments + controls + 1, TERMS)."""
    design = pair.a.design
    quality, controls = list(design.quality), list(design.controls)
    had = [j for j, exposure in enumerate(design.exposure) if exposure is not None]
    exposure = [e for e in design.exposure if e is not None]
    raw_a, raw_b = _coefficients(pair.a.model.fitted, q_a), _coefficients(pair.b.model.fitted, q_b)
    constant_a = constant_columns(pair.a.reduction.q)
    constant_b = constant_columns(pair.b.reduction.q)

    beta_a, beta_b = raw_a[:, quality], raw_b[:, quality]
    reach_a, reach_b = np.ones_like(beta_a), np.ones_like(beta_b)
    reach_a[:, had], reach_b[:, had] = q_a[:, 0, exposure], q_b[:, 0, exposure]
    centre = np.divide(q_a[:, 0, quality], reach_a, out=np.zeros_like(beta_a), where=reach_a > 0)
    gamma_a, gamma_b = np.zeros_like(beta_a), np.zeros_like(beta_b)
    gamma_a[:, had] = raw_a[:, exposure] + beta_a[:, had] * centre[:, had]
    gamma_b[:, had] = raw_b[:, exposure] + beta_b[:, had] * centre[:, had]
    delta_a, delta_b = raw_a[:, controls], raw_b[:, controls]

    # what does not vary in one wave has no effect there: the other wave's stands for both
    one_a = np.zeros(len(quality), dtype=bool)
    one_b = np.zeros(len(quality), dtype=bool)
    one_a[had], one_b[had] = constant_a[exposure], constant_b[exposure]
    gamma_a, gamma_b = np.where(one_a, gamma_b, gamma_a), np.where(one_b, gamma_a, gamma_b)
    delta_a, delta_b = (
        np.where(constant_a[controls], delta_b, delta_a),
        np.where(constant_b[controls], delta_a, delta_b),
    )

    more = reach_b - reach_a
    moved = q_b[:, 0, quality] - centre * reach_b  # r_B (m_B − m_A)
    z_a, z_b = q_a[:, 0, controls], q_b[:, 0, controls]
    p = len(quality)
    terms = np.zeros((len(q_a), p + len(controls) + 1, len(TERMS)))
    reach, ratings, mix, effects, both, not_split = np.moveaxis(terms, 2, 0)
    reach[:, :p] = gamma_a * more
    ratings[:, :p] = beta_a * moved
    effects[:, :p] = (gamma_b - gamma_a) * reach_a
    both[:, :p] = (gamma_b - gamma_a) * more + (beta_b - beta_a) * moved
    mix[:, p:-1] = delta_a * (z_b - z_a)
    effects[:, p:-1] = (delta_b - delta_a) * z_a
    both[:, p:-1] = (delta_b - delta_a) * (z_b - z_a)
    effects[:, -1] = (
        q_b[:, 0, 1] - (gamma_b * reach_b + beta_b * moved).sum(1) - (delta_b * z_b).sum(1)
    ) - (q_a[:, 0, 1] - (gamma_a * reach_a).sum(1) - (delta_a * z_a).sum(1))
    whole = np.flatnonzero(one_a ^ one_b)
    not_split[:, whole] = terms[:, whole].sum(axis=2)
    terms[:, whole, :-1] = 0.0
    return terms


def _coefficients(fitted: tuple[int, ...], q: np.ndarray) -> np.ndarray:
    """By position in z, (B, m); 0 for what is not in the model."""
    values = np.zeros(q.shape[:2])
    values[:, list(fitted)] = coefficients(q, 1, fitted)
    return values


def constant_columns(q: np.ndarray) -> np.ndarray:
    """By position in z, (m,): whether a column does not vary."""
    return np.concatenate([[True], np.diag(covariance(q)) == 0])


def term_table(pair: Comparison, estimate: np.ndarray, resampled: np.ndarray) -> pd.DataFrame:
    """Each term over all parts, with its interval; indexed by TERMS.

    ``estimate`` (parts, TERMS) and ``resampled`` (B, parts, TERMS) come from ``decompose``.
    """
    values = estimate.sum(axis=0)
    lower, upper = _interval(pair, values, resampled.sum(axis=1))
    return pd.DataFrame(
        {"estimate": values, "ci_lower": lower, "ci_upper": upper},
        index=pd.Index(TERMS, name="term"),
    )


def part_table(pair: Comparison, estimate: np.ndarray, resampled: np.ndarray) -> pd.DataFrame:
    """The terms of each moment, of each control and of what is unexplained.

    Arguments are those of ``term_table``; the columns of a control's categories are summed.
    """
    names, kinds, group = _part_names(pair.a.design)
    joined = np.zeros((len(names), len(group)))
    joined[group, np.arange(len(group))] = 1.0
    estimate, resampled = joined @ estimate, joined @ resampled
    lower, upper = _interval(pair, estimate, resampled)
    table = pd.DataFrame({"kind": kinds}, index=pd.Index(names, name="part"))
    for place, term in enumerate(TERMS):
        table[term] = estimate[:, place]
        table[f"{term}_ci_lower"], table[f"{term}_ci_upper"] = lower[:, place], upper[:, place]
    total, drawn = estimate.sum(axis=1), resampled.sum(axis=2)
    table["total"] = total
    table["total_ci_lower"], table["total_ci_upper"] = _interval(pair, total, drawn)
    return table


def _part_names(design: Design) -> tuple[list[str], list[str], list[int]]:
    """Names and kinds of the parts, and which part each moment and column of a control is of."""
    controls = [str(name) for name in design.rows.controls]
    owners = []
    for position in design.controls:
        column = design.names[position - 1].removeprefix("control: ")
        owners.append(next(c for c in controls if column == c or column.startswith(f"{c} = ")))
    kept = list(dict.fromkeys(owners))
    names = [*design.tested, *kept, UNEXPLAINED]
    kinds = ["moment"] * len(design.tested) + ["control"] * len(kept) + ["unexplained"]
    p = len(design.tested)
    group = [*range(p), *(p + kept.index(owner) for owner in owners), len(names) - 1]
    return names, kinds, group


def _interval(
    pair: Comparison, estimate: np.ndarray, resampled: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if len(resampled):
        return pair.interval(estimate, resampled)
    return np.full_like(estimate, np.nan), np.full_like(estimate, np.nan)
