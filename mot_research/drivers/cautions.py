"""The warnings that an analysis prints by itself: rules with thresholds and sources.

A rule fires on data and says one sentence with the next step. Rules of one
analysis see its design, reduction, model and table; those of the whole study
are in :mod:`mot_research.drivers.study_cautions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mot_research.drivers.design import WARN_BLANK_SHARE, Design
from mot_research.drivers.estimates import FEW_UNITS
from mot_research.drivers.outcome_models import SEPARATION
from mot_research.drivers.reduction import Reduction
from mot_research.drivers.reliability import halo_share, mean_correlation
from mot_research.errors import shown
from mot_research.statistics import importance
from mot_research.statistics.collinearity import gvif
from mot_research.statistics.resampling import MOST_UNITS
from mot_research.statistics.second_moments import covariance

if TYPE_CHECKING:
    from mot_research.drivers.linear import Model

ASSOCIATED = 0.05  # joint zero-order Wald test: above it a share is not told from none


@dataclass(frozen=True)
class Rule:
    """A warning's rule: its threshold in words, its number, and where that comes from."""

    name: str
    threshold: str
    value: float | None = None
    source: str = "this project"


@dataclass(frozen=True)
class Caution:
    """A rule that fired, in one or two sentences that end in the next step.

    Attributes
    ----------
    rule : str
        Its name in ``RULES``.
    text : str
        The sentences.
    """

    rule: str
    text: str


RULES = {
    rule.name: rule
    for rule in (
        Rule("blank_outcome", "any row without an outcome"),
        Rule("dropped", "any row left out for a blank (missing: drop)"),
        Rule("not_tested", "a driver that is no player, with its reason"),
        Rule("no_variance", "every rating of a driver is the same"),
        Rule("reach_one", "everyone who answered had the contact"),
        Rule("often_blank", "more than 20 % left it blank", WARN_BLANK_SHARE),
        Rule("exact_collinearity", "conditional variance below 1e-12 of its own", 1e-12),
        Rule(
            "gvif",
            "GVIF^(1/df) of contact and quality above 10",
            10.0,
            "Marquardt (1970); Fox & Monette (1992)",
        ),
        Rule(
            "unsupported",
            "zero-order Wald test with p > .05",
            ASSOCIATED,
        ),
        Rule("suppression", "p ≤ .05 with another sign than the correlation", ASSOCIATED),
        Rule(
            "halo",
            "one impression makes half of the ratings' variance",
            0.5,
            "Podsakoff & Organ (1986), Harman's single-factor test",
        ),
        Rule(
            "ceiling",
            "80 % of the raters gave the highest rating",
            0.8,
            "this project; 15 % for whole scales in McHorney & Tarlov (1995)",
        ),
        Rule(
            "few_raters",
            "fewer than 100 effective raters",
            100.0,
            "the least for which the coverage of the intervals is claimed",
        ),
        Rule(
            "derived_outcome",
            "the ratings explain 90 % of the outcome",
            0.9,
            "this project: a rounded mean of its own aspects reaches .94",
        ),
        Rule(
            "separation",
            "a driver's effect on an outcome that is no score has no finite estimate",
            None,
            "Albert & Anderson (1984)",
        ),
        Rule("design_effect", "design effect of the weights above 2", 2.0, "Kish (1965)"),
        Rule("few_clusters", "fewer than 40 clusters", FEW_UNITS, "Cameron & Miller (2015)"),
        Rule("merged_strata", "a stratum with a single cluster"),
        Rule("grouped_units", "more than 20,000 sampling units", MOST_UNITS, "Wolter (2007)"),
        Rule("not_converged", "EM stopped at its limit of iterations"),
        Rule("transactional", "fewer than 5 % of the rows rated two moments", 0.05),
        # of the study
        Rule(
            "common_method",
            "a revenue outcome in the file of the ratings",
            None,
            "Podsakoff et al. (2003)",
        ),
        Rule("older_outcome", "nothing says that the outcome is later than the survey"),
        Rule("survivors", "5 % without a partner in the outcome's file, and no zero in it", 0.05),
        Rule("changed_questionnaire", "a moment asked in one of two successive waves"),
        Rule("sign_flip", "interaction with q ≤ .05 and opposite, significant signs", 0.05),
    )
}


def rules_frame() -> pd.DataFrame:
    """Every rule with its threshold and source, as the method page prints them."""
    return pd.DataFrame([vars(rule) for rule in RULES.values()]).set_index("name")


def cautions_frame(cautions: Iterable[Caution]) -> pd.DataFrame:
    """One row per caution: rule, text, threshold, source."""
    return pd.DataFrame(
        [
            (one.rule, one.text, RULES[one.rule].threshold, RULES[one.rule].source)
            for one in cautions
        ],
        columns=["rule", "text", "threshold", "source"],
    )


def of_analysis(
    design: Design,
    reduction: Reduction,
    model: Model,
    table: pd.DataFrame,
    unsupported: Sequence[str],
) -> tuple[Caution, ...]:
    """Every caution of one analysis, in the order of reading.

    Parameters
    ----------
    design, reduction, model
        Of the analysis.
    table : DataFrame
        Its point estimates, indexed by tested driver.
    unsupported : sequence of str
        Drivers whose importance is not distinguishable from none.
    """
    return (
        *_absences(design),
        *_columns(design, reduction, model, table, unsupported),
        *_ratings(design),
        *_outcome(design, reduction, model),
        *_sample(reduction),
    )


def _absences(design: Design) -> Iterator[Caution]:
    if design.n_blank_outcome:
        yield Caution(
            "blank_outcome",
            f"{design.n_blank_outcome} rows have no answer for the outcome and are left out.",
        )
    if design.n_dropped:
        yield Caution(
            "dropped", f"{design.n_dropped} rows with a blank are left out (missing: drop)."
        )
    for name, why in design.not_tested.items():
        rule = "no_variance" if "no variance" in why else "not_tested"
        rule = "separation" if why == SEPARATION else rule
        yield Caution(rule, f"{shown(name)} is not tested: {why}.")
    everyone = [name for name, e in zip(design.tested, design.exposure, strict=True) if e is None]
    if everyone:
        yield Caution(
            "reach_one",
            f"No contact effect for {_named(everyone)}: everyone who answered had it (reach 1).",
        )
    often = [
        f"{shown(name)} ({design.described[name].blank_share:.0%})"
        for name in design.tested
        if design.described[name].blank_share > WARN_BLANK_SHARE
    ]
    if often:
        yield Caution(
            "often_blank",
            f"Often left blank: {', '.join(often)}. Compare with missing: drop, and ask why.",
        )


def _columns(
    design: Design,
    reduction: Reduction,
    model: Model,
    table: pd.DataFrame,
    unsupported: Sequence[str],
) -> Iterator[Caution]:
    aliased = [
        name
        for name, quality in zip(design.tested, design.quality, strict=True)
        if quality in model.aliased
    ]
    if aliased:
        yield Caution(
            "exact_collinearity",
            f"Exactly collinear: {_named(aliased)}. They share their importance; the effect of "
            "each is not estimable. Keep one of them, or combine them.",
        )
    inflated = _inflated(design, reduction, model)
    if inflated:
        yield Caution(
            "gvif",
            f"Nearly the same as other columns: {_named(inflated)} (variance inflation above "
            f"{RULES['gvif'].value:.0f}). Their effects can hardly be told apart: combine them, "
            "or read their importance together.",
        )
    if unsupported:
        yield Caution(
            "unsupported",
            f"The importance of {_named(unsupported)} is not distinguishable from none.",
        )
    suppressed = _suppressed(reduction, model, table)
    if suppressed:
        yield Caution(
            "suppression",
            f"Suppression: the effect of {_named(suppressed)} has another sign than its plain "
            "correlation with the outcome. Check coding and scale before using it.",
        )


def _inflated(design: Design, reduction: Reduction, model: Model) -> list[str]:
    """Drivers whose contact and quality the other columns nearly explain."""
    fitted = list(model.fitted)
    blocks, names = [], []
    for name, quality, exposure in zip(design.tested, design.quality, design.exposure, strict=True):
        own = [fitted.index(c) for c in (quality, exposure) if c in fitted]
        if quality in fitted and quality not in model.aliased:
            blocks.append(own)
            names.append(name)
    if not blocks:
        return []
    used = [0, *(column - 1 for column in fitted)]
    factors = gvif(covariance(reduction.q)[np.ix_(used, used)], blocks)
    limit = RULES["gvif"].value
    return [
        name
        for name, block, factor in zip(names, blocks, factors, strict=True)
        if factor ** (1 / len(block)) > limit
    ]


def _suppressed(reduction: Reduction, model: Model, table: pd.DataFrame) -> list[str]:
    """Drivers significant with another sign than their correlation given the rest."""
    players, background = model.design.quality, (*model.exposures, *model.design.controls)
    used = [0, *(column - 1 for column in (*players, *background))]
    moments = covariance(reduction.q)[np.ix_(used, used)]
    swept = importance.sweep_out(moments, range(len(players), len(used) - 1))
    opposite = np.sign(table["effect"].to_numpy()) == -np.sign(swept[0, 1:])
    return list(table.index[opposite & (table["p_value"].to_numpy() <= ASSOCIATED)])


def _ratings(design: Design) -> Iterator[Caution]:
    rows = design.rows
    ratings = rows.ratings[:, [rows.drivers.index(name) for name in design.tested]]
    mean, _ = mean_correlation(ratings, rows.weight) if len(ratings) else (None, None)
    if mean is not None and len(design.tested) > 2:
        share = halo_share(mean, len(design.tested))
        if share > _limit("halo"):
            yield Caution(
                "halo",
                f"One general impression makes {share:.0%} of what the ratings say (halo; mean "
                f"correlation {mean:.2f}). The order of the moments is then less sure than it "
                "looks: ask about single events soon after they happen.",
            )
    at_best = [
        f"{shown(name)} ({design.described[name].top_share:.0%})"
        for name in design.tested
        if design.described[name].top_share >= _limit("ceiling")
    ]
    if at_best:
        yield Caution(
            "ceiling",
            f"Nearly everyone gave the best rating: {', '.join(at_best)}. Derived importance is "
            "blind to what everyone gets right: don't cut it, watch its bottom box.",
        )
    few = [
        f"{shown(name)} ({design.described[name].n_effective:.0f})"
        for name in design.tested
        if design.described[name].n_effective < _limit("few_raters")
    ]
    if few:
        yield Caution(
            "few_raters",
            f"Few rated it, after weighting: {', '.join(few)}. These intervals are rough: pool "
            "waves, or ask more of those who had it.",
        )


def _outcome(design: Design, reduction: Reduction, model: Model) -> Iterator[Caution]:
    ratings = [column - 2 for column in (*design.quality, *model.exposures)]
    explained = float(importance.r_squared(covariance(reduction.q), ratings))
    if explained >= _limit("derived_outcome"):
        yield Caution(
            "derived_outcome",
            f"The ratings explain {explained:.0%} of the outcome: it looks computed from them, "
            "and then its drivers are its recipe. Use an outcome that was asked or measured on "
            "its own.",
        )


def _sample(reduction: Reduction) -> Iterator[Caution]:
    effect = reduction.n_obs / reduction.n_effective
    if effect > _limit("design_effect"):
        yield Caution(
            "design_effect",
            f"The weights cost precision: {reduction.n_obs} rows are worth "
            f"{reduction.n_effective:.0f} (design effect of weighting {effect:.1f}). Trim "
            "extreme weights, or sample closer to the population.",
        )
    if reduction.n_units < FEW_UNITS:
        yield Caution(
            "few_clusters",
            f"Only {reduction.n_units} clusters: intervals come from the jackknife and are "
            "themselves uncertain. Sample more clusters rather than more people in each.",
        )
    if reduction.units.merged:
        groups = "; ".join(" with ".join(group) for group in reduction.units.merged)
        yield Caution(
            "merged_strata",
            f"Strata with a single cluster were merged: {groups}. Declare coarser strata if "
            "others belong together.",
        )
    if reduction.units.n_grouped:
        yield Caution(
            "grouped_units",
            f"Errors and intervals rest on {reduction.units.n_units:,} random groups of the "
            f"study's {reduction.units.n_grouped:,} sampling units.",
        )
    if not reduction.moments.converged:
        yield Caution(
            "not_converged",
            "Completing the blanks did not converge: point estimates are approximate. "
            "Compare with missing: drop.",
        )


def _limit(rule: str) -> float:
    value = RULES[rule].value
    assert value is not None
    return value


def _named(names: Sequence[str]) -> str:
    return ", ".join(shown(name) for name in names)
