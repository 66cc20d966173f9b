"""What a driver analysis found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mot_research.drivers.cautions import Caution
from mot_research.drivers.design import Described
from mot_research.drivers.expected import ExpectedOutcome
from mot_research.statistics.resampling import percentile_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class DriverResult:
    """How the satisfaction at each driver moves one outcome.

    Attributes
    ----------
    outcome : str
        The outcome's column, or its id in a study.
    kind : str
        ``score``, ``ordered``, ``binary``, ``amount`` or ``share``.
    model : str
        The model of the effects, in words.
    waves : tuple of str
        The waves whose rows were used; empty for a bare frame.
    r_squared, r_squared_controls : float
        Share of the variance, or for kinds other than a score of the deviance.
        Of all columns, and of the controls alone: ``lmg.sum() +
        contact.sum() == r_squared - r_squared_controls``.
    n_obs : int
        Rows with an outcome and a positive weight.
    n_effective : float
        Kish's effective number of them, ``(Σw)² / Σw²``.
    n_units, n_strata : int
        Sampling units (clusters, or respondents) and strata among the rows.
    outcome_mean, outcome_sd : float
        Weighted, on the scale of the effects: of an ordered outcome the share
        with the top answer.
    top : int
        The K of ``p_top``: the smaller of the K asked for and half the tested
        drivers, rounded up.
    confidence : float
        Of every interval.
    n_resamples, seed : int
        Of the bootstrap.
    missing : str
        ``em`` or ``drop``: what was done with blanks.
    not_tested : mapping of str to str
        Drivers that are no players, each with the reason.
    warnings : tuple of str
        Sentences for the reader.
    lmg_draws, effect_sd_draws : ndarray (n_resamples, tested drivers)
        The common draws, in the order of ``tested``; no rows without
        resamples.
    effect_draws : ndarray (n_resamples, tested drivers)
        Of ``effect``; empty where each driver has a model of its own.
    expected : ExpectedOutcome or None
        The fitted model, for scenarios; None where each driver has its own.
    lmg_covariance : ndarray (tested drivers, tested drivers)
        Design covariance of ``lmg`` by influence values; empty without
        resamples, and where the importances have none.
    cautions : tuple of Caution
        What ``warnings`` says, each with its rule.
    further : DataFrame
        One row per driver, with columns that only some kinds of outcome have:
        ``effect_per_customer`` (effect × reach); for a score of 0 to 10
        ``nps_effect`` and ``nps_std_error`` (of a rating point on the net
        promoter share, −1 to 1, by the ordered logit); for an amount
        ``poisson_effect`` and ``winsorised_effect`` with their errors, two
        other roads to ``effect``.
    computed : tuple of str
        Where a number is not computed exactly: how, and its measured error.
    described : mapping of driver to Described
        Who rated each and how many left it blank, before any model.
    noise_floor : float or None
        The importance that 95 % of columns of pure noise would stay below, to be
        drawn as a line; it enters no verdict, because a driver without any effect
        passes it by being correlated with others. Only of a score, with
        resamples.
    engine : str
        Who reduced the rows where they lie; empty where they were in memory.
    """

    outcome: str
    kind: str
    model: str
    waves: tuple[str, ...]
    table: pd.DataFrame
    r_squared: float
    r_squared_controls: float
    n_obs: int
    n_effective: float
    n_units: int
    n_strata: int
    outcome_mean: float
    outcome_sd: float
    top: int
    confidence: float
    n_resamples: int
    seed: int
    missing: str
    not_tested: Mapping[str, str]
    warnings: tuple[str, ...]
    lmg_draws: np.ndarray
    effect_sd_draws: np.ndarray
    effect_draws: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    expected: ExpectedOutcome | None = field(default=None, repr=False)
    lmg_covariance: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    cautions: tuple[Caution, ...] = ()
    further: pd.DataFrame = field(default_factory=pd.DataFrame)
    computed: tuple[str, ...] = ()
    described: Mapping[str, Described] = field(default_factory=dict)
    noise_floor: float | None = None
    engine: str = ""

    @property
    def degrees_of_freedom(self) -> int:
        """Sampling units less strata."""
        return self.n_units - self.n_strata

    @property
    def tested(self) -> tuple[str, ...]:
        """The drivers that are players, in the order given."""
        return tuple(name for name in self.table.index if name not in self.not_tested)

    @property
    def is_ranked(self) -> bool:
        """False where too few rated two drivers, and each has a model of its own."""
        return bool(self.table["rank"].notna().any())

    def row(self, driver: str) -> dict[str, float]:
        """The cells of one driver, by column; those of one not tested are not numbers."""
        return dict(self._rows[driver])

    @cached_property
    def _rows(self) -> dict[str, dict[str, float]]:
        return {
            str(driver): {str(name): float(value) for name, value in cells.items()}
            for driver, cells in self.table.to_dict("index").items()
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per driver, as given; the cells of a driver not tested are empty.

        - ``lmg``: importance of how it went, a part of R²; ``ci_lower``, ``ci_upper``
        - ``contact``: importance of having it, a part of R²
        - ``share``: ``lmg`` of the sum over the drivers
        - ``relative_weight``, ``first``, ``last``: other importances, parts of R²
        - ``effect``: outcome units per rating point, among those who had it;
          ``effect_ci_lower``, ``effect_ci_upper``, ``std_error``, ``p_value`` (two-sided),
          ``q_value`` (Benjamini–Hochberg over the drivers)
        - ``contact_effect``: outcome units for having it, and the same five
        - ``n``: respondents who rated it; ``reach``: share of all, by weight, who had it;
          ``mean``: of the ratings, by weight
        - ``rank``, ``rank_lower``, ``rank_upper``: place by ``lmg``, across all customers;
          ``p_top``: share of the resamples in which it is among the first ``top``
        - ``effect_sd``: effect × standard deviation of the rating among those who had it;
          ``rank_each``, ``p_top_each``: place by it, for each customer who had it

        Without resamples there are no intervals of importance, no rank intervals
        and no ``p_top``. Where everyone had it there is no contact effect.
        Where the outcome is no score, ``effect`` is the average marginal effect
        of a rating point for those who had it, ``contact_effect`` that of
        having it, rated as on average, over all rows; ``relative_weight`` is
        of the second-order expansion, scaled to the sum of ``lmg``.

        ``std_error`` is linearised, that of R's ``svyglm``. Intervals and
        p-values of effects rest on the error by leaving out each sampling unit,
        which is the larger: see the page on inference in the documentation.
        """
        return self.table.copy()

    def differences(self) -> pd.DataFrame:
        """Driver against driver: a row for each pair, the more important first.

        Columns: ``first``, ``second``, ``difference`` (of ``lmg``), ``ci_lower``,
        ``ci_upper`` (percentiles of the differences within the common draws, one
        pair at a time), ``first_larger`` (share of the draws). Without draws or
        ranks there is no row. Whether many pairs are told apart at once is what
        ``rank_lower`` and ``rank_upper`` say.
        """
        names = ["first", "second", "difference", "ci_lower", "ci_upper", "first_larger"]
        if not len(self.lmg_draws) or not self.is_ranked:
            return pd.DataFrame(columns=names)
        lmg = self.table.loc[list(self.tested), "lmg"].to_numpy(dtype=float)
        order = np.argsort(-lmg, kind="stable")
        one, other = (order[places] for places in np.triu_indices(len(order), 1))
        drawn = self.lmg_draws[:, one] - self.lmg_draws[:, other]
        lower, upper = percentile_interval(drawn, self.confidence)
        tested = np.array(self.tested, dtype=object)
        columns = (tested[one], tested[other], lmg[one] - lmg[other], lower, upper)
        return pd.DataFrame(dict(zip(names, (*columns, (drawn > 0).mean(axis=0)), strict=True)))

    def plot(self, ax: Axes | None = None) -> Axes:
        """The importances with their intervals, largest first.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            To draw into; left out: a new figure.

        Returns
        -------
        matplotlib Axes
        """
        from mot_research.report import charts

        return charts.importance_bars(self, ax=ax)

    def plot_ranks(self, ax: Axes | None = None) -> Axes:
        """The places each driver may have, by the simultaneous intervals of the ranks."""
        from mot_research.report import charts

        return charts.rank_plot(self, ax=ax)

    def _repr_html_(self) -> str:
        from mot_research.report.narrative import result_html

        return result_html.drivers_html(self)
