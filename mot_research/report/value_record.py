"""What the moments are worth, as other tools and spreadsheets read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from mot_research.drivers.gains import JointGain
from mot_research.findings import Findings
from mot_research.priorities.value import Value


def value_record(findings: Findings) -> dict[str, Any]:
    """Return the key ``value`` of findings.json: the reason alone where there is none."""
    value = findings.value
    if value is None:
        return {"reason": findings.no_value}
    return {
        "reason": "",
        "outcome": value.outcome,
        "kind": value.kind,
        "role": value.role,
        "counted_in": value.counted_in,
        "currency": value.currency,
        "customers": value.customers,
        "population": value.population,
        "wave": value.wave,
        "waves": list(value.waves),
        "days": value.days,
        "confidence": value.confidence,
        "additive": value.additive,
        "today": value.today,
        "moments": _rows(value.table),
        "listed": _joint(value.listed, value),
        "claimed": _joint(value.claimed, value),
        "purchases": [asdict(purchase) for purchase in value.purchases],
        "steps": _rows(value.steps),
        "planning": _rows(value.planning),
        "lifts": {
            outcome: {"wave": lifts.wave, "waves": list(lifts.waves), "moments": _rows(lifts.table)}
            for outcome, lifts in value.lifts.items()
        },
        "notes": list(value.notes),
    }


def value_sheets(value: Value) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the tables of the value, each with its title."""
    yield "value", value.to_frame().reset_index()
    if not value.planning.empty:
        yield "planning", value.planning.reset_index()
    if value.purchases:
        bought = pd.DataFrame([asdict(purchase) for purchase in value.purchases])
        yield "plans", bought.assign(moments=bought["moments"].map(", ".join))
    for outcome, lifts in value.lifts.items():
        yield f"lifts {outcome}", lifts.to_frame()


def _joint(gain: JointGain | None, value: Value) -> dict[str, float] | None:
    if gain is None:
        return None
    lower, upper = gain.interval(value.confidence)
    return {
        "per_customer": gain.per_customer,
        "ci_lower": lower,
        "ci_upper": upper,
        "gain": value.customers * gain.per_customer,
        "gain_ci_lower": value.customers * lower,
        "gain_ci_upper": value.customers * upper,
        "beyond_scale": gain.beyond_scale,
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    found = frame.reset_index() if frame.index.name else frame
    return [{str(k): v for k, v in row.items()} for row in found.to_dict("records")]
