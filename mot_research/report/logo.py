"""The company's logo as a PNG, which Word and PowerPoint take; whatever kind of file it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mot_research.errors import RenderError, shown
from mot_research.report.metadata import copy_logo
from mot_research.report.programs import typst_package
from mot_research.report.targets import scratch

HEIGHT = 2  # cm
RESOLUTION = 300  # pixels per inch
_PAGE = (
    '#set page(width: auto, height: auto, margin: 0pt, fill: none)\n#image("{name}", height: {h}cm)'
)


@dataclass(frozen=True)
class Logo:
    """A picture with its width in heights."""

    png: bytes
    aspect: float


def read_logo(path: Path) -> Logo:
    """Draw the logo once, by Typst.

    Raises
    ------
    RenderError
        The file is no picture.
    """
    typst = typst_package()
    with scratch() as folder:
        page = _PAGE.format(name=copy_logo(path, folder), h=HEIGHT)
        (folder / "logo.typ").write_text(page, encoding="utf-8")
        try:
            png = typst.compile(
                str(folder / "logo.typ"), root=str(folder), format="png", ppi=float(RESOLUTION)
            )
        except typst.TypstError as error:
            raise RenderError(
                f"the logo '{shown(path)}' can't be drawn: {shown(error)}. Save it as a PNG."
            ) from error
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    return Logo(png, width / height)
