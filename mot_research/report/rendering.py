"""One document, executed once, rendered into every format asked for."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mot_research.errors import RenderError, shown
from mot_research.report import embedded, quarto
from mot_research.report.documents import front_matter, read_document
from mot_research.report.escaping import escape_markdown
from mot_research.report.execution import FIGURE_FORMATS, execute_together
from mot_research.report.targets import replacing

FORMATS = ("html", "pdf", "docx")
TEXT_KEYS = ("title", "subtitle", "author", "description", "date", "keywords")


@dataclass(frozen=True)
class Order:
    """A document to render: values for its parameters cell, and a file for each format.

    ``metadata`` is front matter that replaces the document's own. Texts (title, subtitle,
    author, description, date, keywords) print literally, whatever signs they hold.
    """

    source: Path
    parameters: Mapping[str, Any]
    targets: Mapping[str, Path]
    metadata: Mapping[str, Any] = field(default_factory=dict)


def render_document(
    source: Path | str,
    *,
    parameters: Mapping[str, Any],
    targets: Mapping[str, Path],
    formats: tuple[str, ...] = ("html", "pdf"),
    renderer: Literal["auto", "quarto", "embedded"] = "auto",
    metadata: Mapping[str, Any] | None = None,
    cwd: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Execute a document once and write it in each format; all the files appear, or none.

    Parameters
    ----------
    source
        The ``.qmd`` or ``.ipynb``.
    parameters
        Values for its parameters cell.
    targets
        The file to write for each format.
    formats
        Of ``html``, ``pdf`` and ``docx``.
    renderer
        ``auto`` takes Quarto where one that is new enough is on PATH, else pandoc and Typst. A
        Word document is pandoc's either way.
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
    _check_formats(formats, targets)
    order = Order(source, parameters, {name: targets[name] for name in formats}, metadata or {})
    return render_documents([order], renderer=renderer, cwd=cwd, on_progress=on_progress)


def render_documents(
    orders: Sequence[Order],
    *,
    renderer: Literal["auto", "quarto", "embedded"] = "auto",
    cwd: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Execute several documents of one folder in one kernel; all the files appear, or none.

    What the cells tagged ``once`` compute, the first document computes for all. Otherwise as
    :func:`render_document`.
    """
    for order in orders:
        _check_formats(tuple(order.targets), order.targets)
    _check_renderer(renderer)
    use_quarto = renderer == "quarto" or (renderer == "auto" and quarto.quarto_command())
    documents = [read_document(order.source) for order in orders]
    beside = orders[0].source.resolve().parent
    n_files = sum(len(order.targets) for order in orders)
    steps = [0, 0]

    def cell_done(done: int, total: int) -> None:
        steps[:] = [done, total + n_files]
        if on_progress:
            on_progress(*steps)

    notebooks = execute_together(
        [(document, order.parameters) for document, order in zip(documents, orders, strict=True)],
        cwd=cwd or beside,
        on_cell=cell_done,
        # HTML and PDF take the drawing, Word the picture
        figures=FIGURE_FORMATS if any("docx" in order.targets for order in orders) else ("svg",),
    )
    paths = []
    with ExitStack() as stack:
        for order, document, notebook in zip(orders, documents, notebooks, strict=True):
            merged = dict(document.metadata) | {
                key: _literal(key, value) for key, value in order.metadata.items()
            }
            notebook.cells[0].source = front_matter(merged)
            for name, target in order.targets.items():
                paths.append(Path(target))
                path = stack.enter_context(replacing(paths[-1]))
                if name == "docx":
                    embedded.render_docx(notebook, merged, path, beside=beside)
                elif use_quarto:
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


def _check_formats(formats: tuple[str, ...], targets: Mapping[str, Path]) -> None:
    for name in formats:
        if name not in FORMATS:
            raise RenderError(
                f"the format '{shown(name)}' is not available. Allowed: {', '.join(FORMATS)}."
            )
        if name not in targets:
            raise RenderError(f"no target file was given for the format '{shown(name)}'.")


def _check_renderer(renderer: str) -> None:
    if renderer not in ("auto", "quarto", "embedded"):
        raise RenderError(
            f"the renderer '{shown(renderer)}' is not known. Allowed: auto, quarto, embedded."
        )
    if renderer == "quarto":
        quarto.require_quarto()
