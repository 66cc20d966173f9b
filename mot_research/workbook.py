"""The whole flow: from a study to its findings, and the files they leave."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from mot_research.drivers.analysis import Options, analyse, analyse_model, build_model
from mot_research.drivers.asymmetry import Asymmetry, asymmetry
from mot_research.drivers.change import Change, change, earlier_wave
from mot_research.drivers.design import build_design
from mot_research.drivers.paths import Paths, paths
from mot_research.drivers.prediction import Prediction, prediction
from mot_research.drivers.reliability import Reliability, reliability
from mot_research.drivers.result import DriverResult
from mot_research.drivers.robustness import Robustness, robustness
from mot_research.drivers.sample_size import sample_size
from mot_research.drivers.segments import Segments, segments
from mot_research.drivers.study_cautions import is_later, of_study
from mot_research.drivers.transactional import is_transactional
from mot_research.drivers.waves import (
    StudyUnits,
    pooled_waves,
    rows_of_waves,
    segments_of_waves,
    study_units,
)
from mot_research.errors import AnalysisError, SurveyError, shown
from mot_research.findings import Findings
from mot_research.priorities.evidence import Deciding, evidence
from mot_research.priorities.verdicts import decide
from mot_research.statistics.resampling import Draws, draw
from mot_research.study.definition import Outcome, Study
from mot_research.study.reading import read_study
from mot_research.survey.reading import read_survey
from mot_research.survey.wave import Survey

PACKAGES = ("mot_research", "numpy", "scipy", "pandas")

Progress = Callable[[str, int, int], None]


def run(
    study: Study | str | Path,
    wave: str | None = None,
    *,
    output: str | Path | None = None,
    on_progress: Progress | None = None,
) -> Findings:
    """Everything a study's files say, for one wave.

    Parameters
    ----------
    study : Study, or path of a study.yml or of its folder
    wave : str, optional
        Its id. Default: the last wave listed.
    output : path, optional
        A folder for ``findings.json``, ``evidence.csv``, ``evidence.xlsx`` and
        ``manifest.json``. They appear whole or not at all. Default: nothing
        is written.
    on_progress : callable(step, done, total), optional

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
        No driver can be tested.

    Notes
    -----
    Every run computes everything. The same files and seed give the same
    findings.
    """
    if not isinstance(study, Study):
        study = read_study(study)
    wave_id = study.latest_wave.id if wave is None else study.wave(str(wave)).id
    report = on_progress or (lambda step, done, total: None)
    outcomes = study.outcomes
    total = len(outcomes) + 4
    report("reading the survey", 0, total)
    survey = read_survey(study)
    require_usable(survey, wave_id)
    units = study_units(survey)
    rules = study.rules
    draws = draw(units.units, rules.n_resamples, rules.seed) if rules.n_resamples else None
    drivers: dict[str, DriverResult] = {}
    alone: dict[str, DriverResult] = {}
    robust: dict[str, Robustness | None] = {}
    deciding: dict[str, Deciding] = {}
    warnings: list[str] = []
    for step, outcome in enumerate(outcomes, start=1):
        report(f"what drives {outcome.name}", step, total)
        waves = pooled_waves(survey, outcome, wave_id, rules.pool[outcome.role])
        if not waves:
            warnings.append(_not_analysed(outcome, survey, wave_id))
            continue
        drivers[outcome.id], robust[outcome.id] = _deciding_analysis(
            survey, units, draws, outcome, waves
        )
        if waves != (wave_id,) and wave_id in _with(outcome, survey):
            alone[outcome.id] = _analysis(survey, units, draws, outcome, (wave_id,))
        if outcome.role not in deciding:
            result = drivers[outcome.id]
            deciding[outcome.role] = Deciding(
                outcome.role, outcome.id, result, _asymmetry(survey, units, outcome, waves)
            )
    cautions = of_study(survey, wave_id, {name: result.waves for name, result in drivers.items()})
    warnings += [caution.text for caution in cautions]
    through_loyalty, unclear = _paths(survey, units, draws, drivers)
    report("what changed", total - 3, total)
    first = [study.outcome(each.outcome) for each in deciding.values() if each.result.is_ranked]
    changed, not_compared = _changes(survey, units, draws, first, wave_id)
    report("segments", total - 2, total)
    by_segment = _segments(survey, units, draws, first, wave_id, warnings)
    report("verdicts", total - 1, total)
    metrics = evidence(survey, units, wave_id, deciding, {}, rules.confidence)
    shortlist = {m.id: m.shortlist for m in study.moments if m.shortlist is not None}
    findings = Findings(
        study=study,
        wave=wave_id,
        drivers=drivers,
        alone=alone,
        priorities=decide(study, wave_id, deciding, metrics, shortlist),
        absences=survey.absences(wave_id),
        problems=survey.problems,
        inputs=survey.inputs,
        versions={"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        simulated=study.about.simulated,
        warnings=(*warnings, *unclear, *_of_outcomes(study, drivers)),
        not_used=_not_used(study),
        paths=through_loyalty,
        robustness={name: one for name, one in robust.items() if one is not None},
        reliability=_reliability(survey, wave_id),
        sample_sizes={
            name: sample_size(result, smallest_effect=rules.smallest_effect)
            for name, result in drivers.items()
            if result.is_ranked
        },
        cautions=cautions,
        change=changed,
        not_compared=not_compared,
        prediction=_predictions(survey, units, first, wave_id, changed),
        segments=by_segment,
    )
    if output is not None:
        from mot_research.report.files import write_findings

        write_findings(findings, Path(output))
    report("done", total, total)
    return findings


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


def _with(outcome: Outcome, survey: Survey) -> tuple[str, ...]:
    """Waves that asked an outcome and are mature for it."""
    return tuple(
        wave.id
        for wave in survey.waves.values()
        if outcome.id in wave.outcomes_asked
        and survey.study.is_mature(outcome, survey.study.wave(wave.id))
    )


def _options(study: Study, outcome: Outcome) -> Options:
    rules = study.rules
    scale = None
    if outcome.low is not None and outcome.high is not None:
        scale = (float(outcome.low), float(outcome.high))
    return Options(
        kind=outcome.kind,
        missing=rules.missing,
        top=rules.top,
        min_n=rules.min_n,
        n_resamples=rules.n_resamples,
        confidence=rules.confidence,
        seed=rules.seed,
        outcome_scale=scale,
    )


def _analysis(
    survey: Survey,
    units: StudyUnits,
    draws: Draws | None,
    outcome: Outcome,
    waves: tuple[str, ...],
) -> DriverResult:
    rows = rows_of_waves(survey, units, outcome.id, waves)
    options = _options(survey.study, outcome)
    return analyse(rows, units.units, draws, options, outcome=outcome.id, waves=waves)


def _deciding_analysis(
    survey: Survey,
    units: StudyUnits,
    draws: Draws | None,
    outcome: Outcome,
    waves: tuple[str, ...],
) -> tuple[DriverResult, Robustness | None]:
    """The analysis with its robustness; None where each moment has a model of its own."""
    rows = rows_of_waves(survey, units, outcome.id, waves)
    options = _options(survey.study, outcome)
    if is_transactional(rows):
        return analyse(rows, units.units, draws, options, outcome=outcome.id, waves=waves), None
    model = build_model(rows, units.units, options, outcome=outcome.id)
    result = analyse_model(model, units.units, draws, options, outcome=outcome.id, waves=waves)
    return result, robustness(outcome.id, model, segments_of_waves(survey, waves))


def _paths(
    survey: Survey,
    units: StudyUnits,
    draws: Draws | None,
    drivers: Mapping[str, DriverResult],
) -> tuple[dict[str, Paths], list[str]]:
    """From each moment through the first relationship outcome to each revenue outcome."""
    study, rules = survey.study, survey.study.rules
    outcomes = [study.outcome(name) for name in drivers]
    mediator = next((outcome for outcome in outcomes if outcome.role == "relationship"), None)
    found: dict[str, Paths] = {}
    unclear: list[str] = []
    for outcome in outcomes:
        if mediator is None or outcome.role != "revenue" or not drivers[outcome.id].is_ranked:
            continue
        waves = tuple(name for name in drivers[outcome.id].waves if name in _with(mediator, survey))
        if not waves:
            unclear.append(
                f"{outcome.name}: no path through {mediator.name}, which none of its waves asked."
            )
            continue
        try:
            found[outcome.id] = paths(
                rows_of_waves(survey, units, outcome.id, waves),
                np.concatenate([survey[name].outcomes[mediator.id] for name in waves]),
                units.units,
                draws,
                outcome=outcome.id,
                mediator_name=mediator.id,
                waves=waves,
                missing=rules.missing,
                min_n=rules.min_n,
                confidence=rules.confidence,
                is_amount=outcome.kind == "amount",
                is_later=is_later(survey, outcome, waves),
            )
        except AnalysisError as error:
            unclear.append(f"{outcome.name}: no path through {mediator.name}: {error}")
    return found, unclear


def _reliability(survey: Survey, wave_id: str) -> Reliability:
    wave, study = survey[wave_id], survey.study
    return reliability(
        wave_id,
        wave.scale_items,
        study.scales,
        wave.ratings[list(wave.asked)].to_numpy(),
        wave.weight,
        confidence=study.rules.confidence,
    )


def _asymmetry(
    survey: Survey, units: StudyUnits, outcome: Outcome, waves: tuple[str, ...]
) -> Asymmetry:
    study, rules = survey.study, survey.study.rules
    rows = rows_of_waves(survey, units, outcome.id, waves)
    design = build_design(rows, missing=rules.missing, min_n=rules.min_n)
    scales = {name: study.ratings_for(study.moment(name)) for name in design.tested}
    return asymmetry(
        design,
        units.units,
        {name: (scale.top_box, scale.bottom_box) for name, scale in scales.items()},
        confidence=rules.confidence,
        false_discovery_rate=rules.false_discovery_rate,
    )


def _changes(
    survey: Survey,
    units: StudyUnits,
    draws: Draws | None,
    outcomes: Sequence[Outcome],
    wave_id: str,
) -> tuple[dict[str, Change], dict[str, str]]:
    """What changed in each outcome since the earlier wave, or why that can't be said."""
    found: dict[str, Change] = {}
    reasons: dict[str, str] = {}
    for outcome in outcomes:
        earlier, reason = earlier_wave(survey, outcome, wave_id)
        if earlier is None:
            reasons[outcome.id] = reason
            continue
        try:
            found[outcome.id] = change(
                survey, units, draws, outcome, earlier, wave_id, survey.study.rules
            )
        except AnalysisError as error:
            reasons[outcome.id] = str(error)
    return found, reasons


def _predictions(
    survey: Survey,
    units: StudyUnits,
    outcomes: Sequence[Outcome],
    wave_id: str,
    changed: Mapping[str, Change],
) -> dict[str, Prediction]:
    """How well each outcome that the wave itself has is predicted."""
    return {
        outcome.id: prediction(
            survey,
            units,
            outcome,
            wave_id,
            changed[outcome.id].wave_a if outcome.id in changed else None,
            survey.study.rules,
        )
        for outcome in outcomes
        if wave_id in _with(outcome, survey)
    }


def _segments(
    survey: Survey,
    units: StudyUnits,
    draws: Draws | None,
    outcomes: Sequence[Outcome],
    wave_id: str,
    warnings: list[str],
) -> dict[str, dict[str, Segments]]:
    """Each segment's drivers, over as many waves as any role pools: cells are small.

    What the reader must know of them is added to the warnings.
    """
    rules = survey.study.rules
    found: dict[str, dict[str, Segments]] = {}
    for segment in survey.study.segments:
        found[segment] = {}
        for outcome in outcomes:
            waves = pooled_waves(survey, outcome, wave_id, max(rules.pool.values()))
            try:
                result = segments(survey, units, draws, outcome, waves, segment, rules)
            except AnalysisError as error:
                warnings.append(f"{outcome.name}: {error}")
                continue
            found[segment][outcome.id] = result
            warnings += [f"{outcome.name}: {warning}" for warning in result.warnings]
    return found


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
    return [f"{' and '.join(of)}: {warning}" for warning, of in names.items()]


def _not_used(study: Study) -> tuple[str, ...]:
    """One line for each part that a study could have and does not."""
    named = {
        "moments with an owner": any(moment.owner for moment in study.moments),
        "stages of the moments": any(moment.stage for moment in study.moments),
        "a revenue outcome": any(outcome.role == "revenue" for outcome in study.outcomes),
        "survey weights": bool(study.weight),
        "a population": bool(study.population),
        "an earlier wave": len(study.waves) > 1,
    }
    ways = {
        "moments with an owner": "owner: on each moment names who answers for it",
        "stages of the moments": "stage: on each moment places it on the experience map",
        "a revenue outcome": "an outcome with role: revenue shows what pays",
        "survey weights": "weight: names the column of weights, if the sample has any",
        "a population": "population: under study: scales effects to all customers",
        "an earlier wave": "a second wave shows what changed",
    }
    absent = [f"No {part}: {ways[part]}." for part, present in named.items() if not present]
    later = ("customers", "events", "recordings", "workshop", "voice", "operations")
    waiting = [part for part in later if getattr(study, part) is not None]
    if waiting:
        absent.append(f"In the study, but not evaluated by this version: {', '.join(waiting)}.")
    return tuple(absent)
