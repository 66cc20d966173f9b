"""Independent pieces of work on all cores, in threads: numpy and compiled loops release the lock.

Results keep their order, and no piece's arithmetic depends on another, so that numbers are the
same on any number of cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What the work makes of each item, in order; the first failure is raised."""
    items = list(items)
    if len(items) < 2 or n_cores() == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(n_cores()) as pool:
        return list(pool.map(work, items))


def n_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
