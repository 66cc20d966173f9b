"""The tables of the results, for the screen and for the pages of the documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .summary import PRODUCT

INTERVALS = {
    "effect": "effect of a rating",
    "contact_effect": "effect of having it",
    "lmg": "importance (lmg)",
    "share": "share of importance",
    "penalty": "penalty",
    "reward": "reward",
    "penalty_reward_difference": "reward − penalty",
    "asymmetry": "asymmetry, of real effects",
    "reach": "reach",
    "mean_rating": "mean rating",
    "top_box": "top box",
    "bottom_box": "bottom box",
    "gap_to_expectation": "gap to expectation",
    "spread": "spread of ratings",
    "trend": "change of the mean rating",
    "change of effect": "change of an effect",
    "change of lmg": "change of an importance",
    "change of share": "change of a share",
    "change of the outcome": "change of the outcome's mean",
    "parts of the change": "parts of that change",
    "segment less rest: effect": "segment less rest: effect",
    "segment less rest: share": "segment less rest: share",
    "value of the target": "value of the target, per customer",
    "path: direct": "path: direct",
    "path: indirect": "path: through loyalty",
    "path: total": "path: in all",
    "binary: effect": "binary outcome: effect",
    "binary: contact_effect": "binary outcome: effect of having it",
    "binary: lmg": "binary outcome: importance",
}
TESTS = (
    "null effects with p ≤ .05",
    "null contacts with p ≤ .05",
    "false discoveries among q ≤ .05",
    "studies with a null proven",
    "simultaneous rank sets hold",
    "possible top K holds the true",
    "sure top K is true",
    "certain is true",
    "classed against the truth",
)
DECISIONS = (
    "true top K that are proven",
    "true top K that are proven by either ranking",
    "true top K that are certain",
    "proven",
    "false proofs by importance",
    "false proofs",
    "studies with a null proven",
    "true effects with q ≤ .05",
    "simultaneous rank sets hold",
    "sure top K is true",
)
COUNTS = ("proven", "false proofs by importance", "false proofs")

PAGES = {
    "Coverage of the intervals": "inference.md",
    "Where there is little to go by": "inference.md",
    "Size of the tests, and sets": "inference.md",
    "The usual short cuts": "inference.md",
    "What the verdict rules do": "verdicts.md",
}

Results = Mapping[str, Any]


def tables(results: Results) -> dict[str, list[str]]:
    """Every table as lines of Markdown, by title."""
    coverage, power = results["coverage"], results["power"]
    found = {}
    if coverage:
        found["Coverage of the intervals"] = _coverage(coverage, ("enough",))
        found["Where there is little to go by"] = _coverage(
            coverage, ("few raters", "small importance")
        )
        found["Size of the tests, and sets"] = _figures(coverage, TESTS)
        found["The usual short cuts"] = _short_cuts(coverage)
    if power:
        found["What the verdict rules do"] = _figures(power, DECISIONS)
    return found


def update_pages(folder: Path, results: Results) -> list[Path]:
    """Put each table between its marks, ``<!-- table: TITLE -->`` and ``<!-- end -->``."""
    pages = []
    found = tables(results)
    for page in sorted(set(PAGES.values())):
        path = folder / page
        text = path.read_text(encoding="utf-8")
        path.write_text(with_tables(text, found), encoding="utf-8")
        pages.append(path)
    return pages


def with_tables(text: str, found: Mapping[str, Sequence[str]]) -> str:
    def replaced(mark: re.Match[str]) -> str:
        return f"{mark[1]}\n\n" + "\n".join(found[mark[2]]) + "\n\n<!-- end -->"

    return re.sub(r"(<!-- table: (.+?) -->).*?<!-- end -->", replaced, text, flags=re.DOTALL)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    line = "| " + " | ".join(head) + " |"
    rule = "|---" + "|---:" * (len(head) - 1) + "|"
    return [line, rule, *("| " + " | ".join(row) + " |" for row in rows)]


def _points(cell: Mapping[str, float], name: str) -> str:
    return f"{100 * cell[name]:.1f} ± {100 * cell['mc_error']:.1f}"


def _coverage(scenarios: Results, groups: Sequence[str]) -> list[str]:
    rows = []
    for kind, words in INTERVALS.items():
        for group in groups:
            cells = [
                one["methods"][PRODUCT]["intervals"].get(kind, {}).get(group)
                for one in scenarios.values()
            ]
            if any(cells):
                label = words if len(groups) == 1 else f"{words}: {group}"
                rows.append([label, *(_points(c, "coverage") if c else "" for c in cells)])
    return _table(["coverage in %", *(one["title"] for one in scenarios.values())], rows)


def _figures(scenarios: Results, names: Sequence[str]) -> list[str]:
    rows = []
    for name in names:
        cells = [one["methods"][PRODUCT]["figures"].get(name) for one in scenarios.values()]
        if name in COUNTS:
            shown = [f"{c['mean']:.2f} ± {c['mc_error']:.2f}" if c else "" for c in cells]
            rows.append([f"{name}, number a study", *shown])
        else:
            shown = [_points(c, "mean") if c else "" for c in cells]
            rows.append([f"{name}, %", *shown])
    return _table(["", *(one["title"] for one in scenarios.values())], rows)


def _short_cuts(scenarios: Results) -> list[str]:
    rows = []
    methods = dict.fromkeys(name for one in scenarios.values() for name in one["methods"])
    figures = ("null effects with p ≤ .05", "nulls with an importance 'above 0'")
    for method in methods:
        own = [one["methods"].get(method, {}) for one in scenarios.values()]
        for kind, words in INTERVALS.items():
            if kind not in ("effect", "lmg", "mean_rating", "top_box", "trend"):
                continue
            cells = [one.get("intervals", {}).get(kind, {}).get("enough") for one in own]
            if any(cells):
                shown = [_points(c, "coverage") if c else "" for c in cells]
                rows.append([f"{method}: {words}", *shown])
        for name in figures:
            cells = [one.get("figures", {}).get(name) for one in own]
            if any(cells):
                shown = [_points(c, "mean") if c else "" for c in cells]
                rows.append([f"{method}: {name}", *shown])
    return _table(["coverage or size in %", *(one["title"] for one in scenarios.values())], rows)
