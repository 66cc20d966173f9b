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
from mot_research.study.adding import with_items
from mot_research.study.positions import read_yaml
from mot_research.study.writing import as_flow
from mot_research.unfinished import unfinished_folder


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
        Plain values, to follow the last item (:func:`with_items`).

    Raises
    ------
    StudyError
        An item to change is written in a way that can't be edited by itself:
        with an anchor or alias, or several on one line.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    if changes:
        lines = text.replace("\r\n", "\n").split("\n")
        blocks, indent = _items(lines, text, key)
        for place in sorted(changes, reverse=True):
            block = blocks[place]
            item = _read_item(lines[block.start : block.end], key, place)
            changes[place](item[0])
            lines[block.start : block.end] = _written(item, indent)
        text = newline.join(lines)
    return with_items(text, key, added) if added else text


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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(path.parent) as folder:
            beside = folder / path.name
            beside.write_text(text, encoding="utf-8", newline="")
            if path.exists():
                shutil.copymode(path, beside)
            os.replace(beside, path)
    except OSError as error:
        raise StudyError(
            f"'{shown(path)}' can't be written ({shown(error.strerror)}). It is unchanged: make "
            "room, or let its folder be written, then run this again."
        ) from error


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
