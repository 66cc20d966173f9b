"""The benchmarks run as `make bench` runs them; how fast is for them to say, not for a test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(ROOT.glob("benchmarks/*.py"))


def run(script, *options):
    return subprocess.run(
        [sys.executable, script, *options],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_it_says_how_to_run_it(script):
    done = run(script, "--help")
    assert done.returncode == 0, done.stderr
    assert "--" in done.stdout


@pytest.mark.parametrize(
    ("name", "options", "peer"),
    [
        ("lmg.py", ["--quick"], "pingouin"),
        ("bootstrap.py", ["--quick"], "pingouin"),
        ("contacts.py", ["--events", "2000"], "pandas"),
    ],
)
def test_ways_that_are_compared_agree(name, options, peer):
    """Each holds its ways against another, and stops where they differ."""
    done = run(ROOT / "benchmarks" / name, *options)
    assert done.returncode == 0, done.stderr
    assert peer in done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_no_script_hides_a_package(script):
    """Python looks beside the script first: a package that numba asks for would be this file."""
    assert script.stem not in sys.stdlib_module_names | {"coverage", "numba", "scipy", "pandas"}
