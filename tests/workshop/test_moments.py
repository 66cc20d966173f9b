"""Moments in a spreadsheet: there and back without loss, errors by row and column."""

import difflib
import shutil
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mot_research.errors import StudyError
from mot_research.report.narrative.imported import told_import
from mot_research.starting import new_study
from mot_research.study.definition import Moment, Study
from mot_research.study.reading import read_study
from mot_research.workshop.importing import import_moments
from mot_research.workshop.moment_columns import COLUMNS
from mot_research.workshop.moments_reading import read_moments
from mot_research.workshop.moments_sheet import GUIDE, SHEET, export_moments, write_moments

EXAMPLE = Path(__file__).parents[2] / "data" / "example"


@pytest.fixture
def example(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    shutil.copy(EXAMPLE / "study.yml", folder)
    return read_study(folder)


@pytest.fixture
def sheet(example, tmp_path):
    """The example's moments as a spreadsheet, to be filled in."""
    path = tmp_path / "moments.xlsx"
    write_moments(example, path)
    return path


def fill(path: Path, cells: dict[str, object]) -> None:
    """Write cells as a person would, by their names: {"J2": "Billing"}."""
    book = openpyxl.load_workbook(path)
    for name, value in cells.items():
        book[SHEET][name] = value
    book.save(path)


def cell(moments, moment_id: str, key: str) -> str:
    """What a spreadsheet calls the cell of a moment and a key."""
    row = [moment.id for moment in moments].index(moment_id) + 2
    column = [each.key for each in COLUMNS].index(key) + 1
    return f"{openpyxl.utils.get_column_letter(column)}{row}"


class TestThereAndBack:
    def test_the_example_is_the_same_byte_for_byte(self, example, sheet):
        before = example.path.read_bytes()
        done = import_moments(example, sheet)
        assert (done.added, done.changed, done.not_in_sheet) == ((), {}, ())
        assert example.path.read_bytes() == before
        assert "nothing has changed" in told_import(done)

    def test_into_an_empty_study_it_brings_every_moment_whole(self, example, sheet, tmp_path):
        path = new_study(tmp_path / "new")
        empty = read_study(path)
        done = import_moments(empty, sheet)
        assert list(done.added) == [moment.id for moment in example.moments]
        assert read_study(path).moments == example.moments

    def test_every_part_of_a_moment_has_its_column(self):
        assert [column.key for column in COLUMNS] == [
            name for name in Moment.model_fields
            if name not in ("rating", "expected", "emotion", "ratings", "terms", "trigger",
                            "brand_bet", "shortlist", "cost_per_year")
        ] + ["rating", "expected", "emotion", "ratings", "terms", "trigger", "brand_bet",
             "shortlist", "cost_per_year"]  # fmt: skip

    LINE = st.text(
        st.characters(exclude_categories=("C", "Zl", "Zp")) | st.sampled_from("=+-@;,:#'\"{}[]&*"),
        min_size=1,
        max_size=30,
    ).filter(lambda text: text.strip() != "")
    LINES = st.lists(LINE, max_size=3)
    MOMENT = st.fixed_dictionaries(
        {"name": LINE},
        optional={
            "stage": st.sampled_from(["awareness", "share"]),
            "category": st.sampled_from(["rescue", "request"]),
            "mark": st.sampled_from(["moment_of_truth", "decision_point"]),
            "description": st.lists(LINE, min_size=1, max_size=3).map("\n".join),
            "interaction": LINES,
            "partners": LINES,
            "handoffs": LINES,
            "owner": LINE,
            "brand_bet": LINE,
            "shortlist": st.booleans(),
            "cost_per_year": st.integers(0, 10**11).map(lambda cents: cents / 100),
            "trigger": st.builds(
                lambda event, n: {"when": {"event": event, "nth": n}}, LINE, st.integers(1, 99)
            ),
        },
    )

    @settings(max_examples=15, deadline=None)
    @given(st.lists(MOMENT, min_size=1, max_size=3))
    def test_any_text_comes_back_as_it_was(self, tmp_path_factory, moments):
        folder = tmp_path_factory.mktemp("any")
        for at, moment in enumerate(moments):
            moment["id"] = f"m{at}"
        study = Study.model_validate({"study": {"name": "Any"}, "moments": moments})
        write_moments(study, folder / "moments.xlsx")
        read = read_moments(folder / "moments.xlsx", study)
        assert [Moment.model_validate(row) for row in read.rows.values()] == [*study.moments]
        (folder / "study.yml").write_text("study: {name: Any}\nmoments:\n", encoding="utf-8")
        import_moments(read_study(folder), folder / "moments.xlsx")
        assert read_study(folder).moments == study.moments


class TestChanges:
    def test_what_people_changed_changes_and_nothing_else(self, example, sheet):
        before = example.path.read_text(encoding="utf-8")
        moments = example.moments
        fill(
            sheet,
            {
                cell(moments, "campaign", "owner"): "Brand: we",
                cell(moments, "campaign", "partners"): "Sales; IT",
                cell(moments, "first_bill", "stage"): "care",
                cell(moments, "first_bill", "handoffs"): None,
                cell(moments, "upgrade_offer", "shortlist"): "Yes",
            },
        )
        done = import_moments(example, sheet)
        assert done.changed == {
            "campaign": ("owner", "partners"),
            "first_bill": ("stage", "handoffs"),
            "upgrade_offer": ("shortlist",),
        }
        after = example.path.read_text(encoding="utf-8")
        lines = difflib.ndiff(before.splitlines(), after.splitlines())
        changed = [line[2:].strip() for line in lines if line[0] == "+"]
        assert changed == [
            "owner: 'Brand: we'", "partners: [Sales, IT]", "stage: care", "shortlist: true",
        ]  # fmt: skip
        assert before.count("#") == after.count("#")

    def test_a_row_without_an_id_is_the_moment_of_its_name_or_a_new_one(self, example, sheet):
        row = len(example.moments) + 2
        first = example.moments[0]
        fill(sheet, {"A2": None, f"B{row}": "A gift, unasked", f"C{row}": "Share"})
        done = import_moments(example, sheet)
        assert done.added == ("a_gift_unasked",)
        assert done.changed == {}
        study = read_study(example.path)
        assert study.moments[0] == first
        assert study.moments[-1].stage == "share"

    def test_a_column_that_is_not_there_changes_nothing(self, example, sheet):
        book = openpyxl.load_workbook(sheet)
        for column in reversed(range(3, len(COLUMNS) + 1)):
            book[SHEET].delete_cols(column)
        book[SHEET]["C1"] = "what we said about it"
        book.save(sheet)
        done = import_moments(example, sheet)
        assert done.changed == {}
        assert done.ignored == ("what we said about it",)

    def test_a_moment_that_is_not_in_the_sheet_stays_and_is_named(self, example, sheet):
        book = openpyxl.load_workbook(sheet)
        book[SHEET].delete_rows(3)
        book.save(sheet)
        done = import_moments(example, sheet)
        assert done.not_in_sheet == (example.moments[1].id,)
        assert read_study(example.path).moments == example.moments
        assert example.moments[1].id in told_import(done)

    def test_the_short_form_becomes_a_list(self, tmp_path):
        (tmp_path / "study.yml").write_text(
            "study: {name: S}\nmoments: {q1: The bill, q2: The call}\nratings: {low: 1, high: 5}\n"
        )
        study = read_study(tmp_path)
        write_moments(study, tmp_path / "moments.xlsx")
        fill(tmp_path / "moments.xlsx", {"J3": "Care"})
        import_moments(study, tmp_path / "moments.xlsx")
        after = read_study(tmp_path)
        assert [(one.id, one.name, one.rating, one.owner) for one in after.moments] == [
            ("q1", "The bill", "q1", None), ("q2", "The call", "q2", "Care"),
        ]  # fmt: skip


class TestErrors:
    @pytest.mark.parametrize(
        ("key", "value", "told"),
        [
            (
                "stage",
                "Awarenes",
                r"C3 \(stage\): 'Awarenes' is not allowed. Did you mean 'A",
            ),
            ("category", "rescu", "D3.*Allowed: rescue, revenue"),
            ("shortlist", "maybe", "V3.*Allowed: yes, no"),
            ("cost_per_year", "a lot", r"W3 \(cost_per_year\): 'a lot' is no number"),
            ("cost_per_year", -5, "W3.*greater than or equal to 0"),
            ("id", "a b", "A3.*is no id"),
            ("name", None, r"B3 \(name\): is missing"),
            ("trigger", "{when: [", "T3.*not as in study.yml"),
            ("trigger", "{when: {event: x}}", "T3.*trigger"),
            ("id", "coverage_check", "row 3.*stands in row 2 too"),
        ],
    )
    def test_each_names_its_row_and_column_and_changes_nothing(
        self, example, sheet, key, value, told
    ):
        before = example.path.read_bytes()
        fill(sheet, {cell(example.moments, "campaign", key): value})
        with pytest.raises(StudyError, match=f"nothing has changed:\n.*{told}"):
            import_moments(example, sheet)
        assert example.path.read_bytes() == before

    def test_a_heading_that_is_nearly_one_is_refused(self, example, sheet):
        fill(sheet, {"J1": "onwer"})
        with pytest.raises(StudyError, match=r"J1: the heading 'onwer'.*Did you mean 'owner'"):
            import_moments(example, sheet)

    def test_what_only_the_whole_study_can_refuse_is_refused(self, example, sheet):
        before = example.path.read_bytes()
        fill(sheet, {cell(example.moments, "campaign", "rating"): "q01_coverage_check"})
        with pytest.raises(StudyError, match="column 'q01_coverage_check' is both"):
            import_moments(example, sheet)
        assert example.path.read_bytes() == before

    @pytest.mark.parametrize("content", [b"", b"id,name\na,A\n", b"PK\x03\x04 cut off"])
    def test_what_is_no_workbook_is_refused(self, example, tmp_path, content):
        path = tmp_path / "moments.xlsx"
        path.write_bytes(content)
        with pytest.raises(StudyError, match=r"no \.xlsx workbook"):
            import_moments(example, path)


class TestFile:
    def test_nothing_in_it_is_a_formula(self, tmp_path):
        moments = [{"id": "a", "name": "=1+1", "owner": "@SUM(A1)", "description": "+cmd|' /C'!A0"}]
        study = Study.model_validate({"study": {"name": "=S"}, "moments": moments})
        write_moments(study, tmp_path / "m.xlsx")
        for sheet in openpyxl.load_workbook(tmp_path / "m.xlsx"):
            for row in sheet.iter_rows():
                assert not [each for each in row if each.data_type == "f"]

    def test_stages_and_choices_can_be_chosen_from_a_list(self, example, sheet):
        book = openpyxl.load_workbook(sheet)
        rules = book[SHEET].data_validations.dataValidation
        assert {rule.type for rule in rules} == {"list"}
        assert {str(rule.sqref)[0] for rule in rules} == {"C", "D", "E", "V"}
        guide = [str(row[0].value) for row in book[GUIDE].iter_rows()]
        assert {stage.name for stage in example.stages} <= set(guide)
        assert {column.key for column in COLUMNS} <= set(guide)

    def test_the_same_study_gives_the_same_bytes(self, example, sheet, tmp_path):
        write_moments(example, tmp_path / "again.xlsx")
        assert (tmp_path / "again.xlsx").read_bytes() == sheet.read_bytes()

    def test_a_file_that_is_there_is_not_written_over(self, example, sheet):
        before = sheet.read_bytes()
        with pytest.raises(StudyError, match="exists"):
            export_moments(example, sheet)
        assert sheet.read_bytes() == before

    def test_a_place_that_can_not_be_written_is_named(self, example, tmp_path):
        with pytest.raises(StudyError, match="can't be written"):
            export_moments(example, tmp_path / "nowhere" / "m.xlsx")
