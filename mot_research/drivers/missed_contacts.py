"""What it costs to miss a contact: those answered in time against those who were missed.

Observational: who is answered is not drawn by lot. Those answered in time are weighted until they
resemble the missed in everything that was known before the contact was due, and the outcome
counts from the deadline on for both, so that nobody is credited with having lived to be answered.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from mot_research.drivers.design import Rows, control_column, control_columns
from mot_research.drivers.result import DriverResult
from mot_research.drivers.waves import StudyUnits, rows_of_waves
from mot_research.errors import shown
from mot_research.numbers import SHOWN_FROM, SUPPRESSED_BELOW
from mot_research.statistics.distributions import t_tail
from mot_research.statistics.false_discovery import false_discovery
from mot_research.statistics.odds_weighting import (
    OddsWeighted,
    odds_weighted,
    resampled_differences,
    standardised_differences,
)
from mot_research.statistics.resampling import Draws, percentile_interval, resample_sums
from mot_research.study.definition import Outcome, Study, WaveFile
from mot_research.survey.contacts import MISSED, Contacts, Fired
from mot_research.survey.event_log import LAST_INSTANT
from mot_research.survey.wave import Survey

CONTROL = control_column("")  # how the names of control columns begin
MAX_IMBALANCE = 0.1  # standardised difference of means after weighting (Austin 2009)
NOTHING_KNOWN = (
    "nothing is known from before: name controls, or log other events, so that those answered can "
    "be made to resemble those missed"
)
SUMMED = ("amount", "binary")  # kinds of a revenue outcome whose effects add up over customers


@dataclass(frozen=True)
class MissedContact:
    """What one moment's missed contacts cost in one outcome.

    Attributes
    ----------
    moment, outcome : str
        Their ids.
    waves : tuple of str
        Whose respondents were used.
    n_in_time, n_missed : int
        Respondents compared.
    n_trimmed : int
        Of the missed, those whom nobody answered in time resembles.
    n_left : int
        Answered or not, no customers any more at the deadline.
    n_pending : int
        Whose deadline lies after the end of the log.
    n_too_early : int
        Whose outcome had begun to count before the deadline.
    n_blank : int
        Without the outcome.
    n_effective, n_effective_missed : float
        Kish's effective number of those in time after weighting, and of the missed.
    effect, std_error, ci_lower, ci_upper, p_value : float
        Outcome of the missed, had they been answered in time, less what it was; NaN where it
        can't be tested.
    q_value : float
        In the family of the outcome's rated moments; NaN for a moment that is rated.
    mean_in_time, mean_missed : float
        The two means that the effect is the difference of.
    overlap : DataFrame, indexed by in_time and missed
        Lowest and highest probability of being answered in time.
    balance : DataFrame, indexed by covariate
        Standardised differences of means ``before`` and ``after`` weighting; None where no
        missed customer resembles anybody answered.
    n_missed_customers : float
        Customers who were missed and resemble somebody answered: of the population, or of the log.
    passed_over, passed_over_lower, passed_over_upper : float
        Their number times the effect: currency, or customers kept. NaN for outcomes that don't
        add up.
    reason : str
        Why it can't be tested; empty where it is.
    """

    moment: str
    outcome: str
    waves: tuple[str, ...]
    n_in_time: int
    n_missed: int
    n_left: int
    n_pending: int
    n_too_early: int
    n_blank: int
    n_trimmed: int = 0
    n_effective: float = np.nan
    n_effective_missed: float = np.nan
    effect: float = np.nan
    std_error: float = np.nan
    ci_lower: float = np.nan
    ci_upper: float = np.nan
    p_value: float = np.nan
    q_value: float = np.nan
    mean_in_time: float = np.nan
    mean_missed: float = np.nan
    overlap: pd.DataFrame | None = None
    balance: pd.DataFrame | None = None
    n_missed_customers: float = np.nan
    passed_over: float = np.nan
    passed_over_lower: float = np.nan
    passed_over_upper: float = np.nan
    reason: str = ""


def missed_contact(
    survey: Survey,
    units: StudyUnits,
    draws: Draws | None,
    fired: Fired,
    outcome: Outcome,
    waves: tuple[str, ...],
) -> MissedContact:
    """Estimate what missing one moment's contact costs in one outcome.

    Parameters
    ----------
    survey : Survey
        With ``contacts``.
    units : StudyUnits
    draws : Draws or None
        Of ``units``; without them there is no interval and nothing is tested.
    fired : Fired
    outcome : Outcome
    waves : tuple of str
        Waves that asked the outcome and are mature for it.
    """
    assert survey.contacts is not None
    rows = rows_of_waves(survey, units, outcome.id, waves)
    due = _due(survey, fired, outcome, waves)
    known = np.isfinite(rows.outcome) & (rows.weight > 0)
    compared = due.decided & due.still_there & due.counts_later & known
    kept = np.flatnonzero(compared)
    chosen, in_time = rows.keep(kept), due.in_time[kept]
    found = MissedContact(
        moment=fired.moment.id,
        outcome=outcome.id,
        waves=waves,
        n_in_time=int(in_time.sum()),
        n_missed=int((~in_time).sum()),
        n_left=int((due.left | (due.decided & ~due.still_there)).sum()),
        n_pending=int(due.pending.sum()),
        n_too_early=int((due.decided & due.still_there & ~due.counts_later).sum()),
        n_blank=int((due.decided & due.still_there & due.counts_later & ~known).sum()),
    )
    if min(found.n_in_time, found.n_missed) < SHOWN_FROM:
        return replace(found, reason=_too_few(found))
    covariates = _covariates(chosen, due.respondent[kept], fired)
    if covariates.empty:
        return replace(found, reason=NOTHING_KNOWN)
    x = covariates.to_numpy(dtype=float)
    weighted = odds_weighted(chosen.outcome, in_time, x, chosen.weight)
    found = _described(found, weighted, covariates, in_time, chosen.weight)
    reason = _untestable(found, weighted, survey.study.rules.min_n, draws)
    if reason or draws is None:
        return replace(found, reason=reason)
    differences, kept_weight = resampled_differences(
        chosen.outcome, in_time, x, chosen.weight, chosen.unit, draws
    )
    if not np.isfinite(differences).all():
        lost = int((~np.isfinite(differences)).sum())
        why = f"in {lost} of {len(differences)} resamples the two groups can't be compared"
        return replace(found, reason=why)
    found = _tested(found, weighted, differences, chosen.unit, units, survey.study)
    if outcome.role != "revenue" or outcome.kind not in SUMMED:
        return found
    missed = due.missed & due.still_there
    numbers = _missed_customers(
        survey, fired, rows, missed, draws, kept_weight, _sums(chosen, ~in_time, units)
    )
    share = weighted.weight[~in_time].sum() / chosen.weight[~in_time].sum()
    number = _number_missed(survey, fired, rows, missed) * share
    lower, upper = percentile_interval(numbers * differences, survey.study.rules.confidence)
    return replace(
        found,
        n_missed_customers=float(number),
        passed_over=float(number * found.effect),
        passed_over_lower=float(lower),
        passed_over_upper=float(upper),
    )


def in_one_family(
    result: DriverResult, missed: Sequence[MissedContact], unrated: Collection[str]
) -> tuple[DriverResult, tuple[MissedContact, ...]]:
    """Take the moments without a rating into their outcome's one family of tests.

    Benjamini–Hochberg over the effects of the rated moments and the missed contacts of the
    ``unrated``; both are returned with their q values.
    """
    tested = [one for one in missed if one.moment in unrated and np.isfinite(one.p_value)]
    if not tested:
        return result, tuple(missed)
    rated = result.table["p_value"].to_numpy()
    q = false_discovery(np.append(rated, [one.p_value for one in tested]))
    own = {one.moment: float(value) for one, value in zip(tested, q[len(rated) :], strict=True)}
    return (
        replace(result, table=result.table.assign(q_value=q[: len(rated)])),
        tuple(replace(one, q_value=own.get(one.moment, np.nan)) for one in missed),
    )


@dataclass(frozen=True)
class _Due:
    """How the contact ended for each row of some waves."""

    respondent: np.ndarray
    in_time: np.ndarray
    missed: np.ndarray
    left: np.ndarray
    pending: np.ndarray
    still_there: np.ndarray
    counts_later: np.ndarray

    @property
    def decided(self) -> np.ndarray:
        return self.in_time | self.missed


def _due(survey: Survey, fired: Fired, outcome: Outcome, waves: tuple[str, ...]) -> _Due:
    assert survey.contacts is not None
    respondents: list[np.ndarray] = []
    starts: list[np.ndarray] = []
    for wave_id in waves:
        wave = survey[wave_id]
        ids = pd.Series([None] * wave.n_rows) if wave.respondent is None else wave.respondent
        respondents.append(ids.astype(object).to_numpy())
        start = counts_from(
            survey.study, outcome, survey.study.wave(wave_id), survey.contacts.tells_who_left
        )
        starts.append(np.full(wave.n_rows, np.datetime64("NaT" if start is None else start, "us")))
    respondent = np.concatenate(respondents)
    table = fired.table.set_index("respondent").reindex(respondent)
    status = table["status"].astype(object).to_numpy()
    deadline = table["deadline"].to_numpy()
    left_on = table["left_on"].to_numpy()
    count_from = np.concatenate(starts) + np.timedelta64(LAST_INSTANT)
    return _Due(
        respondent=respondent,
        in_time=status == "in_time",
        missed=np.isin(status.astype(str), MISSED),
        left=status == "left",
        pending=status == "pending",
        still_there=np.isnat(left_on) | (left_on >= deadline),
        counts_later=deadline <= count_from,
    )


def counts_from(
    study: Study, outcome: Outcome, wave: WaveFile, tells_who_left: bool
) -> date | None:
    """The last day on which a deadline may lie for the outcome to count from it on.

    What is asked counts from the first day of the interviews, what is complete some
    time ``after`` the wave from their last day on. Whether somebody has stayed (goal
    ``retention``) is known at that time's end; it counts from any earlier deadline at which
    they were still customers, where the customers file says who left when. None where
    the wave has no dates.
    """
    if outcome.after is None:
        return wave.from_
    stays = outcome.goal == "retention" and outcome.kind == "binary" and tells_who_left
    if wave.to is None or not stays:
        return wave.to
    return wave.to + outcome.after


def _covariates(rows: Rows, respondent: np.ndarray, fired: Fired) -> pd.DataFrame:
    """What was known before: controls (blanks at the mean, and marked), waves, events before."""
    columns: dict[str, np.ndarray] = {}
    for column, values in control_columns(rows.controls).items():
        name = column.removeprefix(CONTROL)
        blank = ~np.isfinite(values)
        if blank.all():
            continue
        columns[name] = np.where(blank, values[~blank].mean(), values)
        if blank.any():
            columns[f"{name} (blank)"] = blank.astype(float)
    before = fired.before.reindex(respondent).fillna(0.0)
    for event in before:
        columns[f"{event} before"] = np.log1p(before[event].to_numpy())
    frame = pd.DataFrame(columns, index=range(len(rows.outcome)))
    return frame.loc[:, frame.nunique() > 1]


def _too_few(found: MissedContact) -> str:
    n, what = min((found.n_in_time, "answered in time"), (found.n_missed, "missed"))
    told = f"{n} were {what}" if n >= SUPPRESSED_BELOW else f"fewer than {SUPPRESSED_BELOW} {what}"
    if found.n_too_early > n:
        told += "; of most others the outcome had begun to count before the deadline"
    return f"too few to say: {told}"


def _described(
    found: MissedContact,
    weighted: OddsWeighted,
    covariates: pd.DataFrame,
    in_time: np.ndarray,
    weight: np.ndarray,
) -> MissedContact:
    own = weighted.weight[~in_time]
    e = [weighted.probability[group] for group in (in_time, ~in_time)]
    return replace(
        found,
        n_trimmed=int(weighted.trimmed.sum()),
        n_effective=weighted.n_effective,
        n_effective_missed=float(own.sum() ** 2 / (own @ own)) if own.any() else 0.0,
        overlap=pd.DataFrame(
            {"lowest": [part.min() for part in e], "highest": [part.max() for part in e]},
            index=pd.Index(["in_time", "missed"], name="group"),
        ),
        balance=_balance(covariates, in_time, weight, weighted) if own.any() else None,
    )


def _balance(
    covariates: pd.DataFrame, in_time: np.ndarray, weight: np.ndarray, weighted: OddsWeighted
) -> pd.DataFrame:
    x = covariates.to_numpy(dtype=float)
    differences = standardised_differences(x, in_time, weight, weighted.weight)
    index = pd.Index(covariates.columns, name="covariate")
    return pd.DataFrame(differences.T, index=index, columns=["before", "after"])


def _untestable(
    found: MissedContact, weighted: OddsWeighted, min_n: float, draws: Draws | None
) -> str:
    if weighted.separated:
        return "something known before tells the answered from the missed entirely: no overlap"
    for n, what in (
        (found.n_effective, "those answered in time, made to resemble the missed,"),
        (found.n_effective_missed, "the missed whom somebody resembles"),
    ):
        if n < min_n:
            return f"{what} are worth {n:.0f} after weighting; {min_n:.0f} are needed"
    assert found.balance is not None
    worst = found.balance["after"].abs()
    if worst.max() > MAX_IMBALANCE:
        return (
            f"the two groups stay different in '{shown(worst.idxmax())}': {worst.max():.2f} "
            f"standard deviations after weighting, at most {MAX_IMBALANCE} are allowed"
        )
    return "without resamples there is no interval" if draws is None else ""


def _tested(
    found: MissedContact,
    weighted: OddsWeighted,
    differences: np.ndarray,
    unit: np.ndarray,
    units: StudyUnits,
    study: Study,
) -> MissedContact:
    error = float(differences.std(ddof=1))
    present = np.unique(unit)
    freedom = len(present) - len(np.unique(units.units.stratum_of_unit[present]))
    lower, upper = percentile_interval(differences, study.rules.confidence)
    t = np.abs(weighted.difference) / error if error > 0 else np.inf
    return replace(
        found,
        effect=weighted.difference,
        std_error=error,
        ci_lower=float(lower),
        ci_upper=float(upper),
        p_value=float(2 * t_tail(t, max(freedom, 1))),
        mean_in_time=weighted.mean_treated,
        mean_missed=weighted.mean_untreated,
    )


def _number_missed(survey: Survey, fired: Fired, rows: Rows, missed: np.ndarray) -> float:
    """Missed customers: of the population where the log is the sample's, else of the log."""
    population = survey.study.population
    if scales_up(survey.contacts, population):
        assert population is not None
        return population * float(rows.weight[missed].sum() / rows.weight.sum())
    return float(fired.table["status"].isin(MISSED).sum())


def scales_up(contacts: Contacts | None, population: int | None) -> bool:
    """Whether the missed of a sample's log stand for those of a population."""
    return contacts is not None and contacts.of_a_survey and population is not None


def _sums(rows: Rows, chosen: np.ndarray, units: StudyUnits) -> np.ndarray:
    """Σ w of the chosen rows per sampling unit."""
    return np.bincount(rows.unit, weights=rows.weight * chosen, minlength=units.units.n_units)


def _missed_customers(
    survey: Survey,
    fired: Fired,
    rows: Rows,
    missed: np.ndarray,
    draws: Draws,
    kept_weight: np.ndarray,
    compared: np.ndarray,
) -> np.ndarray:
    """Their number in every resample (B,), without the share that has nobody to resemble."""
    size = len(compared)
    sums = np.column_stack(
        [
            compared,
            np.bincount(rows.unit, weights=rows.weight * missed, minlength=size),
            np.bincount(rows.unit, weights=rows.weight, minlength=size),
        ]
    )
    totals = resample_sums(draws, sums)
    number = np.full(len(totals), _number_missed(survey, fired, rows, missed))
    if scales_up(survey.contacts, survey.study.population):
        assert survey.study.population is not None
        number = survey.study.population * totals[:, 1] / totals[:, 2]
    return number * kept_weight / totals[:, 0]
