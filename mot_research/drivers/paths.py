"""Relationship and revenue together: moment → loyalty → revenue.

Two least-squares equations on the rows that have both outcomes, with the same
contacts, qualities and controls in both:

  loyalty = α₁ + Σ_j a_j q_j + …,   revenue = α₂ + Σ_j c'_j q_j + b · loyalty + …

The path through loyalty (*indirect*) is a_j b, the rest (*direct*) c'_j, and
their sum is the effect that revenue has without loyalty in its equation
(*total*). All are functions of one second moment Q with both outcomes, so the
common draws give every interval at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mot_research.drivers.design import Design, Rows, build_design
from mot_research.drivers.reduction import Reduction, reduce_columns
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.distributions import t_quantile
from mot_research.statistics.regression import (
    Regression,
    aliased_columns,
    coefficients,
    independent_columns,
    regress,
)
from mot_research.statistics.resampling import Draws, SamplingUnits, percentile_interval

MEDIATOR = "(the relationship outcome)"  # the name of its column beside the controls
WINSORISED_AT = 0.99  # quantile of the amounts that larger ones are set to, as sensitivity
PARTS = ("a", "direct", "indirect", "total")
ASSOCIATION = (
    "These are associations: revenue is not known to be later than the survey, so loyalty may "
    "follow revenue as well as lead it."
)


@dataclass(frozen=True)
class Paths:
    """How each moment's quality reaches revenue, through loyalty and past it.

    Attributes
    ----------
    outcome, mediator : str
        Ids of the revenue and of the relationship outcome.
    waves : tuple of str
        Whose rows are pooled.
    n_obs : int
        Rows with both outcomes.
    b, b_ci_lower, b_ci_upper : float
        Revenue per point of the relationship, all else equal.
    confidence : float
        Of every interval.
    note : str
        What to say with it: empty where revenue is dated after the survey.
    table : DataFrame
        Indexed by tested driver. Per rating point, for those who had it:
        ``a`` (on the relationship), ``direct``, ``indirect``, ``total`` (on
        revenue), each with ``_ci_lower`` and ``_ci_upper``;
        ``total_winsorised`` with its interval (amounts only); ``conflict``
        (helps one, hurts the other, both beyond doubt); ``opposed`` (direct
        and indirect of opposite signs, both beyond doubt); ``reason`` where
        the numbers are missing.
    """

    outcome: str
    mediator: str
    waves: tuple[str, ...]
    n_obs: int
    b: float
    b_ci_lower: float
    b_ci_upper: float
    confidence: float
    note: str
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row per tested driver."""
        return self.table.copy()

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Drivers that help the relationship and hurt revenue, or the reverse."""
        return tuple(self.table.index[self.table["conflict"].astype(bool)])


def paths(
    rows: Rows,
    mediator: np.ndarray,
    units: SamplingUnits,
    draws: Draws | None,
    *,
    outcome: str,
    mediator_name: str,
    waves: tuple[str, ...] = (),
    missing: str = "em",
    min_n: float = 0.0,
    confidence: float = 0.95,
    is_amount: bool = False,
    is_later: bool = False,
) -> Paths:
    """Fit both equations on the rows with both outcomes.

    Parameters
    ----------
    rows : Rows
        ``rows.outcome`` is revenue, in the units that effects are shown in.
    mediator : ndarray (n,)
        The relationship outcome of the same rows; NaN where blank.
    units : SamplingUnits
        Of the whole study.
    draws : Draws or None
        Of ``units``; None for no intervals.
    outcome, mediator_name : str
    waves : tuple of str
    missing : {"em", "drop"}
    min_n : float
        Effective raters from which a driver is tested.
    confidence : float
        Of the percentile intervals.
    is_amount : bool
        Whether the totals are also given with the largest amounts set to the
        weighted 99 % quantile.
    is_later : bool
        Whether revenue is counted from after the survey.

    Returns
    -------
    Paths

    Raises
    ------
    AnalysisError
        Too few rows have both outcomes, no driver can be tested, or the
        relationship outcome is a function of the other columns.

    References
    ----------
    Baron & Kenny (1986); MacKinnon (2008), Introduction to Statistical
    Mediation Analysis; Preacher & Hayes (2008) for several at once.
    """
    both = np.isfinite(rows.outcome) & np.isfinite(mediator)
    held = rows.controls.copy()
    held[MEDIATOR] = mediator
    joined = replace(rows, controls=held).keep(np.flatnonzero(both))
    design = build_design(joined, missing=missing, min_n=min_n)
    if not design.tested:
        raise AnalysisError(
            f"no driver of {shown(outcome)} can be tested among the rows that have "
            f"{shown(mediator_name)} too: " + "; ".join(design.not_tested.values())
        )
    reduction = reduce_columns(design.columns, design.rows, units)
    model = _Equations(design, reduction, shown(mediator_name))
    estimate = model.parts(reduction.q)
    drawn = model.drawn(reduction, draws) if draws is not None else None
    table = pd.DataFrame(index=pd.Index(design.tested, name="driver"))
    for part in PARTS:
        table[part] = estimate[part]
        lower, upper = _interval(drawn, part, estimate[part], confidence)
        table[f"{part}_ci_lower"], table[f"{part}_ci_upper"] = lower, upper
    if is_amount:
        table = table.join(_winsorised(design, units, model, confidence))
    table["conflict"] = _opposite(table, "a", "total")
    table["opposed"] = _opposite(table, "direct", "indirect")
    table["reason"] = np.where(
        table["total"].isna(), "its effect can't be told from that of another column", ""
    )
    b_lower, b_upper = _interval(drawn, "b", estimate["b"], confidence)
    return Paths(
        outcome=outcome,
        mediator=mediator_name,
        waves=waves,
        n_obs=reduction.n_obs,
        b=float(estimate["b"]),
        b_ci_lower=float(b_lower),
        b_ci_upper=float(b_upper),
        confidence=confidence,
        note="" if is_later else ASSOCIATION,
        table=table,
    )


class _Equations:
    """Which columns stand in the two equations, and their coefficients of any Q."""

    def __init__(self, design: Design, reduction: Reduction, mediator_name: str) -> None:
        self.design = design
        self.mediator = design.names.index(f"control: {MEDIATOR}") + 1
        exposures = [column for column in design.exposure if column is not None]
        background = [column for column in design.controls if column != self.mediator]
        order = (*background, *exposures, *design.quality)
        self.columns = independent_columns(reduction.q, order)
        aliased = aliased_columns(reduction.q, order)
        self.estimable = np.array([c in self.columns and c not in aliased for c in design.quality])
        if self.mediator not in independent_columns(reduction.q, (*order, self.mediator)):
            raise AnalysisError(
                f"{mediator_name} is an exact function of the ratings and controls, so there is "
                "no path through it: use a relationship outcome that was asked on its own."
            )

    @property
    def equations(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Outcome and columns of loyalty, of revenue given loyalty, and of revenue in all."""
        held = (*self.columns, self.mediator)
        return (self.mediator, self.columns), (1, held), (1, self.columns)

    def parts(self, q: np.ndarray) -> dict[str, np.ndarray]:
        """a, direct, indirect, total (..., p) and b (...) of Q (..., m, m)."""
        return self._parts(*(coefficients(q, *equation) for equation in self.equations))

    def drawn(self, reduction: Reduction, draws: Draws) -> dict[str, np.ndarray]:
        """The same in each draw, coefficients spread as leaving a unit out says."""
        resampled = reduction.resampled(draws)
        return self._parts(
            *(
                widened(
                    reduction, regress(reduction.q, *equation), coefficients(resampled, *equation)
                )
                for equation in self.equations
            )
        )

    def _parts(
        self, loyalty: np.ndarray, revenue: np.ndarray, in_all: np.ndarray
    ) -> dict[str, np.ndarray]:
        a, b = self._of_qualities(loyalty), revenue[..., -1]
        return {
            "a": a,
            "direct": self._of_qualities(revenue),
            "indirect": a * b[..., None],
            "total": self._of_qualities(in_all),
            "b": b,
        }

    def _of_qualities(self, values: np.ndarray) -> np.ndarray:
        found = np.full((*values.shape[:-1], len(self.design.tested)), np.nan)
        for j, quality in enumerate(self.design.quality):
            if self.estimable[j]:
                found[..., j] = values[..., self.columns.index(quality)]
        return found


def widened(reduction: Reduction, fit: Regression, draws: np.ndarray) -> np.ndarray:
    """Draws (B, k) of a regression's coefficients, brought to the spread of leaving a unit out."""
    left_out = np.diag(reduction.covariance_of_scores(reduction.coefficient_scores(fit)))
    linearised = np.diag(reduction.covariance_of(fit.gradient))
    ratio = np.sqrt(
        np.divide(left_out, linearised, out=np.ones_like(linearised), where=linearised > 0)
    )
    return np.asarray(fit.estimate + (draws - fit.estimate) * ratio)


def _interval(
    drawn: dict[str, np.ndarray] | None, part: str, estimate: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    if drawn is None:
        nothing = np.full_like(np.asarray(estimate, dtype=float), np.nan)
        return nothing, nothing
    return percentile_interval(drawn[part], confidence)


def _opposite(table: pd.DataFrame, first: str, second: str) -> np.ndarray:
    """Whether both are beyond doubt and of opposite signs."""
    signs = [
        np.where(table[f"{part}_ci_lower"] > 0, 1, np.where(table[f"{part}_ci_upper"] < 0, -1, 0))
        for part in (first, second)
    ]
    return signs[0] * signs[1] < 0


def _winsorised(
    design: Design, units: SamplingUnits, model: _Equations, confidence: float
) -> pd.DataFrame:
    """Totals with the largest amounts set to a quantile; intervals by leaving a unit out."""
    columns = design.columns.copy()
    cap = _weighted_quantile(columns[:, 0], design.rows.weight, WINSORISED_AT)
    columns[:, 0] = np.minimum(columns[:, 0], cap)
    reduction = reduce_columns(columns, design.rows, units)
    fit = regress(reduction.q, 1, model.columns)
    t = t_quantile((1 + confidence) / 2, max(reduction.degrees_of_freedom, 1))
    found = pd.DataFrame(
        np.nan,
        index=pd.Index(design.tested, name="driver"),
        columns=["total_winsorised", "total_winsorised_ci_lower", "total_winsorised_ci_upper"],
    )
    chosen = [c for c, fine in zip(design.quality, model.estimable, strict=True) if fine]
    places = [fit.columns.index(column) for column in chosen]
    value = fit.estimate[places]
    covariance = reduction.covariance_of_scores(reduction.coefficient_scores(fit))
    half = t * np.sqrt(np.diag(covariance)[places])
    found.loc[model.estimable] = np.column_stack([value, value - half, value + half])
    return found


def _weighted_quantile(values: np.ndarray, weight: np.ndarray, quantile: float) -> float:
    """Smallest value with at least this share of the weight at or below it."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    place = int(np.searchsorted(share, quantile))
    return float(values[order][min(place, len(values) - 1)])
