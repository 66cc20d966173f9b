"""Text from outside, made safe to print."""

from pathlib import Path

from mot_research.errors import shown


def test_a_path_is_whole_and_as_safe_as_any_text():
    path = Path("/a" + "/folder" * 30) / "st\x1budy"
    assert shown(path) == str(path).replace("\x1b", "\\x1b")
    assert shown(str(path)).endswith("…")
