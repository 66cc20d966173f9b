"""Which drivers move an outcome: importance, effects, ranks, and how sure we are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mot_research.drivers.engines import opened
from mot_research.drivers.frames import rows_of_frame
from mot_research.drivers.large import analyse_source
from mot_research.drivers.one_outcome import analyse
from mot_research.drivers.options import Kind, Missing, Options
from mot_research.drivers.result import DriverResult
from mot_research.drivers.statements import Question
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.resampling import draw
from mot_research.survey.tables import read_table


def driver_analysis(
    frame: pd.DataFrame | str | Path | Any,
    outcome: str,
    drivers: Sequence[str],
    *,
    controls: Sequence[str] = (),
    weight: str | None = None,
    cluster: str | None = None,
    stratum: str | None = None,
    respondent: str | None = None,
    not_experienced: Sequence[float] = (),
    blank: Sequence[float] = (),
    scale: tuple[float, float] | None = None,
    kind: Kind = "score",
    missing: Missing = "em",
    top: int = 10,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 1,
    engine: str = "auto",
) -> DriverResult:
    """Which drivers move an outcome, on any frame or file.

    The model is ``y = α + Σ_j [γ_j E_j + β_j E_j (x_j − μ_j)] + z'δ + ε``: E_j
    says whether respondents had contact j at all (*having it*), x_j how it
    went. Importance is ``lmg`` of the qualities, with exposures and controls
    always in. With every rating present, no weight and no resamples it equals
    R's ``relaimpo::calc.relimp``; with a weight, ``calc.relimp(weights=)``.

    Parameters
    ----------
    frame : DataFrame, path, or table of Ibis
        One row per respondent. A path is that of a CSV, Parquet, Excel or SPSS file, or of a
        folder of Parquet files; with the URL of a connection as ``engine``, it is a table's name.
    outcome : str
        Column of the outcome. Empty cells are blank: those rows are left out
        and counted. Where all its other values lie on the ratings' ``scale``,
        the codes of ``not_experienced`` and ``blank`` hold for it too, with a
        warning.
    drivers : sequence of str
        Rating columns. An empty cell is a blank.
    controls : sequence of str
        Columns always in the model. Text becomes categories, with blanks as
        a level of their own.
    weight, cluster, stratum : str, optional
        Columns of the survey design. Only ratios of weights matter; rows of
        weight 0 are left out.
    respondent : str, optional
        Who is who. Needed only by engines without an order of rows, where no
        cluster is named.
    not_experienced, blank : sequence of float
        Codes in the rating columns for "did not have this contact" and for
        "asked, not answered".
    scale : (low, high), optional
        Lowest and highest rating; other values are refused.
    kind : {"score", "ordered", "binary", "amount", "share"}
        Of the outcome: a score is analysed by least squares, the others by
        the model that ``result.model`` names. Their importance shares out the
        deviance R², their effects are average marginal effects.
    missing : {"em", "drop"}
        Blanks by maximum likelihood (in the resamples by its linearised
        step; for other kinds than a score by five imputations), or rows with
        a blank left out.
    top : int
        K of ``p_top`` is the smaller of this and half the tested drivers,
        rounded up.
    n_resamples : int
        Rao–Wu resamples of clusters within strata; 0 for no intervals.
    confidence : float
        Of every interval.
    seed : int
        The same frame and seed give the same numbers.
    engine : {"auto", "memory", "duckdb", "spark"} or URL
        Who reduces the rows of a file: ``auto`` takes DuckDB from a million rows (or 200 MB of
        text) on; ``spark`` and an Ibis URL such as ``snowflake://…`` need the extra ``spark``.
        All but ``memory`` have the model of a score only, and take buckets of respondents for
        sampling units where there are no clusters, or more than 2,000.

    Returns
    -------
    DriverResult
        ``to_frame()`` has one row per driver; ``warnings`` says what to be careful of.

    Raises
    ------
    AnalysisError
        A column is missing, a cell is no number or off the scale, a weight is
        negative or missing, or too few rows remain.

    References
    ----------
    Lindeman, Merenda & Gold (1980); Grömping (2006), J. Stat. Softw. 17(1);
    Rao, Wu & Yue (1992), Survey Methodology 18; Johnson (2000), Multivariate
    Behavioral Research 35.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import mot_research as mot
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.integers(1, 6, (1000, 2)), columns=["food", "wifi"])
    >>> frame["all"] = 3 + 0.6 * frame["food"] + 0.2 * frame["wifi"] + rng.normal(size=1000)
    >>> result = mot.driver_analysis(frame, "all", ["food", "wifi"], scale=(1, 5), n_resamples=500)
    >>> result.to_frame()[["lmg", "ci_lower", "ci_upper", "effect"]].round(2)
             lmg  ci_lower  ci_upper  effect
    driver
    food    0.35      0.30      0.39    0.55
    wifi    0.07      0.05      0.10    0.24
    """
    if not isinstance(frame, pd.DataFrame):
        with opened(frame, engine) as source:
            if source is not None:
                question = Question(
                    outcome,
                    tuple(drivers),
                    tuple(controls),
                    weight,
                    cluster,
                    stratum,
                    respondent,
                    tuple(not_experienced),
                    tuple(blank),
                    scale,
                )
                options = Options(kind, missing, top, 0.0, n_resamples, confidence, seed)
                return analyse_source(source, question, options)
        frame, engine = read_table(Path(frame)).frame, "memory"
    if engine not in ("auto", "memory"):
        raise AnalysisError(
            f"engine is {shown(engine)!r}, and the rows are a frame, which is in memory: give "
            "the path of their file."
        )
    rows, units, notes = rows_of_frame(
        frame,
        outcome,
        tuple(drivers),
        controls=tuple(controls),
        weight=weight,
        cluster=cluster,
        stratum=stratum,
        not_experienced=tuple(not_experienced),
        blank=tuple(blank),
        scale=scale,
        kind=kind,
    )
    known = rows.outcome[np.isfinite(rows.outcome)]
    outcome_scale = (float(known.min()), float(known.max())) if len(known) else None
    options = Options(
        kind, missing, top, 0.0, n_resamples, confidence, seed, outcome_scale=outcome_scale
    )
    draws = draw(units, n_resamples, seed) if n_resamples else None
    return analyse(rows, units, draws, options, outcome=outcome, notes=notes)
