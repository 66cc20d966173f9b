"""The scorecard of stages and owners: what was found, and how it shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from mot_research.priorities.result import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["stage", "owner"]


@dataclass(frozen=True)
class Line:
    """One stage or one owner, with all of its moments.

    Attributes
    ----------
    key, name : str
        Id and name of the stage, or the owner twice; both "" for the moments
        that have none.
    moments : tuple of str
        Ids, in the order of the study.
    verdicts : mapping of verdict to int
        How many of them have it.
    rating : Metric
        Mean of the moments' mean ratings, each counting once; ``n`` people
        rated at least one of them.
    change : Metric
        Of that mean since the wave before, over moments of both waves.
    rated, compared : tuple of str
        The moments in ``rating`` and in ``change``: those that 30 rated.
    importance : mapping of role to Metric
        Share of the importance (of 1); ``n`` answers stand behind it.
    across : mapping of str to tuple of str
        Of a stage: its owners ("" where none is named), each with its moments;
        of an owner: the stages likewise.
    partners, handoffs, metrics : tuple of str
        Each once.
    partner_of : tuple of str
        Of an owner: moments of others that it helps with.
    """

    key: str
    name: str
    moments: tuple[str, ...]
    verdicts: Mapping[str, int]
    rating: Metric
    change: Metric
    rated: tuple[str, ...]
    compared: tuple[str, ...]
    importance: Mapping[str, Metric]
    across: Mapping[str, tuple[str, ...]]
    partners: tuple[str, ...] = ()
    handoffs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    partner_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scorecard:
    """Whole stages and single silos, held accountable by the same numbers.

    Attributes
    ----------
    wave : str
        Whose ratings and verdicts they are.
    earlier : str or None
        The usable wave before it.
    stages : tuple of Line
        In the order of the study, those without a moment too; moments without
        a stage last. Where no moment has a stage, one line with all of them.
    owners : tuple of Line
        In the order of the study; moments without an owner last.
    ratings : DataFrame
        Every stage in every usable wave: ``stage``, ``wave``, ``rating``,
        ``ci_lower``, ``ci_upper``, ``n``, ``reason``.
    operations : DataFrame
        The metrics that a moment names beside the ratings of those moments, in
        this wave and the one before; see ``priorities.operational``. Empty
        without a file of them.
    metrics : DataFrame
        Every metric in every wave, as ``survey.operations.metrics_by_wave``.
    goals : DataFrame
        What each analysed outcome says of each moment: ``moment``,
        ``outcome``, ``goal``, ``grade``, ``effect``, ``ci_lower``,
        ``ci_upper``, ``q_value``, ``reason``.
    confidence : float
        Of every interval.
    """

    wave: str
    earlier: str | None
    stages: tuple[Line, ...]
    owners: tuple[Line, ...]
    ratings: pd.DataFrame
    operations: pd.DataFrame
    metrics: pd.DataFrame
    goals: pd.DataFrame
    confidence: float

    @property
    def unowned(self) -> tuple[str, ...]:
        """Ids of the moments that nobody owns."""
        return next((line.moments for line in self.owners if not line.key), ())

    def to_frame(self, by: Kind = "stage") -> pd.DataFrame:
        """One row per stage, or per owner, with every number of its line."""
        lines = self.stages if by == "stage" else self.owners
        other = "owners" if by == "stage" else "stages"
        return pd.DataFrame([_flat(line, by, other) for line in lines]).set_index(by)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Each stage's verdicts, mean rating and share of importance, with who owns it."""
        from mot_research.report import scorecard_chart

        return scorecard_chart.stage_scorecard(self, ax=ax)

    def _repr_html_(self) -> str:
        from mot_research.report.narrative import scorecards

        return scorecards.scorecard_html(self)


def _flat(line: Line, by: Kind, other: str) -> dict[str, object]:
    cells: dict[str, object] = {by: line.key, "name": line.name, "moments": len(line.moments)}
    cells |= {f"n_{verdict}": number for verdict, number in line.verdicts.items()}
    numbers = {"rating": line.rating, "change": line.change}
    numbers |= {f"importance_{role}": metric for role, metric in line.importance.items()}
    for name, metric in numbers.items():
        cells |= metric.cells(name)
    return cells | {
        "rated": len(line.rated),
        "compared": len(line.compared),
        other: "; ".join(f"{name or 'none'}: {len(ids)}" for name, ids in line.across.items()),
        "partners": "; ".join(line.partners),
        "handoffs": "; ".join(line.handoffs),
        "metrics": "; ".join(line.metrics),
        "partner_of": "; ".join(line.partner_of),
        "moment_ids": "; ".join(line.moments),
    }
