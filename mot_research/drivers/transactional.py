"""Surveys after a single contact: one model per moment, without a ranking.

Where hardly anyone rated two moments, what two ratings have in common is not in
the data, so neither is the share of one beside another. Each moment's effect
among those who had it still is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mot_research.drivers.cautions import RULES, Caution
from mot_research.drivers.design import MIN_ROWS, Rows
from mot_research.drivers.result import DriverResult
from mot_research.errors import AnalysisError
from mot_research.numbers import SUPPRESSED_BELOW, too_few
from mot_research.statistics.false_discovery import false_discovery
from mot_research.statistics.resampling import SamplingUnits
from mot_research.survey.wave import RATED

MODEL = "least squares, one model per moment among those who rated it"


def share_rated_two(rows: Rows) -> float:
    """Share of the rows with an outcome that rated two drivers or more."""
    usable = np.isfinite(rows.outcome) & (rows.weight > 0)
    if not usable.any():
        return 0.0
    return float(((rows.states[usable] == RATED).sum(axis=1) >= 2).mean())


def is_transactional(rows: Rows) -> bool:
    """Whether at least two drivers were rated, but two of them by fewer than 5 % of the rows."""
    several = int((rows.states == RATED).any(axis=0).sum()) >= 2
    return several and too_few_rated_two(share_rated_two(rows))


def too_few_rated_two(share: float) -> bool:
    """Whether so small a share of the rows rated two drivers that each needs its own model."""
    limit = RULES["transactional"].value
    assert limit is not None
    return share < limit


def one_by_one(
    rows: Rows, units: SamplingUnits, fit: Callable[[Rows], DriverResult], top: int
) -> DriverResult:
    """Fit each driver by itself, on the rows that rated it, with the controls.

    Parameters
    ----------
    rows : Rows
    units : SamplingUnits
        Of the whole study.
    fit : callable
        The analysis of the rows of one driver, without draws.
    top : int

    Returns
    -------
    DriverResult
        With ``effect``, ``std_error``, ``p_value``, ``q_value``, ``effect_sd``,
        ``n``, ``reach`` and ``mean``; the importances, ranks and R² are missing.

    Raises
    ------
    AnalysisError
        No driver can be tested.
    """
    found: dict[str, DriverResult] = {}
    not_tested: dict[str, str] = {}
    for j, name in enumerate(rows.drivers):
        chosen = np.array([driver == name for driver in rows.drivers])
        only = Rows(
            (name,),
            rows.ratings[:, chosen],
            rows.states[:, chosen],
            rows.outcome,
            rows.weight,
            rows.controls,
            rows.unit,
        ).keep(np.flatnonzero(rows.states[:, j] == RATED))
        n = int(np.isfinite(only.outcome).sum())
        if n < MIN_ROWS:
            told = f"too few to say: {n} rated it"
            not_tested[name] = too_few(n) if n < SUPPRESSED_BELOW else told
            continue
        try:
            found[name] = fit(only)
        except AnalysisError as error:
            not_tested[name] = str(error)
    if not found:
        raise AnalysisError(
            "fewer than 5 % of the rows rated two moments, and no moment can be tested by "
            "itself: " + "; ".join(f"{name}: {why}" for name, why in not_tested.items())
        )
    some = next(iter(found.values()))
    table = pd.concat([one.table for one in found.values()])
    unranked = ["lmg", "contact", "share", "relative_weight", "first", "last", "rank", "rank_each"]
    table[unranked] = np.nan
    table["q_value"] = false_discovery(table["p_value"].to_numpy(dtype=float))
    table["reach"] = [_reach(rows, rows.drivers.index(str(name))) for name in table.index]
    usable = rows.keep(np.flatnonzero(np.isfinite(rows.outcome) & (rows.weight > 0)))
    w, y = usable.weight, usable.outcome
    mean = float(w @ y / w.sum())
    present = np.unique(usable.unit)
    caution = Caution(
        "transactional",
        f"Only {share_rated_two(rows):.0%} of the rows rated two moments: there is one model per "
        "moment and no ranking. Ask each customer about several moments to compare them.",
    )
    return DriverResult(
        outcome=some.outcome,
        kind=some.kind,
        model=MODEL,
        waves=some.waves,
        table=table.reindex(list(rows.drivers)),
        r_squared=float("nan"),
        r_squared_controls=float("nan"),
        n_obs=len(y),
        n_effective=float(w.sum() ** 2 / (w @ w)),
        n_units=len(present),
        n_strata=len(np.unique(units.stratum_of_unit[present])),
        outcome_mean=mean,
        outcome_sd=float(np.sqrt(w @ (y - mean) ** 2 / w.sum())),
        top=min(top, -(-len(found) // 2)),
        confidence=some.confidence,
        n_resamples=0,
        seed=some.seed,
        missing=some.missing,
        not_tested=not_tested,
        warnings=(caution.text,),
        lmg_draws=np.empty((0, len(found))),
        effect_sd_draws=np.empty((0, len(found))),
        cautions=(caution,),
        described={name: one.described[name] for name, one in found.items()},
    )


def _reach(rows: Rows, j: int) -> float:
    """Share of all rows: in a survey after one contact nobody is asked about the others."""
    return float(rows.weight[rows.states[:, j] == RATED].sum() / rows.weight.sum())
