"""How much of the outcome's variance each driver accounts for.

Every function takes a covariance with the outcome first, of shape
(..., 1 + p, 1 + p); leading axes are replicates and are kept. Positions count
among the p columns, from 0. Importances are parts of the outcome's total
variance, so they depend neither on the units of a column nor on the order of
the columns. A constant column has importance 0; one that the others explain
entirely adds nothing, and copies of a column share equally.

Every covariance is checked, one by one or a whole stack: shape, finite numbers,
symmetry, a positive variance of the outcome, no negative eigenvalue.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mot_research.errors import AnalysisError
from mot_research.statistics import subset_tree
from mot_research.statistics.covariance_checks import (
    checked_correlations,
    checked_players,
    checked_positions,
)
from mot_research.statistics.sweeping import PIVOT_TOLERANCE, sweep_leading, sweep_out

__all__ = [
    "EXACT_PLAYERS",
    "EXACT_PLAYERS_COMPILED",
    "condition_indices",
    "first",
    "last",
    "lmg",
    "r_squared",
    "relative_weights",
    "sweep_out",
    "vif",
]

EXACT_PLAYERS = 25  # half a second a covariance in numpy
EXACT_PLAYERS_COMPILED = 30  # a second a covariance, compiled
FEWEST_PLAYERS_COMPILED = 5  # the compiled tree ends in straight code for so many
# Subsets × replicates from which the compiled tree is worth importing numba for
# (half a second): numpy takes about 20 ns a subset.
COMPILED_FROM_SUBSETS = 30_000_000


def lmg(
    covariance: np.ndarray,
    blocks: Sequence[Sequence[int]] | None = None,
    always: Sequence[int] = (),
) -> np.ndarray:
    """Exact lmg: the Shapley value of R², over all subsets of the players.

    lmg_j = (1/P) Σ_k mean over the subsets S of k of the P players without j of
    R²(always, S, j) − R²(always, S). Also known as general dominance.

    Parameters
    ----------
    covariance : array_like of shape (..., 1 + p, 1 + p)
        The outcome first; leading axes are replicates.
    blocks : sequence of sequences of int, optional
        The columns of each player. Every column is in one block or in `always`.
        By default each column that is not in `always` is a player.
    always : sequence of int
        Columns that are in every model and are no player.

    Returns
    -------
    ndarray of shape (..., players)
        They sum to R²(all) − R²(always).

    Raises
    ------
    AnalysisError
        If `covariance` is not one, a position is wrong or used twice, or there
        are more players than can be done exactly.

    References
    ----------
    Lindeman, Merenda & Gold (1980), Introduction to Bivariate and Multivariate
    Analysis; Grömping (2006), Journal of Statistical Software 17(1).

    Examples
    --------
    >>> import numpy as np
    >>> import mot_research as mot
    >>> mot.lmg(np.array([[1.0, 0.6, 0.3], [0.6, 1.0, 0.0], [0.3, 0.0, 1.0]])).round(2)
    array([0.36, 0.09])
    """
    correlations, replicates = checked_correlations(covariance)
    n_columns = correlations.shape[-1] - 1
    always = checked_positions(always, n_columns, "always")
    players = checked_players(blocks, always, n_columns)
    order = [1 + column for player in players for column in player]
    left = sweep_leading(
        correlations, [*(1 + column for column in always), *order, 0], len(always), PIVOT_TOLERANCE
    )
    shares = _shapley_gains(left, [len(player) for player in players])
    return shares.reshape(*replicates, len(players))


def relative_weights(covariance: np.ndarray, always: Sequence[int] = ()) -> np.ndarray:
    """Johnson's relative weights, of the columns after sweeping `always` out.

    With R = VΔ²V' the correlations of the columns and r those with the outcome:
    Λ = VΔV', β* = Λ⁻¹r, ε = (Λ∘Λ)(β*∘β*). Identical to Genizi (1993).

    Parameters
    ----------
    covariance : array_like of shape (..., 1 + p, 1 + p)
        The outcome first; leading axes are replicates.
    always : sequence of int
        Columns that are in every model and are no player.

    Returns
    -------
    ndarray of shape (..., p − len(always))
        They sum to R²(all) − R²(always).

    Raises
    ------
    AnalysisError
        If `covariance` is not one, or a position is wrong.

    References
    ----------
    Johnson (2000), Multivariate Behavioral Research 35(1); Genizi (1993),
    Statistica Sinica 3.

    Examples
    --------
    >>> import numpy as np
    >>> import mot_research as mot
    >>> mot.relative_weights(np.array([[1.0, 0.6, 0.5], [0.6, 1.0, 0.4], [0.5, 0.4, 1.0]])).round(3)
    array([0.275, 0.165])
    """
    left, replicates = _given(covariance, always)
    spread = np.sqrt(np.diagonal(left, axis1=1, axis2=2)[:, 1:])
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    covariances = left[:, 0, 1:] * inverse
    correlations = left[:, 1:, 1:] * inverse[:, :, None] * inverse[:, None, :]
    squares, vectors = np.linalg.eigh(correlations)
    roots = np.sqrt(np.where(squares > PIVOT_TOLERANCE, squares, 0.0))
    inverse = np.divide(1.0, roots, out=np.zeros_like(roots), where=roots > 0)
    projected = np.einsum("rij,ri->rj", vectors, covariances) * inverse
    beta = np.einsum("rij,rj->ri", vectors, projected)
    loadings = (vectors * roots[:, None, :]) @ vectors.swapaxes(1, 2)
    weights = np.einsum("rij,rj->ri", loadings**2, beta**2)
    return weights.reshape(*replicates, weights.shape[1])


def first(covariance: np.ndarray, always: Sequence[int] = ()) -> np.ndarray:
    """R²(always, j) − R²(always): what each column adds when it comes first.

    Arguments, shape of the result and errors are those of `relative_weights`.
    """
    left, replicates = _given(covariance, always)
    variances = np.diagonal(left, axis1=1, axis2=2)[:, 1:]
    return _gains(variances, left[:, 0, 1:]).reshape(*replicates, variances.shape[1])


def last(covariance: np.ndarray, always: Sequence[int] = ()) -> np.ndarray:
    """R²(all) − R²(all but j): what each column adds when it comes last.

    Arguments, shape of the result and errors are those of `relative_weights`.
    """
    left, replicates = _given(covariance, always)
    return _gains(*_given_the_others(left)).reshape(*replicates, left.shape[1] - 1)


def r_squared(covariance: np.ndarray, columns: Sequence[int] | None = None) -> np.ndarray:
    """Share of the outcome's variance explained by the columns, all by default.

    Parameters
    ----------
    covariance : array_like of shape (..., 1 + p, 1 + p)
        The outcome first; leading axes are replicates.
    columns : sequence of int, optional
        Positions among the p columns.

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    AnalysisError
        If `covariance` is not one, or a position is wrong.
    """
    correlations, replicates = checked_correlations(covariance)
    n_columns = correlations.shape[-1] - 1
    named = range(n_columns) if columns is None else columns
    chosen = checked_positions(named, n_columns, "columns")
    order = [*(1 + column for column in chosen), 0]
    left = sweep_leading(correlations, order, len(chosen), PIVOT_TOLERANCE)
    return (1.0 - left[:, 0, 0]).reshape(replicates)


def vif(covariance: np.ndarray) -> np.ndarray:
    """Variance inflation factor of each column: 1 / (1 − R² on the other columns).

    Returns
    -------
    ndarray of shape (..., p)
        Infinite where the others explain the column, NaN where it is constant.

    Raises
    ------
    AnalysisError
        If `covariance` is not one.
    """
    correlations, _ = checked_correlations(covariance)
    left, _ = _given_the_others(correlations)
    factors = np.full_like(left, np.inf)
    np.divide(1.0, left, out=factors, where=left > PIVOT_TOLERANCE)
    variances = np.diagonal(np.asarray(covariance), axis1=-2, axis2=-1)[..., 1:]
    return np.where(variances > 0, factors.reshape(variances.shape), np.nan)


def condition_indices(covariance: np.ndarray, means: np.ndarray | None = None) -> np.ndarray:
    """Condition indices of the columns, each scaled to unit length, ascending.

    √(λ_max / λ_i) of the scaled X'X. With `means` X holds the intercept and the
    raw columns, as Belsley prescribes; without, the centred columns.

    Parameters
    ----------
    covariance : array_like of shape (..., 1 + p, 1 + p)
        The outcome first (it is not used); with `means` the divisor must be Σw.
    means : array_like of shape (..., p), optional
        Means of the p columns.

    Returns
    -------
    ndarray of shape (..., p), or (..., 1 + p) with `means`
        Infinite for an exact dependence.

    Raises
    ------
    AnalysisError
        If `covariance` is not one.

    References
    ----------
    Belsley, Kuh & Welsch (1980), Regression Diagnostics, chapter 3.
    """
    checked_correlations(covariance)
    products = np.array(covariance, dtype=float)
    if means is None:
        products = products[..., 1:, 1:]
    else:
        means = np.asarray(means, dtype=float)
        products[..., 1:, 1:] += means[..., :, None] * means[..., None, :]
        products[..., 0, 0] = 1.0
        products[..., 0, 1:] = products[..., 1:, 0] = means
    length = np.sqrt(np.diagonal(products, axis1=-2, axis2=-1))
    length = np.where(length > 0, length, 1.0)
    values = np.linalg.eigvalsh(products / length[..., :, None] / length[..., None, :])[..., ::-1]
    indices = np.full_like(values, np.inf)
    np.divide(values[..., :1], values, out=indices, where=values > PIVOT_TOLERANCE)
    return np.sqrt(indices)


def _shapley_gains(left: np.ndarray, widths: list[int]) -> np.ndarray:
    """By the kernel that is faster; `left` has the players in order, the outcome last."""
    n_players = len(widths)
    single = all(width == 1 for width in widths)
    if (
        single
        and n_players >= FEWEST_PLAYERS_COMPILED
        and len(left) << n_players >= COMPILED_FROM_SUBSETS
    ):
        compiled = _compiled_kernel()
        if compiled is not None and n_players <= EXACT_PLAYERS_COMPILED:
            return compiled(left)
    if n_players > EXACT_PLAYERS:
        raise AnalysisError(
            f"lmg of {n_players} players takes 2^{n_players} models. Exact are up to "
            f"{EXACT_PLAYERS} players, or {EXACT_PLAYERS_COMPILED} of one column each with numba "
            "(the extra `fast`). Use sampled_lmg, which gives a standard error, or "
            "relative_weights; or join columns into blocks."
        )
    return subset_tree.shapley_gains(left, widths)


def _compiled_kernel() -> Callable[[np.ndarray], np.ndarray] | None:
    try:
        from mot_research.statistics import subset_tree_numba
    except ImportError:  # not installed, or not made for this numpy: the same numbers, later
        return None
    return subset_tree_numba.shapley_gains


def _given(covariance: np.ndarray, always: Sequence[int]) -> tuple[np.ndarray, tuple[int, ...]]:
    """Checked, on the correlation scale, with `always` swept out; the shape of the replicates."""
    correlations, replicates = checked_correlations(covariance)
    return sweep_out(correlations, always), replicates


def _gains(variances: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    gains = np.zeros_like(variances)
    np.divide(covariances**2, variances, out=gains, where=variances > PIVOT_TOLERANCE)
    return gains


def _given_the_others(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variance of each column and its covariance with the outcome, given all other columns.

    Each half is swept out once for all columns of the other half, and so on down.
    """
    n_columns = matrices.shape[-1] - 1
    if n_columns <= 1:
        return matrices[:, range(1, n_columns + 1), range(1, n_columns + 1)], matrices[:, 0, 1:]
    middle = 1 + n_columns // 2
    lower, upper = list(range(1, middle)), list(range(middle, n_columns + 1))
    parts = [
        _given_the_others(sweep_leading(matrices, [*swept, 0, *kept], len(swept), PIVOT_TOLERANCE))
        for swept, kept in ((upper, lower), (lower, upper))
    ]
    variances, covariances = zip(*parts, strict=True)
    return np.concatenate(variances, axis=1), np.concatenate(covariances, axis=1)
