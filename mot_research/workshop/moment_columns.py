"""The columns of the moments' spreadsheet, and how a cell says what a study file says."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from mot_research.errors import StudyError
from mot_research.study.definition import Moment, Study
from mot_research.study.parts import Category, Mark
from mot_research.study.positions import read_yaml
from mot_research.study.suggestions import did_you_mean
from mot_research.study.writing import as_flow

Kind = Literal["text", "list", "stage", "choice", "yes or no", "number", "parts"]
YES, NO = "yes", "no"
BETWEEN_ITEMS = "\n"


@dataclass(frozen=True)
class MomentColumn:
    """One column: the key of study.yml, how its cell is read, its group, width and meaning."""

    key: str
    kind: Kind
    group: str
    width: int
    means: str
    choices: tuple[str, ...] = ()


WHAT, WHO, HOW, DECISION = (
    "What it is",
    "Who answers for it",
    "How it is measured",
    "What we decide",
)
COLUMNS = (
    MomentColumn("id", "text", WHAT, 16, "A short name for files and tables; left empty, it is "
                 "made of the name. Don't change it later."),
    MomentColumn("name", "text", WHAT, 26, "The moment in the customer's words. Needed."),
    MomentColumn("stage", "stage", WHAT, 14, "The stage of the experience that it belongs to."),
    MomentColumn("category", "choice", WHAT, 14, "What the contact is for: rescue a customer in "
                 "distress, build revenue, answer a request, build the relationship.",
                 get_args(Category)),
    MomentColumn("mark", "choice", WHAT, 18, "Its mark on the map; empty: a moment of truth.",
                 get_args(Mark)),
    MomentColumn("description", "text", WHAT, 36, "What happens."),
    MomentColumn("interaction", "list", WHAT, 16, "By which means: e-mail; app; shop."),
    MomentColumn("expectation", "text", WHAT, 36, "What the customer expects of it."),
    MomentColumn("ideal", "text", WHAT, 36, "What it would be at our best."),
    MomentColumn("owner", "text", WHO, 16, "The department or person who answers for it."),
    MomentColumn("partners", "list", WHO, 16, "Who else takes part."),
    MomentColumn("handoffs", "list", WHO, 22, "Where it passes from one to another."),
    MomentColumn("metrics", "list", HOW, 18, "Operational metrics that belong to it."),
    MomentColumn("data_needed", "list", HOW, 18, "What is needed to serve it."),
    MomentColumn("rating", "text", HOW, 18, "Its question in the survey: the column's name."),
    MomentColumn("expected", "text", HOW, 16, "The survey's column of the rating expected."),
    MomentColumn("emotion", "text", HOW, 16, "The survey's column of the feeling, as a number."),
    MomentColumn("ratings", "parts", HOW, 20, "Its own scale, as in study.yml: {low: 1, high: 7}."),
    MomentColumn("terms", "list", HOW, 18, "Words by which comments speak of it: bill*; invoice."),
    MomentColumn("trigger", "parts", HOW, 40, "When it is due, as in study.yml."),
    MomentColumn("brand_bet", "text", DECISION, 26, "A gut pick: the reason why it is who we are."),
    MomentColumn("shortlist", "yes or no", DECISION, 10, "Whether the workshop chose it.",
                 (YES, NO)),
    MomentColumn("cost_per_year", "number", DECISION, 13, "The cost per year of bringing it to "
                 "its target."),
)  # fmt: skip
BY_KEY = {column.key: column for column in COLUMNS}


def cells_of(moment: Moment, study: Study) -> dict[str, str | float]:
    """What the row of a moment holds, by key; parts that it does not have are left out."""
    given = moment.model_dump(mode="json", exclude_unset=True)
    return {
        column.key: _cell(column, given[column.key], study)
        for column in COLUMNS
        if given.get(column.key) is not None and given[column.key] != []
    }


def _cell(column: MomentColumn, value: Any, study: Study) -> str | float:
    match column.kind:
        case "list":
            return _joined(value)
        case "stage":
            names = [stage.name.casefold() for stage in study.stages]
            name = study.stage(value).name
            return name if names.count(name.casefold()) == 1 else str(value)
        case "yes or no":
            return YES if value else NO
        case "parts":
            return as_flow(value)
        case "number":
            return float(value)
        case _:
            return str(value)


def _joined(items: Iterable[str]) -> str:
    """Items a line each; the break at the end keeps the semicolons of a single one."""
    items = list(items)
    text = BETWEEN_ITEMS.join(items)
    return text + BETWEEN_ITEMS if len(items) == 1 and ";" in text else text


def value_of(column: MomentColumn, cell: str | float, study: Study) -> Any:
    """What a cell that is not empty says, as study.yml would say it.

    Raises
    ------
    ValueError
        The cell says nothing that its column knows; the message says what does.
    """
    text = cell if isinstance(cell, str) else json.dumps(int(cell) if cell.is_integer() else cell)
    match column.kind:
        case "list":
            parts = text.split(BETWEEN_ITEMS if BETWEEN_ITEMS in text else ";")
            return [part.strip() for part in parts if part.strip()]
        case "stage":
            return _chosen(text, {stage.name: stage.id for stage in study.stages}, study)
        case "choice":
            return _one_of(text, {choice: choice for choice in column.choices})
        case "yes or no":
            return _one_of(text, {YES: True, NO: False, "true": True, "false": False})
        case "parts":
            return _parts(text, column.key)
        case "number":
            return _number(cell)
        case _:
            return text.strip()


def _chosen(text: str, by_name: Mapping[str, str], study: Study) -> str:
    """The id of a stage that is named by its id or its name."""
    return str(_one_of(text, {stage.id: stage.id for stage in study.stages} | dict(by_name)))


def _one_of(text: str, allowed: Mapping[str, Any]) -> Any:
    known = {name.casefold(): value for name, value in allowed.items()}
    wanted = text.strip().casefold()
    if wanted in known:
        return known[wanted]
    raise ValueError(f"is not allowed.{did_you_mean(text, allowed)} Allowed: {', '.join(allowed)}")


def _parts(text: str, key: str) -> Any:
    try:
        value = read_yaml(text, name=key).value
    except StudyError as error:
        raise ValueError(f"is not as in study.yml: {error}") from None
    if not isinstance(value, dict):
        raise ValueError("is not as in study.yml: write its parts in braces, {…: …}")
    return value


def _number(cell: str | float) -> float:
    if not isinstance(cell, str):
        return cell
    try:
        return float(cell.replace(" ", ""))
    except ValueError:
        raise ValueError("is no number. Write 120000, without words") from None
