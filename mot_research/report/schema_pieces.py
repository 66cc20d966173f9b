"""The pieces of a JSON schema whose columns take their words from the glossary."""

from __future__ import annotations

from typing import Any

from mot_research.report.narrative.glossary import Kind, meaning

Schema = dict[str, Any]

TYPES: dict[Kind, str] = {
    "text": "string",
    "flag": "boolean",
    "count": "number",
    "number": "number",
    "percent": "number",
}
INTERVAL = ("ci_lower", "ci_upper")


def columns(*names: str, table: str = "") -> Schema:
    """Return columns by name, as the glossary describes them in a kind of table."""
    return {name: column(name, table) for name in names}


def column(name: str, table: str = "") -> Schema:
    """Return one column; raises KeyError where the glossary has no word for it."""
    means = meaning(name, table)
    if means is None:
        raise KeyError(f"the glossary has no word for '{name}'")
    return {"type": [TYPES[means.kind], "null"], "description": means.text}


def with_ends(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return each name, and with it the ends of its interval."""
    return tuple(f"{name}{end}" for name in names for end in ("", "_ci_lower", "_ci_upper"))


def object_of(
    properties: Schema, *, description: str = "", optional: tuple[str, ...] = ()
) -> Schema:
    """Return an object of these properties and no others."""
    described = {"description": description} if description else {}
    return described | {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def rows(description: str, each: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    """Return a list of objects."""
    return list_of(description, object_of(each, optional=optional))


def list_of(description: str, items: Schema) -> Schema:
    """Return a list of one kind of entries."""
    return {"type": "array", "items": items, "description": description}


def map_of(description: str, values: Schema) -> Schema:
    """Return an object of any keys."""
    return {"type": "object", "additionalProperties": values, "description": description}


def nullable(schema: Schema) -> Schema:
    """Return the schema that allows null, too."""
    return schema | {"type": [schema["type"], "null"]}


def text(description: str) -> Schema:
    """Return a text."""
    return {"type": "string", "description": description}


def number(description: str) -> Schema:
    """Return a number, or null."""
    return {"type": ["number", "null"], "description": description}


def texts(description: str) -> Schema:
    """Return a list of texts."""
    return list_of(description, {"type": "string"})
