"""The documents of one study and wave: the report, its one page, its technical appendix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mot_research.errors import RenderError, shown
from mot_research.report.originals import original
from mot_research.report.rendering import Order, render_documents
from mot_research.study.definition import Study
from mot_research.survey.file_names import file_name
from mot_research.survey.part import Part

DocumentName = Literal["prioritization", "brief", "technical-appendix"]
Renderer = Literal["auto", "quarto", "embedded"]
DECK = "pptx"
SUBTITLES: Mapping[DocumentName, str] = {
    "prioritization": "Priorities",
    "brief": "The list",
    "technical-appendix": "Technical appendix",
}
# What ``--to`` may name, and the files that each gives: None stands for the document asked for.
FORMATS: Mapping[str, tuple[tuple[DocumentName | None, str], ...]] = {
    "html": ((None, "html"),),
    "pdf": ((None, "pdf"),),
    "docx": ((None, "docx"),),
    "pptx": (("prioritization", DECK),),
    "brief": (("brief", "html"), ("brief", "pdf")),
}


def wanted_formats(text: str) -> tuple[str, ...]:
    """Return the formats that a list with commas names, each once.

    Raises
    ------
    RenderError
        One is not known, or none is named.
    """
    chosen = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown or not chosen:
        raise RenderError(
            f"--to {shown(text)!r}: can't write {', '.join(map(shown, unknown)) or 'nothing'}. "
            f"Use one or more of {', '.join(FORMATS)}, with commas between them."
        )
    return chosen


def files_of(
    formats: Sequence[str],
    document: DocumentName,
    study: Study,
    wave_id: str,
    part: Part | None = None,
) -> dict[DocumentName, dict[str, str]]:
    """Return the names of the files that formats give: by document, then by file type."""
    found: dict[DocumentName, dict[str, str]] = {}
    for name in formats:
        for other, suffix in FORMATS[name]:
            which = other or document
            about = [study.name, wave_id, *(part or ())]
            stem = "-".join([*map(file_name, about), which])
            found.setdefault(which, {})[suffix] = f"{stem}.{suffix}"
    return found


def render_study_documents(
    study: Study,
    wave_id: str,
    targets: Mapping[DocumentName, Mapping[str, Path]],
    *,
    data: Path,
    part: Part | None = None,
    renderer: Renderer = "auto",
    engine: str = "auto",
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Execute documents of ``reports/`` and write them; the study is computed once for all.

    The document itself writes its deck (``pptx``), of the findings that it shows.

    Parameters
    ----------
    study : Study
        Read from a file.
    wave_id : str
    targets : mapping of document to mapping of format to the file to write
    data : Path
        Folder for the findings that the execution leaves.
    part : Part, optional
        The customers that the documents are about. Default: all.
    renderer : {"auto", "quarto", "embedded"}
    engine : str
        As in :func:`mot_research.read_survey`.
    on_progress : callable(done, total), optional

    Raises
    ------
    RenderError
        A document can't be executed or rendered.
    """
    if study.path is None:
        raise RenderError("a report needs a study that was read from a file: use read_study.")
    look = {"accent": study.look.accent}
    if study.look.logo is not None:
        look["logo"] = str(study.resolve(study.look.logo).resolve())
    parameters = {
        "study": str(study.path.resolve()),
        "wave": wave_id,
        "output": str(data.resolve()),
        "engine": engine,
    } | ({} if part is None else {"part": str(part)})
    whom = f"wave {wave_id}" + ("" if part is None else f", {part.in_words}")
    orders = [
        Order(
            original(f"reports/{name}.qmd"),
            parameters | ({"deck": str(files[DECK].resolve())} if DECK in files else {}),
            {suffix: path for suffix, path in files.items() if suffix != DECK},
            {key: value for key, value in look.items() if value is not None}
            | {"title": study.name, "subtitle": f"{SUBTITLES[name]}, {whom}"},
        )
        for name, files in targets.items()
    ]
    return render_documents(orders, renderer=renderer, on_progress=on_progress)
