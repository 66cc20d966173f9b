import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
import xlsxwriter

from mot_research.study.reading import read_study
from mot_research.survey.problems import Problem, examples, problems_frame
from mot_research.survey.reading import read_survey
from mot_research.survey.wave import BLANK, NOT_ASKED, NOT_EXPERIENCED, RATED

STUDY = """\
study: Test
moments:
  - {{id: bill, name: Bill, rating: q1, expected: e1, emotion: f1}}
  - {{id: call, name: Call, rating: q2}}
  - {{id: shop, name: Shop}}
ratings: {{low: 1, high: 5, not_experienced: [6, never], blank: [0]}}
outcomes:
  - {{id: recommend, column: ltr, kind: score, low: 0, high: 10, blank: [11]}}
  - {{id: renewed, role: revenue, kind: binary, column: renewed, yes: [1, Y], no: [0, N]}}
respondent: id
weight: w
cluster: branch
stratum: region
segments: [plan]
controls: [tenure, colour]
waves: [{{id: A, file: a.csv{wave}}}]
"""
HEADER = "id,q1,e1,f1,q2,ltr,renewed,w,branch,region,plan,tenure,colour\n"
ROWS = (
    "r1,5,4,2.5,6,10,1,0.5,b1,n,Gold,3,red\n"
    "r2,0,0,,never,11,N,1.5,b1,n,,,\n"
    "r3,,,-1,3,,,1,b2,n,Basic,1.5,blue\n"
    "r4,\"3,5\",6,0,1,0,Y,1,b2,n,Basic,0,red\n"
)  # fmt: skip


def rules(survey, severity=None):
    found = survey.problems
    if severity is not None:
        found = found[found["severity"] == severity]
    return set(found["rule"])


def filled(column):
    return column.fillna(-9.0).tolist()


def test_the_problems_table_has_its_columns_even_when_empty():
    frame = problems_frame([])
    assert list(frame) == [
        "wave", "column", "rule", "count", "examples", "severity", "what_to_do",
    ]  # fmt: skip
    row = Problem(rule="x", severity="note", what_to_do="y")
    assert problems_frame([row]).dtypes.equals(frame.dtypes)


def test_examples_are_few_different_and_safe():
    assert examples(["a", "a", "b\x1b"]) == "'a', 'b\\x1b'"
    assert examples("abcd") == "'a', 'b', 'c', …"


def test_five_lines_and_a_csv_make_a_wave(study_with, five_lines):
    text = "q12_first_bill,q13_outage,ltr\n5,4,9\n1,,2\n"
    wave = read_survey(study_with(five_lines, _2026q1=text))["2026Q1"]
    assert wave.asked == ("q12_first_bill", "q13_outage")
    assert wave.outcomes_asked == ("recommend",)
    assert filled(wave.ratings["q13_outage"]) == [4.0, -9.0]
    assert wave.states["q13_outage"].tolist() == [RATED, BLANK]
    assert wave.weight.tolist() == [1.0, 1.0]
    assert (wave.cluster, wave.stratum, wave.respondent) == (None, None, None)
    assert (wave.segments.shape, wave.controls.shape) == ((2, 0), (2, 0))
    assert wave.source.n_rows == 2


def test_every_part_of_a_wave_is_read(study_with):
    wave = read_survey(study_with(STUDY.format(wave=""), _a=HEADER + ROWS))["A"]
    assert filled(wave.ratings["bill"]) == [5.0, -9.0, -9.0, 3.5]
    assert wave.states["bill"].tolist() == [RATED, BLANK, BLANK, RATED]
    assert wave.states["call"].tolist() == [NOT_EXPERIENCED, NOT_EXPERIENCED, RATED, RATED]
    assert "shop" not in wave.states
    assert filled(wave.expected["bill"]) == [4.0, -9.0, -9.0, -9.0]
    assert filled(wave.emotion["bill"]) == [2.5, -9.0, -1.0, -9.0]  # 0 is the code of a blank
    assert filled(wave.outcomes["recommend"]) == [10.0, -9.0, -9.0, 0.0]
    assert filled(wave.outcomes["renewed"]) == [1.0, 0.0, -9.0, 1.0]
    assert wave.weight.tolist() == [0.5, 1.5, 1.0, 1.0]
    assert wave.respondent.tolist() == ["r1", "r2", "r3", "r4"]
    assert wave.cluster.tolist() == ["b1", "b1", "b2", "b2"]
    assert wave.segments["plan"].isna().tolist() == [False, True, False, False]
    assert filled(wave.controls["tenure"]) == [3.0, -9.0, 1.5, 0.0]
    assert wave.controls["colour"].tolist() == ["red", "(blank)", "blue", "red"]
    assert wave.controls["colour"].dtype == "category"
    assert wave.states.dtypes.unique().tolist() == [np.dtype("int8")]
    assert list(wave.expected) == ["bill"]


def test_a_wave_may_be_without_weight_cluster_and_stratum(study_with):
    study = study_with(STUDY.format(wave=", weight: null, cluster: null, stratum: null"),
                       _a=HEADER + ROWS)  # fmt: skip
    wave = read_survey(study)["A"]
    assert wave.weight.tolist() == [1.0] * 4
    assert (wave.cluster, wave.stratum) == (None, None)


def test_what_is_not_asked_is_apart_from_blank(study_with):
    study = study_with(
        STUDY.format(wave=", not_asked: [call, renewed, plan, tenure]"), _a=HEADER + ROWS
    )
    survey = read_survey(study)
    wave = survey["A"]
    assert wave.states["call"].eq(NOT_ASKED).all()
    assert wave.ratings["call"].isna().all()
    assert (wave.asked, wave.outcomes_asked) == (("bill",), ("recommend",))
    assert wave.outcomes["renewed"].isna().all()
    assert (list(wave.segments), list(wave.controls)) == ([], ["colour"])
    assert "not_asked_with_data" in rules(survey, "note")


def test_columns_are_mapped_to_the_names_of_a_wave(study_with):
    text = (HEADER + ROWS).replace("q1,", "Q 1  new,", 1).replace("ltr", "nps", 1)
    study = study_with(STUDY.format(wave=", columns: {q1: Q 1 new, ltr: nps}"), _a=text)
    wave = read_survey(study)["A"]
    assert filled(wave.ratings["bill"]) == [5.0, -9.0, -9.0, 3.5]
    assert "recommend" in wave.outcomes_asked


@pytest.mark.parametrize(
    ("where", "kept"),
    [("{year: 2017}", 2), ("{year: '2017'}", 2), ("{year: [2016, 2017]}", 3),
     ("{year: 2017, land: DE}", 1), ("{land: de}", 2)],
)  # fmt: skip
def test_where_keeps_the_rows_of_a_wave(study_with, five_lines, where, kept):
    text = five_lines.replace("2026q1.csv", f"2026q1.csv, where: {where}")
    data = (
        "q12_first_bill,q13_outage,ltr,year,land\n5,4,9,2017,DE\n1,3,2,2017.0,FR\n2,2,5,2016,DE\n"
    )
    assert read_survey(study_with(text, _2026q1=data))["2026Q1"].n_rows == kept


def test_a_wave_with_an_error_is_left_out_and_the_others_are_kept(study_with, five_lines):
    text = five_lines.replace(
        "waves: [", "waves: [{id: bad, file: bad.csv}, {id: gone, file: gone.csv}, "
    )
    good = "q12_first_bill,q13_outage,ltr\n5,4,9\n1,3,2\n"
    survey = read_survey(study_with(text, _2026q1=good, _bad=good.replace("5,4,9", "77,?,9")))
    assert list(survey.waves) == ["2026Q1"]
    errors = survey.problems[survey.problems["severity"] == "error"]
    assert errors[["wave", "column", "rule", "count", "examples"]].values.tolist() == [
        ["bad", "q12_first_bill", "outside_scale", 1, "'77'"],
        ["bad", "q13_outage", "not_a_number", 1, "'?'"],
        ["gone", "", "missing_file", 1, "'gone.csv'"],
    ]


def test_all_problems_of_a_wave_are_found_in_one_pass(study_with):
    text = (
        "id,q1,e1,f1,q2,ltr,w,branch,region,plan,tenure,colour\n"
        "r1,9,4,2,3,10,-1,b1,n,Gold,3,red\n"
        "r1,2,9,x,oops,12,0,,n,Gold,3,red\n"
        "r2,2,3,1,2,3,,b2,,Gold,3,red\n"
        "r3,2,3,1,2,3,zwei,b2,n,Gold,3,red\n"
    )
    survey = read_survey(study_with(STUDY.format(wave=""), _a=text))
    assert rules(survey, "error") >= {
        "outside_scale", "not_a_number", "column_missing", "weight_missing", "weight_zero",
        "weight_negative", "weight_not_a_number", "duplicate_respondent",
    }  # fmt: skip
    assert rules(survey, "warning") >= {
        "cluster_missing", "stratum_missing", "few_raters", "few_clusters", "control_constant",
    }  # fmt: skip
    outside = survey.problems.query("rule == 'outside_scale'")
    assert outside["column"].tolist() == ["q1", "ltr", "e1"]


def test_a_missing_column_names_the_nearest_and_the_way_to_map_it(study_with, five_lines):
    study = study_with(five_lines, _2026q1="q12_firstbill,q13_outage,ltr\n1,2,3\n")
    row = read_survey(study).problems.query("rule == 'column_missing'").iloc[0]
    assert (row["wave"], row["column"], row["severity"]) == ("2026Q1", "q12_first_bill", "error")
    assert row["what_to_do"] == (
        "'2026q1.csv' has no column 'q12_first_bill' (rating of moment 'q12_first_bill'). "
        "Did you mean 'q12_firstbill'? Map it under waves: columns: "
        "{q12_first_bill: q12_firstbill}, or list it under not_asked if this wave does not "
        "have it."
    )


def test_a_missing_column_is_found_by_its_spss_label(tmp_path):
    (tmp_path / "study.yml").write_text(
        "study: A\nmoments: {First bill arrives: Bill}\nratings: {low: 1, high: 5}\n"
        "outcomes: [{id: y, column: y, kind: amount}]\nwaves: [{id: w, file: w.sav}]\n"
    )
    pyreadstat.write_sav(
        pd.DataFrame({"v1": [1.0, 2.0], "y": [1.0, 2.0]}),
        tmp_path / "w.sav",
        column_labels={"v1": "First bill arrives?"},
    )
    advice = read_survey(read_study(tmp_path)).problems["what_to_do"].iloc[0]
    assert "Did you mean 'v1'? Map it under waves: columns: {First bill arrives: v1}" in advice


def test_spss_codes_declared_missing_are_blank_with_a_note(tmp_path):
    (tmp_path / "study.yml").write_text(
        "study: A\nmoments: {q1: Bill, q2: Call}\n"
        "ratings: {low: 1, high: 5, not_experienced: [98]}\nsegments: [plan]\n"
        "outcomes: [{id: y, column: y, kind: amount}]\nwaves: [{id: w, file: w.sav}]\n"
    )
    pyreadstat.write_sav(
        pd.DataFrame(
            {"q1": [1.0, 98, 99], "q2": [3.0, 4, 5], "y": [0.0, 2, 3], "plan": [1.0, 2, 3]}
        ),
        tmp_path / "w.sav",
        variable_value_labels={"plan": {1: "Gold", 2: "Basic"}},
        missing_ranges={"q1": [98, 99]},
    )
    survey = read_survey(read_study(tmp_path))
    assert survey["w"].states["q1"].tolist() == [RATED, NOT_EXPERIENCED, BLANK]
    assert survey["w"].segments["plan"].tolist() == ["Gold", "Basic", "3"]
    note = survey.problems.query("rule == 'declared_missing'").iloc[0]
    assert (note["column"], note["count"], note["examples"]) == ("q1", 1, "'99'")


def test_the_same_answers_in_four_formats_make_the_same_wave(tmp_path):
    frame = pd.DataFrame(
        {"id": ["001", "002"], "q1": [5.0, 6.0], "q2": [np.nan, 2.0], "y": [1.0, 0.0]}
    )
    frame.to_csv(tmp_path / "a.csv", index=False)
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "b.parquet")
    pyreadstat.write_sav(frame, tmp_path / "c.sav")
    book = xlsxwriter.Workbook(tmp_path / "d.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, list(frame))
    for place, row in enumerate(frame.to_numpy().tolist(), 1):
        sheet.write_row(place, 0, ["" if cell != cell else cell for cell in row])
    book.close()
    (tmp_path / "study.yml").write_text(
        "study: A\nmoments: {q1: Bill, q2: Call}\nrespondent: id\n"
        "ratings: {low: 1, high: 5, not_experienced: [6]}\n"
        "outcomes: [{id: y, column: y, kind: binary, yes: [1], no: [0]}]\n"
        "waves: [{id: a, file: a.csv}, {id: b, file: b.parquet}, {id: c, file: c.sav},"
        " {id: d, file: d.xlsx}]\n"
    )
    survey = read_survey(read_study(tmp_path))
    assert list(survey.waves) == ["a", "b", "c", "d"]
    first = survey["a"]
    for wave in survey.waves.values():
        pd.testing.assert_frame_equal(wave.ratings, first.ratings)
        pd.testing.assert_frame_equal(wave.states, first.states)
        pd.testing.assert_frame_equal(wave.outcomes, first.outcomes)
        assert wave.respondent.tolist() == ["001", "002"]
    assert len({file.sha256 for file in survey.inputs}) == 4


def test_an_empty_study_says_what_it_needs(study_with):
    survey = read_survey(study_with("study: A"))
    assert rules(survey, "error") == {"no_moments", "no_outcomes", "no_waves"}
    assert all("Add to study.yml:" in advice for advice in survey.problems["what_to_do"])


def test_a_link_out_of_the_folder_is_a_problem_of_its_wave(study_with, five_lines, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}_outside.csv"
    outside.write_text("q12_first_bill,q13_outage,ltr\n5,4,9\n")
    study = study_with(five_lines)
    (study.folder / "2026q1.csv").symlink_to(outside)
    survey = read_survey(study)
    assert rules(survey, "error") == {"unreadable_file"}
    assert "leads out of the study's folder" in survey.problems["what_to_do"].iloc[0]


def test_reading_a_csv_loads_no_heavy_module(study_with, five_lines):
    study = study_with(five_lines, _2026q1="q12_first_bill,q13_outage,ltr\n5,4,9\n")
    script = (
        "import sys; from mot_research.study.reading import read_study; "
        "from mot_research.survey.reading import read_survey; "
        f"read_survey(read_study({str(study.folder)!r})); "
        "print([name for name in ('scipy', 'statsmodels', 'matplotlib', 'duckdb', 'pyreadstat', "
        "'python_calamine', 'pingouin', 'nbclient') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


AIRPORT = """\
study: Airport
moments: {art: Art, food: Food, wifi: WiFi, ltparking: Long-term parking, rental: Rental cars}
ratings: {low: 1, high: 5, not_experienced: [6], blank: [0]}
outcomes:
  - {id: overall, column: all, kind: score, low: 1, high: 5, blank: [0, 6]}
  - {id: recommend, column: netpro, kind: score, low: 0, high: 10, blank: [11]}
  - {id: bought_food, role: revenue, kind: binary, column: buy_food, yes: [1], no: [2],
     blank: [0, 3]}
respondent: respnum
weight: weight
cluster: runid
waves:
  - {id: 2012, file: waves.csv.gz, where: {year: 2012}, weight: null, cluster: null,
     not_asked: [wifi, recommend]}
  - {id: 2014, file: waves.csv.gz, where: {year: 2014}, not_asked: [recommend]}
  - {id: 2017, file: waves.csv.gz, where: {year: 2017}}
"""


@pytest.fixture(scope="module")
def airport(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("airport")
    shutil.copy(shared / "data" / "sfo_waves_2010_2017.csv.gz", folder / "waves.csv.gz")
    (folder / "study.yml").write_text(AIRPORT)
    return read_survey(read_study(folder))


def test_the_airport_waves_are_told_apart_by_year(airport, shared):
    raw = pd.read_csv(shared / "data" / "sfo_waves_2010_2017.csv.gz", low_memory=False)
    assert list(airport.waves) == ["2012", "2017"]
    for wave in airport.waves.values():
        rows = raw[raw["year"] == int(wave.id)]
        assert wave.n_rows == len(rows)
        for moment in wave.asked:
            counts = airport.absences(wave.id).loc[moment]
            assert counts["n_rated"] == rows[moment].between(1, 5).sum()
            assert counts["n_not_experienced"] == (rows[moment] == 6).sum()
            assert counts["n_blank"] == (rows[moment].isna() | (rows[moment] == 0)).sum()
            rated = rows[moment].where(rows[moment].between(1, 5)).to_numpy()
            np.testing.assert_array_equal(wave.ratings[moment].to_numpy(), rated)


def test_the_airport_waves_differ_in_what_they_have(airport, shared):
    old, new = airport["2012"], airport["2017"]
    assert old.states["wifi"].eq(NOT_ASKED).all()
    assert (old.weight == 1).all()
    assert old.cluster is None
    assert old.outcomes_asked == ("overall", "bought_food")
    assert new.outcomes_asked == ("overall", "recommend", "bought_food")
    assert new.outcomes["recommend"].max() == 10
    assert (new.outcomes["recommend"] == 0).any()
    assert new.cluster.notna().all()
    share = airport.absences("2017").loc["ltparking", "share_not_experienced"]
    assert round(share, 2) == 0.64  # the README of the data gives 64 %


def test_an_unknown_code_in_one_airport_wave_is_found(airport):
    row = airport.problems.query("severity == 'error'").iloc[0]
    assert row[["wave", "column", "rule", "count", "examples"]].tolist() == [
        "2014", "buy_food", "unknown_code", 1, "'4'",
    ]  # fmt: skip
    assert "cluster_missing" in rules(airport, "warning")
    assert len(airport.inputs) == 1
