"""The two files pandoc and Typst make: what a reader, a browser and a screen reader find."""

import re

import pytest
from pypdf import PdfReader

from mot_research.errors import RenderError
from mot_research.report import embedded
from mot_research.report.rendering import render_document

LINE = """\
```{python}
#| label: fig-line
#| fig-cap: A line
import matplotlib.pyplot as plt
plt.plot([1, 2]);
```
"""


@pytest.fixture(scope="module")
def page(small):
    return small.html.read_text("utf-8")


@pytest.fixture(scope="module")
def pdf(small):
    return PdfReader(small.pdf)


@pytest.fixture(scope="module")
def pdf_text(pdf):
    return "\n".join(page.extract_text() for page in pdf.pages)


def test_injected_parameters_and_inline_values_reach_both_files(page, pdf_text):
    assert "We asked 24 people, a share of 50%." in page
    assert "We asked 24 people, a share of 50%." in pdf_text


def test_references_are_links_with_numbers(page, pdf_text):
    for target, words in {
        "fig-line": "Figure\u00a01",
        "tbl-asis": "Table\u00a02",
        "eq-mean": "Equation\u00a01",
        "sec-answer": "Section\u00a01",
        "fig-two-1": "Figure\u00a02(a)",
    }.items():
        assert f'<a href="#{target}">{words}</a>' in page
        assert f'id="{target}"' in page
        assert words.replace("\u00a0", " ") in pdf_text.replace("\u00a0", " ")
    assert "?@" not in page + pdf_text


def test_content_for_one_format_stays_in_it(page, pdf_text):
    assert "Only in the browser." in page
    assert "Only on paper." not in page
    assert "Only on paper." in pdf_text
    assert "Only in the browser." not in pdf_text


def test_hidden_code_comments_and_unrun_cells_leave_no_trace(page, pdf_text):
    for text in (page, pdf_text):
        assert "import matplotlib" not in text
        assert "nobody sees" not in text
        assert "RuntimeError" not in text
    assert "print(&quot;printed&quot;, 1 + 1)" in page or 'print("printed", 1 + 1)' in page
    assert "printed 2" in page


def test_callouts_and_tabs_are_in_both(page, pdf_text):
    for text in ("A note", "Warned", "Tip", "Important", "Caution", "First tab", "Second tab"):
        assert text in page
        assert text in pdf_text
    assert page.count('class="callout callout-') == 5
    assert not [
        heading for heading in re.findall(r"<h2[^>]*>.*?</h2>", page) if "Warned" in heading
    ]


def test_alternative_text_is_in_html_and_in_the_tagged_pdf(page, pdf):
    assert 'alt="A line that rises from 1 to 3, &quot;quoted&quot; &amp; &lt;b&gt;plain' in page
    alts = _alternative_texts(pdf)
    assert 'A line that rises from 1 to 3, "quoted" & <b>plain</b>' in alts
    assert {"The left bar", "The right bar"} <= set(alts)


def test_the_pdf_says_what_it_is(pdf):
    assert pdf.metadata.title == "What moves our customers"
    assert pdf.metadata["/Keywords"] == "loyalty, moments"
    assert pdf.trailer["/Root"]["/Lang"] == "en"
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    entries = [entry for entry in pdf.outline if not isinstance(entry, list)]
    assert [entry.title.replace("\u2002", " ") for entry in entries] == ["1 The answer", "2 More"]


def test_pages_are_numbered_and_headed(pdf):
    pages = [page.extract_text() for page in pdf.pages]
    for number, text in enumerate(pages, 1):
        assert f"{number} of {len(pages)}" in text
    assert "What moves our customers" in pages[1]


def test_the_html_asks_for_nothing_and_holds_no_serious_barrier(small, open_page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for width in (1200, 400):
        page, requests = open_page(small.html, width=width)
        found = axe.Axe().run(page).response["violations"]
        assert [entry["id"] for entry in found if entry["impact"] in ("serious", "critical")] == []
        assert requests == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_table_can_be_scrolled_from_the_keyboard(page):
    assert page.count("<table") == page.count('<div class="scroll" tabindex="0"')


def test_two_runs_give_the_same_bytes(render):
    text = LINE + "\n$$x = 1$$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    first, second = render(text), render(text)
    assert first.html.read_bytes() == second.html.read_bytes()
    assert first.pdf.read_bytes() == second.pdf.read_bytes()


def test_an_unresolved_reference_fails_the_build(render):
    with pytest.raises(RenderError, match="'@fig-nowhere' has no target"):
        render("See @fig-nowhere.")


def test_an_unresolved_reference_leaves_the_previous_files(render, tmp_path):
    from mot_research.report.rendering import render_document

    source = tmp_path / "d.qmd"
    source.write_text("See @tbl-none.")
    target = tmp_path / "d.html"
    target.write_text("the last one")
    with pytest.raises(RenderError):
        render_document(
            source, parameters={}, formats=("html",), renderer="embedded", targets={"html": target}
        )
    assert target.read_text() == "the last one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.html", "d.qmd"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\naccent: blue\n---\nx", "accent 'blue' is not a colour"),
        ("---\ndate: today\n---\nx", "would change with each run"),
        ("---\nlogo: none.svg\n---\nx", "is not a picture file"),
        ("![a](https://example.org/a.png)", "is not a picture file beside the document"),
        ("![a](missing.png)", "does not lie in"),
        ("![a](../../etc/passwd.png)", "does not lie in"),
        ("{{< video x.mp4 >}}", "uses a shortcode"),
        ("::: {#fig-a}\nx\n\ncap\n:::\n\n::: {#fig-a}\nx\n\ncap\n:::", "used twice"),
    ],
)
def test_what_cannot_be_rendered_is_named(render, text, message):
    with pytest.raises(RenderError, match=re.escape(message)):
        render(text)


def test_accent_and_logo_reach_both_files(render, tmp_path):
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"/>')
    made = render("x", metadata={"accent": "#aa0011", "logo": str(logo)})
    page = made.html.read_text("utf-8")
    assert "--accent: #aa0011" in page
    assert '<img class="logo" src="data:image/svg+xml;base64,' in page
    assert "Logo" in _alternative_texts(PdfReader(made.pdf))


def test_a_wide_table_keeps_its_cells_on_the_page(render):
    row = "| " + " | ".join(f"a longer cell {n}" for n in range(9)) + " |"
    made = render("\n".join([row, "|" + "---|" * 9, *[row] * 80]))
    pdf = PdfReader(made.pdf)
    assert len(pdf.pages) > 1
    for sheet in pdf.pages:
        assert "cell 8" in sheet.extract_text().replace("\n", " ")  # the header row is repeated


def test_a_small_table_is_never_split_over_two_pages(render):
    table = "| a | b |\n|---|---|\n" + "\n".join(f"| row {n} | x |" for n in range(8))
    for lines in range(26, 36, 2):
        text = "\n\n".join(["Words."] * lines) + "\n\n" + table
        for page in PdfReader(render(text).pdf).pages:
            assert ("row 0" in page.extract_text()) == ("row 7" in page.extract_text())


def test_what_is_kept_together_stands_on_one_page(render):
    filler = "\n\n".join(["Words."] * 27)
    kept = "::: {.keep-together}\n## A moment\n\n" + "\n\n".join(["Kept."] * 20) + "\n\nLast.\n:::"
    pages = [page.extract_text() for page in PdfReader(render(f"{filler}\n\n{kept}").pdf).pages]
    assert [("A moment" in text, "Last." in text) for text in pages] == [
        (False, False), (True, True),
    ]  # fmt: skip


def test_a_heading_never_stands_at_the_bottom_of_a_page(render):
    for lines in range(28, 40, 2):
        text = "\n\n".join(["Words."] * lines) + "\n\n## A heading\n\nFollowed.\n"
        for page in PdfReader(render(text).pdf).pages:
            assert ("A heading" in page.extract_text()) == ("Followed." in page.extract_text())


@pytest.mark.parametrize(("chosen", "kind"), [("png", "png"), ("svg", "svg+xml")])
def test_a_document_chooses_the_form_of_its_figures(render, chosen, kind):
    page = render(f"---\nfig-format: {chosen}\n---\n\n{LINE}").html.read_text("utf-8")
    assert re.findall(r"data:image/([a-z+]+);", page) == [kind]


def test_a_drawing_too_large_for_svg_becomes_the_picture_that_word_has(tmp_path):
    code = LINE.replace(
        "plt.plot([1, 2])", "plt.plot(range(60_000), [n % 97 for n in range(60_000)], 'o')"
    )
    (tmp_path / "d.qmd").write_text(code, "utf-8")
    targets = {"html": tmp_path / "d.html", "docx": tmp_path / "d.docx"}
    options = {"parameters": {}, "formats": ("html", "docx"), "renderer": "embedded"}
    render_document(tmp_path / "d.qmd", targets=targets, **options)
    page = targets["html"].read_text("utf-8")
    assert re.findall(r"data:image/([a-z+]+);", page) == ["png"]
    assert re.search(r'width="(5\d\d|6\d\d)"', page)


def test_the_house_fonts_are_found():
    assert {path.name for path in embedded.FONTS.glob("*.ttf")} == {
        "SourceSans3-Regular.ttf", "SourceSans3-Semibold.ttf", "SourceSans3-It.ttf",
    }  # fmt: skip
    assert "DejaVuSans.ttf" in {path.name for path in embedded.font_files()}


def test_the_pdf_is_set_in_the_house_font(pdf):
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in pdf.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any("SourceSans3" in name for name in fonts)


def _alternative_texts(pdf: PdfReader) -> list[str]:
    found = []
    for number in range(1, pdf.trailer["/Size"]):
        value = pdf.get_object(number)
        if isinstance(value, dict) and "/Alt" in value:
            found.append(str(value["/Alt"]))
    return found


def test_what_a_cell_shows_in_a_loop_keeps_its_order(render):
    code = (
        "from IPython.display import Markdown, display\n"
        "from matplotlib import pyplot as plt\n"
        "for name in ('one', 'two'):\n"
        "    plt.plot([1, 2])\n"
        "    plt.show()\n"
        "    display(Markdown(f'Below figure {name}.'))\n"
    )
    html = render(f"---\ntitle: T\n---\n\n```{{python}}\n#| echo: false\n{code}```\n").html
    seen = re.findall(r"<svg|<img|Below figure \w+", html.read_text("utf-8"))
    assert [seen[0][0], seen[1], seen[2][0], seen[3]] == [
        "<", "Below figure one", "<", "Below figure two",
    ]  # fmt: skip
