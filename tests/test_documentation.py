"""README and pages are true: their code and commands print what they say."""

import pytest

from tests.pages import DOCS, ROOT, is_as_shown, name_of, run_page, with_code

# The pages on methods are run by test_methods.py, in a process of their own.
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "methods"),
]


@pytest.mark.parametrize("page", with_code(PAGES), ids=name_of)
def test_code_runs_and_prints_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path)


@pytest.mark.parametrize("command", ["rm -rf /", "mot nonsense"])
def test_a_page_can_only_show_commands_that_are_run_or_known(command, tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(f"```sh\n{command}\n```\n")
    monkeypatch.setattr("tests.pages.ROOT", tmp_path)
    with pytest.raises(AssertionError):
        run_page(page, tmp_path)


def test_lines_left_out_stand_for_any_number_and_others_for_themselves():
    printed = "one\ntwo  \nthree\nfour\n"
    assert is_as_shown(printed, "one\n…\nfour\n")
    assert is_as_shown(printed, "…\nthree\n…\n")
    assert not is_as_shown(printed, "one\nthree\n…\n")
    assert not is_as_shown(printed, "one\ntwo\nthree\n")
