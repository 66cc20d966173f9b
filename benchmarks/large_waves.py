"""A large wave by DuckDB's engine, beside pandas, naive SQL and Polars: seconds and peak memory.

Run from the root of the repository: python benchmarks/large_waves.py [--rows N] [--store]

Every road starts at the same Parquet file, in a process of its own, and is timed from its start
to its end, imports included: seconds by the clock, seconds of processor (of all threads) and peak
memory. The others make one matrix of weighted crossproducts for the whole file, the least that
they must; the engine makes one for each of 1,024 buckets, fits the model and its errors, and checks
the file. `--growth` times the engine over rows, moments and resamples; `--store` writes
results/large_waves.json, from which `--picture` draws how cost grows, for the documentation.
Polars is in the development group for this file only.
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

ROOT = Path(__file__).parents[1]
STORED = ROOT / "benchmarks" / "results" / "large_waves.json"
PICTURE = ROOT / "docs" / "images" / "large-waves.png"
MOMENTS, AT_ONCE = 20, 500_000
NOT_HAD = 6
ROADS = ("engine", "pandas", "naive SQL", "SQL", "Polars")


def write_wave(path: Path, n_rows: int, blanks: float) -> None:
    """A simulated wave: contacts not had, weights, and blanks where wanted."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.Generator(np.random.PCG64(20260101))
    writer = None
    for start in range(0, n_rows, AT_ONCE):
        n = min(AT_ONCE, n_rows - start)
        quality = rng.normal(size=(n, 1)) + rng.normal(size=(n, MOMENTS))
        ratings = np.clip(np.round(3 + quality), 1, 5).astype(np.int8)
        ratings[rng.random(ratings.shape) < 0.15] = NOT_HAD
        felt = quality @ np.linspace(0.5, 0.0, MOMENTS) + rng.normal(size=n)
        columns = {"id": np.arange(start, start + n), "w": rng.uniform(0.5, 2, n)}
        columns["y"] = np.clip(np.round(6 + felt), 0, 10).astype(np.int8)
        blank = rng.random(ratings.shape) < blanks
        table = pa.table(
            columns | {f"q{j}": pa.array(ratings[:, j], mask=blank[:, j]) for j in range(MOMENTS)}
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def engine(path: str, moments: int = MOMENTS, resamples: int = 0) -> float:
    import mot_research as mot

    result = mot.driver_analysis(
        path,
        "y",
        [f"q{j}" for j in range(moments)],
        weight="w",
        respondent="id",
        not_experienced=[NOT_HAD],
        scale=(1, 5),
        n_resamples=resamples,
        engine="duckdb",
    )
    return result.r_squared


def by_pandas(path: str) -> float:
    import pandas as pd

    frame = pd.read_parquet(path)
    ratings = frame[[f"q{j}" for j in range(MOMENTS)]]
    had = (ratings != NOT_HAD).astype(float)
    quality = (ratings - 3.0) * had
    z = np.column_stack([np.ones(len(frame)), frame["y"], quality, had])
    return r_squared((z * frame["w"].to_numpy()[:, None]).T @ z)


def by_naive_sql(path: str) -> float:
    """sum(w * x * y), each product written out."""
    import duckdb

    cells = ["1.0", "CAST(y AS DOUBLE)"]
    cells += [f"CASE WHEN q{j} = 6 THEN 0.0 ELSE q{j} - 3.0 END" for j in range(MOMENTS)]
    cells += [f"CASE WHEN q{j} = 6 THEN 0.0 ELSE 1.0 END" for j in range(MOMENTS)]
    pairs = [(a, b) for i, a in enumerate(cells) for b in cells[i:]]
    sums = ", ".join(f"sum(CAST(w AS DOUBLE) * ({a}) * ({b}))" for a, b in pairs)
    return unfolded(duckdb.sql(f"SELECT {sums} FROM read_parquet('{path}')").fetchall()[0])


def by_sql(path: str) -> float:
    """The same with the weighted columns computed once, in a subquery."""
    import duckdb

    cells = ["CAST(1.0 AS DOUBLE)", "CAST(y AS DOUBLE)"]
    cells += [
        f"CAST(CASE WHEN q{j} = 6 THEN 0 ELSE q{j} - 3 END AS DOUBLE)" for j in range(MOMENTS)
    ]
    cells += [f"CAST(CASE WHEN q{j} = 6 THEN 0 ELSE 1 END AS DOUBLE)" for j in range(MOMENTS)]
    k = len(cells)
    made = ", ".join(f"{cell} AS d{i}" for i, cell in enumerate(cells))
    weighted = ", ".join(f"d{i}, w * d{i} AS e{i}" for i in range(k))
    sums = ", ".join(f"sum(e{i} * d{j})" for i in range(k) for j in range(i, k))
    return unfolded(
        duckdb.sql(
            f"SELECT {sums} FROM (SELECT {weighted} FROM "
            f"(SELECT w, {made} FROM read_parquet('{path}')))"
        ).fetchall()[0]
    )


def by_polars(path: str) -> float:
    import polars as pl

    wave = pl.scan_parquet(path)
    had = [(pl.col(f"q{j}") != NOT_HAD).cast(pl.Float64) for j in range(MOMENTS)]
    quality = [(pl.col(f"q{j}") - 3.0) * had[j] for j in range(MOMENTS)]
    cells = [pl.lit(1.0), pl.col("y").cast(pl.Float64), *quality, *had]
    made = wave.select("w", *(cell.alias(f"d{i}") for i, cell in enumerate(cells)))
    k = len(cells)
    sums = [
        (pl.col("w") * pl.col(f"d{i}") * pl.col(f"d{j}")).sum().alias(f"{i},{j}")
        for i in range(k)
        for j in range(i, k)
    ]
    return unfolded(made.select(sums).collect(engine="streaming").row(0))


def unfolded(elements: tuple[float, ...]) -> float:
    m = int((np.sqrt(8 * len(elements) + 1) - 1) / 2)
    q = np.zeros((m, m))
    q[np.triu_indices(m)] = elements
    return r_squared(q + np.triu(q, 1).T)


def r_squared(q: np.ndarray) -> float:
    q = q / q[0, 0]
    centred = q[1:, 1:] - np.outer(q[0, 1:], q[0, 1:])
    return float(centred[0, 1:] @ np.linalg.solve(centred[1:, 1:], centred[1:, 0]) / centred[0, 0])


def timed(call: str, *arguments: object) -> dict[str, float]:
    """Run one road in a process of its own."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
    told = ", ".join(map(repr, arguments))
    code = (
        # By its path: the folder holds a coverage.py, which numba would take for another.
        "import importlib.util\n"
        f"spec = importlib.util.spec_from_file_location('large_waves', {__file__!r})\n"
        "large_waves = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(large_waves)\n"
        f"r2 = large_waves.{call}({told})\n"
        "peak = int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
        "print(r2, peak)"
    )
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment, capture_output=True, text=True
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    r2, peak = done.stdout.split()[-2:]  # before them DuckDB shows its progress
    return {
        "seconds": round(seconds, 2),
        "processor": round(processor, 2),
        "megabytes": round(int(peak) / 1024),
        "r_squared": round(float(r2), 10),
    }


CALLS = {
    "engine": "engine",
    "pandas": "by_pandas",
    "naive SQL": "by_naive_sql",
    "SQL": "by_sql",
    "Polars": "by_polars",
}


def draw_growth() -> None:
    """How the stored seconds of processor grow with rows, moments and resamples."""
    import matplotlib.pyplot as plt

    from mot_research.report.house_style import ACCENT, house_style

    stored = json.loads(STORED.read_text(encoding="utf-8"))
    million = f"{stored['rows'] / 1e6:g} million rows"
    panels = (
        ("by_rows", 1e6, "Million rows", f"{stored['moments']} moments, no resamples"),
        ("by_moments", 1, "Moments", f"{million}, no resamples"),
        ("by_resamples", 1, "Resamples", f"{million}, {stored['moments']} moments"),
    )
    with house_style():
        figure, axes = plt.subplots(1, 3, figsize=(6.7, 2.4), sharey=True, layout="constrained")
        for ax, (key, unit, what, held) in zip(axes, panels, strict=True):
            points = sorted((float(x) / unit, one["processor"]) for x, one in stored[key].items())
            ax.plot(*zip(*points, strict=True), color=ACCENT, marker="o", markersize=4)
            ax.set_xlabel(what)
            ax.set_title(held, fontsize=7.5, loc="left")
            ax.set_xlim(left=0)
        axes[0].set_ylim(bottom=0)
        axes[0].set_ylabel("Seconds of processor")
        figure.savefig(PICTURE, dpi=200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--picture", action="store_true")
    asked = parser.parse_args()
    if asked.picture:
        draw_growth()
        return
    found: dict[str, object] = {"rows": asked.rows, "moments": MOMENTS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "wave.parquet")
        write_wave(path, asked.rows, blanks=0.0)
        roads = {name: timed(CALLS[name], str(path)) for name in ROADS}
        blank = Path(folder, "blank.parquet")
        write_wave(blank, asked.rows, blanks=0.02)
        roads["engine, 2 % blank"] = timed("engine", str(blank))
        blank.unlink()
        found["roads"] = roads
        if asked.growth:
            found["by_moments"] = {
                str(p): timed("engine", str(path), p) for p in (5, 10, 15, MOMENTS)
            }
            found["by_resamples"] = {
                str(b): timed("engine", str(path), MOMENTS, b) for b in (0, 500, 1000, 2000)
            }
            found["by_rows"] = {}
            for n in (asked.rows // 4, asked.rows // 2, 10 * asked.rows):
                write_wave(path, n, blanks=0.0)
                found["by_rows"][str(n)] = timed("engine", str(path))
            found["by_rows"][str(asked.rows)] = roads["engine"]
    print(f"{asked.rows:,} rows × {MOMENTS} moments, {os.cpu_count()} cores")
    print(f"{'':20} {'seconds':>8} {'processor':>10} {'MB':>6} {'× engine':>9}")
    for name, one in roads.items():
        ratio = one["processor"] / roads["engine"]["processor"]
        print(
            f"{name:20} {one['seconds']:8.1f} {one['processor']:10.1f} "
            f"{one['megabytes']:6.0f} {ratio:9.2f}"
        )
    equal = [roads[name]["r_squared"] for name in ROADS]
    assert np.ptp(equal) < 1e-8, equal
    if STORED.is_file():
        stored = json.loads(STORED.read_text(encoding="utf-8"))
        if stored["rows"] == asked.rows:
            ratio = roads["engine"]["processor"] / stored["roads"]["engine"]["processor"]
            print(f"the engine beside the stored time: × {ratio:.2f} of processor")
    if asked.store:
        STORED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
