"""What is said of waves that are too large to be held in memory."""

from __future__ import annotations

from mot_research.errors import shown
from mot_research.survey.wave import Survey

ENGINES = {"auto": "DuckDB", "duckdb": "DuckDB", "spark": "Spark"}


def told_samples(survey: Survey) -> list[str]:
    """One line for each wave whose rows stay in their file."""
    engine = ENGINES.get(survey.engine, "the warehouse")
    return [
        f"Wave {shown(name)} has {n_rows:,} rows: {engine} reads them where they lie "
        f"({survey[name].n_rows:,} of them at random are held in memory). Another way: --engine."
        for name, n_rows in survey.sampled.items()
        if name in survey.waves
    ]
