"""`mot add-wave` as people run it: by options, in a terminal, on the example and a real survey."""

import os
import pty
import select
import shutil
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from mot_research.cli import main
from mot_research.study.reading import read_study
from mot_research.survey.reading import read_survey
from tests.arriving.small_study import STUDY, as_spss, every_byte, rows
from tests.test_cli import MOT

# In this process the command reads sys.argv, as in a terminal.
pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "data" / "example"
AIRPORT = ROOT / "tests" / "studies" / "airport" / "study.yml"
WAVES = "sfo_waves_2010_2017.csv.gz"
PATIENCE = 60  # seconds until a terminal that says nothing is taken for stuck


@pytest.fixture
def run(monkeypatch, capsys):
    """The command in this process: its exit code, and what it printed."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["mot", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code, *capsys.readouterr())

    return run


def without_wave(study, wave_id):
    """Take a wave out of a study file; return the file's text before and after."""
    path = study / "study.yml"
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines(keepends=True) if wave_id not in line]
    path.write_text("".join(lines), encoding="utf-8")
    return text


def test_the_last_wave_of_the_example_taken_out_and_added_again(run, tmp_path):
    study = tmp_path / "example"
    shutil.copytree(EXAMPLE, study, ignore=shutil.ignore_patterns("output"))
    original = without_wave(study, "id: 2026Q3")
    file = tmp_path / "2026q3.csv"
    (study / "waves" / "2026q3.csv").rename(file)
    before = every_byte(study)
    options = (study, file, "--id", "2026Q3", "--from", "2026-07-06", "--to", "2026-07-27")

    code, out, err = run("add-wave", *options, "--dry-run")
    assert (code, err) == (0, "")
    assert "1,500 rows, 36 columns" in out
    assert "does not ask for: interview" in out
    assert "−0.64 standard deviations" in out  # the drop that was planted
    assert every_byte(study) == before

    code, out, err = run("add-wave", *options, "--yes")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == f"Wave 2026Q3 was added. Next: mot report {study}"
    assert (study / "study.yml").read_text(encoding="utf-8") == original
    assert (study / "waves" / "2026q3.csv").read_bytes() == file.read_bytes()
    assert read_study(study).model_dump() == read_study(EXAMPLE).model_dump()


@pytest.fixture
def airport(shared, tmp_path):
    """The airport's study and answers of two years, the later of which is not a wave yet."""
    study = tmp_path / "airport"
    study.mkdir()
    shutil.copy(AIRPORT, study)
    for year in range(2012, 2016):
        without_wave(study, f'id: "{year}"')
    answers = pd.read_csv(shared / "data" / WAVES, dtype=str)
    answers[answers["year"].isin(["2016", "2017"])].to_csv(study / WAVES, index=False)
    return study


def test_a_year_of_the_airports_one_file_comes_back(run, airport):
    original = without_wave(airport, 'id: "2017"')
    options = ("--id", "2017", "--where", "year=2017", "--yes")
    code, out, err = run("add-wave", airport, airport / WAVES, *options)
    assert (code, err) == (0, "")
    assert "2,831 of them of this wave" in out
    assert "Asked on this wave, not on 2016: netpro" in out
    assert (airport / "study.yml").read_text(encoding="utf-8") == original


def test_a_year_of_the_airport_exported_by_another_hand_is_mapped(run, airport, tmp_path):
    """Other capitals, question numbers, a lost question: the names of a new agency."""
    without_wave(airport, 'id: "2017"')
    frame = pd.read_csv(airport / WAVES, dtype=str)
    frame = frame[frame["year"] == "2017"].drop(columns=["year", "wifi"])
    renamed = {name: f"Q{number}_{name.upper()}" for number, name in enumerate(frame.columns)}
    frame.rename(columns=renamed).to_csv(tmp_path / "new.csv", index=False)
    options = ("--id", "2017", "--yes")
    code, _, err = run("add-wave", airport, tmp_path / "new.csv", *options)
    assert code == 1
    assert "--without wifi" in err
    code, _, err = run("add-wave", airport, tmp_path / "new.csv", *options, "--without", "wifi")
    assert (code, err) == (0, "")
    study = read_study(airport)
    asked = {moment.rating for moment in study.moments} - {"wifi", None}
    assert study.latest_wave.not_asked == ("wifi",)
    assert {name: study.latest_wave.columns[name] for name in asked} == {
        name: renamed[name] for name in asked
    }
    assert read_survey(study)["2017"].n_rows == len(frame)


def test_an_spss_file_with_its_own_names(run, study, tmp_path):
    file = as_spss(rows(2, start=3000), tmp_path / "w.sav")
    code, _, err = run("add-wave", study, file, "--id", "2026Q2", "--yes")
    assert code == 1
    assert "--column customer=V1" in err
    named = ("--column", "customer=V1", "--column", "ltr=V5")
    code, _, err = run("add-wave", study, file, "--id", "2026Q2", "--yes", *named)
    assert (code, err) == (0, "")
    assert read_study(study).latest_wave.columns["q13_outage"] == "V3"
    assert (study / "study.yml").read_text().startswith("# Our study. Notes are to stay.\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.assign(q13_outage=f["q13_outage"] + 10), "outside scale"),
        (lambda f: pd.concat([f, f.head(3)]), "duplicate respondent"),
        (lambda f: f.assign(weight=-f["weight"]), "weight negative"),
        (lambda f: f.drop(columns="q13_outage"), "missing: please decide"),
        (lambda f: f.rename(columns={"q13_outage": "rating of outages"}), "a guess"),
    ],
)
def test_what_is_wrong_exits_1_and_leaves_every_byte(run, study, new_file, change, said):
    before = every_byte(study)
    code, out, err = run("add-wave", study, new_file(change(rows(2))), "--id", "2026Q2", "--yes")
    assert code == 1
    assert said in out
    assert "nothing was written" in err
    assert every_byte(study) == before


def test_hostile_names_reach_the_terminal_as_text_and_a_shell_as_a_word(run, study, new_file):
    evil = "outage [red]`$(id)`'\u202e"
    text = STUDY.replace("name: Outage call", 'name: "Outage \\u202e[blink]call"')
    (study / "study.yml").write_text(text)
    file = new_file(rows(2, start=3000).rename(columns={"q13_outage": evil, "day": "\x1b]0;x\x07"}))
    code, out, err = run("add-wave", study, file, "--id", "2026Q2", "--yes")
    assert code == 1
    for sign in ("\x1b", "\u202e", "\x07"):
        assert sign not in out + err
    assert "--column 'q13_outage=outage [red]`$(id)`'\"'\"'\\u202e'" in err
    named = ("--column", f"q13_outage={evil}")
    code, out, err = run("add-wave", study, file, "--id", "2026Q2", "--yes", *named)
    assert (code, err) == (0, "")
    assert "\u202e" not in out
    assert read_study(study).latest_wave.columns == {"q13_outage": evil}


def test_a_name_that_no_study_file_can_hold_is_refused_by_name(run, study, new_file):
    evil = "outage\x1b[31m"
    file = new_file(rows(2, start=3000).rename(columns={"q13_outage": evil}))
    named = ("--column", f"q13_outage={evil}")
    code, out, err = run("add-wave", study, file, "--id", "2026Q2", "--yes", *named)
    assert code == 2
    assert "'outage\\x1b[31m': holds a line break or a control character" in err
    assert "\x1b" not in out + err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing.csv", "--id", "B"), "no file 'nothing.csv'"),
        (("{file}",), "id"),
        (("{file}", "--id", "B", "--column", "x"), "food=q7_food"),
        (("{file}", "--id", "B", "--from", "5 May"), "year-month-day"),
        (("{file}", "--id", "B", "--sheet", "S", "--yes"), "has no sheets"),
        (("{file}", "--id", "B"), "--yes"),
    ],
)
def test_what_can_not_be_used_exits_2_with_the_way_out(run, study, new_file, arguments, said):
    before = every_byte(study)
    file = new_file()
    code, _, err = run("add-wave", study, *(part.format(file=file) for part in arguments))
    assert code == 2
    assert said in err
    assert every_byte(study) == before


class Terminal:
    """The command in a terminal of its own, read until it says something."""

    def __init__(self, *arguments):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "TERM": "dumb"}
        self.process, self.handle = pty.fork()
        if self.process == 0:
            os.execve(sys.executable, [*MOT, *map(str, arguments)], environment)
        self.said = ""

    def until(self, words):
        """Read on until these words, and forget what came before them."""
        end = time.monotonic() + PATIENCE
        while words not in self.said:
            assert time.monotonic() < end, f"no '{words}' in: {self.said}"
            if select.select([self.handle], [], [], 1)[0]:
                try:
                    self.said += os.read(self.handle, 65536).decode(errors="replace")
                except OSError:  # the other end has closed
                    assert words in self.said, self.said
        self.said = self.said.partition(words)[2]

    def type(self, answer):
        os.write(self.handle, f"{answer}\n".encode())

    def ends(self):
        """Read to the end; return the exit code."""
        while True:
            try:
                if not os.read(self.handle, 65536):
                    break
            except OSError:
                break
        _, status = os.waitpid(self.process, 0)
        os.close(self.handle)
        return os.waitstatus_to_exitcode(status)


class TestInATerminal:
    @pytest.fixture
    def doubtful(self, new_file):
        frame = rows(2, start=3000).rename(columns={"q13_outage": "rating of outages"})
        return new_file(frame.drop(columns="weight"))

    def test_each_doubt_is_asked_once_and_the_whole_at_the_end(self, study, doubtful):
        terminal = Terminal("add-wave", study, doubtful, "--id", "2026Q2")
        terminal.until("Does this wave not have 'weight', the weight? [y/n]")
        terminal.type("y")
        terminal.until("Is 'rating of outages' the column 'q13_outage'")
        terminal.type("perhaps")
        terminal.until("Please answer y or n.")
        terminal.type("y")
        terminal.until("rating of outages")  # the entry
        terminal.until("Add this wave? [y/n]")
        terminal.type("y")
        terminal.until("Wave 2026Q2 was added. Next: mot report")
        assert terminal.ends() == 0
        wave = read_study(study).latest_wave
        assert wave.columns == {"q13_outage": "rating of outages"}
        assert wave.weight is None
        assert list(read_survey(read_study(study)).waves) == ["2026Q1", "2026Q2"]

    def test_a_no_at_the_end_leaves_every_byte(self, study, new_file):
        before = every_byte(study)
        terminal = Terminal("add-wave", study, new_file(), "--id", "2026Q2")
        terminal.until("Add this wave? [y/n]")
        terminal.type("n")
        terminal.until("Nothing was written.")
        assert terminal.ends() == 1
        assert every_byte(study) == before

    def test_doubts_that_stay_open_are_told_with_what_to_type(self, study, doubtful):
        before = every_byte(study)
        terminal = Terminal("add-wave", study, doubtful, "--id", "2026Q2")
        for _ in range(3):  # not absent; not that column; nor absent
            terminal.until("[y/n]")
            terminal.type("n")
        terminal.until("--without outage")
        assert terminal.ends() == 1
        assert every_byte(study) == before
