"""Voting sheets: what they offer, and the votes that come back, to the last cell."""

import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import mot_research as mot
from mot_research.errors import StudyError
from mot_research.report.narrative.imported import told_votes
from mot_research.study.reading import read_study
from mot_research.survey.tables import read_table
from mot_research.survey.votes import votes_of
from mot_research.workshop.ballot_reading import read_ballots
from mot_research.workshop.ballot_sheet import HEADINGS, SHEET, silos_of, write_ballots
from mot_research.workshop.vote_file import collect_votes
from tests.test_workbook import five_line_study

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
SILOS = ("Marketing", "Care / Billing")
NAME, FIRST_ROW = "B7", 10


@pytest.fixture
def study(tmp_path):
    """Two moments, q12_first_bill and q13_outage, and no votes yet."""
    return read_study(five_line_study(tmp_path))


@pytest.fixture
def ballots(study, tmp_path):
    return write_ballots(study, SILOS, tmp_path / "ballots")


def fill(path, name, votes, to=None, sheet=SHEET):
    """Fill in a ballot as a person would: votes by moment as (stage, category, yes, rank)."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    if name is not None:
        page[NAME] = name
    for row in page.iter_rows(min_row=FIRST_ROW):
        for cell, value in zip(row[2:6], votes.get(row[6].value, ()), strict=False):
            cell.value = value
    book.save(to or path)


class TestSheets:
    def test_each_silo_has_its_own_and_nothing_is_filled_in(self, study, ballots):
        assert [path.name for path in ballots] == ["Marketing.xlsx", "Care-Billing.xlsx"]
        for silo, path in zip(SILOS, ballots, strict=True):
            page = openpyxl.load_workbook(path)[SHEET]
            cells = [[cell.value for cell in row] for row in page.iter_rows()]
            assert ["Department", silo] in [row[:2] for row in cells]
            table = cells[cells.index([*HEADINGS]) + 1 :]
            assert sorted(row[6] for row in table) == ["q12_first_bill", "q13_outage"]
            assert all(row[2:6] == [None] * 4 for row in table)

    def test_cells_to_fill_in_are_open_and_have_lists(self, ballots):
        page = openpyxl.load_workbook(ballots[0])[SHEET]
        assert page.protection.sheet
        first = page[FIRST_ROW]
        assert [cell.protection.locked for cell in first] == [True] * 2 + [False] * 4 + [True]
        assert not page[NAME].protection.locked
        rules = {str(rule.sqref)[0]: rule.type for rule in page.data_validations.dataValidation}
        assert rules == {"C": "list", "D": "list", "E": "list", "F": "whole"}

    def test_the_order_gives_no_stage_away(self, tmp_path):
        study = read_study(EXAMPLE)
        (path,) = write_ballots(study, ["IT"], tmp_path / "ballots")
        page = openpyxl.load_workbook(path)[SHEET]
        names = [row[0].value for row in page.iter_rows(min_row=FIRST_ROW)]
        assert names == sorted((one.name for one in study.moments), key=str.casefold)

    def test_silos_are_the_owners_and_partners(self):
        study = read_study(EXAMPLE)
        assert silos_of(study) == (
            "Billing",
            "Customer care",
            "IT",
            "Marketing",
            "Network",
            "Sales",
        )

    def test_a_ballot_that_is_there_is_not_written_over(self, study, ballots):
        before = ballots[0].read_bytes()
        with pytest.raises(StudyError, match="may hold votes"):
            write_ballots(study, SILOS, ballots[0].parent)
        assert ballots[0].read_bytes() == before

    def test_without_silos_the_way_to_name_them_is_told(self, study, tmp_path):
        with pytest.raises(StudyError, match="--silos"):
            write_ballots(study, silos_of(study), tmp_path / "ballots")

    def test_no_text_is_a_formula(self, tmp_path):
        folder = five_line_study(tmp_path)
        text = (folder / "study.yml").read_text().replace("First bill arrives", '"=1+1"')
        (folder / "study.yml").write_text(text)
        for path in write_ballots(read_study(folder), ["=cmd"], tmp_path / "ballots"):
            for page in openpyxl.load_workbook(path):
                assert not [c for row in page.iter_rows() for c in row if c.data_type == "f"]


class TestVotes:
    def test_the_votes_of_the_example_come_back_as_they_were(self, tmp_path):
        """The 18 participants' own votes, filled in one copy each, and read from the folder."""
        folder = tmp_path / "study"
        (folder / "workshop").mkdir(parents=True)
        shutil.copy(EXAMPLE / "study.yml", folder)
        study = read_study(folder)
        expected = votes_of(study, read_table(EXAMPLE / "workshop" / "votes.csv"))
        write_ballots(study, sorted(set(expected["silo"])), tmp_path / "blank")
        (tmp_path / "returned").mkdir()
        names = {stage.id: stage.name for stage in study.stages}
        for (silo, participant), votes in expected.groupby(["silo", "participant"]):
            cells = {
                vote.moment: (
                    names.get(vote.stage),
                    None if pd.isna(vote.category) else vote.category,
                    {1.0: "yes", 0.0: "no"}.get(vote.shortlisted, "can't say"),
                    None if pd.isna(vote.rank) else int(vote.rank),
                )
                for vote in votes.itertuples()
            }
            blank = tmp_path / "blank" / f"{silo.replace(' ', '-')}.xlsx"
            fill(blank, participant, cells, to=tmp_path / "returned" / f"{participant}.xlsx")
        done = collect_votes(study, tmp_path / "returned")
        assert sum(done.participants.values()) == expected["participant"].nunique()
        keys = ["silo", "participant", "moment"]
        read = votes_of(study, read_table(folder / "workshop" / "votes.csv"))
        pd.testing.assert_frame_equal(
            read.sort_values(keys, ignore_index=True),
            expected.sort_values(keys, ignore_index=True),
        )

    def test_the_study_names_its_votes_afterwards_and_uses_them(self, study, ballots):
        before = study.path.read_text(encoding="utf-8")
        fill(ballots[0], "A. B.", {"q12_first_bill": ("Care", "rescue", "yes", 1)})
        done = collect_votes(study, ballots[0].parent)
        assert study.path.read_text(encoding="utf-8").startswith(before.rstrip())
        survey = mot.read_survey(read_study(study.path))
        vote, other = survey.votes.to_dict("records")
        assert (vote["stage"], vote["category"], vote["shortlisted"], vote["rank"]) == (
            "care", "rescue", 1, 1,
        )  # fmt: skip
        assert (other["moment"], other["shortlisted"]) == ("q13_outage", 0)  # empty beside a yes
        told = told_votes(done)
        assert "Marketing: one participant." in told
        assert "Care-Billing.xlsx" in told  # nothing filled in

    def test_who_votes_again_replaces_the_own_votes_only(self, study, ballots):
        folder = ballots[0].parent
        fill(ballots[0], "A", {"q12_first_bill": ("Care", None, "yes", 1)})
        fill(ballots[1], "B", {"q13_outage": ("Use", None, "yes", None)})
        collect_votes(study, folder)
        ballots[1].unlink()
        fill(ballots[0], "A", {"q12_first_bill": ("Use", None, "can't say", None)})
        study = read_study(study.path)
        done = collect_votes(study, folder)
        assert (done.participants, done.kept) == ({"Marketing": 1}, 1)
        votes = mot.read_survey(study).votes.set_index(["participant", "moment"])
        assert votes.loc[("A", "q12_first_bill"), "stage"] == "use"
        assert pd.isna(votes.loc[("A", "q12_first_bill"), "shortlisted"])
        assert votes.loc[("B", "q13_outage"), "stage"] == "use"

    def test_a_copy_of_the_sheet_in_the_same_file_is_a_second_ballot(self, study, ballots):
        book = openpyxl.load_workbook(ballots[0])
        copy = book.copy_worksheet(book[SHEET])
        copy.title = "Second"
        book.save(ballots[0])
        fill(ballots[0], "A", {"q13_outage": (None, None, "yes", None)})
        fill(ballots[0], "B", {"q13_outage": (None, None, "no", None)}, sheet="Second")
        ballots[1].unlink()
        votes = read_ballots(study, ballots[0].parent).votes
        assert {(v.participant, v.shortlisted) for v in votes if v.moment == "q13_outage"} == {
            ("A", 1), ("B", 0),
        }  # fmt: skip


class TestErrors:
    @pytest.mark.parametrize(
        ("name", "votes", "told"),
        [
            (None, ("Care", None, None, None), r"Marketing.xlsx, B7 \(your name\): is empty"),
            ("=A", ("Care", None, None, None), r"B7 \(your name\)"),
            ("A", ("Caer", None, None, None), r"C10 \(stage\): 'Caer'.*Did you mean 'Care'"),
            ("A", (None, "sales", None, None), r"D10 \(category\): 'sales' is not allowed"),
            ("A", (None, None, "perhaps", None), r"E10 \(shortlist\): 'perhaps'"),
            ("A", (None, None, "yes", 1.5), r"F10 \(rank\): '1.5' is no whole number"),
            ("A", (None, None, "no", 1), r"F10 \(rank\): is ranked, but not chosen"),
        ],
    )
    def test_each_names_file_row_and_column_and_writes_nothing(
        self, study, ballots, name, votes, told
    ):
        before = study.path.read_bytes()
        fill(ballots[0], name, {"q12_first_bill": votes})
        with pytest.raises(StudyError, match=f"nothing has changed:\n.*{told}"):
            collect_votes(study, ballots[0].parent)
        assert study.path.read_bytes() == before
        assert not (study.folder / "workshop").exists()

    def test_a_rank_that_stands_twice(self, study, ballots):
        both = ("q12_first_bill", "q13_outage")
        fill(ballots[0], "A", dict.fromkeys(both, (None, None, "yes", 1)))
        with pytest.raises(StudyError, match=r"F11.*1 stands in F10 too"):
            read_ballots(study, ballots[0].parent)

    def test_one_who_votes_twice(self, study, ballots):
        yes = {"q13_outage": (None, None, "yes", None)}
        fill(ballots[0], "A", yes, to=ballots[0].with_name("Again.xlsx"))
        fill(ballots[0], "a", yes)
        with pytest.raises(StudyError, match=r"'a' of 'Marketing' has voted in Again\.xlsx"):
            read_ballots(study, ballots[0].parent)

    def test_a_moment_that_is_gone(self, study, ballots):
        book = openpyxl.load_workbook(ballots[0])
        book[SHEET]["G10"] = "q12_first_bil"
        book.save(ballots[0])
        fill(ballots[0], "A", {"q13_outage": (None, None, "yes", None)})
        with pytest.raises(StudyError, match=r"G10.*Did you mean 'q12_first_bill'"):
            read_ballots(study, ballots[0].parent)

    def test_folders_without_ballots(self, study, ballots, tmp_path):
        (tmp_path / "none").mkdir()
        for folder, told in ((tmp_path / "gone", "no folder"), (tmp_path / "none", "no .xlsx")):
            with pytest.raises(StudyError, match=told):
                collect_votes(study, folder)
        with pytest.raises(StudyError, match=r"no ballot in .* is filled in"):
            collect_votes(study, ballots[0].parent)
        openpyxl.Workbook().save(tmp_path / "none" / "other.xlsx")
        with pytest.raises(StudyError, match=r"other\.xlsx: holds no ballot"):
            collect_votes(study, tmp_path / "none")
