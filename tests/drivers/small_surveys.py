"""Small surveys, written and read as any other."""

import json

import numpy as np
import pandas as pd

import mot_research as mot
from mot_research.drivers.waves import study_units
from mot_research.statistics.resampling import draw

N = 600
MOMENTS = ("a", "b", "c")


def wave_frame(seed, *, n=N, effects=(0.5, 0.3, 0.0), means=(3.5, 3.5, 3.5), reach=(1, 1, 1)):
    """Ratings 1 to 5 (6: not experienced), a control, and an outcome they move."""
    rng = np.random.default_rng(seed)
    columns, y = {}, rng.normal(size=n)
    age = rng.normal(40, 10, n)
    for name, effect, mean, share in zip(MOMENTS, effects, means, reach, strict=True):
        rating = np.clip(np.round(rng.normal(mean, 1.1, n)), 1, 5)
        had = rng.random(n) < share
        columns[name] = np.where(had, rating, 6)
        y = y + had * effect * (rating - 3)
    return pd.DataFrame({**columns, "age": age, "y": 10 + y + 0.02 * age})


def study_of(folder, frames, *, n_resamples=100, **more):
    """Write the frames as waves of a study; return its survey, units and common draws."""
    text = {
        "study": {"name": "Small"},
        "moments": [{"id": name, "name": name.upper(), "rating": name} for name in MOMENTS],
        "ratings": {"low": 1, "high": 5, "not_experienced": [6], "blank": [0]},
        "outcomes": [{"id": "y", "column": "y", "kind": "amount"}],
        "waves": [],
        "rules": {"n_resamples": n_resamples, "min_n": 30},
    }
    text |= more
    waves = more.get("waves", {})
    text["waves"] = []
    for wave, frame in frames.items():
        frame.to_csv(folder / f"{wave}.csv", index=False)
        text["waves"].append({"id": wave, "file": f"{wave}.csv"} | waves.get(wave, {}))
    # JSON is YAML
    (folder / "study.yml").write_text(json.dumps(text), encoding="utf-8")
    survey = mot.read_survey(mot.read_study(folder / "study.yml"))
    assert not survey.has_errors, survey.problems.to_string()
    units = study_units(survey)
    return survey, units, draw(units.units, n_resamples, 1)
