"""The survey waves: who answers, what they had, how they rate it, and what comes of it."""

from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from mot_research.simulate import truth
from mot_research.simulate.draws import Floats, choice, normal, whole
from mot_research.simulate.truth import PLANTED, Planted

NOT_EXPERIENCED = 6
BLANK = 0
DONT_KNOW, DONT_KNOW_SHARE = 11, 0.012  # of the question on recommending
EXPECTED = ("first_bill", "network_daily", "hotline_person")  # asked with an expectation
TRUST_ITEMS = ("q41_trust_promise", "q42_trust_data", "q43_trust_fair")


@dataclass(frozen=True)
class Fieldwork:
    """One wave: its id and the first and last day of interviews."""

    id: str
    start: date
    end: date


WAVES = (
    Fieldwork("2025Q4", date(2025, 10, 6), date(2025, 10, 27)),
    Fieldwork("2026Q1", date(2026, 1, 5), date(2026, 1, 26)),
    Fieldwork("2026Q2", date(2026, 4, 6), date(2026, 4, 27)),
    Fieldwork("2026Q3", date(2026, 7, 6), date(2026, 7, 27)),
)

QUESTIONS = {moment: f"q{i:02d}_{moment}" for i, moment in enumerate(PLANTED, start=1)}


@dataclass(frozen=True)
class Branches:
    """The branches (clusters): region, relative size, and their lasting differences."""

    region: np.ndarray
    share: Floats
    recommend: Floats
    renewed: Floats
    ratings: dict[str, Floats]

    def label(self, index: np.ndarray) -> list[str]:
        """``B001`` and so on."""
        return [f"B{i + 1:03d}" for i in index]


def draw_branches(rng: np.random.Generator) -> Branches:
    """Branches are the same in every wave: waves share their clusters."""
    region = np.repeat(np.arange(len(truth.BRANCHES)), truth.BRANCHES)
    count = len(region)
    within = 0.5 + rng.random(count)
    total = np.array([within[region == r].sum() for r in range(len(truth.BRANCHES))])
    return Branches(
        region=region,
        share=np.asarray(truth.REGION_SHARES)[region] * within / total[region],
        recommend=truth.BRANCH_ON_RECOMMEND * normal(rng, count),
        renewed=truth.BRANCH_ON_RENEWED * normal(rng, count),
        ratings={moment: truth.BRANCH_ON_RATINGS * normal(rng, count) for moment in PLANTED},
    )


def draw_wave(
    rng: np.random.Generator, wave: Fieldwork, branches: Branches, n_respondents: int
) -> pd.DataFrame:
    """One wave with everything that is true of its respondents, one row each.

    Columns of the survey file, and beside them what only the simulation knows (those not in
    :func:`survey_columns`): ``had_*``, ``called_in_time``, ``contract_end``, ``left_on``,
    ``log_revenue``.
    """
    people = _draw_people(rng, wave, branches, n_respondents)
    answers, sums = _draw_answers(rng, people, wave, branches)
    outcomes = _draw_outcomes(rng, people, sums, wave, branches)
    return pd.concat([people, answers, outcomes], axis=1).sort_values(
        "customer_id", ignore_index=True
    )


def _draw_people(
    rng: np.random.Generator, wave: Fieldwork, branches: Branches, n: int
) -> pd.DataFrame:
    """Who is asked. ``branch_index``, ``plan_index`` and ``activity`` are not in the file."""
    branch = choice(rng, branches.share, n)
    plan = choice(rng, truth.PLAN_SHARES, n)
    activity = normal(rng, n)
    tenure = np.round(np.exp(1.0 + 0.25 * activity + 0.75 * normal(rng, n)), 1)
    spend = np.array([120.0, 330.0, 480.0])[plan]
    prior_revenue = np.round(spend * np.exp(0.15 * activity + 0.35 * normal(rng, n)), 2)
    number = WAVES.index(wave)
    return pd.DataFrame(
        {
            "customer_id": [f"C{100000 + len(WAVES) * i + number}" for i in _ids(rng, n)],
            "interview": _days(wave.start, whole(rng, 0, (wave.end - wave.start).days, n)),
            "region": np.asarray(truth.REGIONS)[branches.region[branch]],
            "branch": branches.label(branch),
            "plan": np.asarray(truth.PLANS)[plan],
            "tenure_years": np.clip(tenure, 0.1, 25.0),
            "prior_revenue": prior_revenue,
            "weight": _weights(rng, n),
            "branch_index": branch,
            "plan_index": plan,
            "activity": activity,
        }
    )


def _draw_answers(
    rng: np.random.Generator, people: pd.DataFrame, wave: Fieldwork, branches: Branches
) -> tuple[pd.DataFrame, dict[str, Floats]]:
    """What they had and how they rate it, and what it adds up to for each outcome."""
    n = len(people)
    branch, plan = people["branch_index"].to_numpy(), people["plan_index"].to_numpy()
    activity = people["activity"].to_numpy()
    answers: dict[str, object] = {}
    sums = {outcome: np.zeros(n) for outcome in ("recommend", "renewed", "revenue")}
    halo = normal(rng, n)
    own = np.sqrt(1.0 - truth.HALO**2)
    for moment, planted in PLANTED.items():
        had = _had(rng, planted.reach, activity)
        shift = planted.last_wave_shift if wave is WAVES[-1] else 0.0
        mood = truth.HALO * halo + own * normal(rng, n) + branches.ratings[moment][branch]
        rating = np.clip(np.floor(planted.mean + shift + planted.sd * mood + 0.5), 1, 5)
        sums["recommend"] += had * _effect(rating, planted, plan, "recommend")
        sums["renewed"] += had * _effect(rating, planted, plan, "renewed")
        sums["revenue"] += had * planted.revenue * (rating - planted.mean)
        answers[QUESTIONS[moment]] = _answers(rng, rating, had, planted.blank)
        answers[f"had_{moment}"] = had
        if moment in EXPECTED:
            expected = 4.3 + 0.3 * halo + 0.6 * normal(rng, n)
            answers[f"{QUESTIONS[moment]}_expected"] = _on_scale(expected)
    for item in TRUST_ITEMS:
        answers[item] = _on_scale(3.6 + 0.8 * halo + 0.7 * normal(rng, n))
    return pd.DataFrame(answers), sums


def _draw_outcomes(
    rng: np.random.Generator,
    people: pd.DataFrame,
    sums: dict[str, Floats],
    wave: Fieldwork,
    branches: Branches,
) -> pd.DataFrame:
    """What comes of it: the score, and who stays. Revenue is drawn with the company's records."""
    n = len(people)
    branch = people["branch_index"].to_numpy()
    years = people["tenure_years"].to_numpy() - 3.0
    recommend = (
        truth.RECOMMEND_LEVEL
        + sums["recommend"]
        + truth.TENURE_ON_RECOMMEND * years
        + branches.recommend[branch]
        + truth.RECOMMEND_NOISE * normal(rng, n)
    )
    score = np.clip(np.floor(recommend + 0.5), 0, 10).astype(int)
    ltr = np.where(rng.random(n) < DONT_KNOW_SHARE, DONT_KNOW, score)

    has_contract = people["plan"].to_numpy() != "prepaid"
    # Who pays more and has been here longer is called more often: the confounding to undo.
    willing = 0.45 + 0.6 * (people["prior_revenue"].to_numpy() / 400.0 - 0.8) + 0.10 * years
    called = has_contract & (rng.random(n) < _logistic(willing))
    renewed = (
        truth.RENEWED_LEVEL
        + sums["renewed"]
        + truth.TENURE_ON_RENEWED * years
        + branches.renewed[branch]
        + np.where(has_contract, truth.RENEWAL_CALL_ON_RENEWED * (called - 0.6), 0.0)
    )
    stays = rng.random(n) < _logistic(renewed)
    days = whole(rng, 45, 120, n)
    # Contracts end so soon after the interviews that the renewal call was due before their end.
    ends = _days(wave.end, np.where(has_contract, 2 + (days - 45) // 10, days))
    return pd.DataFrame(
        {
            "ltr": ltr,
            "renewed": stays.astype(int),
            "called_in_time": called,
            "contract_end": np.where(has_contract, ends, ""),
            "left_on": np.where(stays, "", ends),
            "log_revenue": sums["revenue"],
        }
    )


def survey_columns() -> list[str]:
    """The columns of a wave's file, in order."""
    asked: list[str] = []
    for moment, column in QUESTIONS.items():
        asked.append(column)
        if moment in EXPECTED:
            asked.append(f"{column}_expected")
    return [
        "customer_id",
        "interview",
        "region",
        "branch",
        "plan",
        "tenure_years",
        "prior_revenue",
        "weight",
        *asked,
        *TRUST_ITEMS,
        "ltr",
        "renewed",
    ]


def _ids(rng: np.random.Generator, n: int) -> np.ndarray:
    """Different numbers below 20,000 (or below n), in the order of the rows."""
    return np.argsort(rng.random(max(20000, n)), kind="stable")[:n]


def _days(start: date, offset: np.ndarray) -> np.ndarray:
    """Dates as text, yyyy-mm-dd."""
    return (np.datetime64(start) + offset).astype(str)


def _weights(rng: np.random.Generator, n: int) -> Floats:
    """Log-normal weights of mean 1 with the planted design effect."""
    raw: Floats = np.exp(np.sqrt(np.log(truth.DESIGN_EFFECT)) * normal(rng, n))
    weights: Floats = np.maximum(np.round(raw / raw.mean(), 4), 0.0001)
    return weights


def _had(rng: np.random.Generator, reach: float, activity: Floats) -> np.ndarray:
    """Who had the moment: active customers have more of everything."""
    latent = 0.3 * activity + np.sqrt(1 - 0.3**2) * normal(rng, len(activity))
    had: np.ndarray = latent < (np.inf if reach == 1 else NormalDist().inv_cdf(reach))
    return had


def _effect(rating: Floats, planted: Planted, plan: np.ndarray, outcome: str) -> Floats:
    """The planted contribution of a rated moment to ``recommend`` or ``renewed``.

    Centred at the planted mean, so that the contact effect is what it is called.
    """
    slope, contact, penalty, reward = {
        "recommend": (
            planted.recommend,
            planted.recommend_contact,
            planted.penalty,
            planted.reward,
        ),
        "renewed": (planted.renewed, planted.renewed_contact, planted.penalty_renewed, 0.0),
    }[outcome]
    shares = planted.shares()
    mean = sum(rating * share for rating, share in enumerate(shares, start=1))
    by_plan = np.array([planted.by_plan.get(name, 1.0) for name in truth.PLANS])[plan]
    effect: Floats = (
        contact
        + by_plan * slope * (rating - mean)
        - penalty * ((rating <= 2) - (shares[0] + shares[1]))
        + reward * ((rating == 5) - shares[4])
    )
    return effect


def _answers(
    rng: np.random.Generator, rating: Floats, had: np.ndarray, blank: float
) -> ExtensionArray:
    """Ratings as they are written: 6 not experienced; blank as 0 on paper, empty online."""
    lot = rng.random(len(rating))
    answers = pd.array(np.where(had, rating, NOT_EXPERIENCED).astype(int), dtype="Int64")
    answers[lot < blank] = BLANK
    answers[lot < blank / 2] = pd.NA
    return answers


def _on_scale(value: Floats) -> np.ndarray:
    """Rounded to the scale of 1 to 5."""
    return np.clip(np.floor(value + 0.5), 1, 5).astype(int)


def _logistic(value: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-value)))
