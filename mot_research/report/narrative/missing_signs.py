"""What the command says of names whose signs no font can draw."""

from mot_research.errors import shown
from mot_research.report.signs import undrawable

LISTED = 12


def told_signs(text: str) -> str:
    """Return one sentence on the signs of a report that are drawn as boxes; empty where none is."""
    in_pictures, in_pdf = undrawable(text)
    if in_pdf:
        return (
            f"boxes stand for {_listed(in_pdf)} in pictures, in PDF, and in the browser of whoever "
            "has no font for them: this machine has none. Install one that has these signs, such "
            "as a Noto font, for the PDF; pictures need names in Latin, Greek or Cyrillic letters."
        )
    if in_pictures:
        return (
            f"boxes stand for {_listed(in_pictures)} in pictures: their fonts lack them. Pages and "
            "PDF show them; pictures need names in Latin, Greek or Cyrillic letters."
        )
    return ""


def _listed(signs: str) -> str:
    more = ", …" if len(signs) > LISTED else ""
    return ", ".join(map(shown, signs[:LISTED])) + more
