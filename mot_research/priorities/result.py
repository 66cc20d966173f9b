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

    Attributes
    ----------
    value : float or None
        None exactly where ``reason`` is not empty.
    ci_lower, ci_upper : float or None
        Its interval; None where it has none.
    n : int or None
        Respondents behind it; None where it is no count of people.
    reason : str
        Why there is no number.
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

    All numbers are None where the moment is not tested.

    Attributes
    ----------
    role, outcome : str
        Whose first outcome it is, and its id.
    grade : {"proven", "likely", "minor", "not_proven", "not_tested"}
        By the rules; see the page on verdicts.
    reason : str
        One sentence made from the numbers.
    certain : bool
        Proven, and the worst rank that the data leave open is among the top.
    flags : tuple of str
        Such as ``rare_but_decisive`` or ``reversed``.
    effect, ci_lower, ci_upper : float or None
        Outcome units per rating point, with its interval.
    q_value : float or None
        Of the effect, by Benjamini & Hochberg.
    effect_sd : float or None
        Effect per standard deviation of the rating among those who had the moment.
    share, share_lower, share_upper : float or None
        Part of the explained importance, of 1, with its interval.
    rank, rank_lower, rank_upper : int or None
        Place by importance, with its simultaneous interval.
    p_top, p_top_each : float or None
        Share of the resamples in which it is among the top: across all customers, and for
        each who had it.
    checks : tuple of Check
        The rules that gave the grade.
    by : {"rating", "contact"}
        "contact" for a moment without a rating: its ``effect`` is that of an answer in time
        on the missed, and it has no share and no place.
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

    Attributes
    ----------
    share : float or None
        Of 1; None where no role could rank the moment.
    ci_lower, ci_upper : float or None
        Its interval; None without resamples.
    rank, rank_lower, rank_upper : int or None
        Place by it, with its simultaneous interval; the ends None without resamples.
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

    Attributes
    ----------
    moment : Moment
        As the study defines it.
    verdict : str
        ``proven``, ``brand_bet``, ``likely``, ``minor``, ``not_proven`` or ``not_tested``.
    proven_for : tuple of str
        The roles.
    flags : tuple of str
        What to know beside the verdict.
    reason : str
        One plain sentence made from the numbers.
    grades : mapping of role to Grade
        One for each role with an outcome.
    metrics : mapping of str to Metric
        The fifteen numbers, by their names in ``METRICS``.
    combined : Combined
        The share of both roles.
    asymmetry : {"basic", "performance", "delight", "undecided"}
        Must be right every time, pays alike, or a place to shine.
    action : str or None
        ``fix``, ``protect``, ``wow``, ``bet``, ``find_out`` or ``stop_and_ask``.
    place : int or None
        On the list, from 1; None where it is not on it.
    heading : {"proven", "brand_bet", "likely"} or None
        Under which it stands there.
    checks : tuple of Check
        The rules that gave verdict, action and place; those of a role are its grade's.
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

    ``priorities["first_bill"]`` is the row of one moment.

    Attributes
    ----------
    rows : tuple of Priority
        Every moment.
    rules : Rules
        The study's thresholds.
    top : int
        The K of the rules: the smaller of ``rules.top`` and half the testable moments,
        rounded up.
    border : str
        In words, which places are settled and which cannot be told apart. Where both roles
        rank, it is the border of the combined share.
    tied : tuple of str
        Ids of the moments that cannot be told apart.
    warnings : tuple of str
        Sentences for the reader.
    """

    rows: tuple[Priority, ...]
    rules: Rules
    top: int
    border: str
    tied: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def listed(self) -> tuple[Priority, ...]:
        """Those on the list, in its order."""
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
