"""The verdicts of each value of a segment, by the rules of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mot_research.drivers.segments import Segments
from mot_research.priorities import reasons
from mot_research.priorities.result import Grade
from mot_research.priorities.rules import Check, Verdict, verdict_by
from mot_research.priorities.verdicts import grades
from mot_research.study.definition import Outcome, Study


@dataclass(frozen=True)
class SegmentVerdict:
    """What the answers of one value say of one moment; its action is the whole's affair.

    Attributes
    ----------
    verdict : str
        As of a ``Priority``.
    proven_for : tuple of str
        The roles.
    reason : str
        One sentence made from the numbers.
    grades : mapping of role to Grade
        By the answers of this value alone.
    """

    verdict: Verdict
    proven_for: tuple[str, ...]
    reason: str
    grades: Mapping[str, Grade]


@dataclass(frozen=True)
class SegmentPriorities:
    """The verdicts by value and moment, and the values too small for any.

    Each value has its own family of tests (q) for each outcome, and its own K.
    Effects are of least squares, whatever the outcome, as in ``Segments``.

    Attributes
    ----------
    segment : str
        Its column.
    verdicts : mapping of value to mapping of moment id to SegmentVerdict
        Of the values that are large enough.
    refused : mapping of value to str
        Why a value has none.
    """

    segment: str
    verdicts: Mapping[str, Mapping[str, SegmentVerdict]]
    refused: Mapping[str, str]


def segment_priorities(
    study: Study, wave_id: str, segments: Mapping[str, Mapping[str, Segments]]
) -> dict[str, SegmentPriorities]:
    """Give every moment its verdict in each value of each segment.

    Parameters
    ----------
    study : Study
    wave_id : str
    segments : mapping of segment to mapping of outcome id to Segments
        As analysed; nothing is computed again. An outcome decides for its role.
    """
    return {
        segment: _of_segment(study, wave_id, segment, by_outcome)
        for segment, by_outcome in segments.items()
        if by_outcome
    }


def _of_segment(
    study: Study, wave_id: str, segment: str, by_outcome: Mapping[str, Segments]
) -> SegmentPriorities:
    by_value: dict[str, dict[str, dict[str, Grade]]] = {}
    refused: dict[str, str] = {}
    for name, found in by_outcome.items():
        outcome = _as_analysed(study.outcome(name))
        for value, row in found.values.iterrows():
            result = found.results.get(str(value))
            if result is None:
                refused.setdefault(str(value), str(row["reason"]))
                continue
            for moment, grade in grades(study, wave_id, outcome, result).items():
                by_value.setdefault(str(value), {}).setdefault(moment, {})[outcome.role] = grade
    return SegmentPriorities(
        segment=segment,
        verdicts={
            value: {name: _verdict(study, name, of_role) for name, of_role in by_moment.items()}
            for value, by_moment in by_value.items()
        },
        refused={value: why for value, why in refused.items() if value not in by_value},
    )


def _as_analysed(outcome: Outcome) -> Outcome:
    """The outcome as least squares sees it: ordered answers are their numbers."""
    return outcome.model_copy(update={"kind": "score"}) if outcome.kind == "ordered" else outcome


def _verdict(study: Study, moment_id: str, of_role: Mapping[str, Grade]) -> SegmentVerdict:
    moment = study.moment(moment_id)
    proven_for = tuple(role for role, grade in of_role.items() if grade.grade == "proven")
    checks = (Check("proven", bool(proven_for)), Check("brand_bet", bool(moment.brand_bet)))
    verdict = verdict_by(checks, [grade.grade for grade in of_role.values()])
    reason = reasons.verdict(moment, verdict, proven_for, of_role)
    return SegmentVerdict(verdict, proven_for, reason, of_role)
