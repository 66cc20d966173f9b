"""The front matter that the house template understands, checked and completed."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mot_research.errors import RenderError, shown
from mot_research.report.escaping import escape_markdown

ACCENT = "#0b5c8a"
_MOVING_DATES = ("today", "now", "last-modified")


def house_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What pandoc gets of the front matter.

    Raises
    ------
    RenderError
        If `accent` is no colour such as ``#0b5c8a``, or `date` would be read from a clock.
    """
    accent = str(metadata.get("accent") or ACCENT)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", accent):
        raise RenderError(
            f"accent '{shown(accent)}' is not a colour. Write six hexadecimal digits, such as "
            f"'{ACCENT}'."
        )
    date = metadata.get("date")
    if str(date) in _MOVING_DATES:
        raise RenderError(
            f"date '{shown(date)}' would change with each run. Write the date, or leave it out."
        )
    authors = _listed(metadata.get("author"))
    dated = [str(date)] if date else []
    title = metadata.get("title") or "Untitled"
    kept = ("subtitle", "description", "toc", "number-sections")
    return {key: metadata[key] for key in kept if metadata.get(key)} | {
        "title": title,
        "lang": re.sub(r"[^A-Za-z-]", "", str(metadata.get("lang") or "en")),
        "accent": escape_markdown(accent),
        "author": authors,
        "date": str(date) if date else False,
        "byline": " · ".join(authors + dated),
        "keywords": _listed(metadata.get("keywords")),
    }


def copy_logo(logo: Path, folder: Path) -> str:
    """Copy the logo into `folder` under a plain name, and return that name."""
    if not logo.is_file() or logo.suffix.lower() not in (".svg", ".png", ".jpg", ".jpeg"):
        raise RenderError(
            f"the logo '{shown(logo)}' is not a picture file. Give an svg, png or jpg, or take "
            "the line 'logo:' out."
        )
    copy = f"logo{logo.suffix.lower()}"
    shutil.copyfile(logo, folder / copy)
    return copy


def _listed(value: Any) -> list[str]:
    if not value:
        return []
    entries = value if isinstance(value, list) else [value]
    return [str(entry.get("name", "") if isinstance(entry, dict) else entry) for entry in entries]
