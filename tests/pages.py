"""The pages of the documentation, and what running their blocks prints."""

import ast
import contextlib
import io
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
RUN = re.compile(r"^```(python|sh)$", flags=re.MULTILINE)
MOT = [sys.executable, "-c", "from mot_research.cli import main; main()"]
# What sets up and runs the project has its own tests; a page may show it.
NOT_RUN_HERE = {"make", "conda", "pip", "quarto", "python"}
LEFT_OUT = "…"


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def with_code(pages):
    return [page for page in pages if RUN.search(page.read_text("utf-8"))]


def lines(text):
    """The lines as they are seen: a blank that does not break is a blank."""
    return [line.rstrip() for line in text.replace("\xa0", " ").strip().splitlines()]


def run_page(page, folder):
    """Run every block in a folder, and hold what it prints against the `text` block after it."""
    if "data/example" in page.read_text(encoding="utf-8"):
        shutil.copytree(ROOT / "data" / "example", folder / "data" / "example")
    namespace = {}
    found = [*BLOCK.findall(page.read_text(encoding="utf-8")), ("", "")]
    for (language, text), (next_language, expected) in itertools.pairwise(found):
        if language == "python":
            printed = _run_python(text, namespace, name_of(page))
        elif language == "sh":
            printed = _run_shell(text, folder)
        else:
            continue
        if next_language == "text":
            assert is_as_shown(printed, expected), printed


def _run_python(text, namespace, name):
    """What a block prints, and as in a notebook the value of its last expression."""
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, name, "exec"), namespace)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
            if value is not None:
                print(repr(value))
    return printed.getvalue()


def _run_shell(text, folder):
    """What the commands of a block print, run as they stand."""
    printed = ""
    for line in text.replace("\\\n", " ").splitlines():
        command, *arguments = shlex.split(line, comments=True)
        if command in NOT_RUN_HERE:
            continue
        assert command == "mot", line
        done = subprocess.run(
            [*MOT, *arguments],
            capture_output=True,
            encoding="utf-8",
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            timeout=600,
        )
        fine = (0, 1) if arguments[0] == "check" else (0,)  # 1: it found errors, as it should
        assert done.returncode in fine, done.stdout + done.stderr
        printed += done.stdout
    return printed


def is_as_shown(printed, shown):
    """Whether the lines are the same; a line of … stands for any number of lines."""
    parts = [re.escape(line) for line in lines(shown)]
    pattern = "\n".join("(?:.*\n)*?.*" if part == re.escape(LEFT_OUT) else part for part in parts)
    return re.fullmatch(pattern, "\n".join(lines(printed))) is not None
