"""One execution: parameters, inline values, failures, and nothing left behind."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mot_research.errors import RenderError
from mot_research.report import execution
from mot_research.report.documents import read_document
from mot_research.report.execution import execute, execute_together

SECONDS_FOR_A_KERNEL = 60  # a generous upper bound on a busy machine; nothing is timed


@pytest.fixture
def run(tmp_path):
    def executed(text, parameters=None, **options):
        path = tmp_path / "d.qmd"
        path.write_text(text, encoding="utf-8")
        return execute(read_document(path), parameters=parameters or {}, cwd=tmp_path, **options)

    return executed


def _cell(code: str) -> str:
    return f"```{{python}}\n{code}\n```\n\n"


def _printed(notebook) -> str:
    return "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )


def test_parameters_replace_the_defaults(run, tmp_path):
    text = _cell("#| tags: [parameters]\nname = 'a'\nwhere = None\nkept = 3")
    text += _cell("print(name, where, kept)")
    notebook = run(text, {"name": "b'\"\n", "where": tmp_path})
    assert _printed(notebook) == f"b'\"\n {tmp_path} 3\n"
    assert notebook.cells[2].source.startswith("#| include: false")


def test_inline_values_are_those_of_their_place(run):
    text = "Before.\n\n" + _cell("n = 1\nclass M:\n    def _repr_markdown_(self): return '*m*'")
    text += "Now `{python} n` and `{python} M()`.\n\n```\n`{python} n`\n```\n\n"
    text += _cell("n = '<b>*2*'") + "Then `{python} n`, ``{python} n``."
    sources = [cell.source for cell in run(text).cells if cell.cell_type == "markdown"]
    assert sources[1] == "Now 1 and *m*.\n\n```\n`{python} n`\n```"
    assert sources[2] == r"Then \<b\>\*2\*, ``{python} n``."


def test_the_same_run_gives_the_same_notebook(run):
    text = "v `{python} 1`\n\n" + _cell("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    first = run(text)
    assert first == run(text)
    data = first.cells[-1].outputs[-1].data
    assert {"image/svg+xml", "image/png"} <= set(data)


def test_the_kernel_is_this_interpreter_with_this_package(run, tmp_path):
    import mot_research

    code = "import os, sys, mot_research\nprint(sys.executable, mot_research.__file__, os.getcwd())"
    assert _printed(run(_cell(code))).split() == [
        sys.executable, mot_research.__file__, str(tmp_path),
    ]  # fmt: skip


def test_documents_together_share_one_kernel_and_compute_once(tmp_path):
    once = "#| tags: [once]\nfound = count('{}')"
    texts = [
        _cell("#| tags: [parameters]\nname = ''")
        + _cell("open('log', 'a').close()\ncount = lambda t: open('log', 'a').write(t)")
        + _cell(once.format(letter))
        + "`{python} name`\n\n"
        + _cell("print(name, found)")
        for letter in "ab"
    ]
    documents = []
    for letter, text in zip("ab", texts, strict=True):
        (tmp_path / f"{letter}.qmd").write_text(text)
        documents.append((read_document(tmp_path / f"{letter}.qmd"), {"name": letter}))
    first, second = execute_together(documents, cwd=tmp_path)
    assert (tmp_path / "log").read_text() == "a"
    assert _printed(first) == "a 1\n"
    assert _printed(second) == "b 1\n"
    assert [cell.source for cell in second.cells if cell.cell_type == "markdown"] == ["b"]
    execute_together(documents[1:], cwd=tmp_path)
    assert (tmp_path / "log").read_text() == "ab"


def test_progress_counts_code_cells(run):
    seen = []
    run("t `{python} 1`\n\n" + _cell("1") + _cell("2"), on_cell=lambda *step: seen.append(step))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("text", "parameters", "message"),
    [
        ("x", {"a": 1}, "takes no parameters, but 'a' was given"),
        (_cell("#| tags: [parameters]\na = 1"), {"b": 1}, "has no parameter 'b'. Its parameters"),
        (_cell("#| tags: [parameters]\na = 1"), {"a": object()}, "cannot be written"),
        (
            "\n\n" + _cell("x = 1\n1 / 0"),
            {},
            "the cell on line 3 of d.qmd failed: ZeroDivisionError",
        ),
        (_cell("def"), {}, "SyntaxError"),
        ("a `{python} 1 +` b", {}, "the inline value '1 +' of d.qmd failed"),
        ("a `{python} nothing` b", {}, "the inline value 'nothing' of d.qmd failed: NameError"),
        (_cell("import os\nos._exit(1)"), {}, "Python stopped while it ran the cell on line 1"),
        (_cell("raise SystemExit(3)"), {}, "SystemExit"),
    ],
)
def test_a_failure_is_one_readable_message(run, text, parameters, message):
    with pytest.raises(RenderError, match=re.escape(message)) as caught:
        run(text, parameters)
    assert "Traceback" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_of_ours_keeps_its_own_message(run):
    code = (
        "from mot_research.errors import SurveyError\nraise SurveyError('wave x has no column y.')"
    )
    with pytest.raises(RenderError, match=r"^wave x has no column y\.$"):
        run(_cell(code))


def test_a_cell_that_takes_too_long_is_named(run):
    with pytest.raises(RenderError, match="took longer than 1 seconds"):
        run(_cell("import time\ntime.sleep(600)"), timeout=1)


def test_a_kernel_that_never_answers_is_one_message(run, tmp_path, monkeypatch):
    (tmp_path / "ipykernel_launcher.py").write_text("import time\ntime.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(execution, "SECONDS_TO_START", 2)
    with pytest.raises(RenderError, match=r"could not be started .*respond in 2 seconds"):
        run(_cell("1"))


def test_it_works_inside_a_running_loop(run):
    async def inside():
        return run(_cell("print(7)"))

    with ThreadPoolExecutor(1) as pool:  # a thread of its own: another test may own a loop here
        assert _printed(pool.submit(asyncio.run, inside()).result()) == "7\n"


@pytest.mark.parametrize("text", [_cell("print(1)"), _cell("1 / 0")])
def test_no_kernel_and_no_folder_is_left(run, monkeypatch, tmp_path, text):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with contextlib.suppress(RenderError):
        run(_cell("import os\nopen('pid', 'w').write(str(os.getpid()))") + text)
    assert not list(tmp_path.glob("mot-*"))
    _assert_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_stops_the_kernel_and_leaves_nothing(tmp_path):
    source = tmp_path / "d.qmd"
    source.write_text(
        _cell("import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)")
    )
    code = (
        "from pathlib import Path\n"
        "from mot_research.report.documents import read_document\n"
        "from mot_research.report.execution import execute\n"
        f"execute(read_document({str(source)!r}), parameters={{}}, cwd=Path({str(tmp_path)!r}))\n"
    )
    root = Path(__file__).parents[2]
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(root)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE
    )
    pid_file = tmp_path / "pid"
    _wait(lambda: pid_file.exists() and pid_file.read_text())
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=SECONDS_FOR_A_KERNEL)
    assert b"KeyboardInterrupt" in error
    assert not list(tmp_path.glob("mot-*"))
    _assert_gone(int(pid_file.read_text()))


def _wait(condition) -> None:
    end = time.monotonic() + SECONDS_FOR_A_KERNEL
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def _assert_gone(pid: int) -> None:
    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    _wait(gone)


def test_figures_are_drawn_once_in_the_formats_asked_for(tmp_path):
    path = tmp_path / "figure.qmd"
    path.write_text(
        "```{python}\n"
        "from matplotlib.backends.backend_agg import FigureCanvasAgg\n"
        "drawn = []\n"
        "draw = FigureCanvasAgg.draw\n"
        "FigureCanvasAgg.draw = lambda self: [drawn.append(1), draw(self)][1]\n"
        "import matplotlib.pyplot as plt\n"
        "figure, ax = plt.subplots()\n"
        "```\n\n"
        "```{python}\nprint(len(drawn))\n```\n",
        encoding="utf-8",
    )
    work = [(read_document(path), {})]
    first, second = (
        cell
        for cell in execute_together(work, cwd=tmp_path, figures=("svg",))[0].cells
        if cell.cell_type == "code"
    )
    pictures = [kind for output in first.outputs for kind in output.data if "image" in kind]
    assert pictures == ["image/svg+xml"]
    assert second.outputs[0].text == "0\n"  # SVG is not drawn by Agg
