"""The true value of everything that the report estimates, from a large simulated population."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

import mot_research as mot
from mot_research.statistics import importance
from mot_research.statistics.ranks import ranks
from mot_research.statistics.regression import coefficients
from mot_research.statistics.second_moments import covariance

from .population import (
    SEED,
    THROUGH_LOYALTY,
    Clusters,
    Moments,
    draw_clusters,
    draw_customers,
)

CHUNK = 100_000
TOP_BOX, BOTTOM_BOX, TARGET = (5,), (1, 2), 4
NOT_HAD = 9
# Parts of a change of the outcome: nothing but the ratings moves from wave A to wave B.
TERMS = {"reach": 0, "ratings": 1, "mix": 0, "effects": 0, "both": 0}


@dataclass(frozen=True)
class Truth:
    """``values`` maps each kind of interval to its true values, NaN where it has none.

    They are (p,), but for those of the study as a whole.
    """

    values: dict[str, np.ndarray]
    null: np.ndarray
    rank: np.ndarray
    rank_each: np.ndarray
    r_squared: float


def population_truth(moments: Moments, n_customers: int) -> Truth:
    """All of it, from ``n_customers`` that anyone could be; each is a cluster of its own.

    The effects are those the customers were made with. Everything else has a
    sampling error, that of ``n_customers`` independent interviews.
    """
    p = len(moments.reach)
    chunks = range(n_customers // CHUNK)
    short, long = sum(_second_moments(moments, chunk, "B") for chunk in chunks)
    both = short + long
    q = _scaled(both)
    earlier = sum(_second_moments(moments, chunk, "A") for chunk in chunks).sum(axis=0)
    before = _scaled(earlier)

    quality = np.arange(2, 2 + p)
    everywhere = moments.reach == 1
    exposure, tenure = quality + p, 2 + 2 * p
    high, low, gap = (tenure + 1 + k * p + np.arange(p) for k in range(3))
    background = [*exposure[~everywhere], tenure]

    used = [0, 1, *quality, *background]
    lmg, lmg_before, lmg_long, lmg_short = (
        importance.lmg(covariance(_scaled(one)[np.ix_(used, used)]), always=range(p, len(used) - 2))
        for one in (both, earlier, long, short)
    )
    had = q[0, exposure]
    mean = q[0, quality] / had
    moved = mean - before[0, quality] / before[0, exposure]
    variance = q[quality, quality] / had - mean**2
    sd = np.sqrt(variance)
    boxes = coefficients(q, 1, [*background, *high, *low])[len(background) :]
    reward, penalty = boxes[:p], -boxes[p:]
    contact = np.where(everywhere, np.nan, moments.contact + moments.effect * mean)
    through = THROUGH_LOYALTY * moments.effect
    by_ratings = float((moments.effect * had * moved).sum())
    values = {
        "effect": moments.effect,
        "contact_effect": contact,
        "lmg": lmg,
        "share": lmg / lmg.sum(),
        "reward": reward,
        "penalty": penalty,
        "asymmetry": np.where(moments.null, np.nan, (reward - penalty) / (reward + penalty)),
        "penalty_reward_difference": reward - penalty,
        "reach": np.where(everywhere, np.nan, had),
        "mean_rating": mean + 4,
        "top_box": q[0, high] / had,
        "bottom_box": q[0, low] / had,
        "gap_to_expectation": mean + 4 - TARGET,
        "spread": sd,
        "trend": moved,
        "change of effect": np.zeros(p),
        "change of lmg": lmg - lmg_before,
        "change of share": lmg / lmg.sum() - lmg_before / lmg_before.sum(),
        "change of the outcome": np.array([by_ratings]),
        "parts of the change": np.array([TERMS[term] * by_ratings for term in TERMS]),
        "segment less rest: effect": np.zeros(p),
        "segment less rest: share": lmg_long / lmg_long.sum() - lmg_short / lmg_short.sum(),
        "value of the target": moments.effect * q[0, gap],
        "path: direct": moments.direct,
        "path: indirect": through,
        "path: total": moments.direct + through,
    }
    return Truth(
        values=values,
        null=moments.null,
        rank=ranks(lmg, descending=True),
        rank_each=ranks(moments.effect * sd, descending=True),
        r_squared=float(importance.r_squared(covariance(q[np.ix_(used, used)]))),
    )


def with_binary(truth: Truth, moments: Moments, n_customers: int) -> Truth:
    """The truth of who renews, too: the logit that fits ``n_customers`` best."""
    rng = np.random.default_rng([SEED, n_customers])
    clusters = draw_clusters(rng, n_customers, len(moments.reach))
    every = np.arange(n_customers)
    rows = draw_customers(rng, moments, clusters, every, wave="B", answering=False)
    frame = pd.DataFrame(np.where(rows.had, rows.rating, NOT_HAD), columns=moments.names)
    table = mot.driver_analysis(
        frame.assign(renewed=rows.renewed, tenure=rows.tenure),
        "renewed",
        moments.names,
        controls=["tenure"],
        not_experienced=[NOT_HAD],
        kind="binary",
        n_resamples=0,
    ).to_frame()
    kinds = ("effect", "contact_effect", "lmg")
    found = {f"binary: {kind}": table[kind].to_numpy(dtype=float) for kind in kinds}
    return replace(truth, values=truth.values | found)


def _scaled(second: np.ndarray) -> np.ndarray:
    return second / second[0, 0]


def _second_moments(moments: Moments, chunk: int, wave: str) -> np.ndarray:
    """Sums of z z', z = (1, y, E(x − 4), E, tenure, E·High, E·Low, E·(target − x)₊).

    Of a chunk's customers of short and of long tenure, (2, m, m); the same customers in both
    waves.
    """
    rng = np.random.default_rng([SEED, chunk])
    own: Clusters = draw_clusters(rng, CHUNK, len(moments.reach))
    rows = draw_customers(rng, moments, own, np.arange(CHUNK), wave=wave, answering=False)
    z = np.column_stack(
        [
            np.ones(CHUNK),
            rows.outcome,
            np.where(rows.had, rows.rating - 4, 0.0),
            rows.had,
            rows.tenure,
            np.isin(rows.rating, TOP_BOX),
            np.isin(rows.rating, BOTTOM_BOX),
            np.where(rows.had, np.maximum(TARGET - rows.rating, 0.0), 0.0),
        ]
    )
    return np.array([part.T @ part for part in (z[~rows.is_long], z[rows.is_long])])
