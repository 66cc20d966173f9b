"""Importance in a model without a variance to share: the deviance takes its place.

R²_D(S) = 1 − D(S)/D(∅), D(S) the deviance of the model on the columns S refitted, D(∅) that of
the model without any. Its Shapley values are general dominance for these models (Azen & Traxel
2009; with −2ℓ it is McFadden's R²; Cameron & Windmeijer 1997 for the Poisson's).

The whole is split in two games. The *quadratic* one expands the log-likelihood to second order
at the full model; its subsets are least squares on the curvature matrix, so the subset tree
does all of them. The *rest*, D refitted less the quadratic, is small. Up to twelve players it is
taken over all subsets, and the sum is exact. Above it is a mean over sampled orders of the
players, of refitted subsets, whose error is measured.

By the envelope theorem the change of D(S) with a row's weight is the row's own deviance at the
subset's fit. So importances of resamples come without a refit: the quadratic game is done anew
in every resample (it keeps what is of second order, all there is for a driver without effect),
the rest moves by its influence values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np

from mot_research.statistics import importance
from mot_research.statistics.crossproducts import Floats, cluster_products
from mot_research.statistics.outcomes.fitting import RIDGE, Fits, fit_subsets, newton_steps
from mot_research.statistics.outcomes.generalised import symmetric
from mot_research.statistics.outcomes.model import OutcomeModel
from mot_research.statistics.side_by_side import side_by_side

EXACT_PLAYERS = 12
SUBSETS_AT_ONCE = 128
ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class DevianceImportance:
    """Shapley values of a fit −D, not yet divided by D(∅).

    Attributes
    ----------
    gain : (p,) array
        They sum to D(always) − D(full).
    quadratic : (p,) array
        The part of the quadratic game.
    row_rest : (n, p) array
        The rest by rows, unweighted: ``gain = quadratic + weight @ row_rest``.
    std_error : (p,) array
        Of the sampling of orders; 0 where all subsets were refitted.
    first, last : (p,) array
        What each player gains as the first, and as the last.
    alone : (P, p) array
        Parameters of the model with one player only.
    deviance_always : float
    n_subsets : int
        Subsets refitted.
    """

    gain: Floats
    quadratic: Floats
    row_rest: Floats
    std_error: Floats
    first: Floats
    last: Floats
    alone: Floats
    deviance_always: float
    n_subsets: int


def deviance_importance(
    model: OutcomeModel,
    at: Floats,
    players: Sequence[int],
    always: Sequence[int],
    *,
    n_blocks: int = 4,
    rng: np.random.Generator,
) -> DevianceImportance:
    """Decompose the deviance that the players save, the other columns always in.

    Parameters
    ----------
    model : OutcomeModel
    at : (P,) array
        Its fit on all of ``players`` and ``always``.
    players, always : sequence of int
        Parameters. Thresholds belong to ``always``.
    n_blocks : int
        Above twelve players: blocks of orders, each a random order, its cyclic shifts and
        their reversals.
    rng : numpy.random.Generator

    References
    ----------
    Azen & Traxel (2009), Journal of Educational and Behavioral Statistics 34; Cameron &
    Windmeijer (1997), Journal of Econometrics 77; Shapley (1953).
    """
    players, always = list(players), list(always)
    p = len(players)
    sets, blocks = _all_subsets(p) if p <= EXACT_PLAYERS else _sampled_subsets(p, n_blocks, rng)
    masks = np.zeros((len(sets), model.n_parameters), dtype=bool)
    masks[:, always] = True
    masks[:, players] = sets
    curvature, right = quadratic_form(model, at)
    coefficients = np.mean(blocks, axis=0)
    rows = np.zeros((len(model.weight), p))
    deviance, expanded = np.empty(len(sets)), np.empty(len(sets))
    alone = np.zeros((model.n_parameters, p))

    def refit(begin: int) -> tuple[Fits, Floats, Floats]:
        chosen = masks[begin : begin + SUBSETS_AT_ONCE]
        stack = np.broadcast_to(curvature, (len(chosen), *curvature.shape))
        start = newton_steps(stack, np.repeat(right[:, None], len(stack), axis=1), chosen)
        fitted = fit_subsets(model, chosen, start, curvature)
        quadratic = model.row_expansions(at, start)
        rest = quadratic - model.row_deviances(fitted.parameters)
        return (
            fitted,
            model.weight @ quadratic,
            rest @ coefficients[begin : begin + SUBSETS_AT_ONCE],
        )

    starts = range(0, len(sets), SUBSETS_AT_ONCE)
    for begin, (fitted, quadratic, rest) in zip(starts, side_by_side(refit, starts), strict=True):
        chosen = slice(begin, begin + SUBSETS_AT_ONCE)
        deviance[chosen], expanded[chosen] = fitted.deviance, quadratic
        rows += rest
        for place in np.flatnonzero(sets[chosen].sum(axis=1) == 1):
            alone[:, np.flatnonzero(sets[begin + place])[0]] = fitted.parameters[:, place]
    per_block = np.array([block.T @ (expanded - deviance) for block in blocks])
    error = per_block.std(axis=0, ddof=1) / np.sqrt(len(blocks)) if len(blocks) > 1 else None
    by_set = {members.tobytes(): value for members, value in zip(sets, deviance, strict=True)}
    empty, full = np.zeros(p, dtype=bool), np.ones(p, dtype=bool)
    single = np.eye(p, dtype=bool)
    quadratic_gain = quadratic_shapley(curvature[None], right[None], players, always)[0]
    return DevianceImportance(
        gain=quadratic_gain + per_block.mean(axis=0),
        quadratic=quadratic_gain,
        row_rest=rows,
        std_error=np.zeros(p) if error is None else error,
        first=np.array([by_set[empty.tobytes()] - by_set[one.tobytes()] for one in single]),
        last=np.array([by_set[(~one).tobytes()] - by_set[full.tobytes()] for one in single]),
        alone=alone,
        deviance_always=by_set[empty.tobytes()],
        n_subsets=len(sets),
    )


def quadratic_form(model: OutcomeModel, at: Floats) -> tuple[Floats, Floats]:
    """H = −∂²ℓ (P, P) and r = H φ + ∂ℓ (P,) at φ: ℓ is maximal near H φ = r."""
    curvature = model.curved(at[:, None])[0]
    return curvature, curvature @ at + model.sloped(at[:, None])[1][:, 0]


def quadratic_shapley(
    curvature: Floats, right: Floats, players: Sequence[int], always: Sequence[int]
) -> Floats:
    """Shapley values of r_S' H_SS⁻¹ r_S, of a stack: (B, P, P) and (B, P) to (B, p).

    The subset tree of least squares, on H with r in the place of the outcome.
    """
    matrices = _swept(curvature, right, players, always)
    return importance.lmg(matrices) * matrices[:, 0, 0, None]


def quadratic_relative_weights(
    curvature: Floats, right: Floats, players: Sequence[int], always: Sequence[int]
) -> Floats:
    """Johnson's relative weights on the quadratic form: (B, P, P) and (B, P) to (B, p)."""
    matrices = _swept(curvature, right, players, always)
    return importance.relative_weights(matrices) * matrices[:, 0, 0, None]


def _swept(
    curvature: Floats, right: Floats, players: Sequence[int], always: Sequence[int]
) -> Floats:
    """H and r of the players given the others, bordered like a covariance: (B, 1 + p, 1 + p)."""
    players, always = list(players), list(always)
    n, p = len(curvature), len(players)
    # one column more that is r: sweeping `always` out treats it like any other
    full = np.concatenate([curvature[:, :, players], right[:, :, None]], axis=2)
    scale = np.sqrt(np.maximum(np.einsum("bpp->bp", curvature)[:, always], np.finfo(float).tiny))
    inner = curvature[:, always][:, :, always] / (scale[:, :, None] * scale[:, None, :])
    inner[:, np.arange(len(always)), np.arange(len(always))] += RIDGE
    outer = full[:, always] / scale[:, :, None]
    left = full[:, players] - (
        curvature[:, players][:, :, always] / scale[:, None, :]
    ) @ np.linalg.solve(inner, outer)
    h, r = left[:, :, :p], left[:, :, p]
    h = (h + h.transpose(0, 2, 1)) / 2
    size = np.sqrt(np.maximum(np.einsum("bpp->bp", h), np.finfo(float).tiny))
    scaled = h / (size[:, :, None] * size[:, None, :])
    scaled[:, np.arange(p), np.arange(p)] = 1.0 + RIDGE
    explained = np.einsum(
        "bp,bp->b", r / size, np.linalg.solve(scaled, (r / size)[..., None])[..., 0]
    )
    matrices = np.empty((n, 1 + p, 1 + p))
    matrices[:, 0, 0] = 2 * np.maximum(explained, np.finfo(float).tiny)
    matrices[:, 0, 1:] = matrices[:, 1:, 0] = r
    matrices[:, 1:, 1:] = scaled * size[:, :, None] * size[:, None, :]
    return matrices


@dataclass(frozen=True)
class QuadraticSums:
    """What the quadratic game of any resample is made of: sums per sampling unit.

    Attributes
    ----------
    curvature : (G, P (P + 1) / 2) array
    slope : (G, P) array
    at : (P,) array
    """

    curvature: Floats
    slope: Floats
    at: Floats

    def forms(self, multipliers: Floats) -> tuple[Floats, Floats]:
        """H and r of each resample: (B, G) to (B, P, P) and (B, P)."""
        h = symmetric(multipliers @ self.curvature, len(self.at))
        return h, h @ self.at + multipliers @ self.slope


def quadratic_sums(
    model: OutcomeModel, at: Floats, unit: np.ndarray, n_units: int
) -> QuadraticSums:
    """Sum slopes and curvatures within sampling units, a block of rows at a time."""
    size = model.n_parameters
    curvature = np.zeros((n_units, size * (size + 1) // 2))
    slope = np.zeros((n_units, size))
    order = np.argsort(unit, kind="stable")  # keeps a unit within one or two blocks
    for begin in range(0, len(unit), ROWS_AT_ONCE):
        chosen = order[begin : begin + ROWS_AT_ONCE]
        part, (present, codes) = model.rows(chosen), np.unique(unit[chosen], return_inverse=True)
        left, right = (factor.reshape(-1, size) for factor in part.curvature_factors(at))
        pairs = np.repeat(codes, len(left) // len(chosen))
        curvature[present] += cluster_products(left, right, pairs, len(present))
        slopes = part.row_slopes(at)
        slope[present] += np.array([np.bincount(codes, each, len(present)) for each in slopes.T]).T
    return QuadraticSums(curvature, slope, at)


def _all_subsets(p: int) -> tuple[np.ndarray, list[Floats]]:
    """Every subset (2^p, p), and each subset's part in each player's Shapley value."""
    sets = (np.arange(1 << p)[:, None] >> np.arange(p)) & 1 == 1
    size = sets.sum(axis=1)
    weight = np.array([factorial(s) * factorial(p - s - 1) / factorial(p) for s in range(p)])
    joined = weight[np.maximum(size - 1, 0)]
    before = np.append(weight, 0.0)[size]
    return sets, [np.where(sets, joined[:, None], -before[:, None])]


def _sampled_subsets(
    p: int, n_blocks: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[Floats]]:
    """The subsets that come up in blocks of cyclic shifts and their reversals."""
    place: dict[bytes, int] = {}
    sets: list[np.ndarray] = []

    def number(members: np.ndarray) -> int:
        key = members.tobytes()
        if key not in place:
            place[key] = len(sets)
            sets.append(members.copy())
        return place[key]

    entries: list[list[tuple[int, int, float]]] = []
    for single in np.eye(p, dtype=bool):
        number(single)
        number(~single)
    for _ in range(n_blocks):
        order = rng.permutation(p)
        own: list[tuple[int, int, float]] = []
        for shift in range(p):
            for turned in (np.roll(order, shift), np.roll(order, shift)[::-1]):
                members = np.zeros(p, dtype=bool)
                before = number(members)
                for player in turned:
                    members[player] = True
                    after = number(members)
                    own += [(after, player, 1.0), (before, player, -1.0)]
                    before = after
        entries.append(own)
    blocks = []
    for own in entries:
        coefficients = np.zeros((len(sets), p))
        for row, player, sign in own:
            coefficients[row, player] += sign / (2 * p)
        blocks.append(coefficients)
    return np.array(sets), blocks
