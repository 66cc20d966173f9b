"""What was read from people's spreadsheets, in sentences for the terminal."""

from collections.abc import Sequence

from mot_research.errors import shown
from mot_research.report.narrative.words import counted
from mot_research.workshop.importing import Imported
from mot_research.workshop.vote_file import Collected

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


def told_votes(done: Collected) -> str:
    """Return whose votes were read, and where they lie."""
    lines = [
        f"{shown(silo)}: {counted(n, 'participant')}." for silo, n in done.participants.items()
    ]
    if done.empty:
        lines.append(f"Nothing filled in, and so not read: {_named(done.empty)}.")
    if done.kept:
        lines.append(f"Kept from before: {counted(done.kept, 'participant')}.")
    where = f"The votes lie in {shown(done.file)}"
    lines.append(where + (", which study.yml now names." if done.is_new else "."))
    return "\n".join(lines)


def _named(names: Sequence[str]) -> str:
    more = ", …" if len(names) > NAMED else ""
    return ", ".join(map(shown, names[:NAMED])) + more
