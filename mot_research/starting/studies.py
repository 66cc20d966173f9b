"""A new study's folder: its study file, workshop spreadsheet, notebooks and reports."""

from pathlib import Path

from mot_research.report.escaping import escape_markdown
from mot_research.starting.blank import blank_study_yml
from mot_research.starting.folder import fresh_folder
from mot_research.starting.workbook_files import copy_workbook
from mot_research.study.reading import read_study
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
