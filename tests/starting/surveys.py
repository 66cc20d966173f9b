"""A part of the example's last wave as an SPSS file, with the labels that a survey tool writes."""

from pathlib import Path

import pandas as pd
import pyreadstat

ROOT = Path(__file__).parents[2]
WAVE = ROOT / "data" / "example" / "waves" / "2026q3.csv"
SCALE = {
    1.0: "Very dissatisfied", 2.0: "Dissatisfied", 3.0: "Neither", 4.0: "Satisfied",
    5.0: "Very satisfied", 6.0: "Did not happen to me", 9.0: "No answer",
}  # fmt: skip
QUESTIONS = {
    "q01_coverage_check": "Q1. How satisfied were you with: Checking the coverage at home",
    "q03_plan_advice": "Q1. How satisfied were you with: The advice on a plan",
    "q07_first_bill": "Q1. How satisfied were you with: The first bill",
    "q08_hotline_person": "Q1. How satisfied were you with: Getting through to a person",
    "q14_network_daily": "Q1. How satisfied were you with: The network in daily life",
}
RECOMMEND = "How likely are you to recommend us to a friend or colleague?"


def wave(n: int = 400) -> pd.DataFrame:
    """The first rows of the wave, coded as SPSS codes them."""
    frame = pd.read_csv(WAVE).head(n)
    kept = ["customer_id", "weight", "branch", "plan", "tenure_years", "ltr", "renewed", *QUESTIONS]
    frame = frame[kept].assign(
        plan=frame["plan"].astype("category").cat.codes + 1.0,
        interview=pd.to_datetime(frame["interview"]),
        language=1.0 + (pd.RangeIndex(n) % 3),
    )
    for name in QUESTIONS:
        frame[name] = frame[name].where(frame[name] != 0, 9).fillna(9).astype(float)
    return frame


def write_sav(path: Path, n: int = 400) -> pd.DataFrame:
    """Write the wave with labels of columns and codes, and 9 declared missing; return it."""
    frame = wave(n)
    languages = {1.0: "English", 2.0: "French", 3.0: "Good old Latin"}
    pyreadstat.write_sav(
        frame,
        path,
        column_labels={**QUESTIONS, "ltr": RECOMMEND, "language": "Language"},
        variable_value_labels={
            **dict.fromkeys(QUESTIONS, SCALE),
            "ltr": {0.0: "Not at all likely", 10.0: "Extremely likely", 11.0: "Don't know"},
            "renewed": {0.0: "No", 1.0: "Yes"},
            "plan": {1.0: "business", 2.0: "contract", 3.0: "prepaid"},
            "language": languages,
        },
        missing_ranges={name: [9.0] for name in QUESTIONS},
    )
    return frame
