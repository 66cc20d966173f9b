"""Render an executed notebook with pandoc and Typst: a self-contained HTML file, PDF, Word."""

import base64
import hashlib
import json
import mimetypes
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mot_research.errors import RenderError, shown
from mot_research.report.composing import LARGEST_SVG, compose
from mot_research.report.logo import read_logo
from mot_research.report.metadata import ACCENT, copy_logo, house_metadata
from mot_research.report.pandoc import PandocError, pandoc
from mot_research.report.programs import typst_package
from mot_research.report.targets import replacing, scratch
from mot_research.report.word import reference_document

if TYPE_CHECKING:
    from nbformat import NotebookNode

ASSETS = Path(__file__).parent / "assets"
FONTS = ASSETS / "fonts"
FILLING_IN = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique")
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
# Raw HTML, TeX and Typst are not read at all: what stands in a text is printed, never obeyed.
READER = (
    "markdown-raw_html-raw_tex-raw_attribute-native_divs-native_spans"
    "-markdown_in_html_blocks-latex_macros"
)
_IMAGE = re.compile(r'(<img\b[^>]*? src=")([^"]+)(")')
_FILTER_MESSAGE = re.compile(r"MOT: (.*?)(?:\n|$)", re.DOTALL)


def render_html(
    notebook: "NotebookNode", metadata: Mapping[str, Any], target: Path, *, beside: Path
) -> None:
    """Write `target`: one HTML file that opens offline and asks for nothing.

    Parameters
    ----------
    notebook
        The executed notebook.
    metadata
        The front matter; `title`, `subtitle`, `author`, `date`, `lang`, `keywords`,
        `description`, `accent`, `logo`, `toc`, `number-sections` and `execute` are used.
    target
        Written beside and renamed: the previous file stays until the new one is whole.
    beside
        The folder that pictures named in the text and the logo are relative to.

    Raises
    ------
    RenderError
        If a reference has no target, a picture is missing, or pandoc fails.
    """
    with _composed(notebook, metadata, beside) as (folder, house):
        command = ["--to=html5", "--mathml", f"--template={ASSETS / 'template.html'}"]
        text = _pandoc(folder, [*command, *_contents(house)])
        for place, content in _house().items():  # they stand before any text of the document
            text = text.replace(place, content, 1)
        text = _IMAGE.sub(lambda match: _with_data(match, folder, beside), text)
        with replacing(target) as written:
            written.write_text(text, encoding="utf-8", newline="\n")


def render_pdf(
    notebook: "NotebookNode", metadata: Mapping[str, Any], target: Path, *, beside: Path
) -> None:
    """Write `target`: a tagged PDF. Parameters and errors as in :func:`render_html`."""
    typst = typst_package()
    with _composed(notebook, metadata, beside) as (folder, house):
        command = ["--to=typst", f"--template={ASSETS / 'template.typ'}"]
        source = _pandoc(folder, [*command, *_contents(house)])
        _copy_pictures(source, folder, beside)
        (folder / "document.typ").write_text(source, encoding="utf-8")
        try:
            content = typst.compile(
                str(folder / "document.typ"),
                root=str(folder),
                font_paths=[str(_copy_fonts(folder))],
                format="pdf",
                timestamp=0,
            )
        except typst.TypstError as error:
            raise RenderError(
                f"the PDF could not be set: {shown(error)}. Simplify the table, formula or "
                "picture it names."
            ) from error
        with replacing(target) as written:
            written.write_bytes(content)


def render_docx(
    notebook: "NotebookNode", metadata: Mapping[str, Any], target: Path, *, beside: Path
) -> None:
    """Write `target`: a Word document to edit, in styles of the house.

    Parameters and errors as in :func:`render_html`.
    """
    with _composed(notebook, metadata, beside, largest_svg=0) as (folder, house):
        logo = folder / house["house-logo"] if "house-logo" in house else None
        reference_file = folder / "reference.docx"
        pandoc([f"--output={reference_file}", "--print-default-data-file=reference.docx"])
        reference = reference_document(
            reference_file.read_bytes(),
            accent=str(metadata.get("accent") or ACCENT),
            language=house["lang"],
            running_head=_plain(house),
            logo=None if logo is None else read_logo(logo),
        )
        reference_file.write_bytes(reference)
        _pandoc(
            folder,
            [
                "--to=docx",
                "--columns=1",  # Word sets a table well only with the widths it is told
                f"--lua-filter={ASSETS / 'word.lua'}",
                f"--reference-doc={reference_file}",
                f"--resource-path={os.pathsep.join((str(folder), str(beside)))}",
                f"--output={folder / 'document.docx'}",
                *_contents(house),
            ],
        )
        with replacing(target) as written:
            shutil.copyfile(folder / "document.docx", written)


def _plain(house: Mapping[str, Any]) -> str:
    """The running head: title and subtitle, which are Markdown, as plain text."""
    head = " · ".join(str(house[key]) for key in ("title", "subtitle") if house.get(key))
    return pandoc([f"--from={READER}", "--to=plain", "--wrap=none"], text=head).strip()


def html_to_markdown(html: str) -> str:
    """HTML as Markdown with pipe tables; scripts, styles and attributes are left behind."""
    writer = "markdown-raw_html-raw_attribute-simple_tables-multiline_tables-grid_tables"
    reader = "html-native_divs-native_spans"
    return pandoc([f"--from={reader}", f"--to={writer}", "--wrap=none"], text=html)


def font_files() -> list[Path]:
    """The house fonts, and DejaVu Sans, which fills in missing signs.

    The folder of DejaVu Sans is not given whole: its Last Resort has a box for every sign there
    is, and would be taken before a font of this machine that has the sign.
    """
    files = sorted(FONTS.glob("*.ttf"))
    matplotlib = find_spec("matplotlib")
    if matplotlib and matplotlib.origin:
        folder = Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf"
        files += [path for name in FILLING_IN if (path := folder / f"{name}.ttf").is_file()]
    return files


@contextmanager
def _composed(
    notebook: "NotebookNode",
    metadata: Mapping[str, Any],
    beside: Path,
    *,
    largest_svg: int = LARGEST_SVG,
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A temporary folder with `document.md`, `metadata.json`, the figures and the logo."""
    with scratch() as folder:
        house = house_metadata(metadata)
        if metadata.get("logo"):
            house["house-logo"] = copy_logo(beside / str(metadata["logo"]), folder)
        text = compose(notebook, metadata, folder, largest_svg=largest_svg)
        (folder / "document.md").write_text(text, encoding="utf-8")
        (folder / "metadata.json").write_text(json.dumps(house), encoding="utf-8")
        yield folder, house


def _house() -> dict[str, str]:
    """What the template leaves open: the policy, the style, and the one script it allows."""
    style = "".join((ASSETS / name).read_text("utf-8") for name in ("house.css", "signs.css"))
    sorting = (ASSETS / "sorting.html").read_text("utf-8").strip()
    script = sorting.removeprefix("<script>").removesuffix("</script>")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    policy = f"{POLICY}; script-src 'sha256-{digest}'"
    return {
        "<!--policy-->": f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        "/*house-style*/": style,
        "<!--sorting-->": sorting,
    }


def _contents(house: Mapping[str, Any]) -> list[str]:
    return ["--table-of-contents", "--toc-depth=2"] if house.get("toc") else []


def _pandoc(folder: Path, arguments: list[str]) -> str:
    try:
        return pandoc(
            [
                f"--from={READER}",
                "--standalone",
                "--columns=100000",  # a wide pipe table must not get relative column widths
                "--wrap=none",
                "--no-highlight",
                f"--metadata-file={folder / 'metadata.json'}",
                f"--lua-filter={ASSETS / 'house.lua'}",
                f"--lua-filter={ASSETS / 'filter.lua'}",
                *arguments,
                str(folder / "document.md"),
            ],
            cwd=folder,
        )
    except PandocError as error:
        own = _FILTER_MESSAGE.search(error.said)
        if own:
            raise RenderError(own[1].strip()) from None
        raise


def _with_data(match: re.Match[str], folder: Path, beside: Path) -> str:
    path = _picture(match[2], folder, beside)
    kind = mimetypes.guess_type(path.name)[0]
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"{match[1]}data:{kind};base64,{data}{match[3]}"


def _copy_fonts(folder: Path) -> Path:
    fonts = folder / "fonts"
    fonts.mkdir()
    for path in font_files():
        shutil.copyfile(path, fonts / path.name)
    return fonts


def _copy_pictures(source: str, folder: Path, beside: Path) -> None:
    for name in re.findall(r'#image\("((?:[^"\\]|\\.)*)"', source):
        path = _picture(name, folder, beside)
        copy = folder / name
        if path != copy:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _picture(name: str, folder: Path, beside: Path) -> Path:
    for place in (folder, beside):
        path = (place / name).resolve()
        if path.is_file() and path.is_relative_to(place.resolve()):
            return path
    raise RenderError(
        f"the picture '{shown(name)}' does not lie in {shown(beside)}. Put it there, or "
        "correct its name."
    )
