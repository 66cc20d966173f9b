"""The deck read back as PowerPoint would: its numbers, its charts, its words."""

import dataclasses
import io
import zipfile
from functools import cache

import numpy as np
import openpyxl
import pytest
from pptx import Presentation
from pptx.enum.chart import XL_CHART_TYPE
from pptx.oxml.ns import qn
from pptx.util import Inches

from mot_research.report import slides
from mot_research.report.deck import write_deck
from mot_research.report.exchange import findings_record
from mot_research.report.marked_text import Paragraph, Run, TableText
from mot_research.report.narrative import value_pages
from mot_research.report.native_charts import Box, Waterfall
from tests.priorities.small_value import run_small
from tests.report import cases

ODD = cases.odd_cases()
# Numbers go into the file as text of full precision.
EXACT = 1e-9


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """Return the deck of a case, written once."""

    @cache
    def written(case):
        path = tmp_path_factory.mktemp("deck") / "d.pptx"
        write_deck(ODD[case], path)
        return Presentation(path)

    return written


def charts(presentation, kind):
    return [
        shape.chart
        for slide in presentation.slides
        for shape in slide.shapes
        if shape.has_chart and shape.chart.chart_type == kind
    ]


def titled(presentation, start):
    return [slide for slide in presentation.slides if slide.shapes.title.text.startswith(start)]


def words_of(presentation):
    return [
        shape.text_frame.text
        for slide in presentation.slides
        for shape in slide.shapes
        if shape.has_text_frame
    ]


def error_bars(series):
    """Return the lengths below and above of each error bar of a series, by direction."""
    found = {}
    for bars in series._element.findall(qn("c:errBars")):
        direction = bars.find(qn("c:errDir"))
        lengths = [
            [float(value.text) for value in bars.find(qn(side)).iter(qn("c:v"))]
            for side in ("c:minus", "c:plus")
        ]
        found[None if direction is None else direction.get("val")] = lengths
    return found


@pytest.mark.parametrize("case", list(ODD))
class TestEveryCase:
    def test_every_slide_has_a_title_and_says_whose_data_it_shows(self, case, deck):
        for slide in deck(case).slides:
            assert slide.shapes.title.text.strip()
            (foot,) = [shape for shape in slide.shapes if shape.name == "Foot"]
            assert ODD[case].wave in foot.text_frame.text
            assert ("Simulated data" in foot.text_frame.text) == ODD[case].simulated

    def test_everything_stands_on_the_slide(self, case, deck):
        for slide in deck(case).slides:
            for shape in slide.shapes:
                assert shape.left >= 0
                assert shape.top >= 0
                assert shape.left + shape.width <= Inches(slides.WIDTH)
                assert shape.top + shape.height <= Inches(slides.HEIGHT)

    def test_every_chart_says_in_words_what_it_shows(self, case, deck):
        for slide in deck(case).slides:
            for shape in slide.shapes:
                if shape.has_chart:
                    assert len(shape._element.xpath(".//p:cNvPr")[0].get("descr")) > 20

    def test_no_markdown_and_no_missing_number_is_printed(self, case, deck):
        if "hostile" in case:
            pytest.skip("names that look like Markdown are printed as they are")
        for text in words_of(deck(case)):
            for sign in ("**", "{.", ":::", "\\", "nan", "None"):
                assert sign not in text


def test_it_is_wide_and_has_speakers_notes(deck):
    presentation = deck("everything")
    assert presentation.slide_width / presentation.slide_height == pytest.approx(16 / 9, abs=0.001)
    for slide in list(presentation.slides)[1:]:
        assert "seed 20260101" in slide.notes_slide.notes_text_frame.text


def test_the_list_is_a_native_table_in_the_order_of_the_findings(deck):
    (slide,) = titled(deck("everything"), "The list")
    (table,) = [shape.table for shape in slide.shapes if shape.has_table]
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    record = findings_record(ODD["everything"])
    expected = [(str(row["place"]), row["name"]) for row in record["priorities"] if row["place"]]
    assert [(place, name) for place, name, *_ in rows if place not in ("", "#")] == expected


def test_bars_and_their_intervals_are_those_of_the_findings(deck):
    record = findings_record(ODD["everything"])
    moments = sorted(
        (row for row in record["outcomes"][0]["moments"] if row["lmg"] is not None),
        key=lambda row: -row["lmg"],
    )
    (slide,) = titled(deck("everything"), "What moves Likelihood to recommend")
    (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    (series,) = chart.plots[0].series
    assert list(series.values) == pytest.approx([100 * row["lmg"] for row in moments], abs=EXACT)
    below, above = error_bars(series)[None]
    lower = [100 * (row["lmg"] - row["ci_lower"]) for row in moments]
    upper = [100 * (row["ci_upper"] - row["lmg"]) for row in moments]
    assert below == pytest.approx(lower, abs=EXACT)
    assert above == pytest.approx(upper, abs=EXACT)
    longest = max(100 * row["ci_upper"] for row in moments)
    assert chart.value_axis.maximum_scale >= longest


def test_the_matrix_has_each_moment_with_both_intervals(deck):
    record = findings_record(ODD["everything"])
    drawn = {}
    (slide,) = titled(deck("everything"), "Where the moments stand: relationship")
    (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    assert chart.chart_type == XL_CHART_TYPE.XY_SCATTER
    for series in chart.plots[0].series:
        if series.name == "Target":
            continue
        xs = [float(v.text) for v in series._element.find(qn("c:xVal")).iter(qn("c:v"))]
        bars = error_bars(series)
        for place, (x, y) in enumerate(zip(xs, series.values, strict=True)):
            label = series.points[place].data_label.text_frame.text
            drawn[label] = x, y, bars["x"][0][place], bars["y"][1][place]
    for row in record["priorities"]:
        if row["place"]:
            rating, share = row["metrics"]["mean_rating"], row["metrics"]["importance_relationship"]
            assert drawn[str(row["place"])] == pytest.approx(
                (
                    rating["value"],
                    100 * share["value"],
                    rating["value"] - rating["ci_lower"],
                    100 * (share["ci_upper"] - share["value"]),
                ),
                abs=EXACT,
            )


def test_shares_of_a_moment_are_bars_in_percent(deck):
    first = ODD["everything"].priorities.listed[0]
    (slide,) = titled(deck("everything"), f"1 · {first.moment.name}")
    (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    shown = dict(zip(chart.plots[0].categories, chart.plots[0].series[0].values, strict=True))
    (reach,) = [value for label, value in shown.items() if label.startswith("Reach")]
    assert reach == pytest.approx(100 * first.metrics["reach"].value, abs=EXACT)


def test_the_waterfall_ends_where_the_wave_ends(deck):
    (slide,) = titled(deck("everything"), "What changed: Likelihood")
    (chart,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    assert chart.chart_type == XL_CHART_TYPE.BAR_STACKED
    mean = ODD["everything"].change["recommend"].mean.iloc[0]
    base, step, _ = chart.plots[0].series
    middles = np.array(base.values) + np.array(step.values) / 2
    assert middles[0] == pytest.approx(mean["a"], abs=EXACT)
    assert middles[-1] == pytest.approx(mean["b"], abs=EXACT)


@pytest.mark.parametrize(("before", "step"), [(2.0, -5.0), (-3.0, 1.0), (-1.0, 4.0), (1.0, 0.5)])
def test_a_waterfall_may_cross_zero(before, step):
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    now = before + step
    fall = Waterfall(("a", before), (("step", step),), ("b", now), "axis")
    chart = fall.draw(slide.shapes, Box(1, 1, 5, 3), "#0b5c8a").chart
    base, above, below = (np.array(series.values) for series in chart.plots[0].series)
    assert base[1] + above[1] + min(below[1], 0) == pytest.approx(
        max(before, now) if min(before, now) >= 0 else min(before, now) + above[1], abs=EXACT
    )
    assert above[1] - below[1] == pytest.approx(abs(step), abs=EXACT)


def test_hostile_names_stay_text_also_in_the_embedded_workbooks(deck):
    presentation = deck("hostile names")
    titles = [slide.shapes.title.text for slide in presentation.slides]
    assert any('=HYPERLINK("http://evil.example")' in title for title in titles)
    found = 0
    for chart in charts(presentation, XL_CHART_TYPE.BAR_CLUSTERED):
        blob = chart.part.chart_workbook.xlsx_part.blob
        for row in openpyxl.load_workbook(io.BytesIO(blob)).active.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                found += str(cell.value).startswith("=HYPERLINK")
    assert found


def test_control_characters_are_dropped(tmp_path):
    usual = ODD["three moments"]
    first, *others = usual.priorities.rows
    named = first.moment.model_copy(update={"name": "a\x0bb\x00c\u202ed"})
    rows = (dataclasses.replace(first, moment=named), *others)
    priorities = dataclasses.replace(usual.priorities, rows=rows)
    write_deck(dataclasses.replace(usual, priorities=priorities), tmp_path / "d.pptx")
    titles = [slide.shapes.title.text for slide in Presentation(tmp_path / "d.pptx").slides]
    assert "1 · a bcd" in titles


def test_forty_moments_fit_and_say_what_is_left_out(deck):
    (slide,) = titled(deck("forty moments"), "What moves Likelihood")
    told = " ".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
    assert "in the report" in told


def test_a_long_list_goes_on_on_the_next_slide(tmp_path):
    write_deck(cases.findings(40, both=20, one=18, bets=1, likely=1), tmp_path / "d.pptx")
    pages = titled(Presentation(tmp_path / "d.pptx"), "The list")
    assert len(pages) > 1
    rows = [
        row.cells[0].text
        for slide in pages
        for shape in slide.shapes
        if shape.has_table
        for row in shape.table.rows
    ]
    assert [place for place in rows if place.isdigit()] == [str(i) for i in range(1, 41)]


def test_colours_and_logo_are_the_studys(tmp_path):
    (tmp_path / "mark.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">'
        '<rect width="40" height="20" fill="#cc0000"/></svg>'
    )
    usual = ODD["three moments"]
    look = usual.study.look.model_copy(update={"logo": "mark.svg", "accent": "#7a1f5c"})
    study = usual.study.model_copy(update={"look": look}).at(tmp_path / "study.yml")
    write_deck(dataclasses.replace(usual, study=study), tmp_path / "d.pptx")
    for slide in Presentation(tmp_path / "d.pptx").slides:
        (logo,) = [shape for shape in slide.shapes if shape.shape_type == 13]
        assert logo.width / logo.height == pytest.approx(2, abs=0.05)  # whole pixels
        assert str(slide.shapes.title.text_frame.paragraphs[0].runs[0].font.color.rgb) == "7A1F5C"
    with zipfile.ZipFile(tmp_path / "d.pptx") as archive:
        theme = archive.read("ppt/theme/theme1.xml").decode()
    assert '<a:accent1><a:srgbClr val="7A1F5C"/></a:accent1>' in theme


def test_the_same_findings_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_deck(ODD["three moments"], tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("n_words", [1, 30, 400, 3000])
def test_text_is_made_smaller_then_shorter_until_it_fits(n_words):
    box = Box(0, 0, 4, 2)
    text = [Paragraph((Run(" ".join(["weather"] * n_words)),), "•")]
    kept, size = slides.fitting_size(text, box, 18, 10)
    assert slides._height(kept, box.width, size) <= box.height
    assert 10 <= size <= 18
    assert (kept[-1].text != text[-1].text) == (n_words >= 400)


def test_rows_are_split_without_loss():
    rows = tuple((str(i), "a name of some length " * 3) for i in range(60))
    rest: TableText | None = TableText(("#", "name"), rows, (0.2, 0.8), (True, False))
    seen = []
    while rest is not None:
        part, size = slides.fitting_rows(rest, slides.INSIDE, 13, 9)
        assert sum(slides.row_heights(part.shown, slides.INSIDE.width, size)) <= (
            slides.INSIDE.height
        )
        seen += part.shown.rows
        rest = part.rest
    assert tuple(seen) == rows


def test_the_plan_is_a_table_of_a_row_a_moment_with_the_numbers_of_the_report(tmp_path):
    findings = run_small(tmp_path, "score", "amount")
    path = tmp_path / "d.pptx"
    write_deck(findings, path)
    (slide,) = titled(Presentation(path), "The plan")
    (table,) = [shape.table for shape in slide.shapes if shape.has_table]
    head, *rows = [[cell.text for cell in row.cells] for row in table.rows]
    printed = value_pages.planning(findings).replace("\\", "")
    assert len(rows) == printed.count("\n") - 1
    for name in (row[head.index("Moment")] for row in rows):
        assert name in printed
    owners = {moment.owner for moment in findings.study.moments if moment.owner}
    assert {row[head.index("Owner")] for row in rows} & owners


def test_a_study_without_a_plan_has_no_slide_of_it(deck):
    assert titled(deck("usual"), "The plan") == []
