"""Signs of a text that no font here can draw: PDF and pictures show boxes in their place."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from mot_research.report.embedded import font_files

# Latin letters with their marks, punctuation, arrows, signs of mathematics: the house fonts' own.
PLAIN = frozenset((*range(0x250), *range(0x2000, 0x2300)))
JOINING = {"\ufe0e", "\ufe0f", "\u200d"}  # they only choose or join the signs before them
LAST_RESORT = "LastResort"  # it has a box for every sign
OF_PICTURES = ("SourceSans3-Regular.ttf", "DejaVuSans.ttf")


def undrawable(text: str) -> tuple[str, str]:
    """Return the signs of a text that pictures can't draw, and those that a PDF can't.

    Pictures have the house font and DejaVu Sans; a PDF has all fonts of this machine too.
    """
    odd = {sign for sign in set(text) - JOINING if sign.isprintable() and ord(sign) not in PLAIN}
    own = font_files()
    in_pictures = _without(odd, (path for path in own if path.name in OF_PICTURES))
    in_pdf = _without(in_pictures, own)
    if in_pdf:
        in_pdf = _without(in_pdf, map(Path, _installed()))
    return "".join(sorted(in_pictures)), "".join(sorted(in_pdf))


def charmap_of(font: Path) -> Collection[int]:
    """Return the signs that a font has; none where it can't be read."""
    from matplotlib.ft2font import FT2Font

    try:
        return FT2Font(str(font)).get_charmap()
    except (OSError, RuntimeError, ValueError):
        return ()


def _without(signs: set[str], fonts: Iterable[Path]) -> set[str]:
    left = set(signs)
    for font in fonts:
        if not left:
            break
        has = charmap_of(font)
        left = {sign for sign in left if ord(sign) not in has}
    return left


def _installed() -> list[str]:
    from matplotlib.font_manager import findSystemFonts

    return sorted(font for font in findSystemFonts() if LAST_RESORT not in font)
