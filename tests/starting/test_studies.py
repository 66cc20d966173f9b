"""A new study: what lies in its folder, that it reads, and that nothing is left half written."""

import re
from pathlib import Path

import pytest

from mot_research.errors import RenderError, StudyError
from mot_research.report.documents import parameter_names, read_document
from mot_research.report.execution import execute
from mot_research.report.originals import original
from mot_research.starting import new_study, studies
from mot_research.starting.blank import blank_study_yml
from mot_research.study.definition import SIX_STAGES, Study
from mot_research.study.positions import read_yaml
from mot_research.study.reading import read_study
from mot_research.workshop.stage_questions import STAGE_QUESTIONS


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new") / "harbour-mobile"
    new_study(folder)
    return folder


class TestStudyFile:
    def test_it_holds_the_name_and_the_six_stages_and_nothing_else(self, begun):
        study = read_study(begun)
        assert study.name == "Harbour mobile"
        assert study.stages == SIX_STAGES
        assert study.moments == study.outcomes == study.waves == ()

    def test_each_stage_stands_under_the_question_that_finds_its_moments(self, begun):
        text = " ".join((begun / "study.yml").read_text(encoding="utf-8").split())
        assert set(STAGE_QUESTIONS) == {stage.id for stage in SIX_STAGES}
        for stage, question in STAGE_QUESTIONS.items():
            assert f"# {question} - id: {stage}" in text

    def test_every_example_in_the_notes_is_allowed_where_it_stands(self):
        text = blank_study_yml("A study")
        text = re.sub(r"(?m)^#(?=  - |    [a-z_]+: |     yes: )", "", text)
        text = re.sub(r"(?m)^( *)# (?=[a-z]+: +[\w\[{])", r"\1", text)
        study = Study.model_validate(read_yaml(text, name="study.yml").value)
        assert [moment.id for moment in study.moments] == ["first_bill"]
        assert study.moments[0].cost_per_year == 120000
        assert [outcome.id for outcome in study.outcomes] == ["recommend", "renewed"]
        assert study.waves[0].file == "waves/2026q1.csv"
        assert study.population == 240000
        assert study.segments == ("plan",)
        assert study.events is not None

    @pytest.mark.parametrize("name", ["a: b # c", "yes", "2026", '"quoted"', "#", "ein Käfig"])
    def test_any_name_of_a_folder_reads_back(self, name):
        study = Study.model_validate(read_yaml(blank_study_yml(name), name="s").value)
        assert study.name == name

    @pytest.mark.parametrize(
        ("folder", "name"),
        [("harbour-mobile_2026", "Harbour mobile 2026"), ("x\x1b[31m", "New study"), ("é", "É")],
    )
    def test_the_name_is_made_of_the_folders(self, folder, name):
        assert studies.study_name(Path("/somewhere") / folder) == name


class TestWorkbook:
    def test_notebooks_and_reports_are_the_originals_set_to_this_study(self, begun):
        for kind, ending in (("notebooks", ".ipynb"), ("reports", ".qmd")):
            names = {path.name for path in original(kind).glob(f"*{ending}")}
            assert names
            assert {path.name for path in (begun / kind).iterdir()} == names
            for name in names:
                document = read_document(begun / kind / name)
                assert "study" in (parameter_names(document) or [])
                (cell,) = [cell for cell in document.cells if cell.is_parameters]
                assert 'study = "."' in cell.code

    def test_every_file_that_the_quarto_project_names_lies_in_the_folder(self, begun):
        text = (begun / "_quarto.yml").read_text(encoding="utf-8")
        named = re.findall(r"assets/[\w./-]+", text)
        assert len(named) >= 6
        assert "mot_research" not in text
        for name in named:
            assert (begun / name).exists(), name

    def test_the_first_notebook_runs_where_it_lies(self, begun):
        notebook = execute(
            read_document(begun / "notebooks" / "01-define-the-experience.ipynb"),
            parameters={},
            cwd=begun / "notebooks",
        )
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        assert "Harbour mobile" in str(outputs)
        assert not [output for output in outputs if output["output_type"] == "error"]


class TestWholeOrNotAtAll:
    def test_a_folder_that_holds_something_is_refused_and_untouched(self, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(
            StudyError, match=r"not empty: it holds notes\.txt.*Nothing was changed"
        ):
            new_study(tmp_path)
        assert [path.name for path in tmp_path.rglob("*")] == ["notes.txt"]

    def test_an_empty_folder_is_filled(self, tmp_path):
        folder = tmp_path / "empty"
        folder.mkdir()
        before = folder.stat().st_ino
        new_study(folder)
        assert folder.stat().st_ino == before  # a shell that stands in it still does
        assert read_study(folder).moments == ()
        assert [path.name for path in tmp_path.iterdir()] == ["empty"]

    def test_a_failure_on_the_way_leaves_nothing(self, tmp_path, monkeypatch):
        def fails(folder):
            raise RenderError("missing")

        monkeypatch.setattr(studies, "copy_workbook", fails)
        with pytest.raises(RenderError, match="missing"):
            new_study(tmp_path / "study")
        assert list(tmp_path.iterdir()) == []

    def test_a_place_that_cannot_be_written_is_named(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(StudyError, match="can't be written"):
            new_study(tmp_path / "file" / "study")
