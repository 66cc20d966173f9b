"""What an outcome is expected to be, for any customers: the fitted model, kept for scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mot_research.drivers.design import exposure_column, quality_column
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.outcomes.marginal import Predictors, Response


@dataclass(frozen=True)
class ExpectedOutcome:
    """The model m(X) of one outcome, X = (1, k named columns).

    Attributes
    ----------
    names : tuple of str
        Of the k columns.
    pilots : mapping of driver to float
        The rating that its quality column is counted from.
    means : (k,) array
        Of the columns, among the rows of the fit: what stands in for a column
        that other customers do not have.
    centres : (m, k) array
        What each fit subtracts from the columns.
    predictors : tuple of m Predictors
        One per imputation; their influence is by the units in ``chosen``, with
        no rows for a linear model, whose draws are resamples.
    response : Response
    chosen : (G,) integer array
        Numbers of those units in the study.
    """

    names: tuple[str, ...]
    pilots: Mapping[str, float]
    means: Floats
    centres: Floats
    predictors: tuple[Predictors, ...]
    response: Response
    chosen: np.ndarray

    def columns(self, known: Mapping[str, Floats], n: int) -> Floats:
        """X without the constant, uncentred, for n other customers: (n, k).

        ``known`` maps names of columns to (n,) arrays; those of how it went
        are ratings, 0 where the moment was not had.
        """
        found = np.tile(self.means, (n, 1))
        for place, name in enumerate(self.names):
            if name in known:
                found[:, place] = known[name]
        for driver, pilot in self.pilots.items():
            name = quality_column(driver)
            if name in known and name in self.names:
                had = known.get(exposure_column(driver), np.ones(n))
                found[:, self.names.index(name)] -= pilot * had
        return found
