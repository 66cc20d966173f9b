"""How sure we are: method, cautions and limits in plain words. Each function returns Markdown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from mot_research.drivers.cautions import Caution
from mot_research.findings import Findings
from mot_research.numbers import TWO_DIGITS, count, percent
from mot_research.report.escaping import escape_markdown
from mot_research.report.narrative.phrases import (
    deciding,
    of_whom,
    outcome_name,
    simulated,
    with_names,
)
from mot_research.report.narrative.words import counted, listed, number, sentence

GROUPS = {  # of the rules of cautions, in the order of reading
    "Who answered": (
        "blank_outcome",
        "dropped",
        "often_blank",
        "few_raters",
        "design_effect",
        "few_clusters",
        "merged_strata",
        "grouped_units",
        "survivors",
        "not_converged",
    ),
    "What could not be tested": (
        "not_tested",
        "no_variance",
        "separation",
        "reach_one",
        "transactional",
        "changed_questionnaire",
        "ceiling",
    ),
    "What is hard to tell apart": (
        "exact_collinearity",
        "gvif",
        "unsupported",
        "suppression",
        "halo",
        "sign_flip",
    ),
    "What the outcomes are": ("derived_outcome", "common_method", "older_outcome"),
}
OTHER = "Besides"


def border(findings: Findings) -> str:
    """Return which places are settled, and how many interviews would settle the rest."""
    if not findings.priorities.border:
        return ""
    return f"**The border of the list.** {escape_markdown(findings.priorities.border)}"


def method(findings: Findings) -> str:
    """Return the method in plain words, a bullet a step."""
    rules = findings.priorities.rules
    by_role = deciding(findings)
    ranked = any(result.is_ranked for result in by_role.values()) or not by_role
    lines = []
    for role, result in by_role.items():
        waves = listed([escape_markdown(wave) for wave in result.waves]) or "this wave"
        lines.append(
            f"For {role if role == 'revenue' else 'the relationship'}: "
            f"{outcome_name(findings, result.outcome)}, {count(result.n_obs)} answers "
            f"(worth {count(result.n_effective)} after weighting) of {waves}; "
            f"model: {escape_markdown(result.model)}."
        )
    lines.append(
        "*How it went* is the rating among those who had the moment; *having it* is whether they "
        "had it at all. Only how it went decides a place; having it is an association."
    )
    beyond = (
        "better ratings go with a better outcome beyond chance (false discovery rate "
        f"{percent(rules.false_discovery_rate)})"
    )
    if ranked:
        lines += [
            "Importance is the average gain in explained differences over all orders in which "
            "the moments can enter (LMG, the Shapley value of R²).",
            f"*Proven*: {beyond}, and in at least {percent(rules.p_top)} of the resamples the "
            f"moment is among the top {number(findings.priorities.top)}. *Likely*: in at least "
            "half. *Minor*: in less than half. *Not proven*: the rest of what was tested.",
        ]
    else:
        lines.append(
            "Too few people rated two moments, so each moment has a model of its own: an effect "
            f"is real where {beyond}, but moments can't be ranked against each other."
        )
    lines += [
        f"A moment needs an effective number of {number(rules.min_n)} raters for a verdict.",
        *_halo(findings),
        *_computed(findings),
        "These are associations in survey data, not experiments: acting on a moment tests it.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _halo(findings: Findings) -> Iterator[str]:
    measured = findings.reliability
    if measured is None or measured.halo is None or measured.halo_correlation is None:
        return
    yield (
        f"One general impression makes {percent(measured.halo)} of what the "
        f"{counted(measured.n_ratings, 'rating')} say (the halo; their mean correlation is "
        f"{TWO_DIGITS.one(measured.halo_correlation)}): the more, the less sure is the order of "
        "the moments."
    )


def _computed(findings: Findings) -> Iterator[str]:
    """Yield of which outcomes numbers are sampled or approximated."""
    named = [
        outcome_name(findings, result.outcome)
        for result in deciding(findings).values()
        if result.computed
    ]
    if named:
        yield (
            f"For {listed(named)} some numbers are sampled or approximated; the technical "
            "appendix says how, and how closely."
        )


def warnings(findings: Findings) -> str:
    """Return all warnings in groups, each once, moments by their names."""
    told = set(_told_elsewhere(findings))
    rules = {caution.text: caution.rule for caution in _cautions(findings)}
    groups: dict[str, list[str]] = {name: [] for name in (*GROUPS, OTHER)}
    found = [*findings.warnings, *findings.priorities.warnings, *_problems(findings)]
    for text in dict.fromkeys(found):
        if text not in told:
            rule = next((r for caution, r in rules.items() if text.endswith(caution)), "")
            groups[_group(rule)].append(with_names(text, findings))
    lines = [
        f"- **{name}.** {' '.join(escape_markdown(text) for text in texts)}"
        for name, texts in groups.items()
        if texts
    ]
    return "\n".join(lines) or "No warning applies."


def _told_elsewhere(findings: Findings) -> Iterator[str]:
    """Yield the warnings of segments, which have a section of their own."""
    for by_outcome in findings.segments.values():
        for name, each in by_outcome.items():
            outcome = findings.study.outcome(name)
            yield from (f"{outcome.name}: {caution.text}" for caution in each.cautions)


def _cautions(findings: Findings) -> Iterator[Caution]:
    results = (result.cautions for result in findings.drivers.values())
    return itertools.chain(findings.cautions, *results)


def _group(rule: str) -> str:
    return next((name for name, rules in GROUPS.items() if rule in rules), OTHER)


def _problems(findings: Findings) -> Iterator[str]:
    if len(findings.problems):
        by = findings.problems["severity"].value_counts()
        parts = [counted(int(n), str(kind)) for kind, n in by.items()]
        yield (
            f"Checking the study's files found {listed(parts)}; the command mot check prints them."
        )


def not_used(findings: Findings) -> str:
    """Return what the study does not have, and what would bring it."""
    if not findings.not_used:
        return "Every part of a study is in use."
    return "\n".join(f"- {escape_markdown(line)}" for line in findings.not_used)


def absences_note(findings: Findings) -> str:
    """Return how to read the table of absences."""
    return (
        f"Of the answers of wave {escape_markdown(findings.wave)}. *Did not have it* and *left "
        "blank* are kept apart: who did not have a moment cannot rate it. Counts below ten are "
        "hidden, and a neighbour is rounded so that they cannot be worked out."
    )


def who_answered(findings: Findings) -> str:
    """Return in a sentence how many rated the moments; the table is in the appendix."""
    rated = findings.absences["n_rated"].sort_values()
    asked = rated[rated > 0]
    if asked.empty:
        return "Nobody rated a moment in this wave."
    answers = int(findings.absences[["n_rated", "n_not_experienced", "n_blank"]].sum(axis=1).max())
    text = f"{sentence(count(answers))} answers in wave {escape_markdown(findings.wave)}"
    few = int((rated < 100).sum())
    told = f"; {counted(few, 'moment was', 'moments were')} rated by fewer than 100" if few else ""
    return f"{text}{told}. The technical appendix has the counts of every moment."


def source(findings: Findings) -> str:
    """Return where the numbers come from, for a speaker."""
    result = next(iter(findings.drivers.values()), None)
    seed = findings.study.rules.seed if result is None else result.seed
    return (
        f"From the findings of {escape_markdown(findings.study.name)}, "
        f"{escape_markdown(of_whom(findings))}, seed {seed}: the same numbers as in the report "
        f"and in findings.json. {simulated(findings)}"
    )
