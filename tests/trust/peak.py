"""How much memory a block of code takes at its peak, where the system tells (Linux)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MOST_GROWTH = 600_000_000  # bytes; a file holds at most 500 MB unpacked, a case 200 kB
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
TELLS = RESET.exists()


@dataclass
class Grown:
    """Bytes by which the resident memory grew at its peak; 0 where the system doesn't tell."""

    bytes: int = 0


@contextmanager
def growth() -> Iterator[Grown]:
    """Measure the block; the number is there at its end."""
    grown = Grown()
    if not TELLS:
        yield grown
        return
    RESET.write_text("5")  # the peak begins anew
    before = _peak()
    try:
        yield grown
    finally:
        grown.bytes = _peak() - before


def _peak() -> int:
    return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", STATUS.read_text())[0])
