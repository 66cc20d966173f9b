"""Changes to a list in a study file that leave every other character as it was.

An item is edited by itself, with the comments inside it; what stands before, after and between
the items is not even read. The result is read back, so that nothing else can have changed.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from mot_research.errors import StudyError, shown
from mot_research.study.positions import read_yaml
from mot_research.study.writing import as_flow

NO_LIST = "[]", "null", "~", "{}"
DASH = 2  # columns before the dash of an item that is the first of its list


@dataclass(frozen=True)
class _Block:
    """Lines of a text: from `start` up to `end`, those that only comment left out."""

    start: int
    end: int


def edit_list(
    text: str,
    key: str,
    changes: Mapping[int, Callable[[dict[str, Any]], None]],
    added: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return a study file's text with items of one of its lists changed, and others added.

    Parameters
    ----------
    text : str
        Of the whole file, valid.
    key : str
        The list: ``moments``, ``outcomes`` or ``waves``.
    changes : mapping of place to function
        Each gets the item at a place, counted from 0, and changes it; comments
        on the keys that stay are kept.
    added : sequence of mapping
        Plain values, to follow the last item.

    Raises
    ------
    StudyError
        An item is written in a way that can't be edited by itself: with an
        anchor or alias, or several on one line.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    blocks, indent = _items(lines, text, key)
    as_last = bool(blocks) and lines[blocks[-1].start].lstrip().startswith("- {")
    written = [_written([_new_item(item, flow=as_last)], indent) for item in added]
    for place in sorted(changes, reverse=True):
        block = blocks[place]
        item = _read_item(lines[block.start : block.end], key, place)
        changes[place](item[0])
        lines[block.start : block.end] = _written(item, indent)
    if written:
        lines = _with_added(lines, key, blocks, [line for item in written for line in item], indent)
    return newline.join(lines)


def on_one_line(value: Any) -> Any:
    """A plain value whose lists and mappings are written in brackets."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, Mapping):
        mapping = CommentedMap((key, on_one_line(item)) for key, item in value.items())
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = CommentedSeq(map(on_one_line, value))
        items.fa.set_flow_style()
        return items
    return value


def _new_item(values: Mapping[str, Any], *, flow: bool) -> Any:
    """An item to write: in braces where the one before it is, else a key a line."""
    return on_one_line(values) if flow else {key: on_one_line(v) for key, v in values.items()}


def with_part(text: str, key: str, value: Mapping[str, Any]) -> str:
    """Return a study file's text with one more part at its end, on one line."""
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text.rstrip()}{newline}{newline}{key}: {as_flow(value)}{newline}"


def write_whole(path: Path, text: str) -> None:
    """Write or replace a text file in one step: whole, or not at all.

    Raises
    ------
    StudyError
        It can't be written; what was there before is unchanged.
    """
    beside = path.with_name(f".unfinished-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8", newline="")
        if path.exists():
            shutil.copymode(path, beside)
        os.replace(beside, path)
    except OSError as error:
        raise StudyError(f"'{shown(path)}' can't be written ({shown(error.strerror)}).") from error
    finally:
        beside.unlink(missing_ok=True)


def _top_level(text: str) -> dict[str, int]:
    """The line of each key of the file, counted from 0."""
    document = read_yaml(text, name="study.yml")
    return {
        str(place[0]): position.line - 1
        for place, position in document.positions.items()
        if len(place) == 1
    }


def _items(lines: list[str], text: str, key: str) -> tuple[list[_Block], int]:
    """The lines of each item of a list, and the column of its dashes."""
    document = read_yaml(text, name="study.yml")
    starts = [
        position.line - 1
        for place, position in document.positions.items()
        if len(place) == 2 and place[0] == key and isinstance(place[1], int)
    ]
    if not starts:
        return [], DASH
    after = [line for line in _top_level(text).values() if line > starts[-1]]
    ends = [*starts[1:], min(after, default=len(lines))]
    blocks = [
        _Block(start, _end(lines, start, end)) for start, end in zip(starts, ends, strict=True)
    ]
    columns = {len(lines[start]) - len(lines[start].lstrip()) for start in starts}
    dashed = all(lines[start].lstrip().startswith("- ") for start in starts)
    if not dashed or len(columns) != 1 or len(set(starts)) != len(starts):
        raise StudyError(
            f"the list under {key}: can't be edited here, because its items do not begin with a "
            "dash on a line each. Write it so, or edit the study file by hand."
        )
    return blocks, columns.pop()


def _end(lines: list[str], start: int, end: int) -> int:
    """The line after the last one that is not blank and not a comment."""
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip()[0] == "#"):
        end -= 1
    return end


def _yaml(indent: int) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.allow_unicode = True
    yaml.width = 10**6  # a line that was long stays long, and no text is broken
    yaml.indent(mapping=2, sequence=indent + 2, offset=indent)
    return yaml


def _read_item(lines: list[str], key: str, place: int) -> Any:
    from ruamel.yaml.error import YAMLError

    try:
        return _yaml(0).load("\n".join(lines) + "\n")
    except YAMLError:
        raise StudyError(
            f"{key}[{place}] can't be edited here: it uses an anchor (&) or an alias (*) from "
            "elsewhere. Edit the study file by hand."
        ) from None


def _written(item: Any, indent: int) -> list[str]:
    """The lines of a list of one item, its dash in the column `indent`."""
    stream = StringIO()
    _yaml(indent).dump(item, stream)
    lines = stream.getvalue().rstrip("\n").split("\n")
    first = len(lines[0]) - len(lines[0].lstrip())
    return [line if not line.strip() else " " * (indent - first) + line for line in lines]


def _with_added(
    lines: list[str], key: str, blocks: list[_Block], added: list[str], indent: int
) -> list[str]:
    if blocks:
        end = _end(lines, blocks[-1].start, _section_end(lines, key))
        return [*lines[:end], *added, *lines[end:]]
    start = _top_level("\n".join(lines)).get(key)
    if start is None:
        while lines and not lines[-1].strip():
            lines = lines[:-1]
        return [*lines, "", f"{key}:", *added, ""]
    end = _end(lines, start, _section_end(lines, key))
    return [*lines[:start], _bare(lines[start], key), *added, *lines[end:]]


def _section_end(lines: list[str], key: str) -> int:
    """The line of the key that follows, or the number of lines."""
    keys = _top_level("\n".join(lines))
    return min((line for line in keys.values() if line > keys[key]), default=len(lines))


def _bare(line: str, key: str) -> str:
    """The line of a key whose list was empty, with its comment but without a value."""
    _, _, rest = line.partition(":")
    value, mark, comment = rest.partition("#")
    kept = f"  # {comment.strip()}" if mark and value.strip() in ("", *NO_LIST) else ""
    return f"{key}:{kept}"
