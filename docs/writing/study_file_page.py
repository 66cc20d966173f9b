"""The page on study.yml: every key, from the schema that editors use."""

from collections.abc import Iterator
from typing import Any

from docs.writing.python_pages import table
from mot_research.study.definition import Study

Schema = dict[str, Any]

ABOUT = """\
# study.yml, key by key

A study is this one file, beside its data. Only `study:` is required; what else a report needs is
told by `mot check`, one step at a time. `data/example/study.yml` has nearly all of the keys, and
`mot schema` prints their JSON schema, by which editors complete and check them.

Paths stay inside the study's folder. A list of one may be written without brackets. Dates are
written as 2026-01-31, durations as `14 days`, `36 hours` or `2 weeks`. Unknown keys are refused,
with the nearest known one.\
"""
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true, false"}
FORMATS = {"date": "date"}


def study_file_page() -> str:
    """Return the page: the file's own keys, then the parts in the order in which they are named."""
    schema = Study.model_json_schema()
    parts = schema["$defs"]
    order = dict.fromkeys(name for keys in (schema, *parts.values()) for name in _named(keys))
    sections = [ABOUT, "## The file", _keys(schema)]
    for name in order:
        about = parts[name].get("description", "")
        sections += [f"## {_title(name)}", *([about] if about else []), _keys(parts[name])]
    return "\n\n".join(sections) + "\n"


def _named(keys: Schema) -> Iterator[str]:
    """Yield the parts that a part names, as they come."""
    for one in keys.get("properties", {}).values():
        yield from _references(one)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"].rpartition("/")[2]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _keys(part: Schema) -> str:
    required = part.get("required", [])
    rows = [
        (
            f"`{name}`",
            _value(one),
            "required" if name in required else _default(one),
            one.get("description", ""),
        )
        for name, one in part["properties"].items()
    ]
    return table(("key", "value", "default", "what it is"), rows)


def _value(one: Schema) -> str:
    """Return what may stand there, in words."""
    if "$ref" in one:
        name = one["$ref"].rpartition("/")[2]
        return f"[{_title(name)}](#{_title(name).lower().replace(' ', '-')})"
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if "anyOf" in one or "oneOf" in one:
        kinds = [_value(each) for each in one.get("anyOf") or one["oneOf"]]
        if "text" in kinds:  # numbers are read as text where text is wanted
            kinds = [kind for kind in kinds if kind != "whole number"]
        if any(kind.startswith("list of") for kind in kinds):  # a list of one needs no brackets
            kinds = [kind for kind in kinds if kind.startswith(("list of", "mapping"))]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind))
    kind = one.get("type")
    if kind == "array":
        return f"list of {_value(one['items'])}"
    if kind == "object":
        values = one.get("additionalProperties")
        return f"mapping to {_value(values)}" if isinstance(values, dict) else "mapping"
    if kind == "null":
        return ""
    return FORMATS.get(one.get("format", ""), WORDS.get(str(kind), str(kind)))


def _default(one: Schema) -> str:
    """Return the default where it says something; that of a part is the defaults of its keys."""
    value = one.get("default")
    if value is None or "$ref" in one or isinstance(value, list) or value == {}:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        inner = ", ".join(f"{key}: {each}" for key, each in value.items())
        return f"`{{{inner}}}`"
    return f"`{value}`"


def _title(name: str) -> str:
    """Return the name of a part as words: RatingsOverride as Ratings override."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip().capitalize()
