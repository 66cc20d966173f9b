"""Names of files and folders, made of any text."""

from __future__ import annotations

import re
import unicodedata

from mot_research.survey.part import Part

LONGEST_NAME = 60


def file_name(text: str) -> str:
    """A name for a file made from any text: lower-case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].strip("-") or "study"


def part_folder(part: Part) -> str:
    """The folder of the reports on a part: plan=prepaid."""
    return f"{file_name(part.segment)}={file_name(part.value)}"
