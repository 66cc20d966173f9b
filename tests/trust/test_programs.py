"""Quarto and pandoc that are missing, old, hang, fail or write half a file."""

import os
import shutil
import sys

import pytest

from mot_research.errors import RenderError
from mot_research.report import pandoc, programs, quarto
from mot_research.report.rendering import render_document
from tests.trust.small_report import PROGRAM, are_gone

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-ins are shell scripts")

SECONDS = 0.5
HANGS = "sleep 600 & sleep 600"
HALF = 'case "$4" in typst) echo %PDF > document.pdf;; *) echo "<html>" > document.html;; esac'


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a stand-in for a program on PATH, alone there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for needed in ("sleep", "ps"):
        (folder / needed).symlink_to(shutil.which(needed))
    monkeypatch.setenv("PATH", str(folder))
    pandoc.pandoc_command.cache_clear()

    def stand_in(name, does, version="9.9"):
        (folder / name).write_text(PROGRAM.format(name=name, version=version, does=does))
        (folder / name).chmod(0o755)

    yield stand_in
    pandoc.pandoc_command.cache_clear()


@pytest.fixture
def rendered(tmp_path):
    """Render a document without code over the last report, which a failure leaves as it was."""
    source = tmp_path / "d.qmd"
    source.write_text("---\ntitle: T\n---\n\nText.\n", encoding="utf-8")
    targets = {"html": tmp_path / "d.html", "pdf": tmp_path / "d.pdf"}
    for target in targets.values():
        target.write_text("the last report")

    def refused(renderer="quarto", formats=("html", "pdf")):
        with pytest.raises(RenderError) as caught:
            render_document(
                source, parameters={}, targets=targets, renderer=renderer, formats=formats
            )
        assert {target.read_text() for target in targets.values()} == {"the last report"}
        assert not list(tmp_path.glob(".*"))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refused


QUARTOS = {
    "old": ("exit 0", "1.2.475", "is version 1.2, and 1.8 or newer is needed. Install Quarto 1.8"),
    "of no version": ("exit 0", "unknown", "is of no known version, and 1.8 or newer is needed"),
    "fails midway": (
        HALF + "; echo 'ERROR: out of memory' >&2; exit 1",
        "1.8.26",
        "quarto failed: ERROR: out of memory. Try the renderer 'embedded'",
    ),
    "writes nothing": ("exit 0", "1.8.26", "it ended with code 0 and without a file"),
    "writes half a file": (HALF, "1.8.26", "quarto failed: the html that it wrote has no end"),
    "hangs": (HANGS, "1.8.26", "quarto did not end within 0.5 seconds and was stopped"),
    "is killed": ("kill -9 $$", "1.8.26", "it ended with code -9"),
}


@pytest.mark.parametrize(("does", "version", "message"), QUARTOS.values(), ids=QUARTOS)
def test_a_bad_quarto_is_one_message(program, rendered, monkeypatch, does, version, message):
    monkeypatch.setattr(quarto, "SECONDS", SECONDS)
    program("quarto", does, version)
    assert message in rendered()


def test_no_quarto_is_one_message(program, rendered):
    said = rendered()
    assert "there is no 'quarto' command on PATH. Install Quarto 1.8 or newer" in said
    assert "'embedded'" in said


@pytest.mark.parametrize("version", ["1.2.475", "unknown"])
def test_an_old_quarto_is_passed_over_where_none_is_asked_for(program, tmp_path, version):
    program("quarto", "exit 1", version)
    source = tmp_path / "d.qmd"
    source.write_text("Text.\n", encoding="utf-8")
    target = tmp_path / "d.html"
    render_document(source, parameters={}, targets={"html": target}, formats=("html",))
    assert "</html>" in target.read_text("utf-8")


def test_what_a_stopped_program_had_started_is_stopped(program, tmp_path):
    program("quarto", f"sleep 600 & echo $! > {tmp_path}/pid; sleep 600")
    with pytest.raises(RenderError, match="did not end"):
        programs.run_program([shutil.which("quarto")], seconds=5)
    assert are_gone([int((tmp_path / "pid").read_text())])


@pytest.fixture
def no_other_pandoc(monkeypatch):
    import pypandoc

    def missing():
        raise OSError("No pandoc was found")

    monkeypatch.setattr(pypandoc, "get_pandoc_path", missing)


PANDOCS = {
    "old": ("exit 0", "2.9.1", "pandoc' is version 2.9. Install pandoc"),
    "fails": ("echo 'pandoc: stack overflow' >&2; exit 2", "3.9", "pandoc: stack overflow"),
    "hangs": (HANGS, "3.9", "pandoc did not end within 0.5 seconds and was stopped"),
    "is killed": ("kill -9 $$", "3.9", "pandoc failed: it ended with code -9"),
}


@pytest.mark.parametrize(("does", "version", "message"), PANDOCS.values(), ids=PANDOCS)
def test_a_bad_pandoc_is_one_message(
    program, no_other_pandoc, rendered, monkeypatch, does, version, message
):
    monkeypatch.setattr(pandoc, "SECONDS", SECONDS)
    program("pandoc", does, version)
    assert message in rendered("embedded")


@pytest.mark.usefixtures("program", "no_other_pandoc")
def test_no_pandoc_is_one_message(rendered):
    assert "no pandoc 3.2 or newer was found. Install pandoc" in rendered("embedded")


def test_an_old_pandoc_on_path_is_passed_over(program):
    program("pandoc", "exit 1", "1.19")
    assert pandoc.pandoc_command() != shutil.which("pandoc")


def test_a_missing_typst_is_one_message(rendered, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    said = rendered("embedded", formats=("pdf",))
    assert "the Python package typst is missing. Install mot_research again" in said
