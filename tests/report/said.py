"""A voice and a workshop made by hand, for findings made by hand."""

import functools
import itertools

import numpy as np
import pandas as pd

from mot_research.findings import Findings
from mot_research.priorities.result import Metric
from mot_research.priorities.voice import MomentVoice, Quote, VoiceOfWave
from mot_research.study.consensus import Consensus, consensus
from mot_research.study.definition import Rules, Study

SILOS = ("Marketing", "Sales", "Customer care", "Network", "Billing", "IT")
VOTES = ["participant", "silo", "moment", "stage", "category", "shortlisted", "rank"]


def voice(ids: list[str], texts: tuple[str, ...] = ("Nobody told me.",)) -> VoiceOfWave:
    """The first moment loud, one suppressed, one silent, the others heard."""
    moments = {}
    for i, name in enumerate(ids):
        quotes = tuple(Quote(text, "call", -1) for text in texts[i % len(texts) :][:3])
        moments[name] = (
            MomentVoice(
                140 - i,
                Metric(0.1 / (i + 1), 0.08 / (i + 1), 0.12 / (i + 1), 1500),
                Metric(0.6, 0.4, 0.8, 140 - i),
                0.2 / (i + 1),
                quotes,
            )
            if i % 5 < 3
            else MomentVoice(
                0, Metric(0.0, n=1500), Metric(None, n=0, reason="nobody mentions it"), 0.0
            )
            if i % 5 == 3
            else MomentVoice(4, *[Metric(None, reason="suppressed: fewer than 10")] * 2)
        )
    columns = ["n_coded", "n_matched", "n_both", "precision", "recall", "kappa"]
    rows = [[40, 30, 20, 0.67, 0.5, 0.4]] * (len(ids) + 1)
    agreement = pd.DataFrame(rows, index=[*ids, ""], columns=columns)
    return VoiceOfWave("2026Q3", moments, 400, 12, "codes", True, agreement)


def workshop(study: Study, silos=SILOS, *, seed: int = 1, alike: bool = False) -> Consensus:
    ids = tuple(moment.id for moment in study.moments)
    return _workshop(ids, tuple(silos), seed, alike)


@functools.cache
def _workshop(ids: tuple[str, ...], silos: tuple[str, ...], seed: int, alike: bool) -> Consensus:
    study = Study.model_validate({"study": "S", "moments": [{"id": n, "name": n} for n in ids]})
    rng = np.random.default_rng(seed)
    stages = [stage.id for stage in study.stages]
    rows = [
        (
            f"{silo} {k}",
            silo,
            moment,
            stages[0 if alike else rng.integers(3)],
            "rescue",
            1.0 if alike else float(rng.random() < 0.5),
            np.nan,
        )
        for silo, k, moment in itertools.product(silos, range(3), ids)
    ]
    return consensus(study, pd.DataFrame(rows, columns=VOTES), Rules(n_resamples=50))


def of(findings: Findings, texts: tuple[str, ...] = ("Nobody told me.",)) -> dict[str, object]:
    """Both, as fields of findings."""
    ids = [moment.id for moment in findings.study.moments]
    return {"voice": voice(ids, texts), "consensus": workshop(findings.study)}
