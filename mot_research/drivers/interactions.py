"""Where the sign of an effect depends on the segment: Simpson's warning."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mot_research.drivers.comparison import (
    Estimates,
    Part,
    covariance_of_influence,
)
from mot_research.statistics.distributions import f_tail, t_tail
from mot_research.statistics.false_discovery import false_discovery
from mot_research.statistics.resampling import SamplingUnits


def flips(
    everyone: Part, effects: Mapping[str, Estimates], false_discovery_rate: float
) -> pd.DataFrame:
    """Test segment × effect, jointly over the values, and look for both signs.

    Parameters
    ----------
    everyone : Part
        All values together.
    effects : mapping of value to Estimates
        NaN where the value can't test a moment.
    false_discovery_rate : float
        The level of the interaction's q, and of each value's own sign.

    Returns
    -------
    DataFrame, indexed by moment
        The columns of ``Segments.flips``.
    """
    names, units = list(effects), everyone.units
    moments = pd.Index(everyone.design.tested, name="moment")
    values = np.array([effects[name].values for name in names])  # (k, p)
    influence = np.array([effects[name].influence for name in names])  # (k, G, p)
    df = max(everyone.reduction.degrees_of_freedom, 1)
    together = everyone.effect()
    pooled = together.values
    sign = _proven_sign(together, units, df, false_discovery_rate)
    signed = np.array(
        [_proven_sign(effects[name], units, df, false_discovery_rate) for name in names]
    )
    p = np.array(
        [_interaction(values[:, j], influence[:, :, j], units, df) for j in range(len(moments))]
    )
    q = false_discovery(p)
    both = (signed > 0).any(axis=0) & (signed < 0).any(axis=0)
    opposite = (signed * sign < 0).any(axis=0)
    lowest = np.argmin(np.where(np.isnan(values), np.inf, values), axis=0)
    highest = np.argmax(np.where(np.isnan(values), -np.inf, values), axis=0)
    each = np.arange(len(moments))
    return pd.DataFrame(
        {
            "effect": pooled,
            "p_value": p,
            "q_value": q,
            "lowest_value": [names[i] for i in lowest],
            "lowest_effect": values[lowest, each],
            "highest_value": [names[i] for i in highest],
            "highest_effect": values[highest, each],
            "flips": (np.nan_to_num(q, nan=1.0) <= false_discovery_rate) & (both | opposite),
        },
        index=moments,
    )


def _proven_sign(effects: Estimates, units: SamplingUnits, df: int, level: float) -> np.ndarray:
    """−1 or 1 where an effect is significant, else 0."""
    error = np.sqrt(np.diag(covariance_of_influence(effects.influence, units)))
    statistic = np.abs(effects.values) / np.where(error > 0, error, np.nan)
    return np.where(2 * t_tail(statistic, df) <= level, np.sign(effects.values), 0.0)


def _interaction(values: np.ndarray, influence: np.ndarray, units: SamplingUnits, df: int) -> float:
    """P-value of equal effects in all values that have one: a Wald test of the k − 1 contrasts."""
    known = np.flatnonzero(np.isfinite(values))
    k = len(known) - 1
    if k < 1 or df <= k:
        return np.nan
    contrast = values[known[1:]] - values[known[0]]
    scores = (influence[known[1:]] - influence[known[0]]).T
    covariance = covariance_of_influence(scores, units)
    wald = float(contrast @ np.linalg.solve(covariance, contrast)) / k
    return float(f_tail(wald, k, df - k + 1))


def no_flips() -> pd.DataFrame:
    """The table of a segment without anything to compare."""
    columns = ["effect", "p_value", "q_value", "lowest_value", "lowest_effect"]
    columns += ["highest_value", "highest_effect", "flips"]
    return pd.DataFrame(columns=columns, index=pd.Index([], name="moment")).astype({"flips": bool})
