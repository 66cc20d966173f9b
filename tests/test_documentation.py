"""The pages are true: their code prints what they say, their tables are the stored ones."""

import ast
import contextlib
import io
import itertools
import json
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.simulation.pages import PAGES as TABLES
from benchmarks.simulation.pages import tables, with_tables

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
METHODS = ROOT / "docs" / "methods"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
MOT = [sys.executable, "-c", "from mot_research.cli import main; main()"]
# What sets up and runs the project has its own tests; a page may show it.
NOT_RUN_HERE = {"make", "conda", "quarto", "."}
LEFT_OUT = "…"


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page):
    """(language, text) in order."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def lines(text):
    return [line.rstrip() for line in text.strip().splitlines()]


def run_python(text, namespace, name):
    """What a block prints, and as in a notebook the value of its last expression."""
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, name, "exec"), namespace)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
            if value is not None:
                print(repr(value))
    return printed.getvalue()


def run_shell(text):
    """What the commands of a block print, run as they stand."""
    printed = ""
    for line in text.replace("\\\n", " ").splitlines():
        command, *arguments = shlex.split(line, comments=True)
        if command in NOT_RUN_HERE:
            continue
        assert command == "mot", line
        done = subprocess.run(
            [*MOT, *arguments],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        printed += done.stdout
    return printed


def is_as_shown(printed, shown):
    """Whether the lines are the same; a line of … stands for any number of lines."""
    parts = [re.escape(line) for line in lines(shown)]
    pattern = "\n".join("(?:.*\n)*?.*" if part == re.escape(LEFT_OUT) else part for part in parts)
    return re.fullmatch(pattern, "\n".join(lines(printed))) is not None


RUN = re.compile(r"^```(python|sh)$", flags=re.MULTILINE)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if RUN.search(page.read_text("utf-8"))], ids=name_of
)
def test_code_runs_and_prints_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "data/example" in page.read_text(encoding="utf-8"):
        shutil.copytree(ROOT / "data" / "example", tmp_path / "data" / "example")
    namespace = {}
    found = [*blocks(page), ("", "")]
    for (language, text), (next_language, expected) in itertools.pairwise(found):
        if language == "python":
            printed = run_python(text, namespace, name_of(page))
        elif language == "sh":
            printed = run_shell(text)
        else:
            continue
        if next_language == "text":
            assert is_as_shown(printed, expected), printed


def test_every_method_has_its_page_in_the_index():
    index = (METHODS / "index.md").read_text(encoding="utf-8")
    for page in METHODS.glob("*.md"):
        if page.name != "index.md":
            assert f"]({page.name})" in index, page.name


def test_functions_of_the_table_of_methods_exist():
    index = (METHODS / "index.md").read_text(encoding="utf-8")
    rows = [row for row in index.splitlines() if row.startswith("| ") and "`" in row]
    named = [name for row in rows for name in re.findall(r"`([\w.]+)`", row.split(" | ")[1])]
    assert len(named) > 15
    for name in named:
        assert callable(pkgutil.resolve_name(f"mot_research.{name}")), name


def test_named_files_of_reference_values_exist(shared):
    named = {
        name
        for page in METHODS.glob("*.md")
        for name in re.findall(r"`(\w+\.json)`", page.read_text(encoding="utf-8"))
    }
    assert named
    for name in named:
        homes = (shared / "golden", ROOT / "tests" / "reference")
        assert any((home / name).exists() for home in homes), name


def test_measured_tables_are_those_of_the_stored_results():
    """`python benchmarks/coverage.py --pages` has been run after the last full run."""
    results = json.loads((ROOT / "benchmarks/results/coverage.json").read_text(encoding="utf-8"))
    found = tables(results)
    assert set(found) == set(TABLES)
    for title, page in TABLES.items():
        text = (METHODS / page).read_text(encoding="utf-8")
        assert f"<!-- table: {title} -->" in text
        assert with_tables(text, found) == text
