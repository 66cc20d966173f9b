"""What an analysis is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mot_research.drivers.outcome_models import MODELS as NONLINEAR_MODELS
from mot_research.errors import AnalysisError, shown

Kind = Literal["score", "ordered", "binary", "amount", "share"]
Missing = Literal["em", "drop"]

MODELS: Mapping[str, str] = {"score": "least squares", **NONLINEAR_MODELS}


@dataclass(frozen=True)
class Options:
    """What an analysis is asked to do, checked once."""

    kind: Kind = "score"
    missing: Missing = "em"
    top: int = 10
    min_n: float = 0.0
    n_resamples: int = 2000
    confidence: float = 0.95
    seed: int = 1
    outcome_scale: tuple[float, float] | None = None
    influence: bool = True  # of each unit on the importances, which a sample size stands on

    def __post_init__(self) -> None:
        for name, allowed in (("kind", tuple(MODELS)), ("missing", ("em", "drop"))):
            value = getattr(self, name)
            if value not in allowed:
                raise AnalysisError(f"{name} is {shown(value)!r}: use one of {', '.join(allowed)}.")
        if self.top < 1:
            raise AnalysisError(f"top is {self.top}: ask for at least one driver.")
        if self.n_resamples < 0 or self.n_resamples == 1:
            raise AnalysisError(
                f"n_resamples is {self.n_resamples}: use 0 for no intervals, or some hundreds "
                "(2000 by default)."
            )
        if not 0 < self.confidence < 1:
            raise AnalysisError(f"confidence is {self.confidence}: use a share such as 0.95.")
