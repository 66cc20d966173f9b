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
