"""Text for a study file: values that read back as the same text, comments on one line."""

import json
import re
from collections.abc import Mapping, Sequence

from mot_research.errors import shown

# Letters first, then what has no meaning in YAML, nowhere; all else goes between quotes.
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
PLAIN = re.compile(r"[^\W\d_][\w.()/+%&’–-]*(?: [\w.()/+%&’–-]+)*")
WAVE = re.compile(r"\d{4}[QqHhMmWw]\d{1,2}(?:\.\w+)*")  # 2026Q4, 2026q4.csv
WORDS_WITH_A_MEANING = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
WIDTH = 96


def scalar(value: str | float) -> str:
    """Return a text or number as YAML that reads back as the same."""
    if not isinstance(value, str):
        return str(int(value)) if float(value).is_integer() else repr(value)
    plain = PLAIN.fullmatch(value) and value.casefold() not in WORDS_WITH_A_MEANING
    return value if plain or DATE.fullmatch(value) or WAVE.fullmatch(value) else _quoted(value)


def _quoted(value: str) -> str:
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def as_flow(value: object) -> str:
    """Return plain values, nested as they are, as YAML on one line."""
    if isinstance(value, Mapping):
        inner = (f"{_key(str(key))}: {as_flow(item)}" for key, item in value.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(as_flow, value))}]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return scalar(value)  # type: ignore[arg-type]


def _key(key: str) -> str:
    """A key: `yes` and `no` are keys of a study file, and no truth values there."""
    return key if PLAIN.fullmatch(key) else scalar(key)


def comment(text: str, *, indent: int = 0) -> list[str]:
    """Return text as comment lines; nothing in it can end the comment."""
    import textwrap

    lead = " " * indent + "# "
    return textwrap.wrap(
        " ".join(shown(part) for part in text.split()),
        WIDTH,
        initial_indent=lead,
        subsequent_indent=lead,
        break_long_words=False,
        break_on_hyphens=False,
    )
