"""Both roles in one number: the combined share, resampled together.

Σ role weight × share of the explained importance. A role for which a moment is not tested
gives its weight to the other. Both shares of a moment come from the same draws, so what they
have in common counts in the interval, in the ranks and at the border of the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mot_research.drivers.result import DriverResult
from mot_research.drivers.sample_size import times_to_settle
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.ranks import RankSets, TopSets, rank_sets, ranks, top_k_sets
from mot_research.statistics.resampling import percentile_interval
from mot_research.study.definition import Rules


@dataclass(frozen=True)
class CombinedShares:
    """Of the m moments that any of ``n_roles`` roles could rank.

    ``draws`` is (B, m), without rows where a role has none.
    """

    moments: tuple[str, ...]
    share: Floats
    draws: Floats
    top: int
    confidence: float
    seed: int

    @property
    def interval(self) -> tuple[Floats, Floats]:
        """Percentile interval of each share."""
        return percentile_interval(self.draws, self.confidence)

    @property
    def rank(self) -> np.ndarray:
        """Rank 1 is the largest."""
        return ranks(self.share)

    @property
    def rank_sets(self) -> RankSets:
        """Confidence sets of the ranks."""
        return rank_sets(self.share, self._covariance, self.confidence, seed=self.seed)

    @property
    def top_sets(self) -> TopSets:
        """Which moments are sure to be among the first ``top``, and which may be."""
        return top_k_sets(self.share, self._covariance, self.top, self.confidence, seed=self.seed)

    @property
    def times_to_settle(self) -> float | None:
        """How many times as many interviews would settle the first ``top`` places."""
        variance = np.diag(self._covariance)
        squared = np.add.outer(variance, variance) - 2 * self._covariance
        return times_to_settle(
            self.share,
            self._covariance,
            np.sqrt(np.maximum(squared, 0.0)),
            top=self.top,
            confidence=self.confidence,
            seed=self.seed,
        )

    @property
    def _covariance(self) -> Floats:
        return np.atleast_2d(np.cov(self.draws, rowvar=False))


def combined_shares(by_role: Mapping[str, DriverResult], rules: Rules) -> CombinedShares:
    """Combine the shares of the roles, draw by draw.

    Parameters
    ----------
    by_role : mapping of role to DriverResult
        The results that decide; from common draws. One that ranks nothing adds nothing.
    rules : Rules
        ``role_weights``, ``top``, ``confidence``, ``seed``.
    """
    ranked = [
        (weight, by_role[role])
        for role, weight in rules.role_weights.items()
        if weight > 0 and role in by_role and by_role[role].is_ranked
    ]
    tested = [name for _, result in ranked for name in result.tested]
    moments = tuple(dict.fromkeys(tested))
    n_draws = min((len(result.lmg_draws) for _, result in ranked), default=0)
    total = np.zeros(len(moments))
    share, draws = np.zeros(len(moments)), np.zeros((n_draws, len(moments)))
    for weight, result in ranked:
        places = [moments.index(name) for name in result.tested]
        lmg = result.lmg_draws[:n_draws]
        total[places] += weight
        share[places] += weight * result.table.loc[list(result.tested), "share"].to_numpy(
            dtype=float
        )
        draws[:, places] += weight * lmg / lmg.sum(axis=1, keepdims=True)
    return CombinedShares(
        moments=moments,
        share=share / total,
        draws=draws / total,
        top=min(rules.top, -(-len(moments) // 2)),
        confidence=rules.confidence,
        seed=rules.seed,
    )
