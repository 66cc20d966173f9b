"""What was read from people's spreadsheets, in sentences for the terminal."""

from collections.abc import Sequence

from mot_research.errors import shown
from mot_research.workshop.importing import Imported

NAMED = 6


def told_import(done: Imported) -> str:
    """Return what an import changed, a line each."""
    lines = []
    if done.added:
        lines.append(f"Added: {_named(done.added)}.")
    lines += [
        f"Changed: {shown(moment)} ({', '.join(keys)})." for moment, keys in done.changed.items()
    ]
    if not lines:
        lines.append("The study says the same already; nothing has changed.")
    if done.not_in_sheet:
        lines.append(
            f"Not in the spreadsheet, and kept: {_named(done.not_in_sheet)}. To drop one, remove "
            "it from study.yml."
        )
    if done.ignored:
        lines.append(
            f"Columns not read, because they are no part of a moment: {_named(done.ignored)}."
        )
    return "\n".join(lines)


def _named(names: Sequence[str]) -> str:
    more = ", …" if len(names) > NAMED else ""
    return ", ".join(map(shown, names[:NAMED])) + more
