"""Augmented second moments Q = Σ w̃ z z', z = (1, d): what they imply, and what they must be."""

from __future__ import annotations

import numpy as np

CONSTANT = 1e-12  # variance, of the second moment: below it a column is constant but for rounding
ROUNDING = 1e-9  # how far below 0 an eigenvalue of correlations may lie
AT_ONCE = 64  # matrices: a block's arrays stay in the cache
VANISHED = 1e-6  # variance, of the usual one: below it a resample has lost the column


def covariance(q: np.ndarray) -> np.ndarray:
    """Covariance of the columns, (..., m, m) to (..., m − 1, m − 1).

    A column that does not vary, as a rare contact in a resample without any
    customer who missed it, has exact zeros.
    """
    centred = q[..., 1:, 1:] - q[..., 1:, :1] * q[..., :1, 1:]
    variance = np.einsum("...ii->...i", centred)
    varies = variance > CONSTANT * np.einsum("...ii->...i", q)[..., 1:]
    return centred * varies[..., :, None] * varies[..., None, :]


def nearest_possible(q: np.ndarray) -> np.ndarray:
    """The stack (B, m, m) with every matrix that no data could have made replaced.

    A linearised step can leave the cone of semi-definite matrices where a
    resample has few observed values of a column. Negative eigenvalues of its
    correlations are set to 0 (Higham 1988); a column left with less than a
    millionth of its usual variance is constant there.
    """
    variance = np.einsum("bii->bi", q)[:, 1:] - q[:, 0, 1:] ** 2
    varies = variance > VANISHED * variance.mean(axis=0)
    mended = q.copy()
    for begin in range(0, len(q), AT_ONCE):
        chosen = slice(begin, begin + AT_ONCE)
        mended[chosen, 1:, 1:] = _mended(q[chosen], variance[chosen], varies[chosen])
    return mended


def _mended(q: np.ndarray, variance: np.ndarray, varies: np.ndarray) -> np.ndarray:
    """Second moments (b, k, k) of the columns whose matrices are possible."""
    mean = q[:, 0, 1:]
    centred = q[:, 1:, 1:] - mean[:, :, None] * mean[:, None, :]
    spread = np.sqrt(np.where(varies, variance, 1.0))
    both = varies[:, :, None] & varies[:, None, :]
    outer = spread[:, :, None] * spread[:, None, :]
    correlations = np.where(both, centred / outer, 0.0)
    try:
        np.linalg.cholesky(correlations + ROUNDING * np.eye(correlations.shape[-1]))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(correlations)
        clipped = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.swapaxes(1, 2)
        wrong = values[:, 0] < -ROUNDING / 2
        correlations = np.where(wrong[:, None, None], clipped, correlations)
    return correlations * outer + mean[:, :, None] * mean[:, None, :]
