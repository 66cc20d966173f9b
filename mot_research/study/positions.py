"""YAML text as plain values, with the line and column where each one stands.

Only text, numbers, true/false, null, lists and mappings with text keys come
out; tags that would build anything else are refused. A plain scalar becomes a
number only where the number writes back to the same characters, so that
``007`` and ``2026.10`` keep their digits where a text is wanted.
"""

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from mot_research.errors import StudyError, shown

MOST_VALUES = 50_000  # counted after aliases are expanded: an alias bomb stops here
DEEPEST = 40
MOST_OPEN = 400  # brackets, those of texts too; the parser's time grows with their square

BRACKET = re.compile(r"[\[\]{}]")
Place = tuple[str | int, ...]
YAML_TAG = "tag:yaml.org,2002:"
SCALARS = ("str", "int", "float", "bool", "null", "timestamp")


@dataclass(frozen=True)
class Position:
    """A place in a text file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """A YAML file's values, and where the key or item of each place stands."""

    value: Any
    positions: dict[Place, Position]

    def position(self, place: Place) -> Position:
        """Return where a place stands, or the nearest part that holds it."""
        while place and place not in self.positions:
            place = place[:-1]
        return self.positions.get(place, Position(1, 1))


def read_yaml(text: str, *, name: str) -> Document:
    """Return the one document of a YAML text.

    Raises StudyError with `name`, line and column for what is no YAML, for
    duplicate keys, tags, several documents, recursion and too many values.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    if _most_open(text) > MOST_OPEN:
        raise StudyError(f"{name}: lists or mappings are nested too deeply.")
    try:
        node = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = _at(name, mark) if mark else name
        raise StudyError(f"{where}: {_syntax_advice(error)}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise StudyError(
            f"{name} line {line}: not readable as YAML: unacceptable character. Write it anew."
        ) from None
    except YAMLError as error:
        raise StudyError(f"{name}: not readable as YAML: {shown(error)}") from None
    except RecursionError:
        raise StudyError(f"{name}: lists or mappings are nested too deeply.") from None
    positions: dict[Place, Position] = {}
    if node is None:
        return Document(None, positions)
    return Document(_Values(name, positions).value(node, (), ()), positions)


def _most_open(text: str) -> int:
    """Return how many brackets are open at once, at most."""
    steps = (1 if bracket in "[{" else -1 for bracket in BRACKET.findall(text))
    return max(accumulate(steps), default=0)


def _at(name: str, mark: Any) -> str:
    return f"{name} line {mark.line + 1}, column {mark.column + 1}"


def _syntax_advice(error: Any) -> str:
    problem = shown(error.problem or error.context or "not readable as YAML")
    if "\\t" in problem:
        return "a tab is used for indentation. Use spaces."
    if "single document" in str(error.context):
        return "a second document begins here. Keep one study a file, without '---' inside."
    return f"not readable as YAML: {problem}. Check indentation, brackets and quotes here."


class _Values:
    """Turns composed nodes into values, counting them as it goes."""

    def __init__(self, name: str, positions: dict[Place, Position]) -> None:
        self.name = name
        self.positions = positions
        self.count = 0

    def value(self, node: Any, place: Place, above: tuple[int, ...]) -> Any:
        self.count += 1
        if self.count > MOST_VALUES:
            raise StudyError(
                f"{self.name}: more than {MOST_VALUES:,} values once its aliases (*) are "
                "expanded. A study needs far fewer: remove the aliases."
            )
        if id(node) in above:
            self.refuse(node, "an alias (*) refers to a part that holds it")
        if len(above) > DEEPEST:
            self.refuse(node, "lists or mappings are nested too deeply")
        self.positions.setdefault(
            place, Position(node.start_mark.line + 1, node.start_mark.column + 1)
        )
        tag = str(node.tag or "")
        above = (*above, id(node))
        if tag == YAML_TAG + "seq":
            return [self.value(item, (*place, i), above) for i, item in enumerate(node.value)]
        if tag == YAML_TAG + "map":
            return self.mapping(node, place, above)
        kind = tag.removeprefix(YAML_TAG)
        if isinstance(node.value, str) and kind in SCALARS:
            return _scalar(kind, node.value)
        return self.refuse(node, f"the tag {shown(tag)} is not allowed; write plain values")

    def mapping(self, node: Any, place: Place, above: tuple[int, ...]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, item in node.value:
            if not isinstance(key.value, str):
                self.refuse(key, "a key must be a text, not a list or a mapping")
            if key.value == "<<" and key.style is None:
                value = self.value(item, (*place, "<<"), above)
                for part in reversed(value if isinstance(value, list) else [value]):
                    if not isinstance(part, dict):
                        self.refuse(item, "<<: merges mappings only")
                    merged |= part
                continue
            if key.value in own:
                self.refuse(
                    key,
                    f"the key '{shown(key.value)}' stands twice, first in line "
                    f"{lines[key.value]}. Keep one",
                )
            lines[key.value] = key.start_mark.line + 1
            inner = (*place, key.value)
            self.positions[inner] = Position(lines[key.value], key.start_mark.column + 1)
            own[key.value] = self.value(item, inner, above)
        return merged | own

    def refuse(self, node: Any, reason: str) -> Any:
        raise StudyError(f"{_at(self.name, node.start_mark)}: {reason}.")


def _scalar(kind: str, text: str) -> Any:
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in ("int", "float"):
        try:
            number = int(text) if kind == "int" else float(text)
        except ValueError:
            return text
        return number if repr(number) == text else text
    return text
