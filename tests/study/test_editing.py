"""Edits of a study file: what was asked for changes, and not one other character."""

import difflib
import stat
from pathlib import Path

import pytest

from mot_research.errors import StudyError
from mot_research.study.editing import edit_list, write_whole
from mot_research.study.positions import read_yaml

EXAMPLE = Path(__file__).parents[2] / "data" / "example" / "study.yml"
SMALL = """\
study: {name: Small}   # a note
moments:
  # the first
  - id: a
    name: A   # named by us
    # a remark on the owner
    owner: Billing

  # Care
  - id: b
    name: B

# the scale
ratings: {low: 1,
          high: 5}
"""


def named(owner):
    def change(item):
        item["owner"] = owner

    return change


def difference(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def test_only_the_line_that_changes_changes():
    after = edit_list(SMALL, "moments", {0: named("Sales: we")})
    assert difference(SMALL, after) == ["-     owner: Billing", "+     owner: 'Sales: we'"]


def test_a_key_more_stands_in_its_item_before_the_notes_on_the_next():
    after = edit_list(SMALL, "moments", {1: named("IT")})
    assert difference(SMALL, after) == ["+     owner: IT"]
    assert after.index("owner: IT") < after.index("# the scale")


def test_a_new_item_follows_the_last_one():
    after = edit_list(SMALL, "moments", {}, [{"id": "c", "name": "no", "partners": ["x", "y, z"]}])
    assert difference(SMALL, after) == [
        "+   - id: c", '+     name: "no"', '+     partners: [x, "y, z"]',
    ]  # fmt: skip


def test_nothing_to_do_gives_the_same_text():
    assert edit_list(SMALL, "moments", {}) == SMALL


def test_every_moment_of_the_example_can_be_edited():
    text = EXAMPLE.read_text(encoding="utf-8")
    moments = read_yaml(text, name="s").value["moments"]
    after = edit_list(text, "moments", {at: named("N. N.") for at in range(len(moments))})
    assert {one["owner"] for one in read_yaml(after, name="s").value["moments"]} == {"N. N."}
    for line in difference(text, after):
        assert "owner:" in line


def test_a_wave_in_braces_is_followed_by_one_in_braces():
    text = EXAMPLE.read_text(encoding="utf-8")
    after = edit_list(text, "waves", {}, [{"id": "2026Q4", "file": "waves/2026q4.csv"}])
    assert difference(text, after) == ["+   - {id: 2026Q4, file: waves/2026q4.csv}"]


@pytest.mark.parametrize(
    "empty", ["moments:", "moments: []  # none yet", "moments: null", "rules: {}"]
)
def test_an_empty_list_and_none_get_their_first_item(empty):
    after = edit_list(f"study: x\n{empty}\n# end\n", "moments", {}, [{"id": "a", "name": "A"}])
    assert read_yaml(after, name="s").value["moments"] == [{"id": "a", "name": "A"}]
    assert "# end" in after
    assert ("none yet" in empty) == ("none yet" in after)


def test_lines_of_windows_stay_lines_of_windows():
    text = SMALL.replace("\n", "\r\n")
    after = edit_list(text, "moments", {0: named("IT")})
    assert after == text.replace("owner: Billing", "owner: IT")


@pytest.mark.parametrize(
    "text",
    [
        "study: x\nmoments: [{id: a, name: A}, {id: b, name: B}]\n",
        "study: x\nmoments:\n  - &one\n    id: a\n    name: A\n  - <<: *one\n    id: b\n",
    ],
)
def test_what_can_not_be_edited_by_itself_is_refused(text):
    with pytest.raises(StudyError, match="by hand"):
        edit_list(text, "moments", {1: named("IT")})


def test_a_file_is_replaced_whole_with_its_permissions(tmp_path):
    file = tmp_path / "study.yml"
    file.write_text("old")
    file.chmod(0o640)
    write_whole(file, "näu\n")
    assert file.read_bytes() == "näu\n".encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["study.yml"]
