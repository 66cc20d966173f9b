"""One document, executed once, rendered into every format asked for."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from mot_research.errors import RenderError, shown
from mot_research.report import embedded, quarto
from mot_research.report.documents import front_matter, read_document
from mot_research.report.escaping import escape_markdown
from mot_research.report.execution import execute
from mot_research.report.targets import replacing

FORMATS = ("html", "pdf")
TEXT_KEYS = ("title", "subtitle", "author", "description", "date", "keywords")


def render_document(
    source: Path | str,
    *,
    parameters: Mapping[str, Any],
    targets: Mapping[str, Path],
    formats: tuple[str, ...] = FORMATS,
    renderer: Literal["auto", "quarto", "embedded"] = "auto",
    metadata: Mapping[str, Any] | None = None,
    cwd: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Execute a document once and write it as HTML and PDF; all the files appear, or none.

    Parameters
    ----------
    source
        The ``.qmd`` or ``.ipynb``.
    parameters
        Values for its parameters cell.
    targets
        The file to write for each format.
    formats
        Of ``html`` and ``pdf``.
    renderer
        ``auto`` takes Quarto where it is on PATH, else pandoc and Typst.
    metadata
        Front matter that replaces the document's own. Texts (title, subtitle, author,
        description, date, keywords) print literally, whatever signs they hold.
    cwd
        Where the code runs; default: the folder of the document.
    on_progress
        Called with (steps done, steps in all); steps are code cells and formats.

    Returns
    -------
    list of Path
        The files written, in the order of `formats`.

    Raises
    ------
    RenderError
        With one message and the next step, whatever failed.
    """
    source = Path(source)
    _check(formats, targets, renderer)
    use_quarto = renderer == "quarto" or (renderer == "auto" and quarto.quarto_command())
    document = read_document(source)
    beside = source.resolve().parent
    steps = [0, 0]

    def cell_done(done: int, total: int) -> None:
        steps[:] = [done, total + len(formats)]
        if on_progress:
            on_progress(*steps)

    notebook = execute(document, parameters=parameters, cwd=cwd or beside, on_cell=cell_done)
    merged = dict(document.metadata) | {
        key: _literal(key, value) for key, value in (metadata or {}).items()
    }
    notebook.cells[0].source = front_matter(merged)
    paths = [Path(targets[name]) for name in formats]
    with ExitStack() as stack:
        written = [stack.enter_context(replacing(path)) for path in paths]
        for name, path in zip(formats, written, strict=True):
            if use_quarto:
                quarto.render(notebook, merged, name, path, beside=beside)
            elif name == "html":
                embedded.render_html(notebook, merged, path, beside=beside)
            else:
                embedded.render_pdf(notebook, merged, path, beside=beside)
            steps[0] += 1
            if on_progress:
                on_progress(*steps)
    return paths


def _literal(key: str, value: Any) -> Any:
    if key not in TEXT_KEYS or value is None:
        return value
    if isinstance(value, list | tuple):
        return [escape_markdown(entry) for entry in value]
    return escape_markdown(value)


def _check(formats: tuple[str, ...], targets: Mapping[str, Path], renderer: str) -> None:
    for name in formats:
        if name not in FORMATS:
            raise RenderError(
                f"the format '{shown(name)}' is not available. Allowed: {', '.join(FORMATS)}."
            )
        if name not in targets:
            raise RenderError(f"no target file was given for the format '{shown(name)}'.")
    if renderer not in ("auto", "quarto", "embedded"):
        raise RenderError(
            f"the renderer '{shown(renderer)}' is not known. Allowed: auto, quarto, embedded."
        )
    if renderer == "quarto" and not quarto.quarto_command():
        raise RenderError(
            "there is no 'quarto' command on PATH. Install Quarto, or use the renderer "
            "'embedded', which needs nothing else."
        )
