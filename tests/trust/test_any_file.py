"""Whatever a file holds, its reader gives a result or one `MotError`; ``make fuzz`` tries more."""

import gzip
import os
import signal
import subprocess
import zipfile
from contextlib import contextmanager, suppress
from io import BytesIO

import pytest
import xlsxwriter

import mot_research as mot
from mot_research.cli import main
from mot_research.ending import UNUSABLE
from mot_research.errors import MotError, StudyError, SurveyError
from mot_research.survey import separately
from mot_research.survey.tables import read_table
from tests.conftest import ROOT
from tests.test_cli import MOT
from tests.trust import small_files
from tests.trust.fuzz import CORPUS
from tests.trust.peak import MOST_GROWTH, growth
from tests.trust.readers import BY_NAME, READERS, read_all
from tests.trust.small_report import as_anybody
from tests.trust.standing_by import standing_by

SEED = 20261125
CASES = 50  # of a reader of weight 1; 19 readers take half a minute of one core
MOST_SECONDS = 30  # of one case; the slowest start a process
KEPT = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@contextmanager
def soon():
    """Fail where the block does not end: a hang must not stop the suite."""

    def too_long(*_):
        raise AssertionError(f"not done after {MOST_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_spoilt_file_gives_a_result_or_one_error(reader, tmp_path, record_property):
    (tmp_path / "seeds").mkdir()
    seeds = reader.seeds(tmp_path / "seeds")
    place = tmp_path / "study"
    reader.prepare(place)
    cases = round(CASES * reader.weight)
    refused = 0
    for number in range(cases):
        content = reader.case(SEED, number, seeds)
        with soon(), growth() as grown:
            try:
                reader.use(place, content)
            except MotError:
                refused += 1
        assert grown.bytes < MOST_GROWTH
    record_property("cases", cases)
    assert refused < cases  # else the mutations are too coarse to reach what lies behind


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_was_once_found_stays_mended(kept, tmp_path, record_property):
    reader = BY_NAME[kept.parent.name.replace("_", " ")]
    reader.prepare(tmp_path / "study")
    with soon(), suppress(MotError):
        reader.use(tmp_path / "study", kept.read_bytes())
    record_property("cases", 1)


WAVE = small_files.as_csv(small_files.answers())
HEAD = WAVE.splitlines()[0]

# Text tables as people send them → what the problems table must say, or None for a sound wave.
TEXT_WAVES = {
    "utf-16": (WAVE.encode("utf-16"), None),
    "utf-8 with a byte order mark": (WAVE.encode("utf-8-sig"), None),
    "semicolons": (WAVE.replace(",", ";").replace("Größe;", "Größe,").encode(), None),
    "cp1252": (WAVE.encode("cp1252"), None),
    "utf-16 without a mark": (WAVE.encode("utf-16-le"), "no text table"),
    "nothing": (b"", "is empty"),
    "names alone": (HEAD.encode() + b"\n", "no rows"),
    "NUL bytes": (WAVE.replace("C1", "C\0").encode(), "no text table"),
    "a header twice": (WAVE.replace("q2", "q1", 1).encode(), "are all called 'q1'"),
    "a huge cell": (WAVE.replace("C1,", "C" * 2_000_000 + ",", 1).encode(), "quote"),
    "an open quote": (WAVE.replace("C1,", '"C1,', 1).encode(), "quote"),
    "decimal commas unquoted": (WAVE.replace(".", ",").encode(), "don't have the 10 fields"),
    "an SQL file": (b"DROP TABLE waves; -- a,b\nSELECT 1;\n", "has no column"),
    "weights whose squares are no floats": (
        small_files.as_csv(small_files.answers().assign(weight=1e300)).encode(),
        "can be used",
    ),
    "ratings that are Excel's dates": (
        small_files.as_csv(small_files.answers().assign(q1="2026-01-05")).encode(),
        "number",
    ),
}


@pytest.mark.parametrize("kind", TEXT_WAVES)
def test_text_tables_as_people_send_them(kind, tmp_path):
    content, said = TEXT_WAVES[kind]
    BY_NAME["wave.csv"].prepare(tmp_path)
    (tmp_path / "wave.csv").write_bytes(content)
    with soon():
        survey = read_all(tmp_path)
    errors = survey.problems[survey.problems["severity"] == "error"]["what_to_do"]
    if said is None:
        assert list(survey.waves) == ["2026Q1"]
    else:
        assert errors.str.contains(said, regex=False).any(), errors.tolist()


def sparse_sheet():
    """One cell in the last corner: five kilobytes, seventeen thousand million cells."""
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "b")
    return content.getvalue()


def packed_zeros(name, size):
    content = BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(size // 1_000_000):
            member.write(bytes(1_000_000))
    return content.getvalue()


TYPED = {
    "a sheet that unfolds": ("a.xlsx", sparse_sheet, "damaged"),
    "a zip bomb": ("a.xlsx", lambda: packed_zeros("xl/a.xml", 501_000_000), "more than 500 MB"),
    "a gzip bomb": ("a.csv.gz", lambda: gzip.compress(bytes(501_000_000), 1), "more than 500 MB"),
    "a password": ("a.xlsx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
    "a zip without a workbook": ("a.xlsx", lambda: packed_zeros("a", 1_000_000), "workbook"),
    "a header of SPSS alone": ("a.sav", lambda: b"$FL2" + bytes(172), "SPSS"),
}


@pytest.mark.parametrize("kind", TYPED)
def test_bombs_and_locked_files_are_refused(kind, tmp_path):
    name, content, said = TYPED[kind]
    (tmp_path / name).write_bytes(content())
    with soon(), pytest.raises(SurveyError, match=said):
        read_table(tmp_path / name)


def test_merged_cells_are_read_as_their_first_cell(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.merge_range(1, 0, 2, 0, "both")
        sheet.write_column(1, 1, [1, 2])
    frame = read_table(tmp_path / "a.xlsx").frame
    assert frame["a"].fillna("").tolist() == ["both", ""]


def test_a_reader_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(separately, "LEAST_SECONDS", 0.001)
    with pytest.raises(SurveyError, match="did not end within"):
        separately.read_spss_of(b"$FL2", "a.sav")


def test_many_files_by_one_process_give_what_each_gives_by_its_own(tmp_path):
    """Long runs of fuzzing rest on this: the quick form refuses and reads the same."""
    one = BY_NAME["wave.xlsx"]
    one.prepare(tmp_path)
    seed = one.seeds(tmp_path)[0]
    contents = [seed, *(one.case(SEED, number, [seed]) for number in range(4)), seed]

    def said(content):
        (tmp_path / "wave.xlsx").write_bytes(content)
        survey = read_all(tmp_path)
        return survey.problems.to_csv(), [wave.ratings.to_csv() for wave in survey.waves.values()]

    with standing_by(True, False) as quick, quick():
        by_one = [said(content) for content in contents]
    assert by_one == [said(content) for content in contents]


def test_a_file_beside_the_study_is_not_imported_by_the_reader(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('run')")
    (tmp_path / "a.xlsx").write_bytes(small_files.as_xlsx(small_files.answers()))
    monkeypatch.chdir(tmp_path)
    assert len(read_table(tmp_path / "a.xlsx").frame) == small_files.N


PARTS = {
    "events": "events.csv",
    "customers": "customers.csv",
    "recordings": "recordings.csv",
    "operations": "operations.csv",
    "votes": "votes.csv",
    "voice": "verbatims.csv",
    "codes": "codes.csv",
    "outcome": "revenue.csv",
    "wave": "wave.csv",
}


def folder(path):
    path.mkdir()


def device(path):
    path.symlink_to("/dev/zero")


def leads_out(path):
    path.symlink_to("/etc/hostname")


def circle(path):
    path.symlink_to(path.name)


@pytest.mark.parametrize("place", [folder, os.mkfifo, device, leads_out, circle])
def test_what_is_no_file_of_the_study_is_told(place, tmp_path):
    small_files.write_study(tmp_path)
    for name in PARTS.values():
        (tmp_path / name).unlink()
        place(tmp_path / name)
    with soon():
        survey = read_all(tmp_path)
    assert not survey.waves
    assert survey.inputs == ()
    assert survey.problems["severity"].ne("note").sum() >= len(PARTS)


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "wave.csv/inside.csv"])
def test_names_that_no_file_can_have_are_told(name, tmp_path):
    text = small_files.STUDY
    for file in PARTS.values():
        text = text.replace(file, name)
    survey = read_all(small_files.write_study(tmp_path, text))
    assert not survey.waves


@pytest.mark.skipif(os.name == "nt", reason="files are closed as on Unix")
def test_files_that_may_not_be_read_are_told(tmp_path):
    small_files.write_study(tmp_path)
    for name in PARTS.values():
        (tmp_path / name).chmod(0)
    done = subprocess.run(
        [*MOT, "check", tmp_path],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        preexec_fn=as_anybody,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("Permission denied") >= len(PARTS)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join(['*' + before] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "a: &a [*a]\n",
        "study: " + "[" * 5000,
        "study: " + "{a: " * 300 + "1" + "}" * 300,
        "study: " + "[" * 300,
        "- " * 3000,
        small_files.SHORT.replace("low: 1", f"low: {'9' * 5000}"),
        small_files.SHORT.replace("low: 1", "low: .inf"),
        small_files.SHORT.replace("low: 1", "low: .nan"),
        small_files.SHORT.replace("low: 1", "low: 1e999"),
        small_files.SHORT.replace("name: Harbour Mobile", "name: !!python/name:os.system"),
        small_files.SHORT.replace("name: Harbour Mobile", 'name: "a\\0b"'),
        small_files.SHORT.replace("wave.csv", "../wave.csv"),
        small_files.SHORT.replace("wave.csv", "/dev/zero"),
        "\ufeff" * 3,
        "%YAML 9.9\n---\nstudy: 1\n",
        "",
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_a_study_file_of_a_strange_kind_is_one_error(text, tmp_path, capsys, monkeypatch):
    (tmp_path / "study.yml").write_text(text, encoding="utf-8")
    with soon(), pytest.raises(StudyError) as caught:
        mot.read_study(tmp_path)
    assert len(str(caught.value)) < 5000
    monkeypatch.setattr("sys.argv", ["mot", "check", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == UNUSABLE
    said = capsys.readouterr().err
    assert said.startswith("mot: ")
    assert "fault of mot_research" not in said


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_study_file_of_another_encoding_says_which_is_wanted(encoding, tmp_path):
    (tmp_path / "study.yml").write_bytes("# Größe\nstudy: {name: ü}\n".encode(encoding))
    with pytest.raises(StudyError, match="encoding UTF-8"):
        mot.read_study(tmp_path)


@pytest.mark.parametrize("high", ["1000000000", "1e300"])
def test_a_scale_without_end_lists_no_numbers(high, tmp_path):
    text = small_files.SHORT.replace("high: 5", f"high: {high}").replace("[6]", "[-1]")
    with soon(), growth() as grown:
        study = mot.read_study(small_files.write_study(tmp_path, text))
    assert study.ratings.bottom_box == (1,)
    assert grown.bytes < MOST_GROWTH
