"""The notebooks: as stored, and executed on the example, a five-line study and the airport."""

import ast
import re
import shutil
from pathlib import Path

import nbformat
import pypdf
import pytest

from mot_research.report.documents import parameter_names, read_document
from mot_research.report.execution import execute
from mot_research.report.rendering import render_document
from tests.test_workbook import five_line_study

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = (
    "01-define-the-experience",
    "02-check-a-wave",
    "03-what-drives-loyalty-and-revenue",
    "04-choose-the-priorities",
    "05-what-changed",
)
OF_A_RUN = NOTEBOOKS[2:]
SHOWS = r"\b\w*(tables|charts)\.\w+\(|experience_map\("
NEEDS_NO_KEY = r"heading|not_compared"  # a sentence
FEWER_RESAMPLES = "n_resamples: 200"  # the intervals are not what is tested here


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.ipynb"


def code_of(name: str) -> list[str]:
    return [cell.code for cell in read_document(path_of(name)).cells if cell.kind == "code"]


def outputs_of(notebook) -> list:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def markdown_of(notebook) -> str:
    """All text that the notebook shows: its own and what its cells say."""
    said = [
        output["data"].get("text/markdown", "")
        for output in outputs_of(notebook)
        if "data" in output
    ]
    return "\n".join(said)


def figures_of(notebook) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs_of(notebook))


def executed(name: str, study: Path, cwd: Path = FOLDER):
    return execute(read_document(path_of(name)), parameters={"study": study}, cwd=cwd)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example") / "study"
    shutil.copytree(ROOT / "data" / "example", folder)
    file = folder / "study.yml"
    text = file.read_text(encoding="utf-8")
    assert "n_resamples: 2000" in text
    file.write_text(text.replace("n_resamples: 2000", FEWER_RESAMPLES), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def five_lines(tmp_path_factory):
    return five_line_study(tmp_path_factory.mktemp("five"))


@pytest.fixture(scope="module")
def airport(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("airport")
    text = (ROOT / "tests" / "studies" / "airport" / "study.yml").read_text(encoding="utf-8")
    assert "\nrules:" not in text
    text += f"\nrules: {{{FEWER_RESAMPLES}}}\n"
    (folder / "study.yml").write_text(text, encoding="utf-8")
    shutil.copy(shared / "data" / "sfo_waves_2010_2017.csv.gz", folder)
    return folder


@pytest.fixture(scope="module")
def on_example(example):
    return {name: executed(name, example) for name in NOTEBOOKS}


@pytest.fixture(scope="module")
def on_five_lines(five_lines):
    return {name: executed(name, five_lines) for name in NOTEBOOKS}


def test_these_are_all_notebooks():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == list(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
class TestAsStored:
    def test_it_is_a_valid_notebook_for_python_3(self, name):
        notebook = nbformat.read(path_of(name), as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"

    def test_no_cell_was_run(self, name):
        for cell in nbformat.read(path_of(name), as_version=4).cells:
            assert not cell.get("outputs")
            assert cell.get("execution_count") is None

    def test_its_front_matter_says_what_it_is(self, name):
        notebook = nbformat.read(path_of(name), as_version=4)
        assert notebook.cells[0].cell_type == "raw"
        metadata = read_document(path_of(name)).metadata
        assert {"title", "subtitle", "description", "lang"} <= set(metadata)
        assert metadata["title"].startswith(name[:2])

    def test_one_cell_holds_its_parameters(self, name):
        cells = [cell for cell in read_document(path_of(name)).cells if cell.is_parameters]
        assert len(cells) == 1
        assert "study" in parameter_names(read_document(path_of(name)))

    def test_it_defines_no_functions(self, name):
        made = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
        for code in code_of(name):
            assert not [node for node in ast.walk(ast.parse(code)) if isinstance(node, made)]

    def test_it_takes_only_public_names_from_the_package(self, name):
        for code in code_of(name):
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.ImportFrom) and node.module.startswith("mot_research"):
                    assert node.module.startswith("mot_research.report")
                    assert not any(part.name.startswith("_") for part in node.names)
                if isinstance(node, ast.Attribute):
                    assert not node.attr.startswith("_")

    def test_every_table_and_chart_comes_after_a_line_on_how_to_read_it(self, name):
        text = ""
        for cell in read_document(path_of(name)).cells:
            if cell.kind == "markdown":
                text = cell.source
            elif re.search(SHOWS, cell.code) and not re.search(NEEDS_NO_KEY, cell.code):
                assert "How to read" in text, cell.place


@pytest.mark.parametrize("name", NOTEBOOKS)
class TestOnTheExample:
    def test_it_shows_what_it_is_about_and_that_the_data_are_simulated(self, name, on_example):
        text = markdown_of(on_example[name])
        assert "Harbour Mobile" in text
        assert "Simulated data" in text

    def test_it_has_tables_and_figures(self, name, on_example):
        assert "|" in markdown_of(on_example[name])
        assert figures_of(on_example[name])

    def test_no_warning_and_no_missing_number_shows(self, name, on_example):
        notebook = on_example[name]
        assert not [output for output in outputs_of(notebook) if output.output_type == "stream"]
        assert not re.search(r"\b(nan|NaN|None|inf)\b", markdown_of(notebook))

    def test_no_frame_shows_as_html_that_asks_for_a_script(self, name, on_example):
        assert not any("text/html" in o.get("data", {}) for o in outputs_of(on_example[name]))


def test_the_changed_questionnaire_file_is_named(on_example):
    assert "2026q3" in markdown_of(on_example["02-check-a-wave"])


def test_the_drop_with_a_cause_is_found(on_example):
    text = markdown_of(on_example["05-what-changed"])
    assert "First bill arrives" in text
    assert "Nothing to compare" not in text


def test_the_segment_that_flips_is_found(on_example):
    text = markdown_of(on_example["03-what-drives-loyalty-and-revenue"])
    flips = text.split("All together", 1)[1]
    assert re.search(r"Is offered a bigger plan.*prepaid.*contract", flips.splitlines()[2])


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_runs_on_a_study_of_five_lines(name, on_five_lines):
    assert "Harbour Mobile" in markdown_of(on_five_lines[name])
    assert "Simulated" not in markdown_of(on_five_lines[name])


def test_with_one_wave_there_is_nothing_to_compare(on_five_lines):
    assert "Nothing to compare" in markdown_of(on_five_lines["05-what-changed"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["03-what-drives-loyalty-and-revenue", "04-choose-the-priorities"])
def test_it_runs_on_real_answers(name, airport):
    notebook = executed(name, airport)
    assert "San Francisco" in markdown_of(notebook)
    assert figures_of(notebook)


@pytest.mark.parametrize("cwd", [FOLDER, ROOT], ids=["as in JupyterLab", "as in Quarto"])
def test_its_study_is_found_from_where_it_runs(cwd):
    notebook = execute(read_document(path_of(NOTEBOOKS[0])), parameters={}, cwd=cwd)
    assert "Harbour Mobile" in markdown_of(notebook)


def test_it_renders_to_html_and_pdf(five_lines, tmp_path):
    name = "03-what-drives-loyalty-and-revenue"
    targets = {"html": tmp_path / "n.html", "pdf": tmp_path / "n.pdf"}
    render_document(
        path_of(name), parameters={"study": five_lines}, targets=targets, renderer="embedded"
    )
    html = targets["html"].read_text(encoding="utf-8")
    assert "<table" in html
    assert "<svg" in html or "<img" in html
    assert not re.search(r"""(?:src|href)=["']https?://""", html)
    pages = pypdf.PdfReader(targets["pdf"]).pages
    text = " ".join(page.extract_text() for page in pages)
    assert "What drives loyalty and revenue" in " ".join(text.split())
    assert "?@" not in text
