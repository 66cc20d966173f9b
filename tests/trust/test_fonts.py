"""Reports where fonts are missing: set in the house's own, with a word on what none can draw."""

import sys

import pypdf
import pytest

from mot_research.report import signs
from mot_research.report.narrative.missing_signs import told_signs
from tests.trust.small_report import Small, ended

LATIN = "Ærøskøbing – Łódź, Αθήνα, Москва “×” → ≥ −1 العربية ☎"
CHINESE = "中文"


@pytest.fixture
def only_own(monkeypatch):
    """A machine without fonts of its own."""
    monkeypatch.setattr(signs, "_installed", lambda: [])


@pytest.mark.usefixtures("only_own")
def test_what_the_house_fonts_have_needs_no_word():
    assert signs.undrawable(LATIN) == ("", "")
    assert told_signs(LATIN + "\ufe0f") == ""


@pytest.mark.usefixtures("only_own")
def test_signs_that_no_font_has_are_told_once():
    assert signs.undrawable(LATIN + CHINESE * 3) == (CHINESE, CHINESE)
    said = told_signs(CHINESE)
    assert said.startswith("boxes stand for 中, 文 in pictures, in PDF")
    assert "Install one" in said
    assert "上, 下, …" in told_signs("".join(chr(0x4E00 + n) for n in range(40)))


def test_signs_that_a_font_of_the_machine_has_are_missing_in_pictures_only(monkeypatch):
    has = {ord(sign) for sign in CHINESE}
    monkeypatch.setattr(signs, "_installed", lambda: ["/fonts/chinese.ttf", "/fonts/broken.ttf"])
    read = signs.charmap_of
    stand_ins = {"chinese.ttf": has, "broken.ttf": set()}
    monkeypatch.setattr(signs, "charmap_of", lambda path: stand_ins.get(path.name) or read(path))
    assert signs.undrawable(CHINESE) == (CHINESE, "")
    assert "Pages and PDF show them" in told_signs(CHINESE)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="fonts are hidden as on Linux")
def test_a_report_without_fonts_and_kernels_of_the_machine_is_set_in_its_own(tmp_path):
    small = Small.made(tmp_path)
    file = small.study / "study.yml"
    file.write_text(file.read_text("utf-8").replace("Outage call", CHINESE), encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "fonts.conf").write_text("<fontconfig/>")
    hidden = {"FONTCONFIG_FILE": str(empty / "fonts.conf"), "HOME": str(empty)}
    hidden |= {"JUPYTER_PATH": str(empty), "JUPYTER_DATA_DIR": str(empty)}
    hidden |= {"JUPYTER_RUNTIME_DIR": str(empty / "runtime")}
    process = small.started("report", small.study, "--renderer", "embedded", environment=hidden)
    said = ended(process).splitlines()
    assert process.returncode == 0
    assert [line for line in said if "boxes" in line or "font" in line] == [said[-1]]
    assert said[-1].startswith("mot: boxes stand for 中, 文 in pictures")
    (pdf,) = small.output.glob("*.pdf")
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in pypdf.PdfReader(pdf).pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any("SourceSans3" in name for name in fonts)
    assert not (empty / "runtime").exists()
    assert not small.left()
