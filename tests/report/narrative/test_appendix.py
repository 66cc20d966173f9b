import re

import matplotlib.pyplot as plt
import pypdf
import pytest

import mot_research
from mot_research.report.documents import INLINE, read_document
from mot_research.report.narrative import appendix, appendix_waves
from mot_research.report.originals import original
from tests.report import cases, further

ODD = cases.odd_cases()
SOURCE = original("reports/technical-appendix.qmd")
SECTIONS = (
    "Every model in full",
    "Penalty and reward",
    "What changed",
    "Prediction",
    "Segments",
    "From moments through loyalty to revenue",
    "Robustness",
    "Reliability",
    "Sample sizes",
    "Who answered",
    "Cautions",
    "Rules of caution",
)

plt.switch_backend("Agg")


@pytest.mark.parametrize("case", list(ODD))
def test_every_cell_runs(case, monkeypatch):
    monkeypatch.setattr(mot_research, "run", lambda study, **options: ODD[case], raising=False)
    names: dict[str, object] = {}
    for cell in read_document(SOURCE).cells:
        if cell.kind == "code":
            exec(cell.code, names)
        for expression in INLINE.findall(cell.source) if cell.kind == "markdown" else ():
            assert eval(expression, names).data is not None
    plt.close("all")


def test_it_renders_with_every_section(render):
    stand_in = "from tests.report import cases; findings = cases.odd_cases()['everything']"
    text = re.sub(r"findings = mot\.run\(.*\)", stand_in, SOURCE.read_text("utf-8"))
    files = render(text, cwd=SOURCE.parents[1])
    html = files.html.read_text("utf-8")
    pdf = " ".join(page.extract_text() for page in pypdf.PdfReader(files.pdf).pages)
    for section in SECTIONS:
        assert section in html
        assert section in pdf
    assert "?@" not in html


def test_every_column_of_a_model_is_there():
    text = appendix.models(ODD["everything"])
    for columns in (appendix.IMPORTANCE, appendix.EFFECTS, appendix.RANKS):
        for name, title in columns.items():
            if name in ODD["everything"].drivers["recommend"].table:
                assert title.strip() in text.replace("\\", "").replace("\u00a0", " "), name


def test_small_counts_and_means_are_empty():
    findings = cases.findings(7)
    for result in findings.drivers.values():
        result.table.loc["m1", ["n", "mean", "reach"]] = 7.0, 4.321, 0.0047
        result.table.loc["m2", ["n", "mean"]] = 29.0, 4.654
    text = appendix.models(findings)
    assert "4.321" not in text
    assert "4.654" not in text
    assert "0.47" not in text


def test_suppressed_cells_of_a_segment_stay_out():
    text = appendix_waves.segments(ODD["everything"]).replace("\\", "")
    differences = text.split("#### ")[1]
    assert differences.count(further.SMALL_VALUE) == 1  # of the first moment, which may be shown
    assert "suppressed: fewer than 10" in text


def test_cautions_come_with_their_rule_threshold_and_source():
    text = appendix_waves.cautions(ODD["everything"]).replace("\\", "")
    assert "fewer than 100 effective raters" in text
    assert "Podsakoff" in text
    assert "“Outage call” (51)" in text


def test_small_probabilities_are_not_written_as_none():
    assert appendix.probability(0.0004) == "< .001"
    assert appendix.probability(0.0124) == "0.012"
    assert appendix.probability(float("nan")) == ""
