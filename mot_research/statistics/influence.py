"""What one respondent's row does to the importances: influence values.

The infinitesimal jackknife: the influence of row i on an importance is the
importance's gradient with respect to the second moments Q times
vech(z_i z_i') − vech(Q). Summed within sampling units the values give a design
covariance without any draw. Where an importance is 0 its gradient is 0 too, so
there the values degenerate and say that it is known exactly: use draws there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mot_research.errors import AnalysisError
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.importance import lmg
from mot_research.statistics.second_moments import covariance
from mot_research.statistics.sweeping import PIVOT_TOLERANCE

STEP = 1e-4  # of a correlation: the error of central differences is its square
ROOM = 4  # a step is at most this part of the smallest eigenvalue, to stay a covariance
SINGULAR = 1e-8  # smallest eigenvalue of the players' correlations: below it no gradient


def lmg_gradient(q: Floats, always: Sequence[int] = ()) -> Floats:
    """Derivatives of lmg with respect to the unique elements of Q.

    lmg depends on Q through A, the covariance of outcome and players given
    ``always``, and through the outcome's variance. Central differences are
    taken over the elements of A alone, in one batch; the rest is exact.
    Re-centring a quality on its mean changes nothing: its exposure is in
    ``always``.

    Parameters
    ----------
    q : (m, m) array
        Augmented second moment of z = (1, outcome, columns).
    always : sequence of int
        Positions among the m − 2 columns that are in every model; the other
        columns are the players.

    Returns
    -------
    (players, T) array
        T = m (m + 1) / 2, in the order of vech; an off-diagonal element counts
        once. A player that does not vary, or that ``always`` explains, has a
        gradient of 0.

    Raises
    ------
    AnalysisError
        Players are exactly collinear: lmg has no gradient there.

    References
    ----------
    Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans,
    chapter 6; Binder (1983), International Statistical Review 51.
    """
    moments = covariance(np.asarray(q, dtype=np.float64))
    background = [1 + column for column in always]
    kept = [column for column in range(len(moments)) if column not in set(background)]
    to_left = np.zeros((len(kept), len(moments)))  # A = to_left S to_left'
    to_left[np.arange(len(kept)), kept] = 1.0
    if background:
        to_left[:, background] = -_projection(moments, kept, background)
    left = to_left @ moments @ to_left.T
    by_left = _gradient_by_left(left, np.diag(moments)[kept])  # (players, kept, kept)
    total = moments[0, 0]
    by_moments = np.einsum("ia,pij,jb->pab", to_left, by_left / total, to_left, optimize=True)
    values = _importances(left[None])[0] / total
    by_moments[:, 0, 0] -= values / total
    return _by_second_moments(by_moments, q)


def _projection(moments: Floats, kept: Sequence[int], background: Sequence[int]) -> Floats:
    """Coefficients of the kept columns on the background, redundant columns allowed."""
    spread = np.sqrt(np.diag(moments)[list(background)])
    scale = np.where(spread > 0, spread, 1.0)
    among = moments[np.ix_(background, background)] / np.outer(scale, scale)
    between = moments[np.ix_(kept, background)] / scale
    return between @ np.linalg.pinv(among, rcond=PIVOT_TOLERANCE, hermitian=True) / scale


def _importances(left: Floats) -> Floats:
    """Lmg in units of the outcome's variance: (r, k, k) to (r, k − 1)."""
    return lmg(left) * left[:, :1, 0]


def _gradient_by_left(left: Floats, variance: Floats) -> Floats:
    """Symmetric matrices Γ with d φ_j = Σ Γ_ab dA_ab: (players, k, k)."""
    k = len(left)
    varies = np.diag(left) > PIVOT_TOLERANCE * variance
    varies[0] = True
    used = np.flatnonzero(varies)
    spread = np.sqrt(np.diag(left)[used])
    if not spread[0] > 0:
        raise AnalysisError(
            "the outcome does not vary given the controls: nothing is left to explain."
        )
    correlations = left[np.ix_(used, used)] / np.outer(spread, spread)
    smallest = float(np.linalg.eigvalsh(correlations[1:, 1:])[0]) if len(used) > 1 else 1.0
    whole = float(np.linalg.eigvalsh(correlations)[0])
    if smallest < SINGULAR or whole < SINGULAR:
        raise AnalysisError(
            "the importances have no influence values: columns are exactly collinear. "
            "Leave one of them out, or combine them."
        )
    step = min(STEP, whole / ROOM)
    first, second = np.triu_indices(len(used))
    first, second = first[1:], second[1:]  # the outcome's own variance moves no gain
    moved = np.zeros((len(first), len(used), len(used)))
    places = np.arange(len(first))
    moved[places, first, second] = moved[places, second, first] = step
    slopes = _importances(np.concatenate([correlations + moved, correlations - moved])).reshape(
        2, len(first), -1
    )
    slope = (slopes[0] - slopes[1]) / (2 * step) * np.where(first == second, 1.0, 0.5)[:, None]
    scaled = np.zeros((len(used) - 1, len(used), len(used)))
    scaled[:, first, second] = scaled[:, second, first] = slope.T
    gradient = np.zeros((k - 1, k, k))
    gradient[np.ix_(used[1:] - 1, used, used)] = scaled * spread[0] ** 2 / np.outer(spread, spread)
    return gradient


def _by_second_moments(by_moments: Floats, q: Floats) -> Floats:
    """From S to vech(Q): S = Q_dd − μμ', so dQ_0a moves S by −2 Γμ."""
    n_players, k, _ = by_moments.shape
    whole = np.zeros((n_players, k + 1, k + 1))
    whole[:, 1:, 1:] = by_moments + by_moments.transpose(0, 2, 1)
    places = np.arange(1, k + 1)
    whole[:, places, places] /= 2
    whole[:, 0, 1:] = -2 * by_moments @ q[0, 1:]
    first, second = np.triu_indices(k + 1)
    return whole[:, first, second]
