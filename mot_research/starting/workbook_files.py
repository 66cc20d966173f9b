"""The notebooks, reports and Quarto project that a new study gets, made its own."""

import shutil
from pathlib import Path

from mot_research.report.originals import PACKAGE, original

STUDY_OF_ORIGINALS = 'study = \\"data/example\\"', 'study = "data/example"'  # .ipynb, .qmd
OWN_STUDY = 'study = \\".\\"', 'study = "."'
HOUSE_IN_ORIGINALS = "mot_research/report/assets"
HOUSE = "assets"  # in the study's folder, so that plain `quarto render` finds it
OF_WORD = "word*"  # pandoc's, which Quarto does not use
PROJECTS = ("_quarto.yml", "_quarto-leadership.yml", "_quarto-technical.yml")
IGNORED = "output/\n_output/\n.quarto/\n.ipynb_checkpoints/\n"


def copy_workbook(folder: Path) -> None:
    """Write the workbook's files into a study's folder, set to the study there.

    Raises
    ------
    RenderError
        The installation lacks an original.
    """
    for name, ending in (("notebooks", ".ipynb"), ("reports", ".qmd")):
        (folder / name).mkdir()
        for path in sorted(original(name).glob(f"*{ending}")):
            text = path.read_text(encoding="utf-8")
            for theirs, ours in zip(STUDY_OF_ORIGINALS, OWN_STUDY, strict=True):
                text = text.replace(theirs, ours)
            _write(folder / name / path.name, text)
    for name in PROJECTS:
        text = original(name).read_text(encoding="utf-8")
        _write(folder / name, text.replace(HOUSE_IN_ORIGINALS, HOUSE))
    ignored = shutil.ignore_patterns(OF_WORD)
    shutil.copytree(PACKAGE / "report" / "assets", folder / HOUSE, ignore=ignored)
    _write(folder / ".gitignore", IGNORED)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
