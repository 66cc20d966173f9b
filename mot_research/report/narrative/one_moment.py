"""What is said of one moment on the list. Each function returns Markdown."""

from __future__ import annotations

from mot_research.findings import Findings
from mot_research.numbers import (
    percent,
)
from mot_research.priorities.result import Grade, Priority
from mot_research.report.escaping import escape_markdown
from mot_research.report.house_style import shorten
from mot_research.report.narrative import words
from mot_research.report.narrative.phrases import (
    outcome_name,
)
from mot_research.report.narrative.words import listed, sentence

LONGEST_TEXT = 240  # characters of what a study says of a moment
WEAK = 0.05  # robustness value: weaker than a cause of 5 % of what is left on both sides


def how_sure(row: Priority) -> str:
    """Return how sure a verdict is, in a few plain words (no Markdown)."""
    if row.verdict == "proven" and any(grade.certain for grade in _deciding_grades(row)):
        return "Certain"
    sure = certainty(row)
    word = {"proven": "Proven", "likely": "Likely"}.get(row.verdict, "Not proven")
    return word if sure is None else f"{word}, {percent(sure)}"


def certainty(row: Priority) -> float | None:
    """Return the frequency of the top in the resamples; None where it does not decide."""
    if row.verdict not in ("proven", "likely"):
        return None
    found = [p for g in _deciding_grades(row) for p in (g.p_top, g.p_top_each) if p is not None]
    return max(found, default=None)


def _deciding_grades(row: Priority) -> list[Grade]:
    return [grade for grade in row.grades.values() if grade.grade == row.verdict]


def moved(row: Priority) -> str:
    """Return how the rating moved since the last wave, in a few plain words (no Markdown)."""
    trend = row.metrics["trend"]
    if trend.value is None:
        return "not available"
    if not is_moved(row):
        return "no clear change"
    return f"{'up' if trend.value > 0 else 'down'} {abs(trend.value):.2f}"


def is_moved(row: Priority) -> bool:
    """Whether the rating moved beyond chance since the last wave."""
    trend = row.metrics["trend"]
    if trend.value is None or trend.ci_lower is None or trend.ci_upper is None:
        return False
    return not trend.ci_lower <= 0 <= trend.ci_upper


def what_it_is(row: Priority) -> str:
    """Return what the study says of a moment, a paragraph each."""
    moment = row.moment
    given = (
        ("What it is", moment.description),
        ("By", listed(list(moment.interaction))),
        ("Customers expect", moment.expectation),
        ("Ideal", moment.ideal or "not yet written in the study"),
        ("Owner", _owner(row)),
        ("Handoffs", "; ".join(moment.handoffs) or ("none is named" if moment.partners else "")),
        ("To measure", ", ".join(name.replace("_", " ") for name in moment.metrics)),
    )
    return "\n\n".join(
        f"**{title}:** {escape_markdown(shorten(text, LONGEST_TEXT).rstrip('.'))}."
        for title, text in given
        if text
    )


def _owner(row: Priority) -> str:
    owner = row.moment.owner or "none is named"
    return f"{owner}, with {listed(list(row.moment.partners))}" if row.moment.partners else owner


def what_to_do(row: Priority, findings: Findings) -> str:
    """Return action and kind of the moment as labels, the verdict, the flags, the stage."""
    action = words.ACTIONS[row.action] if row.action else "No action"
    kind = words.ASYMMETRY.get(row.asymmetry, row.asymmetry)
    about = [stage.name for stage in findings.study.stages if stage.id == row.moment.stage]
    about += [words.CATEGORIES[row.moment.category]] if row.moment.category else []
    flags = [words.FLAGS.get(flag, flag.replace("_", " ")) for flag in row.flags]
    parts = [
        f"[{action}]{{.mot-label .mot-{row.action or 'none'}}}",
        f"[{sentence(kind)}]{{.mot-label .mot-kind}}",
        _why(row),
        f"**{sentence(listed(flags))}.**" if flags else "",
        f"[{escape_markdown(' · '.join(about))}]{{.mot-quiet}}" if about else "",
    ]
    return " ".join(part for part in parts if part)


def _why(row: Priority) -> str:
    """Return the verdict; with its numbers where no table of evidence gives them."""
    if row.verdict != "proven":
        return escape_markdown(row.reason)
    return f"Proven for {listed([words.THE_ROLES[role] for role in row.proven_for])}."


def how_robust(row: Priority, findings: Findings) -> str:
    """Return what could undo what is proven of a moment; empty where nothing weak is known."""
    found = []
    for role in row.proven_for:
        outcome = row.grades[role].outcome
        table = findings.robustness[outcome].table if outcome in findings.robustness else None
        if table is None or row.moment.id not in table.index:
            continue
        cells = table.loc[[row.moment.id]].to_dict("records")[0]
        value, name = float(cells["robustness_value"]), outcome_name(findings, outcome)
        if value < WEAK:
            found.append(
                f"a cause outside the model that explains {percent(value)} of what is left of "
                f"both the rating and {name} would undo it"
            )
        if not cells.get("same_sign", True):
            found.append(f"for {name} its sign turns without one segment")
    return sentence(f"**Weak:** {'; '.join(found)}.") if found else ""


def proven_for(row: Priority) -> str:
    """Return the roles that a moment is proven for, in a few plain words (no Markdown)."""
    if len(row.proven_for) == len(words.ROLES):
        return "both"
    return " and ".join(words.ROLES[role] for role in row.proven_for) or "–"
