"""Means of a wave's respondents, with the design's intervals and the small-number rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit

from mot_research.drivers.waves import StudyUnits
from mot_research.numbers import SHOWN_FROM, SUPPRESSED_BELOW, too_few
from mot_research.priorities.result import Metric
from mot_research.statistics.means import DomainMean, domain_mean
from mot_research.survey.wave import Wave


@dataclass(frozen=True)
class WaveMeans:
    """Means of a wave's respondents, as metrics."""

    units: StudyUnits
    confidence: float

    def mean(self, wave: Wave, values: np.ndarray) -> DomainMean:
        """Weighted mean of the values (n,) that are present."""
        return domain_mean(values, wave.weight, self.units.rows[wave.id], self.units.units.n_units)

    def metric(self, mean: DomainMean) -> Metric:
        """With its interval, or the reason where fewer than 30 stand behind it."""
        if mean.n < SHOWN_FROM:
            counted = mean.n if mean.n >= SUPPRESSED_BELOW else None
            return Metric(None, n=counted, reason=too_few(mean.n))
        half = self.half_width(mean)
        value = mean.estimate
        return Metric(value, value - half, value + half, mean.n)

    def share(self, wave: Wave, values: np.ndarray) -> Metric:
        """With an interval on the logit scale, so that it stays within 0 and 1."""
        mean = self.mean(wave, values)
        plain = self.metric(mean)
        p = mean.estimate
        if plain.value is None or not 0 < p < 1:
            return Metric(plain.value, n=plain.n, reason=plain.reason)
        half = self.half_width(mean) / (p * (1 - p))
        lower, upper = (expit(np.log(p / (1 - p)) + sign * half) for sign in (-1, 1))
        return Metric(p, float(lower), float(upper), mean.n)

    def half_width(self, mean: DomainMean) -> float:
        """Half the length of the interval, by t with units less strata of the domain."""
        stratum = self.units.units.stratum_of_unit
        present = mean.scores != 0
        df = int(present.sum()) - len(np.unique(stratum[present]))
        return float(stats.t.ppf((1 + self.confidence) / 2, max(df, 1))) * mean.std_error(stratum)
