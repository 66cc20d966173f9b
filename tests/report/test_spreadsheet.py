import csv
import zipfile

import openpyxl
import pytest

from mot_research.report.spreadsheet import write_evidence_csv, write_evidence_xlsx
from tests.priorities.small_value import run_small
from tests.report import cases, further

HOSTILE = ('=HYPERLINK("http://evil.example")', "+1", "-1", "@x", "\tx", "\rx", "plain")


@pytest.fixture
def hostile():
    return cases.findings(7, both=3, one=2, names=[name.strip() or name for name in HOSTILE])


def test_csv_text_is_no_formula_and_numbers_stay(hostile, tmp_path):
    write_evidence_csv(hostile, tmp_path / "e.csv")
    with open(tmp_path / "e.csv", encoding="utf-8", newline="") as file:
        rows = {row["moment"]: row for row in csv.DictReader(file)}
    assert rows["m1"]["name"] == '\'=HYPERLINK("http://evil.example")'
    assert rows["m2"]["name"] == "'+1"
    assert float(rows["m3"]["gap_to_expectation"]) == pytest.approx(
        hostile.priorities["m3"].metrics["gap_to_expectation"].value
    )
    for row in rows.values():
        for cell in row.values():
            assert not cell.startswith(("=", "+", "@", "\t", "\r"))
            assert not cell.startswith("-") or float(cell) < 0


def test_one_row_a_moment(hostile, tmp_path):
    write_evidence_csv(hostile, tmp_path / "e.csv")
    assert len((tmp_path / "e.csv").read_text("utf-8").splitlines()) == 8


def test_sheets_hold_text_never_formulas(hostile, tmp_path):
    write_evidence_xlsx(hostile, tmp_path / "e.xlsx")
    book = openpyxl.load_workbook(tmp_path / "e.xlsx")
    first, last = ["contents", "priorities", "drivers recommend"], ["warnings", "columns", "about"]
    assert book.sheetnames[:3] == first
    assert book.sheetnames[-3:] == last
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert book["priorities"]["B2"].value == HOSTILE[0]
    with zipfile.ZipFile(tmp_path / "e.xlsx") as archive:
        assert not [name for name in archive.namelist() if "hyperlink" in name.lower()]


ALWAYS = {
    *("contents", "priorities", "rules", "completeness", "purposes by stage", "absences"),
    *("problems", "warnings", "columns", "about"),
}


def test_there_is_a_sheet_for_all_that_was_found_and_no_other(hostile, tmp_path):
    write_evidence_xlsx(hostile, tmp_path / "e.xlsx")
    found = {f"{kind} {outcome}" for kind in ("drivers", "pairs") for outcome in hostile.drivers}
    assert set(openpyxl.load_workbook(tmp_path / "e.xlsx").sheetnames) == ALWAYS | found


def test_the_sheets_of_the_value_are_there_and_explained(tmp_path):
    findings = run_small(tmp_path, "score", "amount")
    write_evidence_xlsx(findings, tmp_path / "e.xlsx")
    book = openpyxl.load_workbook(tmp_path / "e.xlsx")
    assert {"value", "planning", "plans", *(f"lifts {name}" for name in findings.drivers)} <= set(
        book.sheetnames
    )
    assert_explained(book)


def assert_explained(book):
    contents = list(book["contents"].iter_rows(min_row=2, values_only=True))
    assert [name for name, *_ in contents] == book.sheetnames[1:]
    for name, text, rows in contents:
        assert text, name
        assert rows >= 0
    for sheets, column, text in book["columns"].iter_rows(min_row=2, values_only=True):
        assert text, (sheets, column)


def test_sheets_are_frozen_and_filtered(hostile, tmp_path):
    write_evidence_xlsx(hostile, tmp_path / "e.xlsx")
    for sheet in openpyxl.load_workbook(tmp_path / "e.xlsx"):
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref


def test_the_same_findings_give_the_same_bytes(hostile, tmp_path):
    for name in ("one", "two"):
        write_evidence_xlsx(hostile, tmp_path / f"{name}.xlsx")
        write_evidence_csv(hostile, tmp_path / f"{name}.csv")
    for ending in ("xlsx", "csv"):
        one, two = (tmp_path / f"{name}.{ending}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_small_counts_are_hidden(hostile, tmp_path):
    hostile.drivers["recommend"].table.loc["m1", "n"] = 7.0
    write_evidence_xlsx(hostile, tmp_path / "e.xlsx")
    book = openpyxl.load_workbook(tmp_path / "e.xlsx")
    absences = [cell.value for row in book["absences"].iter_rows(min_row=2) for cell in row]
    assert "fewer than 10" in absences
    drivers = book["drivers recommend"]
    head = [cell.value for cell in drivers[1]]
    assert drivers.cell(2, head.index("driver") + 1).value == "m1"
    assert drivers.cell(2, head.index("n") + 1).value is None
    assert drivers.cell(2, head.index("mean") + 1).value is None


@pytest.mark.parametrize("case", list(cases.odd_cases()))
def test_every_case_can_be_written(case, tmp_path):
    findings = cases.odd_cases()[case]
    write_evidence_csv(findings, tmp_path / "e.csv")
    write_evidence_xlsx(findings, tmp_path / "e.xlsx")
    assert openpyxl.load_workbook(tmp_path / "e.xlsx")["priorities"].max_row == 1 + len(
        findings.priorities.rows
    )


def test_further_tables_have_sheets_without_what_is_suppressed(tmp_path):
    write_evidence_xlsx(cases.odd_cases()["everything"], tmp_path / "e.xlsx")
    book = openpyxl.load_workbook(tmp_path / "e.xlsx")
    for name in ("change recommend", "change tests recommend", "prediction", "paths renewed"):
        assert book[name].max_row > 1
    for name in ("robustness recommend", "sample size recommend", "reliability", "cautions"):
        assert book[name].max_row > 1
    shown = [row[1].value for row in book["differ plan recommend"].iter_rows(min_row=2)]
    assert shown.count(further.SMALL_VALUE) == 1
    assert book["turn plan recommend"].max_row == 2


def test_no_customer_is_named(hostile, tmp_path):
    write_evidence_xlsx(hostile, tmp_path / "e.xlsx")
    head = [cell.value for cell in openpyxl.load_workbook(tmp_path / "e.xlsx")["problems"][1]]
    assert "examples" not in head


@pytest.mark.parametrize("case", list(cases.odd_cases()))
def test_every_sheet_and_every_column_is_explained(case, tmp_path):
    write_evidence_xlsx(cases.odd_cases()[case], tmp_path / "e.xlsx")
    assert_explained(openpyxl.load_workbook(tmp_path / "e.xlsx"))


def test_numbers_are_written_by_what_they_mean(hostile, tmp_path):
    write_evidence_xlsx(hostile, tmp_path / "e.xlsx")
    book = openpyxl.load_workbook(tmp_path / "e.xlsx")
    drivers = book["drivers recommend"]
    looks = {head.value: drivers.cell(2, head.column).number_format for head in drivers[1]}
    assert looks["share"] == looks["reach"] == "0.0%"
    assert looks["n"] == looks["rank"] == "#,##0"
    assert looks["effect"] == looks["mean"] == "#,##0.000"
    first = hostile.drivers["recommend"].table.iloc[0]
    heads = [head.value for head in drivers[1]]
    assert drivers.cell(2, heads.index("share") + 1).value == pytest.approx(first["share"])


def test_the_first_sheet_leads_to_the_others(hostile, tmp_path):
    write_evidence_xlsx(hostile, tmp_path / "e.xlsx")
    contents = openpyxl.load_workbook(tmp_path / "e.xlsx")["contents"]
    for row in contents.iter_rows(min_row=2):
        assert row[0].hyperlink.location == f"'{row[0].value}'!A1"
