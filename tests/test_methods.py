"""The pages on methods are true: code, table of methods, reference values, measured tables."""

import json
import pkgutil
import re

import pytest

from benchmarks.simulation.pages import PAGES as TABLES
from benchmarks.simulation.pages import tables, with_tables
from tests.pages import DOCS, ROOT, name_of, run_page, with_code

METHODS = DOCS / "methods"


@pytest.mark.parametrize("page", with_code(sorted(METHODS.glob("*.md"))), ids=name_of)
def test_code_runs_and_prints_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path)


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
    """`python benchmarks/interval_coverage.py --pages` has been run after the last full run."""
    results = json.loads((ROOT / "benchmarks/results/coverage.json").read_text(encoding="utf-8"))
    found = tables(results)
    assert set(found) == set(TABLES)
    for title, page in TABLES.items():
        text = (METHODS / page).read_text(encoding="utf-8")
        assert f"<!-- table: {title} -->" in text
        assert with_tables(text, found) == text
