"""Read a document (.qmd or .ipynb): its front matter, its cells and their options."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mot_research.errors import RenderError, shown

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_OPTIONS = (
    "label", "fig-cap", "fig-alt", "fig-subcap", "tbl-cap", "echo", "include", "eval", "output",
    "warning", "layout-ncol", "tags",
)  # fmt: skip
PARAMETERS_TAG = "parameters"
INLINE = re.compile(r"(?<!`)`\{python\}\s+([^`]+?)\s*`(?!`)")

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_CODE_CELL = re.compile(r"^```\s*\{([A-Za-z]+)(.*)\}\s*$")
_OPTION_LINE = re.compile(r"^#\|\s?(.*)$")
_LABEL = re.compile(r"^[A-Za-z][A-Za-z0-9_-]*$")


@dataclass(frozen=True)
class Cell:
    """One cell: its text as written, and for code the options of its ``#|`` lines."""

    kind: Literal["markdown", "code"]
    source: str
    place: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The source without its option lines."""
        lines = self.source.split("\n")
        while lines and _OPTION_LINE.match(lines[0]):
            del lines[0]
        return "\n".join(lines)

    @property
    def is_parameters(self) -> bool:
        """Whether injected parameters follow this cell."""
        return self.kind == "code" and PARAMETERS_TAG in self.options.get("tags", ())


@dataclass(frozen=True)
class Document:
    """A document before it is executed: where it lies, its front matter and its cells."""

    path: Path
    metadata: Mapping[str, Any]
    cells: tuple[Cell, ...]


def read_document(path: Path | str) -> Document:
    """Read a ``.qmd`` or ``.ipynb`` file.

    Raises
    ------
    RenderError
        If the file is missing or not UTF-8, its front matter or an option is not YAML, a code
        cell is not closed, is not Python, has an unknown option or a label used twice.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RenderError(
            f"document '{shown(path)}' cannot be read ({error.strerror}). Give the path of a "
            "readable .qmd or .ipynb file."
        ) from error
    except UnicodeDecodeError as error:
        raise RenderError(
            f"document '{shown(path)}' is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from error
    if path.suffix == ".qmd":
        front, cells = _split_qmd(text, path)
    elif path.suffix == ".ipynb":
        front, cells = _split_ipynb(text, path)
    else:
        raise RenderError(
            f"document '{shown(path)}' is neither .qmd nor .ipynb. Give one of the two."
        )
    metadata = _yaml_mapping(front, f"the front matter of {shown(path.name)}")
    _refuse_repeated_labels(cells, path)
    return Document(path=path, metadata=metadata, cells=tuple(cells))


def lines_outside_code(text: str) -> Iterator[tuple[str, bool]]:
    """Each line of Markdown, and whether it is text (not inside a fenced code block)."""
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if fence:
            yield line, False
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
        else:
            fence = match[1] if match else ""
            yield line, not fence


def to_notebook(document: Document) -> "NotebookNode":
    """The document as an unexecuted notebook: front matter in a raw first cell, no cell ids."""
    from nbformat import v4

    cells = [v4.new_raw_cell(front_matter(document.metadata))]
    for cell in document.cells:
        new = v4.new_code_cell if cell.kind == "code" else v4.new_markdown_cell
        cells.append(new(cell.source))
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return without_ids(v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}))


def without_ids(notebook: "NotebookNode") -> "NotebookNode":
    """The notebook in format 4.4: random cell ids would make each run's file another one."""
    for cell in notebook.cells:
        cell.pop("id", None)
    notebook.nbformat_minor = 4
    return notebook


def front_matter(metadata: Mapping[str, Any]) -> str:
    """The metadata as a YAML block between its two ``---`` lines."""
    # JSON is YAML, and has no second way to be read.
    lines = [
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, default=str)}"
        for key, value in metadata.items()
    ]
    return "\n".join(["---", *lines, "---"])


def cell_options(source: str, place: str) -> dict[str, Any]:
    """The options in the ``#|`` lines that begin a code cell."""
    lines = []
    for line in source.split("\n"):
        match = _OPTION_LINE.match(line)
        if not match:
            break
        lines.append(match[1])
    options = _yaml_mapping("\n".join(lines), f"the options of {place}")
    for name in options:
        if name not in CELL_OPTIONS:
            raise RenderError(
                f"{place} has the unknown option '{shown(name)}'. Allowed: "
                f"{', '.join(CELL_OPTIONS)}."
            )
    label = options.get("label")
    if label is not None and not _LABEL.match(str(label)):
        raise RenderError(
            f"{place} has the label '{shown(label)}'. A label has letters, digits, - and _ only, "
            "such as fig-matrix or tbl-list."
        )
    tags = options.get("tags", [])
    return options | {"tags": [tags] if isinstance(tags, str) else list(tags)}


def parameter_names(document: Document) -> list[str] | None:
    """The names the parameters cell assigns; None where the document has no such cell."""
    for cell in document.cells:
        if cell.is_parameters:
            body = ast.parse(cell.code).body
            targets = [
                target
                for statement in body
                if isinstance(statement, ast.Assign | ast.AnnAssign)
                for target in getattr(statement, "targets", [getattr(statement, "target", None)])
            ]
            return [target.id for target in targets if isinstance(target, ast.Name)]
    return None


def _split_qmd(text: str, path: Path) -> tuple[str, list[Cell]]:
    lines = text.split("\n")
    front, start = "", 0
    if lines and lines[0].rstrip() == "---":
        ends = [n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")]
        if not ends:
            raise RenderError(
                f"{shown(path.name)}: the front matter that begins on line 1 is not closed. "
                "End it with a line ---."
            )
        front, start = "\n".join(lines[1 : ends[0]]), ends[0] + 1

    cells: list[Cell] = []
    text_lines: list[str] = []
    code_lines: list[str] | None = None
    fence, begun = "", start

    def close_text() -> None:
        source = "\n".join(text_lines).strip("\n")
        if source.strip():
            cells.append(Cell("markdown", source, f"the text before line {number + 1}"))
        text_lines.clear()

    number = start
    for number, line in enumerate(lines[start:], start):
        opening = _CODE_CELL.match(line)
        match = _FENCE.match(line)
        if code_lines is not None:
            if line.rstrip() == "```":
                cells.append(_code_cell("\n".join(code_lines), begun + 1, path))
                code_lines = None
            else:
                code_lines.append(line)
        elif fence:
            text_lines.append(line)
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
        elif opening:
            _check_opening(opening, number + 1, path)
            close_text()
            code_lines, begun = [], number
        else:
            fence = match[1] if match else ""
            text_lines.append(line)
    if code_lines is not None:
        raise RenderError(
            f"{shown(path.name)}: the code cell that begins on line {begun + 1} is not closed. "
            "End it with a line of three backticks."
        )
    number += 1
    close_text()
    return front, cells


def _check_opening(opening: re.Match[str], line: int, path: Path) -> None:
    place = f"{shown(path.name)}, line {line}"
    if opening[1] != "python":
        raise RenderError(
            f"{place}: a cell in '{shown(opening[1])}'. Only {{python}} cells are executed here."
        )
    if opening[2].strip():
        raise RenderError(
            f"{place}: options '{shown(opening[2].strip())}' inside the braces. Write them as "
            "#| lines at the top of the cell."
        )


def _code_cell(source: str, line: int, path: Path) -> Cell:
    place = f"the cell on line {line} of {shown(path.name)}"
    return Cell("code", source, place, cell_options(source, place))


def _split_ipynb(text: str, path: Path) -> tuple[str, list[Cell]]:
    import nbformat

    try:
        raw = json.loads(text)
    except json.JSONDecodeError:
        raw = None
    if not isinstance(raw, dict) or raw.get("nbformat") != 4 or "cells" not in raw:
        raise RenderError(
            f"document '{shown(path)}' is not a notebook of format 4. Open and save it in "
            "JupyterLab, or restore it from git."
        )
    notebook = nbformat.reads(text, as_version=4)
    front, cells = "", []
    for number, cell in enumerate(notebook.cells, 1):
        place = f"cell {number} of {shown(path.name)}"
        if cell.cell_type == "raw":
            stripped = cell.source.strip()
            if number == 1 and stripped.startswith("---") and stripped.endswith("---"):
                front = stripped.strip("-")
        elif cell.cell_type == "markdown":
            cells.append(Cell("markdown", cell.source, place))
        elif cell.source.strip():
            options = cell_options(cell.source, place)
            tags = [*options["tags"], *cell.metadata.get("tags", [])]
            cells.append(Cell("code", cell.source, place, options | {"tags": tags}))
    return front, cells


def _yaml_mapping(text: str, what: str) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        problem = getattr(error, "problem", None) or str(error).split("\n")[0]
        raise RenderError(f"{what} is not YAML: {shown(problem)}. Correct it there.") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RenderError(f"{what} is not a list of 'key: value' lines. Correct it there.")
    return {str(key): entry for key, entry in value.items()}


def _refuse_repeated_labels(cells: list[Cell], path: Path) -> None:
    seen: set[str] = set()
    for cell in cells:
        label = cell.options.get("label")
        if label in seen:
            raise RenderError(
                f"{shown(path.name)} has the label '{shown(label)}' twice. Give each cell its own."
            )
        if label:
            seen.add(label)
