"""How the command ends: one readable message for every error, and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from cyclopts import CycloptsError

from mot_research.errors import FIRST_SIGNAL, MotError, shown
from mot_research.terminal import complain

FINE, FOUND_ERRORS, UNUSABLE = 0, 1, 2


def exit_code(run: Callable[[], int | None]) -> int:
    """Run a command; its own code, or that of what ended it, once that is said."""
    _stop_like_ctrl_c()
    try:
        return run() or FINE
    except CycloptsError as error:
        complain(f"{error}\nSee `mot --help`.")
        return UNUSABLE
    except MotError as error:
        complain(str(error))
        return UNUSABLE
    except KeyboardInterrupt as stop:
        complain("stopped; the files are as the last finished run left them.")
        return FIRST_SIGNAL + (stop.args[0] if stop.args else signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except OSError as error:
        if os.environ.get("MOT_TRACEBACK"):
            raise
        complain(
            f"'{shown(error.filename or 'a file')}' can't be read or written "
            f"({shown(error.strerror or error)}). Nothing was finished; the files are as the "
            "last finished run left them. Where it is unclear why, MOT_TRACEBACK=1 prints where."
        )
        return UNUSABLE
    except Exception as error:
        if os.environ.get("MOT_TRACEBACK"):
            raise
        complain(
            f"this is a fault of mot_research, not of your files ({type(error).__name__}: "
            f"{shown(error)}). Please report it with what MOT_TRACEBACK=1 prints."
        )
        return UNUSABLE


def _stop_like_ctrl_c() -> None:
    """Asked to end, or left by its terminal, a run tidies up as after Ctrl-C."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt(number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, stop)
