"""One look for every chart: colours, marks, type, and names that fit.

Nothing is set when this is imported: charts draw inside :func:`house_style`.
A verdict is told by colour and by the shape and filling of its mark, so that
it reads in grey print and for colour-blind readers (Okabe & Ito 2008).
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

FONTS = Path(__file__).parent / "assets" / "fonts"
FONT_NAMES = ("Source Sans 3", "DejaVu Sans")
SEMIBOLD, BOLD = 600, 700
ELLIPSIS = "…"
UNDRAWABLE = "□"

INK = "#1f2933"
SOFT = "#52606d"
FAINT = "#9aa5b1"
GRID = "#e4e7eb"
PAPER = "white"
WASH = "#eef4f8"
ACCENT = "#0b5c8a"
ACCENT_LIGHT = "#a9cfe6"
# From low to high ever lighter, so that grey print keeps the order; told apart by the colour-blind.
RATING_COLOURS = ("#7a2505", "#bd5317", "#e89b52", "#f5d5a8", "#d3e4ef")
MARK_COLOURS = {
    "moment_of_truth": "#c8102e",
    "internal_interaction": "#1f5fbf",
    "decision_point": "#1b7f3b",
}
MARK_SHAPES = {"moment_of_truth": "*", "internal_interaction": "s", "decision_point": "D"}
MARK_SIZES = {"moment_of_truth": 62, "internal_interaction": 26, "decision_point": 26}
TYPE_SIZE = 9.0
SMALL_TYPE = 7.5
PAGE_WIDTH = 6.7  # inches between the margins of the report's page


@dataclass(frozen=True)
class MarkStyle:
    """How a verdict is drawn."""

    marker: str
    edge: str
    fill: str
    ink: str
    size: float

    @property
    def scatter(self) -> dict[str, Any]:
        """What `Axes.scatter` needs to draw it."""
        return {
            "marker": self.marker,
            "s": self.size,
            "facecolor": self.fill,
            "edgecolor": self.edge,
            "linewidth": 1.2,
        }

    @property
    def line(self) -> dict[str, Any]:
        """What a `Line2D` needs to draw it."""
        return {
            "marker": self.marker,
            "markersize": self.size**0.5,
            "markerfacecolor": self.fill,
            "markeredgecolor": self.edge,
            "markeredgewidth": 1.2,
        }


VERDICT_MARKS = {
    "proven": MarkStyle("o", ACCENT, ACCENT, PAPER, 96),
    "brand_bet": MarkStyle("D", "#a8480a", "#f5c35b", INK, 86),
    "likely": MarkStyle("s", ACCENT, "#a9cfe6", INK, 80),
    "minor": MarkStyle("^", SOFT, PAPER, SOFT, 42),
    "not_proven": MarkStyle("o", FAINT, PAPER, SOFT, 34),
    "not_tested": MarkStyle("X", FAINT, PAPER, SOFT, 34),
}

STYLE = {
    "text.parse_math": False,
    "font.size": TYPE_SIZE,
    "text.color": INK,
    "axes.titlesize": TYPE_SIZE + 2,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10.0,
    "axes.labelsize": TYPE_SIZE,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": FAINT,
    "axes.facecolor": PAPER,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": TYPE_SIZE - 1,
    "ytick.labelsize": TYPE_SIZE - 1,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "figure.facecolor": PAPER,
    "hatch.linewidth": 0.6,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with the house style, and leave matplotlib's settings as they were.

    Only these settings are put back: `rc_context` would also undo the
    interactive mode that a notebook switches on at its first figure.
    """
    import matplotlib as mpl

    settings: dict[Any, Any] = {**STYLE, "font.family": list(families())}
    before = {name: mpl.rcParams[name] for name in settings}
    mpl.rcParams.update(settings)
    try:
        yield
    finally:
        mpl.rcParams.update(before)


def own_axes(ax: Axes | None, *, height: float, width: float = PAGE_WIDTH) -> Axes:
    """Return ``ax``, or the axes of a new figure of this size (inches)."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def bare_axes(*, height: float, width: float = PAGE_WIDTH) -> Axes:
    """Return axes that fill a new figure of this size, so that an inch drawn is an inch."""
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(width, height)).add_axes((0, 0, 1, 1))


def title(ax: Axes, text: str) -> None:
    """Write a title that begins where the names of the rows begin."""
    ax.set_title("")
    ax.annotate(
        text,
        (0, 1),
        xycoords=("figure fraction", "axes fraction") if _is_alone(ax) else "axes fraction",
        xytext=(4 if _is_alone(ax) else 0, 9),
        textcoords="offset points",
        ha="left",
        va="bottom",
        fontsize=STYLE["axes.titlesize"],
        fontweight=STYLE["axes.titleweight"],
        color=INK,
        parse_math=False,
        annotation_clip=False,
    )


def _is_alone(ax: Axes) -> bool:
    return len(ax.figure.axes) == 1


def shorten(text: str, longest: int) -> str:
    """Return at most ``longest`` characters on one line, cut at a word where that is near."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    at_word = cut.rsplit(" ", 1)[0]
    return (at_word if len(at_word) >= 0.6 * longest else cut).rstrip(" ,;:·-–") + ELLIPSIS


def label(text: str, longest: int) -> str:
    """Return a name that a chart can draw: short, on one line, of letters the fonts have."""
    visible = (
        character
        for character in text
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me")
        or character in "\n\t"
    )
    drawn: list[str] = []
    for character in shorten("".join(visible), longest):
        if ord(character) in _charmap() or character == " ":
            drawn.append(character)
        elif not drawn or drawn[-1] != UNDRAWABLE:
            drawn.append(UNDRAWABLE)
    return "".join(drawn).strip() or UNDRAWABLE


@functools.cache
def rating_colours() -> Colormap:
    """Return the colours of ratings, from low to high."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("mot ratings", RATING_COLOURS)


def is_dark(colour: tuple[float, ...]) -> bool:
    """Whether white is easier to read on a colour than ink."""
    red, green, blue = colour[:3]
    return 0.299 * red + 0.587 * green + 0.114 * blue < 0.5


def width_of(text: str, *, size: float, bold: bool = False) -> float:
    """Return how wide a line of text is, in inches."""
    return _points(text, size, bold) / 72


def wrap(text: str, width: float, lines: int, *, size: float, bold: bool = False) -> str:
    """Break a label into at most so many lines of this width (inches), as the font draws it.

    A word that is wider than a line is broken; what does not fit ends in an ellipsis.
    """
    room = 72 * width
    broken = [""]
    for word in text.split():
        for piece in _pieces(word, room, size, bold):
            longer = f"{broken[-1]} {piece}".strip()
            if _points(longer, size, bold) <= room:
                broken[-1] = longer
            else:
                broken.append(piece)
    if len(broken) > lines:
        last = broken[lines - 1]
        while last and _points(last + ELLIPSIS, size, bold) > room:
            last = last[:-1]
        broken = [*broken[: lines - 1], last.rstrip() + ELLIPSIS]
    return "\n".join(broken)


def text_width(text: str, *, bold: bool = False) -> float:
    """Return the width of a text in ems; what the house fonts have not is an em wide."""
    drawn = "".join(character for character in text if ord(character) in _charmap())
    return _points(drawn, TYPE_SIZE, bold) / TYPE_SIZE + len(text) - len(drawn)


def _pieces(word: str, room: float, size: float, bold: bool) -> list[str]:
    """Return the word, cut where it is wider than the room."""
    pieces = [""]
    for character in word:
        if pieces[-1] and _points(pieces[-1] + character, size, bold) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces


@functools.lru_cache(maxsize=4096)
def _points(text: str, size: float, bold: bool) -> float:
    """Return the width of a text in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    weight = "bold" if bold else "normal"
    font = FontProperties(family=list(families()), weight=weight, size=size)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


@functools.cache
def families() -> tuple[str, ...]:
    """The fonts that are there, in the order of preference."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    for path in sorted(FONTS.glob("*.ttf")):
        n_known = len(manager.ttflist)
        manager.addfont(path)
        # The family's semibold serves as its bold: else matplotlib complains each time.
        manager.ttflist += [
            replace(font, weight=BOLD)
            for font in manager.ttflist[n_known:]
            if font.weight == SEMIBOLD
        ]
    known = {font.name for font in manager.ttflist}
    return tuple(name for name in FONT_NAMES if name in known)


@functools.cache
def _charmap() -> frozenset[int]:
    from matplotlib import font_manager, ft2font

    return frozenset(
        code
        for family in families()
        for code in ft2font.FT2Font(font_manager.findfont(family)).get_charmap()
    )
