"""Where the workbook's originals lie: at the top of a checkout, or inside an installed package."""

from pathlib import Path

from mot_research.errors import RenderError

PACKAGE = Path(__file__).parents[1]
PLACES = (PACKAGE / "_workbook", PACKAGE.parent)


def original(name: str) -> Path:
    """Return the file or folder of this name: ``notebooks``, ``reports/brief.qmd``.

    Raises
    ------
    RenderError
        The installation lacks it.
    """
    for place in PLACES:
        if (place / name).exists():
            return place / name
    raise RenderError(f"'{name}' is missing from this installation: install mot_research again.")
