"""What customers say, in words and tables: every case, and texts that would do harm."""

import dataclasses
import json

import openpyxl
import pytest

from mot_research.report.exchange import findings_record
from mot_research.report.narrative import voice_pages
from mot_research.report.spreadsheet import write_evidence_xlsx
from tests.report import cases, said

PARTS = (
    voice_pages.summary,
    voice_pages.voice_table,
    voice_pages.quotes_list,
    voice_pages.agreement_table,
    voice_pages.conflicts,
    voice_pages.triangle_table,
    voice_pages.triangle_note,
)
RAW = ("<script>", "{{<", "|---|", "](http", "${", " $x^2$", "{python}")


def with_voice(n=8, texts=("Nobody told me.",), **more):
    findings = cases.findings(n, **more)
    return dataclasses.replace(findings, **said.of(findings, texts))


@pytest.mark.parametrize("part", PARTS)
def test_every_case_has_its_sentence(part):
    for findings in cases.odd_cases().values():
        assert "nan" not in part(findings)
        assert "None" not in part(findings)


def test_without_a_voice_one_line_says_what_would_bring_it():
    findings = cases.findings(3)
    assert voice_pages.summary(findings) == voice_pages.NO_VOICE
    assert voice_pages.moment_voice(findings.priorities.rows[0], findings) == ""
    assert voice_pages.conflicts(findings).endswith(
        "Not compared: the voice of customers, which the study does not have and the gut, because "
        "there is neither a shortlist nor a brand bet."
    )


def test_the_voice_stands_beside_the_evidence_of_a_moment():
    findings = with_voice()
    text = voice_pages.moment_voice(findings.priorities["m1"], findings)
    assert "10.0 % (8.0 to 12.0) of customers mention it, 60 % (40 to 80)" in text.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "“Nobody told me\\.”" in text
    assert "nobody mentions it" in voice_pages.moment_voice(findings.priorities["m4"], findings)
    assert "fewer than 10" in voice_pages.moment_voice(findings.priorities["m5"], findings)


def test_the_report_says_that_names_cannot_be_found():
    findings = with_voice()
    assert "names that stand nowhere else can't be found without a model" in voice_pages.summary(
        findings
    )
    silent = dataclasses.replace(findings.voice, quotes_allowed=False)
    findings = dataclasses.replace(findings, voice=silent)
    assert "names" not in voice_pages.summary(findings)
    assert "does not allow quotes" in voice_pages.quotes_list(findings)


@pytest.mark.parametrize("part", [*PARTS, voice_pages.moment_voice])
def test_hostile_texts_print_literally(part):
    findings = with_voice(12, cases.HOSTILE, names=cases.HOSTILE)
    if part is voice_pages.moment_voice:
        text = "\n".join(part(row, findings) for row in findings.priorities.rows)
    else:
        text = part(findings)
    for raw in RAW:
        assert raw not in text


def test_hostile_texts_are_text_in_the_workbook_and_small_counts_are_empty(tmp_path):
    write_evidence_xlsx(with_voice(12, cases.HOSTILE), tmp_path / "e.xlsx")
    book = openpyxl.load_workbook(tmp_path / "e.xlsx")
    cells = [cell for row in book["quotes"].iter_rows() for cell in row]
    assert any(str(cell.value).startswith("=HYPERLINK") for cell in cells)
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    counts = {row[0].value: row[1].value for row in book["voice"].iter_rows(min_row=2)}
    assert counts["m5"] is None
    assert counts["m4"] == 0
    assert "consensus answers" in book.sheetnames
    assert "numbers, voice, gut" in book.sheetnames


def test_the_record_holds_voice_consensus_and_triangles_as_plain_json():
    record = findings_record(with_voice())
    assert json.loads(json.dumps(record)) == record
    first, *_, fifth = record["voice"][:5]
    assert first["mentions"]["value"] == pytest.approx(0.1)
    assert first["quotes"][0] == {"text": "Nobody told me.", "source": "call", "valence": -1}
    assert fifth["n_comments"] is None
    assert {row["measure"] for row in record["consensus"]["measures"]} >= {"krippendorff_alpha"}
    assert [row["moment"] for row in record["triangulation"]]
    assert findings_record(cases.findings(3))["consensus"] is None
