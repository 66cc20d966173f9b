"""Reading a document: front matter, cells, options, and what is refused."""

import json
import re

import pytest

from mot_research.errors import RenderError
from mot_research.report.documents import (
    lines_outside_code,
    parameter_names,
    read_document,
    to_notebook,
)

QMD = """\
---
title: A title
execute: {echo: false}
---

Words.

```{python}
#| label: fig-a
#| tags: [parameters]
a = 1
b: int = 2
```

````markdown
```{python}
not_a_cell
```
````

```python
shown = "only"
```

```{python}

```
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="d.qmd"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_qmd_is_split_into_front_matter_text_and_cells(written):
    document = read_document(written(QMD))
    assert document.metadata == {"title": "A title", "execute": {"echo": False}}
    assert [cell.kind for cell in document.cells] == ["markdown", "code", "markdown", "code"]
    assert document.cells[1].code == "a = 1\nb: int = 2"
    assert document.cells[1].options == {"label": "fig-a", "tags": ["parameters"]}
    assert "not_a_cell" in document.cells[2].source
    assert "shown" in document.cells[2].source
    assert parameter_names(document) == ["a", "b"]


@pytest.mark.parametrize(
    "text", ["", "\n", "only text", "---\n---\n", "\ufeff---\ntitle: x\n---\nw"]
)
def test_small_and_odd_documents_are_read(written, text):
    document = read_document(written(text))
    assert "".join(cell.source for cell in document.cells) in ("", "only text", "w")


def test_windows_line_ends_make_no_difference(tmp_path):
    (tmp_path / "a.qmd").write_text(QMD, newline="\n")
    (tmp_path / "b.qmd").write_text(QMD, newline="\r\n")
    first, second = read_document(tmp_path / "a.qmd"), read_document(tmp_path / "b.qmd")
    assert [c.source for c in first.cells] == [c.source for c in second.cells]
    assert first.metadata == second.metadata


def test_a_notebook_reads_like_the_qmd(written):
    document = read_document(written(QMD))
    notebook = to_notebook(document)
    again = read_document(written(json.dumps(notebook), "d.ipynb"))
    assert again.metadata == document.metadata
    assert [cell.source for cell in again.cells] == [
        cell.source for cell in document.cells if cell.source.strip()
    ]
    assert parameter_names(again) == ["a", "b"]


def test_a_tag_of_the_notebook_cell_counts(written):
    notebook = to_notebook(read_document(written("```{python}\nwave = None\n```")))
    notebook.cells[1].metadata["tags"] = ["parameters"]
    assert parameter_names(read_document(written(json.dumps(notebook), "d.ipynb"))) == ["wave"]


def test_a_notebook_has_no_random_ids(written):
    notebook = to_notebook(read_document(written(QMD)))
    assert not any("id" in cell for cell in notebook.cells)
    assert notebook.metadata.kernelspec.name == "python3"


def test_lines_inside_a_fence_are_not_text():
    text = "a\n```\nb\n````\nc"
    assert [is_text for _, is_text in lines_outside_code(text)] == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\ntitle: x\n", "is not closed"),
        ("---\n- a\n---\n", "is not a list of 'key: value' lines"),
        ("---\na: [\n---\n", "is not YAML"),
        ("---\na: 1\na: 2\n---\n", "is not YAML"),
        ("```{python}\n1\n", "the code cell that begins on line 1 is not closed"),
        ("x\n\n```{r}\n1\n```", "line 3: a cell in 'r'"),
        ("```{python echo=false}\n1\n```", "inside the braces"),
        ("```{python}\n#| fig-caption: x\n1\n```", "unknown option 'fig-caption'"),
        ("```{python}\n#| label: a b\n1\n```", "has the label 'a b'"),
        ("```{python}\n#| label: a\n```\n```{python}\n#| label: a\n```", "label 'a' twice"),
    ],
)
def test_what_cannot_be_read_is_named(written, text, message):
    with pytest.raises(RenderError, match=re.escape(message)):
        read_document(written(text))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.qmd", b"\xff\xfe\x00", "is not UTF-8 text"),
        ("d.txt", b"x", "neither .qmd nor .ipynb"),
        ("d.ipynb", b"not json", "is not a notebook"),
        ("d.ipynb", b"{}", "is not a notebook"),
        ("d.ipynb", b"[]", "is not a notebook"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RenderError, match=message):
        read_document(tmp_path / name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RenderError, match="cannot be read"):
        read_document(tmp_path / "none.qmd")
