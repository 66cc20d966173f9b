"""How far the columns of one player are explained by those of the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mot_research.statistics.covariance_checks import checked_correlations
from mot_research.statistics.crossproducts import Floats

SINGULAR = 1e-12  # smallest eigenvalue of correlations: below it something is exactly explained


def gvif(covariance: Floats, blocks: Sequence[Sequence[int]]) -> Floats:
    """Generalised variance inflation factors of blocks of columns.

    GVIF = det(R_b) det(R_rest) / det(R), with R the correlations of all
    columns: by how much the others inflate the squared volume of the block's
    joint confidence region. It doesn't depend on how the block is coded. With
    one column it is the VIF; GVIF^(1/(2 df)) compares with √VIF.

    Parameters
    ----------
    covariance : (1 + p, 1 + p) array
        The outcome first (it is not used).
    blocks : sequence of sequences of int
        Positions among the p columns.

    Returns
    -------
    (len(blocks),) array
        Infinite where the others explain a column of the block.

    Raises
    ------
    AnalysisError
        If `covariance` is not one.

    References
    ----------
    Fox & Monette (1992), Journal of the American Statistical Association 87.
    """
    correlations, _ = checked_correlations(covariance)
    among = correlations[0, 1:, 1:]
    factors = np.full(len(blocks), np.inf)
    for place, block in enumerate(blocks):
        own = list(block)
        rest = [column for column in range(len(among)) if column not in own]
        values, vectors = np.linalg.eigh(among[np.ix_(rest, rest)])
        usable = values > SINGULAR
        roots = vectors[:, usable] / np.sqrt(values[usable])
        explained = among[np.ix_(own, rest)] @ roots
        left = np.linalg.det(among[np.ix_(own, own)] - explained @ explained.T)
        whole = np.linalg.det(among[np.ix_(own, own)])
        if left > SINGULAR * whole:
            factors[place] = whole / left
    return factors


def variance_proportions(covariance: Floats, means: Floats) -> tuple[Floats, Floats]:
    """Condition indices and the share of each coefficient's variance that goes with each.

    Two or more large shares in the row of a large index say which columns
    depend on one another.

    Parameters
    ----------
    covariance : (1 + p, 1 + p) array
        The outcome first (it is not used), divisor Σw.
    means : (p,) array
        Of the p columns.

    Returns
    -------
    indices : (1 + p,) array
        √(λ_max / λ_i) of the scaled X'X, intercept included, ascending;
        infinite for an exact dependence.
    proportions : (1 + p, 1 + p) array
        Row i: of index i; column 0: the intercept. Columns sum to 1. With an
        exact dependence its columns have all of theirs in its row.

    References
    ----------
    Belsley, Kuh & Welsch (1980), Regression Diagnostics, chapter 3.
    """
    checked_correlations(covariance)
    products = np.array(covariance, dtype=np.float64)
    products[1:, 1:] += np.outer(means, means)
    products[0, 0] = 1.0
    products[0, 1:] = products[1:, 0] = means
    length = np.sqrt(np.diag(products))
    length = np.where(length > 0, length, 1.0)
    values, vectors = np.linalg.eigh(products / np.outer(length, length))
    values, vectors = values[::-1], vectors[:, ::-1]
    positive = np.maximum(values, SINGULAR)
    shares = vectors**2 / positive
    indices = np.sqrt(values[0] / positive)
    indices[values <= SINGULAR] = np.inf
    return indices, (shares / shares.sum(axis=1, keepdims=True)).T
