"""A language is added in one package: no other module of the report writes a sentence."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import mot_research.report

# What a schema says of a key is part of the file's format, as the key is; the others speak of the
# faults of a document or of a program, in pieces of errors.
OTHERS = re.compile("schema|^(documents|execution|embedded|pandoc|programs|quarto)$")
MODULES = sorted(
    path
    for path in Path(mot_research.report.__file__).parent.glob("*.py")
    if not OTHERS.search(path.stem)
)
WORDS = 4  # from which a text is taken for a sentence
OF_CODE = re.compile(r"[<>{}=#\\\[\]/_@]|--")


def sentences(tree: ast.Module) -> Iterator[str]:
    """Texts of several words that are no docstring, no error, and no code of another language."""
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            skipped.add(id(node.body[0].value))
        if isinstance(node, ast.Raise):
            skipped |= {id(part) for part in ast.walk(node)}
        if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Error"):
            skipped |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            n_words = len(re.findall(r"[A-Za-z]{2,}", text))
            if id(node) not in skipped and n_words >= WORDS and not OF_CODE.search(text):
                yield text


def test_a_sentence_is_found():
    source = (
        '"""Of a module."""\nx = "Nothing was due for customers."\nraise E("not one of these here")'
    )
    assert list(sentences(ast.parse(source))) == ["Nothing was due for customers."]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_sentences_stand_in_narrative_alone(path):
    assert list(sentences(ast.parse(path.read_text("utf-8")))) == []
