"""Hostile text prints as it is, in HTML and PDF, and nothing in it runs."""

import html
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from mot_research.report import embedded
from mot_research.report.escaping import escape_markdown, plain_text, without_spans

NASTY = [
    "<script>document.title = 'owned'</script>",
    '<img src=x onerror="document.title=1">',
    "<b>bold</b> &amp; &lt; &#60;",
    "*star* _under_ **strong** ~sub~ ^sup^ `code` ~~gone~~",
    "# heading",
    "- item",
    "12. twelve",
    "(@) example",
    "> quote",
    "| a | b |",
    "a|b\\|c",
    "---",
    "::: {.callout-note}",
    "```{python}",
    "`{python} 1 + 1`",
    "`rm`{=html}",
    "[link](javascript:alert(1))",
    "![picture](https://example.org/x.png)",
    "[^1]: note [^1]",
    "{{< pagebreak >}} {{< include /etc/hosts >}}",
    "@fig-x @tbl-y [@sec-z] @someone",
    "$math$ $$E = mc^2$$ \\(x\\) \\frac{a}{b}",
    '#eval(read("x")) #panic() #set page(width: 1pt)',
    "// comment /* comment */ <label> = head",
    "os.execute('x') --[[ lua ]]",
    "{#id .class key=val}",
    "http://example.org www.example.org <https://example.org>",
    "a \"quoted\" 'word' ... -- dash --- long",
    "C:\\path\\n\\t",
    "trailing backslash \\",
    "=cmd|' /C calc'!A0",
    "Ünïcödé Ελλάδα Привет",
    ":smile: \N{GRINNING FACE}",
    "~~~",
    "Term\n: definition",
    "line\r\nbreak\ttab\x00null\x1b[31mred\x07",
    "\u202egnp.exe\u202c \u200fabc\ufeff",
    "    four spaces",
]
LONG_WORD = "x" * 10_000
# Drawn only where the machine has a font for them: tested in HTML alone.
NO_FONT_OF_OURS = "日本語 العربية"

DOCUMENT = """
---
title: Hostile
---

```{{python}}
#| echo: false
from IPython.display import Markdown, display
from mot_research.report.escaping import escape_markdown
nasty = {nasty!r}
for number, text in enumerate(nasty):
    display(Markdown(f"Q{{number}}Q {{escape_markdown(text)}} Q"))
rows = [f"| T{{number}}T {{escape_markdown(text)}} T | 1 |" for number, text in enumerate(nasty)]
display(Markdown("| a | b |\\n|:--|--:|\\n" + "\\n".join(rows)))
text = nasty[0]
```

Inline `{{python}} text` value.
""".lstrip()


class _Text(HTMLParser):
    """The text a reader sees, and each element's name."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


@pytest.fixture(scope="module")
def hostile(render):
    return render(
        DOCUMENT.format(nasty=[*NASTY, LONG_WORD, NO_FONT_OF_OURS]), metadata={"title": NASTY[0]}
    )


def _squeezed(text: str) -> str:
    """Without spaces, and with the signs typography exchanges (minus, ligatures) as typed."""
    text = unicodedata.normalize("NFKC", text.replace("\N{MINUS SIGN}", "-"))
    return re.sub(r"[\s\u200b\u200c\u200d\u00ad]", "", text)


def test_escaped_text_is_one_line_without_invisible_characters():
    assert escape_markdown("a\nb\x00c\u202ed") == "a bcd"
    assert escape_markdown("a*b|c") == r"a\*b\|c"
    assert plain_text("\ud800") == "\N{REPLACEMENT CHARACTER}"


def test_an_emoji_of_several_characters_stays_whole():
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
    assert escape_markdown(family) == family


def test_html_shows_every_nasty_text_as_it_is(hostile):
    page = _Text()
    page.feed(hostile.html.read_text("utf-8"))
    text = _squeezed("".join(page.text))
    for number, nasty in enumerate([*NASTY, LONG_WORD, NO_FONT_OF_OURS]):
        for mark in "QT":
            wanted = _squeezed(f"{mark}{number}{mark} {plain_text(nasty)} {mark}")
            assert wanted in text, nasty[:80]
    assert _squeezed(f"Inline {NASTY[0]} value.") in text
    assert not {"iframe", "object", "embed", "form", "link", "base"} & set(page.tags)
    assert page.tags.count("script") == 1  # the one that sorts tables
    assert page.tags.count("a") == 1  # the skip link


def test_pdf_shows_every_nasty_text_as_it_is(hostile):
    pages = PdfReader(hostile.pdf).pages
    text = _squeezed("".join(_without_furniture(page.extract_text()) for page in pages))
    for number, nasty in enumerate(NASTY):
        for mark in "QT":
            wanted = _squeezed(f"{mark}{number}{mark} {plain_text(nasty)} {mark}")
            assert wanted in text, nasty[:80]
    assert text.count("x" * 100) > 0


def _without_furniture(text: str) -> str:
    return re.sub(r"\d+ of \d+", "", text)


def test_no_element_carries_a_handler_or_a_foreign_address(hostile):
    source = hostile.html.read_text("utf-8")
    tags = re.findall(r"<[a-zA-Z][^>]*>", source)
    assert not [tag for tag in tags if re.search(r"\son\w+=", tag)]
    assert not [tag for tag in tags if re.search(r'(?:src|href)="(?!data:|#)', tag)]
    assert html.escape(NASTY[0], quote=False) in source


def test_nothing_runs_in_a_browser(hostile, open_page):
    page, requests = open_page(hostile.html)
    assert page.title() == plain_text(NASTY[0])
    assert requests == []
    assert page.evaluate("document.scripts.length") == 1
    assert page.locator("script").text_content() in (embedded.ASSETS / "sorting.html").read_text(
        "utf-8"
    )


def test_a_word_of_ten_thousand_letters_does_not_widen_a_phone_page(hostile, open_page):
    page, _ = open_page(hostile.html, width=400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_labels_are_bold_and_bars_are_gone_where_pandoc_does_not_read():
    cells = (
        '[Fix]{.mot-label .mot-fix} 3.1 []{.mot-bar from="0.1" to="0.8"} | [a \\] b]{.mot-quiet}'
    )
    assert without_spans(cells) == "**Fix** 3.1  | **a \\] b**"


@pytest.mark.parametrize("text", NASTY)
def test_what_is_escaped_is_no_span(text):
    assert without_spans(escape_markdown(text + "[x]{.y}")) == escape_markdown(text + "[x]{.y}")
