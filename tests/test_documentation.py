"""The pages are true: their code prints what they say, their tables are the stored ones."""

import ast
import contextlib
import io
import itertools
import json
import pkgutil
import re
import shutil
from pathlib import Path

import pytest

from benchmarks.simulation.pages import PAGES as TABLES
from benchmarks.simulation.pages import tables, with_tables

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
METHODS = ROOT / "docs" / "methods"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page):
    """(language, text) in order."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def lines(text):
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python" in page.read_text("utf-8")], ids=name_of
)
def test_code_runs_and_prints_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "data/example" in page.read_text(encoding="utf-8"):
        shutil.copytree(ROOT / "data" / "example", tmp_path / "data" / "example")
    namespace = {}
    found = [*blocks(page), ("", "")]
    for (language, text), (next_language, expected) in itertools.pairwise(found):
        if language != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(ast.parse(text), name_of(page), "exec"), namespace)
        if next_language == "text":
            assert lines(printed.getvalue()) == lines(expected)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


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
