"""Time resampled importances: 2,000 draws with both kernels, beside a plain loop and pingouin.

Run from the root of the repository: python benchmarks/bootstrap.py [--quick] [--store]

All in one process, on one simulated wave without blanks; each time is the best of a few runs,
from the rows to an importance in every draw. Standard errors of the draws are held against those
of influence values, which need no draw; the loops take few draws, and their times for all of
them, marked by ~, are at the same cost a draw. `--store` writes results/bootstrap.json, against
which a later run is compared.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

from mot_research.statistics import importance
from mot_research.statistics.crossproducts import augmented, cluster_pair_sums, unvech
from mot_research.statistics.influence import lmg_gradient
from mot_research.statistics.resampling import (
    draw,
    resample_sums,
    sampling_units,
    survey_covariance,
)
from mot_research.statistics.second_moments import covariance

STORED = Path(__file__).parent / "results" / "bootstrap.json"
ROWS, RESAMPLES, SEED = 2000, 2000, 20260101
PINGOUIN_MOST = 12  # one covariance of 12 columns takes it 0.4 s


def wave(p: int) -> np.ndarray:
    """(rows, 1 + p): an outcome and ratings that share a general impression."""
    rng = np.random.default_rng(p)
    ratings = rng.normal(size=(ROWS, 1)) + rng.normal(size=(ROWS, p))
    outcome = ratings @ np.linspace(0.5, 0.0, p) + 2 * rng.normal(size=ROWS)
    return np.column_stack([outcome, ratings])


def resampled(rows: np.ndarray, *, compiled: bool) -> np.ndarray:
    """The importances in each draw: (resamples, p)."""
    units = sampling_units(np.arange(len(rows)))
    draws = draw(units, RESAMPLES, SEED)
    sums = cluster_pair_sums(augmented(rows), np.ones(len(rows)), np.arange(len(rows)), len(rows))
    totals = resample_sums(draws, sums)
    moments = covariance(unvech(totals / totals[:, :1]))
    if compiled:
        return importance.lmg(moments)
    with mock.patch.object(importance, "_compiled_kernel", return_value=None):
        return importance.lmg(moments)


def by_influence(rows: np.ndarray) -> np.ndarray:
    """Standard errors of the importances without any draw."""
    z = augmented(rows)
    n = len(z)
    values = cluster_pair_sums(z, np.ones(n), np.arange(n), n)
    q = values.mean(axis=0)
    scores = (values - q) @ lmg_gradient(unvech(q)).T / n
    return np.sqrt(np.diag(survey_covariance(scores, np.zeros(n, dtype=int))))


def loop(rows: np.ndarray, once: Callable[[np.ndarray], object], n: int) -> float:
    """Seconds that all draws would take, from n of them."""
    rng = np.random.default_rng(SEED)
    start = time.perf_counter()
    for _ in range(n):
        once(rows[rng.integers(len(rows), size=len(rows))])
    return (time.perf_counter() - start) / n * RESAMPLES


def pingouin(rows: np.ndarray) -> object:
    from pingouin import linear_regression

    return linear_regression(rows[:, 1:], rows[:, 0], relimp=True)


def one_at_a_time(rows: np.ndarray) -> object:
    return importance.lmg(np.cov(rows, rowvar=False))


def best(call: Callable[[], np.ndarray], runs: int) -> tuple[float, np.ndarray]:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        values = call()
        times.append(time.perf_counter() - start)
    return min(times), values


def measured(p: int, runs: int) -> dict[str, float]:
    rows = wave(p)
    numba, values = best(lambda: resampled(rows, compiled=True), runs)
    found = {"numba": numba}
    if p <= 15:
        found["numpy"], plain = best(lambda: resampled(rows, compiled=False), runs)
        np.testing.assert_allclose(plain, values, atol=1e-12)
    found["influence"], errors = best(lambda: by_influence(rows), runs)
    found["ratio of errors"] = float(np.median(values.std(axis=0, ddof=1) / errors))
    found["one at a time"] = loop(rows, one_at_a_time, 20 if p <= 15 else 3)
    if p <= PINGOUIN_MOST:
        found["pingouin"] = loop(rows, pingouin, 2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="up to 12 moments, fewer runs")
    parser.add_argument("--store", action="store_true", help="write benchmarks/results")
    options = parser.parse_args()
    sizes, runs = ((10, 12), 2) if options.quick else ((10, 12, 15, 20), 3)
    importance.lmg(np.cov(wave(17), rowvar=False))  # loads the compiled kernel
    stored = json.loads(STORED.read_text("utf-8")) if STORED.is_file() else {}
    names = ("numba", "numpy", "influence", "one at a time", "pingouin", "before", "s.e. ratio")
    print(f"{RESAMPLES:,} resamples of {ROWS:,} rows, seconds (times the numba kernel's)")
    print(f"{'moments':>8}" + "".join(f"{name:>18}" for name in names))
    found = {}
    for p in sizes:
        found[str(p)] = times = measured(p, runs)

        def cell(name: str, times: dict[str, float] = times) -> str:
            if name not in times:
                return "–"
            mark = "~" if name in ("one at a time", "pingouin") else ""
            return f"{mark}{times[name]:,.3f} ({times[name] / times['numba']:,.1f})"

        before = stored.get(str(p), {}).get("numba")
        cells = [
            *(cell(name) for name in names[:5]),
            "–" if before is None else f"{before:.3f}",
            f"{times['ratio of errors']:.3f}",
        ]
        print(f"{p:>8}" + "".join(f"{text:>18}" for text in cells))
    if options.store:
        STORED.write_text(json.dumps(stored | found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
