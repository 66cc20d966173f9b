"""From an empty study to a ready one: the one thing to do next."""

from pathlib import Path

from mot_research.errors import shown
from mot_research.report.narrative.words import counted
from mot_research.study.definition import Study
from mot_research.survey.wave import Survey

STEPS = 5
WORKSHOP = "workshop/moments.xlsx"
AGAIN = "then run `mot check` again."


def next_step(path: Path, survey: Survey) -> str:
    """Return what is to be done next, and how many steps lie behind.

    Parameters
    ----------
    path : Path
        Of the study, as the user wrote it: it stands in the commands named.
    survey : Survey
        As read, with its problems.
    """
    study = survey.study
    for number, step in enumerate((_moments, _waves, _questions, _outcomes, _errors), start=1):
        missing = step(path, survey)
        if missing:
            return f"Step {number} of {STEPS}, {missing}"
    waiting = [moment.id for moment in study.moments if not moment.rating and not moment.trigger]
    more = (
        f" Without rating: or trigger: in study.yml, and so not tested: {_named(waiting)}."
        if waiting
        else ""
    )
    return f"Ready.{more} Next: mot report {typed(path)}"


def _moments(path: Path, survey: Survey) -> str:
    if survey.study.moments:
        return ""
    sheet = survey.study.folder / WORKSHOP
    if sheet.is_file():
        return (
            f"the moments: list them in {shown(sheet)}, one row a moment (its second sheet says "
            f"how), then run: mot moments {typed(path)} --import {typed(sheet)}"
        )
    return (
        "the moments: list them under moments: in study.yml, as in moments: "
        f"{{q12_first_bill: First bill arrives}} (the survey's column, then its name), {AGAIN}"
    )


def _waves(path: Path, survey: Survey) -> str:
    if survey.study.waves:
        return ""
    return (
        f"the survey: mot add-wave {typed(path)} FILE --id 2026Q1 copies its file (CSV, Excel, "
        f"Parquet or SPSS) into the study's folder and names it in study.yml; {AGAIN}"
    )


def _questions(path: Path, survey: Survey) -> str:
    study = survey.study
    if any(moment.rating or moment.trigger for moment in study.moments):
        return ""
    return (
        "the questions: no moment names its question in the survey yet. Give each moment that was "
        f"asked for its column, as in rating: q12_first_bill ({_named(_ids(study))}), {AGAIN}"
    )


def _outcomes(path: Path, survey: Survey) -> str:
    if survey.study.outcomes:
        return ""
    return (
        "the outcome: name what the moments are to drive, as in outcomes: [{id: recommend, "
        f"column: ltr, kind: score, low: 0, high: 10}}], {AGAIN}"
    )


def _errors(path: Path, survey: Survey) -> str:
    if not survey.has_errors:
        return ""
    errors = survey.problems[survey.problems["severity"] == "error"]
    first = errors.iloc[0]
    place = " of ".join(
        part
        for part in (
            f"column '{first['column']}'" if first["column"] else "the file",
            f"wave '{first['wave']}'" if first["wave"] else "",
        )
        if part
    )
    return (
        f"{counted(len(errors), 'error')}: begin with {place}. {first['what_to_do']} "
        "Then run `mot check` again."
    )


def typed(path: Path) -> str:
    """A path as a command takes it."""
    text = shown(path)
    return f'"{text}"' if " " in text else text


def _ids(study: Study) -> list[str]:
    return [moment.id for moment in study.moments]


def _named(names: list[str]) -> str:
    shown_names = ", ".join(shown(name) for name in names[:3])
    return shown_names + (", …" if len(names) > 3 else "")
