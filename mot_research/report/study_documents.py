"""The documents of one study and wave: the leadership report and its technical appendix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from mot_research.errors import RenderError
from mot_research.report.rendering import render_document
from mot_research.study.definition import Study

PACKAGE = Path(__file__).parents[1]

DocumentName = Literal["prioritization", "technical-appendix"]
SUBTITLES: Mapping[DocumentName, str] = {
    "prioritization": "Priorities",
    "technical-appendix": "Technical appendix",
}


def render_study_document(
    name: DocumentName,
    study: Study,
    wave_id: str,
    targets: Mapping[str, Path],
    *,
    data: Path,
    renderer: Literal["auto", "quarto", "embedded"] = "auto",
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Execute a document of ``reports/`` once and write it in every format of ``targets``.

    Parameters
    ----------
    name : {"prioritization", "technical-appendix"}
    study : Study
        Read from a file.
    wave_id : str
    targets : mapping of format to the file to write
    data : Path
        Folder for the findings that the execution leaves.
    renderer : {"auto", "quarto", "embedded"}
    on_progress : callable(done, total), optional

    Raises
    ------
    RenderError
        The document can't be executed or rendered.
    """
    if study.path is None:
        raise RenderError("a report needs a study that was read from a file: use read_study.")
    look = {"accent": study.look.accent}
    if study.look.logo is not None:
        look["logo"] = str(study.resolve(study.look.logo).resolve())
    return render_document(
        document_source(f"{name}.qmd"),
        parameters={
            "study": str(study.path.resolve()),
            "wave": wave_id,
            "output": str(data.resolve()),
        },
        targets=targets,
        formats=tuple(targets),
        renderer=renderer,
        metadata={key: value for key, value in look.items() if value is not None}
        | {"title": study.name, "subtitle": f"{SUBTITLES[name]}, wave {wave_id}"},
        on_progress=on_progress,
    )


def document_source(name: str) -> Path:
    """Where a report's source lies: in a checkout, or inside an installed package."""
    for folder in (PACKAGE / "_workbook" / "reports", PACKAGE.parent / "reports"):
        if (folder / name).is_file():
            return folder / name
    raise RenderError(
        f"the report's source '{name}' is missing from this installation: install "
        "mot_research again."
    )
