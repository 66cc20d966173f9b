from collections.abc import Callable
from pathlib import Path

import pytest

from mot_research.study.definition import Study
from mot_research.study.reading import read_study

FIVE_LINES = """\
study: {name: Harbour Mobile}
moments: {q12_first_bill: First bill arrives, q13_outage: Outage call}
ratings: {low: 1, high: 5}
outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]
waves: [{id: 2026Q1, file: 2026q1.csv}]
"""


@pytest.fixture
def five_lines() -> str:
    return FIVE_LINES


@pytest.fixture
def study_with(tmp_path: Path) -> Callable[..., Study]:
    """Write a study file, and data files beside it, and read the study."""

    def write(text: str, **files: str) -> Study:
        (tmp_path / "study.yml").write_text(text, encoding="utf-8")
        for name, content in files.items():
            (tmp_path / f"{name.lstrip('_')}.csv").write_text(content, encoding="utf-8")
        return read_study(tmp_path)

    return write
