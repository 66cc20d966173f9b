"""Stochastic imputation, and Rubin's rules to combine what is found with it.

For models that first and second moments do not suffice. Whether a contact was had is drawn
first, then its rating is taken from a donor: a row that had it, was rated, and is alike in what
everything else predicts, the outcome included (predictive mean matching).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.em import group_patterns, invert, regress
from mot_research.statistics.patterns import patterns
from mot_research.statistics.second_moments import covariance

N_IMPUTATIONS = 5
DONORS = 5  # of the nearest, one is taken (Morris, White & Royston 2014)
MOST_DONORS = 10_000  # a random part of more is as near to any row
CYCLES = 3  # over the columns, from joint normal draws
RIDGE = 1e-8  # on the correlation scale: a column that others explain is no obstacle


def impute(
    columns: Floats,
    q: Floats,
    quality: Sequence[int],
    exposure: Sequence[int | None],
    rng: np.random.Generator,
) -> Floats:
    """Fill the blanks of a design once.

    Parameters
    ----------
    columns : (n, k) array
        NaN where blank; column 0 is the outcome, which has none.
    q : (k + 1, k + 1) array
        Augmented second moment of the imputation model: for proper imputations that of a
        resample, drawn anew for each.
    quality : sequence of int
        Columns of ratings, 0 where the contact was not had.
    exposure : sequence of int or None
        The column of each rating's contact, None where everybody had it.
    rng : numpy.random.Generator

    Returns
    -------
    (n, k) array

    References
    ----------
    Little (1988), Journal of Business & Economic Statistics 6; Rubin (1987), Multiple
    Imputation for Nonresponse in Surveys.
    """
    missing = np.isnan(columns)
    if not missing.any():
        return columns
    contacts = {column for column in exposure if column is not None}
    of_rating = dict(zip(quality, exposure, strict=True))
    mean, spread = q[0, 1:], covariance(q)
    scale = np.sqrt(np.where(np.diag(spread) > 0, np.diag(spread), 1.0))
    filled = _drawn_jointly(columns, missing, mean, spread, scale, contacts, rng)
    precision = np.linalg.inv(spread / np.outer(scale, scale) + RIDGE * np.eye(len(scale)))
    incomplete = [int(c) for c in np.flatnonzero(missing.any(axis=0)) if c not in contacts]
    for column in incomplete:
        contact = of_rating.get(column)
        if contact is not None:
            filled[missing[:, column] & (filled[:, contact] == 0), column] = 0.0
    for _ in range(CYCLES):
        for column in incomplete:
            contact = of_rating.get(column)
            had = np.ones(len(filled), dtype=bool) if contact is None else filled[:, contact] == 1
            weights = -precision[column] / precision[column, column] / scale
            weights[column] = 0.0
            donors = np.flatnonzero(~missing[:, column] & had)
            empty = np.flatnonzero(missing[:, column] & had)
            if len(donors) > MOST_DONORS:
                donors = rng.choice(donors, MOST_DONORS, replace=False, shuffle=False)
            if len(donors) and len(empty):
                chosen = _nearest(filled[donors] @ weights, filled[empty] @ weights, rng)
                filled[empty, column] = columns[donors[chosen], column]
    return filled


def _drawn_jointly(
    columns: Floats,
    missing: np.ndarray,
    mean: Floats,
    spread: Floats,
    scale: Floats,
    contacts: set[int],
    rng: np.random.Generator,
) -> Floats:
    """Draws from the normal model given what is observed; contacts as 0 or 1."""
    filled = columns.copy()
    standard = np.where(missing, 0.0, (columns - mean) / scale)
    correlation = spread / np.outer(scale, scale)
    precision = invert(correlation)
    is_contact = np.isin(np.arange(columns.shape[1]), list(contacts))
    kinds, members = patterns(missing)
    for group in group_patterns(standard, members, kinds, np.zeros(len(kinds))):
        if not group.lacked.size:
            continue
        slopes, left = regress(correlation, precision, group.lacked)
        values, vectors = np.linalg.eigh((left + left.swapaxes(1, 2)) / 2)
        roots = (vectors * np.sqrt(np.maximum(values, 0.0))[:, None])[group.local]
        lacked = group.lacked[group.local]
        expected = np.take_along_axis(group.filled(slopes), lacked, axis=1)
        noise = np.einsum("ruv,rv->ru", roots, rng.standard_normal(lacked.shape))
        sd = np.sqrt(np.maximum(np.einsum("ruv,ruv->ru", roots, roots), np.finfo(float).tiny))
        had = ndtr(noise / sd) > 1 - (mean[lacked] + scale[lacked] * expected)
        drawn = mean[lacked] + scale[lacked] * (expected + noise)
        filled[group.index[:, None], lacked] = np.where(is_contact[lacked], had, drawn)
    return filled


def _nearest(donors: Floats, wanted: Floats, rng: np.random.Generator) -> np.ndarray:
    """For each wanted value one of the few donors nearest to it."""
    order = np.argsort(donors, kind="stable")
    near = min(DONORS, len(donors))
    begin = np.searchsorted(donors[order], wanted) - near // 2
    begin = np.clip(begin, 0, len(donors) - near)
    return order[begin + rng.integers(0, near, len(wanted))]


@dataclass(frozen=True)
class Combined:
    """Estimates by Rubin's rules, with their errors and degrees of freedom."""

    estimate: Floats
    std_error: Floats
    degrees_of_freedom: Floats


def combine(estimates: Floats, variances: Floats, degrees_of_freedom: float) -> Combined:
    """Combine the estimates (m, p) of m imputations with their variances (m, p).

    T = W̄ + (1 + 1/m) B, with the degrees of freedom of Barnard & Rubin (1999, Biometrika 86)
    for a complete-data test of ``degrees_of_freedom``. One imputation is taken as it is.
    """
    m = len(estimates)
    estimate, within = estimates.mean(axis=0), variances.mean(axis=0)
    if m == 1:
        return Combined(estimate, np.sqrt(within), np.full(estimate.shape, degrees_of_freedom))
    between = (1 + 1 / m) * estimates.var(axis=0, ddof=1)
    total = within + between
    with np.errstate(divide="ignore", invalid="ignore"):
        missing = np.where(total > 0, between / total, 0.0)
        old = (m - 1) / missing**2
        observed = (
            (degrees_of_freedom + 1) / (degrees_of_freedom + 3) * degrees_of_freedom * (1 - missing)
        )
        df = 1 / (1 / old + 1 / observed)
    return Combined(estimate, np.sqrt(total), df)


def spread_of_draws(n_imputations: int) -> float:
    """By how much to widen differences between imputations where draws take turns with them.

    Draw b uses imputation b mod m: the differences of the m estimates from their mean, times
    √((m + 1)/(m − 1)), then have the variance (1 + 1/m) B.
    """
    m = n_imputations
    return float(np.sqrt((m + 1) / (m - 1))) if m > 1 else 1.0
