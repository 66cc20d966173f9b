"""Simulated studies: a study and its checked survey, as the product holds them in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from mot_research.study.definition import Study
from mot_research.survey.wave import BLANK, NOT_EXPERIENCED, RATED, InputFile, Survey, Wave

from .population import SEED, Customers, Moments, draw_clusters, draw_customers
from .truth import BOTTOM_BOX, TARGET, TOP_BOX

WAVES = ("A", "B")


@dataclass(frozen=True)
class Scenario:
    """A kind of study that is simulated many times.

    It is ``about`` the coverage of intervals or the power of the verdict rules.
    ``clusters`` is None where respondents are the sampling units. In the first
    ``n_naive`` studies the naive alternatives are measured too, in the first
    ``n_binary`` the binary outcome.
    """

    about: Literal["coverage", "power"]
    name: str
    title: str
    moments: Moments
    n: int
    clusters: int | None = None
    blank_share: float = 0.0
    n_studies: int = 2
    n_naive: int = 0
    n_binary: int = 0
    n_resamples: int = 400


def simulated_study(scenario: Scenario) -> Study:
    p = len(scenario.moments.reach)
    return Study.model_validate(
        {
            "study": {"name": scenario.title},
            "moments": [
                {"id": name, "name": name, "rating": name} for name in scenario.moments.names
            ],
            "ratings": {
                "low": 1,
                "high": 5,
                "target": TARGET,
                "top_box": list(TOP_BOX),
                "bottom_box": list(BOTTOM_BOX),
            },
            "outcomes": [
                {"id": "loyalty", "column": "loyalty", "kind": "score", "low": -90, "high": 90},
                {"id": "spend", "role": "revenue", "column": "spend", "kind": "score"}
                | {"low": -90, "high": 90},
                {"id": "renewed", "role": "revenue", "column": "renewed", "kind": "binary"}
                | {"yes": [1], "no": [0]},
            ],
            "segments": ["long"],
            "controls": ["tenure"],
            "waves": [{"id": wave, "file": f"{wave}.csv"} for wave in WAVES],
            "rules": {"top": (p + 1) // 2, "n_resamples": scenario.n_resamples, "min_n": 30},
        }
    )


def simulated_survey(scenario: Scenario, study: Study, number: int) -> Survey:
    """Survey ``number`` of a scenario: two waves, in the same clusters where there are any."""
    rng = np.random.default_rng([SEED, number, scenario.n, scenario.clusters or 0])
    n_clusters = scenario.clusters or 2 * scenario.n
    clusters = draw_clusters(rng, n_clusters, len(scenario.moments.reach))
    waves = {}
    for place, wave in enumerate(WAVES):
        if scenario.clusters is None:
            cluster = np.arange(scenario.n) + place * scenario.n
        else:
            cluster = rng.integers(n_clusters, size=scenario.n)
        customers = draw_customers(
            rng,
            scenario.moments,
            clusters,
            cluster,
            wave=wave,
            answering=True,
            blank_share=scenario.blank_share,
        )
        waves[wave] = _wave(wave, customers, scenario)
    return Survey(study=study, waves=waves, problems=pd.DataFrame(), inputs=())


def _wave(name: str, customers: Customers, scenario: Scenario) -> Wave:
    moments = scenario.moments.names
    states = np.where(customers.blank, BLANK, np.where(customers.had, RATED, NOT_EXPERIENCED))
    nothing = pd.DataFrame(index=range(scenario.n))
    outcomes = {
        "loyalty": customers.outcome,
        "spend": customers.spend,
        "renewed": customers.renewed,
    }
    return Wave(
        id=name,
        ratings=pd.DataFrame(customers.rating, columns=moments),
        states=pd.DataFrame(states.astype(np.int8), columns=moments),
        outcomes=pd.DataFrame(outcomes),
        weight=customers.weight,
        cluster=None if scenario.clusters is None else pd.Series(customers.cluster.astype(str)),
        stratum=None,
        respondent=None,
        segments=pd.DataFrame({"long": np.where(customers.is_long, "yes", "no")}),
        controls=pd.DataFrame({"tenure": customers.tenure}),
        expected=nothing,
        emotion=nothing,
        scale_items=nothing,
        coded=nothing,
        asked=tuple(moments),
        outcomes_asked=tuple(outcomes),
        source=InputFile(f"{name}.csv", "", scenario.n),
    )
