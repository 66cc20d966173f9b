import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared folder of data sets beside the project."""
    path = Path(os.environ.get("MOT_SHARED", Path(__file__).parents[2] / ".." / "shared"))
    if not path.is_dir():
        pytest.skip("the shared folder of data sets is not beside the project")
    return path
