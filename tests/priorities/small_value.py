"""Small studies with several outcomes and costs, run whole."""

import json

import numpy as np
import pandas as pd

import mot_research as mot

N = 500
OUTCOMES = {
    "score": {"id": "bond", "column": "bond", "kind": "score", "low": 0, "high": 10},
    "binary": {
        "id": "stay",
        "column": "stay",
        "kind": "binary",
        "role": "revenue",
        "yes": [1],
        "no": [0],
    },
    "amount": {
        "id": "spent",
        "column": "spent",
        "kind": "amount",
        "role": "revenue",
        "after": "73 days",
    },
}
COSTS = {"a": 50_000, "b": 20_000, "c": 10_000}


def frame():
    rng = np.random.default_rng(3)
    ratings = rng.integers(1, 6, (N, 4)).astype(float)
    push = ratings @ [0.8, 0.5, 0.3, 0.0]
    return pd.DataFrame(
        {
            **{name: ratings[:, j] for j, name in enumerate("abcd")},
            "bond": np.clip(np.round(1.5 + push + rng.normal(size=N)), 0, 10),
            "stay": (rng.random(N) < 1 / (1 + np.exp(3 - 0.8 * push))).astype(int),
            "spent": np.exp(1 + 0.15 * push + 0.3 * rng.normal(size=N)),
        }
    )


def run_small(folder, *kinds, about=None, rules=None, costs=COSTS, **more):
    """Four moments of falling effect on every outcome; the last has none."""
    frame().to_csv(folder / "a.csv", index=False)
    about = {"name": "Small", "population": 10_000, "currency": "EUR"} | (about or {})
    text = {
        "study": {key: each for key, each in about.items() if each is not None},
        "moments": [
            {"id": name, "name": name.upper(), "rating": name, "owner": "Care"}
            | ({"cost_per_year": costs[name]} if name in costs else {})
            for name in "abcd"
        ],
        "ratings": {"low": 1, "high": 5, "target": 4, "top_box": [5], "bottom_box": [1, 2]},
        "outcomes": [OUTCOMES[kind] for kind in kinds],
        "waves": [{"id": "A", "file": "a.csv", "from": "2026-01-05", "to": "2026-01-31"}],
        "rules": {"n_resamples": 60, "top": 4} | (rules or {}),
    } | more
    (folder / "study.yml").write_text(json.dumps(text), encoding="utf-8")
    return mot.run(folder, also=())
