"""The reference is what the docstrings, the command and the schema of a study say."""

import ast
import re
from pathlib import Path

import mot_research
from docs.writing.command_page import command_page
from docs.writing.python_pages import GROUPS
from docs.writing.reference import FOLDER, reference_pages
from mot_research.study.definition import Study
from tests.pages import DOCS, ROOT, name_of

PACKAGE = Path(mot_research.__file__).parent
NAMES = {name for group in GROUPS.values() for name in group.names}


def result_classes():
    """The classes that have a table or a picture of themselves."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                methods = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                if methods & {"to_frame", "plot"}:
                    yield node.name


def test_the_pages_are_those_that_the_writer_makes():
    """`python -m docs.writing.reference` has been run after the last change."""
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert written == reference_pages()


def test_every_public_name_and_every_result_has_its_entry():
    results = set(result_classes())
    assert len(results) > 10
    assert {*mot_research.__all__, *results} <= NAMES


def test_every_key_of_a_study_says_what_it_is():
    schema = Study.model_json_schema()
    for name, part in {"Study": schema, **schema["$defs"]}.items():
        for key, about in part["properties"].items():
            assert about.get("description"), f"{name}.{key}"


def test_every_row_of_a_table_says_what_it_is():
    for path in FOLDER.glob("*.md"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not line.endswith("|  |"), f"{path.name}: {line}"


def test_commands_and_options_that_pages_name_exist():
    parts = command_page().split("\n## mot ")[1:]
    options = {part.split("\n")[0]: set(re.findall(r"--[a-z-]+", part)) for part in parts}
    named = re.compile(r"(?:^|`)mot ([a-z][a-z-]*)([^`\n]*)", flags=re.MULTILINE)
    found = 0
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        for command, rest in named.findall(text):
            found += 1
            assert command in options, f"{name_of(page)}: mot {command}"
            unknown = set(re.findall(r"(?<!\S)\[?(--[a-z-]+)", rest)) - options[command]
            assert not unknown, f"{name_of(page)}: mot {command} {unknown}"
    assert found > 50
