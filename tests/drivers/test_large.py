import hashlib
import os

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.drivers import large_facts, large_reduction
from mot_research.errors import AnalysisError
from mot_research.survey import large_files
from mot_research.survey.tables import read_table

# Sums of thousands of rows in another order; EM stops at changes of 1e-11.
EQUAL = 1e-10
N = 3000
DRIVERS = [f"q{j}" for j in range(5)]
ARGUMENTS = {
    "outcome": "y",
    "drivers": DRIVERS,
    "not_experienced": [6],
    "blank": [0],
    "scale": (1, 5),
    "n_resamples": 100,
}
DESIGN = {"weight": "w", "cluster": "branch", "stratum": "region", "controls": ["tenure", "plan"]}


@pytest.fixture(scope="module")
def frame():
    """Weights, strata, clusters, contacts not had, and blanks of every kind."""
    rng = np.random.default_rng(20260101)
    quality = rng.normal(size=(N, 1)) + rng.normal(size=(N, 5))
    full = pd.DataFrame(np.clip(np.round(3 + quality), 1, 5), columns=DRIVERS)
    made = full.mask(rng.random(full.shape) < 0.1, 6.0)
    made["q0"] = full["q0"]
    made = made.mask(rng.random(full.shape) < 0.04)
    made["q4"] = made["q4"].mask(rng.random(N) < 0.03, 0.0)
    outcome = np.round(6 + quality @ [0.8, 0.5, 0.3, 0.1, 0.0] + rng.normal(size=N))
    made["y"] = pd.Series(np.clip(outcome, 0, 10)).mask(rng.random(N) < 0.03)
    made["w"] = rng.uniform(0.5, 2, N)
    made["branch"] = rng.integers(0, 60, N)
    made["region"] = np.array(["north", "east", "south"])[made["branch"] % 3]
    made["tenure"] = pd.Series(rng.normal(4, 2, N)).mask(rng.random(N) < 0.02)
    made["plan"] = pd.Series(rng.choice(["it's", "basic", "gold"], N)).mask(rng.random(N) < 0.02)
    made["id"] = np.arange(N)
    return made


def written(frame, folder, kind):
    path = folder / f"wave{kind}"
    if kind == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


def assert_equal(found, expected):
    pd.testing.assert_frame_equal(
        found.to_frame(), expected.to_frame(), rtol=EQUAL, atol=EQUAL, check_dtype=False
    )
    for name in ("r_squared", "r_squared_controls", "n_effective", "outcome_mean", "outcome_sd"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=EQUAL, abs=EQUAL)
    for name in ("n_obs", "n_units", "n_strata", "tested", "not_tested"):
        assert getattr(found, name) == getattr(expected, name)
    for name in ("lmg_draws", "effect_sd_draws", "effect_draws", "lmg_covariance"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=EQUAL)
    for driver, seen in expected.described.items():
        assert vars(found.described[driver]) == pytest.approx(vars(seen), rel=EQUAL, nan_ok=True)


@pytest.mark.parametrize("missing", ["em", "drop"])
@pytest.mark.parametrize("kind", [".parquet", ".csv", ".csv.gz"])
def test_a_file_by_duckdb_equals_the_frame_in_memory(frame, tmp_path, kind, missing):
    expected = mot.driver_analysis(frame, **ARGUMENTS, **DESIGN, missing=missing)
    path = written(frame, tmp_path, kind)
    found = mot.driver_analysis(path, **ARGUMENTS, **DESIGN, missing=missing, engine="duckdb")
    assert_equal(found, expected)
    said = [text for text in expected.warnings if "halo" not in text]
    assert [text for text in found.warnings if "DuckDB" not in text] == said


def test_blocks_of_any_size_give_the_same(frame, tmp_path, monkeypatch):
    path = written(frame, tmp_path, ".parquet")
    expected = mot.driver_analysis(frame, **ARGUMENTS, **DESIGN)
    monkeypatch.setattr(large_reduction, "BLOCK", 700)
    assert_equal(mot.driver_analysis(path, **ARGUMENTS, **DESIGN, engine="duckdb"), expected)


def bucket(label) -> int:
    first, second, third = (
        int(digit, 16) for digit in hashlib.md5(str(label).encode()).hexdigest()[:3]
    )
    return first * 64 + second * 4 + third // 4


def test_without_clusters_buckets_of_respondents_are_the_units(frame, tmp_path):
    whole = frame[frame["y"].notna()].drop(columns=["branch", "region"])
    whole = whole.assign(bucket=whole["id"].map(bucket))
    expected = mot.driver_analysis(whole, **ARGUMENTS, weight="w", cluster="bucket")
    path = written(whole, tmp_path, ".parquet")
    found = mot.driver_analysis(path, **ARGUMENTS, weight="w", respondent="id", engine="duckdb")
    assert_equal(found, expected)
    assert any("1024 buckets of respondents" in text for text in found.warnings)


def test_buckets_give_about_the_errors_of_respondents(frame, tmp_path):
    """A bucket's error is itself uncertain by 1/√(2·1023) = 2 %; six of those are allowed."""
    expected = mot.driver_analysis(frame, **ARGUMENTS, weight="w").to_frame()
    path = written(frame, tmp_path, ".csv")
    found = mot.driver_analysis(path, **ARGUMENTS, weight="w", engine="duckdb").to_frame()
    np.testing.assert_allclose(found["effect"], expected["effect"], atol=EQUAL)
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=0.13)


def test_many_clusters_go_into_buckets_within_strata(frame, tmp_path, monkeypatch):
    monkeypatch.setattr("mot_research.drivers.statements.MAX_CLUSTERS", 50)
    path = written(frame, tmp_path, ".parquet")
    found = mot.driver_analysis(path, **ARGUMENTS, **DESIGN, engine="duckdb")
    expected = mot.driver_analysis(frame, **ARGUMENTS, **DESIGN)
    assert any("1024 buckets of the 60 clusters in each stratum" in one for one in found.warnings)
    np.testing.assert_allclose(found.table["effect"], expected.table["effect"], atol=EQUAL)
    assert found.n_units <= 60
    assert found.n_strata == 3


def test_the_example_is_the_same_by_duckdb(tmp_path):
    study = mot.read_study("data/example/study.yml")
    wave = study.latest_wave
    table = read_table(study.resolve(wave.file)).frame
    ratings = [moment.rating for moment in study.moments if moment.rating in table][:8]
    table[ratings] = table[ratings].apply(pd.to_numeric, errors="coerce")
    outcome = study.outcomes[0].column
    arguments = {
        "outcome": outcome,
        "drivers": ratings,
        "not_experienced": study.ratings.not_experienced,
        "blank": study.ratings.blank,
        "weight": study.weight,
        "cluster": study.cluster,
        "stratum": study.stratum,
        "n_resamples": 50,
    }
    path = written(table, tmp_path, ".parquet")
    found = mot.driver_analysis(path, **arguments, engine="duckdb")
    assert_equal(found, mot.driver_analysis(table, **arguments))


def test_auto_takes_duckdb_above_a_size(frame, tmp_path, monkeypatch):
    path = written(frame, tmp_path, ".parquet")
    small = mot.driver_analysis(path, **ARGUMENTS, **DESIGN)
    assert not any("DuckDB" in text for text in small.warnings)
    monkeypatch.setattr(large_files, "LARGE_ROWS", N - 1)
    at_size = mot.driver_analysis(path, **ARGUMENTS, **DESIGN)
    assert any(f"All {N} rows were reduced by DuckDB" in text for text in at_size.warnings)
    text = written(frame, tmp_path, ".csv")
    assert not large_files.is_large(text)
    monkeypatch.setattr(large_files, "LARGE_BYTES", 1000)
    assert large_files.is_large(text)


def test_names_of_columns_are_never_part_of_a_statement(frame, tmp_path):
    hostile = {"q1": 'q1"; DROP TABLE source; --', "y": "score' OR 1=1", "w": "select"}
    path = written(frame.rename(columns=hostile), tmp_path, ".parquet")
    arguments = ARGUMENTS | {
        "outcome": hostile["y"],
        "drivers": [hostile.get(name, name) for name in DRIVERS],
    }
    found = mot.driver_analysis(
        path, **arguments, **(DESIGN | {"weight": hostile["w"]}), engine="duckdb"
    )
    expected = mot.driver_analysis(frame, **ARGUMENTS, **DESIGN)
    np.testing.assert_allclose(found.table["lmg"], expected.table["lmg"], atol=EQUAL)


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (lambda f: f, {"kind": "binary"}, "the model of a score only"),
        (lambda f: f.rename(columns={"q1": "q01"}), {}, "no column 'q1'. Did you mean 'q01'"),
        (
            lambda f: f.assign(q1=f["q1"].replace(2.0, 9.0)),
            {},
            "'q1' holds .* outside 1 to 5, such as 9",
        ),
        (lambda f: f.assign(q1=f["q1"].replace(2.0, np.inf)), {"scale": None}, "infinite"),
        (lambda f: f.assign(q1="much"), {}, "'q1' holds 3000 values that are no numbers"),
        (lambda f: f.assign(w=f["w"].mask(f["w"] > 1.9)), {}, "weight 'w' is empty"),
        (lambda f: f.assign(w=f["w"] - 0.6), {}, "weight 'w' is negative"),
        (lambda f: f.assign(region=f["region"].mask(f["region"] == "east")), {}, "stratum"),
        (lambda f: f.assign(y=7.0), {}, "nothing can move it"),
        (lambda f: f.head(5), {}, "at least 10 are needed"),
        (lambda f: f.assign(q1=np.arange(N) / N + 1), {"scale": None}, "different values"),
    ],
)
def test_what_cant_be_analysed_is_refused_in_one_sentence(
    frame, tmp_path, monkeypatch, change, more, said
):
    monkeypatch.setattr(large_facts, "MAX_VALUES", 100)
    path = written(change(frame), tmp_path, ".parquet")
    with pytest.raises(AnalysisError, match=said):
        mot.driver_analysis(path, **(ARGUMENTS | DESIGN | more), engine="duckdb")


def test_engines_and_files_that_dont_exist_are_named(frame, tmp_path):
    with pytest.raises(AnalysisError, match="use one of auto, memory, duckdb, spark"):
        mot.driver_analysis(tmp_path / "wave.csv", **ARGUMENTS, engine="duck")
    with pytest.raises(AnalysisError, match="correct the path"):
        mot.driver_analysis(tmp_path / "wave.csv", **ARGUMENTS, engine="duckdb")
    with pytest.raises(AnalysisError, match="which is in memory"):
        mot.driver_analysis(frame, **ARGUMENTS, engine="duckdb")
    (tmp_path / "wave.sav").write_bytes(b"$FL2")
    with pytest.raises(AnalysisError, match="no Parquet or text file"):
        mot.driver_analysis(tmp_path / "wave.sav", **ARGUMENTS, engine="duckdb")
    (tmp_path / "wave.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(AnalysisError, match="can't be read by engine 'duckdb'"):
        mot.driver_analysis(tmp_path / "wave.parquet", **ARGUMENTS, engine="duckdb")


@pytest.fixture(scope="module")
def by_ibis(frame):
    """The frame as a table of Ibis, whose engine sums the rows itself."""
    ibis = pytest.importorskip("ibis")
    return ibis.duckdb.connect().create_table("wave", frame)


@pytest.mark.parametrize("missing", ["em", "drop"])
def test_a_table_of_ibis_equals_the_frame_in_memory(frame, by_ibis, missing):
    found = mot.driver_analysis(by_ibis, **ARGUMENTS, **DESIGN, missing=missing)
    assert_equal(found, mot.driver_analysis(frame, **ARGUMENTS, **DESIGN, missing=missing))


def test_rows_without_an_order_need_someone_to_be_known_by(by_ibis):
    with pytest.raises(AnalysisError, match="name it as respondent="):
        mot.driver_analysis(by_ibis, **ARGUMENTS)


def test_a_url_is_connected_to_and_never_shown(frame, tmp_path):
    ibis = pytest.importorskip("ibis")
    path = tmp_path / "warehouse.ddb"
    connection = ibis.duckdb.connect(path)
    connection.create_table("wave", frame)
    connection.disconnect()
    found = mot.driver_analysis("wave", **ARGUMENTS, **DESIGN, engine=f"duckdb://{path}")
    assert_equal(found, mot.driver_analysis(frame, **ARGUMENTS, **DESIGN))
    with pytest.raises(AnalysisError, match="can't be opened") as caught:
        mot.driver_analysis("wave", **ARGUMENTS, engine="postgres://me:secret@nowhere.invalid/x")
    assert "secret" not in str(caught.value)


@pytest.fixture(scope="module")
def spark():
    """A real Spark on this machine, with several partitions."""
    pytest.importorskip("ibis")
    sql = pytest.importorskip("pyspark.sql")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "3")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.mark.java
@pytest.mark.parametrize("missing", ["em", "drop"])
def test_spark_over_several_partitions_equals_memory(frame, tmp_path, spark, missing):
    folder = tmp_path / "wave [2026]"
    folder.mkdir()
    for i, part in enumerate(np.array_split(np.arange(N), 4)):
        frame.iloc[part].to_parquet(folder / f"part-{i}.parquet")
    assert spark.read.parquet(str(tmp_path / "wave*")).rdd.getNumPartitions() > 1
    found = mot.driver_analysis(folder, **ARGUMENTS, **DESIGN, missing=missing, engine="spark")
    assert_equal(found, mot.driver_analysis(frame, **ARGUMENTS, **DESIGN, missing=missing))
    assert any("reduced by pyspark" in text for text in found.warnings)
