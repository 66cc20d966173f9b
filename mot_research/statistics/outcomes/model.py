"""What a model of an outcome must answer, so that one engine fits and decomposes them all."""

from __future__ import annotations

from typing import Protocol

from mot_research.statistics.crossproducts import Floats, Integers


class OutcomeModel(Protocol):
    """A log-likelihood ℓ, concave in P parameters: thresholds first, then columns.

    Weights are normalised to sum 1, so a deviance is a mean over rows. A stack of s parameter
    vectors is (P, s).
    """

    @property
    def weight(self) -> Floats:
        """Of each row: (n,), summing to 1."""

    @property
    def n_thresholds(self) -> int:
        """Parameters that belong to no column: 0 unless the outcome is ordered."""

    @property
    def n_parameters(self) -> int:
        """P."""

    @property
    def start(self) -> Floats:
        """Parameters (P,) of the model that knows no column."""

    @property
    def null_features(self) -> Floats:
        """What the deviance of that model depends on, by rows: (n, f)."""

    def null_deviance(self, means: Floats) -> Floats:
        """That deviance from weighted means of the features, of a stack: (B, f) to (B,)."""

    def rows(self, chosen: slice | Integers) -> OutcomeModel:
        """The same model on some rows, weights not normalised again."""

    def row_deviances(self, parameters: Floats) -> Floats:
        """Deviance of each row, unweighted: (n, s)."""

    def sloped(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Weighted deviance (s,) and ∂ℓ (P, s)."""

    def curved(self, parameters: Floats) -> Floats:
        """−∂²ℓ (s, P, P)."""

    def row_slopes(self, parameters: Floats) -> Floats:
        """Of each row, w ∂ℓ at one parameter vector (P,): (n, P)."""

    def curvature_factors(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Of each row f pairs u, v at one parameter vector (P,), w and sign counted.

        −w ∂²ℓ = Σ u v' over its pairs: two arrays (n, f, P).
        """

    def row_expansions(self, at: Floats, parameters: Floats) -> Floats:
        """Second-order expansion of each row's deviance around ``at``, unweighted: (n, s)."""
