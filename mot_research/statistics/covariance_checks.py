"""One clear error for a covariance, a position or a block that cannot be used."""

from collections.abc import Sequence

import numpy as np

from mot_research.errors import AnalysisError

ROUNDING = 1e-9  # on the correlation scale; covariances come printed to 10–12 digits


def checked_correlations(covariance: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """A covariance, or a stack of them, on the correlation scale.

    A constant column becomes one of variance 1 that correlates with nothing: its
    importance is 0, and it spoils no pivot.

    Parameters
    ----------
    covariance : array_like of shape (..., 1 + p, 1 + p)
        The outcome first; leading axes are replicates. Each one is checked.

    Returns
    -------
    correlations : ndarray of shape (replicates, 1 + p, 1 + p)
    replicates : tuple of int
        The shape of the leading axes.

    Raises
    ------
    AnalysisError
        If it is not square, not finite or not symmetric, has a negative variance,
        an outcome without variance, or an eigenvalue below zero by more than
        rounding (no data has such a covariance).
    """
    covariance = np.asarray(covariance, dtype=float)
    shape = covariance.shape
    if len(shape) < 2 or shape[-1] != shape[-2] or shape[-1] == 0:
        raise AnalysisError(
            f"covariance has the shape {shape}. Give a square matrix of the outcome and p columns, "
            "(1 + p, 1 + p), or a stack of them, (..., 1 + p, 1 + p)."
        )
    stack = covariance.reshape(-1, *shape[-2:])
    unusable = ~np.isfinite(stack).all(axis=(1, 2))
    if unusable.any():
        raise AnalysisError(
            f"{_named(unusable)} holds missing or infinite numbers. Drop or complete the rows that "
            "lack a value first."
        )
    variances = np.diagonal(stack, axis1=1, axis2=2)
    impossible = (variances < 0) | ((variances == 0) & stack.any(axis=2))
    if impossible.any():
        replicate, row = np.argwhere(impossible)[0]
        raise AnalysisError(
            f"{_named(impossible.any(axis=1))} has the variance {variances[replicate, row]:g} in "
            f"row {row}, next to covariances that are not 0. Give a covariance or correlation "
            "matrix, the variances on its diagonal."
        )
    still = variances[:, 0] == 0
    if still.any():
        raise AnalysisError(
            f"The outcome, the first row of the {_named(still)}, does not vary: there is nothing "
            "to explain. Check the outcome's column and the rows kept; from one that varies by "
            "less than a millionth of its mean, take the mean off first."
        )
    spread = np.sqrt(np.where(variances > 0, variances, 1.0))
    correlations = stack / spread[:, :, None] / spread[:, None, :]
    diagonal = np.arange(shape[-1])
    correlations[:, diagonal, diagonal] = 1.0
    skew = np.abs(correlations - correlations.swapaxes(1, 2)).max(axis=(1, 2)) > ROUNDING
    if skew.any():
        raise AnalysisError(
            f"{_named(skew)} is not symmetric. Give the whole matrix, both triangles filled alike."
        )
    _check_eigenvalues(correlations)
    return correlations, shape[:-2]


def _check_eigenvalues(correlations: np.ndarray) -> None:
    try:
        # far quicker than the eigenvalues, which are wanted only for the message
        np.linalg.cholesky(correlations + ROUNDING * np.eye(correlations.shape[-1]))
    except np.linalg.LinAlgError:
        smallest = np.linalg.eigvalsh(correlations)[:, 0]
        impossible = smallest < -ROUNDING
        if impossible.any():
            raise AnalysisError(
                f"{_named(impossible)} cannot come from any data: on the correlation scale its "
                f"smallest eigenvalue is {smallest[impossible][0]:.3g}, and none may be below 0. "
                "Correlations taken pair by pair over many blanks do that. Use complete rows, or "
                "the EM covariance."
            ) from None


def _named(faulty: np.ndarray) -> str:
    """The covariance, or the first faulty one of a stack."""
    if len(faulty) == 1:
        return "covariance"
    return f"covariance {int(np.argmax(faulty))} of the {len(faulty)}"


def checked_positions(positions: Sequence[int], n_columns: int, name: str) -> list[int]:
    """Positions among the columns, each in range and named once."""
    chosen: list[int] = []
    for position in positions:
        if not isinstance(position, int | np.integer) or not 0 <= position < n_columns:
            raise AnalysisError(
                f"{name}: there is no column at position {position}. The {n_columns} columns "
                "after the outcome count from 0; the outcome does not count."
            )
        if position in chosen:
            raise AnalysisError(
                f"{name}: the column at position {position} is named twice. Name it once."
            )
        chosen.append(int(position))
    return chosen


def checked_players(
    blocks: Sequence[Sequence[int]] | None, always: Sequence[int], n_columns: int
) -> list[list[int]]:
    """Columns of each player; by default each column that is not in `always` is one."""
    if blocks is None:
        return [[column] for column in range(n_columns) if column not in always]
    players = [list(block) for block in blocks]
    if not all(players):
        raise AnalysisError("blocks: a block is empty. Give each block at least one column.")
    flat = [column for player in players for column in player]
    named = checked_positions([*always, *flat], n_columns, "blocks and always")
    missing = sorted(set(range(n_columns)) - set(named))
    if missing:
        raise AnalysisError(
            f"blocks: the columns {missing} are in no block and not in always. Put each column "
            "into one of them, or leave it out of the covariance."
        )
    return players
