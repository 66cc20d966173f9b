"""Time exact lmg: ns per subset, beside other ways and the machine's own limits.

Run from the root of the repository: python benchmarks/lmg.py [--quick] [--store]

All in one process, the best of a few runs. Every way is checked against the numpy
kernel before it is timed. A time with ~ is extrapolated from the largest p that was
run, at the same cost a subset. relaimpo is timed within R, where R and it are installed.
`--store` writes results/lmg.json, against which a later run is compared.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from math import comb
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from numba import njit

from mot_research.statistics import importance, subset_tree, subset_tree_numba
from mot_research.statistics.permutations import sampled_lmg

STORED = Path(__file__).parent / "results" / "lmg.json"
N_ROWS = 400
RELAIMPO = """\
rows <- as.matrix(read.csv(commandArgs(TRUE)[1], header = FALSE))
seconds <- system.time(found <- relaimpo::calc.relimp(cov(rows), type = "lmg"))[["elapsed"]]
cat(format(c(seconds, found@lmg), digits = 17))
"""
NAIVE_MOST = 12  # a solve per subset: 0.1 s at p = 12
DIVISIONS_A_NODE = 15 / 31  # of the compiled kernel's last five variables


def data(p: int, *, replicates: int = 1, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(replicates, N_ROWS, p + 1))
    return rows + 0.5 * rows[..., :1] + 0.7 * rows[..., -1:]


def correlations(p: int, *, replicates: int = 1) -> np.ndarray:
    return np.stack([np.corrcoef(rows, rowvar=False) for rows in data(p, replicates=replicates)])


def outcome_last(matrices: np.ndarray) -> np.ndarray:
    order = [*range(1, matrices.shape[-1]), 0]
    return matrices[:, order][:, :, order]


def best(call: Callable[[], object], *, runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def naive(correlation: np.ndarray) -> np.ndarray:
    """A solve for each subset, and an array of all 2^p values of R²."""
    p = len(correlation) - 1
    r_squared = np.zeros(1 << p)
    for subset in range(1, 1 << p):
        columns = [1 + column for column in range(p) if subset >> column & 1]
        right = correlation[columns, 0]
        r_squared[subset] = right @ np.linalg.solve(correlation[np.ix_(columns, columns)], right)
    weights = np.array([1 / (p * comb(p - 1, size)) for size in range(p)])
    subsets = np.arange(1 << p)
    sizes = subset_tree.subset_sizes(p)
    shares = np.empty(p)
    for column in range(p):
        without = subsets[(subsets >> column & 1) == 0]
        gains = r_squared[without | 1 << column] - r_squared[without]
        shares[column] = weights[sizes[without]] @ gains
    return shares


def pingouin(rows: np.ndarray) -> np.ndarray:
    from pingouin import linear_regression

    table = linear_regression(rows[:, 1:], rows[:, 0], relimp=True)
    return pd.DataFrame(table)["relimp"].to_numpy()[1:]


def relaimpo(rows: np.ndarray) -> tuple[float, np.ndarray] | None:
    """Seconds and importances by R's relaimpo; None where it is not installed."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        table, script = Path(folder) / "rows.csv", Path(folder) / "lmg.R"
        np.savetxt(table, rows, delimiter=",", fmt="%.17g")
        script.write_text(RELAIMPO, encoding="utf-8")
        done = subprocess.run(
            ["Rscript", str(script), str(table)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        return None
    seconds, *importances = (float(number) for number in done.stdout.split())
    return seconds, np.array(importances)


@njit(fastmath={"contract"}, error_model="numpy")
def divide(values, rounds):
    for _ in range(rounds):
        for i in range(values.size):
            values[i] = 1.0 / values[i]


@njit(fastmath={"contract"}, error_model="numpy")
def multiply_add(values, rounds):
    """Sixteen dependent multiply–adds an element; neighbours overlap."""
    for _ in range(rounds):
        for i in range(values.size):
            x = values[i]
            for _ in range(16):
                x = x * 0.999 + 0.001
            values[i] = x


def one_core(matrices: np.ndarray) -> np.ndarray:
    with mock.patch.object(subset_tree_numba, "n_cores", return_value=1):
        return subset_tree_numba.shapley_gains(matrices)


def row(*cells: object) -> None:
    print("  ".join(f"{cell:>12}" for cell in cells))


def against_others(sizes: list[int], runs: int) -> None:
    print("\nOne covariance, ns a subset (and how many times the numpy kernel's)")
    row("p", "numpy", "numba 1 core", "solve each", "pingouin", "relaimpo")
    naive_ns = np.nan
    for p in sizes:
        matrix = correlations(p)
        rows = data(p)[0]
        reference = importance.lmg(matrix[0])
        numpy_ns = best(lambda m=matrix: importance.lmg(m[0]), runs=runs) / 2**p * 1e9
        left = outcome_last(matrix)
        np.testing.assert_allclose(one_core(left)[0], reference, atol=1e-12)
        numba_ns = best(lambda m=left: one_core(m), runs=runs) / 2**p * 1e9
        if p <= NAIVE_MOST:
            np.testing.assert_allclose(naive(matrix[0]), reference, atol=1e-10)
            naive_ns = best(lambda m=matrix: naive(m[0]), runs=1) / 2**p * 1e9
        start = time.perf_counter()
        by_pingouin = pingouin(rows)
        pingouin_ns = (time.perf_counter() - start) / 2**p * 1e9
        np.testing.assert_allclose(by_pingouin, reference, atol=1e-8)
        by_relaimpo = relaimpo(rows)
        relaimpo_cell = "no R"
        if by_relaimpo is not None:
            np.testing.assert_allclose(by_relaimpo[1], reference, atol=1e-8)
            ns = by_relaimpo[0] / 2**p * 1e9
            relaimpo_cell = f"{ns:,.0f} ({ns / numpy_ns:,.0f})"
        mark = "" if p <= NAIVE_MOST else "~"
        row(
            p,
            f"{numpy_ns:.1f}",
            f"{numba_ns:.2f}",
            f"{mark}{naive_ns:,.0f} ({naive_ns / numpy_ns:,.0f})",
            f"{pingouin_ns:,.0f} ({pingouin_ns / numpy_ns:,.0f})",
            relaimpo_cell,
        )


def kernels(cases: list[tuple[int, int]], runs: int) -> dict[str, dict[str, float]]:
    stored = json.loads(STORED.read_text("utf-8")) if STORED.is_file() else {}
    print("\nThe two kernels, ns a subset; numba on all cores is by the clock, not by core")
    row("p", "replicates", "numpy", "numba 1 core", "all cores", "numpy/numba 1", "before")
    found = {}
    for p, replicates in cases:
        left = outcome_last(correlations(p, replicates=replicates))
        ways = (
            lambda m=left: subset_tree.shapley_gains(m, [1] * (m.shape[-1] - 1)),
            lambda m=left: one_core(m),
            lambda m=left: subset_tree_numba.shapley_gains(m),
        )
        shares = [way() for way in ways]
        for other in shares[1:]:
            np.testing.assert_allclose(other, shares[0], atol=1e-12)
        ns = [best(way, runs=runs) / replicates / 2**p * 1e9 for way in ways]
        case = f"{p} players, {replicates} replicates"
        found[case] = dict(zip(("numpy", "numba 1 core", "numba"), ns, strict=True))
        before = f"{stored[case]['numba 1 core']:.2f}" if case in stored else "–"
        row(
            p, replicates, f"{ns[0]:.1f}", f"{ns[1]:.2f}", f"{ns[2]:.2f}",
            f"{ns[0] / ns[1]:.0f}", before,
        )  # fmt: skip
    print("before: the stored run's numba on one core.")
    return found


def blocks(n_players: int, runs: int) -> None:
    times = {}
    for width in (1, 2):
        matrix = correlations(n_players * width)[0]
        grouped = [list(range(b, b + width)) for b in range(0, n_players * width, width)]
        left = outcome_last(matrix[None])
        widths = [len(block) for block in grouped]
        times[width] = best(lambda m=left, w=widths: subset_tree.shapley_gains(m, w), runs=runs)
    ratio = times[2] / times[1]
    print(f"\n{n_players} blocks of two columns: {ratio:.1f} times the plain numpy kernel")


def sampled(p: int) -> None:
    matrix = correlations(p)[0]
    start = time.perf_counter()
    result = sampled_lmg(matrix, rng=np.random.default_rng(1))
    elapsed = time.perf_counter() - start
    error = (result.std_error / result.estimate.sum()).mean() * 100
    print(
        f"\nSampled, p = {p}: {result.n_permutations} orders in {elapsed * 1e3:.0f} ms, "
        f"standard error {error:.3f} points of share"
    )


def machine_limits(runs: int) -> None:
    values = np.linspace(0.5, 1.0, 512)
    rounds = 20_000
    limits = {}
    for name, kernel, operations in (("division", divide, 1), ("multiply-add", multiply_add, 16)):
        kernel(values.copy(), 1)
        elapsed = best(lambda k=kernel: k(values.copy(), rounds), runs=runs)
        limits[name] = elapsed / rounds / values.size / operations * 1e9
    print(
        f"\nMachine, one core: {limits['division']:.3f} ns a division, "
        f"{limits['multiply-add']:.4f} ns a multiply-add.\nOne division a node would be a floor of "
        f"{limits['division']:.3f} ns a subset; the compiled kernel's {DIVISIONS_A_NODE:.2f} "
        f"divisions a node one of {limits['division'] * DIVISIONS_A_NODE:.3f}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller p, fewer runs")
    parser.add_argument("--store", action="store_true", help="write benchmarks/results")
    options = parser.parse_args()
    quick = options.quick
    runs = 2 if quick else 5
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"numpy {np.__version__}, {os.cpu_count()} cores, {platform.machine()}, load {load}")
    start = time.perf_counter()
    subset_tree_numba.shapley_gains(outcome_last(correlations(6)))
    print(f"first compiled call: {time.perf_counter() - start:.2f} s (numba already imported)")
    machine_limits(runs)
    against_others([8, 10, 12] if quick else [8, 10, 12, 14, 16], runs)
    plain = [(16, 1), (20, 1)] if quick else [(16, 1), (20, 1), (22, 1), (25, 1)]
    batches = [(10, 2000), (15, 100)] if quick else [(10, 2000), (15, 1000), (20, 20)]
    found = kernels([*plain, *batches], runs=min(runs, 3))
    blocks(14 if quick else 18, runs)
    sampled(40)
    if options.store:
        stored = json.loads(STORED.read_text("utf-8")) if STORED.is_file() else {}
        STORED.write_text(json.dumps(stored | found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
