"""Which likelihood and which reported scale belong to a kind of outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mot_research.errors import AnalysisError, shown
from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.deviance import quadratic_sums
from mot_research.statistics.jackknife import delete_one_scores
from mot_research.statistics.outcomes.families import GAMMA, LOGIT, POISSON
from mot_research.statistics.outcomes.fitting import diverging, fit, newton_steps
from mot_research.statistics.outcomes.generalised import GeneralisedLinear
from mot_research.statistics.outcomes.marginal import (
    Predictors,
    Response,
    Setting,
    amount,
    contact_effects,
    probability,
    promoters_less_detractors,
    quality_effects,
    two_part_amount,
)
from mot_research.statistics.outcomes.model import OutcomeModel
from mot_research.statistics.outcomes.ordered import OrderedLogit

MAX_LEVELS = 12  # answers of an ordered outcome: a scale of 0 to 10 and one to spare
WINSORISED_AT = 0.99  # quantile of the spenders above which an amount is cut, as a sensitivity
NET_PROMOTER_SCALE = (0.0, 10.0)
PROMOTERS_FROM = 9  # of 0 to 10 (Reichheld 2003)
DETRACTORS_TO = 6

SEPARATION = (
    "the outcome is the same for all who had, or did not have, this experience (separation): "
    "its effect is not estimable. Pool more rows, or leave it out"
)

MODELS = {
    "ordered": "ordered logit, free thresholds; effects on the probability of the top answer",
    "binary": "logit; average marginal effects on the probability of yes",
    "amount": (
        "two-part: logit of any spend × Gamma with log link, effects in currency per customer; "
        "importance by one Poisson pseudo-likelihood, zeros included"
    ),
    "share": "fractional logit; average marginal effects on the share",
}


@dataclass(frozen=True)
class Reported:
    """Effects of p drivers on what is reported, with influence values per sampling unit.

    ``quality`` and ``contact`` are (p,); their scores (2, G, p) are linearised, and by leaving
    a unit out.
    """

    quality: Floats
    quality_scores: Floats
    contact: Floats
    contact_scores: Floats


@dataclass(frozen=True)
class Drivers:
    """The columns of X that belong to each tested driver, and who had it."""

    quality: tuple[int, ...]
    exposure: tuple[int | None, ...]

    def had(self, x: Floats) -> list[Floats]:
        ones = np.ones(len(x))
        return [ones if e is None else x[:, e] for e in self.exposure]


def check_outcome(name: str, kind: str, y: Floats) -> None:
    """Refuse values that the kind of outcome can't have.

    Raises
    ------
    AnalysisError
        Naming the outcome and what to do.
    """
    outcome = f"outcome '{shown(name)}'"
    if kind == "amount" and (y < 0).any():
        raise AnalysisError(
            f"{outcome} is an amount, but negative in {int((y < 0).sum())} rows (lowest: "
            f"{y.min():g}): net refunds out, set such rows to 0, or declare the outcome as a score."
        )
    if kind == "share" and ((y < 0) | (y > 1)).any():
        raise AnalysisError(
            f"{outcome} is a share, but outside 0 to 1 in {int(((y < 0) | (y > 1)).sum())} rows "
            f"(from {y.min():g} to {y.max():g}): divide percentages by 100."
        )
    if kind == "binary" and not np.isin(y, (0, 1)).all():
        raise AnalysisError(f"{outcome} is binary, but holds values other than 0 and 1: recode it.")
    if kind == "ordered" and len(np.unique(y)) > MAX_LEVELS:
        raise AnalysisError(
            f"{outcome} is ordered, but has {len(np.unique(y))} different answers, at most "
            f"{MAX_LEVELS} can be handled: declare it as a score or an amount."
        )


def reported_values(kind: str, y: Floats) -> Floats:
    """The outcome on the scale that its effects are on."""
    return (y == y.max()).astype(float) if kind == "ordered" else y


def importance_model(kind: str, y: Floats, x: Floats, weight: Floats) -> OutcomeModel:
    """The one likelihood whose deviance is shared out.

    ``x`` has the constant first. An amount is taken in units of its mean: its R² has no unit.
    """
    w = weight / weight.sum()
    if kind == "ordered":
        levels, codes = np.unique(y, return_inverse=True)
        return OrderedLogit(codes, len(levels), x[:, 1:], w)
    if kind == "amount":
        return GeneralisedLinear(POISSON, y / (w @ y), x, w)
    return GeneralisedLinear(LOGIT, y, x, w)


def parameter_of(model: OutcomeModel, column: int) -> int:
    """The parameter of a column of X: in an ordered model thresholds stand for the constant."""
    return column + max(model.n_thresholds - 1, 0)


def separated_columns(kind: str, y: Floats, x: Floats, weight: Floats) -> set[int]:
    """Columns of X whose parameter has no finite estimate, in any part of the model."""
    models = [importance_model(kind, y, x, weight)]
    if kind == "amount" and (y == 0).any():
        models.append(GeneralisedLinear(LOGIT, (y > 0).astype(float), x, weight / weight.sum()))
    found: set[int] = set()
    for model in models:
        parameters = fit(model).parameters[:, 0]
        first = parameter_of(model, 1)
        reach = np.ones(model.n_parameters)
        reach[first:] = np.abs(x[:, 1:]).max(axis=0)
        away = diverging(model, parameters, reach)
        found |= {int(p) - first + 1 for p in np.flatnonzero(away) if p >= first}
    return found


def predictors_of(
    kind: str, y: Floats, x: Floats, setting: Setting, model: OutcomeModel, at: Floats
) -> tuple[Predictors, Response]:
    """The linear predictors of what is reported, and the function of them that it is.

    ``model`` and ``at`` are the fitted model of ``importance_model``, which serves for what is
    reported, too, but for an amount.
    """
    if kind == "amount":
        return _two_part(y, x, setting)
    if kind == "ordered":
        return _above(model, at, [model.n_thresholds - 1], setting), probability
    influence = _influence(model, at, setting.unit, setting.stratum_of_unit)
    return Predictors(at[None], influence[:, None]), probability


def amount_sensitivity(
    y: Floats, x: Floats, drivers: Drivers, setting: Setting
) -> dict[str, tuple[Floats, Floats]]:
    """Quality effects on an amount by two other roads: name to (effects, scores)."""
    weight = setting.weight
    poisson = importance_model("amount", y, x, weight)
    at = fitted(poisson, "the mean amount")
    mean = weight @ y / weight.sum()
    at[0] += np.log(mean)
    in_currency = GeneralisedLinear(POISSON, y, x, weight / weight.sum())
    influence = _influence(in_currency, at, setting.unit, setting.stratum_of_unit)
    plain = effects_of(Predictors(at[None], influence[:, None]), amount, drivers, setting)
    cut = np.minimum(y, _weighted_quantile(y[y > 0], weight[y > 0], WINSORISED_AT))
    winsorised = effects_of(*_two_part(cut, x, setting), drivers, setting)
    return {
        "poisson": (plain.quality, plain.quality_scores),
        "winsorised": (winsorised.quality, winsorised.quality_scores),
    }


def net_promoters(
    y: Floats, x: Floats, drivers: Drivers, setting: Setting
) -> dict[str, tuple[Floats, Floats]]:
    """Change of P(9 or 10) − P(0 to 6) by the ordered logit, of an outcome of 0 to 10."""
    levels = np.unique(y)
    whole = np.isin(levels, np.arange(11)).all()
    if not (whole and levels[0] <= DETRACTORS_TO and levels[-1] >= PROMOTERS_FROM):
        return {}  # fractions have no promoters, and one-sided answers no difference
    model = importance_model("ordered", y, x, setting.weight)
    fitted = fit(model)
    if not fitted.converged[0]:
        return {}
    # threshold k lies between levels k and k + 1
    upper = int(np.searchsorted(levels, PROMOTERS_FROM)) - 1
    lower = int(np.searchsorted(levels, DETRACTORS_TO, side="right")) - 1
    predictors = _above(model, fitted.parameters[:, 0], [upper, lower], setting)
    found = effects_of(predictors, promoters_less_detractors, drivers, setting)
    return {"nps": (found.quality, found.quality_scores)}


def _above(
    model: OutcomeModel, at: Floats, thresholds: Sequence[int], setting: Setting
) -> Predictors:
    """Predictors η − θ of the probabilities of answers above thresholds."""
    influence = _influence(model, at, setting.unit, setting.stratum_of_unit)
    t = model.n_thresholds
    coefficients = np.array([[-at[k], *at[t:]] for k in thresholds])
    of_each = np.stack(
        [np.dstack([-influence[..., k], influence[..., t:]]) for k in thresholds], axis=1
    )
    return Predictors(coefficients, of_each)


def _two_part(y: Floats, x: Floats, setting: Setting) -> tuple[Predictors, Response]:
    """Logit of any spend × Gamma of how much; the Gamma alone where everybody spends."""
    spends = y > 0
    w = setting.weight / setting.weight.sum()
    mean = w[spends] @ y[spends] / w[spends].sum()
    much = GeneralisedLinear(GAMMA, y[spends] / mean, x[spends], w[spends])
    at_much = fitted(much, "how much is spent")
    of_much = _influence(much, at_much, setting.unit[spends], setting.stratum_of_unit)
    at_much = at_much.copy()
    at_much[0] += np.log(mean)
    if spends.all():
        return Predictors(at_much[None], of_much[:, None]), amount
    any_ = GeneralisedLinear(LOGIT, spends.astype(float), x, w)
    at_any = fitted(any_, "whether anything is spent")
    of_any = _influence(any_, at_any, setting.unit, setting.stratum_of_unit)
    both = Predictors(np.array([at_any, at_much]), np.stack([of_any, of_much], axis=1))
    return both, two_part_amount


def fitted(model: OutcomeModel, what: str) -> Floats:
    """Parameters (P,) of the fit.

    Raises
    ------
    AnalysisError
        It did not converge.
    """
    found = fit(model)
    if not found.converged[0]:
        raise AnalysisError(
            f"the model of {what} did not converge: check the outcome for values far from the "
            "rest, or analyse it as a score."
        )
    return found.parameters[:, 0]


def effects_of(
    predictors: Predictors, response: Response, drivers: Drivers, setting: Setting
) -> Reported:
    """Average marginal effects in the units of what is reported."""
    quality, quality_scores = quality_effects(
        setting, predictors, response, drivers.quality, drivers.had(setting.columns)
    )
    contact = np.full(len(drivers.quality), np.nan)
    contact_scores = np.zeros_like(quality_scores)
    pairs = [(q, e) for q, e in zip(drivers.quality, drivers.exposure, strict=True) if e]
    places = [j for j, e in enumerate(drivers.exposure) if e]
    if pairs:
        contact[places], contact_scores[..., places] = contact_effects(
            setting, predictors, response, pairs
        )
    return Reported(quality, quality_scores, contact, contact_scores)


def _influence(
    model: OutcomeModel, at: Floats, unit: np.ndarray, stratum_of_unit: np.ndarray
) -> Floats:
    """Of each sampling unit on the parameters, (2, G, P): linearised, and by leaving it out."""
    sums = quadratic_sums(model, at, unit, len(stratum_of_unit))
    everything = np.ones((1, model.n_parameters), dtype=bool)
    inverse = newton_steps(
        np.repeat(model.curved(at[:, None]), model.n_parameters, axis=0),
        np.eye(model.n_parameters),
        np.repeat(everything, model.n_parameters, axis=0),
    )
    left_out = delete_one_scores(sums.slope, sums.curvature, stratum_of_unit)
    return np.array([sums.slope @ inverse, left_out])


def _weighted_quantile(values: Floats, weight: Floats, share: float) -> float:
    order = np.argsort(values)
    below = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][np.searchsorted(below, share)])
