"""Findings for other tools: ``findings.json`` and the manifest of a run.

No clock time, host name or absolute path is in them: the same inputs and seed
give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import pandas as pd

from mot_research.drivers.change import Change
from mot_research.drivers.missed_contacts import MissedContact
from mot_research.drivers.paths import Paths
from mot_research.drivers.reliability import Reliability
from mot_research.drivers.result import DriverResult
from mot_research.drivers.segments import Segments
from mot_research.findings import Findings
from mot_research.priorities.by_segment import SegmentPriorities
from mot_research.priorities.result import Priority
from mot_research.priorities.triangulation import triangles_frame, triangulate
from mot_research.priorities.voice import VoiceOfWave, shown_count
from mot_research.report.accountability_frames import accountability_record
from mot_research.report.activity_frames import steps_frame, ways_frame
from mot_research.report.shown_counts import (
    shown_absences,
    shown_contacts,
    shown_groups,
    without_small_numbers,
)
from mot_research.report.value_record import value_record
from mot_research.study.consensus import Consensus
from mot_research.study.manifests import rules_of

SCHEMA_VERSION = 1


def findings_record(findings: Findings) -> dict[str, Any]:
    """Everything found, as plain lists, mappings, texts and numbers.

    What is not estimable is null, with its reason beside it.
    """
    study = findings.study
    return _plain(
        {
            "schema_version": SCHEMA_VERSION,
            "study": study.name,
            "wave": findings.wave,
            "part": None if findings.part is None else findings.part._asdict(),
            "simulated": findings.simulated,
            "seed": study.rules.seed,
            "versions": dict(findings.versions),
            "inputs": [asdict(entry) for entry in findings.inputs],
            "outcomes": [
                _outcome(findings, outcome_id, result)
                for outcome_id, result in findings.drivers.items()
            ],
            "outcomes_alone": [
                _outcome(findings, outcome_id, result)
                for outcome_id, result in findings.alone.items()
            ],
            "top": findings.priorities.top,
            "border": findings.priorities.border,
            "priorities": [_priority(row) for row in findings.priorities.rows],
            "absences": _rows(shown_absences(findings.absences)),
            "contacts": _contacts(findings),
            "activity": _activity(findings),
            "voice": _voice(findings.voice),
            "triangulation": _rows(
                triangles_frame(
                    triangulate(findings.priorities, findings.voice, findings.shortlist)
                ),
                index=False,
            ),
            "consensus": _consensus(findings.consensus),
            "change": [_change(entry) for entry in findings.change.values()],
            "not_compared": dict(findings.not_compared),
            "prediction": [asdict(entry) for entry in findings.prediction.values()],
            "segments": [
                _segment(findings, entry)
                for by_outcome in findings.segments.values()
                for entry in by_outcome.values()
            ],
            "value": value_record(findings),
            "segment_priorities": [
                _segment_verdicts(entry) for entry in findings.segment_priorities.values()
            ],
            "paths": [_paths(one) for one in findings.paths.values()],
            "robustness": [
                {
                    "outcome": one.outcome,
                    "condition_index": one.condition_index,
                    "conditions": _rows(one.conditions, index=False),
                    "moments": _rows(one.to_frame()),
                    "left_out": _rows(one.left_out, index=False),
                    "not_left_out": list(one.not_left_out),
                }
                for one in findings.robustness.values()
            ],
            "sample_sizes": [
                {
                    "outcome": one.outcome,
                    "n_obs": one.n_obs,
                    "power": one.power,
                    "border": one.border,
                    "border_pair": list(one.border_pair),
                    "moments": _rows(one.to_frame()),
                }
                for one in findings.sample_sizes.values()
            ],
            **accountability_record(findings),
            "reliability": _reliability(findings.reliability),
            "warnings": list(findings.warnings),
            "problems": _rows(findings.problems.drop(columns="examples"), index=False),
        }
    )


def manifest_record(findings: Findings) -> dict[str, Any]:
    """What went into a run: files with their hashes, versions, seed, rules."""
    rules = rules_of(findings.study.rules)
    return _plain(
        {
            "schema_version": SCHEMA_VERSION,
            "study": findings.study.name,
            "wave": findings.wave,
            "part": None if findings.part is None else findings.part._asdict(),
            "seed": findings.study.rules.seed,
            "versions": dict(findings.versions),
            "inputs": [asdict(entry) for entry in findings.inputs],
            "rules": rules,
            "rules_sha256": rules_hash(findings),
        }
    )


def rules_hash(findings: Findings) -> str:
    """A fingerprint of the rules that turned numbers into verdicts."""
    rules = rules_of(findings.study.rules)
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


def _outcome(findings: Findings, outcome_id: str, result: DriverResult) -> dict[str, Any]:
    outcome = findings.study.outcome(outcome_id)
    return {
        "id": outcome_id,
        "name": outcome.name,
        "role": outcome.role,
        "goal": outcome.goal,
        "kind": result.kind,
        "model": result.model,
        "waves": list(result.waves),
        "n_obs": result.n_obs,
        "n_effective": result.n_effective,
        "n_units": result.n_units,
        "n_strata": result.n_strata,
        "r_squared": result.r_squared,
        "r_squared_controls": result.r_squared_controls,
        "outcome_mean": result.outcome_mean,
        "outcome_sd": result.outcome_sd,
        "top": result.top,
        "confidence": result.confidence,
        "n_resamples": result.n_resamples,
        "missing": result.missing,
        "moments": [
            {**row, "not_tested": result.not_tested.get(row["driver"])}
            for row in _rows(without_small_numbers(result.to_frame()))
        ],
        "further": _rows(result.further) if len(result.further.columns) else [],
        "computed": list(result.computed),
        "warnings": list(result.warnings),
        "cautions": [asdict(caution) for caution in result.cautions],
    }


def _contacts(findings: Findings) -> list[dict[str, Any]]:
    """One entry for each moment with a trigger: who was answered, and what missing costs."""
    found = findings.contacts
    if found is None:
        return []
    shown = shown_contacts(found.counts)
    by_moment = shown[shown["moment"] != ""].groupby("moment", sort=False)
    return [
        {
            "moment": moment,
            "log": {
                "first": f"{found.first:%Y-%m-%d}",
                "last": f"{found.last:%Y-%m-%d}",
                "of_a_survey": found.of_a_survey,
                "scaled": found.scaled,
            },
            "counts": _rows(counts.drop(columns=["moment", "name"]), index=False),
            "effects": [_missed(one) for one in found.effects if one.moment == moment],
        }
        for moment, counts in by_moment
    ]


def _activity(findings: Findings) -> dict[str, Any] | None:
    found = findings.activity
    if found is None:
        return None
    return {
        "confidence": found.confidence,
        "steps": _rows(steps_frame(found), index=False),
        "ways": _rows(ways_frame(found), index=False),
    }


def _missed(one: MissedContact) -> dict[str, Any]:
    frames = {
        name: [] if frame is None else _rows(frame)
        for name, frame in (("overlap", one.overlap), ("balance", one.balance))
    }
    told = {field.name: getattr(one, field.name) for field in fields(one)}
    return told | shown_groups(told) | frames


def _paths(one: Paths) -> dict[str, Any]:
    return {
        "outcome": one.outcome,
        "mediator": one.mediator,
        "waves": list(one.waves),
        "n_obs": one.n_obs,
        "b": one.b,
        "b_ci_lower": one.b_ci_lower,
        "b_ci_upper": one.b_ci_upper,
        "confidence": one.confidence,
        "note": one.note,
        "moments": _rows(one.to_frame()),
    }


def _reliability(one: Reliability | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "wave": one.wave,
        "halo": one.halo,
        "halo_correlation": one.halo_correlation,
        "n_ratings": one.n_ratings,
        "n_pairs": one.n_pairs,
        "scales": _rows(one.to_frame()),
    }


def _voice(found: VoiceOfWave | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    return [
        {
            "moment": name,
            "n_comments": shown_count(each.n_comments),
            "mentions": asdict(each.mentions),
            "negative_share": asdict(each.negative_share),
            "salience": each.salience,
            "matched_by": found.matched_by,
            "quotes": [asdict(quote) for quote in each.quotes],
        }
        for name, each in found.moments.items()
    ]


def _consensus(found: Consensus | None) -> dict[str, Any] | None:
    if found is None:
        return None
    tables = ("measures", "stages", "silos", "pairs", "answers", "moments")
    return {
        "confidence": found.confidence,
        "n_resamples": found.n_resamples,
        "seed": found.seed,
        **{name: _rows(getattr(found, name)) for name in tables},
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "outcome": change.outcome,
        "model": change.model,
        "wave_a": change.wave_a,
        "wave_b": change.wave_b,
        "n_obs": list(change.n_obs),
        "confidence": change.confidence,
        "n_resamples": change.n_resamples,
        "n_importance_resamples": change.n_importance_resamples,
        "mean": _rows(change.mean, index=False)[0],
        "terms": _rows(change.terms),
        "parts": _rows(change.parts),
        "tests": _rows(change.tests),
        "last_plan": _rows(change.last_plan) if not change.last_plan.empty else [],
        "left_out": dict(change.left_out),
        "notes": list(change.notes),
    }


def _segment(findings: Findings, found: Segments) -> dict[str, Any]:
    return {
        "segment": found.segment,
        "outcome": found.outcome,
        "waves": list(found.waves),
        "confidence": found.confidence,
        "n_resamples": found.n_resamples,
        "values": _rows(found.values),
        "cells": _rows(found.cells),
        "results": [
            {"value": value, **_outcome(findings, found.outcome, result)}
            for value, result in found.results.items()
        ],
        "differences": _rows(found.differences),
        "flips": _rows(found.flips),
        "notes": list(found.notes),
    }


def _segment_verdicts(found: SegmentPriorities) -> dict[str, Any]:
    return {
        "segment": found.segment,
        "values": [
            {
                "value": value,
                "moments": [{"moment": name, **asdict(one)} for name, one in by_moment.items()],
            }
            for value, by_moment in found.verdicts.items()
        ],
        "refused": dict(found.refused),
    }


def _priority(row: Priority) -> dict[str, Any]:
    moment = row.moment
    return {
        "moment": moment.id,
        "name": moment.name,
        "stage": moment.stage,
        "category": moment.category,
        "owner": moment.owner,
        "place": row.place,
        "heading": row.heading,
        "verdict": row.verdict,
        "proven_for": list(row.proven_for),
        "flags": list(row.flags),
        "action": row.action,
        "asymmetry": row.asymmetry,
        "combined_share": row.combined.share,
        "combined": asdict(row.combined),
        "reason": row.reason,
        "grades": {role: asdict(grade) for role, grade in row.grades.items()},
        "checks": [asdict(check) for check in row.checks],
        "metrics": {name: asdict(metric) for name, metric in row.metrics.items()},
    }


def _rows(frame: pd.DataFrame, *, index: bool = True) -> list[dict[str, Any]]:
    return (frame.reset_index() if index else frame).to_dict("records")  # type: ignore[return-value]


def _plain(value: Any) -> Any:
    """Only what JSON knows: numpy numbers as numbers, what is missing as null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "item"):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if pd.isna(value) else str(value)
