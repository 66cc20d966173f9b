"""Rows and frames that the tests of several modules start from."""

import numpy as np
import pandas as pd

from mot_research.drivers.design import Rows
from mot_research.statistics.resampling import sampling_units
from mot_research.survey.wave import BLANK, NOT_EXPERIENCED, RATED


def rows_and_units(
    n=600, p=4, *, seed=0, effects=None, reach=1.0, blank=0.0, cluster=None, noise=1.0
):
    """Ratings 1 to 5, the first with reach below 1 if wanted, and a linear outcome."""
    rng = np.random.default_rng(seed)
    effects = np.linspace(1.0, 0.2, p) if effects is None else np.asarray(effects, dtype=float)
    common = rng.normal(size=(n, 1))
    ratings = np.clip(np.round(3 + 0.6 * common + 0.9 * rng.normal(size=(n, p))), 1, 5)
    states = np.full((n, p), RATED, dtype=np.int8)
    states[rng.random(n) > reach, 0] = NOT_EXPERIENCED
    had = states == RATED
    outcome = np.where(had, (ratings - 3) @ np.diag(effects), 0).sum(axis=1)
    outcome = outcome + noise * rng.normal(size=n)
    states[(rng.random((n, p)) < blank) & had] = BLANK
    ratings = np.where(states == RATED, ratings, np.nan)
    units = sampling_units(np.arange(n) if cluster is None else cluster)
    rows = Rows(
        drivers=tuple(f"m{j}" for j in range(p)),
        ratings=ratings,
        states=states,
        outcome=outcome,
        weight=np.ones(n),
        controls=pd.DataFrame({"tenure": rng.normal(size=n)}),
        unit=units.codes,
    )
    return rows, units
