"""What Hypothesis makes up: sound studies and waves are read as they were meant, all else is told.

In the tests the draws are fixed and few; ``make fuzz`` takes others, many times as many.
"""

import csv
import gzip
import os
import unicodedata
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import mot_research as mot
from mot_research import arriving
from mot_research.errors import StudyError
from mot_research.study.writing import as_flow
from tests.trust import small_files
from tests.trust.generated import CELLS, HOSTILE, TABLES, nearly_studies, studies
from tests.trust.readers import read_all
from tests.trust.standing_by import standing_by

TIMES = int(os.environ.get("MOT_EXAMPLES", "1"))  # as many examples as in the tests
FORMS = ("csv", "csv.gz", "xlsx", "parquet", "sav")


def examples(number):
    """Of one test; its folder is written anew for each example."""
    return settings(
        max_examples=number * TIMES,
        phases=[Phase.generate],  # a case found is short enough, and shrinking takes minutes
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )


def safe(message):
    return all(
        unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or character == "\n"
        for character in message
    )


def read_text(folder, text):
    (folder / "study.yml").write_text(text, encoding="utf-8", newline="")
    return mot.read_study(folder)


@examples(40)
@given(study=studies())
def test_a_sound_study_is_read_as_it_was_meant_and_written_back(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    read = read_text(folder, as_flow(study))
    assert [moment.rating for moment in read.moments] == [
        moment["rating"] for moment in study["moments"]
    ]
    assert read.ratings.low == study["ratings"]["low"]
    assert read.ratings.target == study["ratings"]["target"]
    assert read.rules.seed == study["rules"]["seed"]
    assert read == mot.read_study(folder)
    written = read.model_dump(mode="json", exclude_unset=True)
    assert read_text(folder, small_files.as_json(written)) == read


@examples(80)
@given(study=nearly_studies())
def test_a_study_with_slips_is_read_or_one_error_names_the_lines(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    try:
        read_text(folder, small_files.as_json(study))
    except StudyError as error:
        said = str(error)
        assert safe(said)
        assert "study.yml line" in said or "study.yml holds" in said
        assert len(said) < 20_000
    assert [path.name for path in folder.iterdir()] == ["study.yml"]


@st.composite
def waves(draw):
    """The cells of a wave: ratings, an outcome, a weight, and texts that are nobody's business."""
    n = draw(st.integers(2, 12))
    rating = st.sampled_from([1.0, 2.0, 3.0, 3.5, 5.0, 6.0, np.nan])
    rows = {
        "q1": draw(st.lists(rating, min_size=n, max_size=n)),
        "q2": draw(st.lists(rating, min_size=n, max_size=n)),
        "ltr": draw(st.lists(st.integers(0, 10).map(float), min_size=n, max_size=n)),
        "weight": draw(
            st.lists(st.floats(0.01, 100).map(lambda w: round(w, 2)), min_size=n, max_size=n)
        ),
        "said": draw(st.lists(CELLS | HOSTILE, min_size=n, max_size=n)),
    }
    order = draw(st.permutations(list(rows)))
    return pd.DataFrame(rows)[order]


STUDY = small_files.study_with("weight: weight")


def written(frame, form, draw, folder):
    """The bytes of a wave in one of its forms."""
    texts = frame.assign(said=[text.replace("\0", "") for text in frame["said"]])
    if form == "xlsx":
        texts["said"] = [text[:30_000] for text in texts["said"]]
        return small_files.as_xlsx(texts)
    if form == "parquet":
        return small_files.as_parquet(texts)
    if form == "sav":
        texts["said"] = [text[:200] or " " for text in texts["said"]]
        import pyreadstat

        pyreadstat.write_sav(texts, folder / "seed.sav")
        return (folder / "seed.sav").read_bytes()
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    options = {
        "sep": delimiter,
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "decimal": "," if delimiter != "," and draw(st.booleans()) else ".",
    }
    text = small_files.as_csv(texts, **options)
    if form == "csv.gz":
        return gzip.compress(text.encode(), mtime=0)
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])))


@pytest.mark.parametrize("form", FORMS)
def test_a_sound_wave_gives_its_values_in_every_form(form, tmp_path):
    file = f"wave.{form}"
    small_files.write_study(tmp_path, STUDY.replace("wave.csv", file))

    @examples(15)
    @given(frame=waves(), data=st.data())
    def holds(frame, data):
        (tmp_path / file).write_bytes(written(frame, form, data.draw, tmp_path))
        wave = read_all(tmp_path)["2026Q1"]
        for column in ("q1", "q2"):
            rated = frame[column].where(frame[column] <= 5).to_numpy()
            np.testing.assert_array_equal(wave.ratings[column], rated)
        np.testing.assert_array_equal(wave.outcomes["recommend"], frame["ltr"])
        np.testing.assert_array_equal(wave.weight, frame["weight"])
        again = read_all(tmp_path)
        pd.testing.assert_frame_equal(again["2026Q1"].ratings, wave.ratings)

    with standing_by(True, False) as quick, quick():
        holds()


@examples(25)
@given(frame=waves(), column=st.sampled_from(["q1", "q2", "ltr", "weight"]), cell=CELLS)
def test_a_strange_cell_is_its_number_or_told(frame, column, cell, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    small_files.write_study(folder, STUDY)
    texts = frame.astype(str).replace("nan", "")
    texts.loc[0, column] = cell
    (folder / "wave.csv").write_bytes(small_files.as_csv(texts, quoting=csv.QUOTE_ALL).encode())
    survey = read_all(folder)
    assert all(map(safe, survey.problems["what_to_do"] + survey.problems["examples"]))
    if "2026Q1" not in survey.waves:
        assert (survey.problems["severity"] == "error").any()
        return
    wave = survey["2026Q1"]
    values = {"ltr": wave.outcomes.get("recommend"), "weight": wave.weight}
    value = (values[column] if column in values else wave.ratings[column])[0]
    told = survey.problems["column"].eq(column) & survey.problems["rule"].ne("few_raters")
    number = pd.to_numeric(cell.strip().replace(",", "."), errors="coerce")
    silent = not told.any() and np.isfinite(value)
    assert not silent or value == number


@examples(5)
@given(frame=waves(), order=st.permutations(["q1", "q2", "ltr", "weight", "said"]))
def test_the_columns_of_a_shuffled_copy_are_found_again(frame, order, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    small_files.write_study(folder, STUDY)
    frame = frame.assign(said="word")
    (folder / "wave.csv").write_text(small_files.as_csv(frame))
    new = folder.parent / f"{folder.name}-new.csv"
    new.write_text(small_files.as_csv(pd.concat([frame, frame[:1]])[list(order)]))
    study = mot.read_study(folder)
    arrival = arriving.arrive(
        arriving.earlier_waves(study), new, arriving.Described("2026Q2", None, None)
    )
    assert not arrival.open
    assert "columns" not in arrival.entry  # each has the name that it had


@pytest.mark.parametrize("file", TABLES)
def test_other_tables_give_a_result_twice_or_say_what_is_wrong(file, tmp_path):
    parts = {
        "votes.csv": ("workshop",),
        "codes.csv": ("voice",),
        "verbatims.csv": ("voice",),
        "events.csv": ("events", "customers"),
        "customers.csv": ("events", "customers"),
        "recordings.csv": ("recordings",),
        "operations.csv": ("operations",),
        "revenue.csv": ("money",),
    }[file]
    small_files.write_study(tmp_path, small_files.full_with(*parts))

    @examples(12)
    @given(table=TABLES[file])
    def holds(table):
        names, rows = table
        text = StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows([names, *rows])
        (tmp_path / file).write_bytes(text.getvalue().encode())
        before = sorted(path.name for path in tmp_path.iterdir())
        survey, again = read_all(tmp_path), read_all(tmp_path)
        assert as_text(survey) == as_text(again)
        assert sorted(path.name for path in tmp_path.iterdir()) == before
        assert all(map(safe, survey.problems["what_to_do"] + survey.problems["examples"]))
        for frame in frames(survey):
            numbers = frame.select_dtypes("number").to_numpy(dtype=float)
            assert not np.isinf(numbers).any()

    with standing_by(True, file != "revenue.csv") as quick, quick():
        holds()


def as_text(survey):
    return pd.concat([survey.problems.astype(str), *frames(survey)]).to_csv()


def frames(survey):
    """Every table that was read beside the waves."""
    found = [survey.votes, survey.operations, survey.recordings]
    if survey.voice is not None:
        found += [survey.voice.comments, survey.voice.mentions]
    if survey.contacts is not None:
        found += [each.table for each in survey.contacts.fired.values()]
    found += [wave.outcomes for wave in survey.waves.values()]
    return [frame for frame in found if frame is not None]
