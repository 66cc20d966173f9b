"""Work side by side: in order, on any number of cores, and its failures are seen."""

import pytest

from mot_research.statistics import side_by_side as module
from mot_research.statistics.side_by_side import side_by_side


@pytest.mark.parametrize("cores", [1, 3])
def test_results_keep_their_order(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(module, "n_cores", lambda: cores)
    assert side_by_side(lambda n: n**2, range(50)) == [n**2 for n in range(50)]
    assert side_by_side(lambda n: n, []) == []


def test_work_inside_work_ends() -> None:
    assert side_by_side(lambda n: sum(side_by_side(abs, range(n))), range(6)) == [0, 0, 1, 3, 6, 10]


@pytest.mark.parametrize("cores", [1, 3])
def test_the_first_failure_is_raised(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(module, "n_cores", lambda: cores)
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda n: 1 / n, [1, 0, 2])
