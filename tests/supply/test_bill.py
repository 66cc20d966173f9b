"""The bill of materials names every pin of the runtime, and the page on licences agrees with it."""

import json
import re

import pytest
from packaging.utils import canonicalize_name

from supply import licences
from supply.bill import ROOT, bill, licence, text_of

RUNTIME = (ROOT / "requirements" / "runtime.txt").read_text("utf-8")


def locked(text=RUNTIME):
    """Each pin of a lock as (name, version) → its hashes."""
    return {
        tuple(entry.split()[0].split("==")): set(re.findall(r"sha256:([0-9a-f]{64})", entry))
        for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    }


@pytest.fixture(scope="module")
def runtime():
    return bill("runtime.txt")


@pytest.fixture(scope="module")
def lab():
    return bill("lab.txt")


@pytest.fixture(scope="module")
def page(runtime, lab):
    return licences.page(runtime, lab)


def test_every_pin_is_in_the_bill_with_its_licence_and_hashes(runtime):
    found = {
        (canonicalize_name(each["name"]), each["version"]): {
            hashed["content"]
            for reference in each["externalReferences"]
            for hashed in reference["hashes"]
        }
        for each in runtime["components"]
    }
    assert found == locked()
    assert all(found.values())
    assert [each["name"] for each in runtime["components"] if licence(each) == "not stated"] == []


def test_the_bill_says_what_needs_what(runtime):
    needs = {each["ref"]: each["dependsOn"] for each in runtime["dependencies"]}
    components = {each["bom-ref"] for each in runtime["components"]}
    assert needs.keys() == components | {"root-component"}
    by_name = {
        ref.split("==")[0]: {each.split("==")[0] for each in on} for ref, on in needs.items()
    }
    assert {"numpy", "pandas", "pingouin"} <= by_name["root-component"]
    assert by_name["pandas"] >= {"numpy", "python-dateutil"}
    assert "pytest" not in by_name


def test_the_bill_passes_its_schema_and_is_the_same_bytes_twice(runtime):
    text = text_of(runtime)
    assert json.loads(text) == bill("runtime.txt")
    assert "timestamp" not in text
    assert str(ROOT) not in text


def test_a_bill_that_breaks_the_schema_is_not_written(runtime):
    with pytest.raises(ValueError, match="schema"):
        text_of(runtime | {"components": [{"name": "of no type"}]})


def test_the_page_on_licences_is_what_is_written(page):
    assert licences.PAGE.read_text("utf-8") == page, "python -m supply.licences"


def test_no_package_has_a_licence_that_the_project_can_not_be_handed_on_with(lab):
    for component in lab["components"]:
        parts = set(re.split(r" AND | OR | and |[()]", licence(component))) - {""}
        with_duties = {
            name for name, packages in licences.COPYLEFT.items() if component["name"] in packages
        }
        assert parts <= licences.PERMISSIVE | with_duties, component["name"]


def test_packages_with_duties_are_explained(page):
    told = page.split("## Every package")[0]
    for packages in licences.COPYLEFT.values():
        assert all(package in told for package in packages)
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert {"pingouin", "pandoc"} <= set(notice.split())
