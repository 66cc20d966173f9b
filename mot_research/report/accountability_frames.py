"""Accountability for other tools: sheets of evidence.xlsx, and keys of findings.json."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from mot_research.findings import Findings
from mot_research.study.completeness import completeness, purposes_by_stage


def accountability_frames(findings: Findings) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield a titled table for each part of the accountability that the findings have."""
    card = findings.scorecard
    if card is not None:
        yield "stages", card.to_frame().reset_index()
        yield "owners", card.to_frame("owner").reset_index()
        yield "ratings by stage", card.ratings
        yield "goals", card.goals
        if len(card.metrics):
            yield (
                "operations",
                card.operations.assign(
                    moments=["; ".join(moments) for moments in card.operations["moments"]]
                ),
            )
            yield "operations by wave", card.metrics
    if findings.beside:
        yield "beside the rating", pd.json_normalize(_beside(findings), sep=" ")
    if findings.study.moments:
        yield "completeness", completeness(findings.study).reset_index()
        yield "purposes by stage", purposes_by_stage(findings.study).reset_index()


def accountability_record(findings: Findings) -> dict[str, Any]:
    """Return the keys ``scorecard``, ``beside`` and ``inventory`` of the findings."""
    card, study = findings.scorecard, findings.study
    return {
        "scorecard": None
        if card is None
        else {
            "wave": card.wave,
            "earlier": card.earlier,
            "confidence": card.confidence,
            "stages": [asdict(line) for line in card.stages],
            "owners": [asdict(line) for line in card.owners],
            "unowned": card.unowned,
            "ratings": card.ratings.to_dict("records"),
            "operations": card.operations.to_dict("records"),
            "operations_by_wave": card.metrics.to_dict("records"),
            "goals": card.goals.to_dict("records"),
        },
        "beside": _beside(findings),
        "inventory": {
            "moments": completeness(study).reset_index().to_dict("records"),
            "purposes_by_stage": purposes_by_stage(study).reset_index().to_dict("records"),
        },
    }


def _beside(findings: Findings) -> list[dict[str, Any]]:
    return [asdict(one) | {"promise": one.promise} for one in findings.beside.values()]
