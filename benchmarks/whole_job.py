"""`mot analyze` from start to exit, imports included, beside the same importances by pingouin.

Run from the root of the repository: python benchmarks/whole_job.py [--store] [--example]

One wave of 2,000 × 20 moments × 2 outcomes with 2,000 resamples, and one of 100,000 rows, each in a
process of its own:
seconds by the clock, seconds of processor (of all its threads), and peak memory. pingouin is
timed in the same run, on one covariance of fewer columns; what it would need for the same
resampled importances is extrapolated at the same cost a subset, and marked by ~. `--example`
times the report of data/example, too. `--store` writes results/whole_job.json, against which a
later run is compared.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
STORED = ROOT / "benchmarks" / "results" / "whole_job.json"
ROWS, MOMENTS, RESAMPLES, OUTCOMES = 2000, 20, 2000, 2
MANY_ROWS = 100_000
PINGOUIN_COLUMNS = 10
COMMAND = "from mot_research.cli import main; main()"


def write_study(folder: Path, second: str, n_rows: int = ROWS) -> Path:
    """A simulated wave with blanks and contacts not had; the second outcome of that kind."""
    rng = np.random.default_rng(20260101)
    general = rng.normal(size=(n_rows, 1))
    quality = general + rng.normal(size=(n_rows, MOMENTS))
    ratings = pd.DataFrame(np.clip(np.round(3 + quality), 1, 5).astype(int))
    ratings.columns = [f"q{j:02d}" for j in range(MOMENTS)]
    felt = quality[:, :8] @ np.linspace(0.5, 0.1, 8) + rng.normal(size=n_rows)
    later = quality[:, 4:12] @ np.linspace(0.4, 0.1, 8) + rng.normal(size=n_rows)
    frame = ratings.astype(object).mask(rng.random(ratings.shape) < 0.03)
    frame = frame.mask(rng.random(ratings.shape) < 0.15, 6)
    frame["recommend"] = np.clip(np.round(6 + 1.5 * felt), 0, 10).astype(int)
    score = np.clip(np.round(6 + 1.5 * later), 0, 10).astype(int)
    frame["second"] = score if second == "score" else (later > 0).astype(int)
    frame.to_csv(folder / "wave.csv", index=False)
    scale = {"low": 0, "high": 10}
    coded = scale if second == "score" else {"yes": [1], "no": [0]}
    study = {
        "study": {"name": "Whole job", "simulated": True},
        "moments": {name: f"Moment {name}" for name in ratings},
        "ratings": {"low": 1, "high": 5, "not_experienced": [6]},
        "outcomes": [
            {"id": "recommend", "column": "recommend", "kind": "score"} | scale,
            {"id": "second", "role": "revenue", "column": "second", "kind": second} | coded,
        ],
        "waves": [{"id": "2026Q1", "file": "wave.csv"}],
        "rules": {"n_resamples": RESAMPLES},
    }
    file = folder / "study.yml"
    file.write_text(json.dumps(study), encoding="utf-8")  # JSON is YAML
    return file


def timed(*arguments: str) -> dict[str, float]:
    """Run the command in a process of its own."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-c", COMMAND, *arguments, "--quiet"]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor": processor, "megabytes": after.ru_maxrss / 1024}


def by_pingouin() -> float:
    """Seconds of processor that pingouin would need for the same importances."""
    from pingouin import linear_regression

    rng = np.random.default_rng(1)
    columns = rng.normal(size=(ROWS, PINGOUIN_COLUMNS))
    outcome = columns.sum(axis=1) + rng.normal(size=ROWS)
    start = time.process_time()
    linear_regression(columns, outcome, relimp=True)
    once = time.process_time() - start
    return once * 2 ** (MOMENTS - PINGOUIN_COLUMNS) * (1 + RESAMPLES) * OUTCOMES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", action="store_true", help="write benchmarks/results")
    parser.add_argument("--example", action="store_true", help="the report of data/example, too")
    options = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as name:
        for second in ("score", "binary"):
            folder = Path(name) / second
            folder.mkdir()
            found[f"analyze, score and {second}"] = timed(
                "analyze", str(write_study(folder, second))
            )
        many = Path(name) / "many"
        many.mkdir()
        found[f"analyze, {MANY_ROWS:,} rows"] = timed(
            "analyze", str(write_study(many, "score", MANY_ROWS))
        )
        if options.example:
            example = str(ROOT / "data" / "example")
            for command in ("analyze", "report"):
                output = str(Path(name) / command)
                found[f"{command} data/example"] = timed(command, example, "--output", output)
    peer = by_pingouin()
    stored = json.loads(STORED.read_text("utf-8")) if STORED.is_file() else {}
    print(f"{'':30}{'seconds':>10}{'processor':>11}{'MB':>7}{'pingouin':>12}{'before':>9}")
    for job, times in found.items():
        ratio = f"~{peer / times['processor']:,.0f} ×" if "score and" in job else ""
        before = f"{stored[job]['processor']:.1f}" if job in stored else "–"
        print(
            f"{job:30}{times['seconds']:10.1f}{times['processor']:11.1f}"
            f"{times['megabytes']:7.0f}{ratio:>12}{before:>9}"
        )
    print(
        f"pingouin: ~{peer / 3600:,.0f} hours of processor for the importances alone; "
        "before: the stored run's seconds of processor."
    )
    if options.store:
        STORED.write_text(json.dumps(stored | found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
