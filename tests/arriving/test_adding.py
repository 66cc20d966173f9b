"""A wave is added whole, or every byte stays as it was."""

import os

import pytest

from mot_research.arriving import Described, add_wave, adding, arrive, earlier_waves
from mot_research.errors import StudyError, SurveyError
from mot_research.study.reading import read_study
from mot_research.survey.reading import read_survey
from tests.arriving.small_study import STUDY, every_byte, rows

NEXT = Described("2026Q2", "2026-04-06", "2026-04-27")


@pytest.fixture
def arrival(study, new_file):
    return arrive(earlier_waves(read_study(study)), new_file(), NEXT)


def test_the_entry_and_the_file_are_there_and_the_rest_is_as_it_was(study, arrival):
    before = every_byte(study)
    again = add_wave(arrival)
    after = every_byte(study)
    line = "  - {id: 2026Q2, file: waves/2026q2.csv, from: 2026-04-06, to: 2026-04-27}\n"
    assert after.pop("waves/2026q2.csv") == arrival.file.read_bytes()
    assert after.pop("study.yml").decode() == STUDY.replace("# the first\n", f"# the first\n{line}")
    assert after == {name: content for name, content in before.items() if name != "study.yml"}
    assert [wave.id for wave in again.waves] == ["2026Q1", "2026Q2"]
    assert list(read_survey(again).waves) == ["2026Q1", "2026Q2"]


def test_byte_order_mark_and_rights_of_the_study_file_are_kept(study, new_file):
    path = study / "study.yml"
    path.write_bytes(b"\xef\xbb\xbf" + STUDY.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    add_wave(arrive(earlier_waves(read_study(study)), new_file(), NEXT))
    text = path.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf#")
    assert text.count(b"\n") == text.count(b"\r\n") == STUDY.count("\n") + 1
    assert path.stat().st_mode & 0o777 == 0o640


STEPS = {
    "the entry": (adding, "with_items"),
    "the reading back": (adding, "read_survey"),
    "the last step": (os, "replace"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_whatever_stops_it_in_the_middle_leaves_every_byte(
    study, arrival, monkeypatch, step, failure
):
    before = every_byte(study)

    def stop(*arguments, **options):
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(*STEPS[step], stop)
        with pytest.raises((StudyError, KeyboardInterrupt)):
            add_wave(arrival)
    assert every_byte(study) == before
    add_wave(arrival)


def test_a_wave_that_the_whole_study_can_not_use_is_taken_back(study, new_file):
    """The outcome's own file has two rows of a respondent: only the whole survey shows it."""
    text = (study / "study.yml").read_text()
    outcome = "  - {id: spent, role: revenue, kind: amount, file: crm.csv, column: eur}\n"
    text = text.replace("outcomes: [", "outcomes:\n  - ").replace(
        "high: 10}]\n", f"high: 10}}\n{outcome}"
    )
    (study / "study.yml").write_text(text)
    (study / "crm.csv").write_text("customer,eur\nC1000,1\nC3000,4\nC3000,5\n")
    arrival = arrive(earlier_waves(read_study(study)), new_file(), NEXT)
    assert not arrival.has_errors
    before = every_byte(study)
    with pytest.raises(SurveyError, match="one row a respondent"):
        add_wave(arrival)
    assert every_byte(study) == before


def test_a_study_file_changed_meanwhile_is_not_overwritten(study, arrival, monkeypatch):
    read_back = adding.read_survey

    def change_and_read(study_read):
        (study / "study.yml").write_text(f"{STUDY}# a colleague\n")
        return read_back(study_read)

    monkeypatch.setattr(adding, "read_survey", change_and_read)
    with pytest.raises(StudyError, match="changed by somebody else"):
        add_wave(arrival)
    assert (study / "study.yml").read_text().endswith("# a colleague\n")
    assert not (study / "waves" / "2026q2.csv").exists()


def test_a_file_changed_after_the_look_is_refused(study, arrival):
    before = every_byte(study)
    rows(9, start=3000).to_csv(arrival.file, index=False)
    with pytest.raises(SurveyError, match="changed meanwhile"):
        add_wave(arrival)
    assert every_byte(study) == before


def test_a_copy_left_by_a_power_cut_is_used(study, new_file):
    path = new_file()
    (study / "waves" / "2026q2.csv").write_bytes(path.read_bytes())
    add_wave(arrive(earlier_waves(read_study(study)), path, NEXT))
    assert read_study(study).latest_wave.file == "waves/2026q2.csv"


def test_a_link_is_not_replaced_by_a_file(study, arrival, tmp_path):
    (study / "study.yml").rename(tmp_path / "elsewhere.yml")
    (study / "study.yml").symlink_to(tmp_path / "elsewhere.yml")
    with pytest.raises(StudyError, match="is a link"):
        add_wave(arrival)
