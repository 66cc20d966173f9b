"""A study's folder in the hands of the real Quarto: plain render, profile, parameters, preview."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.quarto_program import NEEDS_QUARTO
from tests.starting.surveys import write_sav
from tests.test_cli import mot

ROOT = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    "QUARTO_PYTHON": sys.executable,
}
PREVIEW_IS_UP_WITHIN = 180  # seconds: the document is executed first

pytestmark = NEEDS_QUARTO


def quarto(folder: Path, *arguments: object) -> None:
    done = subprocess.run(
        ["quarto", "render", *map(str, arguments)],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr


def plain(cell: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", cell).split())


def parts(page: Path) -> tuple[list[str], list[str]]:
    """The headings and the cells of tables of a page, as text."""
    html = re.sub(r"<script\b.*?</script>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"<h[23]\b.*?</h[23]>", html, flags=re.DOTALL)
    cells = re.findall(r"<t[dh]\b.*?</t[dh]>", html, flags=re.DOTALL)
    return list(map(plain, headings)), list(map(plain, cells))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study drafted from a survey, with the workbook's notebooks and reports."""
    folder = tmp_path_factory.mktemp("quarto")
    write_sav(folder / "survey.sav")
    done = mot("new", "study", "--from", "survey.sav", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "study"


@pytest.fixture(scope="module")
def embedded(folder):
    """The outputs of the embedded renderer for the same study."""
    done = mot("report", folder, "--renderer", "embedded", "--to", "html,pdf,brief", "--quiet")
    assert done.returncode == 0, done.stderr
    return {Path(line).name.rpartition("-")[2]: Path(line) for line in done.stdout.splitlines()}


@pytest.fixture(scope="module")
def rendered(folder):
    """What plain `quarto render` of the whole folder leaves."""
    quarto(folder)
    return folder / "_output"


def test_every_report_and_notebook_is_rendered_whole_and_offline(folder, rendered):
    sources = [*folder.glob("reports/*.qmd"), *folder.glob("notebooks/*.ipynb")]
    assert len(sources) == 8
    for source in sources:
        target = rendered / source.parent.name / source.stem
        html = target.with_suffix(".html").read_text(encoding="utf-8")
        pdf = " ".join(page.extract_text() for page in PdfReader(target.with_suffix(".pdf")).pages)
        assert not re.search(r"""<(?:script|link|img)[^>]+(?:src|href)=["']https?:""", html)
        for text in (html, pdf):
            assert "?@" not in text
            assert "Traceback" not in text


@pytest.mark.parametrize("document", ["prioritization", "brief"])
def test_it_says_what_the_embedded_renderer_says(rendered, embedded, document):
    by_quarto = parts(rendered / "reports" / f"{document}.html")
    assert by_quarto == parts(embedded[f"{document}.html"])
    sheets = [
        len(PdfReader(path).pages)
        for path in (rendered / "reports" / f"{document}.pdf", embedded[f"{document}.pdf"])
    ]
    assert sheets[0] == sheets[1]


def test_a_parameter_on_the_command_line_chooses_the_study(folder, tmp_path):
    other = tmp_path / "other"
    write_sav(tmp_path / "survey.sav", n=300)
    assert mot("new", other, "--from", tmp_path / "survey.sav").returncode == 0
    text = (other / "study.yml").read_text(encoding="utf-8")
    (other / "study.yml").write_text(text.replace("name: Other", "name: Lighthouse"), "utf-8")
    options = ("--profile", "leadership", "--to", "html")
    quarto(folder, "reports/brief.qmd", *options, "-P", f"study:{other}")
    assert "Lighthouse" in (folder / "_output/reports/brief.html").read_text(encoding="utf-8")


def test_preview_serves_the_page(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["quarto", "preview", "reports/brief.qmd", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            assert "Moments of truth" in _page(
                server, f"http://127.0.0.1:{port}/reports/brief.html"
            )
        finally:
            os.killpg(server.pid, 15)


def _page(server: subprocess.Popen[bytes], address: str) -> str:
    """The page as soon as it is there."""
    until = time.monotonic() + PREVIEW_IS_UP_WITHIN
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(address) as page:
            return page.read().decode("utf-8")
        time.sleep(1)
    return ""
