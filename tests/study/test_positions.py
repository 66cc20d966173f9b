import pytest

from mot_research.errors import StudyError
from mot_research.study.positions import Position, read_yaml


def refusal(text):
    with pytest.raises(StudyError) as caught:
        read_yaml(text, name="study.yml")
    return str(caught.value)


def test_values_come_with_the_place_of_their_key_or_item():
    document = read_yaml("a:\n  - x\n  - b: 1\n    c: 2\n", name="study.yml")
    assert document.value == {"a": ["x", {"b": 1, "c": 2}]}
    assert document.position(("a", 1, "c")) == Position(4, 5)
    assert document.position(("a", 1, "missing")) == Position(3, 5)
    assert document.position(()) == Position(1, 1)


def test_a_scalar_is_a_number_only_where_it_keeps_its_characters():
    text = "[7, 007, 1.5, 1.50, 1_000, 0x10, 1e3, yes, true, null, ~, 2026-01-10, '7']"
    assert read_yaml(text, name="study.yml").value == [
        7, "007", 1.5, "1.50", "1_000", "0x10", "1e3", "yes", True, None, None, "2026-01-10", "7",
    ]  # fmt: skip


def test_keys_are_text():
    assert read_yaml("2017: a\n007: b\nyes: c", name="s").value == {
        "2017": "a", "007": "b", "yes": "c",
    }  # fmt: skip


def test_merged_keys_give_way_to_own_keys():
    text = "base: &b {low: 1, high: 5}\nr: {<<: *b, high: 7}\ns: {<<: [{low: 0}, *b]}\n"
    value = read_yaml(text, name="s").value
    assert value["r"] == {"low": 1, "high": 7}
    assert value["s"] == {"low": 0, "high": 5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' stands twice, first in line 1"),
        ("study:\n\tname: A\n", "line 2, column 1: a tab is used for indentation"),
        ("a: [1, 2\n", "line 2, column 1: not readable as YAML: expected ',' or ']'"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: a second document begins here"),
        ("a: &x [*x]\n", "line 1, column 4: an alias (*) refers to a part that holds it"),
        ("a: !!python/object:os.system x\n", "line 1, column 4: the tag"),
        ("a: !mine {b: 1}\n", "line 1, column 4: the tag !mine is not allowed"),
        ("? [a, b]\n: 1\n", "a key must be a text"),
        ("<<: 3\n", "merges mappings only"),
        ("a: *nowhere\n", "line 1, column 4"),
        ("a: \x01\n", "unacceptable character"),
        ("[" * 1000, "nested too deeply"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_place(text, message):
    assert message in refusal(text)


def test_an_alias_bomb_stops_early():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 12):
        levels.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    assert "more than 50,000 values" in refusal("\n".join(levels))
