"""From an empty study to a ready one: each state names the one thing to do next."""

from pathlib import Path

import pandas as pd
import pytest

from mot_research.report.narrative.next_step import next_step
from mot_research.starting import new_study
from mot_research.study.reading import read_study
from mot_research.survey.reading import read_survey


@pytest.fixture
def folder(tmp_path):
    new_study(tmp_path / "mine")
    return tmp_path / "mine"


def told(folder: Path) -> str:
    return next_step(folder, read_survey(read_study(folder)))


def add(folder: Path, key: str, entry: str) -> None:
    file = folder / "study.yml"
    text = file.read_text(encoding="utf-8")
    assert f"\n{key}:\n" in text
    file.write_text(text.replace(f"\n{key}:\n", f"\n{key}:\n{entry}\n"), encoding="utf-8")


def test_the_way_from_empty_to_ready(folder):
    wave = pd.DataFrame({"q1": [1, 2, 3, 4, 5] * 12, "ltr": [0, 4, 6, 9, 10] * 12})
    assert told(folder).startswith("Step 1 of 5, the moments")
    add(folder, "moments", "  - {id: bill, name: The bill}\n  - {id: call, name: The call}")
    assert told(folder).startswith("Step 2 of 5, the survey")
    add(folder, "waves", "  - {id: w1, file: waves/w1.csv}")
    assert told(folder).startswith("Step 3 of 5, the questions")
    assert "bill, call" in told(folder)
    text = (folder / "study.yml").read_text(encoding="utf-8")
    text = text.replace("name: The bill", "name: The bill, rating: q1")
    (folder / "study.yml").write_text(text, encoding="utf-8")
    assert told(folder).startswith("Step 4 of 5, the outcome")
    add(folder, "outcomes", "  - {id: recommend, column: ltr, kind: score, low: 0, high: 10}")
    assert told(folder).startswith("Step 5 of 5, one error: begin with the file of wave 'w1'")
    wave.to_csv(folder / "waves" / "w1.csv", index=False)
    assert told(folder).startswith("Ready.")
    assert "not tested: call." in told(folder)
    assert told(folder).endswith(f"mot report {folder}")


def test_without_the_spreadsheet_the_study_file_is_named(folder):
    (folder / "workshop" / "moments.xlsx").unlink()
    assert "moments: {q12_first_bill: First bill arrives}" in told(folder)


def test_a_path_with_blanks_stands_in_quotes(tmp_path):
    new_study(tmp_path / "my study")
    assert f'mot moments "{tmp_path}/my study"' in told(tmp_path / "my study")
