import gzip
import hashlib
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
import xlsxwriter

from mot_research.errors import SurveyError
from mot_research.survey import formats, tables
from mot_research.survey.tables import read_table


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="wave.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def workbook(tmp_path):
    path = tmp_path / "wave.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Answers")
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["id", "q1", "  long\n question ", "when", "flag"])
    sheet.write_row(1, 0, ["007", 5, "fine", None, True])
    sheet.write_datetime(1, 3, pd.Timestamp("2026-01-10").to_pydatetime(), date)
    sheet.write_row(3, 0, ["008", 3.5])
    other = book.add_worksheet("Other")
    other.write_row(0, 0, ["x"])
    other.write_row(1, 0, [1])
    book.close()
    return path


def rows(table):
    return table.frame.astype(object).where(table.frame.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_text_tables_are_read_whatever_their_delimiter(write, delimiter):
    text = f"id{delimiter}q1{delimiter}say\n007{delimiter}3,5{delimiter}x\n8{delimiter}{delimiter}"
    table = read_table(write(text.replace("3,5", "3.5") if delimiter == "," else text))
    assert list(table.frame) == ["id", "q1", "say"]
    assert table.frame["id"].tolist() == ["007", "8"]
    assert table.frame.isna().sum().tolist() == [0, 1, 1]


def test_quoted_fields_keep_delimiters_quotes_and_lines(write):
    table = read_table(write('id,say\n1,"a, ""b""\nc"\n2,d\n'))
    assert rows(table) == [["1", 'a, "b"\nc'], ["2", "d"]]


def test_the_hash_is_that_of_the_file(write):
    path = write(gzip.compress(b"a,b\n1,2\n", mtime=0), "wave.csv.gz")
    assert read_table(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_say_so_are_read_without_a_note(write, encoding):
    table = read_table(write("id,plan\n1,größer\n".encode(encoding)))
    assert rows(table) == [["1", "größer"]]
    assert list(table.frame) == ["id", "plan"]
    assert table.notes == ()


def test_an_encoding_that_is_not_utf_8_is_declared_or_guessed_with_a_note(write):
    path = write("id,plan\n1,größer\n".encode("cp1252"))
    guessed = read_table(path)
    assert rows(guessed) == [["1", "größer"]]
    assert "read as cp1252" in guessed.notes[0]
    polish = write("id,plan\n1,źle\n".encode("cp1250"), "polish.csv")
    declared = read_table(polish, encoding="cp1250")
    assert (rows(declared), declared.notes) == ([["1", "źle"]], ())


def test_a_declared_encoding_does_not_spoil_utf_8(write):
    assert rows(read_table(write("a,b\n1,ü\n"), encoding="cp1252")) == [["1", "ü"]]


def test_blank_lines_and_empty_columns_are_no_data(write):
    table = read_table(write("a,b,\n1,2,\n\n3,4,\n"))
    assert (list(table.frame), rows(table)) == (["a", "b"], [["1", "2"], ["3", "4"]])
    assert list(read_table(write(",a,b\n0,1,2\n")).frame) == ["(column 1)", "a", "b"]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "wave.csv", "is empty"),
        ("a,b\n", "wave.csv", "column names but no rows"),
        ("a,b\n1,2\n3\n4,5,6\n", "wave.csv", r"2 rows don't have the 2 fields .* is line 3"),
        ("a,b,a\n1,2,3\n", "wave.csv", "columns 1 and 3 are all called 'a'"),
        ('a,b\n"1,2\n3,4\n', "wave.csv", "quote .* not closed"),
        (b"a,b\n1,\0\n", "wave.csv", "no text table, or is damaged"),
        (b"PK\x03\x04rest", "wave.csv", "is an Excel workbook.*end with .xlsx"),
        (b"PAR1rest", "wave.sav", "is a Parquet file, not an SPSS file"),
        ("a,b\n1,2\n", "wave.xlsx", "not an Excel workbook as its ending says"),
        ("a,b\n1,2\n", "wave.dat", r"no ending that is known.*end with \.csv"),
        ("a,b\n1,2\n", "wave.csv.gz", "damaged, or not packed by gzip"),
        (gzip.compress(b"a,b\n" * 100, mtime=0)[:-9], "wave.csv.gz", "cut off"),
        (gzip.compress(b"", mtime=0), "wave.csv.gz", "is empty"),
        (b"PK\x03\x04rest", "wave.xlsx", "damaged or cut off"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "wave.xlsx", "protected by a password"),
        (b"PAR1rest", "wave.parquet", "can't be read as Parquet"),
        (b"$FL2rest", "wave.sav", "can't be read as an SPSS file"),
    ],
)
def test_a_file_that_can_not_be_used_says_why_and_what_to_do(write, content, name, message):
    with pytest.raises(SurveyError, match=message):
        read_table(write(content, name))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoding": "klingon"}, "the encoding 'klingon' is not known"),
        ({"encoding": "ascii"}, "line 2: not valid in the encoding ascii"),
        ({"sheet": "One"}, "has no sheets"),
    ],
)
def test_options_that_do_not_fit_are_refused(write, options, message):
    with pytest.raises(SurveyError, match=message):
        read_table(write("a,b\n1,ü\n".encode("cp1252")), **options)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(SurveyError, match=r"no file 'x\.csv'"):
        read_table(tmp_path / "x.csv")
    with pytest.raises(SurveyError, match="is a folder"):
        read_table(tmp_path)


def test_a_packed_bomb_is_refused_before_it_unfolds(write, monkeypatch):
    monkeypatch.setattr(tables, "LARGEST_CONTENT", 10_000)
    with pytest.raises(SurveyError, match="holds more than"):
        read_table(write(gzip.compress(b"1" * 1_000_000, mtime=0), "wave.csv.gz"))
    path = write(b"", "wave.xlsx")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 1_000_000)
    with pytest.raises(SurveyError, match="holds more than"):
        read_table(path)


def test_two_gzip_members_are_one_file(write):
    path = write(gzip.compress(b"a,b\n1,2\n", mtime=0) + gzip.compress(b"3,4\n"), "wave.csv.gz")
    assert rows(read_table(path)) == [["1", "2"], ["3", "4"]]


def test_a_workbook_keeps_text_as_text(workbook):
    table = read_table(workbook)
    assert list(table.frame) == ["id", "q1", "long question", "when", "flag"]
    assert rows(table) == [["007", 5.0, "fine", "2026-01-10", 1.0], ["008", 3.5, None, None, None]]


def test_a_sheet_is_chosen_by_its_name(workbook):
    assert rows(read_table(workbook, sheet="Other")) == [[1.0]]
    with pytest.raises(SurveyError, match=r"no sheet 'Othr'\. Sheets: 'Answers', 'Other'"):
        read_table(workbook, sheet="Othr")


def test_numbers_and_text_mixed_in_a_sheet_are_text(tmp_path):
    path = tmp_path / "wave.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet().write_column(0, 0, ["id", 7, "007"])
    book.close()
    assert rows(read_table(path)) == [["7"], ["007"]]


def test_parquet_keeps_long_ids_exact(tmp_path):
    path = tmp_path / "wave.parquet"
    pq.write_table(
        pa.table(
            {
                "id": pa.array([2**60 + 1, None], pa.int64()),
                "q1": pa.array([5, None], pa.int8()),
                "plan": pa.array(["a", ""]).dictionary_encode(),
                "flag": pa.array([True, None]),
                "when": pa.array([0, None], pa.timestamp("s")),
            }
        ),
        path,
    )
    assert rows(read_table(path)) == [
        ["1152921504606846977", 5.0, "a", 1.0, "1970-01-01"],
        [None, None, None, None, None],
    ]


def test_spss_keeps_labels_and_declared_missing_codes(tmp_path):
    path = tmp_path / "wave.sav"
    pyreadstat.write_sav(
        pd.DataFrame({"q1": [1.0, 99.0, None], "plan": ["a ", "", "b"]}),
        path,
        column_labels={"q1": "First bill"},
        variable_value_labels={"q1": {1: "bad", 99: "refused"}},
        missing_ranges={"q1": [{"lo": 90, "hi": 99}]},
    )
    table = read_table(path)
    assert rows(table) == [[1.0, "a"], [99.0, None], [None, "b"]]
    assert table.labels == {"q1": "First bill"}
    assert table.value_labels["q1"] == {1.0: "bad", 99.0: "refused"}
    assert table.user_missing == {"q1": ((90.0, 99.0),)}


@pytest.mark.parametrize("kind", ["xlsx", "sav", "parquet"])
def test_typed_files_may_be_packed_by_gzip(tmp_path, workbook, kind):
    path = tmp_path / f"packed.{kind}"
    if kind == "xlsx":
        path = workbook
    elif kind == "sav":
        pyreadstat.write_sav(pd.DataFrame({"q1": [1.0]}), path)
    else:
        pq.write_table(pa.table({"q1": [1.0]}), path)
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert rows(read_table(packed)) == rows(read_table(path))


def test_a_truncated_workbook_is_refused(workbook, write):
    content = workbook.read_bytes()
    with pytest.raises(SurveyError, match="damaged or cut off"):
        read_table(write(content[: len(content) // 2], "half.xlsx"))


def test_text_from_a_file_can_not_move_the_cursor(write):
    with pytest.raises(SurveyError) as caught:
        read_table(write("\x1b[2Ja,\x1b[2Ja\n1,2\n"))
    assert "\x1b" not in str(caught.value)


def test_the_delimiter_is_not_fooled_by_commas_in_text(write):
    text = "id;say\n1;a, b, c\n2;d, e\n3;f\n"
    assert list(read_table(write(text)).frame) == ["id", "say"]


def test_a_field_without_end_is_a_lost_quote(write):
    with pytest.raises(SurveyError, match=r"quote .* not closed"):
        read_table(write('a,b\n"' + "x\n" * formats.LARGEST_FIELD))
