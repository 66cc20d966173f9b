"""Fixtures shared by the tests of the documents: one small document, executed and rendered once."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from mot_research.report.rendering import render_document

DOCUMENTS = Path(__file__).parent / "documents"


@dataclass(frozen=True)
class Rendered:
    html: Path
    pdf: Path


@pytest.fixture(scope="session")
def render(tmp_path_factory):
    """Render the text of a .qmd with the embedded renderer; return both files."""

    def rendered(text: str, **options) -> Rendered:
        folder = tmp_path_factory.mktemp("document")
        source = folder / "document.qmd"
        source.write_text(text, encoding="utf-8")
        targets = {"html": folder / "out" / "d.html", "pdf": folder / "out" / "d.pdf"}
        options = {"parameters": {}, "renderer": "embedded"} | options
        render_document(source, targets=targets, **options)
        return Rendered(**targets)

    return rendered


@pytest.fixture(scope="session")
def small(render):
    """The document that uses everything once."""
    return render((DOCUMENTS / "small.qmd").read_text("utf-8"), parameters={"people": 24})


@pytest.fixture(scope="module")
def browser():
    """Chromium of the machine, without a window; skips where there is none."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if not executable:
        pytest.skip("no chromium on PATH")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Open a file; return its page and the addresses it asked for beside itself and data:."""
    pages = []

    def opened(path: Path, width: int = 1200):
        page = browser.new_page(viewport={"width": width, "height": 900})
        pages.append(page)
        address = path.as_uri()
        requests: list[str] = []
        page.on(
            "request",
            lambda request: (
                request.url.startswith(("data:", address)) or requests.append(request.url)
            ),
        )
        page.goto(address)
        return page, requests

    yield opened
    for page in pages:
        page.close()
