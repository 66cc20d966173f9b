"""Draw the picture of the README: pages of the report on the simulated example, side by side.

Run from the root of the repository:

    mot report data/example --to pdf --output FOLDER
    python -m docs.writing.picture FOLDER/harbour-mobile-2026q3-prioritization.pdf
"""

import argparse
from pathlib import Path

import pdfplumber
from PIL import Image, ImageOps

PICTURE = Path(__file__).parents[1] / "images" / "report.png"
PAGES = (1, 2, 3)
DOTS_PER_INCH = 80
EDGE, GAP = 1, 12  # pixels
COLOURS = 64


def side_by_side(report: Path) -> Image.Image:
    """Return the pages in a row, each with an edge of grey."""
    with pdfplumber.open(report) as pdf:
        pages = [
            ImageOps.expand(
                pdf.pages[number - 1].to_image(resolution=DOTS_PER_INCH, antialias=True).original,
                EDGE,
                "#c9ced6",
            )
            for number in PAGES
        ]
    width = sum(page.width for page in pages) + GAP * (len(pages) - 1)
    row = Image.new("RGB", (width, max(page.height for page in pages)), "white")
    left = 0
    for page in pages:
        row.paste(page, (left, 0))
        left += page.width + GAP
    return row


def main() -> None:
    """Write the picture, with few colours so that it stays small."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, help="the PDF of the report")
    picture = side_by_side(parser.parse_args().report).quantize(COLOURS)
    PICTURE.parent.mkdir(exist_ok=True)
    picture.save(PICTURE, optimize=True)
    print(f"{PICTURE}: {picture.width} × {picture.height}, {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
