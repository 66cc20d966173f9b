"""Spoilt files by the thousand: each gives a result or one `MotError`, soon and in little memory.

    python -m tests.trust.fuzz [--cases 100000] [--seed 0] [--readers votes,codes] [--keep]
                               [--tally FILE]

Every case follows from seed, reader and number. They run in a process of their own, so that a
crash, a hang or a great need of memory is found as well. `--keep` stores what is found, made as
short as it goes, in ``tests/trust/corpus``, whose files are tried by the tests ever after. With
`--tally` a run goes on where the last one of the same file ended.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.trust.peak import MOST_GROWTH, growth

CORPUS = Path(__file__).with_name("corpus")
MOST_SECONDS = 30.0  # of one case; the slowest reader starts a process
TO_START = 300.0  # seconds: imports, sound files
MOST_MEMORY = 5_000_000_000  # bytes of address space, libraries included
WHOLE_EVERY = 100  # cases; the others read nothing twice that stands around the file
TOLD_EVERY = 5.0  # seconds
MOST_SHORTENINGS = 400  # tries


@dataclass(frozen=True)
class Found:
    """A case that gave neither a result nor a `MotError`."""

    reader: str
    number: int
    what: str
    content: bytes

    @property
    def kind(self) -> str:
        """Where and as what it failed: cases that share it are one fault."""
        return "\n".join(self.what.strip().splitlines()[-6:])


def outcome(use: Callable[[], object]) -> str:
    """Return what is wrong with a case: "" for a result or a `MotError`, in little memory."""
    from mot_research.errors import MotError

    with growth() as grown:
        try:
            use()
        except MotError:
            pass
        except BaseException:
            return traceback.format_exc(limit=-6)
    if grown.bytes > MOST_GROWTH:
        return f"needs {grown.bytes:,} bytes of memory"
    return ""


def work(
    reader: str, seed: int, start: int, stop: int, folder: Path, to_parent: Connection
) -> None:
    """Try the cases of one reader, telling each before it begins."""
    import resource
    import warnings

    from tests.trust.readers import BY_NAME
    from tests.trust.standing_by import standing_by

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error")
    one = BY_NAME[reader]
    seeds, place = prepared(reader, folder)
    with standing_by(one.spoils != "study", one.spoils == "beside") as quick:
        for sound in seeds:
            one.use(place, sound)
            with quick():
                one.use(place, sound)
        for number in range(start, stop):
            content = one.case(seed, number, seeds)
            (folder / "case").write_bytes(content)
            to_parent.send((number, ""))
            with nullcontext() if number % WHOLE_EVERY == 0 else quick():
                if what := outcome(lambda case=content: one.use(place, case)):
                    to_parent.send((number, what))
    to_parent.send((stop, ""))


def prepared(reader: str, folder: Path) -> tuple[list[bytes], Path]:
    """Return the sound files of a reader, and a folder with all that stands around one."""
    from tests.trust.readers import BY_NAME

    one = BY_NAME[reader]
    (folder / "seeds").mkdir()
    seeds = one.seeds(folder / "seeds")
    one.prepare(folder / "study")
    return seeds, folder / "study"


def tried(reader: str, seed: int, start: int, stop: int) -> Iterator[Found | int]:
    """Yield how many cases were tried so far, and each that was found."""
    context = multiprocessing.get_context("spawn")
    while start < stop:
        with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as folder:
            mine, theirs = context.Pipe(duplex=False)
            worker = context.Process(
                target=work, args=(reader, seed, start, stop, Path(folder), theirs)
            )
            worker.start()
            theirs.close()
            number, what = -1, ""
            while number < stop:
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
                    yield Found(reader, number, what, (Path(folder) / "case").read_bytes())
                yield number
            else:
                what = ""
            worker.join()
            if number < 0:
                raise RuntimeError(f"the sound files of '{reader}' can't be read: {what}")
            if what:
                yield Found(reader, number, what, (Path(folder) / "case").read_bytes())
            start = number + 1


def keep(found: Found) -> Path:
    """Store a found case for the tests, shortened as far as it still fails in the same way."""
    path = CORPUS / found.reader.replace(" ", "_") / f"{found.number}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(found.content)
    path.write_bytes(shortened(found))
    return path


def shortened(found: Found) -> bytes:
    """Return a shorter case of the same fault; hangs and deaths stay as they are."""
    from tests.trust.readers import BY_NAME

    if "Traceback" not in found.what or found.content[:2] == b"PK":
        return found.content
    content, size, tries = found.content, len(found.content) // 2, 0
    with tempfile.TemporaryDirectory() as folder:
        _, place = prepared(found.reader, Path(folder))
        while size and tries < MOST_SHORTENINGS:
            start = 0
            while start < len(content) and tries < MOST_SHORTENINGS:
                tries += 1
                case = content[:start] + content[start + size :]
                what = outcome(lambda case=case: BY_NAME[found.reader].use(place, case))
                if what and Found(found.reader, 0, what, case).kind == found.kind:
                    content = case
                else:
                    start += size
            size //= 2
    return content


def main(arguments: list[str] | None = None) -> int:
    """Try every reader; return 1 where something was found."""
    from tests.trust.readers import BY_NAME

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", default=",".join(BY_NAME), help="names, with commas")
    parser.add_argument("--keep", action="store_true", help="store what is found in the corpus")
    parser.add_argument("--tally", type=Path, help="counts of the cases tried, to go on from")
    given = parser.parse_args(arguments)
    tally = json.loads(given.tally.read_text()) if given.tally and given.tally.exists() else {}
    total, n_found = 0, 0
    for name in given.readers.split(","):
        counts = tally.setdefault(name, {"cases": 0, "seconds": 0.0, "found": 0})
        before, seconds = counts["cases"], counts["seconds"]
        began = told = time.monotonic()
        kinds: set[str] = set()
        for event in tried(name, given.seed, before, given.cases):
            if isinstance(event, Found):
                counts["found"] += 1
                if event.kind not in kinds:
                    kinds.add(event.kind)
                    print(f"FOUND {name} {event.number}:\n{event.kind}", flush=True)
                    if given.keep:
                        print(f"kept as {keep(event)}", flush=True)
            else:
                counts["cases"] = event
                counts["seconds"] = round(seconds + time.monotonic() - began, 1)
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                rate = (counts["cases"] - before) / (told - began)
                print(
                    f"{name}: {counts['cases']:,} of {given.cases:,}, {rate:.0f} a second",
                    flush=True,
                )
                _store(given.tally, tally)
        _store(given.tally, tally)
        total += counts["cases"]
        n_found += counts["found"]
        print(
            f"{name}: {counts['cases']:,} cases in {counts['seconds']:.0f} s, "
            f"{counts['found']} found, {len(kinds)} kinds in this run",
            flush=True,
        )
    print(f"{total:,} cases tried, {n_found} found.")
    return 1 if n_found else 0


def _store(path: Path | None, tally: dict[str, dict[str, float]]) -> None:
    if path is not None:
        path.write_text(json.dumps(tally, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
