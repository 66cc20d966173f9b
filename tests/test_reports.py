"""Two studies from their files to HTML and PDF, read back as a reader would."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pypdf
import pytest

from tests.test_cli import mot

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Rendered:
    folder: Path
    html: str
    pdf: pypdf.PdfReader
    findings: dict

    @property
    def pages(self) -> list[str]:
        return [" ".join(page.extract_text().split()) for page in self.pdf.pages]


def render(study: Path, *options: str) -> Rendered:
    done = mot("report", study, "--renderer", "embedded", "--quiet", *options)
    assert done.returncode == 0, done.stderr
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert all(path.is_file() for path in paths)
    by_suffix = {path.suffix: path for path in paths[:2]}
    folder = paths[0].parent
    return Rendered(
        folder,
        by_suffix[".html"].read_text(encoding="utf-8"),
        pypdf.PdfReader(by_suffix[".pdf"]),
        json.loads((folder / "findings.json").read_text(encoding="utf-8")),
    )


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example")
    return render(ROOT / "data" / "example", "--output", str(folder))


@pytest.fixture(scope="module")
def airport(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("airport")
    shutil.copy(ROOT / "tests" / "studies" / "airport" / "study.yml", folder)
    shutil.copy(shared / "data" / "sfo_waves_2010_2017.csv.gz", folder)
    return render(folder)


@pytest.fixture(params=["example", "airport"])
def rendered(request):
    return request.getfixturevalue(request.param)


def visible(html: str) -> str:
    shown = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


def test_it_is_at_most_twelve_pages(rendered):
    assert len(rendered.pdf.pages) <= 12


def test_every_listed_moment_stands_on_page_one_and_in_the_html(rendered):
    listed = [row for row in rendered.findings["priorities"] if row["place"]]
    assert listed
    text = visible(rendered.html)
    for row in listed:
        assert row["name"] in rendered.pages[0]
        assert row["name"] in text


def test_page_one_ends_in_decisions(rendered):
    assert "Decisions asked of you" in rendered.pages[0]


def test_the_reason_of_each_listed_moment_is_in_both(rendered):
    text, pages = visible(rendered.html), " ".join(rendered.pages)
    for row in rendered.findings["priorities"]:
        if row["place"]:
            first = row["reason"].split(". ")[0]
            assert first in text
            assert first in pages


def test_inputs_seed_and_versions_are_printed(rendered):
    pages = " ".join(rendered.pages)
    for entry in rendered.findings["inputs"]:
        assert entry["sha256"][:12] in pages
    assert str(rendered.findings["seed"]) in pages
    assert rendered.findings["versions"]["numpy"] in pages


def test_no_reference_is_left_open_and_no_number_is_missing(rendered):
    for text in (visible(rendered.html), " ".join(rendered.pages)):
        assert "?@" not in text
        assert not re.search(r"\b(nan|None|NaN|inf)\b", text)


def test_the_html_asks_for_nothing_from_outside(rendered):
    assert not re.search(r"""(?:src|href)=["']https?://""", rendered.html)


def test_the_pdf_is_tagged_and_has_title_and_language(rendered):
    root = rendered.pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith("en")
    assert rendered.findings["study"] in rendered.pdf.metadata.title


def test_simulated_data_are_said_to_be_so_on_page_one(example):
    assert "imulated" in example.pages[0]
    assert example.findings["simulated"]


def test_real_data_are_not(airport):
    assert "imulated" not in " ".join(airport.pages)


def test_the_report_and_a_second_run_give_the_same_findings(example, tmp_path):
    done = mot("analyze", ROOT / "data" / "example", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("findings.json", "evidence.csv", "evidence.xlsx", "manifest.json"):
        assert (tmp_path / name).read_bytes() == (example.folder / name).read_bytes(), name


def test_the_airport_warns_of_common_method(airport):
    assert "common method" in " ".join(airport.pages)
