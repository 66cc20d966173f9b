"""What is different from the last run: on page one, in full, and in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mot_research.errors import shown
from mot_research.findings import Findings
from mot_research.report.escaping import escape_markdown
from mot_research.report.narrative.words import counted, listed
from mot_research.study.manifests import Difference

NAMED_AT_MOST = 3
LONGEST_VALUE = 60


def rules_changed(findings: Findings) -> str:
    """Return which rules differ from those of the last wave's run; empty where none does."""
    difference = findings.memory.difference
    if difference is None or not difference.rules:
        return ""
    told = list(_pairs(difference.rules))
    rest = len(told) - NAMED_AT_MOST
    parts = told[:NAMED_AT_MOST] + ([counted(rest, "more rule")] if rest > 0 else [])
    wave = escape_markdown(difference.wave)
    return f"**The rules are not those of wave {wave}:** {escape_markdown('; '.join(parts))}."


def since_last_run(findings: Findings) -> str:
    """Return everything that differs from the last wave's run, a bullet each kind."""
    difference = findings.memory.difference
    if difference is None:
        reason = escape_markdown(findings.memory.reason)
        return f"Rules, files and versions are not compared with the last wave's run: {reason}."
    wave = escape_markdown(difference.wave)
    if difference.is_empty:
        return f"Rules, files and versions are those of the run of wave {wave}."
    kinds = {
        "Rules": list(_pairs(difference.rules)),
        "Versions": list(_pairs(difference.versions)),
        "New files": list(difference.added),
        "Files gone": list(difference.removed),
        "Files with another content": list(difference.changed),
    }
    lines = [
        f"- {kind}: {escape_markdown(listed(list(map(shown, parts))))}."
        for kind, parts in kinds.items()
        if parts
    ]
    same = "" if difference.rules else "\n- The rules are the same."
    return f"Different from the run of wave {wave}:\n\n" + "\n".join(lines) + same


def for_terminal(difference: Difference) -> str:
    """Return in one line what differs from the last run of the same outputs."""
    if difference.is_empty:
        return "Same files, rules and versions as the last run."
    parts = [f"rule {text}" for text in _pairs(difference.rules)]
    parts += list(_pairs(difference.versions))
    parts += [f"new file {name}" for name in difference.added]
    parts += [f"file gone {name}" for name in difference.removed]
    parts += [f"changed file {name}" for name in difference.changed]
    return f"Different from the last run: {'; '.join(map(shown, parts))}."


def _pairs(changes: Mapping[str, tuple[Any, Any]]) -> Iterator[str]:
    for name, (before, now) in changes.items():
        yield f"{str(name).replace('_', ' ')} {_value(now)}, was {_value(before)}"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(part)}" for key, part in value.items())[:LONGEST_VALUE]
    return str(value)[:LONGEST_VALUE]
