"""Quarto gets the same executed notebook; where there is no Quarto, the hand-over is tested."""

import json
import os
import re
import shutil
import stat
from pathlib import Path

import pytest
from pypdf import PdfReader
from ruamel.yaml import YAML

from mot_research.errors import RenderError
from mot_research.report import quarto
from mot_research.report.rendering import render_document
from tests.quarto_program import NEEDS_QUARTO

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).parent / "documents" / "small.qmd"

# Stands in for Quarto: keeps what it was given, and writes a page.
STAND_IN = """\
#!/bin/sh
[ "$1" = --version ] && echo "${VERSION:-1.8.26}" && exit
cp "$2" "$KEPT/document.ipynb"
echo "$@" > "$KEPT/arguments"
ls -R . > "$KEPT/files"
[ -z "$NO_COLOR" ] && printf '\\033[91m' >&2
[ -n "$SAYS" ] && echo "$SAYS" >&2
[ "$4" = typst ] && echo "${MADE:-made%%EOF}" > document.pdf
[ "$4" = html ] && echo "${MADE:-made</html>}" > document.html
exit ${CODE:-0}
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    if os.name != "posix":
        pytest.skip("the stand-in for quarto is a shell script")
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "quarto"
    command.write_text(STAND_IN)
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KEPT", str(tmp_path))
    return tmp_path


def _render(tmp_path, text, **options):
    source = tmp_path / "d.qmd"
    source.write_text(text, encoding="utf-8")
    targets = {"html": tmp_path / "out.html", "pdf": tmp_path / "out.pdf"}
    options = {"parameters": {}, "renderer": "auto"} | options
    return render_document(source, targets=targets, **options)


def test_the_executed_notebook_is_handed_over_and_not_run_again(stand_in):
    logo = stand_in / "mark.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    text = "---\ntitle: T\nlogo: mark.svg\n---\n\nValue `{python} 6 * 7`.\n"
    paths = _render(stand_in, text, metadata={"title": "A *star*"}, formats=("pdf",))
    assert [path.read_text() for path in paths] == ["made%%EOF\n"]
    assert (stand_in / "arguments").read_text().split() == [
        "render", "document.ipynb", "--to", "typst", "--no-execute",
    ]  # fmt: skip
    notebook = json.loads((stand_in / "document.ipynb").read_text())
    front = YAML(typ="safe").load("".join(notebook["cells"][0]["source"]).strip("-\n"))
    assert front["title"] == r"A \*star\*"
    assert front["house-logo"] == "logo.svg"
    assert "logo" not in front
    assert "Value 42." in "".join(notebook["cells"][1]["source"])
    files = (stand_in / "files").read_text()
    for asset in [
        *front["format"]["typst"]["template-partials"], *front["format"]["html"]["theme"][1:],
    ]:  # fmt: skip
        assert Path(asset).name in files


def test_html_outputs_are_handed_over_as_markdown(stand_in):
    code = "```{python}\nimport pandas\npandas.DataFrame({'a': ['<b>|x']})\n```"
    _render(stand_in, code, formats=("html",))
    notebook = json.loads((stand_in / "document.ipynb").read_text())
    data = notebook["cells"][1]["outputs"][0]["data"]
    assert "text/html" not in data
    assert r"\<b\>\|x" in "".join(data["text/markdown"])


def test_a_reference_quarto_cannot_resolve_fails_the_build(stand_in, monkeypatch):
    monkeypatch.setenv("SAYS", "WARNING: Unable to resolve crossref @fig-x")
    with pytest.raises(RenderError, match="'@fig-x' has no target"):
        _render(stand_in, "x")


def test_a_failing_quarto_is_quoted_and_leaves_the_previous_files(stand_in, monkeypatch):
    monkeypatch.setenv("SAYS", "ERROR: something is wrong")
    monkeypatch.setenv("CODE", "1")
    (stand_in / "out.html").write_text("previous")
    with pytest.raises(RenderError, match="quarto failed: ERROR: something is wrong"):
        _render(stand_in, "x")
    assert (stand_in / "out.html").read_text() == "previous"


def test_without_quarto_the_choice_of_quarto_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RenderError, match="no 'quarto' command on PATH"):
        _render(tmp_path, "x", renderer="quarto")


def test_the_project_file_says_what_the_program_says():
    project = YAML(typ="safe").load((ROOT / "_quarto.yml").read_text())
    assert project["format"] == quarto.formats("mot_research/report/assets")
    assert project["project"]["execute-dir"] == "project"
    assert project["project"]["output-dir"] == "_output"
    assert project["execute"]["freeze"] is False
    assert project["execute"]["enabled"] is True  # else notebooks print without results
    for name in ("technical", "leadership"):
        assert (ROOT / f"_quarto-{name}.yml").is_file()


def test_what_the_head_says_to_machines_is_not_printed_by_quarto_alone():
    sheet = (ROOT / quarto.ASSETS / "house.scss").read_text("utf-8")
    hidden = re.search(r"([^{}]+)\{ display: none; \}", sheet)
    assert hidden
    for name in (".description", ".keywords"):  # Quarto's title block prints both
        assert f"#title-block-header {name}" in hidden[1]


@NEEDS_QUARTO
def test_quarto_renders_the_small_document(tmp_path):
    targets = {"html": tmp_path / "d.html", "pdf": tmp_path / "d.pdf"}
    render_document(SMALL, parameters={"people": 24}, renderer="quarto", targets=targets)
    page = targets["html"].read_text("utf-8")
    pdf = "\n".join(sheet.extract_text() for sheet in PdfReader(targets["pdf"]).pages)
    for text in (page, pdf):
        assert "We asked 24 people" in text
        assert "?@" not in text
        assert "Only on paper." in text or "Only in the browser." in text
    assert 'src="http' not in page
