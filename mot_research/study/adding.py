"""Items put into a list of a study file's text; every other character stays as it is.

The text is parsed for the place alone. Writing the parsed file out again
would reflow lists over several lines, spacing and quotes that a person chose.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mot_research.errors import StudyError
from mot_research.study.positions import read_yaml
from mot_research.study.writing import as_flow

LONGEST = 100  # characters; a longer item is written over several lines
DASH = 2  # columns before the dash of an item that is the first of its list
Plain = Mapping[str, Any]


def with_items(text: str, key: str, items: Sequence[Plain], *, name: str = "study.yml") -> str:
    """Return the text of a study file with more items at the end of a list.

    Parameters
    ----------
    text : str
        A study file that the study's reader accepts.
    key : str
        The list: ``moments``, ``outcomes`` or ``waves``. Where it is empty,
        absent, or a mapping in its stead, the items are all that it holds.
    items : sequence of mapping
        In the file's words: text, numbers, None, lists and mappings of these;
        dates as text.
    name : str
        What a message calls the file.

    Returns
    -------
    str
        The text with an insertion, in the style of the last item: comments,
        order, quotes and line ends of the rest are untouched.

    Raises
    ------
    StudyError
        The items can't be placed with certainty (the list is an alias, or
        merged into the file); the message holds what to copy.
    """
    from ruamel.yaml import YAML

    before = read_yaml(text, name=name).value
    start, end, added = _change(YAML(typ="rt", pure=True).compose(text), text, key, items)
    after = text[:start] + added + text[end:]
    held = before.get(key)
    expected = [*(held if isinstance(held, list) else ()), *map(dict, items)]
    if _read(after, name) != {**before, key: expected}:
        raise StudyError(
            f"{name}: the end of the list under '{key}' can't be found with certainty, because it "
            f"is written in an unusual way. Add this to it by hand: {_beside(items)}"
        )
    return after


def item_text(item: Plain, indent: int = DASH, *, block: bool = False) -> str:
    """Return an item of a list: on one line, or a key a line where asked for or too long."""
    lead = " " * indent
    flow = f"{lead}- {as_flow(item)}"
    if not block and len(flow) <= LONGEST:
        return flow
    lines = [line for key, value in item.items() for line in _key_lines(key, value)]
    return "\n".join([f"{lead}- {lines[0]}", *(f"{lead}  {line}" for line in lines[1:])])


def _key_lines(key: str, value: object) -> list[str]:
    line = as_flow({key: value})[1:-1]
    if isinstance(value, Mapping) and len(line) > LONGEST:
        return [f"{key}:", *(f"  {as_flow({name: part})[1:-1]}" for name, part in value.items())]
    return [line]


def _beside(items: Sequence[Plain]) -> str:
    return ", ".join(map(as_flow, items))


def _read(text: str, name: str) -> Any:
    try:
        return read_yaml(text, name=name).value
    except StudyError:
        return None


def _change(root: Any, text: str, key: str, items: Sequence[Plain]) -> tuple[int, int, str]:
    """Return the place of the characters to replace, mostly none, and what stands there then."""
    newline = "\r\n" if "\r\n" in text else "\n"
    first = "\n".join(map(item_text, items))
    found = next(((name, value) for name, value in root.value if name.value == key), None)
    if found is None:
        gap = "\n" if text.endswith("\n") else "\n\n"
        return len(text), len(text), f"{gap}{key}:\n{first}\n".replace("\n", newline)
    name, held = found
    if _is_empty(held):
        return _on_next_line(text, name.end_mark.index, first, newline)
    if not held.tag.endswith("seq") or not held.value:
        return _in_its_place(text, name, held, first, newline)
    last = held.value[-1]
    if held.flow_style:
        end = last.end_mark.index
        return end, end, _gap(held.value, newline) + _beside(items)
    block = not last.flow_style
    written = (item_text(item, held.start_mark.column, block=block) for item in items)
    return _on_next_line(text, _end(last), "\n".join(written), newline)


def _in_its_place(
    text: str, name: Any, held: Any, items: str, newline: str
) -> tuple[int, int, str]:
    """The items instead of null, empty brackets or a mapping; a comment beside the key is kept."""
    end = _end(held)
    if held.start_mark.line > name.end_mark.line:
        _, stop, added = _on_next_line(text, end, items, newline)
        return held.start_mark.index - held.start_mark.column, stop, added
    comment = text[end:].partition("\n")[0].rstrip("\r")
    start = name.end_mark.index + len(":")
    return start, end + len(comment), f"{comment}\n{items}".replace("\n", newline)


def _on_next_line(text: str, end: int, items: str, newline: str) -> tuple[int, int, str]:
    """The items on lines of their own, after the line that the last part ends on."""
    items = items.replace("\n", newline)
    if text[end - 1] == "\n":  # a block of text ends so
        return end, end, f"{items}{newline}"
    at = text.find("\n", end) + 1
    return (at, at, f"{items}{newline}") if at else (len(text), len(text), f"{newline}{items}")


def _gap(items: Sequence[Any], newline: str) -> str:
    """What stands between two items in brackets: a line each, if the last ones have it."""
    last = items[-1].start_mark
    has_line = len(items) > 1 and last.line > items[-2].end_mark.line
    return f",{newline}{' ' * last.column}" if has_line else ", "


def _is_empty(node: Any) -> bool:
    return node.value == "" and node.style not in ("'", '"')


def _end(node: Any) -> int:
    """Where what is written of a node ends; its own mark lies behind the comments that follow."""
    if isinstance(node.value, str) or node.flow_style:
        return int(node.end_mark.index)
    last = node.value[-1]
    if isinstance(last, tuple):
        name, value = last
        return int(name.end_mark.index) if _is_empty(value) else _end(value)
    return _end(last)
