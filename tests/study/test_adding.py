"""A wave's entry in the text of a study: at its place, and nothing else touched."""

import difflib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mot_research.errors import StudyError
from mot_research.study.adding import item_text, with_items
from mot_research.study.positions import read_yaml

ROOT = Path(__file__).parents[2]
ENTRY = {"id": "2026Q4", "file": "waves/2026q4.csv", "from": "2026-10-05", "to": "2026-10-26"}
ONE_LINE = "- {id: 2026Q4, file: waves/2026q4.csv, from: 2026-10-05, to: 2026-10-26}"
LONG = {"id": "2017", "file": "a.sav", "columns": {f"q{n}_food": f"v {n}: x" for n in range(9)}}

# What stands before, and what must stand after: everything that people write under waves.
STYLES = {
    "on one line each": (
        "waves:\n  - {id: a, file: a.csv}   # the first\n\n# more\nrules: {top: 5}\n",
        "waves:\n  - {id: a, file: a.csv}   # the first\n"
        f"  {ONE_LINE}\n\n# more\nrules: {{top: 5}}\n",
    ),
    "at the margin": (
        "waves:\n- {id: a, file: a.csv}\nrules: {}",
        f"waves:\n- {{id: a, file: a.csv}}\n{ONE_LINE}\nrules: {{}}",
    ),
    "without a last line end": (
        "waves:\n  - {id: a, file: a.csv}",
        f"waves:\n  - {{id: a, file: a.csv}}\n  {ONE_LINE}",
    ),
    "a key a line": (
        "waves:\n  - id: a\n    file: a.csv\n    weight:   # none\n\n# more\n",
        "waves:\n  - id: a\n    file: a.csv\n    weight:   # none\n  - id: 2026Q4\n"
        "    file: waves/2026q4.csv\n    from: 2026-10-05\n    to: 2026-10-26\n\n# more\n",
    ),
    "in brackets": (
        "waves: [{id: a, file: a.csv}]  # x\n",
        f"waves: [{{id: a, file: a.csv}}, {ONE_LINE[2:]}]  # x\n",
    ),
    "in brackets, a line each": (
        "waves: [{id: a, file: a.csv},\n        {id: b, file: b.csv}]\n",
        "waves: [{id: a, file: a.csv},\n        {id: b, file: b.csv},\n"
        f"        {ONE_LINE[2:]}]\n",
    ),
    "nothing yet": (
        "study: x\nwaves:  # oldest first\n#  - {id: a}\nrules: {}\n",
        f"study: x\nwaves:  # oldest first\n  {ONE_LINE}\n#  - {{id: a}}\nrules: {{}}\n",
    ),
    "null": ("waves: ~\nrules: {}\n", f"waves:\n  {ONE_LINE}\nrules: {{}}\n"),
    "empty brackets": ("waves: []  # none\n", f"waves:  # none\n  {ONE_LINE}\n"),
    "no key": ("study: x\n# end\n", f"study: x\n# end\n\nwaves:\n  {ONE_LINE}\n"),
    "Windows": (
        "study: x\r\nwaves:\r\n  - {id: a, file: a.csv}\r\nrules: {}\r\n",
        f"study: x\r\nwaves:\r\n  - {{id: a, file: a.csv}}\r\n  {ONE_LINE}\r\nrules: {{}}\r\n",
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_the_entry_stands_where_a_person_would_write_it(style):
    before, after = STYLES[style]
    assert with_items(before, "waves", [ENTRY]) == after


def test_the_example_gets_one_line_more_and_keeps_every_other():
    text = (ROOT / "data" / "example" / "study.yml").read_text(encoding="utf-8")
    after = with_items(text, "waves", [ENTRY])
    changed = [
        line for line in difflib.ndiff(text.splitlines(), after.splitlines()) if line[0] in "+-"
    ]
    assert changed == [f"+   {ONE_LINE}"]


def test_an_entry_too_long_for_a_line_has_a_key_a_line():
    text = item_text(LONG)
    assert text.splitlines()[:4] == [
        '  - id: "2017"',
        "    file: a.sav",
        "    columns:",
        '      q0_food: "v 0: x"',
    ]
    assert (
        read_yaml(with_items("waves:\n- {id: a, file: a.csv}\n", "waves", [LONG]), name="x").value[
            "waves"
        ][1]
        == LONG
    )


@pytest.mark.parametrize(
    "text",
    [
        "old: &w\n  - {id: a, file: a.csv}\nwaves: *w\n",
        "<<: {waves: [{id: a, file: a.csv}]}\nstudy: x\n",
        "waves:\n  - &a {id: a, file: a.csv}\n  - *a\n",
        "{study: x}\n",
    ],
)
def test_where_the_place_is_not_certain_the_entry_is_printed_instead(text):
    with pytest.raises(StudyError, match=r"by hand: \{id: 2026Q4, file"):
        with_items(text, "waves", [ENTRY])


@pytest.mark.parametrize(
    "short",
    [
        "moments: {q1: A, q2: B}   # column: name\n",
        "moments: {q1: A,\n          q2: B}   # column: name\n",
        "moments:   # column: name\n  q1: A\n  # the second\n  q2: B   # both\n",
    ],
)
def test_a_list_takes_the_place_of_a_mapping(short):
    items = [{"id": "q1", "name": "A"}, {"id": "q2", "name": "B, too"}]
    after = with_items(f"study: x\n{short}# end\n", "moments", items)
    assert after.splitlines() == [
        "study: x", "moments:   # column: name", "  - {id: q1, name: A}",
        '  - {id: q2, name: "B, too"}', "# end",
    ]  # fmt: skip


NAMES = st.text(min_size=1, max_size=20).map(str.strip).filter(bool)


@settings(max_examples=40)
@given(name=NAMES, column=NAMES)
@pytest.mark.parametrize("style", ["on one line each", "a key a line", "in brackets"])
def test_any_name_of_a_column_reads_back_as_itself(style, name, column):
    entry = {
        "id": "a1",
        "file": "a.csv",
        "columns": {name: column},
        "not_asked": [name],
        "weight": None,
    }
    after = with_items(STYLES[style][0], "waves", [entry])
    assert read_yaml(after, name="x").value["waves"][-1] == entry
