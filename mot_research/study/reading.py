"""A study file as a `Study`, or one message that lists everything wrong with it."""

from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mot_research.errors import StudyError, shown
from mot_research.study.definition import Study
from mot_research.study.positions import Document, Place, read_yaml
from mot_research.study.suggestions import did_you_mean

FILE_NAMES = ("study.yml", "study.yaml")
PROJECT_FILE = "_quarto.yml"
LARGEST_FILE = 2_000_000  # bytes; a study of 200 moments is about 100,000


def read_study(path: str | Path) -> Study:
    """Read and check a study.

    Parameters
    ----------
    path : str or Path
        A study file, or the folder that holds `study.yml`. A relative path is
        looked for from the working folder and then from the folder of the
        Quarto project around it, so that a notebook finds its study in
        JupyterLab (which works in `notebooks/`) and in Quarto (which works in
        the project's folder) alike.

    Returns
    -------
    Study
        Its `path` and `folder` are set; paths within it are relative to `folder`.

    Raises
    ------
    StudyError
        The file is missing, no YAML, or says something that is not allowed;
        the message lists every finding with its line.

    Examples
    --------
    >>> import mot_research as mot
    >>> study = mot.read_study(mot.simulate_study("operator", n_respondents=50))
    >>> study.name, len(study.moments), study.latest_wave.id
    ('Harbour Mobile', 21, '2026Q3')
    >>> study.moment("first_bill").owner
    'Billing'
    """
    file = _study_file(Path(path))
    document = read_yaml(_text(file), name=shown(file.name))
    if not isinstance(document.value, dict):
        found = "nothing" if document.value is None else "no keys"
        raise StudyError(
            f"{shown(file.name)} holds {found}. A study begins with: study: {{name: …}}. "
            "`mot new` writes a commented one."
        )
    try:
        study = Study.model_validate(document.value)
    except ValidationError as error:
        findings = _findings(error, document)
        lines = "\n".join(
            f"  {shown(file.name)} line {line}, {place}: {what}" for line, place, what in findings
        )
        many = "1 thing" if len(findings) == 1 else f"{len(findings)} things"
        raise StudyError(f"{many} to correct in {shown(file)}:\n{lines}") from None
    return study.at(file)


def _study_file(path: Path) -> Path:
    for folder in (Path(), *_project_around()):
        place = folder / path
        for file in [place / name for name in FILE_NAMES] if place.is_dir() else [place]:
            if file.is_file():
                return file
    if path.is_dir():
        raise StudyError(
            f"There is no study.yml in the folder '{shown(path)}'. Give the study's folder or "
            f"file, or start a study: mot new {shown(path)}"
        )
    raise StudyError(f"There is no file '{shown(path)}'. Give a study.yml, or its folder.")


def _project_around() -> list[Path]:
    """Return the folder of the Quarto project that the working folder lies in, if it does."""
    around = [folder for folder in Path.cwd().parents if (folder / PROJECT_FILE).is_file()]
    return around[:1]


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise StudyError(f"'{shown(file)}' can't be read: {shown(error.strerror)}.") from None
    if len(content) > LARGEST_FILE:
        raise StudyError(
            f"'{shown(file)}' is larger than {LARGEST_FILE:,} bytes: is it a study.yml?"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise StudyError(
            f"{shown(file.name)} line {line}: this is not UTF-8 text. "
            "Save the file with the encoding UTF-8."
        ) from None


def _findings(error: ValidationError, document: Document) -> list[tuple[int, str, str]]:
    """Return line, place and message of each pydantic error, in the file's order."""
    found: dict[tuple[Place, str], tuple[int, str, str]] = {}
    for detail in error.errors(include_url=False):
        if detail["type"] == "default_factory_not_called":
            continue  # the field that it waits for has its own message
        place, in_file, fits_nothing = _place(detail["loc"], document.value)
        message = "should be a number or a text" if fits_nothing else _message(detail, place)
        line = document.position(in_file).line
        found.setdefault((in_file, message), (line, _written(place), message))
    return sorted(found.values(), key=lambda finding: finding[0])


def _place(location: Place, value: Any) -> tuple[Place, Place, bool]:
    """Return where an error is, as told and as in the file, and whether no type fits.

    The file may write a list of moments as a mapping, or one value without
    brackets; and pydantic puts the alternative that it tried (`int`, `str`,
    `nth`) into the place, once for each.
    """
    told: list[str | int] = []
    in_file: list[str | int] = []
    fits_nothing = False
    for index, step in enumerate(location):
        parts = _parts(value)
        key = list(parts)[step] if isinstance(value, dict) and isinstance(step, int) else step
        if key in parts:
            told.append(step)
            in_file.append(key)
            value = parts[key]
        elif isinstance(value, dict) and index == len(location) - 1:
            told.append(step)  # a key that is missing
        else:
            fits_nothing = fits_nothing or step in ("int", "float", "str")
    return tuple(told), tuple(in_file), fits_nothing


def _parts(value: Any) -> dict[str | int, Any]:
    if isinstance(value, list):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else {}


def _written(place: Place) -> str:
    """Return a place as people write it: moments[2].stage."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{shown(step)}"
    return text.lstrip(".") or "study"


def _message(detail: ErrorDetails, place: Place) -> str:
    context = detail.get("ctx", {})
    value = detail.get("input")
    fields = _fields(place[:-1])
    about = fields.get(str(place[-1]), "") if place else ""
    match detail["type"]:
        case "missing":
            return "is missing." + (f" {about}" if about else "")
        case "extra_forbidden":
            return "unknown key." + _suggestion(str(place[-1]), list(fields), "Known here")
        case "literal_error":
            allowed = [
                part.strip("' ") for part in context["expected"].replace(" or ", ",").split(",")
            ]
            return f"{_quoted(value)} is not allowed." + _suggestion(str(value), allowed, "Allowed")
        case "string_pattern_mismatch":
            return f"{_quoted(value)} does not fit." + (f" {about}" if about else "")
        case "value_error":
            return str(context["error"])
        case "study":
            return str(context["message"])
        case _:
            return f"{shown(detail['msg']).replace('Input should', 'should')}, not {_quoted(value)}"


def _quoted(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "nothing" if value is None else f"'{shown(value)}'"


def _suggestion(given: str, allowed: list[str], label: str) -> str:
    return f"{did_you_mean(given, allowed)} {label}: {', '.join(allowed)}"


def _fields(place: Place) -> dict[str, str]:
    """Return the keys known at a place of the file, each with its description."""
    models: list[type[BaseModel]] = [Study]
    for step in place:
        if isinstance(step, str):
            models = [
                inner
                for model in models
                for name, field in model.model_fields.items()
                if step == (field.alias or name)
                for inner in _models(field.annotation)
            ]
    return {
        field.alias or name: field.description or ""
        for model in models
        for name, field in model.model_fields.items()
    }


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
