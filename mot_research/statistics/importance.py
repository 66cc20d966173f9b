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

import importlib.util
from collections.abc import Sequence

import numpy as np

from mot_research.errors import AnalysisError
from mot_research.statistics import subset_tree
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
# Subsets × replicates from which the compiled tree is worth importing numba for
# (0.7 s): numpy takes 10 ns a subset.
COMPILED_FROM_SUBSETS = 1 << 26
SYMMETRY_ROUNDING = 1e-9  # on the correlation scale; covariances come printed to 10–12 digits
EIGENVALUE_ROUNDING = 1e-9  # the same, for the smallest eigenvalue


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
    >>> lmg(np.array([[1.0, 0.6, 0.3], [0.6, 1.0, 0.0], [0.3, 0.0, 1.0]])).round(2)
    array([0.36, 0.09])
    """
    correlations, replicates = _correlations(covariance)
    n_columns = correlations.shape[-1] - 1
    always = _positions(always, n_columns, "always")
    players = _players(blocks, always, n_columns)
    order = [1 + column for player in players for column in player]
    left = sweep_leading(
        correlations, [*(1 + column for column in always), *order, 0], len(always), PIVOT_TOLERANCE
    )
    return _tree_shares(left, [len(player) for player in players]).reshape(*replicates, -1)


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
    return weights.reshape(*replicates, -1)


def first(covariance: np.ndarray, always: Sequence[int] = ()) -> np.ndarray:
    """R²(always, j) − R²(always): what each column adds when it comes first.

    Arguments, shape of the result and errors are those of `relative_weights`.
    """
    left, replicates = _given(covariance, always)
    variances = np.diagonal(left, axis1=1, axis2=2)[:, 1:]
    return _gains(variances, left[:, 0, 1:]).reshape(*replicates, -1)


def last(covariance: np.ndarray, always: Sequence[int] = ()) -> np.ndarray:
    """R²(all) − R²(all but j): what each column adds when it comes last.

    Arguments, shape of the result and errors are those of `relative_weights`.
    """
    left, replicates = _given(covariance, always)
    return _gains(*_given_the_others(left)).reshape(*replicates, -1)


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
    correlations, replicates = _correlations(covariance)
    n_columns = correlations.shape[-1] - 1
    chosen = range(n_columns) if columns is None else _positions(columns, n_columns, "columns")
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
    correlations, replicates = _correlations(covariance)
    left, _ = _given_the_others(correlations)
    factors = np.full_like(left, np.inf)
    np.divide(1.0, left, out=factors, where=left > PIVOT_TOLERANCE)
    variances = np.diagonal(np.asarray(covariance), axis1=-2, axis2=-1)[..., 1:]
    return np.where(variances > 0, factors.reshape(*replicates, -1), np.nan)


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
    _correlations(covariance)
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


def _tree_shares(left: np.ndarray, widths: list[int]) -> np.ndarray:
    """The tree by the faster kernel; `left` has the players in order, the outcome last."""
    single = all(width == 1 for width in widths)
    compiled = single and importlib.util.find_spec("numba") is not None
    most = EXACT_PLAYERS_COMPILED if compiled else EXACT_PLAYERS
    if len(widths) > most:
        raise AnalysisError(
            f"lmg over {len(widths)} players needs 2^{len(widths)} models; {most} players "
            "is the most that is done exactly here. Use sampled_lmg (with a standard error) or "
            "relative_weights, or join players into blocks."
        )
    return subset_tree.shapley_gains(left, widths)


def _given(covariance: np.ndarray, always: Sequence[int]) -> tuple[np.ndarray, tuple[int, ...]]:
    """Checked, on the correlation scale, with `always` swept out; the shape of the replicates."""
    correlations, replicates = _correlations(covariance)
    always = _positions(always, correlations.shape[-1] - 1, "always")
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


def _positions(positions: Sequence[int], n_columns: int, name: str) -> list[int]:
    chosen = [int(position) for position in positions]
    for position in chosen:
        if not 0 <= position < n_columns:
            raise AnalysisError(
                f"{name}: there is no column at position {position}. The outcome is not counted; "
                f"the {n_columns} columns after it are 0 to {n_columns - 1}."
            )
        if chosen.count(position) > 1:
            raise AnalysisError(f"{name}: column {position} is named twice. Name it once.")
    return chosen


def _players(
    blocks: Sequence[Sequence[int]] | None, always: list[int], n_columns: int
) -> list[list[int]]:
    if blocks is None:
        return [[column] for column in range(n_columns) if column not in always]
    players = [list(block) for block in blocks]
    if not all(players):
        raise AnalysisError("blocks: a block is empty. Give each block at least one column.")
    named = _positions([*always, *(c for player in players for c in player)], n_columns, "blocks")
    missing = sorted(set(range(n_columns)) - set(named))
    if missing:
        raise AnalysisError(
            f"blocks: columns {missing} are in no block and not in always. Put each column into "
            "one block or into always, or leave it out of the covariance."
        )
    return players


def _correlations(covariance: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """The checked stack on the correlation scale, and the shape of its leading axes.

    A constant column becomes one of variance 1 that correlates with nothing.
    """
    covariance = np.asarray(covariance, dtype=float)
    if (
        covariance.ndim < 2
        or covariance.shape[-1] != covariance.shape[-2]
        or not covariance.shape[-1]
    ):
        raise AnalysisError(
            f"covariance has the shape {covariance.shape}. Give a square matrix of the outcome and "
            "p columns, (1 + p, 1 + p), or a stack of them, (..., 1 + p, 1 + p)."
        )
    size = covariance.shape[-1]
    stack = covariance.reshape(-1, size, size)
    if not np.isfinite(stack).all():
        raise AnalysisError(
            "covariance holds missing or infinite numbers. Drop or complete the rows that lack a "
            "value first."
        )
    variances = np.diagonal(stack, axis1=1, axis2=2)
    impossible = (variances < 0) | ((variances == 0) & stack.any(axis=2))
    if impossible.any():
        row = int(np.argwhere(impossible)[0][1])
        raise AnalysisError(
            f"Row {row} of the covariance has the variance {stack[impossible.nonzero()[0][0], row, row]:g} "
            "and yet covaries with others. Give a covariance or correlation matrix."
        )
    if not (variances[:, 0] > 0).all():
        raise AnalysisError(
            "The outcome, the first row of the covariance, does not vary: there is nothing to "
            "explain. Check the outcome's column and the rows kept."
        )
    spread = np.sqrt(np.where(variances > 0, variances, 1.0))
    correlations = stack / spread[:, :, None] / spread[:, None, :]
    asymmetry = np.abs(correlations - correlations.swapaxes(1, 2)).max(initial=0.0)
    if asymmetry > SYMMETRY_ROUNDING:
        raise AnalysisError(
            "covariance is not symmetric. Give the whole matrix, both triangles filled alike."
        )
    correlations[:, range(size), range(size)] = 1.0
    _check_eigenvalues(correlations)
    return correlations, covariance.shape[:-2]


def _check_eigenvalues(correlations: np.ndarray) -> None:
    """Refuse a matrix that no data can have, as pairwise deletion makes them."""
    lifted = correlations + EIGENVALUE_ROUNDING * np.eye(correlations.shape[-1])
    try:
        np.linalg.cholesky(lifted)  # a tenth of the time of the eigenvalues
    except np.linalg.LinAlgError:
        smallest = np.linalg.eigvalsh(correlations)[:, 0].min()
        if smallest < -EIGENVALUE_ROUNDING:
            raise AnalysisError(
                "covariance cannot come from any data: on the correlation scale its smallest "
                f"eigenvalue is {smallest:.3g}, which should not be below 0. Correlations taken "
                "pair by pair with many blanks do that: use complete rows, or the EM covariance."
            ) from None
