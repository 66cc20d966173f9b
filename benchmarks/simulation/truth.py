"""The true value of everything that the report estimates, from a large simulated population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mot_research.statistics import importance
from mot_research.statistics.ranks import ranks
from mot_research.statistics.regression import coefficients
from mot_research.statistics.second_moments import covariance

from .population import SEED, Clusters, Moments, draw_clusters, draw_customers

CHUNK = 100_000
TOP_BOX, BOTTOM_BOX, TARGET = (5,), (1, 2), 4


@dataclass(frozen=True)
class Truth:
    """``values`` maps each kind of interval to its true values (p,), NaN where it has none."""

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
    second = sum(_second_moment(moments, chunk, "B") for chunk in range(n_customers // CHUNK))
    q = second / second[0, 0]
    earlier = sum(_second_moment(moments, chunk, "A") for chunk in range(n_customers // CHUNK))
    before = earlier / earlier[0, 0]

    quality = np.arange(2, 2 + p)
    everywhere = moments.reach == 1
    exposure, tenure = quality + p, 2 + 2 * p
    high, low = tenure + 1 + np.arange(p), tenure + 1 + p + np.arange(p)
    background = [*exposure[~everywhere], tenure]

    used = [0, 1, *quality, *background]
    lmg = importance.lmg(covariance(q[np.ix_(used, used)]), always=range(p, p + len(background)))
    had = q[0, exposure]
    mean = q[0, quality] / had
    variance = q[quality, quality] / had - mean**2
    sd = np.sqrt(variance)
    boxes = coefficients(q, 1, [*background, *high, *low])[len(background) :]
    reward, penalty = boxes[:p], -boxes[p:]
    contact = np.where(everywhere, np.nan, moments.contact + moments.effect * mean)
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
        "trend": mean - before[0, quality] / before[0, exposure],
    }
    return Truth(
        values=values,
        null=moments.null,
        rank=ranks(lmg, descending=True),
        rank_each=ranks(moments.effect * sd, descending=True),
        r_squared=float(importance.r_squared(covariance(q[np.ix_(used, used)]))),
    )


def _second_moment(moments: Moments, chunk: int, wave: str) -> np.ndarray:
    """Of (1, y, E(x − 4), E, tenure, E·High, E·Low); the same customers in both waves."""
    rng = np.random.default_rng([SEED, chunk])
    p = len(moments.reach)
    own: Clusters = draw_clusters(rng, CHUNK, p)
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
        ]
    )
    return z.T @ z
