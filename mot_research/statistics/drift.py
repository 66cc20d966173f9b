"""How far two samples lie apart: the distance of means, and of shares, in units that compare."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
DRAWS = 2000


def pooled_spread(
    a: npt.ArrayLike, b: npt.ArrayLike, weight_a: npt.ArrayLike, weight_b: npt.ArrayLike
) -> float:
    """Standard deviation of two samples, each about its own weighted mean.

    s² = (s_a² + s_b²) / 2, so that the larger sample does not decide what a
    standard deviation is. It is the denominator of the standardized mean
    difference (m_b − m_a) / s.

    Parameters
    ----------
    a, b : array (n_a,), (n_b,)
        NaN where there is no value: the row is left out.
    weight_a, weight_b : array (n_a,), (n_b,)

    Returns
    -------
    float
        NaN where a sample has no value; 0 where neither varies.

    References
    ----------
    Cohen (1988), Statistical Power Analysis, section 2.2; Austin (2009), Statistics in Medicine 28,
    for weighted samples.
    """
    variances = []
    for values, weights in ((a, weight_a), (b, weight_b)):
        x, w = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
        there = np.isfinite(x)
        if not there.any():
            return float("nan")
        mean = np.average(x[there], weights=w[there])
        variances.append(np.average((x[there] - mean) ** 2, weights=w[there]))
    return float(np.sqrt(np.mean(variances)))


def total_variation(shares_a: npt.ArrayLike, shares_b: npt.ArrayLike) -> float:
    """Half the sum of the absolute differences of two sets of shares (k,): 0 to 1.

    It is the share of one sample that would have to change its category for
    both to be alike.

    References
    ----------
    Levin & Peres (2017), Markov Chains and Mixing Times, proposition 4.2.
    """
    apart = np.asarray(shares_a, dtype=float) - np.asarray(shares_b, dtype=float)
    return float(np.abs(apart).sum() / 2)


def total_variation_by_chance(covariance: npt.ArrayLike, *, confidence: float, seed: int) -> float:
    """What the total variation of two samples of the same population stays below.

    Parameters
    ----------
    covariance : array (k, k)
        Of the differences of the shares, weights, strata and clusters counted.
    confidence : float
        The probability of staying below, such as .95.
    seed : int
        Of the 2,000 normal draws that the quantile is read from.
    """
    values, vectors = np.linalg.eigh(np.asarray(covariance, dtype=float))
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    normal = np.random.default_rng(seed).standard_normal((DRAWS, len(values)))
    return float(np.quantile(np.abs(normal @ root.T).sum(axis=1) / 2, confidence))
