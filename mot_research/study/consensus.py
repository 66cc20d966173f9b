"""What the silos of the company agree on: stages, categories, the shortlist and its ranks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mot_research.statistics.agreement import (
    category_kappas,
    fleiss_kappa,
    icc_agreement,
    interval_over_units,
    kendalls_w,
    krippendorff_alpha,
)
from mot_research.study.definition import Rules, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HALF = 0.5
# Krippendorff (2004), p. 241: data may be relied upon; tentative conclusions at best.
RELIABLE, TENTATIVE = 0.800, 0.667

Floats = npt.NDArray[np.float64]
Measure = Callable[[Floats], Floats]

MEASURES: tuple[tuple[str, str, Measure], ...] = (
    ("stage", "fleiss_kappa", fleiss_kappa),
    ("stage", "krippendorff_alpha", krippendorff_alpha),
    ("category", "fleiss_kappa", fleiss_kappa),
    ("category", "krippendorff_alpha", krippendorff_alpha),
    ("shortlisted", "fleiss_kappa", fleiss_kappa),
    ("shortlisted", "krippendorff_alpha", krippendorff_alpha),
    ("rank", "kendalls_w", kendalls_w),
    ("rank", "icc_agreement", icc_agreement),
)
ANSWERS = ("stage", "category", "shortlisted", "rank")


@dataclass(frozen=True, eq=False)
class Consensus:
    """What the participants of a workshop agree on, and who differs.

    Attributes
    ----------
    measures : DataFrame, indexed by (on, measure)
        ``estimate``, ``ci_lower``, ``ci_upper``, ``n_moments``, ``n_participants``, ``reason``
        (why there is no estimate). Of all participants, whatever their silo.
    stages : DataFrame, indexed by stage
        ``kappa`` of that stage against all others, ``ci_lower``, ``ci_upper``, ``n_votes``.
    silos : DataFrame, indexed by silo
        ``n_participants``; within the silo ``alpha_stage``, ``alpha_shortlisted`` with
        ``_ci_lower`` and ``_ci_upper`` (NaN for a single participant).
    pairs : DataFrame, indexed by (silo, other)
        Share of the moments on which both silos answered and gave the same answer:
        ``stage``, ``shortlisted``; the numbers of those moments ``n_stage``, ``n_shortlisted``.
    answers : DataFrame, indexed by (moment, silo)
        ``stage``, ``category`` (the silo's most frequent answer, NA where it is split or has
        none), ``chosen`` (share of its participants that put it on the shortlist), ``shortlisted``
        (its majority), ``rank`` (mean rank; what was not ranked shares the last places).
    moments : DataFrame, indexed by moment
        ``chosen`` (share of the silos that chose it), ``ci_lower``, ``ci_upper``, ``n_silos``,
        ``n_participants``; ``stage`` (the most frequent answer), ``stage_share`` (of the
        participants), ``n_stages`` (different answers of the silos).
    confidence : float
        Of every interval.
    n_resamples, seed : int
        Behind the intervals.
    """

    measures: pd.DataFrame
    stages: pd.DataFrame
    silos: pd.DataFrame
    pairs: pd.DataFrame
    answers: pd.DataFrame
    moments: pd.DataFrame
    confidence: float
    n_resamples: int
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """One row per moment."""
        return self.moments

    def plot(self, ax: Axes | None = None) -> Axes:
        """What each silo chose: moments by silos."""
        from mot_research.report import consensus_chart

        return consensus_chart.silo_agreement(self, ax=ax)

    def _repr_html_(self) -> str:
        from mot_research.report.narrative import consensus_pages

        return consensus_pages.consensus_html(self)


def consensus(study: Study, votes: pd.DataFrame, rules: Rules) -> Consensus:
    """Measure the agreement of a workshop.

    Parameters
    ----------
    study : Study
        Its moments and stages give the order.
    votes : DataFrame
        One row per participant and moment: ``participant``, ``silo``, ``moment``, ``stage``,
        ``category``, ``shortlisted`` (1, 0), ``rank``; each vote may be missing. A moment that
        was not ranked by somebody who ranked others shares the last places.
    rules : Rules
        Number of resamples, confidence and seed.

    Notes
    -----
    The moments are drawn again for an agreement: other people of the same silos can't be had by
    repeating those who came, since two copies agree. For the share of silos that chose a moment
    the participants are drawn again within each silo.

    Kappa, W and ICC need every participant's vote on a moment; alpha does not.
    """
    n_resamples, confidence = rules.n_resamples, rules.confidence
    rng = np.random.default_rng(rules.seed)
    tables = _tables(study, votes)
    silo = votes.groupby(["silo", "participant"], sort=True).size().index.get_level_values("silo")

    def interval(measure: Measure, ratings: Floats) -> tuple[float, float]:
        return interval_over_units(
            measure, ratings, n_resamples=n_resamples, confidence=confidence, rng=rng
        )

    measures = pd.DataFrame(
        [_measured(on, name, measure, tables[on], interval) for on, name, measure in MEASURES]
    ).set_index(["on", "measure"])
    answers = _answers(votes, tables["rank"], silo, study)
    moments = _moments(answers, votes)
    ends = _chosen_intervals(tables["shortlisted"], np.asarray(silo), n_resamples, confidence, rng)
    moments[["ci_lower", "ci_upper"]] = ends.reindex(moments.index)
    return Consensus(
        measures=measures,
        stages=_stages(tables["stage"], study, interval),
        silos=_silos(tables, np.asarray(silo), interval),
        pairs=_pairs(answers),
        answers=answers,
        moments=moments,
        confidence=confidence,
        n_resamples=n_resamples,
        seed=rules.seed,
    )


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


def _tables(study: Study, votes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Each question as numbers, moments by (silo, participant)."""
    codes = {
        "stage": {stage.id: float(i) for i, stage in enumerate(study.stages)},
        "category": {
            name: float(i) for i, name in enumerate(sorted(set(votes["category"].dropna())))
        },
    }
    coded = votes.assign(**{on: votes[on].map(numbers) for on, numbers in codes.items()})
    wide = coded.pivot(index="moment", columns=["silo", "participant"], values=list(ANSWERS))
    wide = wide.reindex([moment.id for moment in study.moments if moment.id in wide.index])
    tables = {on: pd.DataFrame(wide[on]).sort_index(axis=1).astype(float) for on in ANSWERS}
    return tables | {"rank": _full_ranks(tables["rank"])}


def _full_ranks(ranks: pd.DataFrame) -> pd.DataFrame:
    """Mid-ranks, what a participant left out last; NaN for who ranked nothing."""
    from scipy import stats

    placed = stats.rankdata(ranks.fillna(np.inf).to_numpy(), axis=0)
    placed[:, ~ranks.notna().any().to_numpy()] = np.nan
    return pd.DataFrame(placed, index=ranks.index, columns=ranks.columns)


def _measured(
    on: str,
    name: str,
    measure: Measure,
    table: pd.DataFrame,
    interval: Callable[[Measure, Floats], tuple[float, float]],
) -> dict[str, Any]:
    """One measure over those who voted on this question at all."""
    ratings = table.loc[:, table.notna().any()]
    if measure is not krippendorff_alpha:
        ratings = ratings.dropna()
    n_moments, n_participants = ratings.shape
    row = {"on": on, "measure": name, "n_moments": n_moments, "n_participants": n_participants}
    if min(n_moments, n_participants) < 2:
        reason = "fewer than two participants voted on two of the same moments"
        reason = reason if n_participants else "nobody voted on it"
        return (
            row | dict.fromkeys(("estimate", "ci_lower", "ci_upper"), np.nan) | {"reason": reason}
        )
    values = ratings.to_numpy()
    estimate = float(measure(values))
    lower, upper = interval(measure, values) if np.isfinite(estimate) else (np.nan, np.nan)
    reason = "" if np.isfinite(estimate) else "all votes are alike"
    return row | {"estimate": estimate, "ci_lower": lower, "ci_upper": upper, "reason": reason}


def _stages(
    table: pd.DataFrame,
    study: Study,
    interval: Callable[[Measure, Floats], tuple[float, float]],
) -> pd.DataFrame:
    """Agreement on each stage against all others."""
    ratings = table.loc[:, table.notna().any()].dropna().to_numpy()
    names = [stage.id for stage in study.stages]
    rows = []
    if min(ratings.shape) > 1:
        kappas, codes = category_kappas(ratings)
        for kappa, code in zip(kappas, codes, strict=True):
            one = (ratings == code).astype(float)
            ends = interval(fleiss_kappa, one) if np.isfinite(kappa) else (np.nan, np.nan)
            rows.append((names[int(code)], float(kappa), *ends, int(one.sum())))
    columns = ["stage", "kappa", "ci_lower", "ci_upper", "n_votes"]
    return pd.DataFrame(rows, columns=columns).set_index("stage")


def _silos(
    tables: Mapping[str, pd.DataFrame],
    silo: npt.NDArray[Any],
    interval: Callable[[Measure, Floats], tuple[float, float]],
) -> pd.DataFrame:
    """Agreement within each silo."""
    rows = []
    for name in dict.fromkeys(silo):
        row: dict[str, Any] = {"silo": name, "n_participants": int((silo == name).sum())}
        for on in ("stage", "shortlisted"):
            own = tables[on].to_numpy()[:, silo == name]
            alpha = float(krippendorff_alpha(own))
            ends = interval(krippendorff_alpha, own) if np.isfinite(alpha) else (np.nan, np.nan)
            row |= {f"alpha_{on}": alpha}
            row |= {f"alpha_{on}_ci_lower": ends[0], f"alpha_{on}_ci_upper": ends[1]}
        rows.append(row)
    return pd.DataFrame(rows).set_index("silo")


def _answers(
    votes: pd.DataFrame, ranks: pd.DataFrame, silo: pd.Index, study: Study
) -> pd.DataFrame:
    """What each silo says of each moment."""
    grouped = votes.groupby(["moment", "silo"], sort=True)
    chosen = grouped["shortlisted"].mean()
    mean_rank = ranks.T.groupby(np.asarray(silo)).mean().T.stack()
    answers = pd.DataFrame(
        {
            "stage": grouped["stage"].agg(_one_answer),
            "category": grouped["category"].agg(_one_answer),
            "chosen": chosen,
            "shortlisted": (chosen > HALF).astype(object).where(chosen.notna(), None),
        }
    )
    answers["rank"] = mean_rank.rename_axis(["moment", "silo"])
    order = [moment.id for moment in study.moments if moment.id in set(votes["moment"])]
    return answers.reindex(order, level="moment")


def _one_answer(said: pd.Series) -> str | None:
    """The most frequent answer; None where two are equally frequent, or nobody said."""
    counts = said.value_counts()
    if counts.empty or (len(counts) > 1 and counts.iloc[0] == counts.iloc[1]):
        return None
    return str(counts.index[0])


def _moments(answers: pd.DataFrame, votes: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for moment, own in answers.groupby(level="moment", sort=False):
        said = own["shortlisted"].dropna()
        stages = votes.loc[votes["moment"] == moment, "stage"].dropna()
        most = _one_answer(stages)
        rows.append(
            {
                "moment": moment,
                "chosen": float(said.astype(bool).mean()) if len(said) else np.nan,
                "ci_lower": np.nan,
                "ci_upper": np.nan,
                "n_silos": len(said),
                "n_participants": int((votes["moment"] == moment).sum()),
                "stage": most,
                "stage_share": float((stages == most).mean()) if most else np.nan,
                "n_stages": own["stage"].nunique(),
            }
        )
    return pd.DataFrame(rows).set_index("moment")


def _pairs(answers: pd.DataFrame) -> pd.DataFrame:
    """On how many moments each two silos give the same answer."""
    wide = {on: answers[on].unstack("silo") for on in ("stage", "shortlisted")}
    names = list(wide["stage"].columns)
    rows = []
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            row: dict[str, Any] = {"silo": one, "other": other}
            for on, table in wide.items():
                both = table[[one, other]].dropna()
                same = both[one] == both[other]
                row |= {on: float(same.mean()) if len(both) else np.nan, f"n_{on}": len(both)}
            rows.append(row)
    columns = ["silo", "other", "stage", "n_stage", "shortlisted", "n_shortlisted"]
    return pd.DataFrame(rows, columns=columns).set_index(["silo", "other"])


def _chosen_intervals(
    table: pd.DataFrame,
    silo: npt.NDArray[Any],
    n_resamples: int,
    confidence: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Share of silos that chose, had other people of the same silos voted.

    NaN without resamples, or where no silo has two participants.
    """
    names = list(dict.fromkeys(silo))
    ends = pd.DataFrame(np.nan, index=table.index, columns=["ci_lower", "ci_upper"])
    if not n_resamples or len(names) == len(silo):
        return ends
    votes = table.to_numpy()
    majority = np.full((len(names), n_resamples, len(votes)), np.nan)
    for i, name in enumerate(names):
        own = votes[:, silo == name].T
        drawn = own[rng.integers(len(own), size=(n_resamples, len(own)))]
        said = np.isfinite(drawn).sum(axis=1)
        share = np.nansum(drawn, axis=1) / np.maximum(said, 1)
        majority[i] = np.where(said > 0, share > HALF, np.nan)
    answered = np.isfinite(majority).sum(axis=0)
    shares = np.nansum(majority, axis=0) / np.where(answered, answered, np.nan)
    tail = 50 * (1 - confidence)
    heard = np.isfinite(shares).any(axis=0)
    ends.loc[heard] = np.nanpercentile(shares[:, heard], [tail, 100 - tail], axis=0).T
    return ends
