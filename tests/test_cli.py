"""The command as people run it: exit codes, messages, files, progress."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.arriving.small_study import every_byte, rows, small_study
from tests.starting.surveys import write_sav
from tests.test_workbook import FIVE_LINES, five_line_study

MOT = [sys.executable, "-c", "from mot_research.cli import main; main()"]


def mot(*arguments, cwd=None, **environment):
    return subprocess.run(
        [*MOT, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])} | environment,
        timeout=300,
    )


@pytest.fixture
def study(tmp_path):
    return five_line_study(tmp_path)


class TestCheck:
    def test_a_study_in_order_exits_0_and_says_what_is_next(self, study):
        done = mot("check", study)
        assert done.returncode == 0
        assert "mot report" in done.stdout

    def test_errors_in_a_readable_file_exit_1_with_the_table(self, tmp_path):
        study = five_line_study(tmp_path, q13_outage=["bad"] * 80)
        done = mot("check", study)
        assert done.returncode == 1
        assert "q13_outage" in done.stdout
        assert "error" in done.stdout

    def test_an_unreadable_study_exits_2_with_one_message(self, tmp_path):
        (tmp_path / "study.yml").write_text("study: [unclosed")
        done = mot("check", tmp_path)
        assert done.returncode == 2
        assert "study.yml" in done.stderr
        assert "Traceback" not in done.stderr + done.stdout

    def test_a_study_that_is_not_there_exits_2(self, tmp_path):
        done = mot("check", tmp_path / "nowhere")
        assert done.returncode == 2
        assert "nowhere" in done.stderr

    def test_hostile_names_reach_the_terminal_as_text(self, tmp_path):
        study = five_line_study(tmp_path)
        text = FIVE_LINES.replace("q13_outage:", '"q\\x1b[31m[red]x":')
        (study / "study.yml").write_text(text)
        done = mot("check", study)
        assert "\x1b[31m" not in done.stdout + done.stderr
        assert done.returncode in (1, 2)


class TestNew:
    def test_a_new_study_ends_with_the_next_step_and_check_says_the_same(self, tmp_path):
        done = mot("new", "mine", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        first, step = done.stdout.splitlines()
        assert first == "A new study: mine/study.yml"
        assert step.startswith("Step 1 of 5")
        checked = mot("check", "mine", cwd=tmp_path)
        assert checked.returncode == 1
        assert checked.stdout.splitlines()[-1] == step

    def test_a_draft_lists_every_guess_with_its_reason(self, tmp_path):
        write_sav(tmp_path / "harbour.sav", n=200)
        done = mot("new", "mine", "--from", "harbour.sav", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        for column in ("ltr", "q07_first_bill", "plan", "customer_id"):
            assert column in done.stdout
        assert "named like an id" in done.stdout
        assert done.stdout.splitlines()[-1] == "Ready. Next: mot report mine"

    def test_a_folder_in_use_exits_2_and_stays_as_it_is(self, study):
        before = sorted(path.name for path in study.iterdir())
        done = mot("new", study)
        assert done.returncode == 2
        assert "not empty" in done.stderr
        assert sorted(path.name for path in study.iterdir()) == before


class TestMoments:
    def test_from_an_empty_study_to_the_second_step_by_the_spreadsheet(self, tmp_path, study):
        assert mot("moments", study, "--export", "m.xlsx", cwd=tmp_path).stdout == "m.xlsx\n"
        mot("new", "mine", cwd=tmp_path)
        done = mot("moments", "mine", "--import", "m.xlsx", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        added, step = done.stdout.splitlines()
        assert added == "Added: q12_first_bill, q13_outage."
        assert step.startswith("Step 2 of 5")
        again = mot("moments", "mine", "--import", "m.xlsx", cwd=tmp_path)
        assert "nothing has changed" in again.stdout

    def test_without_what_to_do_it_exits_2(self, study):
        done = mot("moments", study)
        assert done.returncode == 2
        assert "--export FILE.xlsx, or --import FILE.xlsx" in done.stderr


class TestBallot:
    def test_a_sheet_per_silo_then_the_votes_of_a_folder(self, study):
        done = mot("ballot", study, "--silos", "Marketing, Billing")
        assert done.returncode == 0, done.stderr
        folder = study / "workshop" / "ballots"
        *paths, step = done.stdout.splitlines()
        assert paths == [str(folder / "Marketing.xlsx"), str(folder / "Billing.xlsx")]
        assert step.endswith(f"mot ballot {study} --read FOLDER")
        unread = mot("ballot", study, "--read", folder)
        assert unread.returncode == 2
        assert "no ballot" in unread.stderr


class TestUsage:
    def test_help_names_every_command(self):
        done = mot("--help")
        assert done.returncode == 0
        for command in (
            "new",
            "moments",
            "ballot",
            "add-wave",
            "check",
            "analyze",
            "report",
            "explain",
            "schema",
        ):
            assert command in done.stdout

    @pytest.mark.parametrize(
        "arguments",
        [
            ("analyse",),
            ("check",),
            ("report", ".", "--to", "doc"),
            ("report", ".", "--renderer", "x"),
        ],
    )
    def test_wrong_usage_exits_2_with_the_way_out(self, arguments, study):
        done = mot(*arguments, cwd=study)
        assert done.returncode == 2
        assert done.stderr.strip()
        assert "Traceback" not in done.stderr

    def test_the_schema_is_json_schema(self):
        import jsonschema

        for options in ((), ("--findings",)):
            printed = json.loads(mot("schema", *options).stdout)
            jsonschema.Draft202012Validator.check_schema(printed)
            assert ("priorities" in printed["properties"]) == bool(options)

    def test_version(self):
        done = mot("--version")
        assert done.returncode == 0
        assert done.stdout.strip()[0].isdigit()


class TestAnalyze:
    def test_files_lie_under_output_and_their_paths_are_the_last_lines(self, study):
        done = mot("analyze", study)
        assert done.returncode == 0, done.stderr
        names = ["findings.json", "evidence.csv", "evidence.xlsx", "manifest.json"]
        folder = study / "output" / "2026Q1"
        assert done.stdout.splitlines()[-4:] == [str(folder / name) for name in names]
        assert sorted(path.name for path in folder.iterdir()) == sorted(names)

    def test_output_names_the_folder_itself(self, study, tmp_path):
        assert mot("analyze", study, "--output", tmp_path / "there").returncode == 0
        assert (tmp_path / "there" / "findings.json").is_file()
        assert not (study / "output").exists()

    def test_progress_is_plain_lines_outside_a_terminal_and_silent_when_quiet(self, study):
        assert "what drives recommend" in mot("analyze", study).stderr
        assert mot("analyze", study, "--quiet").stderr == ""

    def test_a_wave_with_an_error_exits_2_with_the_table_and_keeps_the_last_files(self, study):
        assert mot("analyze", study).returncode == 0
        before = (study / "output" / "2026Q1" / "findings.json").read_bytes()
        five_line_study(study, q13_outage=["bad"] * 80)
        done = mot("analyze", study)
        assert done.returncode == 2
        assert "q13_outage" in done.stdout
        assert (study / "output" / "2026Q1" / "findings.json").read_bytes() == before

    def test_an_engine_gives_the_importances_of_the_rows_in_memory(self, study, tmp_path):
        found = {}
        for engine in ("memory", "duckdb"):
            done = mot("analyze", study, "--engine", engine, "--output", tmp_path / engine)
            assert done.returncode == 0, done.stderr
            assert ("DuckDB reads them where they lie" in done.stdout) == (engine == "duckdb")
            record = json.loads((tmp_path / engine / "findings.json").read_text(encoding="utf-8"))
            found[engine] = [row["lmg"] for row in record["outcomes"][0]["moments"]]
        assert found["duckdb"] == pytest.approx(found["memory"], abs=1e-10)

    def test_an_engine_that_there_is_not_exits_2_and_names_those_that_are(self, study):
        done = mot("analyze", study, "--engine", "oracle")
        assert done.returncode == 2
        assert "auto, memory, duckdb, spark" in done.stderr

    def test_an_unknown_wave_exits_2(self, study):
        done = mot("analyze", study, "--wave", "2026Q9")
        assert done.returncode == 2
        assert "2026Q9" in done.stderr

    def test_an_output_that_cannot_be_written_exits_2(self, study):
        (study / "file").write_text("")
        done = mot("analyze", study, "--output", study / "file")
        assert done.returncode == 2
        assert "--output" in done.stderr


class TestReport:
    def test_the_five_line_study_gives_html_and_pdf(self, study):
        done = mot("report", study, "--renderer", "embedded")
        assert done.returncode == 0, done.stderr
        folder = study / "output" / "2026Q1"
        stem = "harbour-mobile-2026q1-prioritization"
        assert (folder / f"{stem}.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
        assert (folder / f"{stem}.pdf").read_bytes().startswith(b"%PDF")
        assert not [path for path in folder.iterdir() if path.name.startswith(".")]
        assert str(folder / f"{stem}.html") in done.stdout.splitlines()

    def test_the_technical_appendix_has_a_name_of_its_own(self, study):
        options = ("--document", "technical-appendix", "--to", "html", "--quiet")
        done = mot("report", study, "--renderer", "embedded", *options)
        assert done.returncode == 0, done.stderr
        path = study / "output" / "2026Q1" / "harbour-mobile-2026q1-technical-appendix.html"
        assert "Technical appendix" in path.read_text(encoding="utf-8")

    def test_one_format_alone(self, study):
        done = mot("report", study, "--to", "pdf", "--renderer", "embedded", "--quiet")
        assert done.returncode == 0, done.stderr
        assert not list((study / "output" / "2026Q1").glob("*.html"))

    def test_word_and_powerpoint_come_from_the_same_run(self, study):
        from pptx import Presentation

        done = mot("report", study, "--to", "docx,pptx", "--renderer", "embedded", "--quiet")
        assert done.returncode == 0, done.stderr
        folder = study / "output" / "2026Q1"
        paths = [folder / f"harbour-mobile-2026q1-prioritization.{end}" for end in ("docx", "pptx")]
        assert [Path(line) for line in done.stdout.splitlines()[:2]] == paths
        record = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
        titles = [slide.shapes.title.text for slide in Presentation(paths[1]).slides]
        for row in record["priorities"]:
            assert (f"{row['place']} · {row['name']}" in titles) == (row["place"] is not None)

    def test_a_quarto_that_is_not_there_is_named(self, study):
        import shutil

        if shutil.which("quarto"):
            pytest.skip("quarto is installed")
        done = mot("report", study, "--renderer", "quarto")
        assert done.returncode == 2
        assert "quarto" in done.stderr.lower()

    def test_the_brief_comes_beside_the_report_from_one_computation(self, study):
        done = mot("report", study, "--to", "html,brief", "--renderer", "embedded")
        assert done.returncode == 0, done.stderr
        folder = study / "output" / "2026Q1"
        stem = "harbour-mobile-2026q1"
        names = [f"{stem}-prioritization.html", f"{stem}-brief.html", f"{stem}-brief.pdf"]
        assert done.stdout.splitlines()[:3] == [str(folder / name) for name in names]
        assert "Decisions asked of you" in (folder / names[1]).read_text(encoding="utf-8")
        assert (folder / "manifest.json").is_file()


class TestExplain:
    def test_the_reason_comes_first_then_every_rule(self, study):
        done = mot("explain", study, "First bill arrives", "--quiet")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("First bill arrives\n")
        assert done.stdout.index("One rating point") < done.stdout.index("Benjamini")
        assert "at least 50" in done.stdout
        assert not (study / "output").exists()

    @pytest.mark.parametrize(
        ("arguments", "answer"),
        [
            (("q12_first_bil",), "Did you mean 'q12_first_bill'?"),
            (("q12_first_bill", "--segment", "plan=prepaid"), "no segment 'plan'"),
            (("q12_first_bill", "--segment", "plan"), "names no value"),
        ],
    )
    def test_what_is_not_there_exits_2_with_the_way_out(self, study, arguments, answer):
        done = mot("explain", study, *arguments)
        assert done.returncode == 2
        assert answer in done.stderr


class TestMemory:
    def test_a_second_run_says_what_is_different_and_writes_the_same_bytes(self, study):
        folder = study / "output" / "2026Q1"
        assert "last run" not in mot("analyze", study).stdout
        before = (folder / "findings.json").read_bytes()
        assert "Same files, rules and versions" in mot("analyze", study).stdout
        assert (folder / "findings.json").read_bytes() == before
        five_line_study(study, rows=90)
        text = (study / "study.yml").read_text()
        (study / "study.yml").write_text(f"{text}rules: {{p_top: 0.9, n_resamples: 100}}\n")
        done = mot("analyze", study)
        assert "rule p top 0.9, was 0.8" in done.stdout
        assert "changed file 2026q1.csv" in done.stdout
        (folder / "manifest.json").write_text("{")
        done = mot("analyze", study)
        assert done.returncode == 0
        assert "Not compared with the last run" in done.stdout

    def test_an_old_wave_is_made_anew_to_the_byte_beside_a_newer_one(self, tmp_path):
        study = small_study(tmp_path / "study")
        analyze = ("analyze", study, "--wave", "2026Q1", "--quiet")
        assert mot(*analyze).returncode == 0
        findings = study / "output" / "2026Q1" / "findings.json"
        alone = findings.read_bytes()
        rows(2, start=1080).to_csv(tmp_path / "2026q2.csv", index=False)
        added = mot("add-wave", study, tmp_path / "2026q2.csv", "--id", "2026Q2", "--yes")
        assert added.returncode == 0, added.stderr

        report = ("report", study, "--renderer", "embedded", "--quiet")
        old = (*report, "--wave", "2026Q1", "--to", "html,pdf,docx,pptx,brief")
        assert mot(*old).returncode == 0
        made = every_byte(study / "output" / "2026Q1")
        assert {Path(name).suffix for name in made} >= {".html", ".pdf", ".docx", ".pptx"}
        assert findings.read_bytes() == alone

        assert mot(*report, "--to", "html").returncode == 0
        assert mot(*old).returncode == 0
        assert every_byte(study / "output" / "2026Q1") == made
