"""Ask a vulnerability service about every pin of the locks: `make audit`.

    python -m supply.audit [--osv-url URL] [LOCK…]

pip-audit asks; it ends with 1 for a hole and for a failure alike, and passes over a package that
the service doesn't know. Here the exit code is 0 where every pin was looked up and nothing is
known, 1 where something is, and 3 where not every pin could be looked up.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

LOCKS = Path(__file__).parents[1] / "requirements"
NOTHING_KNOWN, VULNERABLE, NOT_CHECKED = 0, 1, 3
PIP_AUDIT = [
    *(sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"),
    *("--require-hashes", "--disable-pip", "--vulnerability-service", "osv"),
]


def audit(locks: list[Path], options: list[str]) -> int:
    """Print what is known about the pins of some locks; return the exit code."""
    files = [part for lock in locks for part in ("--requirement", str(lock))]
    done = subprocess.run([*PIP_AUDIT, *files, *options], capture_output=True, text=True)
    try:
        pins = json.loads(done.stdout)["dependencies"]
    except json.JSONDecodeError:
        reason = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        print(f"Nothing was checked: the vulnerability service gave no answer ({reason}).")
        print("Try again where it can be reached, or name another one: make audit OSV_URL=…")
        return NOT_CHECKED
    skipped = [f"{pin['name']} ({pin['skip_reason']})" for pin in pins if "skip_reason" in pin]
    known = [(pin, hole) for pin in pins for hole in pin.get("vulns", [])]
    for pin, hole in known:
        mended = ", ".join(hole["fix_versions"]) or "no release yet"
        print(f"{pin['name']} {pin['version']}: {hole['id']}, mended in {mended}")
    if skipped:
        print(f"Not looked up: {', '.join(skipped)}.")
    print(f"{len(pins) - len(skipped)} packages looked up, {len(known)} vulnerabilities known.")
    return VULNERABLE if known else NOT_CHECKED if skipped or not pins else NOTHING_KNOWN


def main() -> None:
    """Check the locks that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m supply.audit")
    parser.add_argument("locks", nargs="*", type=Path)
    parser.add_argument("--osv-url", help="another service with the interface of osv.dev")
    asked = parser.parse_args()
    options = ["--osv-url", asked.osv_url] if asked.osv_url else []
    sys.exit(audit(asked.locks or sorted(LOCKS.glob("*.txt")), options))


if __name__ == "__main__":
    main()
