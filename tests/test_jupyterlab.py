"""A real JupyterLab in a real browser: a notebook is opened, run, and seen; no Quarto is there."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import LAB_ABSENT
from tests.test_workbook import five_line_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[1]
NAME = "03-what-drives-loyalty-and-revenue.ipynb"
STARTS_WITHIN = 120  # seconds, on a busy machine
RUNS_WITHIN = 90_000  # milliseconds

# What a company's network would refuse, and a test must not wait for.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # Every output is in the page, also below the window.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}


@dataclass(frozen=True)
class Lab:
    url: str
    token: str
    project: Path

    def kernels(self) -> list[dict]:
        with urllib.request.urlopen(f"{self.url}/api/kernels?token={self.token}") as answer:
            return json.load(answer)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def path_without_quarto() -> str:
    kept = [
        folder
        for folder in os.environ.get("PATH", "").split(os.pathsep)
        if not shutil.which("quarto", path=folder)
    ]
    return os.pathsep.join([str(Path(sys.executable).parent), *kept])


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A project as an analyst has it: the notebooks, `_quarto.yml` and a study."""
    pytest.importorskip("jupyterlab", reason=LAB_ABSENT)
    home = tmp_path_factory.mktemp("home")
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "notebooks", project / "notebooks")
    shutil.copy(ROOT / "_quarto.yml", project)
    study = project / "data" / "example"
    study.mkdir(parents=True)
    five_line_study(study)
    for name, settings in SETTINGS.items():
        extension, plugin = name.split(":")
        file = home / "settings" / extension / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    port, token = free_port(), secrets.token_hex(16)
    environment = os.environ | {
        "HOME": str(home),
        "PATH": path_without_quarto(),
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    environment.pop("MPLBACKEND", None)  # the kernel sets its own, as for any user
    assert shutil.which("quarto", path=environment["PATH"]) is None
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={token}", "--ServerApp.log_level=ERROR"),
        str(project / "notebooks"),
    ]
    log = home / "log"
    with log.open("w") as written:
        server = subprocess.Popen(
            command, cwd=project, env=environment, stdout=written, stderr=written
        )
    running = Lab(f"http://127.0.0.1:{port}", token, project)
    try:
        for _ in range(2 * STARTS_WITHIN):
            try:
                running.kernels()
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.5)
        else:
            raise AssertionError(f"JupyterLab did not start: {log.read_text()}")
        yield running
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="module")
def page(lab):
    """The notebook in Chromium after Run All, when the kernel is idle again."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(STARTS_WITHIN * 1000)
        page.goto(f"{lab.url}/lab/tree/{NAME}?token={lab.token}&reset")
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        idle = page.get_by_text("Python 3 (ipykernel) | Idle")
        idle.wait_for()  # before that, JupyterLab drops the command
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name=re.compile("^Run All Cells")).click()
        n_code = len(
            [
                cell
                for cell in json.loads((ROOT / "notebooks" / NAME).read_text("utf-8"))["cells"]
                if cell["cell_type"] == "code"
            ]
        )
        last = page.locator(".jp-CodeCell .jp-InputPrompt", has_text=f"[{n_code}]:")
        failed = page.locator(
            ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']"
        )
        last.or_(failed).first.wait_for(state="attached", timeout=RUNS_WITHIN)
        idle.wait_for()
        if folder := os.environ.get("MOT_SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / "jupyterlab.png"))
        yield page
        browser.close()


def test_no_cell_fails(page):
    errors = page.locator(".jp-OutputArea-output[data-mime-type*='error']")
    assert errors.all_inner_texts() == []
    stderr = page.locator(".jp-OutputArea-output[data-mime-type*='stderr']")
    assert stderr.all_inner_texts() == []


def test_it_asks_for_nothing(page):
    """No dialogue for a kernel, no news, no offer of an update."""
    assert page.locator(".jp-Dialog").count() == 0


def test_the_figures_are_seen(page):
    figures = page.locator(".jp-OutputArea-output img")
    assert figures.count() == 1
    box = figures.first.bounding_box()
    assert box["width"] > 300
    assert box["height"] > 100
    assert figures.first.evaluate("image => image.naturalWidth") > 0


def test_the_tables_are_tables(page):
    tables = page.locator(".jp-OutputArea-output.jp-RenderedMarkdown table")
    assert tables.count() >= 3
    assert "First bill arrives" in tables.nth(1).inner_text()


def test_no_markup_is_left_over(page):
    for text in page.locator(".jp-RenderedMarkdown").all_inner_texts():
        assert ":::" not in text
        assert "**" not in text
        assert "\\" not in text


def test_the_notebook_ran_in_its_own_folder(lab, page):
    """The study is found from notebooks/, where JupyterLab works."""
    assert "Harbour Mobile" in page.locator(".jp-NotebookPanel").inner_text()
    assert [kernel["name"] for kernel in lab.kernels()] == ["python3"]
