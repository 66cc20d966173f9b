"""The hostile study, from its files to every output: nothing runs, and no secret gets out."""

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import openpyxl
import pypdf
import pytest

from mot_research.report.documents import read_document
from mot_research.report.execution import execute
from tests.conftest import ROOT
from tests.test_cli import mot
from tests.trust.hostile_study import (
    NAME_OF_ONE,
    NAMES,
    SECRET_ID,
    SECRETS,
    write_hostile_study,
)

pytestmark = pytest.mark.slow
UMASK = 0o027
COMMANDS = {
    "check": ("check", "."),
    "explain": ("explain", ".", "m0"),
    "analyze": ("analyze", "."),
    "moments": ("moments", ".", "--export", "moments.xlsx"),
    "ballot": ("ballot", "."),
    "add-wave": ("add-wave", ".", "next $(touch ran).csv", "--id", "2026Q3", "--dry-run"),
}
DIGITS = re.sub(r"\D", "", SECRETS[1])


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The study's folder, with every document in `output/2026Q2`, made under a strict umask.

    Beside it lies, in `said`, what each command printed and what each notebook shows when run.
    """
    folder = write_hostile_study(tmp_path_factory.mktemp("hostile") / "study")
    said = folder.parent / "said"
    said.mkdir()
    rows = next(folder.glob("wave 2*")).read_text("utf-8").splitlines(keepends=True)
    (folder / "next $(touch ran).csv").write_text("".join(rows[:-1]), encoding="utf-8")
    before = os.umask(UMASK)
    try:
        for options in (
            ("--to", "html,pdf,docx,pptx,brief"),
            ("--to", "html", "--document", "technical-appendix"),
        ):
            done = mot("report", folder, "--renderer", "embedded", "--quiet", *options)
            assert done.returncode == 0, done.stderr
            assert "Traceback" not in done.stderr
        for name, command in COMMANDS.items():
            done = mot(*command, cwd=folder)
            assert done.returncode == 0, done.stderr
            (said / f"{name}.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            document = read_document(path)
            run = execute(document, parameters={"study": folder}, cwd=path.parent)
            nbformat.write(run, said / path.name)
    finally:
        os.umask(before)
    return folder


@pytest.fixture(scope="module")
def outputs(rendered):
    files = sorted(path for path in (rendered / "output").rglob("*") if path.is_file())
    endings = {path.suffix for path in files}
    assert endings == {".html", ".pdf", ".docx", ".pptx", ".json", ".csv", ".xlsx"}
    return files


@pytest.fixture(scope="module")
def everything(rendered, outputs):
    """Outputs, spreadsheets for the workshop, what commands printed, notebooks that have run."""
    said = sorted((rendered.parent / "said").iterdir())
    assert len(said) == len(COMMANDS) + len(list((ROOT / "notebooks").glob("*.ipynb")))
    sheets = [rendered / "moments.xlsx", *(rendered / "workshop" / "ballots").glob("*.xlsx")]
    assert len(sheets) > 1
    return [*outputs, *sheets, *said]


def innards(path: Path) -> dict[str, str]:
    """Everything that a file says, members of archives and the text of PDFs included."""
    if path.suffix in (".xlsx", ".docx", ".pptx"):
        return dict(members(path))
    if path.suffix == ".pdf":
        pages = pypdf.PdfReader(path).pages
        return {"text": "\n".join(page.extract_text() for page in pages)}
    return {"text": path.read_text("utf-8")}


def members(file: Path | io.BytesIO, within: str = "") -> Iterator[tuple[str, str]]:
    """The text members of an archive, those of the workbooks in it included."""
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.endswith(".xlsx"):
                yield from members(io.BytesIO(archive.read(name)), f"{within}{name}/")
            elif not name.endswith((".png", ".jpeg")):
                yield f"{within}{name}", archive.read(name).decode("utf-8", "replace")


def test_no_respondent_and_no_personal_data_in_any_output(everything):
    said = {
        (path.name, member): text for path in everything for member, text in innards(path).items()
    }
    assert any("First bill" in text for text in said.values())
    for secret in (SECRET_ID, NAME_OF_ONE, *SECRETS, *(each.split("@")[0] for each in SECRETS)):
        assert [where for where, text in said.items() if secret in text] == [], secret
    squeezed = [where for where, text in said.items() if DIGITS in re.sub(r"[\s ]", "", text)]
    assert squeezed == []


def test_outputs_have_the_permissions_of_the_user(everything):
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in everything}
    assert {path.name: oct(mode) for path, mode in modes.items() if mode & UMASK} == {}


def test_nothing_turns_the_line_or_commands_the_terminal(everything):
    for path in everything:
        # what is read again keeps a name as it is, and JSON has escapes for control characters
        read_again = path.suffix in (".json", ".ipynb") or "output" not in path.parts[-3:]
        is_said = path.parent.name == "said" and path.suffix == ".txt"
        marks = "[\x1b\x07]" if read_again and not is_said else "[\x1b\x07\u202e]"
        for member, text in innards(path).items():
            assert not re.search(marks, text), (path.name, member)


def test_nothing_was_run_and_nothing_is_left_over(rendered):
    assert not list(rendered.rglob("ran"))
    assert not list(rendered.rglob(".unfinished*"))


def test_spreadsheets_hold_no_formula_and_no_link(outputs):
    for path in outputs:
        if path.suffix == ".xlsx":
            for sheet in openpyxl.load_workbook(path).worksheets:
                for row in sheet.iter_rows():
                    assert not [cell.value for cell in row if cell.data_type == "f"]
                    assert not [
                        cell.value for cell in row if cell.hyperlink and cell.hyperlink.target
                    ]
        if path.suffix == ".csv":
            cells = path.read_text("utf-8").replace("\n", ",").split(",")
            assert not [cell for cell in cells if re.match(r'"?[=@]', cell)]


def test_what_is_hostile_is_shown_as_text(outputs):
    (pdf,) = (path for path in outputs if path.name.endswith("prioritization.pdf"))
    text = re.sub(r"[\s\u200b]", "", innards(pdf)["text"])
    for wanted in (
        "<script>window.ran=1</script>",
        "=HYPERLINK(",
        "{{<include/etc/passwd>}}",
        '`#eval("1")`{=typst}',
        '<?luaos.execute("touchran")?>',
    ):
        assert wanted in text
    assert "root:x:0" not in text


@pytest.mark.parametrize("command", [*COMMANDS])
def test_the_terminal_gets_text(rendered, command):
    said = (rendered.parent / "said" / f"{command}.txt").read_text("utf-8")
    assert said
    assert "\x1b" not in said
    assert "\u200f" not in said


@pytest.mark.browser
def test_nothing_runs_in_the_browser(outputs):
    from playwright.sync_api import sync_playwright

    happened, asked_for, own = [], [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for path in (path for path in outputs if path.suffix == ".html"):
            page = browser.new_page()
            page.on("dialog", lambda dialog: happened.append(dialog.message))
            page.on("pageerror", lambda error: happened.append(str(error)))
            page.on("console", lambda said: happened.append(said.text))
            page.on("request", lambda asked: asked_for.append(asked.url))
            page.goto(path.as_uri())
            own.append(path.as_uri())
            assert page.evaluate("window.ran") is None
            assert (
                page.evaluate("document.querySelectorAll('iframe, object, embed, base').length")
                == 0
            )
            shown = page.inner_text("body")
            assert NAMES[0] in shown
        browser.close()
    assert happened == []
    assert [url for url in asked_for if not url.startswith(("data:", *own))] == []
