"""findings.json keeps to its published schema, and the schema describes all of it."""

import json

import jsonschema
import pytest

from mot_research.report.exchange import findings_record
from mot_research.report.record_schema import findings_schema
from tests.report import cases
from tests.test_findings import write

SCHEMA = findings_schema()
CHECK = jsonschema.Draft202012Validator(SCHEMA)
ODD = cases.odd_cases()


def undescribed(schema, path="$"):
    """Yield the places that have properties and no words, or may hold what nobody described."""
    if "properties" in schema:
        for name, inner in schema["properties"].items():
            if not inner.get("description"):
                yield f"{path}.{name}"
            yield from undescribed(inner, f"{path}.{name}")
    if "object" in schema.get("type", ()) and schema.get("additionalProperties", True) is True:
        yield f"{path} is open"
    if "array" in schema.get("type", ()) and "items" not in schema:
        yield f"{path} is open"
    if isinstance(schema.get("items"), dict):
        yield from undescribed(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        if "properties" in schema and not schema["additionalProperties"].get("description"):
            yield f"{path}.* has no words"
        yield from undescribed(schema["additionalProperties"], f"{path}.*")


def test_it_is_a_schema_and_describes_every_key():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert list(undescribed(SCHEMA)) == []


@pytest.mark.parametrize("case", list(ODD))
def test_the_record_of_every_case_keeps_to_it(case):
    record = json.loads(json.dumps(findings_record(ODD[case]), allow_nan=False))
    assert [error.message for error in CHECK.iter_errors(record)] == []


def test_the_record_of_a_run_keeps_to_it(tmp_path):
    import mot_research as mot

    record = json.loads(json.dumps(findings_record(mot.run(write(tmp_path))), allow_nan=False))
    assert [error.message for error in CHECK.iter_errors(record)] == []
    assert record["segments"][0]["results"]
    assert record["value"]["moments"]
    assert record["segment_priorities"][0]["values"]


def test_a_key_that_nobody_described_is_refused():
    record = json.loads(json.dumps(findings_record(ODD["three moments"])))
    assert not CHECK.is_valid(record | {"surprise": 1})
    record["priorities"][0]["surprise"] = 1
    assert not CHECK.is_valid(record)


def test_a_key_inside_a_part_that_nobody_described_is_refused():
    record = json.loads(json.dumps(findings_record(ODD["everything"])))
    assert CHECK.is_valid(record)
    for part in ("scorecard", "inventory", "consensus"):
        assert not CHECK.is_valid(record | {part: record[part] | {"surprise": 1}}), part
    for part in ("beside", "contacts", "voice", "triangulation", "segments"):
        first, *others = record[part]
        assert not CHECK.is_valid(record | {part: [first | {"surprise": 1}, *others]}), part


def test_a_value_without_its_moments_is_refused():
    record = json.loads(json.dumps(findings_record(ODD["everything"])))
    assert not CHECK.is_valid(record | {"value": {"reason": "", "outcome": "renewed"}})
    assert CHECK.is_valid(record | {"value": {"reason": "there are no gains"}})


def test_a_metric_of_the_fifteen_that_is_absent_is_refused():
    record = json.loads(json.dumps(findings_record(ODD["three moments"])))
    del record["priorities"][0]["metrics"]["reach"]
    assert not CHECK.is_valid(record)
