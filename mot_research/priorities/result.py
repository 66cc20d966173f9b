"""What to do: one row of evidence and one verdict per moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from mot_research.priorities.rules import Action, Check, GradeName, Verdict
from mot_research.study.definition import Moment, Rules

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METRICS = (
    "reach",
    "mean_rating",
    "top_box",
    "bottom_box",
    "gap_to_expectation",
    "importance_relationship",
    "importance_revenue",
    "penalty",
    "reward",
    "answered_in_time",
    "trend",
    "mentions",
    "negative_share",
    "revenue_at_stake",
    "consensus",
)


@dataclass(frozen=True)
class Metric:
    """One of the fifteen numbers of a moment, or the reason why there is none.

    ``value`` is None exactly where ``reason`` is not empty. ``n`` counts the
    respondents behind it (None where it is no count of people).
    """

    value: float | None
    ci_lower: float | None = None
    ci_upper: float | None = None
    n: int | None = None
    reason: str = ""

    def cells(self, name: str) -> dict[str, object]:
        """Return the cells of a frame, each column's name with the metric's before it."""
        return {
            name: self.value,
            f"{name}_ci_lower": self.ci_lower,
            f"{name}_ci_upper": self.ci_upper,
            f"{name}_n": self.n,
            f"{name}_reason": self.reason,
        }


@dataclass(frozen=True)
class Grade:
    """What one outcome's model says of one moment, for one role.

    ``effect`` is in outcome units per rating point, ``effect_sd`` per standard
    deviation of the rating among those who had the moment; ``share`` is the
    part of the explained importance (of 1). ``by`` is "contact" for a moment
    without a rating: its ``effect`` is that of an answer in time on the missed,
    and it has no share and no place. All numbers are None where the moment is
    not tested. ``checks`` are the rules that gave the grade.
    """

    role: str
    outcome: str
    grade: GradeName
    reason: str
    certain: bool = False
    flags: tuple[str, ...] = ()
    effect: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    q_value: float | None = None
    effect_sd: float | None = None
    share: float | None = None
    share_lower: float | None = None
    share_upper: float | None = None
    rank: int | None = None
    rank_lower: int | None = None
    rank_upper: int | None = None
    p_top: float | None = None
    p_top_each: float | None = None
    checks: tuple[Check, ...] = ()
    by: Literal["rating", "contact"] = "rating"


@dataclass(frozen=True)
class Combined:
    """The share of both roles by their weights, with what the common draws say of it.

    ``share`` is None where no role could rank the moment; the interval and
    ``rank_lower`` to ``rank_upper`` are None without resamples.
    """

    share: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    rank: int | None = None
    rank_lower: int | None = None
    rank_upper: int | None = None


@dataclass(frozen=True)
class Priority:
    """A moment with its verdict.

    ``place`` (from 1) and ``heading`` ("proven", "brand_bet", "likely") are
    None where the moment is not on the list. ``reason`` is one plain sentence
    made from the numbers. ``grades`` has one entry per role with an outcome.
    ``asymmetry`` is ``basic``, ``performance``, ``delight`` or ``undecided``.
    ``checks`` are the rules that gave verdict, action and place; those of a
    role are its grade's.
    """

    moment: Moment
    verdict: Verdict
    proven_for: tuple[str, ...]
    flags: tuple[str, ...]
    reason: str
    grades: Mapping[str, Grade]
    metrics: Mapping[str, Metric]
    combined: Combined
    asymmetry: str
    action: Action | None
    place: int | None = None
    heading: str | None = None
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Priorities:
    """Every moment of the study, those on the list first.

    ``top`` is the K of the rules (the smaller of ``rules.top`` and half the
    testable moments, rounded up); ``border`` says in words which places are
    settled and which cannot be told apart, ``tied`` are these. Where both
    roles rank, it is the border of the combined share.
    """

    rows: tuple[Priority, ...]
    rules: Rules
    top: int
    border: str
    tied: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def listed(self) -> tuple[Priority, ...]:
        return tuple(row for row in self.rows if row.place is not None)

    def __getitem__(self, moment_id: str) -> Priority:
        for row in self.rows:
            if row.moment.id == moment_id:
                return row
        raise KeyError(moment_id)

    def to_frame(self) -> pd.DataFrame:
        """One row per moment: names, verdict, reason, grades, the fifteen metrics.

        Each metric has four columns: its name, ``_ci_lower``, ``_ci_upper``,
        ``_n``, and ``_reason`` where any moment lacks it.
        """
        return pd.DataFrame([_flat(row) for row in self.rows]).set_index("moment")

    def plot(self, ax: Axes | None = None) -> Axes:
        """The priority matrix: importance against rating, with intervals."""
        from mot_research.report import matrix

        return matrix.priority_matrix(self, ax=ax)

    def _repr_html_(self) -> str:
        from mot_research.report.narrative import result_html

        return result_html.priorities_html(self)


def _flat(row: Priority) -> dict[str, object]:
    cells: dict[str, object] = {
        "moment": row.moment.id,
        "name": row.moment.name,
        "stage": row.moment.stage,
        "category": row.moment.category,
        "owner": row.moment.owner,
        "place": row.place,
        "heading": row.heading,
        "verdict": row.verdict,
        "proven_for": ", ".join(row.proven_for),
        "flags": ", ".join(row.flags),
        "action": row.action,
        "asymmetry": row.asymmetry,
        "reason": row.reason,
        "combined_share": row.combined.share,
    } | {
        f"combined_{name}": getattr(row.combined, name)
        for name in ("ci_lower", "ci_upper", "rank", "rank_lower", "rank_upper")
    }
    for role, grade in row.grades.items():
        cells |= {
            f"{role}_{name}": getattr(grade, name)
            for name in (
                "grade",
                "certain",
                "effect",
                "ci_lower",
                "ci_upper",
                "q_value",
                "share",
                "share_lower",
                "share_upper",
                "rank",
                "rank_lower",
                "rank_upper",
                "p_top",
                "p_top_each",
            )
        }
    for name in METRICS:
        cells |= row.metrics[name].cells(name)
    return cells
