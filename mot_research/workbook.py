"""The whole flow: from a study to its findings, and the files they leave."""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args

from mot_research.drivers.due_contacts import due_contacts
from mot_research.drivers.missed_contacts import MissedContact, in_one_family
from mot_research.drivers.result import DriverResult
from mot_research.drivers.robustness import Robustness
from mot_research.drivers.sample_size import sample_size
from mot_research.drivers.study_analysis import StudyAnalysis
from mot_research.drivers.study_cautions import of_study
from mot_research.drivers.waves import pooled_waves
from mot_research.drivers.whole_files import sample_notes
from mot_research.errors import AnalysisError, SurveyError, shown
from mot_research.findings import Findings
from mot_research.priorities.accountability import scorecard
from mot_research.priorities.by_segment import segment_priorities
from mot_research.priorities.evidence import Deciding, evidence
from mot_research.priorities.expectation import expectations_and_emotions
from mot_research.priorities.value import revenue_at_stake, value
from mot_research.priorities.verdicts import decide
from mot_research.priorities.voice import voice_of_wave
from mot_research.study.consensus import chosen_by_silos, consensus, shortlist
from mot_research.study.definition import Outcome, Study
from mot_research.study.manifests import Manifest, rules_of, since_earlier_wave
from mot_research.study.reading import read_study
from mot_research.survey.activity import activity_map
from mot_research.survey.file_names import part_folder
from mot_research.survey.part import Part, named_part, part_of
from mot_research.survey.reading import read_survey
from mot_research.survey.wave import Survey

PACKAGES = ("mot_research", "numpy", "scipy", "pandas")

Step = Literal["change", "prediction", "segments"]
STEPS: tuple[Step, ...] = get_args(Step)

Progress = Callable[[str, int, int], None]


def run(
    study: Study | Survey | str | Path,
    wave: str | None = None,
    *,
    output: str | Path | None = None,
    part: Part | str | None = None,
    also: Collection[Step] = STEPS,
    engine: str = "auto",
    on_progress: Progress | None = None,
) -> Findings:
    """Everything a study's files say, for one wave.

    Parameters
    ----------
    study : Study, Survey, or path of a study.yml or of its folder
        A survey is not read again.
    wave : str, optional
        Its id. Default: the last wave listed. Waves after it don't count: its findings are
        those of the day when it was the last.
    output : path, optional
        A folder for ``findings.json``, ``evidence.csv``, ``evidence.xlsx`` and
        ``manifest.json``. They appear whole or not at all. Default: nothing
        is written.
    part : str, optional
        A segment and its value, as ``"plan=prepaid"``: the findings then are of these customers
        alone. The population and the costs of a study are of all customers, so they do not
        count; of contacts, those of customers who answered do.
    also : collection of {"change", "prediction", "segments"}
        What to compute beside the drivers and the verdicts, which always are.
        Default: everything. What is not asked for is empty in the findings,
        and findings that lack a part are not written. Without ``change``, a
        ``prediction`` has no earlier wave.
    engine : {"auto", "memory", "duckdb", "spark"}
        How the files of the waves are read: see :func:`mot_research.read_survey`. Of a wave of
        which a sample is held, the drivers of a score come from all rows of the file.
    on_progress : callable(step, done, total), optional
        Called before each step with its name and its number of the total.

    Returns
    -------
    Findings

    Raises
    ------
    StudyError
        The study file can't be read, or has no such wave.
    SurveyError
        The wave's file has an error; ``mot check`` prints the table.
    AnalysisError
        No driver can be tested, or ``also`` names what there is not.

    Notes
    -----
    Nothing is kept between runs. The same files and seed give the same
    findings.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import pandas as pd
    >>> import mot_research as mot
    >>> rng = np.random.default_rng(3)
    >>> frame = pd.DataFrame(rng.integers(1, 6, (600, 2)), columns=["bill", "outage"])
    >>> ltr = 4 + 0.8 * frame["bill"] + rng.normal(size=600)
    >>> frame.assign(ltr=ltr.round().clip(0, 10)).to_csv("2026q1.csv", index=False)
    >>> study = '''
    ... study: {name: Harbour Mobile, simulated: true}
    ... moments: {bill: First bill arrives, outage: Outage call}
    ... ratings: {low: 1, high: 5}
    ... outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]
    ... waves: [{id: 2026Q1, file: 2026q1.csv}]
    ... '''
    >>> n_characters = Path("study.yml").write_text(study, encoding="utf-8")
    >>> findings = mot.run("study.yml")
    >>> findings.priorities.to_frame()[["verdict", "relationship_effect"]].round(2)
               verdict  relationship_effect
    moment
    bill        proven                 0.79
    outage  not_proven                 0.01
    """
    _check_steps(also, output)
    survey: Survey | None = None
    if isinstance(study, Survey):
        survey, study = study, study.study
    elif not isinstance(study, Study):
        study = read_study(study)
    wave_id = study.latest_wave.id if wave is None else study.wave(str(wave)).id
    report = on_progress or (lambda step, done, total: None)
    outcomes = study.outcomes
    total = len(outcomes) + 4
    report("reading the survey", 0, total)
    survey = (read_survey(study, engine=engine) if survey is None else survey).until(wave_id)
    require_usable(survey, wave_id)
    study = survey.study
    if part is not None:
        part = named_part(study, part) if isinstance(part, str) else part
        survey = replace(_of_part(survey, part, wave_id), engine="memory")
        study = survey.study
    analysis = StudyAnalysis.of(survey)
    rules = study.rules
    drivers: dict[str, DriverResult] = {}
    alone: dict[str, DriverResult] = {}
    robust: dict[str, Robustness] = {}
    deciding: dict[str, Deciding] = {}
    due: tuple[MissedContact, ...] = ()
    unrated = [moment.id for moment in study.moments if moment.rating is None]
    warnings: list[str] = []
    failed: list[AnalysisError] = []
    for step, outcome in enumerate(outcomes, start=1):
        report(f"what drives {outcome.name}", step, total)
        waves = pooled_waves(survey, outcome, wave_id, rules.pool[outcome.role])
        if not waves:
            warnings.append(_not_analysed(outcome, survey, wave_id))
            continue
        try:
            result, its_robustness = analysis.drivers_and_robustness(outcome, waves)
            if waves != (wave_id,) and wave_id in analysis.waves_with(outcome):
                alone[outcome.id] = analysis.drivers(outcome, (wave_id,))
        except AnalysisError as error:
            failed.append(error)
            warnings.append(f"{outcome.name} is not analysed: {error}")
            continue
        missed = analysis.missed_contacts(outcome, wave_id)
        result, missed = in_one_family(result, missed, unrated)
        due += missed
        drivers[outcome.id] = result
        if its_robustness is not None:
            robust[outcome.id] = its_robustness
        if outcome.role not in deciding:
            boxes = analysis.asymmetry(outcome, waves)
            deciding[outcome.role] = Deciding(outcome.role, outcome.id, result, boxes, missed)
    if failed and not drivers:
        raise failed[0]
    from_all = [study.outcome(name).name for name, one in drivers.items() if one.engine]
    warnings = [*sample_notes(survey, wave_id, from_all), *warnings]
    cautions = of_study(survey, wave_id, {name: result.waves for name, result in drivers.items()})
    warnings += [caution.text for caution in cautions]
    through_loyalty, unclear = analysis.paths(drivers)
    first = [study.outcome(each.outcome) for each in deciding.values() if each.result.is_ranked]
    report("what changed", total - 3, total)
    changed, not_compared = analysis.changes(first if "change" in also else [], wave_id)
    report("segments", total - 2, total)
    by_segment, flips, not_split = analysis.segments(first if "segments" in also else [], wave_id)
    cautions += tuple(flips)
    warnings += [*(flip.text for flip in flips), *not_split]
    report("verdicts", total - 1, total)
    chosen = {} if survey.votes is None else chosen_by_silos(survey.votes)
    on_shortlist = shortlist(study, chosen)
    agreed = None if survey.votes is None else consensus(study, survey.votes, rules)
    said = voice_of_wave(survey, analysis.units, wave_id, rules.confidence)
    asymmetries = {each.outcome: each.asymmetry for each in deciding.values()}
    gains, no_value = analysis.gains(drivers, asymmetries, wave_id)
    at_stake = revenue_at_stake(study, gains, no_value)
    metrics = evidence(
        survey, analysis.units, wave_id, deciding, agreed, said, rules.confidence, at_stake
    )
    priorities = decide(study, wave_id, deciding, metrics, on_shortlist, said)
    versions = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    now = Manifest(
        wave_id, rules_of(rules), {file.name: file.sha256 for file in survey.inputs}, versions
    )
    findings = Findings(
        study=study,
        wave=wave_id,
        part=part,
        drivers=drivers,
        alone=alone,
        priorities=priorities,
        absences=survey.absences(wave_id),
        problems=survey.problems,
        inputs=survey.inputs,
        versions=versions,
        memory=since_earlier_wave(study, now, "" if part is None else part_folder(part)),
        simulated=study.about.simulated,
        warnings=(*warnings, *unclear, *_of_outcomes(study, drivers)),
        not_used=_not_used(study),
        shortlist=on_shortlist,
        paths=through_loyalty,
        robustness=robust,
        reliability=analysis.reliability(wave_id),
        sample_sizes={
            name: sample_size(result, smallest_effect=rules.smallest_effect)
            for name, result in drivers.items()
            if result.is_ranked
        },
        cautions=cautions,
        change=changed,
        not_compared=not_compared,
        prediction=(analysis.predictions(first, wave_id, changed) if "prediction" in also else {}),
        segments=by_segment,
        segment_priorities=segment_priorities(study, wave_id, by_segment),
        consensus=agreed,
        value=value(study, priorities, gains),
        no_value=no_value,
        scorecard=scorecard(survey, analysis.units, wave_id, priorities, drivers),
        beside=expectations_and_emotions(survey, analysis.units, wave_id),
        voice=said,
        contacts=due_contacts(survey, due),
        activity=None if survey.recordings is None else activity_map(study, survey.recordings),
    )
    if output is not None:
        from mot_research.report.files import write_findings

        write_findings(findings, Path(output))
    report("done", total, total)
    return findings


def _of_part(survey: Survey, part: Part, wave_id: str) -> Survey:
    small = part_of(survey, part)
    if wave_id not in small.waves:
        raise SurveyError(f"nobody in wave {shown(wave_id)} has {shown(str(part))}.")
    return small


def _check_steps(also: Collection[Step], output: str | Path | None) -> None:
    unknown = [name for name in also if name not in STEPS]
    if unknown:
        raise AnalysisError(
            f"also={shown(unknown[0])!r} is not a part of the findings. "
            f"Allowed: {', '.join(STEPS)}."
        )
    if output is not None and not set(also) >= set(STEPS):
        raise AnalysisError("Findings are written whole: leave out `also`, or leave out `output`.")


def require_usable(survey: Survey, wave_id: str) -> None:
    """Refuse a wave that has an error in its file.

    Raises
    ------
    SurveyError
        Naming the first problem and how many there are.
    """
    if wave_id in survey.waves:
        return
    problems = survey.problems
    errors = problems[(problems["severity"] == "error") & problems["wave"].isin([wave_id, ""])]
    first = errors.iloc[0]
    raise SurveyError(
        f"wave '{shown(wave_id)}' can't be analysed: {len(errors)} error(s), first "
        f"{first['rule']} in {first['column'] or 'the file'}. {first['what_to_do']} "
        "`mot check` lists all of them."
    )


def _not_analysed(outcome: Outcome, survey: Survey, wave_id: str) -> str:
    asked = [wave.id for wave in survey.waves.values() if outcome.id in wave.outcomes_asked]
    if wave_id not in asked and not outcome.file:
        return f"{outcome.name} was not asked in wave {wave_id}."
    return f"{outcome.name} is not yet complete for any wave up to {wave_id}."


def _of_outcomes(study: Study, drivers: Mapping[str, DriverResult]) -> list[str]:
    """Each sentence once, after the names of the outcomes that it holds for."""
    names: dict[str, list[str]] = {}
    for outcome_id, result in drivers.items():
        for warning in result.warnings:
            names.setdefault(warning, []).append(study.outcome(outcome_id).name)
    return [f"{', '.join(of)}: {warning}" for warning, of in names.items()]


def _not_used(study: Study) -> tuple[str, ...]:
    """One line for each part that a study could have and does not."""
    named = {
        "moments with an owner": any(moment.owner for moment in study.moments),
        "stages of the moments": any(moment.stage for moment in study.moments),
        "a revenue outcome": any(outcome.role == "revenue" for outcome in study.outcomes),
        "survey weights": bool(study.weight),
        "population": bool(study.population),
        "an earlier wave": len(study.waves) > 1,
        "operational metrics": study.operations is not None,
        "voice of customers": study.voice is not None,
        "recorded journeys": study.recordings is not None,
        "event log": study.events is not None and any(one.trigger for one in study.moments),
    }
    ways = {
        "moments with an owner": "owner: on each moment names who answers for it",
        "stages of the moments": "stage: on each moment places it on the experience map",
        "a revenue outcome": "an outcome with role: revenue shows what pays",
        "survey weights": "weight: names the column of weights, if the sample has any",
        "population": "population: under study: scales effects to all customers",
        "an earlier wave": "a second wave shows what changed",
        "voice of customers": "voice: names the file of comments, laid beside the numbers",
        "event log": "events: and a trigger: on moments show who was answered and who was missed",
        "recorded journeys": "recordings: shows how customers go from moment to moment",
        "operational metrics": "operations: names their file, laid beside the ratings by stage",
    }
    absent = [f"No {part}: {ways[part]}." for part, present in named.items() if not present]
    return tuple(absent)
