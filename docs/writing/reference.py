"""Write the pages of docs/reference/ from docstrings, the command and the schema of a study.

Run from the root of the repository:

    python -m docs.writing.reference

A test compares the pages with what this writes: after a change of a public docstring, an option of
the command or a key of study.yml, run it and commit what it changed.
"""

from pathlib import Path

from docs.writing.command_page import command_page
from docs.writing.python_pages import GROUPS, group_page, overview
from docs.writing.study_file_page import study_file_page

FOLDER = Path(__file__).parents[1] / "reference"
INDEX = """\
# Reference

Everything that is used from outside, from the docstrings themselves:
[the command `mot`](command.md), [study.yml key by key](study-file.md), and what Python code and
notebooks call. The names of the first column are those of `import mot_research as mot`, or of what
these return. Results are frozen: `to_frame()` gives a table to work on, `plot()` draws into an
`Axes` of yours or a new one and returns it, and in JupyterLab a result at the end of a cell shows
itself.\
"""


def reference_pages() -> dict[str, str]:
    """Return every page of the reference by its file's name."""
    return {
        "index.md": "\n\n".join([INDEX, *overview()]) + "\n",
        "command.md": command_page(),
        "study-file.md": study_file_page(),
        **{f"{name}.md": group_page(group) for name, group in GROUPS.items()},
    }


def main() -> None:
    """Write the pages, and take away those that are no more."""
    pages = reference_pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
