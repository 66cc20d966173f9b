"""The one page: the whole list, its owners and actions, on one page whatever the names."""

from pathlib import Path

import pypdf
import pytest

from mot_research.report.documents import read_document
from mot_research.report.execution import ONCE_TAG
from mot_research.report.narrative import answer, brief
from tests.report import further
from tests.report.cases import NAMES, findings, odd_cases

REPORTS = Path(__file__).parents[3] / "reports"
LONG = [f"{name}, and whatever is said about it in the weeks that follow" for name in NAMES[:10]]


@pytest.mark.parametrize("case", odd_cases().values(), ids=odd_cases())
def test_it_is_right_for_every_case(case):
    page = brief.the_page(case)
    assert "None" not in page
    assert "nan" not in page
    for row in case.priorities.listed:
        assert f"| {row.place} |" in page
    assert answer.decisions(case) in page


def test_ten_moments_with_long_names_fit_on_one_page(render):
    crowded = further.with_everything(findings(names=LONG))
    text = brief.the_page(crowded)
    rendered = render(f"---\ntitle: Harbour Mobile\nsubtitle: The list\n---\n\n{text}")
    pages = pypdf.PdfReader(rendered.pdf).pages
    assert len(pages) == 1
    seen = " ".join(pages[0].extract_text().split())
    for row in crowded.priorities.listed:
        assert row.moment.name[:60] in seen
    assert "Decisions asked of you" in seen


@pytest.mark.parametrize("path", sorted(REPORTS.glob("*.qmd")), ids=lambda path: path.stem)
def test_every_report_computes_in_one_cell_that_runs_once(path):
    cells = [cell for cell in read_document(path).cells if cell.kind == "code"]
    computing = [cell for cell in cells if "mot.run(" in cell.source]
    assert len(computing) == 1
    assert computing == [cell for cell in cells if ONCE_TAG in cell.options["tags"]]
