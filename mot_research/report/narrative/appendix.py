"""The technical appendix: every model in full. Each function returns Markdown.

Counts, means and reaches that rest on few people are empty, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from mot_research.drivers.result import DriverResult
from mot_research.findings import Findings
from mot_research.numbers import (
    SHOWN_FROM,
    SUPPRESSED_BELOW,
    Writing,
    count,
    is_shown,
    plain,
)
from mot_research.report.escaping import escape_markdown
from mot_research.report.frame_table import NOTHING, frame_table
from mot_research.report.narrative import words
from mot_research.report.narrative.phrases import names_by_id

DIGITS = 3
IMPORTANCE = {
    "lmg": "How it went, %",
    "ci_lower": "from",
    "ci_upper": "to",
    "contact": "Having it, %",
    "share": "Share, %",
    "first": "First, %",
    "last": "Last, %",
    "relative_weight": "Relative weight, %",
}
EFFECTS = {
    "effect": "One point better",
    "effect_ci_lower": "from",
    "effect_ci_upper": "to",
    "std_error": "± error",
    "p_value": "p",
    "q_value": "q",
    "effect_sd": "One sd better",
    "contact_effect": "Having it",
    "contact_effect_ci_lower": "from ",
    "contact_effect_ci_upper": "to ",
    "contact_std_error": "± error ",
    "contact_p_value": "p ",
    "contact_q_value": "q ",
}
RANKS = {
    "rank": "Rank",
    "rank_lower": "from",
    "rank_upper": "to",
    "p_top": "Among the top, %",
    "rank_each": "Rank, for each who had it",
    "p_top_each": "Among the top, %, for each",
    "n": "Rated by",
    "reach": "Had it, %",
    "mean": "Mean rating",
}
FURTHER = {
    "effect_per_customer": "Per customer",
    "nps_effect": "On the net promoter share",
    "nps_std_error": "± error",
    "poisson_effect": "Poisson",
    "poisson_std_error": "± error ",
    "winsorised_effect": "Largest amounts cut",
    "winsorised_std_error": "± error  ",
}
PROBABILITIES = ("p_value", "q_value", "contact_p_value", "contact_q_value")
WITH_INTERVAL = Writing(lambda value: plain(value, DIGITS))
IN_PERCENT = (
    *("lmg", "ci_lower", "ci_upper", "contact", "share", "first", "last", "relative_weight"),
    *("p_top", "p_top_each", "reach"),
)


def models(findings: Findings) -> str:
    """Return for each outcome its model and every column of its table."""
    blocks = []
    for name, result in findings.drivers.items():
        blocks += [f"### {_title(findings, name)}", _model(result), *_tables(findings, result)]
        if name in findings.alone:
            alone = findings.alone[name]
            blocks += [
                f"#### Wave {escape_markdown(findings.wave)} alone",
                _model(alone),
                *_tables(findings, alone),
            ]
    return "\n\n".join(blocks) or NOTHING


def _model(result: DriverResult) -> str:
    facts = [
        f"model: {result.model}",
        f"waves: {', '.join(result.waves) or 'not named'}",
        f"{count(result.n_obs)} answers, worth {count(result.n_effective)}",
        f"{count(result.n_units)} sampling units in {count(result.n_strata)} strata",
    ]
    if result.is_ranked:
        facts.append(
            f"R² {_number(result.r_squared)}, of the controls {_number(result.r_squared_controls)}"
        )
    else:
        facts.append("one model per moment, so no R² and no ranks")
    facts += [
        f"mean of the outcome {_number(result.outcome_mean)}, sd {_number(result.outcome_sd)}",
        f"blanks: {'by maximum likelihood' if result.missing == 'em' else 'rows left out'}",
        f"{count(result.n_resamples)} resamples, seed {result.seed}",
        f"intervals of {_number(100 * result.confidence, 0)} %, top {result.top}",
        *(text.rstrip(".") for text in result.computed),
    ]
    return escape_markdown("; ".join(facts) + ".")


def _tables(findings: Findings, result: DriverResult) -> Iterator[str]:
    table = result.to_frame().sort_values("lmg", ascending=False, kind="stable")
    parts = ((IMPORTANCE, "lmg"), (EFFECTS, "effect"), (RANKS, "n"))
    for columns, needed in parts if result.is_ranked else parts[1:]:
        yield _columns(findings, result, table, columns, needed)
    if len(result.further.columns):
        further = result.further.join(table[["n"]])
        yield _columns(findings, result, further, FURTHER, str(result.further.columns[0]))
    if result.not_tested:
        named = names_by_id(findings)
        yield "\n".join(
            f"- Not tested: {escape_markdown(named.get(name, name))}: {escape_markdown(why)}."
            for name, why in result.not_tested.items()
        )


def _columns(
    findings: Findings,
    result: DriverResult,
    table: pd.DataFrame,
    columns: Mapping[str, str],
    needed: str,
) -> str:
    """Return some columns of a table, for the drivers that have them."""
    few = ~(table["n"] >= SHOWN_FROM)
    hidden = ~(table["n"] >= SUPPRESSED_BELOW)
    table = table.loc[table[needed].notna()]
    chosen = [name for name in columns if name in table and table[name].notna().any()]
    shown = table[chosen].astype(float)
    shown.loc[few[table.index], [c for c in chosen if c == "mean"]] = np.nan
    shown.loc[hidden[table.index], [c for c in chosen if c in ("n", "reach")]] = np.nan
    shown[[c for c in chosen if c in IN_PERCENT]] *= 100
    written = shown.astype({c: object for c in chosen if c in PROBABILITIES})
    for name in written.columns.intersection(list(PROBABILITIES)):
        written[name] = [probability(value) for value in shown[name]]
    return _named(findings, written.rename(columns=columns))


def asymmetries(findings: Findings) -> str:
    """Return penalty, reward and class of every moment."""
    records = []
    for row in findings.priorities.rows:
        cells: dict[str, object] = {"Moment": row.moment.name}
        for name in ("penalty", "reward"):
            metric = row.metrics[name]
            ends = (metric.value, metric.ci_lower, metric.ci_upper)
            shown = ends if is_shown(metric.n) else (None, None, None)
            pad = " " if name == "reward" else ""
            cells |= dict(zip((name.title(), f"from{pad}", f"to{pad}"), shown, strict=True))
        cells["Class"] = words.ASYMMETRY.get(row.asymmetry, row.asymmetry)
        if cells["Penalty"] is not None or cells["Reward"] is not None:
            records.append(cells)
    numbers = ("Penalty", "from", "to", "Reward", "from ", "to ")
    return frame_table(
        pd.DataFrame(records).astype({name: float for name in numbers} if records else {}),
        digits=DIGITS,
    )


def paths(findings: Findings) -> str:
    """Return every path from a moment through loyalty to revenue."""
    blocks = []
    for name, each in findings.paths.items():
        parts = {"a": "On loyalty", "direct": "Direct", "indirect": "Through loyalty"}
        parts |= {"total": "Total", "total_winsorised": "Total, largest cut"}
        shown = pd.DataFrame(index=each.table.index)
        for part, title in parts.items():
            if part in each.table:
                ends = each.table[[part, f"{part}_ci_lower", f"{part}_ci_upper"]]
                shown[title] = [WITH_INTERVAL.with_interval(*row) for row in ends.to_numpy(float)]
        flags = each.table[["conflict", "opposed"]].astype(bool)
        shown["Flag"] = np.select(
            [flags["conflict"], flags["opposed"]], ["conflict", "opposed"], default=""
        )
        facts = (
            f"through {findings.study.outcome(each.mediator).name}, {count(each.n_obs)} answers "
            f"with both, waves {', '.join(each.waves)}; revenue per point of loyalty "
            f"{_number(each.b, 4)} ({_number(each.b_ci_lower, 4)} to "
            f"{_number(each.b_ci_upper, 4)}). {each.note}"
        )
        blocks += [
            f"### {_title(findings, name)}",
            escape_markdown(facts),
            _named(findings, shown),
        ]
    return "\n\n".join(blocks) or NOTHING


def reliability(findings: Findings) -> str:
    """Return how well the scales measure, and how much one impression makes of the ratings."""
    measured = findings.reliability
    if measured is None:
        return NOTHING
    text = "Too few people rated two moments for the halo."
    if measured.halo is not None and measured.halo_correlation is not None:
        text = (
            f"Halo: one general impression makes {_number(100 * measured.halo, 1)} % of the "
            f"variance of {measured.n_ratings} ratings (mean correlation "
            f"{_number(measured.halo_correlation)} over {measured.n_pairs} pairs)."
        )
    scales = measured.scales.reset_index().rename(
        columns={
            "scale": "Scale",
            "n_items": "Items",
            "n": "Answered all",
            "alpha": "α",
            "alpha_ci_lower": "from",
            "alpha_ci_upper": "to",
            "omega": "ω",
            "reason": "Reason",
        }
    )
    numbers = scales.columns.intersection(["α", "from", "to", "ω"])
    scales[numbers] = scales[numbers].astype(float)
    return f"{escape_markdown(text)}\n\n{frame_table(scales, digits=DIGITS)}"


def robustness(findings: Findings) -> str:
    """Return what could undo each effect: hidden causes, collinearity, any one segment."""
    columns = {
        "effect": "Linear effect",
        "partial_r_squared": "Partial R²",
        "robustness_value": "Robustness value",
        "vif": "VIF",
        "gvif": "GVIF^(1/2df)",
    }
    ranges = {
        "effect_lowest": "Lowest effect",
        "without_lowest": "without",
        "effect_highest": "Highest effect",
        "without_highest": "without ",
        "rank_best": "Best rank",
        "rank_worst": "Worst rank",
        "same_sign": "Same sign",
    }
    blocks = []
    for name, each in findings.robustness.items():
        blocks += [
            f"### {_title(findings, name)}",
            f"Largest condition index: {_number(each.condition_index, 1)}.",
        ]
        if len(each.conditions):
            blocks.append(frame_table(each.conditions, digits=1))
        blocks.append(_named(findings, each.table[list(columns)].rename(columns=columns)))
        if "effect_lowest" in each.table:
            shown = each.table[list(ranges)].rename(columns=ranges)
            blocks += ["#### Leaving out each segment value", _named(findings, shown)]
        blocks += [f"- Not left out: {escape_markdown(line)}." for line in each.not_left_out]
    return "\n\n".join(blocks) or NOTHING


def sample_sizes(findings: Findings) -> str:
    """Return how many interviews would tell effects and places apart."""
    named = names_by_id(findings)
    blocks = []
    for name, each in findings.sample_sizes.items():
        text = f"Now {count(each.n_obs)} answers. No border of the top to settle."
        if each.border is not None and each.border_pair:
            pair = " and ".join(named.get(one, one) for one in each.border_pair)
            text = (
                f"Now {count(each.n_obs)} answers; the first {each.top} places would be settled "
                f"with {count(each.border)} (power {_number(100 * each.power, 0)} %). At the "
                f"border: {pair}."
            )
        table = each.to_frame().astype(float)
        titles = {"n_effect": "To prove a small effect", "n_border": "To tell it at the border"}
        blocks += [
            f"### {_title(findings, name)}",
            escape_markdown(text),
            _named(findings, table.rename(columns=titles)),
        ]
    return "\n\n".join(blocks) or NOTHING


def predictions(findings: Findings) -> str:
    """Return how well each outcome is predicted on answers that did not make the model."""
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": findings.study.outcome(name).name,
                "R²": each.r_squared,
                "Left out": each.cross_validated,
                "± splits": each.cross_validated_spread,
                "Folds": f"{each.n_folds} × {each.n_repeats}",
                "Model of": each.earlier or "",
                "its R² here": each.from_earlier,
                "from": each.ci_lower,
                "to": each.ci_upper,
                "at most": each.own,
                "Level off by": each.level_error,
            }
            for name, each in findings.prediction.items()
        ),
        digits=DIGITS,
    )


def _named(findings: Findings, table: pd.DataFrame) -> str:
    """Return a table with the name of each moment in front."""
    named = names_by_id(findings)
    table = table.copy()
    table.insert(0, "Moment", [named.get(str(name), str(name)) for name in table.index])
    return frame_table(table, digits=DIGITS)


def _title(findings: Findings, outcome: str) -> str:
    return escape_markdown(findings.study.outcome(outcome).name)


def probability(value: float) -> str:
    """Return a p or q value: .012, < .001; empty where there is none."""
    if not np.isfinite(value):
        return ""
    return "< .001" if value < 0.001 else plain(float(value), DIGITS)


def _number(value: float, digits: int = DIGITS) -> str:
    return plain(float(value), digits)
