"""The command ``mot``: thin, and quick to start."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from mot_research.ending import FINE, FOUND_ERRORS, UNUSABLE, exit_code
from mot_research.errors import StudyError, SurveyError, shown
from mot_research.terminal import (
    Progress,
    complain,
    console,
    print_paths,
    print_pieces,
    print_problems,
)

if TYPE_CHECKING:
    from mot_research.report.part_reports import PartReports
    from mot_research.study.definition import Study
    from mot_research.study.manifests import Manifest
    from mot_research.survey.wave import Survey
    from mot_research.workbook import Step

app = App(
    name="mot",
    help="Moments of truth: which contacts with a customer drive loyalty and revenue.",
    version=lambda: _version(),
    help_format="plaintext",
    suppress_keyboard_interrupt=False,  # `main` says what became of the files
)

StudyPath = Annotated[Path, Parameter(help="A study.yml, or the folder it lies in.")]
WaveId = Annotated[str | None, Parameter(help="The wave's id. Default: the last one listed.")]
OutputFolder = Annotated[
    Path | None,
    Parameter(help="The folder for the files. Default: output/<wave>/ beside the study."),
]
EngineName = Annotated[
    str,
    Parameter(
        help="Who reduces the rows of waves: memory, duckdb, spark, or the URL of an Ibis "
        "connection; auto takes duckdb above a million rows."
    ),
]
Quiet = Annotated[bool, Parameter(negative="", help="No progress; only errors and paths.")]


def main() -> None:
    """Run the command line and exit with its code."""
    # Many small matrices: two BLAS threads wait for each other longer than they compute.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(exit_code(lambda: app(exit_on_error=False, print_error=False)))


@app.command
def new(
    directory: Annotated[Path, Parameter(help="A folder that does not exist yet, or is empty.")],
    /,
    *,
    survey: Annotated[
        Path | None,
        Parameter(name="--from", help="A survey's file to draft the study from: .sav, .csv, …"),
    ] = None,
) -> int:
    """A new study: its commented study.yml, workshop spreadsheet, notebooks and reports."""
    from mot_research.report.narrative.next_step import next_step
    from mot_research.starting import draft_study, new_study
    from mot_research.study.reading import read_study
    from mot_research.survey.reading import read_survey

    if survey is None:
        print(f"A new study: {shown(new_study(directory))}")
    else:
        from mot_research.report.narrative.drafted import guesses_table

        path, draft = draft_study(directory, survey)
        console().print(guesses_table(draft))
        print(draft.caution or "Look at each guess before anyone reads the report.")
        print(f"A study drafted by guessing; correct what is wrong in {shown(path)}")
    print(next_step(directory, read_survey(read_study(directory))))
    return FINE


@app.command
def moments(
    study: StudyPath,
    /,
    *,
    export: Annotated[Path | None, Parameter(help="Write the moments into this new .xlsx.")] = None,
    import_: Annotated[
        Path | None,
        Parameter(name="--import", help="Bring the rows of this .xlsx into study.yml."),
    ] = None,
) -> int:
    """The moments as a spreadsheet, one row each: written, or read back into study.yml."""
    from mot_research.report.narrative.imported import told_import
    from mot_research.report.narrative.next_step import next_step
    from mot_research.study.reading import read_study
    from mot_research.survey.reading import read_survey
    from mot_research.workshop.importing import import_moments
    from mot_research.workshop.moments_sheet import export_moments

    if (export is None) == (import_ is None):
        raise StudyError("say what to do: --export FILE.xlsx, or --import FILE.xlsx.")
    if export is not None:
        export_moments(read_study(study), export)
        print(export)
    elif import_ is not None:
        print(told_import(import_moments(read_study(study), import_)))
        print(next_step(study, read_survey(read_study(study))))
    return FINE


@app.command
def ballot(
    study: StudyPath,
    /,
    *,
    read: Annotated[
        Path | None, Parameter(help="Read the filled-in ballots of this folder into the votes.")
    ] = None,
    silos: Annotated[
        str | None,
        Parameter(help="Departments, with commas. Default: the owners and partners of moments."),
    ] = None,
    output: Annotated[
        Path | None, Parameter(help="The folder for the ballots. Default: workshop/ballots.")
    ] = None,
) -> int:
    """A voting sheet for each silo of the workshop; or their votes, read back."""
    from mot_research.report.narrative.imported import told_votes
    from mot_research.study.reading import read_study
    from mot_research.workshop.ballot_sheet import silos_of, write_ballots
    from mot_research.workshop.vote_file import collect_votes

    ready = read_study(study)
    if read is not None:
        print(told_votes(collect_votes(ready, read)))
        return FINE
    named = tuple(dict.fromkeys(part.strip() for part in (silos or "").split(",") if part.strip()))
    folder = ready.folder / "workshop" / "ballots" if output is None else output
    print_paths(write_ballots(ready, named or silos_of(ready), folder))
    print(f"Each participant fills in a copy. Then: mot ballot {shown(study)} --read FOLDER")
    return FINE


@app.command
def check(study: StudyPath, /) -> int:
    """Problems of the study and its files, as one table.

    Exit code 0: no error; 1: some file has errors; 2: the study can't be read.
    """
    from mot_research.report.narrative.next_step import next_step
    from mot_research.study.reading import read_study
    from mot_research.survey.reading import read_survey

    survey = read_survey(read_study(study))
    print_problems(survey.problems)
    print(next_step(study, survey))
    return FOUND_ERRORS if survey.has_errors else FINE


@app.command
def add_wave(
    study: StudyPath,
    file: Annotated[Path, Parameter(help="The new wave's file: .csv, .xlsx, .parquet, .sav.")],
    /,
    *,
    id: Annotated[str, Parameter(help="The new wave's id, such as 2026Q4.")],
    from_: Annotated[
        str | None, Parameter(name="--from", help="First day of the fieldwork, as 2026-10-05.")
    ] = None,
    to: Annotated[str | None, Parameter(help="Last day of the fieldwork.")] = None,
    column: Annotated[
        tuple[str, ...],
        Parameter(negative="", help="The study's column and this file's, as food=q7_food. Repeat."),
    ] = (),
    without: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            help="A moment, outcome, column, or weight, stratum, cluster, respondent that this "
            "wave does not have. Repeat.",
        ),
    ] = (),
    where: Annotated[
        tuple[str, ...],
        Parameter(negative="", help="Which rows of the file are the wave, as year=2018. Repeat."),
    ] = (),
    sheet: Annotated[str | None, Parameter(help="The sheet of an Excel file.")] = None,
    encoding: Annotated[str | None, Parameter(help="Of a text file, such as cp1252.")] = None,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Show everything, write nothing.")
    ] = False,
    yes: Annotated[
        bool, Parameter(negative="", help="Ask nothing; what is in doubt is refused.")
    ] = False,
) -> int:
    """Add a new wave: shows what its file holds and how it differs, then writes its entry.

    Exit code 0: added, or could be; 1: errors, or not wanted, and nothing written; 2: unusable.
    """
    from mot_research import arriving
    from mot_research.report.narrative import arrived
    from mot_research.report.narrative.next_step import typed
    from mot_research.study.reading import read_study

    survey = arriving.earlier_waves(read_study(study))
    described = arriving.Described(
        id,
        from_,
        to,
        columns=arriving.pairs("--column", column),
        absent=without,
        where=arriving.pairs("--where", where),
        sheet=sheet,
        encoding=encoding,
    )
    asks = sys.stdin.isatty() and not (yes or dry_run)
    arrival = arriving.arrive(survey, file, described)
    print_pieces(arrived.found_in(arrival))
    if asks and arrival.open:
        described = arriving.settled(described, arrival.open, arriving.yes_or_no)
        arrival = arriving.arrive(survey, file, described)
    print_pieces(arrived.compared(arrival))
    print_problems(arrival.problems)
    if arrival.open or arrival.has_errors:
        complain(arrived.refusal(arrival))
        return FOUND_ERRORS
    print_pieces(arrived.to_write(arrival))
    if dry_run:
        print("A dry run: nothing was written.")
        return FINE
    if not (yes or asks):
        raise StudyError("nothing was written: add --yes to write this, or --dry-run to look only.")
    if asks and not arriving.yes_or_no("Add this wave?"):
        print("Nothing was written.")
        return FOUND_ERRORS
    arriving.add_wave(arrival)
    print(f"Wave {shown(id)} was added. Next: mot report {typed(study)}")
    return FINE


@app.command
def analyze(
    study: StudyPath,
    /,
    *,
    wave: WaveId = None,
    output: OutputFolder = None,
    engine: EngineName = "auto",
    quiet: Quiet = False,
) -> int:
    """Compute everything, and write findings and evidence without documents."""
    survey, wave_id = _ready(study, wave, engine, quiet=quiet)
    ready = survey.study
    from mot_research.study.manifests import read_manifest
    from mot_research.workbook import run

    folder = _folder(ready, wave_id, output)
    before, note = read_manifest(folder, ready.name)
    with Progress(quiet) as progress:
        run(survey, wave_id, output=folder, on_progress=progress.step)
    if not quiet:
        _print_difference(before, note, folder, ready)
    print_paths(folder / name for name in DATA_FILES)
    return FINE


@app.command
def report(
    study: StudyPath,
    /,
    *,
    wave: WaveId = None,
    to: Annotated[
        str,
        Parameter(help="Formats, separated by commas: html, pdf, docx, pptx, brief (one page)."),
    ] = "html,pdf",
    renderer: Annotated[
        Literal["auto", "quarto", "embedded"],
        Parameter(help="auto takes Quarto where 1.8 or newer is installed."),
    ] = "auto",
    document: Annotated[
        Literal["prioritization", "technical-appendix"],
        Parameter(help="The report for leaders, or every table for the analyst's reviewer."),
    ] = "prioritization",
    by: Annotated[
        str | None,
        Parameter(help="A segment: a report for each of its values, several at a time."),
    ] = None,
    output: OutputFolder = None,
    engine: EngineName = "auto",
    quiet: Quiet = False,
) -> int:
    """Compute everything, and render the prioritization report; brief is its one page.

    With --by, one report for each value of a segment, into output/<wave>/<segment>=<value>/.
    """
    from mot_research.report.files import staged
    from mot_research.report.narrative.missing_signs import told_signs
    from mot_research.report.part_reports import PartReports
    from mot_research.report.study_documents import (
        files_of,
        render_study_documents,
        wanted_formats,
    )
    from mot_research.study.manifests import read_manifest

    formats = wanted_formats(to)
    survey, wave_id = _ready(study, wave, engine, quiet=quiet)
    ready = survey.study

    folder = _folder(ready, wave_id, output)
    if by is not None:
        wanted = PartReports(study, wave_id, folder, formats, document, renderer, engine)
        return _report_by(wanted, survey, by, quiet)
    before, note = read_manifest(folder, ready.name)
    names = files_of(formats, document, ready, wave_id)
    with Progress(quiet) as progress, staged(folder) as stage:
        render_study_documents(
            ready,
            wave_id,
            {
                each: {suffix: stage / name for suffix, name in files.items()}
                for each, files in names.items()
            },
            data=stage,
            renderer=renderer,
            engine=engine,
            on_progress=lambda done, total: progress.step("rendering the report", done, total),
        )
    if not quiet:
        if told := told_signs((folder / "findings.json").read_text("utf-8")):
            complain(told)
        _print_difference(before, note, folder, ready)
    print_paths(
        [*(folder / name for files in names.values() for name in files.values())]
        + [folder / name for name in DATA_FILES]
    )
    return FINE


@app.command
def explain(
    study: StudyPath,
    moment: Annotated[str, Parameter(help="The moment's id or its name.")],
    /,
    *,
    wave: WaveId = None,
    segment: Annotated[
        str | None, Parameter(help="Of some customers only: a segment and its value, plan=prepaid.")
    ] = None,
    quiet: Quiet = False,
) -> int:
    """Why a moment has its verdict: every rule, its threshold, its number, passed or not."""
    from mot_research.survey.part import named_part

    survey, wave_id = _ready(study, wave, quiet=quiet)
    ready = survey.study
    asked = ready.moment(next((one.id for one in ready.moments if one.name == moment), moment))
    part = None if segment is None else named_part(ready, segment)
    from mot_research.report.narrative.explained import for_terminal
    from mot_research.workbook import run

    with Progress(quiet) as progress:
        also: tuple[Step, ...] = () if part is None else ("segments",)
        findings = run(survey, wave_id, also=also, on_progress=progress.step)
    print_pieces(for_terminal(findings, asked.id, part))
    return FINE


@app.command
def schema(
    *,
    findings: Annotated[bool, Parameter(negative="", help="Of findings.json instead.")] = False,
) -> int:
    """The JSON schema of study.yml, for editors; or of findings.json, for other tools."""
    import json

    if findings:
        from mot_research.report.record_schema import findings_schema

        printed = findings_schema()
    else:
        from mot_research.study.definition import Study

        printed = Study.model_json_schema()
    print(json.dumps(printed, indent=2, ensure_ascii=False))
    return FINE


DATA_FILES = ("findings.json", "evidence.csv", "evidence.xlsx", "manifest.json")


def _version() -> str:
    from importlib.metadata import version

    return version("mot_research")


def _ready(
    path: Path, wave: str | None, engine: str = "auto", *, quiet: bool = False
) -> tuple[Survey, str]:
    """The survey and the wave's id, or the table of what is wrong with its file."""
    from mot_research.report.narrative.samples import told_samples
    from mot_research.study.reading import read_study
    from mot_research.survey.reading import read_survey

    study = read_study(path)
    wave_id = study.latest_wave.id if wave is None else study.wave(wave).id
    survey = read_survey(study, engine=engine).until(wave_id)
    if wave_id not in survey.waves:
        print_problems(survey.problems[survey.problems["severity"] == "error"])
        raise SurveyError(
            f"wave '{shown(wave_id)}' has errors, listed above. Mend them, or choose another "
            "wave with --wave."
        )
    if not quiet:
        print_pieces(told_samples(survey))
    return survey, wave_id


def _folder(study: Study, wave_id: str, output: Path | None) -> Path:
    return output if output is not None else study.folder / "output" / wave_id


def _report_by(wanted: PartReports, survey: Survey, segment: str, quiet: bool) -> int:
    """Render a report for each value of a segment; say which have none, and why."""
    from mot_research.report.part_reports import render_parts
    from mot_research.survey.part import parts_of

    parts = parts_of(survey, wanted.wave, segment)
    with Progress(quiet) as progress:
        rendered, refused = render_parts(
            wanted,
            [part for part, reason in parts.items() if not reason],
            lambda done, total: progress.step(f"reports by {shown(segment)}", done, total),
        )
    refused = {part: reason for part, reason in parts.items() if reason} | refused
    for part, reason in refused.items():
        complain(f"no report on {shown(str(part))}: {reason}.")
    print_paths(path for paths in rendered.values() for path in paths)
    return FINE if rendered else UNUSABLE


def _print_difference(before: Manifest | None, note: str, folder: Path, study: Study) -> None:
    """Say what is different from the run whose outputs lay in the folder before."""
    from mot_research.report.narrative.memory import for_terminal
    from mot_research.study.manifests import NO_RUN, compare, read_manifest

    now, _ = read_manifest(folder, study.name)
    if before is not None and now is not None:
        print(for_terminal(compare(before, now)))
    elif note != NO_RUN:
        print(f"Not compared with the last run: {note}.")
