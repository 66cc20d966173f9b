import pytest

from tests.arriving.small_study import rows, small_study


@pytest.fixture
def study(tmp_path):
    return small_study(tmp_path / "study")


@pytest.fixture
def new_file(tmp_path):
    """Write answers as the next wave's file, outside of the study."""

    def write(frame=None, name="2026q2.csv"):
        path = tmp_path / name
        (rows(2, start=3000) if frame is None else frame).to_csv(path, index=False)
        return path

    return write
