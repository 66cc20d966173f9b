"""Moments with blanks from rows that come in blocks, none of which stays.

Rows with the same observed elements form a pattern, and of a pattern the maximum-likelihood
estimate needs the crossproducts of what is observed. At most m rows with the same crossproducts
(a QR factor) stand for all rows of a pattern, however many there are. The answer is that of
:func:`mot_research.statistics.missing.complete`, and so is the notation.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mot_research.errors import AnalysisError
from mot_research.statistics.crossproducts import Floats, Integers
from mot_research.statistics.em import compress, group_patterns, invert, iterate, regress
from mot_research.statistics.missing import CONSTANT, CompletedMoments, expectations
from mot_research.statistics.patterns import patterns, rows_by_pattern

MAX_PATTERNS = 50_000  # 0.7 GB of factors at 41 columns, were each of full rank
COMPRESSED_FROM = 3  # times m rows of a pattern are replaced by a factor


@dataclass
class PatternRows:
    """Collects rows by what they lack; :meth:`solve` is the estimate.

    Rows (r, m) are augmented, multiplied by the root of their weight, and hold 0 where an
    element is lacked.
    """

    of_pattern: dict[bytes, list[Floats]] = field(default_factory=dict)

    def add(self, rows: Floats, lacks: NDArray[np.bool_]) -> None:
        """Add rows (r, m) and what each of them lacks.

        Raises
        ------
        AnalysisError
            There are too many patterns.
        """
        if not len(rows):
            return
        missing, pattern = patterns(lacks)
        for lacking, piece in zip(missing, rows_by_pattern(pattern), strict=True):
            kept = self.of_pattern.setdefault(np.packbits(lacking).tobytes(), [])
            kept.append(rows[piece])
            if sum(map(len, kept)) > COMPRESSED_FROM * rows.shape[1]:
                kept[:] = [np.asarray(np.linalg.qr(np.vstack(kept), mode="r"))]
        if len(self.of_pattern) > MAX_PATTERNS:
            raise AnalysisError(
                f"the blanks fall into more than {MAX_PATTERNS} patterns, too many to complete "
                "without holding the rows: use fewer drivers, missing='drop', or "
                "engine='memory'."
            )

    def add_complete(self, crossproducts: Floats) -> None:
        """Add all rows that lack nothing, by their weighted crossproducts Σ w z z' (m, m)."""
        if not crossproducts[0, 0]:
            return
        values, vectors = np.linalg.eigh(crossproducts)
        m = len(crossproducts)
        key = np.packbits(np.zeros(m, dtype=bool)).tobytes()
        factor = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
        self.of_pattern.setdefault(key, []).append(factor)

    def solve(
        self, offset: Floats, *, tolerance: float = 1e-11, max_iterations: int = 5000
    ) -> StreamedMoments:
        """Maximum-likelihood second moments of the m elements.

        ``offset`` (m − 1,) is what was subtracted from the columns of the rows, against the loss
        of digits; the moments are of the columns as they were.

        Raises
        ------
        AnalysisError
            A column is observed nowhere, or two columns nowhere together.
        """
        m = len(offset) + 1
        missing = np.array(
            [np.unpackbits(np.frombuffer(key, np.uint8), count=m) for key in self.of_pattern]
        ).astype(bool)
        pieces = [np.vstack(kept) for kept in self.of_pattern.values()]
        rows = np.vstack(pieces)
        pattern = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces])
        observed = ~missing
        if not (observed.T.astype(np.float32) @ observed).all():
            raise AnalysisError(
                "two columns are never observed in the same row, so their covariance cannot be "
                "estimated: leave one of them out."
            )
        total = float(rows[:, 0] @ rows[:, 0])
        shares = np.bincount(pattern, weights=rows[:, 0] ** 2) / total
        seen = shares @ observed
        centre = (rows[:, 0] @ rows / total / seen)[1:]
        spread = np.sqrt(np.maximum((rows**2).sum(axis=0)[1:] / total / seen[1:] - centre**2, 0.0))
        varies = spread > CONSTANT * np.abs(centre + offset)
        spread = np.where(varies, spread, 1.0)
        missing[:, 1:] &= varies

        units = np.diag(np.append(1.0, spread))
        units[1:, 0] = centre
        to_standard = np.linalg.inv(units).T
        units[1:, 0] += offset
        standard = np.where(missing[pattern], 0.0, rows @ to_standard / np.sqrt(total))
        standard[:, 1:] *= varies
        groups = group_patterns(*compress(standard, pattern), missing, shares)
        q, n_iterations, converged = iterate(groups, tolerance, max_iterations)
        _, coefficients, residuals = expectations(q, groups, missing, units)
        moments = CompletedMoments(
            q=units @ q @ units.T,
            n_iterations=n_iterations,
            converged=converged,
            blank_share=shares @ ~observed[:, 1:],
            n_excluded=0,
            rows=np.empty((0, m)),
            pattern=np.empty(0, dtype=np.intp),
            shares=shares,
            missing=missing,
            coefficients=coefficients,
            residuals=residuals,
        )
        return StreamedMoments(moments, q, invert(q), units, to_standard, np.append(True, varies))


@dataclass(frozen=True)
class StreamedMoments:
    """The estimate, and what completes further rows of the same kind.

    ``q`` and ``precision`` are of the standardised elements; ``units`` (m, m) takes them back.
    """

    moments: CompletedMoments
    q: Floats
    precision: Floats | None
    units: Floats
    to_standard: Floats
    varies: NDArray[np.bool_]

    def add_expected(
        self,
        sums: Floats,
        rows: Floats,
        lacks: NDArray[np.bool_],
        weights: Floats,
        codes: Integers,
    ) -> None:
        """Add Σ w E[z z' | what was observed] of rows within units to ``sums`` (G, m, m).

        ``rows`` (r, m) are augmented, less the offset, and hold 0 where an element is lacked;
        the sums are of the columns as they were.
        """
        if not len(rows):
            return
        lacks = lacks & self.varies
        missing, pattern = patterns(lacks)
        standard = np.where(lacks, 0.0, rows @ self.to_standard) * self.varies
        completed = np.empty_like(standard)
        n_units, m = len(sums), rows.shape[1]
        of_unit = sparse.csr_array((weights, (codes, pattern)), shape=(n_units, len(missing)))
        for group in group_patterns(standard, pattern, missing, np.ones(len(missing))):
            coefficients, conditional = regress(self.q, self.precision, group.lacked)
            completed[group.index] = group.filled(coefficients)
            scale = np.diag(self.units)[group.lacked]
            values = conditional * scale[:, :, None] * scale[:, None, :]
            place = group.lacked[:, :, None] * m + group.lacked[:, None, :]
            residual = sparse.csr_array(
                (values.ravel(), (np.repeat(group.patterns, place[0].size), place.ravel())),
                shape=(len(missing), m * m),
            )
            added = (of_unit @ residual).tocoo()
            np.add.at(sums.reshape(n_units, m * m), (added.row, added.col), added.data)
        add_products(sums, completed @ self.units.T, weights, codes)


def shifted(products: Floats, offset: Floats) -> Floats:
    """Crossproducts (…, m, m) of the augmented rows after ``offset`` is added to their columns."""
    shift = np.eye(len(offset) + 1)
    shift[1:, 0] = offset
    return shift @ products @ shift.T


def add_products(sums: Floats, rows: Floats, weights: Floats, codes: Integers) -> None:
    """Add Σ w z z' of rows (r, m) within units to ``sums`` (G, m, m): a product for each unit."""
    order = np.argsort(codes, kind="stable")
    sorted_codes, by_column = codes[order], rows.T[:, order]
    weighted = by_column * weights[order]
    bounds = np.flatnonzero(np.diff(sorted_codes)) + 1
    starts, ends = np.append(0, bounds), np.append(bounds, len(order))
    for start, end in zip(starts, ends, strict=True):
        if end > start:
            sums[sorted_codes[start]] += weighted[:, start:end] @ by_column[:, start:end].T
