"""What the silos of the company agreed on: the shortlist of the workshop."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mot_research.study.definition import Study

HALF = 0.5


def chosen_by_silos(votes: pd.DataFrame) -> dict[str, float]:
    """Share of the silos that chose each moment, each silo by its majority.

    Parameters
    ----------
    votes : DataFrame
        One row per participant and moment: ``silo``, ``moment``, and
        ``shortlisted`` (1 or 0; NaN where the participant did not say, which
        counts for nothing). An even split is no majority.

    Returns
    -------
    dict of moment to share, of the silos that voted on it
    """
    said = votes.dropna(subset=["shortlisted"])
    by_silo = said.groupby(["moment", "silo"], sort=True)["shortlisted"].mean() > HALF
    return {str(moment): float(share) for moment, share in by_silo.groupby("moment").mean().items()}


def shortlist(study: Study, chosen: Mapping[str, float]) -> dict[str, bool]:
    """Whether each moment is on the workshop's shortlist.

    It is if the study says so, else if at least half of the silos chose it. A
    moment that neither speaks of is left out.
    """
    found = {moment: share >= HALF for moment, share in chosen.items()}
    return found | {m.id: m.shortlist for m in study.moments if m.shortlist is not None}
