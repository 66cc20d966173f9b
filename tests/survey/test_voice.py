"""Comments read: joined, coded, masked; every problem of their files a row."""

import numpy as np
import pandas as pd
import pytest

from mot_research.survey.own_values import own_values
from mot_research.survey.reading import read_survey

STUDY = """\
study: {name: Harbour Mobile}
moments:
  - {id: bill, name: First bill arrives, rating: q1}
  - {id: outage, name: Outage call, rating: q2, terms: [outage]}
ratings: {low: 1, high: 5, not_experienced: [6]}
outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]
respondent: who
waves: [{id: A, file: a.csv}, {id: B, file: b.csv}]
"""
FILE = "voice: {file: words.csv, codes: codes.csv, quotes: true}\n"
CODES = "wave,code,label,moment,valence\n,1,Bill bad,bill,-1\n,2,Bill good,bill,1\n"
RULES = ("rule", "severity", "wave", "count")


def wave(prefix):
    rows = [f"{prefix}{i},Anna {prefix}{i},gold,{1 + i % 5},6,{i % 11}" for i in range(30)]
    return "who,name,plan,q1,q2,ltr\n" + "\n".join(rows) + "\n"


@pytest.fixture
def read(study_with):
    def survey_of(words=None, codes=CODES, voice=FILE, study=STUDY, **files):
        files = {"a": wave("a"), "b": wave("b")} | files
        if words is not None:
            head = "" if "wave" in words else "respondent,wave,text,codes,source\n"
            files["words"] = head + words
        if codes is not None:
            files["codes"] = codes
        return read_survey(study_with(study + voice, **files))

    return survey_of


def problem(survey, rule):
    found = survey.problems[survey.problems["rule"] == rule]
    assert len(found) == 1, survey.problems.to_string()
    return found.iloc[0]


def mentions(survey):
    table = survey.voice.mentions
    return [
        (int(row.comment), row.moment, None if np.isnan(row.valence) else int(row.valence))
        for row in table.itertuples()
    ]


def test_codes_give_moment_and_valence_and_the_files_are_inputs(read):
    survey = read("a3,A,Not clear,1,call\nb4,B,,2; 1,survey\n")
    assert survey.voice.matched_by == "codes"
    assert mentions(survey) == [(0, "bill", -1), (1, "bill", -1)]  # the lower of two
    assert survey.voice.comments["row"].tolist() == [3, 4]
    assert {"words.csv", "codes.csv"} <= {file.name for file in survey.inputs}
    assert not survey.has_errors


def test_the_code_book_may_change_by_wave(read):
    codes = CODES + "B,1,Outage,outage,1\n"
    survey = read("a1,A,x,1,\nb1,B,x,1,\nb2,B,x,2,\n", codes=codes)
    assert mentions(survey) == [(0, "bill", -1), (1, "outage", 1), (2, "bill", 1)]


def test_a_code_may_stand_for_two_moments_and_for_none(read):
    codes = CODES + ",3,Both,bill,0\n,3,Both,outage,\n,9,General praise,,1\n"
    survey = read("a1,A,x,3;9,\n", codes=codes)
    assert mentions(survey) == [(0, "bill", 0), (0, "outage", None)]  # outage: not experienced


def test_without_a_valence_the_respondents_own_rating_speaks(read):
    codes = "code,moment\n1,bill\n"
    survey = read("a0,A,x,1,\na2,A,x,1,\na4,A,x,1,\nnobody,A,x,1,\n", codes=codes)
    assert mentions(survey) == [(0, "bill", -1), (1, "bill", 0), (2, "bill", 1), (3, "bill", None)]


def test_comments_without_codes_are_matched_by_terms(read):
    voice = "voice: {file: words.csv}\n"
    survey = read("a0,A,The outage and my bill,,\na1,A,Nice,,\n", codes=None, voice=voice)
    assert survey.voice.matched_by == "terms"
    assert {(c, m) for c, m, _ in mentions(survey)} == {(0, "bill"), (0, "outage")}
    assert survey.voice.agreement is None


def test_terms_are_compared_with_codes_where_there_are_both(read):
    survey = read("a0,A,My bill,1,\na1,A,It was dear,2,\na2,A,No bill came,9,\n")
    row = survey.voice.agreement.loc["bill"]
    assert row[["n_coded", "n_matched", "n_both"]].tolist() == [2, 2, 1]


def test_what_the_respondents_row_holds_is_masked_and_a_shared_plan_is_not(read):
    survey = read('a3,A,"I am Anna a3, on gold: a@b.example",1,\n')
    assert survey.voice.comments["text"].tolist() == ["I am [own data], on gold: [e-mail]"]


def test_numbers_and_texts_that_ten_share_are_no_own_values(read):
    table = pd.read_csv(read("a1,A,x,1,\n").study.resolve("a.csv"))
    assert own_values([(table, "who")], ["a3"]) == {"a3": {"a3", "Anna a3"}}


def test_columns_of_the_wave_may_hold_the_codes(read):
    rows = [f"a{i},3,3,5,{code},{'0' if i else '1'}" for i, code in enumerate((2, 0, "", 7))]
    survey = read(
        codes=CODES,
        voice="voice: {columns: [c1, c2], codes: codes.csv, blank: [0]}\n",
        a="who,q1,q2,ltr,c1,c2\n" + "\n".join(rows) + "\n",
        b="who,q1,q2,ltr,c1,c2\nb1,3,3,5,,\n",
    )
    assert mentions(survey) == [(0, "bill", -1)]
    assert survey.voice.comments["row"].tolist() == [0, 3]
    assert problem(survey, "unknown_code")["examples"] == "'7'"


def test_an_unknown_moment_of_a_code_is_told_with_the_nearest(read):
    survey = read("a1,A,x,5,\n", codes=CODES + ",5,Typo,outtage,1\n")
    row = problem(survey, "unknown_moment")
    assert row["severity"] == "warning"
    assert "Did you mean 'outage'?" in row["what_to_do"]
    assert row["examples"] == "'outtage'"
    assert problem(survey, "unknown_code")["count"] == 1


@pytest.mark.parametrize(
    ("words", "rule", "severity", "count"),
    [
        ("a1,A,x,1,\na1,2026Q1,x,1,\n", "unknown_wave", "warning", 1),
        ("zz,A,x,1,\n", "comment_without_respondent", "note", 1),
        ("a1,A,,,\na1,A,x,1,\n", "comment_empty", "note", 1),
        ("a1,A,x,11,\n", "unknown_code", "warning", 1),
    ],
)
def test_each_problem_is_a_row_and_stops_no_wave(read, words, rule, severity, count):
    survey = read(words)
    row = problem(survey, rule)
    assert (row["severity"], row["count"]) == (severity, count)
    assert set(survey.waves) == {"A", "B"}


@pytest.mark.parametrize(
    ("files", "column"),
    [({"words": "respondent,wavee,text\na1,A,x\n"}, "wave"), ({"words": "wave\nA\n"}, "text")],
)
def test_a_voice_file_without_its_columns_is_left_out(read, files, column):
    survey = read(**files)
    row = problem(survey, "column_missing")
    assert (row["column"], row["severity"]) == (column, "warning")
    assert survey.voice is None


def test_a_valence_is_minus_one_nought_or_one(read):
    survey = read("a0,A,x,1,\n", codes="code,moment,valence\n1,bill,5\n")
    assert problem(survey, "not_a_valence")["count"] == 1
    assert mentions(survey) == [(0, "bill", -1)]  # by the rating of 1


def test_a_sample_to_code_by_hand_does_not_show_what_the_terms_found(read):
    words = "".join(f"a{i},A,bill {i},,\n" for i in range(20))
    survey = read(words, codes=None, voice="voice: {file: words.csv}\n")
    sample = survey.voice.to_code_by_hand(5, seed=1)
    assert list(sample.columns) == ["wave", "text", "source", "codes"]
    assert len(sample) == 5
    assert sample["codes"].eq("").all()
    assert sample.equals(survey.voice.to_code_by_hand(5, seed=1))
