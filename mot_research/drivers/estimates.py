"""What a model says of the tested drivers, whatever the model."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mot_research.drivers.expected import ExpectedOutcome
from mot_research.statistics.distributions import t_quantile, t_tail

FEW_UNITS = 40  # below it the jackknife takes the place of percentiles


@dataclass(frozen=True)
class Effects:
    """Effects of the tested drivers, NaN where not estimable: (p,) arrays.

    Attributes
    ----------
    estimate : ndarray
    std_error : ndarray
        Linearised: that of R's ``svyglm``.
    delete_one_error : ndarray
        By leaving out each sampling unit: intervals and tests rest on it.
    degrees_of_freedom : ndarray
    """

    estimate: np.ndarray
    std_error: np.ndarray
    delete_one_error: np.ndarray
    degrees_of_freedom: np.ndarray

    @property
    def p_value(self) -> np.ndarray:
        """Two-sided, of no effect."""
        statistic = np.abs(self.estimate / self.delete_one_error)
        return np.asarray(2 * t_tail(statistic, self.degrees_of_freedom))

    def widened(self, draws: np.ndarray) -> np.ndarray:
        """Draws (B, p) of the estimates, which spread as the linearised error, to the other."""
        ratio = np.divide(
            self.delete_one_error,
            self.std_error,
            out=np.ones_like(self.std_error),
            where=self.std_error > 0,
        )
        return self.estimate + (draws - self.estimate) * ratio

    def interval(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Both ends."""
        t = t_quantile((1 + confidence) / 2, self.degrees_of_freedom)
        half = t * self.delete_one_error
        return self.estimate - half, self.estimate + half


@dataclass(frozen=True)
class Estimates:
    """Numbers of the p tested drivers, in their order.

    Attributes
    ----------
    lmg, contact, relative_weight, first, last : (p,) arrays
        Parts of R²; ``contact`` is NaN where everybody had it.
    quality_effect, contact_effect : Effects
    effect_sd : (p,) array
        Quality effect × sd of the rating among those who had it.
    alone : (p,) array
        Sign of each driver's effect beside exposures and controls only.
    alone_p : (p,) array
        Its p-value.
    r_squared, r_squared_controls : float
    lmg_draws, effect_sd_draws, effect_draws : (B, p) arrays
        No rows without resamples.
    expected : ExpectedOutcome
    jackknife_variance : (p,) array or None
        Of lmg; only where there are too few sampling units for percentiles.
    further : DataFrame
        Columns that this kind of outcome has beside the common ones.
    lmg_covariance : (p, p) array
        Design covariance of lmg, by influence values or over the draws; empty where it is
        not computed.
    noise_floor : float or None
        Importance that 95 % of columns of pure noise stay below.
    warnings : tuple of str
    computed : tuple of str
        Where a number is not computed exactly: how, and its measured error.
    """

    lmg: np.ndarray
    contact: np.ndarray
    relative_weight: np.ndarray
    first: np.ndarray
    last: np.ndarray
    quality_effect: Effects
    contact_effect: Effects
    effect_sd: np.ndarray
    alone: np.ndarray
    alone_p: np.ndarray
    r_squared: float
    r_squared_controls: float
    lmg_draws: np.ndarray
    effect_sd_draws: np.ndarray
    effect_draws: np.ndarray
    expected: ExpectedOutcome
    jackknife_variance: np.ndarray | None = None
    further: pd.DataFrame = field(default_factory=pd.DataFrame)
    lmg_covariance: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    noise_floor: float | None = None
    warnings: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
