"""Maximum pseudo-likelihood: one model, or hundreds of its subsets at once.

Newton's steps on a stack of parameter vectors, with the curvature kept (a chord) while it
still serves. Subsets are masks: what a mask leaves out is held at 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mot_research.statistics.crossproducts import Floats
from mot_research.statistics.outcomes.model import OutcomeModel

MAX_STEPS = 60
DECREMENT = 1e-12  # deviance still to be won, of all of it: below it a fit is done
RIDGE = 1e-10  # on the correlation scale: copies of a column share, the maximum stays where it is
CHORD = 0.02  # a kept curvature must shrink the decrement to this share in a step
DIVERGING = 1e-3  # of the predictor, one more step: 1e-7 at a maximum, .03 to 1 under separation


@dataclass(frozen=True)
class Fits:
    """Parameters (P, s), deviances (s,), and which of the s fits ended at a maximum."""

    parameters: Floats
    deviance: Floats
    converged: np.ndarray


def fit(model: OutcomeModel) -> Fits:
    """Fit one model on all its columns: a stack of one."""
    everything = np.ones((1, model.n_parameters), dtype=bool)
    found = fit_subsets(model, everything, model.start[:, None])
    if not found.converged[0]:
        return found
    slope = model.sloped(found.parameters)[1]  # one step more, for the last digits
    steps = newton_steps(model.curved(found.parameters), slope, everything)
    return Fits(found.parameters + steps, found.deviance, found.converged)


def fit_subsets(
    model: OutcomeModel, masks: np.ndarray, start: Floats, curvature: Floats | None = None
) -> Fits:
    """Fit the model once for each mask.

    Parameters
    ----------
    model : OutcomeModel
    masks : (s, P) bool array
        Parameters that are fitted; the others are 0. Thresholds are always in.
    start : (P, s) array
    curvature : (P, P) array, optional
        One for all subsets to begin with, such as that of the full model; by default each has
        its own.

    Returns
    -------
    Fits
        ``converged`` is false where the deviance could not be lowered to its minimum within
        60 steps, as under separation.
    """
    parameters = np.where(masks.T, start, 0.0)
    deviance = np.full(len(masks), np.inf)
    converged = np.zeros(len(masks), dtype=bool)
    left = np.arange(len(masks))
    now, steps = parameters.copy(), np.zeros_like(parameters)
    before = np.full(len(masks), np.inf)
    last = np.full(len(masks), np.inf)
    if curvature is None:
        kept_curvature = model.curved(now)
    else:
        kept_curvature = np.repeat(curvature[None], len(masks), axis=0)
    kept = np.zeros(len(masks), dtype=bool)
    for _ in range(MAX_STEPS):
        with np.errstate(over="ignore", invalid="ignore"):
            value, slope = model.sloped(now)
        worse = ~(value <= before + 1e-9 * np.abs(before))
        if worse.any():  # a step too far: back by half
            steps[:, worse] /= 2
            now[:, worse] -= steps[:, worse]
            if np.abs(steps[:, worse]).max() > 0:
                continue
        slope = np.where(masks[left].T, slope, 0.0)
        steps = newton_steps(kept_curvature, slope, masks[left])
        decrement = np.einsum("ps,ps->s", slope, steps)
        slow = kept & (decrement > CHORD * last)
        if slow.any():
            kept_curvature[slow] = model.curved(now[:, slow])
            steps[:, slow] = newton_steps(kept_curvature[slow], slope[:, slow], masks[left[slow]])
            decrement[slow] = np.einsum("ps,ps->s", slope[:, slow], steps[:, slow])
        done = decrement <= DECREMENT * np.maximum(value, DECREMENT)
        finished = left[done]
        parameters[:, finished] = now[:, done] + steps[:, done]
        deviance[finished] = value[done] - decrement[done]
        converged[finished] = True
        open_ = ~done
        left, kept_curvature = left[open_], kept_curvature[open_]
        steps, before, last = steps[:, open_], value[open_], decrement[open_]
        if not len(left):
            break
        kept = np.ones(len(left), dtype=bool)
        now = now[:, open_] + steps
    if len(left):
        parameters[:, left], deviance[left] = now, before
    return Fits(parameters, deviance, converged)


def newton_steps(curvature: Floats, slope: Floats, masks: np.ndarray) -> Floats:
    """Solve each curvature (s, P, P) for its slope (P, s), within the masks (s, P): (P, s)."""
    diagonal = np.einsum("spp->sp", curvature)
    scale = np.sqrt(np.where(masks & (diagonal > 0), diagonal, 1.0))
    left = curvature / (scale[:, :, None] * scale[:, None, :])
    left *= masks[:, :, None] & masks[:, None, :]
    p = np.arange(left.shape[1])
    left[:, p, p] = np.where(masks & (diagonal > 0), 1.0 + RIDGE, 1.0)
    right = np.where(masks, slope.T / scale, 0.0)
    return (np.linalg.solve(left, right[..., None])[..., 0] / scale).T


def diverging(model: OutcomeModel, parameters: Floats, reach: Floats) -> np.ndarray:
    """Which parameters of a fit still run away: separation.

    Parameters
    ----------
    model : OutcomeModel
    parameters : (P,) array
        Where the fit ended.
    reach : (P,) array
        Largest absolute value of each parameter's column.

    Returns
    -------
    (P,) bool array
        One more Newton step would move the predictor by more than a thousandth.
    """
    at = parameters[:, None]
    everything = np.ones((1, len(parameters)), dtype=bool)
    step = newton_steps(model.curved(at), model.sloped(at)[1], everything)[:, 0]
    return np.abs(step) * reach > DIVERGING
