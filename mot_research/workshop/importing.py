"""From a spreadsheet of moments into the study file, which keeps its comments and order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mot_research.errors import StudyError, shown
from mot_research.study.definition import Moment, Study
from mot_research.study.editing import edit_list, on_one_line, write_whole
from mot_research.study.positions import read_yaml
from mot_research.workshop.moment_columns import COLUMNS
from mot_research.workshop.moments_reading import SheetMoments, read_moments

ORDER = tuple(column.key for column in COLUMNS)


@dataclass(frozen=True)
class Imported:
    """What an import did: ids added, keys changed by id, ids that the sheet does not have."""

    added: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]
    not_in_sheet: tuple[str, ...]
    ignored: tuple[str, ...]


def import_moments(study: Study, path: Path) -> Imported:
    """Bring the moments of a spreadsheet into a study's file.

    A row changes the moment of its id (without an id, the one of its name), or
    adds one. An empty cell takes the part away; a column that the sheet does
    not have leaves it. A moment that the sheet does not have stays.

    Raises
    ------
    StudyError
        A cell is not allowed, or the study would not be valid with it; the
        study file is as it was.
    """
    if study.path is None:
        raise StudyError("moments are imported into a study's file: read it by read_study.")
    sheet = read_moments(path, study)
    changes, changed = _changes(study, sheet)
    known = {moment.id for moment in study.moments}
    new = [_in_order(values) for one, values in sheet.rows.items() if one not in known]
    if changes or new:
        text = study.path.read_bytes().decode("utf-8-sig")
        if _is_short(text):  # {column: name} has no place for more: it becomes a list
            whole = [_merged(moment, sheet) for moment in study.moments]
            edited = edit_list(text, "moments", {}, [*map(_in_order, whole), *new])
        else:
            edited = edit_list(text, "moments", changes, new)
        _check(edited, study, sheet)
        write_whole(study.path, edited)
    return Imported(
        added=tuple(str(values["id"]) for values in new),
        changed=changed,
        not_in_sheet=tuple(one.id for one in study.moments if one.id not in sheet.rows),
        ignored=sheet.ignored,
    )


def _changes(
    study: Study, sheet: SheetMoments
) -> tuple[dict[int, Callable[[dict[str, Any]], None]], dict[str, tuple[str, ...]]]:
    """What to change at which place, and the keys that change by moment."""
    changes: dict[int, Callable[[dict[str, Any]], None]] = {}
    changed: dict[str, tuple[str, ...]] = {}
    for at, before in enumerate(study.moments):
        values = sheet.rows.get(before.id)
        if values is None:
            continue
        after = Moment.model_validate(values)
        keys = tuple(key for key in sheet.keys if getattr(before, key) != getattr(after, key))
        if keys:
            changed[before.id] = keys
            changes[at] = _change(keys, values)
    return changes, changed


def _merged(moment: Moment, sheet: SheetMoments) -> dict[str, Any]:
    """What a moment says with its row: the row's where the sheet has a column."""
    own = moment.model_dump(mode="json", exclude_unset=True)
    if moment.id not in sheet.rows:
        return own
    left = {key: value for key, value in own.items() if key not in sheet.keys}
    return left | dict(sheet.rows[moment.id]) | {"id": moment.id}


def _in_order(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: values[key] for key in ORDER if key in values}


def _is_short(text: str) -> bool:
    return isinstance(read_yaml(text, name="study.yml").value.get("moments"), dict)


def _change(keys: tuple[str, ...], values: Mapping[str, Any]) -> Callable[[Any], None]:
    def change(item: Any) -> None:
        for key in keys:
            if key not in values:
                item.pop(key, None)
            elif key in item:
                item[key] = on_one_line(values[key])
            else:
                item.insert(_place(key, list(item)), key, on_one_line(values[key]))

    return change


def _place(key: str, present: list[str]) -> int:
    """Where a new key stands: after the last of those that come before it."""
    before = set(ORDER[: ORDER.index(key)])
    return max((at + 1 for at, one in enumerate(present) if one in before), default=len(present))


def _check(text: str, study: Study, sheet: SheetMoments) -> None:
    """Refuse a text that is no study, or another one than was meant."""
    try:
        after = Study.model_validate(read_yaml(text, name="study.yml").value)
    except ValidationError as error:
        reasons = "\n".join(
            f"  {shown(detail.get('ctx', {}).get('message', detail['msg']))}"
            for detail in error.errors(include_url=False)
        )
        raise StudyError(
            f"the study would not be valid with these moments; nothing has changed:\n{reasons}"
        ) from None
    known = {moment.id for moment in study.moments}
    meant = [Moment.model_validate(_merged(moment, sheet)) for moment in study.moments]
    meant += [Moment.model_validate(row) for one, row in sheet.rows.items() if one not in known]
    others = {"moments"}
    same = after.model_dump(exclude=others) == study.model_dump(exclude=others)
    if not same or after.moments != tuple(meant):
        raise StudyError(
            "the moments can't be written without changing something else; nothing has changed. "
            "Edit the study file by hand."
        )
