"""The same numbers whatever is installed, and whatever order a machine keeps its sets in."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from mot_research.report.exchange import findings_record
from mot_research.statistics import importance
from tests.arriving.small_study import small_study
from tests.test_cli import mot as run_mot

# Made by test_every_version_gives_the_stored_numbers with MOT_STORE set, on Python 3.11.
STORED = Path(__file__).parents[1] / "reference" / "same_numbers.json"
SAME = 1e-10  # other order of the same sums


def leaves(record, path=""):
    """Every number, text and blank of nested lists and mappings, by its path."""
    if isinstance(record, dict):
        for name, part in record.items():
            yield from leaves(part, f"{path}.{name}")
    elif isinstance(record, list):
        for place, part in enumerate(record):
            yield from leaves(part, f"{path}[{place}]")
    else:
        yield path, record


def test_the_compiled_tree_gives_the_numbers_of_numpy(monkeypatch):
    pytest.importorskip("numba")
    rng = np.random.default_rng(1)
    ratings = np.clip(np.round(3 + rng.normal(size=(300, 1)) + rng.normal(size=(300, 8))), 1, 5)
    frame = pd.DataFrame(ratings, columns=list("abcdefgh")).mask(rng.random(ratings.shape) < 0.05)
    frame["y"] = np.nan_to_num(ratings) @ np.linspace(1, 0, 8) + rng.normal(size=300)
    tables = []
    for name, value in (("_compiled_kernel", lambda: None), ("COMPILED_FROM_SUBSETS", 1)):
        with monkeypatch.context() as patched:
            patched.setattr(importance, name, value)
            result = mot.driver_analysis(frame, "y", list("abcdefgh"), n_resamples=200)
        tables.append(result.to_frame().select_dtypes("number"))
    assert {"lmg", "ci_lower", "ci_upper", "p_top"} <= {*tables[0].columns}
    np.testing.assert_allclose(tables[1], tables[0], rtol=SAME, atol=SAME)


@pytest.mark.slow
def test_two_processes_of_other_settings_write_the_same_bytes(tmp_path):
    study = small_study(tmp_path / "study")
    written = []
    for number, settings in enumerate(
        (
            {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C.UTF-8"},
            {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8"},
        )
    ):
        folder = tmp_path / str(number)
        options = ("--to", "html,pdf", "--renderer", "embedded", "--quiet", "--output", folder)
        done = run_mot("report", study, *options, **settings)
        assert done.returncode == 0, done.stderr
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0].keys() >= {"findings.json", "evidence.csv", "evidence.xlsx", "manifest.json"}
    assert {Path(name).suffix for name in written[0]} >= {".html", ".pdf"}
    differing = {name for name, text in written[0].items() if written[1].get(name) != text}
    assert differing == set()


def test_every_version_gives_the_stored_numbers(tmp_path):
    """Each interpreter and platform that runs the tests is held against one file."""
    record = findings_record(mot.run(small_study(tmp_path / "study")))
    del record["versions"]
    found = dict(leaves(record))
    if os.environ.get("MOT_STORE"):
        STORED.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    numbers = {path for path, value in stored.items() if isinstance(value, float)}
    assert len(numbers) > 200
    assert sum(isinstance(value, str) for value in stored.values()) > 100
    assert found.keys() == stored.keys()
    for path, value in stored.items():
        assert found[path] == (
            pytest.approx(value, abs=SAME, rel=SAME) if path in numbers else value
        ), path
