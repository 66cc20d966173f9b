"""The Word document read back: headings, captions, tables, pictures, head and foot."""

import re
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from mot_research.report.documents import front_matter, read_document
from mot_research.report.embedded import render_docx
from mot_research.report.execution import execute
from mot_research.report.originals import original
from tests.report import cases

SMALL = Path(__file__).parent / "documents" / "small.qmd"
ROOT = Path(__file__).parents[2]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
NAMES = {
    "w": W.strip("{}"),
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
}


class Word:
    """A document's parts, and its paragraphs as (style, text)."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            self.parts = {name: archive.read(name) for name in archive.namelist()}
        for name, content in self.parts.items():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(content)
        self.body = etree.fromstring(self.parts["word/document.xml"])

    def find(self, path):
        return self.body.xpath(path, namespaces=NAMES)

    @property
    def paragraphs(self):
        found = []
        for paragraph in self.find("//w:p"):
            style = paragraph.find(f"{W}pPr/{W}pStyle")
            text = "".join(node.text or "" for node in paragraph.iter(f"{W}t"))
            found.append(("" if style is None else style.get(f"{W}val"), text))
        return found

    def styled(self, name):
        return [text for style, text in self.paragraphs if style == name]


def written(source, folder, metadata=None, parameters=None, name="d.docx"):
    document = read_document(source)
    notebook = execute(document, parameters=parameters or {}, cwd=ROOT)
    merged = dict(document.metadata) | (metadata or {})
    notebook.cells[0].source = front_matter(merged)
    render_docx(notebook, merged, folder / name, beside=source.parent)
    return notebook, merged


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("word")
    notebook, metadata = written(SMALL, folder, parameters={"people": 24})
    render_docx(notebook, metadata, folder / "again.docx", beside=SMALL.parent)
    return folder


@pytest.fixture(scope="module")
def document(small):
    return Word(small / "d.docx")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The leadership report of a case with hostile names, with a logo and an accent."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "mark.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">'
        '<rect width="40" height="20" fill="#cc0000"/></svg>'
    )
    case = "from tests.report import cases; findings = cases.odd_cases()['hostile names']"
    text = original("reports/prioritization.qmd").read_text("utf-8")
    source = folder / "report.qmd"
    source.write_text(re.sub(r"findings = mot\.run\(.*\)", case, text), encoding="utf-8")
    look = {"title": "A \\*star\\*", "subtitle": "Priorities", "logo": "mark.svg"}
    written(source, folder, look | {"accent": "#7a1f5c"})
    return Word(folder / "d.docx")


def test_headings_are_words_own_and_can_be_linked_to(document):
    assert document.styled("Title") == ["What moves our customers"]
    assert [text.strip("0123456789. \u2002") for text in document.styled("Heading1")] == [
        "The answer",
        "More",
    ]
    marked = {mark.get(f"{W}name") for mark in document.find("//w:bookmarkStart")}
    linked = {link.get(f"{W}anchor") for link in document.find("//w:hyperlink[@w:anchor]")}
    assert {"fig-line", "tbl-list", "sec-answer", "eq-mean"} <= linked
    assert linked <= marked


def test_captions_are_counted_by_word(document):
    assert "Table\u00a01: The list" in document.styled("TableCaption")
    assert any(text.startswith("Figure\u00a01: A line") for text in document.styled("ImageCaption"))
    fields = [field.get(f"{W}instr").split()[1] for field in document.find("//w:fldSimple")]
    assert fields == ["Figure", "Table", "Table", "Figure"]


def test_the_head_of_a_table_repeats_on_each_page(document):
    tables = document.find("//w:tbl")
    assert len(tables) == 3
    for table in tables:
        assert table.find(f"{W}tblPr/{W}tblStyle").get(f"{W}val") == "Table"
        assert table.find(f"{W}tr/{W}trPr/{W}tblHeader") is not None


def test_pictures_keep_their_words(document):
    told = [picture.get("descr") for picture in document.find("//wp:docPr")]
    assert 'A line that rises from 1 to 3, "quoted" & <b>plain</b>' in told
    assert {"The left bar", "The right bar"} <= set(told)


def test_callouts_code_and_what_is_for_others(document):
    assert document.styled("CalloutTitle") == ["A note", "Warned", "Tip", "Important", "Caution"]
    text = " ".join(text for _, text in document.paragraphs)
    assert "Only in the browser." not in text
    assert "Only on paper." not in text
    for sign in ("#mot", "?@", "pagebreak", ":::", "<div"):
        assert sign not in text


def test_head_and_foot_name_the_report_and_count_its_pages(document):
    header, footer = (document.parts[f"word/{part}1.xml"].decode() for part in ("header", "footer"))
    assert "What moves our customers · A small document" in header
    assert " PAGE " in footer
    assert " NUMPAGES " in footer
    (section,) = document.find("//w:sectPr")
    kinds = {child.tag.removeprefix(W) for child in section}
    assert {"headerReference", "footerReference"} <= kinds


def test_the_same_notebook_gives_the_same_bytes(small):
    assert (small / "d.docx").read_bytes() == (small / "again.docx").read_bytes()


def test_the_report_holds_the_list_and_its_names_as_text(report):
    text = [text for _, text in report.paragraphs]
    assert "<script>alert('x')</script>" in text
    assert '=HYPERLINK("http://evil.example")' in text
    assert not any("evil" in part.decode() for name, part in report.parts.items() if "rels" in name)
    found = cases.odd_cases()["hostile names"]
    for row in found.priorities.listed:
        # A table shortens what is very long.
        assert any(row.moment.name[:40].strip() in line for line in text)


def test_the_report_has_its_figures_and_says_the_data_are_simulated(report):
    assert len(report.find("//wp:docPr")) >= 2
    assert any("Simulated data." in text for _, text in report.paragraphs)


def test_logo_and_accent_are_the_studys(report):
    header = report.parts["word/header1.xml"].decode()
    assert "A *star* · Priorities" in header
    assert "<w:drawing>" in header
    assert "media/logo.png" in report.parts["word/_rels/header1.xml.rels"].decode()
    assert report.parts["word/media/logo.png"].startswith(b"\x89PNG")
    assert "7A1F5C" in report.parts["word/styles.xml"].decode()


def test_a_section_begins_a_page_and_a_moment_does_not(report):
    breaks = [place for place, (style, _) in enumerate(report.paragraphs) if style == "PageBreak"]
    assert breaks
    for place in breaks:
        assert report.paragraphs[place + 1][0] == "Heading1"
