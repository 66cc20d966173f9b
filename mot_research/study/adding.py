"""A wave's entry put into the text of a study file; every other character stays as it is.

The text is parsed for the place alone. Writing the parsed file out again
would reflow lists over several lines, spacing and quotes that a person chose.
"""

from collections.abc import Mapping
from typing import Any

from mot_research.errors import StudyError
from mot_research.study.positions import read_yaml
from mot_research.study.writing import as_flow

LONGEST_FLOW = 100  # characters; a longer entry is written over several lines
Plain = Mapping[str, Any]


def with_wave(text: str, entry: Plain, *, name: str = "study.yml") -> str:
    """Return the text of a study file with one more wave, as its last.

    Parameters
    ----------
    text : str
        A study file that the study's reader accepts.
    entry : mapping
        The keys of the wave in the file's words: text, numbers, None, lists
        and mappings of these; dates as text.
    name : str
        What a message calls the file.

    Returns
    -------
    str
        The text with an insertion, in the style of the waves before: comments,
        order, quotes and line ends of the rest are untouched.

    Raises
    ------
    StudyError
        The entry can't be placed with certainty (`waves` is an alias, or
        merged into the file); the message holds the entry to copy.
    """
    from ruamel.yaml import YAML

    before = read_yaml(text, name=name).value
    root = YAML(typ="rt", pure=True).compose(text)
    start, end, added = _change(root, text, entry)
    after = text[:start] + added + text[end:]
    if _read(after, name) != {**before, "waves": [*(before.get("waves") or ()), dict(entry)]}:
        raise StudyError(
            f"{name}: the place for a new wave can't be found with certainty, because 'waves' is "
            f"written in an unusual way. Add this to it by hand: {as_flow(entry)}"
        )
    return after


def entry_text(entry: Plain, indent: int = 2, *, block: bool = False) -> str:
    """Return a wave as an item under `waves:`: on one line, or a key a line if too long."""
    lead = " " * indent
    flow = f"{lead}- {as_flow(entry)}"
    if not block and len(flow) <= LONGEST_FLOW:
        return flow
    lines = []
    for name, value in entry.items():
        if isinstance(value, Mapping):
            lines.append(f"{name}:")
            lines += [f"  {as_flow({key: item})[1:-1]}" for key, item in value.items()]
        else:
            lines.append(f"{name}: {as_flow(value)}")
    return "\n".join([f"{lead}- {lines[0]}", *(f"{lead}  {line}" for line in lines[1:])])


def _read(text: str, name: str) -> Any:
    try:
        return read_yaml(text, name=name).value
    except StudyError:
        return None


def _change(root: Any, text: str, entry: Plain) -> tuple[int, int, str]:
    """Return the characters to replace, mostly none, and what stands there then."""
    newline = "\r\n" if "\r\n" in text else "\n"
    item, listed = entry_text(entry), f"[{as_flow(entry)}]"
    found = [(key, value) for key, value in root.value if key.value == "waves"]
    if not found:
        if root.flow_style:
            end = _end(root.value[-1][1])
            return end, end, f", waves: {listed}"
        return _on_next_line(text, len(text), f"waves:\n{item}", newline)
    key, waves = found[0]
    if _is_empty(waves):
        if root.flow_style:
            end = key.end_mark.index + len(":")
            return end, end, f" {listed}"
        return _on_next_line(text, key.end_mark.index, item, newline)
    if isinstance(waves.value, str):  # null or ~
        return waves.start_mark.index, waves.end_mark.index, listed
    if not waves.value:
        return waves.start_mark.index, waves.end_mark.index, listed
    last = waves.value[-1]
    if waves.flow_style:
        end = last.end_mark.index
        return end, end, _after(waves.value, newline) + as_flow(entry)
    item = entry_text(entry, waves.start_mark.column, block=not last.flow_style)
    return _on_next_line(text, _end(last), item, newline)


def _on_next_line(text: str, end: int, item: str, newline: str) -> tuple[int, int, str]:
    """The item on a line of its own, after the line that the last part ends on."""
    item = item.replace("\n", newline)
    if end > 0 and text[end - 1] == "\n":  # a block of text, or the whole file, ends so
        return end, end, f"{item}{newline}"
    at = text.find("\n", end) + 1
    return (at, at, f"{item}{newline}") if at else (len(text), len(text), f"{newline}{item}")


def _after(waves: list[Any], newline: str) -> str:
    """What stands between two waves in brackets: a line each, if the last ones have it."""
    last = waves[-1].start_mark
    has_line = len(waves) > 1 and last.line > waves[-2].end_mark.line
    return f",{newline}{' ' * last.column}" if has_line else ", "


def _is_empty(node: Any) -> bool:
    return node.value == "" and node.style not in ("'", '"')


def _end(node: Any) -> int:
    """Where what is written of a node ends; its own mark lies behind the comments that follow."""
    if isinstance(node.value, str) or node.flow_style:
        return int(node.end_mark.index)
    last = node.value[-1]
    if isinstance(last, tuple):
        key, value = last
        return int(key.end_mark.index) if _is_empty(value) else _end(value)
    return _end(last)
