"""docs/trust.md names tests that exist."""

import re

import pytest

from tests.conftest import ROOT

NAMED = re.findall(r"`(tests/[\w/.]+\.py)::(\w+)`", (ROOT / "docs" / "trust.md").read_text("utf-8"))


def test_every_promise_names_a_test():
    rows = re.findall(r"^\| (?!promise|-)", (ROOT / "docs" / "trust.md").read_text("utf-8"), re.M)
    assert len(rows) == len(NAMED) > 0


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_named_test_exists(file, name):
    assert re.search(rf"^\s*def {name}\(", (ROOT / file).read_text("utf-8"), re.M)
