"""Means of a wave's respondents, with the design's intervals and the small-number rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.special import expit

from mot_research.drivers.waves import StudyUnits
from mot_research.numbers import SHOWN_FROM, SUPPRESSED_BELOW, too_few
from mot_research.priorities.result import Metric
from mot_research.statistics.distributions import t_quantile
from mot_research.statistics.means import DomainMean, completed_mean, domain_mean
from mot_research.survey.wave import BLANK, NOT_ASKED, NOT_EXPERIENCED, RATED, Wave


@dataclass(frozen=True)
class WaveMeans:
    """Means of a wave's respondents, as metrics."""

    units: StudyUnits
    confidence: float

    def mean(self, wave: Wave, values: np.ndarray) -> DomainMean:
        """Weighted mean of the values (n,) that are present."""
        return domain_mean(values, wave.weight, self.units.rows[wave.id], self.units.units.n_units)

    def of_raters(self, wave: Wave, moment_id: str, values: np.ndarray) -> DomainMean:
        """Weighted mean of the values (n,) of those who rated a moment, blanks completed."""
        rated = wave.states[moment_id].to_numpy() == RATED
        return self._completed(wave, moment_id, np.where(rated, values, np.nan), rated)

    def reach(self, wave: Wave, moment_id: str) -> DomainMean:
        """Weighted share that had a moment, blanks completed."""
        state = wave.states[moment_id].to_numpy()
        known = np.isin(state, (RATED, NOT_EXPERIENCED))
        return self._completed(wave, moment_id, np.where(known, state == RATED, np.nan), known)

    def _completed(
        self, wave: Wave, moment_id: str, values: np.ndarray, known_inside: np.ndarray
    ) -> DomainMean:
        state = wave.states[moment_id].to_numpy()
        unknown = np.isin(state, (BLANK, NOT_ASKED)) | (known_inside & ~np.isfinite(values))
        return completed_mean(
            values,
            unknown,
            known_elsewhere(wave, moment_id),
            wave.weight,
            self.units.rows[wave.id],
            self.units.units.n_units,
        )

    def metric(self, mean: DomainMean) -> Metric:
        """With its interval, or the reason where fewer than 30 stand behind it."""
        if mean.n < SHOWN_FROM:
            counted = mean.n if mean.n >= SUPPRESSED_BELOW else None
            return Metric(None, n=counted, reason=too_few(mean.n))
        half = self.half_width(mean)
        value = mean.estimate
        return Metric(value, value - half, value + half, mean.n)

    def share(self, mean: DomainMean) -> Metric:
        """With an interval on the logit scale, so that it stays within 0 and 1."""
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
        return float(t_quantile((1 + self.confidence) / 2, max(df, 1))) * mean.std_error(stratum)


@lru_cache(maxsize=4)  # the numbers of a moment are asked one after the other, on two waves
def known_elsewhere(wave: Wave, moment_id: str) -> np.ndarray:
    """What each respondent said apart from one moment, (n, k), without a blank.

    The outcomes and numeric controls; the mean of the other ratings, each from its own mean, and
    the share of the other moments that was had. Where one of them is blank it is the mean, and a
    column of its own says so.
    """
    ratings = wave.ratings.drop(columns=moment_id)
    states = wave.states.drop(columns=moment_id).to_numpy()
    had = np.where(states == RATED, 1.0, np.where(states == NOT_EXPERIENCED, 0.0, np.nan))
    numeric = wave.controls.select_dtypes("number")
    found = pd.concat(
        [
            wave.outcomes.reset_index(drop=True),
            numeric.reset_index(drop=True),
            (ratings - ratings.mean()).mean(axis=1).rename("ratings").reset_index(drop=True),
            pd.DataFrame(had).mean(axis=1).rename("had"),
        ],
        axis=1,
    ).astype(float)
    blank = found.isna().to_numpy()
    columns = np.column_stack([found.fillna(found.mean()).fillna(0.0).to_numpy(), blank])
    return columns[:, np.ptp(columns, axis=0) > 0]
