"""What a run left behind of what went into it, and what is different from it now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mot_research.errors import shown
from mot_research.study.definition import Rules, Study

MANIFEST = "manifest.json"
NO_RUN = "there is no earlier run"
LARGEST_BYTES = 5_000_000  # far above any manifest; a larger file is something else


@dataclass(frozen=True)
class Manifest:
    """What went into a run: rules by name (the seed is one), files by hash, packages."""

    wave: str
    rules: Mapping[str, Any]
    inputs: Mapping[str, str]
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """What is different now; ``rules`` and ``versions`` hold what was and what is, None if absent.

    ``wave`` is that of the other run.
    """

    wave: str
    rules: Mapping[str, tuple[Any, Any]]
    versions: Mapping[str, tuple[Any, Any]]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.rules or self.versions or self.added or self.removed or self.changed)


@dataclass(frozen=True)
class Memory:
    """The difference from an earlier run, or the reason why there is none to compare with."""

    difference: Difference | None = None
    reason: str = "nothing was compared"


def rules_of(rules: Rules) -> dict[str, Any]:
    """The rules as a manifest holds them."""
    return rules.model_dump(mode="json")


def read_manifest(folder: Path, study: str) -> tuple[Manifest | None, str]:
    """The manifest in a folder of outputs, or None and why it can't be used.

    A file that is broken, or of another study, is no error: it is said and left alone.
    """
    path = folder / MANIFEST
    try:
        if not path.is_file():
            return None, NO_RUN
        if path.stat().st_size > LARGEST_BYTES:
            return None, f"{MANIFEST} of the earlier run is no manifest"
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None, f"{MANIFEST} of the earlier run can't be read"
    try:
        if record["study"] != study:
            return None, f"the earlier run is of another study, {shown(record['study'])}"
        found = Manifest(
            wave=str(record["wave"]),
            rules=dict(record["rules"]),
            inputs={str(entry["name"]): str(entry["sha256"]) for entry in record["inputs"]},
            versions={str(name): str(value) for name, value in record["versions"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, f"{MANIFEST} of the earlier run is no manifest"
    return found, ""


def compare(before: Manifest, now: Manifest) -> Difference:
    """What is different between two runs."""
    both = before.inputs.keys() & now.inputs.keys()
    return Difference(
        wave=before.wave,
        rules=_changes(before.rules, now.rules),
        versions=_changes(before.versions, now.versions),
        added=tuple(sorted(now.inputs.keys() - both)),
        removed=tuple(sorted(before.inputs.keys() - both)),
        changed=tuple(sorted(name for name in both if before.inputs[name] != now.inputs[name])),
    )


def since_earlier_wave(study: Study, now: Manifest, within: str = "") -> Memory:
    """What is different from the run that left the outputs of the wave before.

    They are looked for in ``output/<wave>/`` beside the study file, whose manifest so is one more
    input of the documents; of a run of the same wave nothing is read. ``within`` is the folder of
    the part that the run is about.
    """
    waves = [wave.id for wave in study.waves]
    earlier = waves[: waves.index(now.wave)]
    if not earlier:
        return Memory(None, "there is no earlier wave")
    if study.path is None:
        return Memory(None, "the study is not read from a file")
    before, reason = read_manifest(study.folder / "output" / earlier[-1] / within, study.name)
    return Memory(None, reason) if before is None else Memory(compare(before, now))


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = [*now, *(name for name in before if name not in now)]
    return {
        name: (before.get(name), now.get(name))
        for name in names
        if before.get(name) != now.get(name)
    }
