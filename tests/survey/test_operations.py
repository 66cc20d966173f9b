"""Operational metrics from a file: read in several forms, and every problem named."""

import datetime

import numpy as np
import pandas as pd
import pytest

from mot_research.survey.operations import metrics_by_wave, periods
from mot_research.survey.reading import read_survey

STUDY = """\
study: {name: Harbour Mobile}
moments:
  - {id: bill, name: First bill arrives, rating: q1, metrics: [disputes, bill_days]}
  - {id: outage, name: Outage call, rating: q2, metrics: [disputes]}
ratings: {low: 1, high: 5}
outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]
waves:
  - {id: Q1, file: q1.csv, from: 2026-01-10, to: 2026-01-31}
  - {id: Q2, file: q2.csv, from: 2026-04-10, to: 2026-04-30}
operations: {file: operations.csv}
"""
HEAD = "metric,date,value\n"
GOOD = HEAD + "disputes,2026-01-15,4\nbill_days,2026-01-15,9\n"


@pytest.fixture
def survey_with(study_with):
    def read(operations, study=STUDY):
        waves = {f"q{k}": "q1,q2,ltr,k\n" + f"4,5,9,{k}\n3,2,6,{k}\n" * 20 for k in (1, 2)}
        return read_survey(study_with(study, **waves, operations=operations))

    return read


def problem(survey, rule):
    found = survey.problems[survey.problems["rule"] == rule]
    assert len(found) == 1, survey.problems.to_string()
    return found.iloc[0]


def of_file(survey):
    """Problems of the file of metrics, not of the waves."""
    return survey.problems[survey.problems["wave"] == ""]


def test_a_good_file_has_no_problem_and_is_among_the_inputs(survey_with):
    survey = survey_with(GOOD)
    assert of_file(survey).empty
    entry = next(entry for entry in survey.inputs if entry.name == "operations.csv")
    assert len(entry.sha256) == 64
    assert entry.n_rows == 2
    assert survey.operations["value"].tolist() == [9, 4]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31", (2026, 1, 31)),
        ("2026-1-3", (2026, 1, 3)),
        ("2026/01/31", (2026, 1, 31)),
        ("31.01.2026", (2026, 1, 31)),
        ("3.1.2026", (2026, 1, 3)),
        ("20260131", (2026, 1, 31)),
        ("2026-01-31 08:15:00", (2026, 1, 31)),
        ("2026-01-31T08:15:00Z", (2026, 1, 31)),
        ("2024-02", (2024, 2, 29)),
        ("2026/4", (2026, 4, 30)),
    ],
)
def test_dates_are_read_in_several_forms(survey_with, text, day):
    survey = survey_with(GOOD + f"disputes,{text},5\n")
    assert of_file(survey).empty
    days = survey.operations.loc[survey.operations["value"] == 5, "date"].dt.date.tolist()
    assert days == [datetime.date(*day)]


@pytest.mark.parametrize(
    "text",
    [
        "01/02/2026",
        "31.06.2026",
        "2026-13",
        "46032",
        "last week",
        "0026-01-01",
        "=TODAY()",
        "٢٠٢٦-٠١",
    ],
)
def test_what_is_no_day_for_certain_is_left_out_and_named(survey_with, text):
    survey = survey_with(GOOD + f"disputes,{text},5\n")
    row = problem(survey, "not_a_date")
    assert row["severity"] == "warning"
    assert text in row["examples"]
    assert len(survey.operations) == 2
    assert list(survey.waves) == ["Q1", "Q2"]


def test_numbers_with_a_decimal_comma_are_read_and_words_are_not(survey_with):
    survey = survey_with(
        "metric;date;value\ndisputes;2026-01-15;4,5\nbill_days;2026-01-15;9\n"
        "disputes;2026-01-16;many\ndisputes;2026-01-17;\ndisputes;2026-01-18;inf\n"
    )
    assert problem(survey, "not_a_number")["count"] == 2
    assert problem(survey, "value_missing")["severity"] == "note"
    assert survey.operations["value"].tolist() == [9, 4.5]


def test_a_metric_that_no_moment_names_is_told_with_a_suggestion(survey_with):
    row = problem(survey_with(GOOD + "dispute,2026-01-16,1\n"), "unknown_metric")
    assert row["count"] == 1
    assert "Did you mean 'disputes'?" in row["what_to_do"]


def test_a_metric_without_data_is_told(survey_with):
    survey = survey_with(HEAD + "disputes,2026-01-15,4\n")
    assert problem(survey, "metric_without_data")["examples"] == "'bill_days'"
    by_wave = metrics_by_wave(survey.study, survey.operations).set_index(["metric", "wave"])
    assert "has no value of it" in by_wave.at[("bill_days", "Q1"), "reason"]


def test_two_values_on_a_day_are_both_left_out_and_a_repeated_row_counts_once(survey_with):
    survey = survey_with(
        GOOD + "disputes,15.01.2026,4\ndisputes,2026-02-01,1\ndisputes,2026-02-01,2\n"
    )
    row = problem(survey, "duplicate_reading")
    assert row["examples"] == "'disputes 2026-02-01'"
    assert row["count"] == 2
    assert survey.operations["value"].tolist() == [9, 4]


@pytest.mark.parametrize("text", ["metric,day,value\nx,2026-01-01,1\n", "metric,value\nx,1\n"])
def test_a_missing_column_is_a_warning_and_stops_no_wave(survey_with, text):
    survey = survey_with(text)
    row = problem(survey, "column_missing")
    assert row["severity"] == "warning"
    assert "'date'" in row["what_to_do"]
    assert survey.operations is None
    assert not survey.has_errors


@pytest.mark.parametrize("text", ["", HEAD])
def test_an_empty_file_stops_nothing(survey_with, text):
    survey = survey_with(text)
    assert not survey.has_errors
    assert list(survey.waves) == ["Q1", "Q2"]
    assert (of_file(survey)["severity"] == "warning").all()
    assert len(of_file(survey)) == 1


def test_a_missing_file_is_a_warning(survey_with):
    survey = survey_with(GOOD, STUDY.replace("operations.csv", "absent.csv"))
    assert problem(survey, "missing_file")["severity"] == "warning"
    assert survey.operations is None
    assert not survey.has_errors


def test_hostile_cells_are_printed_harmlessly(survey_with):
    survey = survey_with(GOOD + '"\x1b[31m=cmd|x",2026-01-15,1\n"disputes","\x1b[2J",1\n')
    said = of_file(survey)["examples"].str.cat()
    assert "\x1b" not in said
    assert set(of_file(survey)["rule"]) == {"unknown_metric", "not_a_date"}


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_typed_files_are_read_too(survey_with, tmp_path, ending):
    frame = pd.DataFrame(
        {
            "metric": ["disputes", "bill_days"],
            "date": pd.to_datetime(["2026-01-15", "2026-04-20"]),
            "value": [4, 9.5],
        }
    )
    file = tmp_path / f"operations.{ending}"
    frame.to_excel(file, index=False) if ending == "xlsx" else frame.to_parquet(file)
    survey = survey_with(GOOD, STUDY.replace("operations.csv", file.name))
    assert of_file(survey).empty
    assert survey.operations["date"].dt.strftime("%m-%d").tolist() == ["04-20", "01-15"]


def test_readings_stand_beside_the_wave_that_lived_through_them(survey_with):
    readings = [
        ("2025-11-03", 100),  # the first period is as long as the second: 89 days
        ("2025-11-04", 1),
        ("2026-01-15", 2),
        ("2026-01-31", 3),
        ("2026-02-01", 10),
        ("2026-04-15", 20),
        ("2026-05-01", 100),
    ]
    rows = "".join(f"disputes,{day},{value}\n" for day, value in readings)
    survey = survey_with(HEAD + rows + "bill_days,2026-01-15,9\n")
    table = metrics_by_wave(survey.study, survey.operations).set_index(["metric", "wave"])
    first, second = table.loc[("disputes", "Q1")], table.loc[("disputes", "Q2")]
    assert (first["value"], first["n"], first["during"], first["n_during"]) == (2, 3, 2.5, 2)
    assert (second["value"], second["low"], second["high"], second["n"]) == (15, 10, 20, 2)
    assert (second["during"], second["n_during"]) == (20, 1)
    none = table.loc[("bill_days", "Q2")]
    assert np.isnan(none["value"])
    assert none["reason"] == "no value from 2026-02-01 to 2026-04-30"


def test_a_wave_without_dates_has_a_reason(survey_with):
    survey = survey_with(GOOD, STUDY.replace(", from: 2026-01-10, to: 2026-01-31", ""))
    assert "add from and to" in periods(survey.study)["Q1"].reason
    assert periods(survey.study)["Q2"].first == datetime.date(2026, 4, 10)  # its own fieldwork
    table = metrics_by_wave(survey.study, survey.operations)
    assert (table["reason"] != "").all()


def test_waves_out_of_order_have_a_reason(survey_with):
    text = STUDY.replace("2026-04-10, to: 2026-04-30", "2025-04-10, to: 2025-04-30")
    assert "does not end after" in periods(survey_with(GOOD, text).study)["Q2"].reason
