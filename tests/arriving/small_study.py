"""A small study with one wave, and files that could be its next."""

from pathlib import Path

import numpy as np
import pandas as pd

from mot_research.study.reading import read_study

N = 160
STUDY = """\
# Our study. Notes are to stay.
study: {name: Harbour Mobile}
moments:
  - {id: first_bill, name: First bill arrives, rating: q12_first_bill}   # the worst
  - {id: outage, name: Outage call, rating: q13_outage}
  - {id: shop, name: Advice in the shop, rating: q14_shop}
ratings: {low: 1, high: 5, not_experienced: [6], blank: [0]}
outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]
respondent: customer
weight: weight
segments: [plan]

waves:
  - {id: 2026Q1, file: waves/2026q1.csv, from: 2026-01-10, to: 2026-02-02}   # the first

rules: {n_resamples: 50}
"""
LABELS = {
    "V1": "Customer number",
    "V2": "Q12. First bill arrives",
    "V3": "Thinking of the Outage call: how did it go?",
    "V4": "Q14 Advice in the shop",
    "V5": "recommend",
    "V6": "weight",
    "V7": "plan",
}


def rows(seed, *, start=1000, n=N):
    """Answers of one wave: everything as in the study, and a column that it does not ask for."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)
    ratings = {
        name: np.clip(np.round(3.4 + 0.7 * mood + rng.normal(size=n)), 1, 5).astype(int)
        for name in ("q12_first_bill", "q13_outage", "q14_shop")
    }
    ratings["q14_shop"][rng.random(n) < 0.4] = 6
    return pd.DataFrame(
        {
            "customer": [f"C{start + row}" for row in range(n)],
            "day": "2026-04-12",
            **ratings,
            "ltr": np.clip(np.round(6 + 1.6 * mood + rng.normal(size=n)), 0, 10).astype(int),
            "weight": np.round(rng.uniform(0.6, 1.6, n), 3),
            "plan": rng.choice(["contract", "prepaid"], n),
        }
    )


def small_study(folder: Path, text: str = STUDY) -> Path:
    """Write the study and its first wave; return its folder."""
    (folder / "waves").mkdir(parents=True)
    rows(1).to_csv(folder / "waves" / "2026q1.csv", index=False)
    (folder / "study.yml").write_text(text, encoding="utf-8")
    read_study(folder)
    return folder


def as_spss(frame: pd.DataFrame, path: Path) -> Path:
    """Write a wave as an SPSS file with the names V1, V2 … and labels."""
    import pyreadstat

    renamed = frame.drop(columns="day").set_axis(list(LABELS), axis=1)
    pyreadstat.write_sav(renamed, path, column_labels=list(LABELS.values()))
    return path


def every_byte(folder: Path) -> dict[str, bytes]:
    """What a folder holds, to the byte."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
    }
