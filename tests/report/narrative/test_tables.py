import dataclasses
import re
from html.parser import HTMLParser

import pytest

from mot_research.priorities.result import METRICS, Metric
from mot_research.report.markup import Bar, Column, Label, Quiet, Table
from mot_research.report.narrative import moment_tables, pages, result_html, tables
from tests.report import cases

ODD = cases.odd_cases()


class Cells(HTMLParser):
    """Collect the text of cells and the tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def n_cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line)) - 1


def test_a_cell_cannot_leave_its_table():
    table = Table((Column("a|b", 1), Column("c", 2, "right")), (("x | y", "1\n2"), "Head"))
    lines = table.to_markdown().split("\n")
    assert [n_cells(line) for line in lines] == [2, 2, 2, 2]
    assert lines[1] == "| :--- | ------: |"


def test_signs_are_drawn_for_the_report_and_told_elsewhere():
    cells = (Label("Fix|it", "fix"), Bar("93 %", 0.93, interval=(-0.2, 2.0), mark=0.5), Quiet("no"))
    table = Table(tuple(Column(name, 1) for name in "abc"), (cells,))
    drawn, plain = table.to_drawn_markdown().split("\n")[2], table.to_markdown().split("\n")[2]
    assert drawn.startswith("| [Fix\\|it]{.mot-label .mot-fix} | []{.mot-bar ")
    assert 'lower="0.000" upper="1.000"' in drawn  # nothing is drawn beyond the bar
    assert plain == "| Fix\\|it | 93\N{NO-BREAK SPACE}\\% | no |"
    assert Cells(table.to_html()).text[-3:] == ["Fix|it", "93 %", "no"]


def test_html_is_escaped():
    text = Table((Column("<b>", 1),), (("<script>",), "<i>")).to_html(caption="<u>")
    parsed = Cells(text)
    assert set(parsed.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert parsed.text == ["<u>", "<b>", "<script>", "<i>"]


@pytest.mark.parametrize("case", list(ODD))
def test_every_markdown_table_is_rectangular(case):
    findings = ODD[case]
    for text in (
        tables.the_list(findings),
        *(tables.evidence(findings, role) for role in ("relationship", "revenue")),
        tables.off_list(findings),
        tables.absences(findings),
        tables.reproducibility(findings),
    ):
        assert len({n_cells(line) for line in text.split("\n") if line}) <= 1


@pytest.mark.parametrize("case", list(ODD))
def test_results_show_themselves_in_a_notebook(case):
    findings = ODD[case]
    parsed = Cells(findings.priorities._repr_html_())
    assert parsed.tags.count("tr") == 1 + len(findings.priorities.rows)
    assert "script" not in parsed.tags
    for result in findings.drivers.values():
        assert Cells(result._repr_html_()).tags.count("tr") == 1 + len(result.table)


def test_drivers_stand_in_the_order_of_importance():
    result = ODD["usual"].drivers["recommend"]
    shown = [
        text for text in Cells(result_html.drivers_html(result)).text if re.match(r"m\d+$", text)
    ]
    expected = result.table["lmg"].sort_values(ascending=False, kind="stable").index
    assert shown == list(expected)


def test_an_analysis_without_resamples_has_no_intervals():
    result = ODD["usual"].drivers["recommend"]
    bare = dataclasses.replace(result, table=result.table.drop(columns=["ci_lower", "ci_upper"]))
    assert " to " not in result_html.drivers_html(bare)


def test_the_list_stands_under_the_headings_of_its_kinds():
    lines = tables.the_list(ODD["usual"]).split("\n")
    assert [line for line in lines if "**" in line] == [
        f"|  | **{kind}** |  |  |  |  |  |" for kind in ("Proven", "Brand bets", "Likely")
    ]
    assert "**" not in tables.the_list(ODD["no revenue"]).replace("**Brand", "").split("\n")[0]


def test_the_list_of_one_kind_needs_no_heading():
    assert "**" not in tables.the_list(ODD["three moments"])


def test_the_table_of_the_rest_shows_what_the_data_allow():
    text = tables.off_list(ODD["nothing proven"])
    assert "anything from" in text
    assert "too few data" in text  # the reason why a moment is not tested


@pytest.mark.parametrize(("n", "shown"), [(8, "suppressed"), (17, r"n \= 17"), (40, "†")])
def test_the_evidence_keeps_the_rule_of_small_numbers(n, shown):
    findings = ODD["usual"]
    row = findings.priorities.rows[0]
    metrics = {
        name: metric if metric.value is None else dataclasses.replace(metric, n=n)
        for name, metric in row.metrics.items()
    }
    row = dataclasses.replace(row, metrics=metrics)
    changed = dataclasses.replace(
        findings, priorities=dataclasses.replace(findings.priorities, rows=(row,))
    )
    for text in (tables.evidence(changed, "relationship"), pages.the_moments(changed)):
        assert shown in text
    if n < 30:
        assert "61" not in tables.evidence(changed, "relationship")


def test_one_wave_stands_beside_the_pooled_ones():
    findings = ODD["pooled waves"]
    head, _, first, *_ = tables.evidence(findings, "revenue").split("\n")
    assert "2026Q3 alone" in head
    effect = findings.alone["renewed"].table.at["m1", "effect"]
    assert f"\\+{100 * effect:.1f}".replace(".", "\\.") in first
    assert "alone" not in tables.evidence(findings, "relationship")


def test_absences_hide_small_counts():
    text = tables.absences(ODD["usual"])
    assert "fewer than 10" in text
    assert " 8 |" not in text


def test_a_moment_without_metrics_has_no_table_of_them():
    row = ODD["usual"].priorities.rows[0]
    bare = dataclasses.replace(row, metrics=dict.fromkeys(METRICS, Metric(None, reason="x")))
    assert moment_tables.moment_metrics(bare, ODD["usual"]) == ""


def test_reproducibility_names_files_seed_and_rules():
    text = tables.reproducibility(ODD["usual"])
    for part in ("20260101", "0f0f0f0f0f0f…", "2\\,000", "false discovery rate", "numpy"):
        assert part in text


def test_two_moments_stand_on_a_page():
    text = pages.the_moments(ODD["usual"])
    assert text.count("### ") == 10
    assert text.count(".mot-page-break") == 6  # before each pair and after the last
