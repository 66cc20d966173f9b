"""What the columns of the evidence mean: for ``evidence.xlsx`` and the schema of findings.json.

One word may mean different things in different tables; ``OF_TABLES`` says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mot_research.report import words

Kind = Literal["text", "flag", "count", "number", "percent"]


@dataclass(frozen=True)
class Meaning:
    """A column in words, and how its cells are written: ``percent`` is a share of 1."""

    text: str
    kind: Kind = "number"


def _all(kind: Kind, texts: Mapping[str, str]) -> dict[str, Meaning]:
    return {name: Meaning(text, kind) for name, text in texts.items()}


COMMON: Mapping[str, Meaning] = {
    **_all(
        "text",
        {
            "moment": "Id of the moment in the study.",
            "driver": "Id of the moment or other driver.",
            "name": "Name that readers see.",
            "stage": "Stage of the experience.",
            "category": "What the contact is for.",
            "owner": "Who answers for it.",
            "heading": "Heading under which it stands on the list.",
            "verdict": "Verdict by the declared rules.",
            "grade": "What one outcome's model says of it.",
            "proven_for": "Roles of outcome for which it is proven.",
            "flags": "What else is to be known of it.",
            "action": "What to do.",
            "asymmetry": "Must be right every time (basic), place to wow (delight), or both.",
            "reason": "Why there is this verdict, or no number.",
            "not_tested": "Why it is not tested; empty where it is.",
            "outcome": "Id of the outcome.",
            "role": "Role of the outcome: relationship or revenue.",
            "goal": "Goal of the outcome: bond, revenue, retention or share of wallet.",
            "kind": "Kind of the outcome, or of the part.",
            "model": "Model by which the outcome is analysed.",
            "wave": "Id of the wave.",
            "missing": "How blanks are treated: em (maximum likelihood) or drop.",
            "segment": "Column that divides the customers.",
            "value": "Value of the segment.",
            "quantity": "What is compared.",
            "status": "Whether it may be shown: shown, marked, or why not.",
            "term": "Part of the change.",
            "part": "Moment, control or rest to which a part of the change belongs.",
            "rule": "Rule that found it.",
            "text": "The warning in words.",
            "of": "Outcome that the warning is of, or the study.",
            "threshold": "Threshold of the rule.",
            "source": "Source of the rule.",
            "column": "Column of the file.",
            "severity": "error, warning or note.",
            "what_to_do": "The next step.",
            "warning": "The warning in words.",
            "what": "Part of the run.",
            "scale": "Name of the scale.",
            "without_lowest": "Segment value without which the effect is lowest.",
            "without_highest": "Segment value without which the effect is highest.",
            "lowest_value": "Segment value with the lowest effect.",
            "highest_value": "Segment value with the highest effect.",
            "earlier": "Id of the earlier wave.",
            "silo": "Part of the company that voted.",
            "other": "The other part of the company.",
            "on": "What the agreement is on.",
            "measure": "Measure of agreement.",
            "description": "What it is.",
            "expectation": "What customers expect.",
            "ideal": "What the company would do at its best.",
            "interaction": "Methods of interaction.",
            "measured": "How it is measured.",
            "metric": "Operational metric.",
            "metrics": "Operational metrics that belong to it.",
            "moments": "The moments.",
            "moment_ids": "Ids of the moments.",
            "owners": "Who answers for them.",
            "partners": "Who works on it, too.",
            "partner_of": "Moments of others on which it works, too.",
            "handoffs": "From whom to whom it is handed.",
            "stages": "Stages in which they lie.",
            "wave_before": "The earlier wave.",
            "scenario": "What is lifted.",
            "asks": "What the rule asks of a moment.",
            "watch": "Metric to watch.",
            "check": "When to check.",
            "together": "Whether metric and rating moved together.",
            "promise": "Whether the promise is above the delivery.",
            "metric_moved": "How the metric moved.",
            "rating_moved": "How the rating moved.",
            "columns": "Columns that go together.",
            "note": "Limit of the analysis.",
        },
    ),
    **_all(
        "flag",
        {
            "passed": "Whether the moment passes the rule; empty where the rule does not apply.",
            "exact": "Whether the set is proven to be the best one.",
            "certain": "Whether it is among the top in all simultaneous intervals of ranks.",
            "conflict": "Whether it helps one outcome and hurts the other.",
            "opposed": "Whether direct and indirect effect have opposite signs.",
            "same_sign": "Whether the sign stays without any segment value.",
            "flips": "Whether the effect turns between two values beyond chance.",
            "simulated": "Whether the study says that its data are simulated.",
        },
    ),
    **_all(
        "count",
        {
            "place": "Place on the list; empty off the list.",
            "n": "People behind the number.",
            "n_obs": "Answers used.",
            "n_effective": "Answers used, after weighting.",
            "n_units": "Sampling units.",
            "n_strata": "Strata.",
            "n_resamples": "Resamples behind the intervals.",
            "n_before": "Values of the metric during the earlier wave.",
            "n_now": "Values of the metric during this wave.",
            "n_during": "Values of the metric during the wave.",
            "n_proven": "Moments that are proven.",
            "n_brand_bet": "Moments that are brand bets.",
            "n_likely": "Moments that are likely.",
            "n_minor": "Moments that are minor.",
            "n_not_proven": "Moments that are not proven.",
            "n_not_tested": "Moments that are not tested.",
            "rated": "Moments that have a rating.",
            "compared": "Moments that were rated in both waves.",
            "n_rated": "People who rated it.",
            "n_not_experienced": "People who did not have it.",
            "n_blank": "People who left it blank.",
            "n_not_asked": "People who were not asked.",
            "n_items": "Questions of the scale.",
            "n_left_out": "Answers left out.",
            "n_effect": "Interviews at which its effect would show.",
            "n_border": "Interviews at which it would be told from the border.",
            "n_folds": "Folds of the cross-validation.",
            "n_repeats": "Repeats of the cross-validation.",
            "n_moments": "Moments voted on.",
            "n_participants": "People who voted.",
            "n_silos": "Silos that voted.",
            "n_votes": "Votes.",
            "n_stage": "Moments for which both named a stage.",
            "n_shortlisted": "Moments on which both voted.",
            "n_stages": "Stages named.",
            "n_rows": "Rows of the file; 0 where it has none.",
            "n_ratings": "Ratings used.",
            "n_pairs": "Pairs of ratings used.",
            "n_importance_resamples": "Resamples behind the intervals of importance.",
            "top": "Number of places that count as the top.",
            "seed": "Seed of all random draws.",
            "rank": "Rank by importance across all customers.",
            "combined_rank": "Rank by the combined share.",
            "rank_each": "Rank by the effect for each customer who had it.",
            "rank_best": "Best rank without any one segment value.",
            "rank_worst": "Worst rank without any one segment value.",
            "count": "Rows that have the problem.",
            "border": "Interviews that would settle the border of the list.",
        },
    ),
    **_all(
        "percent",
        {
            "share_below": "Share of the customers below the target.",
            "lmg": "Share of the outcome's variation that goes with how it went (LMG).",
            "contact": "Share of the outcome's variation that goes with having it.",
            "share": "Share of importance: of all that how it went explains.",
            "combined_share": "Share of importance for both roles, by the declared weights.",
            "combined": "Share of importance for both roles, by the declared weights.",
            "relative_weight": "Relative weight: another share of variation, for comparison.",
            "first": "Share of variation when it enters alone.",
            "last": "Share of variation when it enters last.",
            "p_top": "Share of the resamples in which it is among the top.",
            "p_top_each": "The same, for each customer who had it.",
            "reach": "Share of the customers who had it.",
            "top_box": "Share of the ratings in the top box.",
            "bottom_box": "Share of the ratings in the bottom box.",
            "importance_relationship": "Share of importance for the relationship.",
            "importance_revenue": "Share of importance for revenue.",
            "negative_share": "Share of the mentions that are negative.",
            "consensus": "Share of the silos that chose it.",
            "share_rated": "Share who rated it.",
            "share_not_experienced": "Share who did not have it.",
            "share_blank": "Share who left it blank.",
            "share_not_asked": "Share who were not asked.",
            "r_squared": "Share of the outcome's variation that the model explains.",
            "r_squared_controls": "Share that the controls explain alone.",
            "cross_validated": "Share of variation predicted for customers not seen before.",
            "from_earlier": "Share of variation that the earlier wave's model predicts.",
            "own": "Share of variation that a model of this wave predicts.",
            "partial_r_squared": "Share of what is left that it explains.",
            "robustness_value": "How strong a cause outside the model would have to be.",
            "chosen": "Share of the silos that chose it.",
            "shortlisted": "Share that shortlisted it.",
            "stage_share": "Share that named this stage.",
            "confidence": "Confidence of the intervals.",
            "power": "Power at which interviews are counted.",
            "halo": "Share of the ratings that one general impression makes.",
        },
    ),
    **_all(
        "number",
        {
            "ci_lower": "Lower end of the interval.",
            "ci_upper": "Upper end of the interval.",
            "estimate": "The estimate.",
            "effect": "What goes with one rating point more, in units of the outcome.",
            "effect_sd": "Effect of one standard deviation of the rating.",
            "effect_lowest": "Lowest effect without any one segment value.",
            "effect_highest": "Highest effect without any one segment value.",
            "effect_per_customer": "What goes with one rating point more, averaged over all.",
            "lowest_effect": "Effect in the value where it is lowest.",
            "highest_effect": "Effect in the value where it is highest.",
            "contact_effect": "What goes with having it at all, in units of the outcome.",
            "nps_effect": "What goes with one rating point more, in net promoter points.",
            "poisson_effect": "The effect by a Poisson model of the amounts.",
            "poisson_std_error": "Standard error of the effect by a Poisson model.",
            "winsorised_effect": "The effect with the largest amounts cut back.",
            "winsorised_std_error": "Standard error of the effect with amounts cut back.",
            "nps_std_error": "Standard error of the effect in net promoter points.",
            "std_error": "Standard error.",
            "p_value": "Two-sided p value.",
            "q_value": "p value after Benjamini–Hochberg: the false discovery rate.",
            "mean": "Mean rating of those who had it.",
            "mean_rating": "Mean rating of those who had it.",
            "gap_to_expectation": "Mean rating less what was expected, or the target.",
            "penalty": "What the outcome loses where it goes wrong.",
            "reward": "What the outcome gains where it shines.",
            "answered_in_time": "Triggers answered in time, or the spread of the ratings.",
            "trend": "Change of the mean rating since the last wave.",
            "mentions": "Mentions in the voice of customers.",
            "revenue_at_stake": "Revenue at stake, in the currency of the study.",
            "outcome_mean": "Mean of the outcome.",
            "outcome_sd": "Standard deviation of the outcome.",
            "a": "Before.",
            "b": "Now.",
            "difference": "The difference.",
            "rest": "All others.",
            "cross_validated_spread": "Standard deviation over the repeats.",
            "level_error": "By how much the earlier model is off in the mean.",
            "rating": "Mean rating.",
            "rating_at_target": "Mean rating once everybody below is lifted to the target.",
            "rating_before": "Mean rating of the earlier wave.",
            "rating_now": "Mean rating of this wave.",
            "rating_change": "Change of the mean rating.",
            "metric_before": "Mean of the metric during the earlier wave.",
            "metric_now": "Mean of the metric during this wave.",
            "metric_change": "Change of the metric.",
            "during": "Mean of the metric during the wave.",
            "low": "Lowest value during the wave.",
            "high": "Highest value during the wave.",
            "change": "Change of the mean rating since the earlier wave.",
            "mean_gap": "How far those below the target are from it, on average.",
            "per_customer": "Gain per customer.",
            "gain": "Gain of all customers.",
            "claimed": "Gain that the moment may claim where gains overlap.",
            "cost": "Cost of bringing it to the target.",
            "cost_per_year": "Cost per year of bringing it to the target.",
            "return": "Gain per unit of cost.",
            "budget": "Budget per year.",
            "expected": "Rating that customers expected.",
            "gap": "Rating less what was expected.",
            "emotion": "Feeling about it.",
            "correlation": "Correlation of feeling and rating.",
            "vif": "Variance inflation factor.",
            "gvif": "Generalised variance inflation factor, as a factor of the standard error.",
            "condition_index": "Condition index of the columns.",
            "alpha": "Cronbach's alpha.",
            "omega": "McDonald's omega.",
            "halo_correlation": "Mean correlation of the ratings.",
            "kappa": "Agreement beyond chance (kappa).",
            "alpha_stage": "Krippendorff's alpha on the stage.",
            "alpha_shortlisted": "Krippendorff's alpha on the shortlist.",
            "total_winsorised": "Total effect with the largest amounts cut back.",
        },
    ),
}
OTHERWISE = "*"  # every column of a table that has no word of its own
_OF_CHANGE = _all(
    "number",
    {
        "reach": "By more or fewer customers who had it.",
        "ratings": "By how it went.",
        "mix": "By other customers who answered.",
        "effects": "By how much it counts.",
        "both": "By two of these together.",
        "not_split": "What can't be split.",
        "total": "All parts together.",
    },
)
OF_TABLES: Mapping[str, Mapping[str, Meaning]] = {
    "change": _OF_CHANGE,
    "paths": _all(
        "number",
        {
            "a": "From the rating to loyalty.",
            "direct": "From the rating to revenue, not through loyalty.",
            "indirect": "From the rating to revenue through loyalty.",
            "total": "From the rating to revenue in all.",
            "b": "From loyalty to revenue.",
        },
    ),
    "differ": {"segment": Meaning("In this value of the segment.")},
    "values": {"mean": Meaning("Mean of the outcome.")},
    "consensus pairs": _all("percent", {"stage": "Share of the moments with the same stage."}),
    "consensus answers": {
        "chosen": Meaning("Share of the silo's people who chose it.", "percent"),
        "shortlisted": Meaning("Whether the silo chose it, by its majority.", "flag"),
        "rank": Meaning("Mean rank that the silo gave it."),
    },
    "purposes by stage": {OTHERWISE: Meaning("Moments of this stage with the purpose.", "count")},
    "planning": {OTHERWISE: Meaning("Gain per customer in this outcome, or its interval.")},
    "rules": _all(
        "number",
        {"value": "The moment's number.", "threshold": "The rule's number."},
    ),
    "completeness": {
        "interaction": Meaning("Whether methods of interaction are given.", "flag"),
    },
    "about": {"value": Meaning("What it was in this run.", "text")},
}
# A sheet by the beginning of its name, and what it holds.
SHEETS: Mapping[str, str] = {
    "priorities": "One row a moment: verdict, reason, grades and the fifteen metrics.",
    "drivers": "What moves an outcome: importance, effects and ranks, with intervals.",
    "alone": "The same of the latest wave by itself, where several are pooled.",
    "change": "What moved the outcome since the earlier wave, moment by moment.",
    "change tests": "Ratings, reach, effects and importance before and now, with tests.",
    "change terms": "The parts of the change, which add up to it.",
    "change mean": "The outcome's mean before and now.",
    "prediction": "How well each model predicts.",
    "values": "The values of a segment, and which of them may be shown.",
    "segment": "What moves the outcome in each value of a segment.",
    "differ": "Each value of a segment against all others.",
    "turn": "Effects that differ between values of a segment.",
    "paths": "From each moment through loyalty to revenue.",
    "robustness": "What could undo an effect.",
    "sample size": "Interviews that would tell more.",
    "reliability": "How reliable the measures are.",
    "consensus measures": "How far the silos agree.",
    "consensus silos": "How far each silo agrees with the others.",
    "consensus pairs": "How far any two silos agree.",
    "consensus answers": "What each silo said of each moment.",
    "consensus moments": "How each moment was voted on.",
    "rules": "What each rule of the verdict says of each moment.",
    "stages": "The scorecard by stage, across owners and partners.",
    "owners": "The scorecard by owner.",
    "ratings by stage": "Mean ratings by stage and wave.",
    "goals": "What is proven for each goal.",
    "operations": "Operational metrics beside the ratings, now and before.",
    "operations by wave": "Operational metrics during each wave.",
    "beside the rating": "Expectation and feeling beside the rating.",
    "completeness": "What the study says of each moment, and what is missing.",
    "purposes by stage": "What the contacts of each stage are for.",
    "verdicts": "Verdicts in each value of a segment.",
    "value": "What lifting each moment to its target is worth.",
    "planning": "The table for annual planning.",
    "plans": "The best set of moments under a budget.",
    "lifts": "What each outcome gains where a moment is lifted.",
    "contacts": "Moments with a trigger: triggered, answered in time, missed.",
    "missed contacts": "What missed contacts cost.",
    "pairs": "Driver against driver.",
    "cautions": "Every warning with its rule, threshold and source.",
    "absences": "Who rated a moment, did not have it, left it blank, was not asked.",
    "columns": "What the columns of each kind of sheet mean.",
    "problems": "Problems of the study's files.",
    "warnings": "The warnings in words.",
    "about": "The run: rules, versions, files with their hashes.",
}
_ENDINGS = {
    "_ci_lower": ("Lower end of the interval of", None),
    "_ci_upper": ("Upper end of the interval of", None),
    "_lower": ("Lower end of the simultaneous interval of", None),
    "_upper": ("Upper end of the simultaneous interval of", None),
    "_std_error": ("Standard error of", "number"),
    "_p_value": ("Two-sided p value of", "number"),
    "_q_value": ("False discovery rate of", "number"),
    "_n": ("People behind", "count"),
    "_value": ("The number of", None),
    "_reason": ("Why there is no number of", "text"),
}


def sheet_kind(title: str) -> str:
    """Return the kind of a sheet: the longest beginning of its name that is known, or nothing."""
    known = (kind for kind in SHEETS if title == kind or title.startswith(f"{kind} "))
    return max(known, key=len, default="")


def meaning(name: str, table: str = "") -> Meaning | None:
    """Return what a column of a kind of table means; None where nobody has said.

    The ends of an interval, its base and its reason follow from the column they
    belong to; a grade's columns from those of one role.
    """
    own, name = OF_TABLES.get(table, {}), name.replace(" ", "_")
    found = own.get(name) or COMMON.get(name)
    if found is not None:
        return found
    for role in words.ROLES:
        of_role = meaning(name[len(role) + 1 :], table) if name.startswith(f"{role}_") else None
        if of_role is not None:
            return Meaning(f"For {words.THE_ROLES[role]}: {of_role.text}", of_role.kind)
    for ending, (text, kind) in _ENDINGS.items():
        base = meaning(name.removesuffix(ending), table) if name.endswith(ending) else None
        if base is not None:
            of = name.removesuffix(ending).replace("_", " ")
            return Meaning(f"{text} “{of}”.", kind or base.kind)  # type: ignore[arg-type]
    return own.get(OTHERWISE)
