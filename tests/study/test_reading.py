import pytest

from mot_research.errors import StudyError
from mot_research.study.reading import LARGEST_FILE, read_study


def refusal(read, text):
    with pytest.raises(StudyError) as caught:
        read(text)
    return str(caught.value)


def test_a_study_is_read_by_its_folder_or_its_file(read, five_lines, tmp_path):
    study = read(five_lines)
    assert study.path == tmp_path / "study.yml"
    assert read_study(tmp_path / "study.yml") == study
    assert read_study(str(tmp_path)) == study


def test_every_finding_is_in_one_message_with_its_line(read):
    message = refusal(
        read,
        "study: {nam: A, currency: eur}\n"
        "moments:\n"
        "  - {id: a, name: A, categry: rescue}\n"
        "  - {id: b, name: B, category: rescu,\n"
        "     trigger: {when: {event: x, nth: 0}}}\n"
        "ratings: {low: 1, hig: 5}\n"
        "ruls: {}\n",
    )
    assert message.splitlines()[1:] == [
        "  study.yml line 1, study.name: is missing. The study's name, as the reports print it.",
        "  study.yml line 1, study.currency: 'eur' does not fit. Currency of all amounts, as three "
        "capital letters (EUR, USD).",
        "  study.yml line 1, study.nam: unknown key. Did you mean 'name'? Known here: name, "
        "population, currency, simulated",
        "  study.yml line 3, moments[0].categry: unknown key. Did you mean 'category'? Known here: "
        "id, name, stage, category, mark, description, interaction, expectation, ideal, owner, "
        "partners, handoffs, metrics, data_needed, rating, expected, emotion, ratings, terms, "
        "trigger, brand_bet, shortlist, cost_per_year",
        "  study.yml line 4, moments[1].category: 'rescu' is not allowed. Did you mean 'rescue'? "
        "Allowed: rescue, revenue, request, relationship",
        "  study.yml line 5, moments[1].trigger.when.nth: should be greater than or equal to 1, "
        "not '0'",
        "  study.yml line 6, ratings.high: is missing. The best rating.",
        "  study.yml line 6, ratings.hig: unknown key. Did you mean 'high'? Known here: low, high, "
        "not_experienced, blank, target, top_box, bottom_box",
        "  study.yml line 7, ruls: unknown key. Did you mean 'rules'? Known here: study, look, "
        "stages, moments, ratings, outcomes, respondent, weight, stratum, cluster, segments, "
        "controls, scales, waves, customers, events, recordings, workshop, voice, operations, "
        "rules",
    ]
    assert message.startswith("9 things to correct")


def test_parts_that_contradict_each_other_are_found_with_their_lines(read):
    message = refusal(
        read,
        "study: A\nmoments:\n  - {id: a, name: A}\n  - id: b\n    name: B\n    stage: usee\n",
    )
    assert message.endswith(
        "study.yml line 6, moments[1].stage: 'usee' is not a stage. Did you mean 'use'? "
        "Stages: awareness, buy_in, acquisition, care, use, share"
    )


def test_moments_written_as_a_mapping_are_found_by_their_line(read):
    message = refusal(read, "study: A\nmoments:\n  q1: One\n  q2: true\n")
    assert "line 4, moments[1]: true and false are no text" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "study.yml holds nothing"),
        ("# only a comment\n", "study.yml holds nothing"),
        ("- a\n- b\n", "study.yml holds no keys"),
        ("just words", "study.yml holds no keys"),
    ],
)
def test_a_file_without_keys_is_refused(read, text, message):
    assert message in refusal(read, text)


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path):
    (tmp_path / "study.yml").write_bytes("study: A\n# größer\n".encode("cp1252"))
    with pytest.raises(StudyError, match="line 2: this is not UTF-8 text"):
        read_study(tmp_path)


def test_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "study.yml").write_bytes("\ufeffstudy: A\n".encode())
    assert read_study(tmp_path).name == "A"


def test_a_file_that_is_too_large_is_refused(tmp_path):
    (tmp_path / "study.yml").write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(StudyError, match="larger than 2,000,000 bytes"):
        read_study(tmp_path)


def test_a_missing_file_or_folder_says_what_to_give(tmp_path):
    with pytest.raises(StudyError, match=r"no study.yml in the folder.*mot new"):
        read_study(tmp_path)
    with pytest.raises(StudyError, match="no file"):
        read_study(tmp_path / "nowhere.yml")


def test_a_relative_path_is_found_from_a_notebooks_folder_of_the_project(
    read, five_lines, tmp_path, monkeypatch
):
    read(five_lines)
    (tmp_path / "_quarto.yml").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert read_study("study.yml").path == tmp_path / "study.yml"
    assert read_study(".").path == tmp_path / "study.yml"
    with pytest.raises(StudyError, match=r"no file 'nowhere\.yml'"):
        read_study("nowhere.yml")
    (tmp_path / "_quarto.yml").unlink()
    with pytest.raises(StudyError, match=r"no study.yml in the folder"):
        read_study(".")


def test_the_working_folder_comes_before_the_project(read, five_lines, tmp_path, monkeypatch):
    read(five_lines)
    (tmp_path / "_quarto.yml").touch()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "study.yml").write_text("study: Nearer\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "notebooks")
    assert read_study(".").name == "Nearer"


def test_text_from_the_file_can_not_move_the_cursor(read):
    message = refusal(read, 'study: A\n"bad\\e[2Jkey": 1\n')
    assert "\x1b" not in message
    assert "bad\\x1b[2Jkey" in message
