import numpy as np
import pandas as pd
import pytest

from mot_research.errors import AnalysisError
from mot_research.survey.large_files import is_to_sample, sampled_table
from mot_research.survey.tables import read_table

N = 5000


@pytest.fixture
def frame():
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {
            "id": [f"{i:04d}" for i in range(N)],
            "rating": pd.Series(rng.integers(1, 6, N)).astype(float).mask(rng.random(N) < 0.1),
            "said": rng.choice(['a "b"', "c, d", "e"], N),
        }
    )


def written(frame, path):
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["wave.csv", "wave.csv.gz", "wave.parquet"])
def test_a_sample_of_all_rows_is_the_table(frame, tmp_path, name):
    path = written(frame, tmp_path / name)
    found, n_rows = sampled_table(path, 2 * N, 1)
    expected = read_table(path)
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert found.sha256 == expected.sha256
    assert n_rows == N


def test_a_sample_is_random_of_about_the_size_and_the_same_again(frame, tmp_path):
    path = written(frame, tmp_path / "wave.csv")
    found, n_rows = sampled_table(path, 1000, 7)
    again, _ = sampled_table(path, 1000, 7)
    other, _ = sampled_table(path, 1000, 8)
    assert n_rows == N
    # Binomial with p = .2: six standard errors.
    assert abs(len(found.frame) - 1000) < 6 * np.sqrt(N * 0.2 * 0.8)
    pd.testing.assert_frame_equal(found.frame, again.frame)
    assert set(found.frame["id"]) != set(other.frame["id"])
    assert list(found.frame["id"]) == sorted(found.frame["id"])
    assert abs(found.frame["id"].astype(int).mean() - N / 2) < 6 * N / np.sqrt(12 * 1000)


def test_only_files_that_duckdb_reads_are_sampled(tmp_path):
    for name in ("a.csv", "a.parquet", "a.xlsx", "a.sav", "a.csv.gz"):
        (tmp_path / name).write_bytes(b"x")
    assert is_to_sample(tmp_path / "a.csv", "duckdb")
    assert is_to_sample(tmp_path / "a.csv.gz", "spark")
    assert not is_to_sample(tmp_path / "a.csv", "auto")
    assert not is_to_sample(tmp_path / "a.csv", "memory")
    assert not is_to_sample(tmp_path / "a.xlsx", "duckdb")
    assert not is_to_sample(tmp_path / "a.sav", "duckdb")
    assert not is_to_sample(tmp_path / "missing.csv", "duckdb")


def test_a_damaged_file_is_one_sentence(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(AnalysisError, match=r"'a\.parquet' can't be read"):
        sampled_table(tmp_path / "a.parquet", 10, 1)
