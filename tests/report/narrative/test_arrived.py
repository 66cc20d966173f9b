"""What is said about a new wave's file: small numbers, absent parts, hostile names."""

from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from mot_research.arriving import Described, arrive, earlier_waves
from mot_research.numbers import NO_BREAK
from mot_research.report.narrative.arrived import compared, found_in, refusal, to_write
from mot_research.study.reading import read_study
from tests.arriving.small_study import STUDY, rows, small_study


@pytest.fixture
def arrival(tmp_path):
    def look(frame, text=STUDY, **described):
        study = small_study(tmp_path / "study", text)
        frame.to_csv(tmp_path / "new.csv", index=False)
        survey = earlier_waves(read_study(study))
        return arrive(survey, tmp_path / "new.csv", Described("2026Q2", **described))

    return look


def printed(pieces, width=200):
    console = Console(file=StringIO(), width=width)
    for piece in pieces:
        console.print(piece)
    return console.file.getvalue().replace(NO_BREAK, " ")


def row(text, name):
    return next(line for line in text.splitlines() if line.startswith(name))


def test_fewer_than_ten_are_not_counted_and_can_not_be_worked_out(arrival):
    frame = rows(2, start=3000)
    frame.loc[:3, "q13_outage"] = 0
    said = row(printed(compared(arrival(frame))), "outage")
    assert "fewer than 10" in said
    assert "about 160" in said
    assert "156" not in said


def test_thirty_to_forty_nine_are_marked_and_the_mark_is_explained(arrival):
    frame = rows(2, start=3000)
    frame["q13_outage"] = frame["q13_outage"].where(frame.index < 40, 6)
    text = printed(compared(arrival(frame)))
    assert "†" in row(text, "outage")
    assert "Fewer than 50 answers" in text
    assert "†" not in row(text, "first_bill")


def test_fewer_than_thirty_give_the_reason_instead(arrival):
    frame = rows(2, start=3000)
    frame["q13_outage"] = frame["q13_outage"].where(frame.index < 20, 6)
    said = row(printed(compared(arrival(frame))), "outage")
    assert "too few to say (n = 20)" in said
    assert "→" not in said.partition("too few")[0]


def test_few_who_answered_before_are_not_counted(arrival):
    said = row(printed(compared(arrival(rows(2, start=1155)))), "Ids")
    assert said == (
        "Ids: 160 respondents; seen in an earlier wave: fewer than 10 (2026Q1 fewer than 10)."
    )


def test_a_wave_without_ids_and_weights_says_nothing_of_them(arrival):
    frame = rows(2).drop(columns=["customer", "weight"])
    text = printed(compared(arrival(frame, absent=("respondent", "weight"))))
    assert "Ids" not in text
    assert "Weights" not in text
    assert "first_bill" in text


def test_the_first_wave_is_compared_with_nothing(arrival):
    first = arrival(rows(2), STUDY[: STUDY.index("waves:")])
    text = printed(compared(first))
    assert "no earlier wave has ids" in text
    assert "wave 20" not in text


def test_nothing_is_wider_than_a_small_terminal(arrival):
    frame = rows(2, start=3000).rename(columns={"q12_first_bill": "Q1_FIRST_BILL"})
    found = arrival(frame)
    for pieces in (found_in(found), compared(found), to_write(found)):
        assert max(map(len, printed(pieces, 80).splitlines())) <= 80


def test_every_open_column_is_told_with_what_to_type(arrival):
    frame = rows(2).rename(columns={"q13_outage": "it's outages"}).drop(columns="weight")
    text = refusal(arrival(frame))
    assert "--column 'weight=its name in this file', or --without weight" in text
    assert "--column 'q13_outage=it'\"'\"'s outages', or --without outage" in text


def test_markup_in_names_is_text(arrival):
    frame = rows(2).rename(columns={"day": "[red]day[/red]"})
    frame["plan"] = np.where(frame.index % 2, "[bold]x", "contract")
    found = arrival(frame)
    assert "[red]day[/red]" in printed(found_in(found))
