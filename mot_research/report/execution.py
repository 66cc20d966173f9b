"""Execute a document once, in this interpreter; every format is rendered from the result."""

import ast
import asyncio
import atexit
import os
import sys
import threading
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import mot_research
from mot_research.errors import MotError, RenderError, shown
from mot_research.report.documents import (
    INLINE,
    Document,
    cell_options,
    lines_outside_code,
    parameter_names,
    to_notebook,
    without_ids,
)
from mot_research.report.escaping import escape_markdown
from mot_research.report.targets import scratch

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbformat import NotebookNode

ONCE_TAG = "once"
FIGURE_DPI = 220
FIGURE_FORMATS = ("svg", "png")
SVG_SALT = "mot_research"
SECONDS_TO_START = 120  # a kernel takes two, on a machine that swaps many more
SECONDS_TO_A_SIGNAL = 0.2  # Windows hears Ctrl-C between two waits only
LONGEST_FOLDER = 85  # a Unix socket's path may have 103 characters (macOS)
_INLINE_TYPE = "application/x.mot.inline+json"
_INLINE_CODE = """\
import IPython.display as _display
_value = ({expression})
_display.display({{{mime!r}: [hasattr(_value, "_repr_markdown_"),
    _value._repr_markdown_() if hasattr(_value, "_repr_markdown_") else str(_value)]}}, raw=True)
del _value, _display"""

# pyplot draws every open figure after each cell, for windows, before the display draws it again.
_QUIET_PYPLOT = """\
import matplotlib.pyplot as _plt
_plt.switch_backend(_plt.matplotlib.rcParams["backend"])
_plt.uninstall_repl_displayhook()
del _plt"""


def execute(
    document: Document,
    *,
    parameters: Mapping[str, Any],
    cwd: Path,
    on_cell: Callable[[int, int], None] | None = None,
    timeout: float | None = None,
) -> "NotebookNode":
    """Execute every code cell once and return the notebook with its outputs.

    The cell tagged ``parameters`` is followed by an injected one. Inline values
    (```{python} expression```) are evaluated at their place in the text and written into it:
    as Markdown where the value says how (``_repr_markdown_``), else as literal text.

    Parameters
    ----------
    document
        What :func:`read_document` returned.
    parameters
        Values for names that the parameters cell assigns: numbers, text, paths, None, and
        lists and mappings of these.
    cwd
        The working directory of the code.
    on_cell
        Called with (cells done, cells in all) before the first and after each code cell.
    timeout
        Seconds a single cell may take; None for no limit.

    Raises
    ------
    RenderError
        If a parameter is unknown or a cell fails. A failure that is a ``MotError`` in the
        kernel is passed on with its message alone.
    """
    return execute_together([(document, parameters)], cwd=cwd, on_cell=on_cell, timeout=timeout)[0]


def execute_together(
    documents: Sequence[tuple[Document, Mapping[str, Any]]],
    *,
    cwd: Path,
    on_cell: Callable[[int, int], None] | None = None,
    timeout: float | None = None,
    figures: Collection[str] = FIGURE_FORMATS,
) -> "list[NotebookNode]":
    """Execute documents one after another in the same kernel, each with its parameters.

    Each figure is drawn once for each of the formats ``figures``, but as png alone where a
    document says ``fig-format: png``.

    Of the cells tagged ``once`` only those of the first document that has one run: what they
    compute is there for the documents after it. Each document by itself runs its own. Otherwise
    as :func:`execute`.
    """
    from nbformat import v4

    notebooks, slots = [], []
    work: list[_Work] = []
    computed = False
    for document, parameters in documents:
        notebook = to_notebook(document)
        _inject(notebook, document, parameters)
        slots.append(_add_inline_cells(notebook, document))
        its_own = _code_cells(notebook, document)
        work += [task for task in its_own if not (computed and task.once)]
        computed = computed or any(task.once for task in its_own)
        notebooks.append(notebook)
    report = on_cell or (lambda done, total: None)
    if work:
        # A drawing in SVG carries its exact data points; a document of few people asks for png.
        as_png = any(document.metadata.get("fig-format") == "png" for document, _ in documents)
        together = without_ids(v4.new_notebook())
        together.cells = [task.cell for task in work]  # these very cells: outputs go into them
        with scratch() as folder:
            formats = {"png"} if as_png else set(figures)
            client = _client(together, folder, timeout, formats)
            _run(_execute_cells(client, Path(cwd), folder / "kernel.log", work, report))
    report(len(work), len(work))
    for notebook, its_slots in zip(notebooks, slots, strict=True):
        _fill_inline(notebook, its_slots)
    return notebooks


@dataclass(frozen=True)
class _Work:
    """A code cell to run: where it stands, and whether documents after it need it no more."""

    cell: "NotebookNode"
    place: str
    once: bool = False


def _code_cells(notebook: "NotebookNode", document: Document) -> list[_Work]:
    """Return the cells to run, without those that say ``eval: false``."""
    places = iter([cell.place for cell in document.cells if cell.kind == "code"])
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            place = _place(cell, document, places)
            options = cell_options(cell.source, place)
            if options.get("eval", True) is not False:
                found.append(_Work(cell, place, ONCE_TAG in options["tags"]))
    return found


def _inject(notebook: "NotebookNode", document: Document, parameters: Mapping[str, Any]) -> None:
    from nbformat import v4

    if not parameters:
        return
    names = parameter_names(document)
    if names is None:
        raise RenderError(
            f"{shown(document.path.name)} takes no parameters, but {_listed(parameters)} was "
            "given. Add a cell with the line '#| tags: [parameters]'."
        )
    unknown = [name for name in parameters if name not in names]
    if unknown:
        raise RenderError(
            f"{shown(document.path.name)} has no parameter {_listed(unknown)}. Its parameters "
            f"cell assigns: {_listed(names)}."
        )
    lines = [f"{name} = {_literal(value)}" for name, value in parameters.items()]
    cell = v4.new_code_cell("\n".join(["#| include: false", *lines]))
    cell.metadata["tags"] = ["injected-parameters"]
    del cell["id"]
    at = next(n for n, cell in enumerate(document.cells) if cell.is_parameters)
    notebook.cells.insert(at + 2, cell)  # after the raw cell and the parameters cell


def _literal(value: Any) -> str:
    literal = repr(os.fspath(value) if isinstance(value, os.PathLike) else value)
    try:
        ast.literal_eval(literal)
    except (ValueError, SyntaxError) as error:
        raise RenderError(
            f"the parameter value {shown(literal)} cannot be written into a document. Allowed "
            "are numbers, text, paths, None, and lists and mappings of these."
        ) from error
    return literal


def _listed(names: Any) -> str:
    return ", ".join(f"'{shown(name)}'" for name in names)


def _add_inline_cells(
    notebook: "NotebookNode", document: Document
) -> "list[tuple[NotebookNode, list[NotebookNode]]]":
    """Put one hidden cell per inline value behind its text; return text and hidden cells."""
    from nbformat import v4

    slots = []
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type != "markdown":
            continue
        hidden = []
        for line, is_text in lines_outside_code(cell.source):
            for match in INLINE.finditer(line) if is_text else ():
                code = _INLINE_CODE.format(expression=match[1], mime=_INLINE_TYPE)
                hidden.append(v4.new_code_cell(code, metadata={"mot_inline": match[1]}))
        if hidden:
            slots.append((cell, hidden))
            cells.extend(hidden)
    notebook.cells = cells
    return slots


def _fill_inline(
    notebook: "NotebookNode", slots: "list[tuple[NotebookNode, list[NotebookNode]]]"
) -> None:
    for text, hidden in slots:
        values = [_inline_value(cell) for cell in hidden]
        lines = []
        for line, is_text in lines_outside_code(text.source):
            pieces = INLINE.split(line) if is_text else [line]
            pieces[1::2] = [values.pop(0) for _ in pieces[1::2]]
            lines.append("".join(pieces))
        text.source = "\n".join(lines)
    notebook.cells = [cell for cell in notebook.cells if "mot_inline" not in cell.metadata]


def _inline_value(cell: "NotebookNode") -> str:
    is_markdown, value = next(
        output.data[_INLINE_TYPE]
        for output in cell.outputs
        if _INLINE_TYPE in output.get("data", {})
    )
    return str(value) if is_markdown else escape_markdown(value)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end in a thread of its own, which a signal to this one stops.

    So it works where a loop is running already (in JupyterLab), and nbclient, which would take
    Ctrl-C for itself in the main thread, gets no signal.
    """
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)
    ended = threading.Event()  # a signal during Thread.join makes Python forget the thread

    def complete() -> None:
        try:
            with suppress(BaseException):  # the task keeps it for the other thread
                loop.run_until_complete(task)
            loop.run_until_complete(_stop_others())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
        finally:
            ended.set()

    threading.Thread(target=complete).start()
    try:
        while not ended.wait(SECONDS_TO_A_SIGNAL):
            pass
    except BaseException:
        with suppress(RuntimeError):  # the loop has just ended
            loop.call_soon_threadsafe(task.cancel)
        ended.wait()
        raise
    task.result()


async def _stop_others() -> None:
    """Stop what nbclient watched the kernel with."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _execute_cells(
    client: "NotebookClient",
    cwd: Path,
    log: Path,
    work: list[_Work],
    report: Callable[[int, int], None],
) -> None:
    manager: AsyncKernelManager = client.km  # type: ignore[assignment]
    try:
        async with AsyncExitStack() as stack:
            with log.open("wb") as said:
                await _started(stack, client, cwd, said, log)
            try:
                await _execute_each(client, work, report)
            except BaseException:
                if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                    await manager.interrupt_kernel()  # a cell that runs would hold up the end
                raise
    finally:
        atexit.unregister(client._cleanup_kernel)  # done here, also where the kernel only started
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)


async def _started(
    stack: AsyncExitStack, client: "NotebookClient", cwd: Path, said: IO[bytes], log: Path
) -> None:
    """Start the kernel, to be stopped by the stack; what it says to nobody goes to the log."""
    kernel = client.async_setup_kernel(
        cwd=str(cwd), env=_environment(), cleanup_kc=True, stderr=said
    )
    try:
        await stack.enter_async_context(kernel)
    except (OSError, RuntimeError) as error:
        lines = log.read_text("utf-8", "replace").strip().split("\n")
        raise RenderError(
            "the Python that runs documents could not be started "
            f"({shown(lines[-1] or error)}). Close other programs if memory is short, or make room "
            f"in '{shown(log.parents[1])}'; if it fails again, install mot_research again."
        ) from error


async def _execute_each(
    client: "NotebookClient", work: list[_Work], report: Callable[[int, int], None]
) -> None:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    if client.kc is not None:  # it is connected by now; nbclient's type says otherwise
        client.kc.execute(_QUIET_PYPLOT, silent=True)
    for done, task in enumerate(work):
        report(done, len(work))
        try:
            await client.async_execute_cell(task.cell, done, store_history=True)
        except CellExecutionError as error:
            raise _failure(error, task.place) from None
        except CellTimeoutError as error:
            raise RenderError(
                f"{task.place} took longer than {client.timeout:g} seconds. Run it in "
                "JupyterLab to see where it waits, or allow it more time."
            ) from error
        except DeadKernelError as error:
            raise RenderError(
                f"Python stopped while it ran {task.place}, most often for want of memory. "
                "Close other programs, or take a smaller wave."
            ) from error
        task.cell.metadata.pop("execution", None)


def _client(
    notebook: "NotebookNode", folder: Path, timeout: float | None, formats: set[str]
) -> "NotebookClient":
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    class ThisInterpreter(KernelSpecManager):
        """The one kernel there is: whatever specs are installed, the running interpreter."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name="Python 3", language="python")

    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=ThisInterpreter(),
        connection_file=str(folder / "kernel.json"),
        transport="ipc" if os.name == "posix" and len(str(folder)) <= LONGEST_FOLDER else "tcp",
    )
    # Killed at the end: what it computed is here by then, and a polite end may take seconds.
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=timeout,
        startup_timeout=SECONDS_TO_START,
        allow_errors=False,
        shutdown_kernel="immediate",
    )
    rc = {"figure.dpi": FIGURE_DPI, "savefig.dpi": FIGURE_DPI, "svg.hashsalt": SVG_SALT}
    client.extra_arguments = [
        "--log-level=ERROR",
        f"--ipython-dir={folder}",
        "--HistoryManager.enabled=False",
        f"--InlineBackend.figure_formats={formats}",
        f"--InlineBackend.rc={rc}",
        "--InlineBackend.print_figure_kwargs={'bbox_inches': 'tight', 'metadata': {'Date': None}}",
    ]
    return client


def _environment() -> dict[str, str]:
    """The environment with this very `mot_research` importable, and sets in one order.

    Figures must reach the document, also where a server has another backend set.
    """
    root = str(Path(mot_research.__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def _place(cell: "NotebookNode", document: Document, places: Any) -> str:
    if "mot_inline" in cell.metadata:
        return f"the inline value '{shown(cell.metadata.mot_inline)}' of {document.path.name}"
    if "injected-parameters" in cell.metadata.get("tags", ()):
        return f"the parameters given to {document.path.name}"
    return str(next(places))


def _failure(error: Any, place: str) -> RenderError:
    if error.ename in _names_below(MotError):
        return RenderError(error.evalue)
    last = error.evalue.strip().split("\n")[-1]
    return RenderError(
        f"{place} failed: {shown(error.ename)}: {shown(last)}. Run the document cell by cell in "
        "JupyterLab to find the cause."
    )


def _names_below(root: type[MotError]) -> set[str]:
    names = {root.__name__}
    for child in root.__subclasses__():
        names |= _names_below(child)
    return names
