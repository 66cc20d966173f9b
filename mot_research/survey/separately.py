"""Workbooks and SPSS files, read by a process of their own that has little time and memory."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mot_research.errors import SurveyError, shown

PROGRAM = Path(__file__).with_name("typed_file.py")
MOST_MEMORY = 4_000_000_000  # bytes; eight times the largest file that is read
LEAST_SECONDS = 60.0
BYTES_A_SECOND = 1_000_000  # a slow disk and a busy machine read ten times as fast
TOLD = {"workbook": "a workbook", "spss": "an SPSS file"}
SAVE_AGAIN = {
    "workbook": "Save it again as .xlsx without a password.",
    "spss": "Save it again from SPSS as .sav",
}


def read_sheets_of(content: bytes, name: str, sheet: str | None = None) -> list[dict[str, Any]]:
    """Return what a workbook holds.

    Parameters
    ----------
    content : bytes
    name : str
        What a message calls the file.
    sheet : str, optional
        The only sheet whose rows are wanted; "" for the first. Default: all.

    Returns
    -------
    list of dict
        ``name``, ``visible`` and ``rows`` of every sheet; rows are lists of
        str, float and bool from cell A1 on, dates as text; None where they
        were not wanted.

    Raises
    ------
    SurveyError
        The file is protected or damaged, or needs too much time or memory.
    """
    record, _ = _read("workbook", content, name, *(() if sheet is None else (sheet,)))
    return list(record["sheets"])


def read_spss_of(content: bytes, name: str) -> tuple[dict[str, Any], bytes]:
    """Return what an SPSS file says of its columns, and the columns as an Arrow stream.

    Raises
    ------
    SurveyError
        The file is damaged, or needs too much time or memory.
    """
    return _read("spss", content, name)


def _read(kind: str, content: bytes, name: str, *more: str) -> tuple[dict[str, Any], bytes]:
    seconds = LEAST_SECONDS + len(content) / BYTES_A_SECOND
    try:
        done = subprocess.run(
            # -P: a file beside the study, such as json.py, must not be imported
            [sys.executable, "-P", str(PROGRAM), kind, str(MOST_MEMORY), *more],
            input=content,
            capture_output=True,
            timeout=seconds,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "RUST_BACKTRACE": "0"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _refused(name, kind, f"reading it did not end within {seconds:.0f} seconds") from None
    except OSError as error:
        raise SurveyError(
            f"'{name}' can't be read: no program can be started for it ({shown(error.strerror)})."
        ) from None
    line, _, rest = done.stdout.partition(b"\n")
    if done.returncode != 0 or not line:
        raise _refused(name, kind, "it makes its reader stop, or needs too much memory")
    record = json.loads(line)
    match record.get("error"):
        case None:
            return record, rest
        case "password":
            raise SurveyError(f"'{name}' is protected by a password. Save a copy without it.")
        case "memory":
            raise _refused(name, kind, f"it needs more than {MOST_MEMORY // 10**9} GB of memory")
        case _:
            raise _refused(name, kind, shown(record["reason"]))


def _refused(name: str, kind: str, reason: str) -> SurveyError:
    return SurveyError(
        f"'{name}' can't be read as {TOLD[kind]}: it is damaged, cut off or protected by a "
        f"password ({reason}). {SAVE_AGAIN[kind]}"
    )
