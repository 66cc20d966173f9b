"""Run a command again and again, stopped before the first, the second … change that it makes.

`python -m tests.trust.stopped_writes FOLDER kill|interrupt EVERY ARGUMENT…` prints a line of
JSON for each time, or every third or fourth: the files in the folder afterwards, with their
hashes. The last time is not stopped.
"""

import hashlib
import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

CHANGES = {
    "open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink",
    "os.truncate", "shutil.copyfile",
}  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def stop_before(folder: Path, number: int, stop: Callable[[], None]) -> None:
    """Stop this process before it makes its change of this number in a folder."""
    left = itertools.count()

    def watch(event: str, arguments: tuple) -> None:
        if event not in CHANGES or (event == "open" and not arguments[2] & WRITING):
            return
        paths = [os.fspath(one) for one in arguments if isinstance(one, str | os.PathLike)]
        if any(str(path).startswith(str(folder)) for path in paths) and next(left) == number:
            stop()

    sys.addaudithook(watch)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt() -> None:
    raise KeyboardInterrupt


def state(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def main() -> None:
    """Stop the command before each of its changes."""
    folder, way, every, *arguments = Path(sys.argv[1]), *sys.argv[2:]
    pristine = folder.with_name("pristine")
    shutil.copytree(folder, pristine)
    for module in ("arriving", "starting", "workshop.importing", "workshop.vote_file"):
        import_module(f"mot_research.{module}")  # once, not in each child
    from mot_research import cli

    sys.argv[1:] = arguments
    stop = {"kill": kill, "interrupt": interrupt}[way]
    for number in itertools.count(step=int(every)):
        child = os.fork()
        if not child:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
            stop_before(folder, number, stop)
            try:
                cli.main()
            except SystemExit as end:
                os._exit(int(end.code or 0))
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        print(json.dumps({"code": code, "files": state(folder)}), flush=True)
        if code == 0:
            return
        assert code in (-signal.SIGKILL, 130), code
        shutil.rmtree(folder)
        shutil.copytree(pristine, folder)


if __name__ == "__main__":
    main()
