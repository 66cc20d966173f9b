"""Spoilt files that a fuzzer grows by the lines they reach, where one process reads them.

    pip install atheris          # CPython 3.11 to 3.13 on Linux; no part of the locks
    python -m tests.trust.coverage_guided votes [-runs=100000] [-max_total_time=600] [a folder]

What gives neither a result nor a `MotError` ends the run and is written to ``crash-…``: try it by
the corpus of the tests.
"""

import sys
import tempfile
from pathlib import Path

READ_IN_ONE_PROCESS = (
    *("study.yml", "wave.csv", "votes", "codes", "verbatims", "recordings", "operations"),
    *("moments.xlsx",),
)


def main(arguments: list[str]) -> None:
    """Grow cases for one reader until libFuzzer's own options say to stop."""
    try:
        import atheris
    except ModuleNotFoundError:
        raise SystemExit("atheris is not installed: pip install atheris (Linux)") from None
    name, *options = arguments or [""]
    if name not in READ_IN_ONE_PROCESS:
        raise SystemExit(f"Name a reader of: {', '.join(READ_IN_ONE_PROCESS)}")
    with atheris.instrument_imports(include=["mot_research"]):
        from tests.trust.fuzz import outcome, prepared
        from tests.trust.readers import BY_NAME
        from tests.trust.standing_by import standing_by
    one = BY_NAME[name]
    with (
        tempfile.TemporaryDirectory() as folder,
        standing_by(one.spoils != "study", one.spoils == "beside") as quick,
    ):
        seeds, place = prepared(name, Path(folder))
        begin = Path(folder) / "begin"
        begin.mkdir()
        for number, sound in enumerate(seeds):
            (begin / str(number)).write_bytes(sound)

        def try_one(content: bytes) -> None:
            with quick():
                if what := outcome(lambda: one.use(place, content)):
                    raise AssertionError(what)

        atheris.Setup(["fuzz", *options, str(begin)], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
