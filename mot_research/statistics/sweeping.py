"""Sweeping columns out of a covariance: what is left of the others given them.

The Schur complement, column by column (Goodnight 1979, Am. Stat. 33(3)). A column
whose pivot falls below `PIVOT_TOLERANCE` of its own variance is redundant: it is
dropped, and contributes nothing.
"""

from collections.abc import Sequence

import numpy as np

PIVOT_TOLERANCE = 1e-12  # of the column's variance; rounding leaves about 1e-16 of a duplicate
STACK_ELEMENTS = 1 << 17  # matrices swept at once: 1 MB, so that they stay in the cache


def sweep_out(covariance: np.ndarray, always: Sequence[int]) -> np.ndarray:
    """Covariance of the outcome and the other columns, given the columns `always`.

    S_rr − S_ra S_aa⁻¹ S_ar, in the units of `covariance`. A column that the
    `always` columns explain entirely is left with zeros.

    Parameters
    ----------
    covariance : ndarray of shape (..., 1 + p, 1 + p)
        The outcome first; leading axes are replicates. Only its shape is checked.
    always : sequence of int
        Positions among the p columns.

    Returns
    -------
    ndarray of shape (..., 1 + p − len(always), 1 + p − len(always))
        The outcome first, the rest in order.
    """
    size = covariance.shape[-1]
    swept = [1 + position for position in always]
    kept = [index for index in range(size) if index not in swept]
    variances = np.diagonal(covariance, axis1=-2, axis2=-1).reshape(-1, size)
    left = sweep_leading(
        covariance.reshape(-1, size, size),
        [*swept, *kept],
        len(swept),
        PIVOT_TOLERANCE * variances[:, swept],
    )
    diagonal = np.diagonal(left, axis1=1, axis2=2)
    explained = diagonal <= PIVOT_TOLERANCE * variances[:, kept]
    explained[:, 0] = False
    left[explained[:, :, None] | explained[:, None, :]] = 0.0
    return left.reshape(*covariance.shape[:-2], len(kept), len(kept))


def sweep_leading(
    matrices: np.ndarray, order: Sequence[int], n_swept: int, tolerance: float | np.ndarray
) -> np.ndarray:
    """Sweep the first `n_swept` columns of the reordered stack out of the rest.

    Parameters
    ----------
    matrices : ndarray of shape (replicates, size, size)
    order : sequence of int
        Order of rows and columns; one that it leaves out is left out.
    n_swept : int
    tolerance : float or ndarray of shape (replicates, n_swept)
        Smallest pivot that is not redundant.

    Returns
    -------
    ndarray of shape (replicates, len(order) − n_swept, len(order) − n_swept)
    """
    rest = len(order) - n_swept
    left = np.empty((len(matrices), rest, rest))
    tolerances = np.broadcast_to(tolerance, (len(matrices), n_swept))
    rows = np.ix_(order, order)
    at_once = max(1, STACK_ELEMENTS // max(1, len(order)) ** 2)
    for start in range(0, len(matrices), at_once):
        stack = slice(start, start + at_once)
        work = matrices[(stack, *rows)]
        for column in range(n_swept):
            pivot, row = work[:, 0, 0], work[:, 0, 1:]
            usable = pivot > tolerances[stack, column]
            inverse = np.divide(1.0, pivot, out=np.zeros_like(pivot), where=usable)
            slopes = row * inverse[:, None]
            work = work[:, 1:, 1:] - slopes[:, :, None] * row[:, None, :]
        left[stack] = work
    return left
