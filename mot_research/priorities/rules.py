"""The rules of the verdict as data, and what each says of one moment.

Grades, verdicts and actions are read from the checks alone: what explains them
is what made them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mot_research.drivers.design import MAX_BLANK_SHARE
from mot_research.drivers.result import DriverResult
from mot_research.numbers import SUPPRESSED_BELOW
from mot_research.study.definition import Moment, Rules

LIKELY_FROM = 0.50  # p_top: at least as often among the top as not
CERTAIN = 0.95  # one-sided: the worst rank that the data leave open is within the top

THIS_PROJECT = "this project; how often it is right: docs/methods/verdicts.md"


@dataclass(frozen=True)
class Rule:
    """One rule: what it asks of a moment, what it decides, and where it comes from."""

    id: str
    asks: str
    decides: Literal["tested", "real", "place", "verdict", "action"]
    source: str


@dataclass(frozen=True)
class Check:
    """What one rule says of one moment.

    Attributes
    ----------
    rule : str
        Its id in ``RULES``.
    passed : bool or None
        None where the rule does not apply; ``reason`` then says why.
    value, threshold : float or None
        The moment's number and that of the rule; None where there is no number.
    reason : str
        Why it does not apply, or why there is no number.
    """

    rule: str
    passed: bool | None
    value: float | None = None
    threshold: float | None = None
    reason: str = ""


RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("rated", "it has a question in the survey", "tested", "study.yml: rating"),
        Rule("asked", "a wave that counts has the question", "tested", "study.yml: not_asked"),
        Rule(
            "blanks",
            "few left it blank",
            "tested",
            "this project; completion by maximum likelihood: Schafer (1997)",
        ),
        Rule("raters", "enough rated it, after weighting", "tested", "Kish (1965)"),
        Rule(
            "comparable",
            "without a rating: those its trigger missed resemble some who were answered in time",
            "tested",
            "Hirano, Imbens & Ridder (2003); Austin (2009)",
        ),
        Rule("estimable", "the model can hold it", "tested", "docs/methods/outcomes.md"),
        Rule(
            "above_zero",
            "a better rating goes with a better outcome",
            "real",
            "Binder (1983): errors of the survey's design",
        ),
        Rule(
            "answer_helps",
            "without a rating: an answer in time goes with a better outcome",
            "real",
            "Hirano, Imbens & Ridder (2003); resamples: Rao, Wu & Yue (1992)",
        ),
        Rule(
            "beyond_chance",
            "its effect is beyond chance (q)",
            "real",
            "Benjamini & Hochberg (1995)",
        ),
        Rule(
            "ranked",
            "the moments can be ranked",
            "place",
            "this project: 5 % of the rows rated two moments",
        ),
        Rule(
            "by_lot",
            "without a rating: who was answered was drawn by lot",
            "place",
            "this project: an observation is likely at most",
        ),
        Rule(
            "top_by_importance",
            "it is among the top across all customers",
            "place",
            f"importance: Lindeman, Merenda & Gold (1980); resamples: Rao, Wu & Yue (1992); "
            f"threshold: {THIS_PROJECT}",
        ),
        Rule(
            "top_per_customer",
            "it is among the top for each customer who had it",
            "place",
            f"resamples: Rao, Wu & Yue (1992); threshold: {THIS_PROJECT}",
        ),
        Rule(
            "against_all_tests",
            "its effect stands against all tests together (p), for a place per customer",
            "place",
            "Bonferroni; Dunn (1961)",
        ),
        Rule(
            "more_often_than_not",
            "it is among the top in half of the resamples, by either ranking",
            "place",
            THIS_PROJECT,
        ),
        Rule(
            "certain",
            "its worst place that the data leave open is among the top",
            "place",
            "Mogstad, Romano, Shaikh & Wilhelm (2024)",
        ),
        Rule("proven", "it is proven for a role", "verdict", "the rules of its roles"),
        Rule("brand_bet", "the study bets on it, with a reason", "verdict", "study.yml: brand_bet"),
        Rule("listed", "it has a place on the list", "verdict", "study.yml: rules: top, bets"),
        Rule(
            "class_known",
            "right every time or wow: its class is known, or both pay alike",
            "action",
            "Brandt (1987); Matzler & Sauerwein (2002)",
        ),
        Rule("below_target", "its rating is below target", "action", "study.yml: ratings: target"),
        Rule("costs", "it costs money", "action", "study.yml: cost_per_year"),
    )
}
TESTABLE = tuple(rule.id for rule in RULES.values() if rule.decides == "tested")
REAL = frozenset({"above_zero", "beyond_chance"})
REAL_BY_CONTACT = frozenset({"answer_helps", "beyond_chance"})
PER_CUSTOMER = frozenset({"top_per_customer", "against_all_tests"})

GradeName = Literal["proven", "likely", "minor", "not_proven", "not_tested"]
Verdict = Literal["proven", "brand_bet", "likely", "minor", "not_proven", "not_tested"]
Action = Literal["fix", "protect", "wow", "bet", "find_out", "stop_and_ask"]


def grade_checks(
    moment: Moment, result: DriverResult, rules: Rules, worst_rank: int | None
) -> tuple[Check, ...]:
    """What the rules say of one moment by the analysis of one outcome.

    Parameters
    ----------
    moment : Moment
    result : DriverResult
    rules : Rules
    worst_rank : int or None
        Upper end of the one-sided 95 % rank bound; None without resamples.
    """
    tested = _testable(moment, result, rules)
    if not is_tested(tested):
        return tested
    row = result.row(moment.id)
    unclear = "" if np.isfinite(row["effect"]) else "it can't be told from other columns"
    limit = rules.false_discovery_rate
    real = (
        Check("above_zero", row["effect"] > 0, number(row["effect"]), 0.0, unclear),
        Check("beyond_chance", row["q_value"] <= limit, number(row["q_value"]), limit, unclear),
    )
    return (*tested, *real, *_places(row, result, rules, worst_rank))


def _testable(moment: Moment, result: DriverResult, rules: Rules) -> tuple[Check, ...]:
    """Whether the analysis has the moment as a player, and on what that stands."""
    if moment.rating is None:
        return (Check("rated", False),)
    why = result.not_tested.get(moment.id, "")
    asked = why != "not asked"
    checks = [Check("rated", True), Check("asked", asked)]
    seen = result.described.get(moment.id)
    if asked and seen is not None:
        secret = f"fewer than {SUPPRESSED_BELOW} rated it" if seen.n < SUPPRESSED_BELOW else ""
        blanks, raters = (None, None) if secret else (seen.blank_share, seen.n_effective)
        few_blanks = seen.blank_share <= MAX_BLANK_SHARE
        enough = seen.n_effective >= rules.min_n
        checks += [
            Check("blanks", few_blanks, blanks, MAX_BLANK_SHARE, secret),
            Check("raters", enough, raters, float(rules.min_n), secret),
        ]
    told = all(check.passed for check in checks)
    if told or not why:
        checks.append(Check("estimable", not why, reason=why))
    return tuple(checks)


def _places(
    row: Mapping[str, float], result: DriverResult, rules: Rules, worst_rank: int | None
) -> tuple[Check, ...]:
    """Whether it is among the top, where moments have places."""
    by_importance = number(row.get("p_top", np.nan))
    per_customer = number(row.get("p_top_each", np.nan))
    found = [p for p in (by_importance, per_customer) if p is not None]
    best = max(found, default=None)
    none = "" if result.is_ranked else "the moments are not ranked"
    unsampled = none or ("" if found else "there are no resamples")
    worst = None if worst_rank is None else float(worst_rank)
    limit = chance_limit(result, rules)
    return (
        Check("ranked", result.is_ranked),
        _at_least("top_by_importance", by_importance, rules.p_top, unsampled),
        _at_least("top_per_customer", per_customer, rules.p_top, unsampled),
        Check("against_all_tests", row["p_value"] <= limit, number(row["p_value"]), limit),
        _at_least("more_often_than_not", best, LIKELY_FROM, unsampled),
        Check("certain", None, reason=unsampled)
        if worst is None
        else Check("certain", worst <= result.top, worst, float(result.top)),
    )


def _at_least(rule: str, value: float | None, threshold: float, missing: str) -> Check:
    if value is None:
        return Check(rule, None, threshold=threshold, reason=missing)
    return Check(rule, value >= threshold, value, threshold)


def chance_limit(result: DriverResult, rules: Rules) -> float:
    """The p from which a place for each customer who had it counts: Bonferroni's.

    An effect that few carry is measured roughly: once it passes a test by chance it
    is large, too, and among the top. The ranking itself so gives no second proof.
    """
    return rules.false_discovery_rate / max(int(result.table["p_value"].notna().sum()), 1)


def met(checks: Iterable[Check]) -> frozenset[str]:
    """The ids of the rules that are passed."""
    return frozenset(check.rule for check in checks if check.passed)


def is_tested(checks: Iterable[Check]) -> bool:
    """Whether no rule keeps the moment from being tested."""
    return not any(check.passed is False for check in checks if check.rule in TESTABLE)


def grade_by(checks: Iterable[Check]) -> GradeName:
    """The grade that the checks of one outcome give."""
    checks = tuple(checks)
    passed = met(checks)
    if not is_tested(checks):
        return "not_tested"
    if not (passed >= REAL or passed >= REAL_BY_CONTACT):
        return "not_proven"
    if "ranked" not in passed:
        return "likely"  # an effect without a place: nothing shows it to be among the top
    if "top_by_importance" in passed or passed >= PER_CUSTOMER:
        return "proven"
    return "likely" if "more_often_than_not" in passed else "minor"


def moment_checks(
    moment: Moment,
    proven_for: Collection[str],
    kind: str,
    alike: bool,
    mean: float | None,
    target: float,
) -> tuple[Check, ...]:
    """What the rules say of a moment over all its roles.

    Parameters
    ----------
    moment : Moment
    proven_for : collection of str
        The roles.
    kind : str
        Its class by penalty and reward.
    alike : bool
        Whether the class is undecided only because penalty and reward are alike.
    mean : float or None
        Mean rating of those who had it.
    target : float
    """
    return (
        Check("proven", bool(proven_for), float(len(proven_for)), 1.0),
        Check("brand_bet", bool(moment.brand_bet)),
        Check("class_known", kind != "undecided" or alike),
        Check("below_target", None, None, target, "it has no mean rating in this wave")
        if mean is None
        else Check("below_target", mean < target, mean, target),
        Check("costs", bool(moment.cost_per_year), moment.cost_per_year),
    )


def verdict_by(checks: Iterable[Check], grades: Collection[GradeName]) -> Verdict:
    """The verdict of a moment: the first that its checks and its grades give."""
    passed = met(checks)
    if "proven" in passed:
        return "proven"
    if "brand_bet" in passed:
        return "brand_bet"
    left: tuple[Verdict, ...] = ("likely", "minor", "not_proven")
    return next((verdict for verdict in left if verdict in grades), "not_tested")


def action_by(checks: Iterable[Check], verdict: Verdict, kind: str) -> Action | None:
    """What to do next.

    A proven moment whose penalty and reward can't be told apart pays both
    ways: it is treated as performance, not held up until the class is known.
    """
    by_rule = {check.rule: check for check in checks}
    if verdict == "brand_bet":
        return "bet"
    if verdict == "likely":
        return "find_out"
    if verdict in ("minor", "not_proven"):
        return "stop_and_ask" if by_rule["costs"].passed else None
    if verdict == "not_tested":
        return None
    if kind == "delight":
        return "wow"
    below = by_rule["below_target"].passed
    if below is None or not by_rule["class_known"].passed:
        return "find_out"
    return "fix" if below else "protect"


def listed_check(place: int | None, verdict: Verdict, rules: Rules) -> Check:
    """Whether a moment is on the list, and what kept it off."""
    limit = float(rules.top)
    if place is not None:
        return Check("listed", True, float(place), limit)
    if verdict == "brand_bet":
        return Check("listed", False, None, limit, f"the list takes {rules.bets} bets at most")
    if verdict in ("proven", "likely"):
        return Check("listed", False, None, limit, "other moments fill the list")
    return Check("listed", None, None, limit, "only proven, bet on or likely moments are listed")


def number(value: float) -> float | None:
    """A number, or None for what is not estimable."""
    return None if np.isnan(value) else float(value)
