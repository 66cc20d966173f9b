"""The one reduction: second moments of the design, per sampling unit.

Estimators see a :class:`Reduction` and never a frame. With every value present
it holds plain weighted crossproducts; with blanks, those completed by EM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mot_research.drivers.design import Rows
from mot_research.statistics.crossproducts import unvech, vech
from mot_research.statistics.jackknife import delete_one_scores
from mot_research.statistics.missing import CompletedMoments, complete
from mot_research.statistics.regression import Regression, unit_scores
from mot_research.statistics.resampling import (
    Draws,
    SamplingUnits,
    jackknife_multipliers,
    resample_sums,
    survey_covariance,
)
from mot_research.statistics.second_moments import nearest_possible


@dataclass(frozen=True)
class Reduction:
    """Second moments of z = (1, outcome, qualities, exposures, controls).

    Attributes
    ----------
    moments : CompletedMoments
        The augmented second moment ``q`` (m, m) at the maximum-likelihood
        solution and the linearised EM step.
    sums : ndarray (G, T)
        Σ w vech(E[z z' | what was observed]) of each sampling unit in ``units``.
    units : SamplingUnits
        The units of the strata that have any row here, renumbered.
    chosen : ndarray (G,)
        Their numbers in the study's units.
    has_rows : ndarray (G,) of bool
        A unit without rows stays, with zero sums: the rows are a domain.
    n_obs, sum_w, sum_w2 : int, float, float
    """

    moments: CompletedMoments
    sums: np.ndarray
    units: SamplingUnits
    chosen: np.ndarray
    has_rows: np.ndarray
    n_obs: int
    sum_w: float
    sum_w2: float

    @property
    def q(self) -> np.ndarray:
        return self.moments.q

    @property
    def n_effective(self) -> float:
        """Kish's effective number of rows."""
        return self.sum_w**2 / self.sum_w2

    @property
    def n_units(self) -> int:
        """Units with rows."""
        return int(self.has_rows.sum())

    @property
    def degrees_of_freedom(self) -> int:
        """Units with rows less their strata."""
        return self.n_units - len(np.unique(self.units.stratum_of_unit[self.has_rows]))

    def scores(self, gradient: np.ndarray) -> np.ndarray:
        """Linearised influence of each unit on estimates with these gradients, (r, T) to (G, r)."""
        return unit_scores(self.sums, self.q, self.moments.linearised_gradient(gradient))

    def coefficient_scores(self, fit: Regression) -> np.ndarray:
        """Delete-one-unit influence on the coefficients of a regression, (G, len(columns)).

        Exact where nothing is blank; a unit's part in completing the others'
        blanks counts to first order.
        """
        used = [0, *fit.columns]
        linear = self.scores(np.vstack([fit.constant_gradient, fit.gradient]))
        place = unvech(np.arange(self.sums.shape[1])).astype(int)[np.ix_(used, used)]
        return delete_one_scores(
            linear @ self.q[np.ix_(used, used)],
            self.sums[:, vech(place).astype(int)] / self.sums[:, 0].sum(),
            self.units.stratum_of_unit,
        )[:, 1:]

    def covariance_of_scores(self, scores: np.ndarray) -> np.ndarray:
        """Design covariance of estimates from the influence of each unit, (G, r) to (r, r)."""
        return survey_covariance(scores, self.units.stratum_of_unit)

    def covariance_of(self, gradient: np.ndarray) -> np.ndarray:
        """Linearised design covariance of estimates with these gradients, (r, T) to (r, r)."""
        return self.covariance_of_scores(self.scores(gradient))

    def resampled(self, draws: Draws) -> np.ndarray:
        """Q of each resample, (B, m, m): blanks by the linearised EM step."""
        chosen = Draws(draws.seed, draws.counts[:, self.chosen], draws.scale[self.chosen])
        return self.completed(resample_sums(chosen, self.sums))

    def without_each_unit(self) -> np.ndarray:
        """Q with each sampling unit left out in turn, (G, m, m)."""
        return self.completed(jackknife_multipliers(self.units) @ self.sums)

    def completed(self, totals: np.ndarray) -> np.ndarray:
        """Q of other totals of the rows' sums, (B, T) to (B, m, m), by the linearised EM step."""
        flat = self.q[np.triu_indices(self.q.shape[0])]
        delta = totals / totals[:, :1] - flat
        return nearest_possible(unvech(flat + self.moments.linearised(delta)))


def reduce_columns(columns: np.ndarray, rows: Rows, units: SamplingUnits) -> Reduction:
    """Second moments of columns (n, k), completed by EM where they have blanks.

    ``rows`` gives the weight and the sampling unit of each of the n rows.
    """
    moments = complete(columns, rows.weight)
    present = np.unique(units.stratum_of_unit[np.unique(rows.unit)])
    chosen = np.flatnonzero(np.isin(units.stratum_of_unit, present))
    codes = np.searchsorted(chosen, rows.unit)
    here = SamplingUnits(
        codes=codes,
        stratum_of_unit=np.searchsorted(present, units.stratum_of_unit[chosen]),
        merged=units.merged,
        n_grouped=units.n_grouped,
    )
    return Reduction(
        moments=moments,
        sums=moments.cluster_sums(rows.weight, codes, len(chosen)),
        units=here,
        chosen=chosen,
        has_rows=np.bincount(codes, minlength=len(chosen)) > 0,
        n_obs=len(rows.weight),
        sum_w=float(rows.weight.sum()),
        sum_w2=float(rows.weight @ rows.weight),
    )
