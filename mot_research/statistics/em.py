"""The iterations of EM for a mean and covariance, in batches of missing patterns.

Rows here are augmented, standardised and hold 0 where an element is lacked; q is their second
moment (m, m). See :mod:`mot_research.statistics.missing` for the notation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mot_research.statistics.crossproducts import Floats, Integers

# Below this ratio of eigenvalues an inverse of Q has too few digits: patterns are solved singly.
SINGULAR = 1e-9


@dataclass(frozen=True)
class PatternGroup:
    """The patterns that lack the same number u of elements, and their rows.

    Lacked elements of ``rows`` (r, m) are 0. ``local`` (r,) is the pattern of each row among
    the H of the group, ``patterns`` (H,) their positions among all, ``lacked`` (H, u) what
    they lack, ``index`` (r,) the positions of the rows.
    """

    rows: Floats
    index: Integers
    local: Integers
    patterns: Integers
    lacked: Integers
    shares: Floats

    def filled(self, coefficients: Floats) -> Floats:
        """Rows with their lacked elements regressed on the others, (r, m)."""
        rows, every = self.rows.copy(), np.arange(len(self.rows))
        for position in range(self.lacked.shape[1]):
            expected = np.einsum("rm,rm->r", coefficients[self.local, position], self.rows)
            rows[every, self.lacked[self.local, position]] = expected
        return rows


def group_patterns(
    rows: Floats, pattern: Integers, missing: NDArray[np.bool_], shares: Floats
) -> list[PatternGroup]:
    """Sort patterns by how many elements they lack, so that each group is one batch."""
    n_lacked = missing.sum(axis=1)
    local = np.empty(len(missing), dtype=np.intp)
    groups = []
    for u in np.unique(n_lacked):
        patterns = np.flatnonzero(n_lacked == u)
        local[patterns] = np.arange(len(patterns))
        index = np.flatnonzero(n_lacked[pattern] == u)
        groups.append(
            PatternGroup(
                rows=rows[index],
                index=index,
                local=local[pattern[index]],
                patterns=patterns,
                lacked=np.nonzero(missing[patterns])[1].reshape(len(patterns), u),
                shares=shares[patterns],
            )
        )
    return groups


def compress(rows: Floats, pattern: Integers) -> tuple[Floats, Integers]:
    """At most m rows a pattern with the same crossproducts (QR), and their patterns."""
    order = np.argsort(pattern, kind="stable")
    bounds = np.flatnonzero(np.diff(pattern[order])) + 1
    pieces = [
        piece if len(piece) <= piece.shape[1] else np.linalg.qr(piece, mode="r")
        for piece in np.split(rows[order], bounds)
    ]
    return np.vstack(pieces), np.repeat(np.unique(pattern), [len(piece) for piece in pieces])


def iterate(
    groups: list[PatternGroup], tolerance: float, max_iterations: int
) -> tuple[Floats, int, bool]:
    """EM from unit variances without correlation; rows bear the root of their share."""
    m = groups[0].rows.shape[1]
    varies = np.any([(group.rows != 0).any(axis=0) for group in groups], axis=0)
    q = np.diag(varies.astype(np.float64))
    for iteration in range(1, max_iterations + 1):
        precision = invert(q)
        updated = np.zeros((m, m))
        for group in groups:
            coefficients, conditional = regress(q, precision, group.lacked)
            rows = group.filled(coefficients)
            updated += rows.T @ rows
            lacked = group.lacked
            np.add.at(
                updated,
                (lacked[:, :, None], lacked[:, None, :]),
                group.shares[:, None, None] * conditional,
            )
        change = np.abs(updated - q).max()
        q = updated
        if change <= tolerance or (len(groups) == 1 and not groups[0].lacked.size):
            return q, iteration, True
    return q, max_iterations, False


def invert(q: Floats) -> Floats | None:
    """Inverse of q, or None where it is too close to singular.

    An element that never varies has a row of zeros; a one in its diagonal keeps it apart.
    """
    regular = q + np.diag(np.diag(q) == 0)
    eigenvalues, vectors = np.linalg.eigh(regular)
    if eigenvalues[0] <= SINGULAR * eigenvalues[-1]:
        return None
    return (vectors / eigenvalues) @ vectors.T


def regress(q: Floats, precision: Floats | None, lacked: Integers) -> tuple[Floats, Floats]:
    """Regress the lacked elements of each pattern on its others.

    From the precision K of q the coefficients are −K_MM⁻¹ K_MO and the conditional covariance
    is K_MM⁻¹: u × u systems, and few elements are lacked. Where q is singular, by the
    pseudo-inverse of each observed block (with zeros for what is lacked).

    Returns
    -------
    coefficients : (H, u, m) array
        Zero at the lacked elements.
    conditional : (H, u, u) array
    """
    n_patterns, u = lacked.shape
    at = np.broadcast_to(lacked[:, None, :], (n_patterns, u, u))
    if precision is None:
        kept = np.ones((n_patterns, len(q)))
        np.put_along_axis(kept, lacked, 0.0, axis=1)
        observed = q * kept[:, :, None] * kept[:, None, :]
        across = q[lacked]
        coefficients = across @ np.linalg.pinv(observed, rcond=SINGULAR, hermitian=True)
        explained = coefficients @ np.swapaxes(across, 1, 2)
        return coefficients, np.take_along_axis(across, at, axis=2) - explained
    across = precision[lacked]
    conditional = np.linalg.inv(np.take_along_axis(across, at, axis=2)).astype(np.float64)
    coefficients = -conditional @ across
    np.put_along_axis(coefficients, at, 0.0, axis=2)
    return coefficients, conditional
