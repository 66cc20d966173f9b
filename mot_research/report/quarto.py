"""Hand the executed notebook to Quarto, where a `quarto` command is on PATH."""

import re
import shutil
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mot_research.errors import RenderError, shown
from mot_research.report.composing import EXECUTE_DEFAULTS
from mot_research.report.documents import front_matter
from mot_research.report.embedded import ASSETS, html_to_markdown
from mot_research.report.metadata import copy_logo, house_metadata
from mot_research.report.programs import in_words, run_program, version_of
from mot_research.report.targets import replacing, scratch

if TYPE_CHECKING:
    from nbformat import NotebookNode

OLDEST = (1, 8)
SECONDS = 900.0  # a document and format takes 12 to 23 seconds
LONGEST_END = 1024  # bytes
_NAMES = {"html": "html", "pdf": "typst"}
_ENDS = {"html": b"</html>", "pdf": b"%%EOF"}
_UNRESOLVED = re.compile(r"[Uu]nable to resolve crossref @([\w-]+)")


def quarto_command() -> str | None:
    """The path of the `quarto` command, where there is one that is new enough; or None."""
    found = shutil.which("quarto")
    version = version_of(found) if found else None
    return found if version is not None and version >= OLDEST else None


def require_quarto() -> None:
    """Refuse to go on without Quarto.

    Raises
    ------
    RenderError
        There is no `quarto` command, or it is too old, or does not tell its version.
    """
    if quarto_command():
        return
    found = shutil.which("quarto")
    needed = f"{OLDEST[0]}.{OLDEST[1]} or newer"
    lack = (
        "there is no 'quarto' command on PATH"
        if found is None
        else f"'{shown(Path(found))}' is {in_words(version_of(found))}, and {needed} is needed"
    )
    raise RenderError(
        f"{lack}. Install Quarto {needed}, or use the renderer 'embedded', which needs nothing "
        "else."
    )


def render(
    notebook: "NotebookNode", metadata: Mapping[str, Any], name: str, target: Path, *, beside: Path
) -> None:
    """Write `target` (``html`` or ``pdf``) from an executed notebook; nothing runs again.

    Raises
    ------
    RenderError
        If Quarto fails, or a reference in the text has no target.
    """
    import nbformat

    with scratch() as folder:
        shutil.copytree(ASSETS, folder / "assets")
        _copy_pictures(beside, folder)
        whole = dict(metadata) | {"format": formats("assets"), "jupyter": "python3"}
        whole["accent"] = house_metadata(metadata)["accent"]
        whole["execute"] = EXECUTE_DEFAULTS | (metadata.get("execute") or {})
        if whole.pop("logo", None):  # Quarto would put a logo of its own on every page
            whole["house-logo"] = copy_logo(beside / str(metadata["logo"]), folder)
        copy = nbformat.from_dict(deepcopy(notebook))
        copy.cells[0].source = front_matter(whole)
        _replace_html(copy)
        (folder / "document.ipynb").write_text(nbformat.writes(copy), encoding="utf-8")
        done = run_program(
            [
                str(quarto_command()),
                "render",
                "document.ipynb",
                "--to",
                _NAMES[name],
                "--no-execute",
            ],
            seconds=SECONDS,
            cwd=folder,
            environment={"NO_COLOR": "1"},  # its errors are quoted
        )
        log = done.stderr + done.stdout
        made = folder / f"document.{name}"
        unresolved = _UNRESOLVED.search(log)
        if unresolved:
            raise RenderError(
                f"the reference '@{unresolved[1]}' has no target in this document. Label the "
                "cell or the section it means."
            )
        lines = [line for line in log.strip().split("\n") if line.strip()]
        last = next((line for line in lines if "ERROR" in line), lines[-1] if lines else "")
        if done.returncode or not made.is_file():
            raise _failed(last or f"it ended with code {done.returncode} and without a file")
        content = made.read_bytes()
    if _ENDS[name] not in content[-LONGEST_END:]:
        raise _failed(f"the {name} that it wrote has no end")
    with replacing(target) as written:
        written.write_bytes(content)


def _failed(said: str) -> RenderError:
    return RenderError(
        f"quarto failed: {shown(said)}. Try the renderer 'embedded', or run 'quarto check'."
    )


def _replace_html(notebook: "NotebookNode") -> None:
    """Write HTML outputs as Markdown: HTML would make Quarto load scripts from a server."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                html = data.pop("text/html")
                data.setdefault("text/markdown", html_to_markdown(html))


def formats(assets: str) -> dict[str, Any]:
    """The `format` options of both outputs, with the assets in the folder named `assets`."""
    return {
        "html": {
            "theme": ["default", f"{assets}/house.scss"],
            "css": f"{assets}/signs.css",
            "include-after-body": f"{assets}/sorting.html",
            "html-math-method": "mathml",
            "embed-resources": True,
            "minimal": True,
            "format-links": False,
            "filters": [f"{assets}/house.lua", f"{assets}/quarto.lua"],
            "fig-format": "svg",
        },
        "typst": {
            "template-partials": [f"{assets}/typst-template.typ", f"{assets}/typst-show.typ"],
            "font-paths": [f"{assets}/fonts"],
            "filters": [f"{assets}/house.lua", f"{assets}/quarto.lua"],
            "papersize": "a4",
            "fig-format": "svg",
        },
    }


def _copy_pictures(beside: Path, folder: Path) -> None:
    for path in beside.iterdir():
        if path.suffix.lower() in (".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp"):
            shutil.copyfile(path, folder / path.name)
