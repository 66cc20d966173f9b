"""An executed notebook as one pandoc Markdown text, with its figures as files beside it."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mot_research.errors import RenderError, shown
from mot_research.report.documents import cell_options, lines_outside_code
from mot_research.report.escaping import escape_markdown

if TYPE_CHECKING:
    from nbformat import NotebookNode

# A drawing of thousands of points is larger as SVG than as a picture.
LARGEST_SVG = 400_000
METRES_PER_PIXEL = 0.0254 / 96
EXECUTE_DEFAULTS = {"echo": True, "include": True, "output": True, "warning": False}

_COMMENT = re.compile(r"^<!--.*?-->[ \t]*$", re.MULTILINE | re.DOTALL)
_PAGE_BREAK = re.compile(r"^\{\{<\s*pagebreak\s*>\}\}\s*$")
_SHORTCODE = re.compile(r"(?<![\\`])\{\{<")


@dataclass(frozen=True)
class _Output:
    """What one output of a cell becomes: a kind (figure, text) and its Markdown."""

    kind: str
    markdown: str


def compose(
    notebook: "NotebookNode",
    metadata: Mapping[str, Any],
    folder: Path,
    *,
    largest_svg: int = LARGEST_SVG,
) -> str:
    """The notebook as Markdown for pandoc; its figures are written into `folder`.

    A figure is a drawing up to `largest_svg` characters, above it a picture.

    Raises
    ------
    RenderError
        If the text uses a shortcode other than ``{{< pagebreak >}}``.
    """
    execute = metadata.get("execute") or {}
    defaults = EXECUTE_DEFAULTS | dict(execute)
    parts = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(_text(cell.source))
        elif cell.cell_type == "code":
            options = defaults | cell_options(cell.source, f"code cell {number}")
            parts.append(_code(cell, options, folder / f"figure-{number}", largest_svg))
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(source: str) -> str:
    lines = []
    for line, is_text in lines_outside_code(_COMMENT.sub("", source)):
        if is_text and _PAGE_BREAK.match(line):
            line = "\n::: {.mot-page-break}\n:::\n"
        elif is_text and _SHORTCODE.search(line):
            raise RenderError(
                f"the text '{shown(line.strip())}' uses a shortcode. Only "
                "{{< pagebreak >}} on a line of its own is available."
            )
        lines.append(line)
    return "\n".join(lines)


def _code(cell: "NotebookNode", options: Mapping[str, Any], stem: Path, largest_svg: int) -> str:
    if not options["include"]:
        return ""
    parts = []
    if options["echo"]:
        lines = [line for line in cell.source.split("\n") if not line.startswith("#|")]
        if "".join(lines).strip():
            parts.append(_fenced("\n".join(lines).strip("\n"), ".python .cell-code"))
    if options["output"]:
        alts = _list(options.get("fig-alt") or options.get("fig-cap"))
        outputs = list(_outputs(cell, options, stem, alts, largest_svg))
        parts.append(_arranged(outputs, options))
    return "\n\n".join(part for part in parts if part)


def _outputs(
    cell: "NotebookNode",
    options: Mapping[str, Any],
    stem: Path,
    alts: list[str],
    largest_svg: int,
) -> list[_Output]:
    outputs: list[_Output] = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            if output.name == "stdout" and options["output"] == "asis":
                outputs.append(_Output("text", output.text))
            elif output.name == "stdout" or options["warning"]:
                outputs.append(_Output("text", _fenced(output.text.rstrip("\n"), ".output")))
        elif output.output_type in ("display_data", "execute_result"):
            figures = sum(known.kind == "figure" for known in outputs)
            alt = alts[min(figures, len(alts) - 1)] if alts else ""
            path = Path(f"{stem}-{len(outputs)}")
            outputs.append(_displayed(output.data, path, alt, largest_svg))
    return outputs


def _displayed(data: Mapping[str, Any], stem: Path, alt: str, largest_svg: int) -> _Output:
    if "text/markdown" in data:
        return _Output("text", data["text/markdown"])
    svg = data.get("image/svg+xml", "")
    if svg and ("image/png" not in data or len(svg) <= largest_svg):
        return _figure(svg.encode(), stem.with_suffix(".svg"), alt)
    if "image/png" in data:
        return _figure(base64.b64decode(data["image/png"]), stem.with_suffix(".png"), alt)
    if "text/html" in data:
        return _Output("text", _fenced(data["text/html"], ".mot-html"))
    return _Output("text", _fenced(data.get("text/plain", ""), ".output"))


def _figure(content: bytes, path: Path, alt: str) -> _Output:
    path.write_bytes(content)
    width = f' width="{_png_width(content)}px"' if path.suffix == ".png" else ""
    return _Output("figure", f'![]({path.name}){{fig-alt="{escape_markdown(alt)}"{width}}}')


def _png_width(content: bytes) -> int:
    """The width in CSS pixels (1/96 inch) by the resolution the PNG says it has."""
    pixels = int.from_bytes(content[16:20], "big")
    at = content.find(b"pHYs")
    per_metre = int.from_bytes(content[at + 4 : at + 8], "big") if at > 0 else 0
    return round(pixels / per_metre / METRES_PER_PIXEL) if per_metre else pixels


def _arranged(outputs: list[_Output], options: Mapping[str, Any]) -> str:
    """The outputs in their order; what the label or caption names stands in one float."""
    label = str(options.get("label") or "")
    columns = options.get("layout-ncol")
    if options.get("tbl-cap") or label.startswith("tbl-"):
        kind, caption = "tbl", _list(options.get("tbl-cap"))
    else:
        kind, caption = "fig", _list(options.get("fig-cap"))
    labelled = label.startswith(f"{kind}-")
    floated = [o for o in outputs if kind == "tbl" or o.kind == "figure"]
    beside = [o.markdown for o in outputs if o not in floated]
    if not floated or not (caption or label or columns or options.get("fig-subcap")):
        return "\n\n".join(o.markdown for o in outputs)
    subcaptions = _list(options.get("fig-subcap"))
    if len(caption) > 1 and not subcaptions:
        subcaptions, caption = caption, []
    bodies = [o.markdown for o in floated]
    if subcaptions:
        bodies = [
            _div(f".mot-subfigure #{label}-{n}" if labelled else ".mot-subfigure", body, text)
            for n, (body, text) in enumerate(zip(bodies, subcaptions, strict=False), 1)
        ] + bodies[len(subcaptions) :]
    body = "\n\n".join(bodies)
    if columns:
        body = _div(f'layout-ncol="{int(columns)}"', body)
    if caption or labelled:
        attributes = f"#{label}" if labelled else f'.mot-float kind="{kind}"'
        body = _div(attributes, body, "".join(caption[:1]), depth=6)
    return "\n\n".join([*beside, body])


def _div(attributes: str, body: str, caption: str = "", depth: int = 4) -> str:
    colons = ":" * depth
    ending = f"\n\n::: {{.mot-caption}}\n{caption}\n:::" if caption else ""
    return f"{colons} {{{attributes}}}\n{body}{ending}\n\n{colons}"


def _fenced(text: str, classes: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks} {{{classes}}}\n{text}\n{ticks}"


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(entry) for entry in value] if isinstance(value, list) else [str(value)]
