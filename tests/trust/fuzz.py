"""Spoilt files by the thousand: each gives a result or one `MotError`, soon and in little memory.

    python -m tests.trust.fuzz [--cases 100000] [--seed 0] [--readers votes,codes] [--keep]

Every case follows from seed, reader and number. They run in a process of their own, so that a
crash or a hang is found as well; `--keep` stores what is found in ``tests/trust/corpus``, whose
files are tried by the tests ever after.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
MOST_SECONDS = 30.0  # of one case; the slowest reader starts a process
TO_START = 300.0  # seconds: imports, sound files
MOST_MEMORY = 5_000_000_000  # bytes of address space, libraries included
TOLD_EVERY = 5.0  # seconds


@dataclass(frozen=True)
class Found:
    """A case that gave neither a result nor a `MotError`."""

    reader: str
    number: int
    what: str
    content: bytes


def work(reader: str, seed: int, start: int, stop: int, to_parent: Connection) -> None:
    """Try the cases of one reader, telling each before it begins."""
    import resource
    import warnings

    from mot_research.errors import MotError
    from tests.trust.readers import BY_NAME

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error")
    one = BY_NAME[reader]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        seeds_in, place = Path(folder) / "seeds", Path(folder) / "study"
        seeds_in.mkdir()
        seeds = one.seeds(seeds_in)
        one.prepare(place)
        for sound in seeds:
            one.use(place, sound)
        to_parent.send((start, ""))
        for number in range(start, stop):
            to_parent.send((number, ""))
            try:
                one.use(place, one.case(seed, number, seeds))
            except MotError:
                pass
            except BaseException:
                to_parent.send((number, traceback.format_exc(limit=-6)))
    to_parent.send((stop, ""))


def tried(reader: str, seed: int, cases: int) -> Iterator[Found | int]:
    """Yield how many cases were tried so far, and each that was found."""
    start = 0
    context = multiprocessing.get_context("spawn")
    while start < cases:
        mine, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=work, args=(reader, seed, start, cases, theirs))
        worker.start()
        theirs.close()
        number, what = -1, ""
        while number < cases:
            try:
                if not mine.poll(MOST_SECONDS if number >= 0 else TO_START):
                    what = f"hangs for {MOST_SECONDS:.0f} s"
                    worker.kill()
                    break
                number, what = mine.recv()
            except EOFError:
                worker.join()
                what = f"ends the process with code {worker.exitcode}"
                break
            if what:
                yield Found(reader, number, what, _content(reader, seed, number))
            yield number
        else:
            what = ""
        worker.join()
        if number < 0:
            raise RuntimeError(f"the sound files of '{reader}' can't be read: {what}")
        if what:
            yield Found(reader, number, what, _content(reader, seed, number))
        start = number + 1


def _content(reader: str, seed: int, number: int) -> bytes:
    from tests.trust.readers import BY_NAME

    with tempfile.TemporaryDirectory() as folder:
        return BY_NAME[reader].case(seed, number, BY_NAME[reader].seeds(Path(folder)))


def keep(found: Found) -> Path:
    """Store a found case for the tests."""
    path = CORPUS / found.reader.replace(" ", "_") / f"{found.number}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(found.content)
    return path


def main(arguments: list[str] | None = None) -> int:
    """Try every reader; return 1 where something was found."""
    from tests.trust.readers import BY_NAME

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", default=",".join(BY_NAME), help="names, with commas")
    parser.add_argument("--keep", action="store_true", help="store what is found in the corpus")
    given = parser.parse_args(arguments)
    total, n_found = 0, 0
    for name in given.readers.split(","):
        began = told = time.monotonic()
        places: dict[str, int] = {}
        for event in tried(name, given.seed, given.cases):
            if isinstance(event, Found):
                n_found += 1
                last = event.what.strip().splitlines()
                place = "\n".join(last[-6:])
                places[place] = places.get(place, 0) + 1
                if places[place] == 1:
                    print(f"FOUND {name} {event.number}:\n{place}", flush=True)
                    if given.keep:
                        print(f"kept as {keep(event)}", flush=True)
            elif time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                rate = event / (told - began)
                print(f"{name}: {event:,} of {given.cases:,}, {rate:.0f} a second", flush=True)
        total += given.cases
        seconds = time.monotonic() - began
        print(
            f"{name}: {given.cases:,} cases in {seconds:.0f} s, "
            f"{sum(places.values())} found of {len(places)} kinds",
            flush=True,
        )
    print(f"{total:,} cases tried, {n_found} found.")
    return 1 if n_found else 0


if __name__ == "__main__":
    sys.exit(main())
