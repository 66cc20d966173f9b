"""Which questions on a scale belong together: ratings of one company rise and fall together."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mot_research.starting.profile import Profile
from mot_research.starting.scales import Scale

TOGETHER = 0.15  # correlation with the mean of the others, below which a question is no rating
SCARCE = 10  # answers to two questions, below which their correlation says nothing


def going_together(scales: Mapping[str, tuple[Profile, Scale]]) -> set[str]:
    """The questions that are correlated with the mean of the others, once strangers have left."""
    names = list(scales)
    for _ in range(len(names)):
        if len(names) < 2:
            break
        rated = np.column_stack([_standardised(*scales[name]) for name in names])
        known = ~np.isnan(rated)
        filled = np.where(known, rated, 0.0)
        others = known.sum(axis=1, keepdims=True) - known
        rest = (filled.sum(axis=1, keepdims=True) - filled) / np.where(others, others, 1)
        both = known & (others > 0)
        strength = np.array([correlation(rated[b, i], rest[b, i]) for i, b in enumerate(both.T)])
        weakest = int(strength.argmin())
        if strength[weakest] >= TOGETHER:
            break
        del names[weakest]
    return set(names)


def _standardised(column: Profile, scale: Scale) -> npt.NDArray[np.float64]:
    values = np.where(
        (column.values >= scale.low) & (column.values <= scale.high), column.values, np.nan
    )
    spread = np.nanstd(values)
    return (values - np.nanmean(values)) / (spread if spread > 0 else 1.0)


def correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Return the correlation of two complete columns; 0 where it says nothing."""
    if len(one) < SCARCE or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
