"""A population of customers whose truth is known, and the surveys drawn from it.

Customers i have moments j: exposure E_ij, rating x_ij on 1 to 5, and

  y_i = 7 + Σ_j [γ_j E_ij + (β_j (1 + 0.4 u_i) + s_jc) E_ij (x_ij − 4)] + 0.3 t_i + cluster + noise

with an attitude u that nobody observed, a tenure t that is a control, and slopes s_jc of the
cluster. Given the ratings and t the mean is linear, so β_j is what the model estimates, and a
moment with β_j = 0 is a null, however correlated its rating is with the others'. Spend is
2 + 0.4 y + Σ_j d_j E_ij (x_ij − 4) + 0.2 t_i + noise; who renews is drawn from a logit of y.

Customers with high u and t answer more often. The weights undo that; they are lognormal with
Kish's design effect 2, so an analysis without them is biased and not only too sure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit
from scipy.stats import norm

DESIGN_EFFECT = 2.0
TILT = np.sqrt(np.log(DESIGN_EFFECT) / 2)  # of u and of t each: exp(2 · TILT²) = 2
LOADING = 0.7  # of a rating on what a customer thinks of everything: correlations near .5
CLUSTER_SHARE = 0.05  # of the variance of mood and of noise that clusters share
CLUSTER_SLOPE = 0.05  # spread of an effect between clusters
ATTITUDE_SLOPE = 0.4
THROUGH_LOYALTY = 0.4  # of spend, a point of loyalty
LOYAL_RENEW = 0.5  # of the logit of renewing, a point of loyalty from its middle
MIDDLE = 7.0
CUTS = norm.ppf([0.05, 0.12, 0.30, 0.65])  # of a moment of ordinary quality
SEED = 20260101


@dataclass(frozen=True)
class Moments:
    """The truth about p moments.

    ``reach``, ``effect`` (β), ``contact`` (γ), ``quality`` (shift of the rating's
    latent mean), ``moved`` (its shift from wave A to wave B) and ``direct``
    (d, on spend past loyalty), each (p,); ``noise`` is the spread of the
    outcome given everything.
    """

    reach: np.ndarray
    effect: np.ndarray
    contact: np.ndarray
    quality: np.ndarray
    moved: np.ndarray
    direct: np.ndarray
    noise: float = 1.0

    @property
    def names(self) -> list[str]:
        return [f"m{j:02d}" for j in range(len(self.reach))]

    @property
    def null(self) -> np.ndarray:
        return self.effect == 0


@dataclass(frozen=True)
class Customers:
    """Rows as a survey sees them: ``rating`` is NaN where the moment was not had or is blank."""

    rating: np.ndarray
    had: np.ndarray
    blank: np.ndarray
    outcome: np.ndarray
    spend: np.ndarray
    renewed: np.ndarray
    tenure: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray

    @property
    def is_long(self) -> np.ndarray:
        """The segment: customers of more than usual tenure."""
        return self.tenure > 0


@dataclass(frozen=True)
class Clusters:
    """What G clusters add; drawn once, so that the waves of a study share it."""

    mood: np.ndarray
    outcome: np.ndarray
    slopes: np.ndarray = field(repr=False)


def draw_clusters(rng: np.random.Generator, n_clusters: int, p: int) -> Clusters:
    return Clusters(
        rng.standard_normal(n_clusters),
        rng.standard_normal(n_clusters),
        CLUSTER_SLOPE * rng.standard_normal((n_clusters, p)),
    )


def draw_customers(
    rng: np.random.Generator,
    moments: Moments,
    clusters: Clusters,
    cluster: np.ndarray,
    *,
    wave: str,
    answering: bool,
    blank_share: float = 0.0,
) -> Customers:
    """Customers of given clusters (n,): those who answer a survey, or just anyone."""
    n, p = len(cluster), len(moments.reach)
    tilt = TILT if answering else 0.0
    attitude, tenure = tilt + rng.standard_normal((2, n))
    usage, own_mood = rng.standard_normal((2, n))
    tendency = 0.4 * usage + 0.3 * tenure
    tendency = tendency[:, None] + np.sqrt(0.75) * rng.standard_normal((n, p))
    had = tendency < norm.ppf(moments.reach)

    mood = np.sqrt(1 - CLUSTER_SHARE) * own_mood
    mood = mood + np.sqrt(CLUSTER_SHARE) * clusters.mood[cluster]
    latent = LOADING * mood[:, None] + 0.15 * tenure[:, None]
    latent = latent + np.sqrt(1 - LOADING**2) * rng.standard_normal((n, p))
    latent = latent + moments.quality + (moments.moved if wave == "B" else 0.0)
    rating = 1.0 + np.searchsorted(CUTS, latent.ravel()).reshape(n, p)

    slope = moments.effect * (1 + ATTITUDE_SLOPE * attitude[:, None]) + clusters.slopes[cluster]
    noise = np.sqrt(1 - CLUSTER_SHARE) * rng.standard_normal(n)
    noise = noise + np.sqrt(CLUSTER_SHARE) * clusters.outcome[cluster]
    outcome = MIDDLE + 0.3 * tenure + moments.noise * noise
    outcome = outcome + (had * (moments.contact + slope * (rating - 4))).sum(axis=1)

    # A blank depends on the outcome, which was observed: the unhappy skip more.
    mid = np.log(blank_share / (1 - blank_share)) if blank_share else -np.inf
    unhappy = -(outcome - outcome.mean()) / outcome.std()
    blank = rng.random((n, p)) < expit(mid + 0.5 * unhappy)[:, None]
    weight = np.exp(-TILT * (attitude + tenure)) if answering else np.ones(n)
    spend = 2 + THROUGH_LOYALTY * outcome + 0.2 * tenure + rng.standard_normal(n)
    spend = spend + (had * moments.direct * (rating - 4)).sum(axis=1)
    renewed = rng.random(n) < expit(LOYAL_RENEW * (outcome - MIDDLE))
    return Customers(
        rating=np.where(had & ~blank, rating, np.nan),
        had=had,
        blank=blank,
        outcome=outcome,
        spend=spend,
        renewed=renewed.astype(float),
        tenure=tenure,
        weight=weight,
        cluster=cluster,
    )
