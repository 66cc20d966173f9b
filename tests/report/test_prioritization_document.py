"""The leadership report itself: its cells on every odd case, and its files."""

import ast
import re

import matplotlib.pyplot as plt
import pypdf
import pytest

import mot_research
from mot_research.report.documents import INLINE, read_document
from mot_research.report.study_documents import document_source
from tests.report import cases

ODD = cases.odd_cases()
SOURCE = document_source("prioritization.qmd")
LONGEST = 12  # pages for ten moments

plt.switch_backend("Agg")


def code_of(document) -> list[str]:
    return [cell.code for cell in document.cells if cell.kind == "code"]


def test_it_defines_nothing():
    for code in code_of(read_document(SOURCE)):
        kinds = {type(node) for node in ast.walk(ast.parse(code))}
        assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.If}


@pytest.mark.parametrize("case", list(ODD))
def test_every_cell_runs(case, monkeypatch):
    monkeypatch.setattr(mot_research, "run", lambda study, **options: ODD[case], raising=False)
    document = read_document(SOURCE)
    names: dict[str, object] = {}
    for cell in document.cells:
        if cell.kind == "code":
            exec(cell.code, names)
        for expression in INLINE.findall(cell.source) if cell.kind == "markdown" else ():
            assert eval(expression, names).data is not None
    plt.close("all")


def test_every_figure_says_what_it_is():
    cells = [cell for cell in read_document(SOURCE).cells if cell.kind == "code"]
    figures = [cell for cell in cells if cell.code.endswith(";")]
    assert len(figures) == 4
    assert all(cell.options.get("fig-alt") for cell in figures)


def rendered_text(render, case):
    """Render the report of a case; return the texts of its pages and its HTML."""
    stand_in = f"from tests.report import cases; findings = cases.odd_cases()[{case!r}]"
    text = re.sub(r"findings = mot\.run\(.*\)", stand_in, SOURCE.read_text("utf-8"))
    assert stand_in in text
    files = render(text, cwd=SOURCE.parents[1])
    pages = [page.extract_text() for page in pypdf.PdfReader(files.pdf).pages]
    return pages, files.html.read_text("utf-8")


def test_ten_moments_fit_in_twelve_pages(render):
    pages, html = rendered_text(render, "everything")
    assert len(pages) <= LONGEST
    assert "Decisions asked of you" in pages[0]
    assert "Simulated data." in pages[0]
    assert html.count("data:image/") == 4
    for text in (*pages, html):
        assert "?@" not in text
        assert "pagebreak" not in text


def test_hostile_names_are_printed_not_obeyed(render):
    _, html = rendered_text(render, "hostile names")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert 'href="http://evil.example' not in html
    assert "{{&lt; pagebreak &gt;}}" in html
