"""The bill of materials (SBOM) of a lock: each pin, its licence, its hashes and what it needs.

From the root of the repository (`make sbom`):

    python -m supply.bill dist/mot_research.cdx.json

Both halves are made by cyclonedx-py: the lock knows every pin of every platform and its hashes, the
environment knows licences and what needs what. They are joined here by the names of the packages.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator
from packaging.utils import canonicalize_name

Bill = dict[str, Any]  # in the JSON form of CycloneDX

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "requirements"
SPECIFICATION = SchemaVersion.V1_6

# Of packages whose metadata name no licence that cyclonedx-py knows, or that are installed on some
# platforms only: from the metadata or the licence file of the pinned release.
STATED = {
    "appnope": "BSD-2-Clause",
    "asttokens": "Apache-2.0",
    "bleach": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "overrides": "Apache-2.0",
    "pywinpty": "MIT",
}


def bill(lock: str = "runtime.txt") -> Bill:
    """Return the bill of one file of requirements/.

    The environment of this interpreter must hold what the lock pins for its platform. The same lock
    and environment give the same bill.

    Raises
    ------
    LookupError
        If the environment holds another version than the lock.
    """
    locked = _made("requirements", LOCKS / lock)["components"]
    environment = _made("environment", sys.executable)
    here = {canonicalize_name(each["name"]): each for each in environment["components"]}
    components = [_joined(pin, here.get(canonicalize_name(pin["name"]))) for pin in locked]
    kept = {environment["metadata"]["component"]["bom-ref"]} | {
        each["bom-ref"] for each in components
    }
    needs = {each["ref"]: each.get("dependsOn", []) for each in environment["dependencies"]}
    return environment | {
        "components": components,
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(kept.intersection(needs.get(ref, [])))}
            for ref in sorted(kept)
        ],
    }


def text_of(made: Bill) -> str:
    """Return a bill as a file's text, once it has passed the schema of its specification."""
    text = json.dumps(made, indent=1, sort_keys=True) + "\n"
    wrong = make_schemabased_validator(OutputFormat.JSON, SPECIFICATION).validate_str(text)
    if wrong is not None:
        raise ValueError(f"the bill of materials breaks the schema of CycloneDX: {wrong}")
    return text


def licence(component: dict[str, Any]) -> str:
    """Return the licence of one component as one text: SPDX where its metadata name it so."""
    found = [each.get("expression") or each["license"] for each in component["licenses"]]
    exact = [each if isinstance(each, str) else each.get("id") for each in found]
    named = [each["name"].split(" :: ")[-1] for each in found if "name" in each]
    return " and ".join([each for each in exact if each] or named) or "not stated"


def _made(kind: str, source: str | Path) -> Bill:
    command = [sys.executable, "-m", "cyclonedx_py", kind, str(source), "-o", "-"]
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"]
    version = ["--spec-version", SPECIFICATION.to_version(), "--no-validate"]  # joined, it is
    done = subprocess.run([*command, *options, *version], capture_output=True, check=True)
    return json.loads(done.stdout)


def _joined(pin: dict[str, Any], here: dict[str, Any] | None) -> dict[str, Any]:
    name = canonicalize_name(pin["name"])
    if here is None:
        here = {key: value for key, value in pin.items() if key != "description"}
        here["bom-ref"] = f"{name}=={pin['version']}"
    if here["version"] != pin["version"]:
        raise LookupError(
            f"{name} {here['version']} is installed, the lock pins {pin['version']}: run make test"
        )
    licences = here.get("licenses", [])
    if name in STATED:
        licences = [{"license": {"id": STATED[name], "acknowledgement": "concluded"}}]
    # The lock's one reference carries the hashes; those to home pages are left out.
    return here | {"licenses": licences, "externalReferences": pin["externalReferences"]}


def main() -> None:
    """Write the bill of the runtime to the named file."""
    (target,) = map(Path, sys.argv[1:])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text_of(bill()), encoding="utf-8", newline="\n")
    print(target)


if __name__ == "__main__":
    main()
