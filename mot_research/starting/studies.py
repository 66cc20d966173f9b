"""A new study's folder: its study file, workshop spreadsheet, notebooks and reports."""

import shutil
from pathlib import Path

from mot_research.errors import shown
from mot_research.report.escaping import escape_markdown
from mot_research.starting.blank import blank_study_yml
from mot_research.starting.draft import Draft, draft, wave_id
from mot_research.starting.drafted import drafted_study_yml
from mot_research.starting.folder import fresh_folder
from mot_research.starting.workbook_files import copy_workbook
from mot_research.study.reading import read_study
from mot_research.survey.reading import read_survey
from mot_research.survey.tables import read_table
from mot_research.workshop.moments_sheet import write_moments

MOMENTS = "workshop/moments.xlsx"
WAVES = "waves"
README = """\
# {name}

A study of moments of truth: which contacts with customers drive loyalty and revenue.

| file | what it is |
|---|---|
| `study.yml` | the study: stages, moments, outcomes, waves, rules |
| `workshop/moments.xlsx` | the moments as a spreadsheet, for the workshop |
| `waves/` | the survey's files, one a wave |
| `notebooks/` | the analyst's steps, for JupyterLab |
| `reports/`, `_quarto*.yml`, `assets/` | the reports' sources, for Quarto |
| `output/` | what `mot report` writes, one folder a wave |

`mot check .` says what to do next; `mot report .` writes the report of the last wave. It takes the
report's source from mot_research itself, never from this folder; a source changed here is rendered
by `quarto render`, where mot_research and Quarto are installed.
"""


def new_study(directory: str | Path) -> Path:
    """Write the folder of a new study, commented, with its workshop spreadsheet and workbook.

    Parameters
    ----------
    directory : str or Path
        A folder that does not exist yet, or is empty. Its name becomes the
        study's.

    Returns
    -------
    Path
        The study file.

    Raises
    ------
    StudyError
        The folder holds something, or can't be written; nothing has changed.
    """
    directory = Path(directory)
    with fresh_folder(directory) as folder:
        write_study_folder(folder, blank_study_yml(study_name(directory)))
    return directory / "study.yml"


def draft_study(directory: str | Path, survey: str | Path) -> tuple[Path, Draft]:
    """Write the folder of a study that is drafted from a survey's file.

    The file is copied into the study. What the draft can't keep, because the
    check of the file finds an error in it, is left out with the reason.

    Parameters
    ----------
    directory : str or Path
        A folder that does not exist yet, or is empty. Its name becomes the
        study's.
    survey : str or Path
        CSV, Excel, Parquet or SPSS; labels of an SPSS file say most.

    Returns
    -------
    path : Path
        The study file.
    draft : Draft
        What each column was taken for, and why.

    Raises
    ------
    StudyError
        The folder holds something, or can't be written; nothing has changed.
    SurveyError
        The file can't be read, or is no survey; nothing has changed.
    """
    directory, survey = Path(directory), Path(survey)
    with fresh_folder(directory) as folder:
        file = f"{WAVES}/{_safe_name(survey.name)}"
        table = read_table(survey)
        (folder / WAVES).mkdir()
        shutil.copyfile(survey, folder / file)
        name = study_name(directory)
        drafted = draft(table, wave_id(survey.name.split(".")[0]))
        drafted = _checked(drafted, folder, name, file)
        write_study_folder(folder, drafted_study_yml(drafted, name=name, file=file))
    return directory / "study.yml", drafted


def _checked(drafted: Draft, folder: Path, name: str, file: str) -> Draft:
    """The draft without the columns in which the check of the file finds errors."""
    for _ in drafted.columns:
        text = drafted_study_yml(drafted, name=name, file=file)
        (folder / "study.yml").write_text(text, encoding="utf-8", newline="\n")
        problems = read_survey(read_study(folder)).problems
        errors = problems[problems["severity"] == "error"]
        wrong = {
            guess.column: errors.loc[errors["column"] == shown(guess.column), "what_to_do"].iloc[0]
            for guess in drafted.guesses
            if guess.role != "not used" and (errors["column"] == shown(guess.column)).any()
        }
        for column, reason in wrong.items():
            drafted = drafted.without(column, f"left out, because: {reason}")
        if not wrong:
            break
    return drafted


def _safe_name(name: str) -> str:
    """A file's name as a study file may write it."""
    return "".join(c if c.isprintable() and c not in '\\:*?"<>|' else "_" for c in name)


def write_study_folder(folder: Path, text: str) -> None:
    """Write the study file and all that lies beside it, but for the survey's data."""
    study_file = folder / "study.yml"
    study_file.write_text(text, encoding="utf-8", newline="\n")
    study = read_study(study_file)
    readme = README.format(name=escape_markdown(study.name))
    (folder / "README.md").write_text(readme, encoding="utf-8", newline="\n")
    (folder / WAVES).mkdir(exist_ok=True)
    (folder / MOMENTS).parent.mkdir()
    write_moments(study, folder / MOMENTS)
    copy_workbook(folder)


def study_name(directory: Path) -> str:
    """A study's name, made of its folder's."""
    name = " ".join(directory.resolve().name.replace("_", " ").replace("-", " ").split())
    return name[:1].upper() + name[1:] if name.isprintable() and name else "New study"
