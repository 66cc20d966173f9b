"""The kinds of study that are simulated."""

from __future__ import annotations

import numpy as np

from .population import Moments
from .surveys import Scenario

TEN = Moments(
    reach=np.array([1, 1, 0.95, 0.9, 0.8, 0.6, 0.6, 0.4, 0.25, 0.1]),
    effect=np.array([0.35, 0, 0.3, 0.2, 0, 0.3, 0, 0.25, 0, 0.5]),
    contact=np.array([0, 0, 0, 0.3, 0, -0.4, 0.2, 0, 0.3, 0]),
    quality=np.array([0.2, 0.3, 0.1, 0, -0.2, 0, -0.1, 0, -0.2, -0.3]),
    moved=np.array([0, 0.2, 0, 0, -0.2, 0, 0, 0.15, 0, 0]),
    direct=np.array([0, 0.2, 0.1, 0, 0, 0.1, 0, 0, 0, 0]),
)

# Fourteen real effects from large to small, six nulls; every size of reach among both.
TWENTY = Moments(
    reach=np.tile([1, 0.95, 0.8, 0.6, 0.4, 0.9, 0.2, 0.7, 1, 0.1], 2),
    effect=np.array(
        [
            *(0.32, 0.30, 0.28, 0.26, 0.24, 0.22, 0.50, 0, 0.20, 0),
            *(0, 0.18, 0.16, 0, 0.14, 0.12, 0, 0.10, 0.08, 0),
        ]
    ),
    contact=np.tile([0, 0, 0.2, 0, -0.3, 0, 0.2, 0, 0, -0.2], 2),
    quality=np.tile([0.2, 0, -0.2, 0.1, -0.1], 4),
    moved=np.zeros(20),
    direct=np.zeros(20),
    noise=1.5,
)


def _coverage(
    name: str,
    title: str,
    n: int,
    clusters: int | None = None,
    blanks: float = 0.0,
    n_studies: int = 150,
    n_binary: int = 0,
) -> Scenario:
    return Scenario(
        "coverage", name, title, TEN, n, clusters, blanks, n_studies, n_studies // 4, n_binary
    )


def _power(name: str, title: str, n: int, n_studies: int) -> Scenario:
    return Scenario("power", name, title, TWENTY, n, n_studies=n_studies)


COVERAGE = (
    _coverage("respondents", "1,500 respondents, no blanks", 1500, None, 0.0, 200, 40),
    _coverage("small", "400 respondents, no blanks", 400, None, 0.0, 200),
    _coverage("clusters_200", "1,500 in 200 clusters, 6 % blanks", 1500, 200, 0.06, 200),
    _coverage("clusters_30", "1,500 in 30 clusters, 6 % blanks", 1500, 30, 0.06, 150),
    _coverage("blanks", "1,500 in 200 clusters, 20 % blanks", 1500, 200, 0.20, 100),
)

# Half of the respondents' number, for weights of design effect 2.
POWER = (
    _power("power_750", "effective n 750", 1500, 300),
    _power("power_1500", "effective n 1,500", 3000, 450),
    _power("power_10000", "effective n 10,000", 20000, 16),
)
