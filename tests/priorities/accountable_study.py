"""A small study of two waves with stages, owners and operational metrics."""

import json

import numpy as np
import pandas as pd

import mot_research as mot

N = 400
MOMENTS = (
    {"id": "bill", "stage": "use", "owner": "Billing", "metrics": ["disputes"], "partners": ["IT"]},
    {"id": "app", "stage": "use", "owner": "IT"},
    {
        "id": "visit",
        "stage": "care",
        "owner": "Service",
        "expected": "e_visit",
        "emotion": "f_visit",
    },
    {"id": "call", "stage": "care"},
)
EFFECTS = (0.8, 0.4, 0.5, 0.1)
OPERATIONS = """\
metric,date,value
disputes,2026-01-31,100
disputes,2026-02-28,104
disputes,2026-03-31,98
disputes,2026-04-30,180
disputes,2026-05-31,190
disputes,2026-06-30,185
"""


def wave(seed, *, bill_mean=4.0):
    """The same 20 shops in both waves; the bill is the only thing that changed."""
    rng = np.random.default_rng(seed)
    shop = np.repeat(np.arange(20), N // 20)
    taste = np.random.default_rng(1).normal(0, 0.4, 20)[shop]
    means = (bill_mean, 3.5, 3.2, 3.0)
    ratings = [np.clip(np.round(rng.normal(m, 1, N) + taste), 1, 5).astype(int) for m in means]
    liking = sum(e * (r - 3) for e, r in zip(EFFECTS, ratings, strict=True))
    frame = pd.DataFrame(dict(zip(("bill", "app", "visit", "call"), ratings, strict=True)))
    return frame.assign(
        shop=shop,
        ltr=np.clip(np.round(6 + liking + rng.normal(size=N)), 0, 10).astype(int),
        paid=np.maximum(0, 100 + 9 * liking + 10 * rng.normal(size=N)).round(2),
        e_visit=np.clip(np.round(rng.normal(4.4, 0.6, N)), 1, 5).astype(int),
        f_visit=(ratings[2] - 3 + rng.normal(0, 0.8, N)).round(2),
    )


def run(folder, *, moments=MOMENTS, waves=("w1", "w2"), operations=OPERATIONS, **more):
    """Write the study, and run it whole."""
    for name, seed, mean in (("w1", 11, 4.0), ("w2", 12, 3.2)):
        wave(seed, bill_mean=mean).to_csv(folder / f"{name}.csv", index=False)
    dates = {"w1": ("2026-03-20", "2026-03-31"), "w2": ("2026-06-20", "2026-06-30")}
    text = {
        "study": "Small",
        "moments": [{"rating": m["id"], "name": m["id"].title()} | m for m in moments],
        "ratings": {"low": 1, "high": 5},
        "cluster": "shop",
        "outcomes": [
            {"id": "recommend", "column": "ltr", "kind": "score", "low": 0, "high": 10},
            {"id": "paid", "role": "revenue", "column": "paid", "kind": "amount"},
            {
                **{"id": "wallet", "role": "revenue", "goal": "share_of_wallet"},
                **{"column": "paid", "kind": "amount"},
            },
        ],
        "waves": [
            {"id": name, "file": f"{name}.csv", "from": dates[name][0], "to": dates[name][1]}
            for name in waves
        ],
        "rules": {"n_resamples": 60, "top": 3, "pool": {"revenue": 1}},
    } | more
    if operations is not None:
        (folder / "operations.csv").write_text(operations, encoding="utf-8")
        text["operations"] = {"file": "operations.csv"}
    (folder / "study.yml").write_text(json.dumps(text), encoding="utf-8")  # JSON is YAML
    return mot.run(folder, also=[])
