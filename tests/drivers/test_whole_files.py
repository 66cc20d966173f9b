import json

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.errors import AnalysisError
from mot_research.survey import large_files
from mot_research.survey import reading as survey_reading

N = 1200
# Sums of the rows in another order.
EQUAL = 1e-10


def wave(seed):
    rng = np.random.default_rng(seed)
    quality = rng.normal(size=(N, 3))
    ratings = pd.DataFrame(np.clip(np.round(3 + quality), 1, 5), columns=["qa", "qb", "qc"])
    frame = ratings.mask(rng.random(ratings.shape) < 0.1, 6).mask(rng.random(ratings.shape) < 0.03)
    frame["ltr"] = np.clip(np.round(6 + quality @ [1, 0.5, 0] + rng.normal(size=N)), 0, 10)
    frame.loc[rng.random(N) < 0.02, "ltr"] = 11
    frame["stays"] = (quality @ [0.5, 0.5, 0] + rng.normal(size=N) > 0).astype(int)
    frame["w"] = rng.uniform(0.5, 2, N)
    frame["branch"] = rng.choice([f"b{i:02d}" for i in range(50)], N)
    frame["tenure"] = rng.normal(4, 1, N)
    frame["plan"] = rng.choice(["prepaid", "contract"], N)
    return frame


def study(folder, **more):
    wave(1).to_csv(folder / "one.csv", index=False)
    text = {
        "study": {"name": "Large", "simulated": True},
        "moments": [{"id": name, "name": name.upper(), "rating": f"q{name}"} for name in "abc"]
        + [{"id": "d", "name": "D", "rating": "qd"}],
        "ratings": {"low": 1, "high": 5, "not_experienced": [6]},
        "outcomes": [
            {
                "id": "recommend",
                "column": "ltr",
                "kind": "score",
                "low": 0,
                "high": 10,
                "blank": [11],
            },
            {"id": "stays", "column": "stays", "kind": "binary", "yes": [1], "no": [0]}
            | {"role": "revenue"},
        ],
        "weight": "w",
        "cluster": "branch",
        "controls": ["tenure", "plan"],
        "segments": ["plan"],
        "waves": [{"id": "2026Q1", "file": "one.csv", "not_asked": ["d"]}],
        "rules": {"n_resamples": 60, "min_n": 30},
    } | more
    path = folder / "study.yml"
    path.write_text(json.dumps(text), encoding="utf-8")  # JSON is YAML
    return mot.read_study(path)


def test_a_study_by_duckdb_equals_the_study_in_memory(tmp_path):
    ready = study(tmp_path)
    here = mot.run(ready, engine="memory", also=())
    there = mot.run(ready, engine="duckdb", also=())
    expected, found = here.drivers["recommend"], there.drivers["recommend"]
    assert (expected.engine, found.engine) == ("", "DuckDB")
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame(), rtol=EQUAL, atol=EQUAL)
    assert found.not_tested == expected.not_tested == {"d": "not asked"}
    assert there.drivers["stays"].to_frame().equals(here.drivers["stays"].to_frame())
    verdicts = there.priorities.to_frame()["verdict"]
    assert verdicts.equals(here.priorities.to_frame()["verdict"])


def test_what_rests_on_a_sample_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(survey_reading, "SAMPLE", 500)
    ready = study(tmp_path)
    survey = mot.read_survey(ready, engine="duckdb")
    held = survey["2026Q1"].n_rows
    assert 400 < held < 600
    assert survey.sampled == {"2026Q1": N}
    assert [file.n_rows for file in survey.inputs] == [N]
    findings = mot.run(survey, also=())
    whole = mot.run(ready, engine="memory", also=()).drivers["recommend"]
    assert findings.drivers["recommend"].n_obs == whole.n_obs
    np.testing.assert_allclose(
        findings.drivers["recommend"].table["lmg"].dropna(), whole.table["lmg"].dropna(), atol=EQUAL
    )
    assert findings.drivers["stays"].n_obs <= held
    said = findings.warnings[0]
    assert (
        f"1,200 rows. From all of them: the drivers of recommend. From a random sample of {held}"
        in said
    )
    assert any("the model of a score only" in text for text in findings.drivers["stays"].warnings)


def test_a_small_file_stays_in_memory_unless_asked(tmp_path, monkeypatch):
    ready = study(tmp_path)
    assert mot.read_survey(ready).sampled == {}
    monkeypatch.setattr(large_files, "LARGE_BYTES", 1000)
    assert mot.read_survey(ready).sampled == {"2026Q1": N}
    assert mot.read_survey(ready, engine="memory").sampled == {}


def test_part_of_the_customers_is_of_the_rows_in_memory(tmp_path):
    findings = mot.run(study(tmp_path), engine="duckdb", part="plan=prepaid", also=())
    assert findings.drivers["recommend"].engine == ""
    assert findings.drivers["recommend"].n_obs < N


PART = {"id": "x", "file": "one.csv", "where": {"plan": "prepaid"}, "not_asked": ["d"]}
OWN_CODES = {"id": "a", "name": "A", "rating": "qa", "ratings": {"blank": [9]}}
OTHER = {"id": "b", "name": "B", "rating": "qb"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"waves": [PART]}, "a part of its file"),
        (
            {"moments": [OWN_CODES, OTHER], "waves": [{"id": "x", "file": "one.csv"}]},
            "scales or codes of their own",
        ),
    ],
)
def test_what_the_file_cant_say_comes_from_the_sample_with_the_reason(tmp_path, change, reason):
    findings = mot.run(study(tmp_path, **change), engine="duckdb", also=())
    found = findings.drivers["recommend"]
    assert found.engine == ""
    assert any("not from all" in text and reason in text for text in found.warnings)


def test_an_engine_that_doesnt_exist_is_refused(tmp_path):
    with pytest.raises(AnalysisError, match="use one of auto, memory, duckdb, spark"):
        mot.run(study(tmp_path), engine="polars")


def test_a_warehouse_holds_a_table_with_the_name_of_the_file(tmp_path):
    ibis = pytest.importorskip("ibis")
    connection = ibis.duckdb.connect(tmp_path / "warehouse.ddb")
    connection.create_table("one", pd.read_csv(tmp_path / study(tmp_path).waves[0].file))
    connection.disconnect()
    findings = mot.run(study(tmp_path), engine=f"duckdb://{tmp_path}/warehouse.ddb", also=())
    expected = mot.run(study(tmp_path), engine="memory", also=()).drivers["recommend"]
    found = findings.drivers["recommend"]
    assert found.engine == "duckdb"
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame(), rtol=EQUAL, atol=EQUAL)
