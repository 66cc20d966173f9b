"""Agreement among raters: kappa, alpha, concordance, intraclass correlation.

Each function takes ``ratings`` (…, units, raters), NaN where a rater said nothing, and works on
many resamples at once along the leading axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from mot_research.statistics.resampling import percentile_interval

Floats = npt.NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval"]


def fleiss_kappa(ratings: Floats) -> Floats:
    """Fleiss' κ (1971) of codes, each unit judged by all of the raters.

    Units that a rater left out do not count. NaN where fewer than two raters or no unit is
    left, or where everybody always gave the same code.
    """
    counts, _ = _counts(ratings)
    n_raters = ratings.shape[-1]
    whole = counts.sum(axis=-1) == n_raters
    counts = counts * whole[..., None]
    n_units = whole.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = counts.sum(axis=-2) / (n_units * n_raters)[..., None]
        agreeing = (counts * (counts - 1)).sum(axis=(-1, -2)) / n_units
        agreeing = agreeing / (n_raters * (n_raters - 1))
        by_chance = (p**2).sum(axis=-1)
        return (agreeing - by_chance) / _nonzero(1 - by_chance)


def category_kappas(ratings: Floats) -> tuple[Floats, Floats]:
    """Fleiss' κ of each code against all others, and the codes (units, raters)."""
    codes = np.unique(ratings[np.isfinite(ratings)])
    return np.array([fleiss_kappa(_is(ratings, code)) for code in codes]), codes


def krippendorff_alpha(ratings: Floats, level: Level = "nominal") -> Floats:
    """Krippendorff's α = 1 − D_observed / D_expected (2011), with missing ratings.

    Units with a single rating do not count. NaN where all ratings are alike or none is left.
    """
    counts, values = _counts(ratings)
    per_unit = counts.sum(axis=-1)
    counts = counts * (per_unit > 1)[..., None]
    share = 1 / np.maximum(per_unit - 1, 1)
    coincidences = np.einsum("...ui,...uj,...u->...ij", counts, counts, share)
    diagonal = np.einsum("...ui,...u->...i", counts, share)
    coincidences[..., np.arange(len(values)), np.arange(len(values))] -= diagonal
    totals = counts.sum(axis=-2)
    distance = _distance(values, totals, level)
    n = totals.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = (coincidences * distance).sum(axis=(-1, -2)) / n
        expected = np.einsum("...i,...j,...ij->...", totals, totals, distance) / (n * (n - 1))
        return 1 - observed / _nonzero(expected)


def kendalls_w(ratings: Floats) -> Floats:
    """Kendall's W, corrected for ties (Siegel & Castellan 1988), of complete ratings.

    1 where all raters put the units in the same order. NaN with fewer than two units or
    raters, or where every rater ties all units.
    """
    from scipy import stats

    ranks = stats.rankdata(ratings, axis=-2)
    n, m = ranks.shape[-2:]
    spread = ranks.sum(axis=-1).var(axis=-1) * n
    untied = n * (n + 1) * (2 * n + 1) / 6
    ties = 12 * (untied - (ranks**2).sum(axis=-2)).sum(axis=-1)
    return _if_several(12 * spread / _nonzero(m**2 * (n**3 - n) - m * ties), n, m)


def icc_agreement(ratings: Floats) -> Floats:
    """Intraclass correlation ICC(A,1) of complete ratings (McGraw & Wong 1996).

    Two-way, absolute agreement, a single rater. NaN as in :func:`kendalls_w`.
    """
    n, k = ratings.shape[-2:]
    if min(n, k) < 2:
        return np.full(ratings.shape[:-2], np.nan)
    units, raters = ratings.mean(axis=-1), ratings.mean(axis=-2)
    mean = ratings.mean(axis=(-1, -2))
    left = ratings - units[..., :, None] - raters[..., None, :] + mean[..., None, None]
    between = k * units.var(axis=-1, ddof=1)
    columns = n * raters.var(axis=-1, ddof=1)
    error = (left**2).sum(axis=(-1, -2)) / ((n - 1) * (k - 1))
    return (between - error) / _nonzero(
        between + (k - 1) * error + k * (columns - error) / n,
    )


def cohen_kappa(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Cohen's κ (1960) of two codings of the same units; NaN where both only know one code."""
    a, b = np.asarray(one), np.asarray(other)
    codes = np.union1d(a, b)
    by_chance = sum(float((a == code).mean() * (b == code).mean()) for code in codes)
    if not len(a) or by_chance == 1:
        return float("nan")
    return (float((a == b).mean()) - by_chance) / (1 - by_chance)


def interval_over_units(
    measure: Callable[[Floats], Floats],
    ratings: Floats,
    *,
    n_resamples: int,
    confidence: float,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Percentile interval of a measure, the units (units, raters) drawn again (Zapf et al. 2016).

    Resamples without a value are left out; NaN where fewer than half have one.
    """
    n = len(ratings)
    if not n_resamples or n < 2:
        return float("nan"), float("nan")
    found = measure(ratings[rng.integers(n, size=(n_resamples, n))])
    found = found[np.isfinite(found)]
    if len(found) < n_resamples / 2:
        return float("nan"), float("nan")
    lower, upper = percentile_interval(found, confidence)
    return float(lower), float(upper)


def _counts(ratings: Floats) -> tuple[Floats, Floats]:
    """How many raters gave each value (…, units, values), and the values in their order."""
    values = np.unique(ratings[np.isfinite(ratings)])
    return np.stack([(ratings == value).sum(axis=-1) for value in values], axis=-1).astype(
        float
    ) if len(values) else np.zeros((*ratings.shape[:-1], 0)), values


def _distance(values: Floats, totals: Floats, level: Level) -> Floats:
    """Squared distance of each pair of values, (…, values, values)."""
    if level == "nominal":
        return 1 - np.eye(len(values))
    if level == "interval":
        return (values[:, None] - values[None, :]) ** 2
    up_to = np.cumsum(totals, axis=-1) - totals / 2
    return (up_to[..., :, None] - up_to[..., None, :]) ** 2


def _is(ratings: Floats, code: float) -> Floats:
    return np.where(np.isfinite(ratings), ratings == code, np.nan)


def _nonzero(divisor: Floats) -> Floats:
    """The divisor, NaN where rounding alone keeps it from 0."""
    return np.where(np.abs(divisor) > 1e-12, divisor, np.nan)


def _if_several(values: Floats, n_units: int, n_raters: int) -> Floats:
    return values if min(n_units, n_raters) > 1 else np.full_like(values, np.nan)
