"""The documentation as a website: every page has its place, and every link leads somewhere."""

import re
import shutil
import subprocess
import unicodedata
from functools import cache

import pytest
from ruamel.yaml import YAML

from mot_research.report.pandoc import pandoc_command
from tests.pages import DOCS, ROOT, name_of
from tests.quarto_program import NEEDS_QUARTO

PAGES = sorted(DOCS.rglob("*.md"))
BESIDE = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
FENCE = re.compile(r"^```.*?^```", flags=re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)")
HEADING = re.compile(r"^#+ (.+)$", flags=re.MULTILINE)
FETCHED = re.compile(
    r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=.https?:|url\(['\"]?https?:|@import[^;]*https?:"
)


def links(page):
    """(file, anchor) of each link; an empty file is the page itself."""
    for target, anchor in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        yield (page.parent / target).resolve() if target else page, anchor


def anchors(page):
    """Those that GitHub gives to the headings."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for heading in HEADING.findall(text):
        plain = re.sub(r"\]\([^)]*\)", "", heading).strip().lower()
        kept = [c for c in plain if c in "-_ " or unicodedata.category(c)[0] in "LNM"]
        yield "".join(kept).replace(" ", "-")


@cache
def rendered(page):
    """The page as HTML; a warning of pandoc is a failure."""
    done = subprocess.run(
        [pandoc_command(), "--from=markdown", "--to=html", "--fail-if-warnings", page],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def sidebar():
    project = YAML(typ="safe").load((DOCS / "_quarto.yml").read_text(encoding="utf-8"))

    def entries(contents):
        for entry in contents:
            if "section" in entry:
                yield from entries(entry["contents"])
            else:
                yield entry

    return list(entries(project["website"]["sidebar"]["contents"]))


def test_the_sidebar_has_every_page_once():
    named = [entry["href"] for entry in sidebar()]
    assert sorted(named) == [page.relative_to(DOCS).as_posix() for page in PAGES]
    titles = [entry["text"] for entry in sidebar()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("page", [*PAGES, *BESIDE], ids=name_of)
def test_links_and_anchors_lead_somewhere(page):
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in set(anchors(target)), f"{target.name}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_reads_without_warnings_and_stays_within_the_site(page):
    html = rendered(page)
    assert html.startswith("<h1"), "the first heading is the page's title"
    assert html.count("<h1") == 1
    assert not re.search(r"<em>[^<]*=", html), "a formula is read as emphasis: indent it by four"
    for target, anchor in links(page):
        assert target.is_relative_to(DOCS), f"{target} is no part of the website"
        if anchor:
            assert f'id="{anchor}"' in rendered(target), f"{target.name}#{anchor}"


@NEEDS_QUARTO
def test_quarto_renders_the_site_which_opens_offline(tmp_path):
    copy = tmp_path / "docs"
    shutil.copytree(DOCS, copy, ignore=shutil.ignore_patterns("_site", ".quarto", "__pycache__"))
    assets = tmp_path / "mot_research" / "report" / "assets"
    shutil.copytree(ROOT / "mot_research" / "report" / "assets", assets)
    done = subprocess.run(["quarto", "render", copy], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "WARN" not in done.stderr
    site = copy / "_site"
    for page in PAGES:
        html = (site / page.relative_to(DOCS).with_suffix(".html")).read_text(encoding="utf-8")
        assert not FETCHED.search(html), page
        for target in re.findall(r'href="([^"#:]+\.html)', html):
            assert (site / page.relative_to(DOCS).parent / target).resolve().is_file(), target
    for sheet in site.rglob("*.css"):
        assert not FETCHED.search(sheet.read_text(encoding="utf-8")), sheet.name
