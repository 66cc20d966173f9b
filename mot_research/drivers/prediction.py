"""How well a model predicts rows it has not seen: the next wave, or the folds left out.

An R² on the rows that made the model flatters it. Here it is 1 − Σw(y − ŷ)² /
Σw(y − ȳ)² on other rows, and can be negative. All of it is a function of second
moments, so blanks, weights and clusters count as in every other number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mot_research.drivers.change import wave_pair
from mot_research.drivers.comparison import Comparison, Part, covariance_of_influence, part
from mot_research.drivers.design import build_design
from mot_research.drivers.waves import StudyUnits, rows_of_waves
from mot_research.errors import AnalysisError
from mot_research.statistics.crossproducts import unvech
from mot_research.statistics.regression import coefficients, regress
from mot_research.statistics.resampling import Draws, resample_sums
from mot_research.study.definition import Outcome, Rules
from mot_research.survey.wave import Survey

FOLDS = 10
REPEATS = 20


@dataclass(frozen=True)
class Prediction:
    """How well the outcome of a wave is predicted.

    Attributes
    ----------
    outcome, wave : str
        Their ids.
    r_squared : float
        On the rows that made the model: too good.
    cross_validated : float
        By repeated K-fold: each fold predicted by the others' model.
    cross_validated_spread : float
        Standard deviation over the repeats: of the splits, not of the sample.
    n_folds, n_repeats : int
        Clusters are kept together, so there are no more folds than clusters.
    earlier : str or None
        The wave whose model, on the moments that both waves can test, is
        scored on this wave.
    from_earlier, ci_lower, ci_upper : float
        R² of that model on this wave; NaN without an earlier wave.
    level_error : float
        Mean of the outcome less its prediction by that model: the part of the
        error that a common shift of the outcome explains.
    own : float
        R² on this wave of its own model with the same columns: what
        ``from_earlier`` could reach at most.
    confidence : float
        Of the interval.
    """

    outcome: str
    wave: str
    r_squared: float
    cross_validated: float
    cross_validated_spread: float
    n_folds: int
    n_repeats: int
    earlier: str | None
    from_earlier: float
    ci_lower: float
    ci_upper: float
    level_error: float
    own: float
    confidence: float


def prediction(
    survey: Survey,
    units: StudyUnits,
    outcome: Outcome,
    wave: str,
    earlier: str | None,
    rules: Rules,
) -> Prediction:
    """Score the model of a wave on folds of its own, and the earlier wave's model on it.

    Parameters
    ----------
    survey : Survey
    units : StudyUnits
        Of the whole study.
    outcome : Outcome
        Binary as 0 and 1, others in their own units: the model is linear.
    wave : str
    earlier : str or None
        None where there is no earlier wave.
    rules : Rules
        The folds are drawn with ``rules.seed``.

    Raises
    ------
    AnalysisError
        No moment can be tested, or a wave has too few answers.

    Notes
    -----
    Blanks of the rows predicted are completed by the model of all rows of
    their wave, so the R² is that of rows without blanks.
    """
    design = build_design(
        rows_of_waves(survey, units, outcome.id, (wave,)), missing=rules.missing, min_n=rules.min_n
    )
    if not design.tested:
        raise AnalysisError(f"no moment can be tested in wave {wave}: there is no model to score.")
    own = part(design, units.units, np.ones(len(design.columns), dtype=bool))
    repeats, n_folds = cross_validated(own, rules.seed)
    scored = lower = upper = level = common = np.nan
    if earlier is not None:
        pair, _, _ = wave_pair(survey, units, outcome, earlier, wave, rules)
        scored, error, level = from_earlier(pair)
        lower, upper = scored - pair.t * error, scored + pair.t * error
        common = pair.b.model.r_squared
    return Prediction(
        outcome=outcome.id,
        wave=wave,
        r_squared=own.model.r_squared,
        cross_validated=float(repeats.mean()),
        cross_validated_spread=float(repeats.std(ddof=1)),
        n_folds=n_folds,
        n_repeats=len(repeats),
        earlier=earlier,
        from_earlier=scored,
        ci_lower=lower,
        ci_upper=upper,
        level_error=level,
        own=common,
        confidence=rules.confidence,
    )


def cross_validated(
    rows: Part, seed: int, *, n_folds: int = FOLDS, n_repeats: int = REPEATS
) -> tuple[np.ndarray, int]:
    """R² of each repeat of K-fold cross-validation (n_repeats,), and the number of folds.

    Sampling units are dealt to the folds at random. In each fold the outcome
    is compared with the mean of the others, as a model without drivers would
    predict it.
    """
    reduction = rows.reduction
    here = reduction.chosen[reduction.has_rows]
    k = min(n_folds, len(here))
    rng = np.random.Generator(np.random.PCG64(seed))
    left_out = np.zeros((n_repeats * k, rows.units.n_units), dtype=np.uint8)
    for first in range(0, n_repeats * k, k):
        left_out[first + np.arange(len(here)) % k, rng.permutation(here)] = 1
    once = np.ones(rows.units.n_units)
    q = reduction.resampled(Draws(seed, 1 - left_out, once))
    chosen = reduction.chosen
    held = unvech(resample_sums(Draws(seed, left_out[:, chosen], once[chosen]), reduction.sums))
    error = _residual(q, rows.model.fitted)
    plain = np.zeros_like(error)
    plain[:, 0], plain[:, 1] = -q[:, 0, 1], 1.0
    squares = [
        np.einsum("bi,bij,bj->b", v, held, v).reshape(n_repeats, k).sum(axis=1)
        for v in (error, plain)
    ]
    return 1 - squares[0] / squares[1], k


def from_earlier(pair: Comparison) -> tuple[float, float, float]:
    """R² of a's model on b's rows, its standard error, and the mean of b's errors."""
    a, b = pair.a, pair.b
    q_a, q_b = a.reduction.q, b.reduction.q
    fit = regress(q_a, 1, a.model.fitted)
    columns = list(fit.columns)
    error = _residual(q_a[None], a.model.fitted)[0]
    square, variance = float(error @ q_b @ error), float(q_b[1, 1] - q_b[0, 1] ** 2)

    twice = np.outer(error, error) * (2 - np.eye(len(error)))
    of_square = twice[np.triu_indices(len(error))]
    of_variance = b.element(1, 1) - 2 * q_b[0, 1] * b.element(0, 1)
    by_b = -of_square / variance + square / variance**2 * of_variance

    means = np.array([a.element(0, column) for column in columns])
    intercept = a.element(0, 1) - fit.estimate @ means - q_a[0, columns] @ fit.gradient
    pull = 2 * q_b @ error
    by_a = (pull[0] * intercept + pull[columns] @ fit.gradient) / variance
    influence = a.influence(by_a[None]) + b.influence(by_b[None])
    spread = np.sqrt(covariance_of_influence(influence, a.units)[0, 0])
    return 1 - square / variance, float(spread), float(q_b[0] @ error)


def _residual(q: np.ndarray, fitted: tuple[int, ...]) -> np.ndarray:
    """The vector v with v'z = y − ŷ, for a stack of models: (B, m, m) to (B, m)."""
    columns = list(fitted)
    effects = coefficients(q, 1, columns)
    v = np.zeros(q.shape[:2])
    v[:, 1] = 1.0
    v[:, columns] = -effects
    v[:, 0] = np.einsum("bk,bk->b", effects, q[:, 0, columns]) - q[:, 0, 1]
    return v
