"""The leadership report itself: its cells on every odd case, and its files."""

import ast
import re

import matplotlib.pyplot as plt
import pypdf
import pytest

import mot_research
from mot_research.report.documents import INLINE, read_document
from mot_research.report.narrative import words
from mot_research.report.originals import original
from tests.report import cases

ODD = cases.odd_cases()
SOURCE = original("reports/prioritization.qmd")
LONGEST = 12  # pages for ten moments
FOOTER = 50.0  # points: below it stands the number of the page
FILLED = 1 / 3  # of a page, at the least

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
    assert len(figures) == 5
    assert all(cell.options.get("fig-alt") for cell in figures)


def rendered(render, case):
    """Render the report of a case; return its two files."""
    stand_in = f"from tests.report import cases; findings = cases.odd_cases()[{case!r}]"
    text = re.sub(r"findings = mot\.run\(.*\)", stand_in, SOURCE.read_text("utf-8"))
    assert stand_in in text
    return render(text, cwd=SOURCE.parents[1])


@pytest.fixture(scope="module")
def everything(render):
    return rendered(render, "everything")


@pytest.fixture(scope="module")
def pdf(everything):
    return pypdf.PdfReader(everything.pdf)


def test_ten_moments_fit_in_twelve_pages(everything, pdf):
    pages = [page.extract_text() for page in pdf.pages]
    html = everything.html.read_text("utf-8")
    assert len(pages) <= LONGEST
    assert "Decisions asked of you" in pages[0]
    assert "Simulated data." in pages[0]
    assert html.count("data:image/") == 5
    for text in (*pages, html):
        assert "?@" not in text
        assert "pagebreak" not in text
        assert "{.mot" not in text


def test_no_page_but_the_last_is_nearly_empty(pdf):
    for number, page in enumerate(pdf.pages[:-1], 1):
        baselines: list[float] = []
        page.extract_text(
            visitor_text=lambda text, cm, tm, *font, seen=baselines: (
                seen.append(tm[5] * cm[3] + cm[5]) if text.strip() else None
            )
        )
        height = float(page.mediabox.height)
        body = [y for y in baselines if FOOTER < y < height]
        assert min(body) < height * (1 - FILLED), number


def test_moments_stand_two_a_page_after_the_pictures(pdf):
    pages = [" ".join(page.extract_text().split()) for page in pdf.pages]
    assert "Where the moments stand" in pages[1]
    assert "What to fix, and where to wow" in pages[2]
    names = [row.moment.name for row in ODD["everything"].priorities.listed]
    for place, name in enumerate(names, 1):
        assert f"{place} · {name}" in pages[3 + (place - 1) // 2]


def test_the_pdf_has_bookmarks_a_title_and_a_language(pdf):
    titles = [entry.title for entry in pdf.outline if not isinstance(entry, list)]
    assert titles[:4] == [
        "The answer",
        "Where the moments stand",
        "What to fix, and where to wow",
        "The moments on the list",
    ]
    assert pdf.metadata.title
    assert pdf.trailer["/Root"]["/Lang"] == "en"
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]


@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_holds_no_barrier_and_asks_for_nothing(everything, open_page, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page, requests = open_page(everything.html, width=width)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.reload()
    found = axe.Axe().run(page).response["violations"]
    assert [entry["id"] for entry in found if entry["impact"] in ("serious", "critical")] == []
    assert errors == []
    assert requests == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_table_sorts_by_its_heads_and_keeps_its_headings(everything, open_page):
    page, _ = open_page(everything.html)
    table = page.locator("main table").first
    shown = "rows => rows.map(row => row.cells[1].textContent.trim())"
    before = table.locator("tbody tr").evaluate_all(shown)
    button = table.get_by_role("button", name="Moment")
    button.press("Enter")
    after = table.locator("tbody tr").evaluate_all(shown)
    assert table.locator("th[aria-sort=ascending]").count() == 1
    headings = [i for i, name in enumerate(before) if name in words.LIST_HEADINGS.values()]
    assert [after[i] for i in headings] == [before[i] for i in headings]
    first, second = headings[:2]
    assert after[first + 1 : second] == sorted(before[first + 1 : second], key=str.casefold)
    table.get_by_role("button", name="How sure").click()
    sure = table.locator("tbody tr").evaluate_all(shown)
    assert sure != after
    for _ in range(2):
        table.get_by_role("button", name="How sure").click()
    assert table.locator("tbody tr").evaluate_all(shown) == before
    assert table.locator("th[aria-sort]").count() == 0


def test_hostile_names_are_printed_not_obeyed(render):
    html = rendered(render, "hostile names").html.read_text("utf-8")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert 'href="http://evil.example' not in html
    assert "{{&lt; pagebreak &gt;}}" in html
