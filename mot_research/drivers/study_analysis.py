"""Every analysis of one study, with one numbering of its units and one set of draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mot_research.drivers.asymmetry import Asymmetry, asymmetry
from mot_research.drivers.cautions import Caution
from mot_research.drivers.change import Change, change, earlier_wave
from mot_research.drivers.customers import Customers, customers
from mot_research.drivers.design import build_design
from mot_research.drivers.gains import Gains, gains
from mot_research.drivers.missed_contacts import MissedContact, missed_contact
from mot_research.drivers.one_outcome import analyse, analyse_model, build_model
from mot_research.drivers.options import Options
from mot_research.drivers.paths import Paths, paths
from mot_research.drivers.prediction import Prediction, prediction
from mot_research.drivers.reliability import Reliability, reliability
from mot_research.drivers.result import DriverResult
from mot_research.drivers.robustness import Robustness, robustness
from mot_research.drivers.segments import Segments, segments
from mot_research.drivers.study_cautions import is_later
from mot_research.drivers.transactional import is_transactional
from mot_research.drivers.waves import (
    StudyUnits,
    pooled_waves,
    rows_of_waves,
    segments_of_waves,
    study_units,
)
from mot_research.drivers.whole_files import from_whole_file
from mot_research.errors import AnalysisError
from mot_research.statistics.resampling import Draws, draw
from mot_research.study.definition import Outcome
from mot_research.survey.wave import Survey


@dataclass(frozen=True)
class StudyAnalysis:
    """What all analyses of a study share.

    ``draws`` are of all units of the study, so that waves, outcomes and
    segments are compared within a draw; None where the rules ask for none.
    """

    survey: Survey
    units: StudyUnits
    draws: Draws | None

    @classmethod
    def of(cls, survey: Survey) -> StudyAnalysis:
        """Number the sampling units of a survey, and draw its resamples."""
        units, rules = study_units(survey), survey.study.rules
        draws = draw(units.units, rules.n_resamples, rules.seed) if rules.n_resamples else None
        return cls(survey, units, draws)

    def waves_with(self, outcome: Outcome) -> tuple[str, ...]:
        """Waves that asked an outcome and are mature for it."""
        study = self.survey.study
        return tuple(
            wave.id
            for wave in self.survey.waves.values()
            if outcome.id in wave.outcomes_asked and study.is_mature(outcome, study.wave(wave.id))
        )

    def drivers(self, outcome: Outcome, waves: tuple[str, ...]) -> DriverResult:
        """What drives an outcome over these waves."""
        rows = rows_of_waves(self.survey, self.units, outcome.id, waves)
        options = self._options(outcome)
        return analyse(rows, self.units.units, self.draws, options, outcome=outcome.id, waves=waves)

    def drivers_and_robustness(
        self, outcome: Outcome, waves: tuple[str, ...]
    ) -> tuple[DriverResult, Robustness | None]:
        """What drives an outcome, and how much that can stand.

        Without robustness where each moment has a model of its own.
        """
        units, options = self.units.units, self._options(outcome)
        rows = rows_of_waves(self.survey, self.units, outcome.id, waves)
        if is_transactional(rows):
            return self.drivers(outcome, waves), None
        model = build_model(rows, units, options, outcome=outcome.id)
        robust = robustness(outcome.id, model, segments_of_waves(self.survey, waves))
        notes: list[str] = []
        if self.survey.engine != "memory" and set(waves) & set(self.survey.sampled):
            try:
                return from_whole_file(self.survey, outcome, waves, options), robust
            except AnalysisError as error:
                why = str(error).rstrip(".")
                notes = [f"From the sample of the rows in memory, not from all: {why}."]
        return (
            analyse_model(
                model, units, self.draws, options, outcome=outcome.id, waves=waves, notes=notes
            ),
            robust,
        )

    def asymmetry(self, outcome: Outcome, waves: tuple[str, ...]) -> Asymmetry:
        """Penalty and reward of each moment on an outcome."""
        study, rules = self.survey.study, self.survey.study.rules
        rows = rows_of_waves(self.survey, self.units, outcome.id, waves)
        design = build_design(rows, missing=rules.missing, min_n=rules.min_n)
        scales = {name: study.ratings_for(study.moment(name)) for name in design.tested}
        return asymmetry(
            design,
            self.units.units,
            {name: (scale.top_box, scale.bottom_box) for name, scale in scales.items()},
            draws=self.draws,
            confidence=rules.confidence,
            false_discovery_rate=rules.false_discovery_rate,
        )

    def customers(self, wave_id: str) -> Customers | None:
        """The customers of a wave, whom the scenarios change; None where it asked no outcome.

        The outcome that helps to complete their blanks is the first that they were asked,
        of the relationship before revenue.

        Raises
        ------
        AnalysisError
            Too few of them answered it.
        """
        study, rules, wave = self.survey.study, self.survey.study.rules, self.survey[wave_id]
        asked = [outcome for outcome in study.outcomes if outcome.id in wave.outcomes_asked]
        if not asked:
            return None
        helping = min(asked, key=lambda outcome: outcome.role == "revenue")
        rows = rows_of_waves(self.survey, self.units, helping.id, (wave_id,))
        scales = {name: study.ratings_for(study.moment(name)) for name in rows.drivers}
        return customers(
            rows,
            self.units.units,
            {name: (scale.target, scale.bottom_box) for name, scale in scales.items()},
            self.draws,
            wave=wave_id,
            missing=rules.missing,
            min_n=rules.min_n,
        )

    def gains(
        self,
        drivers: Mapping[str, DriverResult],
        boxes: Mapping[str, Asymmetry],
        wave_id: str,
    ) -> tuple[dict[str, Gains], str]:
        """What lifting each moment brings to each outcome, or why that can't be said."""
        try:
            here = self.customers(wave_id)
        except AnalysisError as error:
            return {}, str(error)
        if here is None:
            return {}, f"wave {wave_id} asked no outcome"
        found: dict[str, Gains] = {}
        for name, result in drivers.items():
            high = self.survey.study.outcome(name).high
            highest = np.inf if high is None else float(high)
            gained = gains(result, here, boxes.get(name), highest=highest)
            if gained is not None:
                found[name] = gained
        return found, "" if found else "each moment has a model of its own"

    def missed_contacts(self, outcome: Outcome, wave_id: str) -> tuple[MissedContact, ...]:
        """What missing each answered moment costs, over as many waves as any role pools."""
        if self.survey.contacts is None:
            return ()
        most = max(self.survey.study.rules.pool.values())
        waves = pooled_waves(self.survey, outcome, wave_id, most)
        return tuple(
            missed_contact(self.survey, self.units, self.draws, fired, outcome, waves)
            for fired in self.survey.contacts.fired.values()
            if fired.moment.trigger is not None and fired.moment.trigger.answer is not None
        )

    def paths(self, drivers: Mapping[str, DriverResult]) -> tuple[dict[str, Paths], list[str]]:
        """From each moment through the first relationship outcome to each revenue outcome.

        Returns
        -------
        The paths by revenue outcome, and sentences on those that can't be said.
        """
        study, rules = self.survey.study, self.survey.study.rules
        outcomes = [study.outcome(name) for name in drivers]
        mediator = next((one for one in outcomes if one.role == "relationship"), None)
        found: dict[str, Paths] = {}
        unclear: list[str] = []
        for outcome in outcomes:
            if mediator is None or outcome.role != "revenue" or not drivers[outcome.id].is_ranked:
                continue
            with_mediator = self.waves_with(mediator)
            waves = tuple(name for name in drivers[outcome.id].waves if name in with_mediator)
            if not waves:
                unclear.append(
                    f"{outcome.name}: no path through {mediator.name}, which none of its waves "
                    "asked."
                )
                continue
            loyalty = [self.survey[name].outcomes[mediator.id] for name in waves]
            try:
                found[outcome.id] = paths(
                    rows_of_waves(self.survey, self.units, outcome.id, waves),
                    np.concatenate(loyalty),
                    self.units.units,
                    self.draws,
                    outcome=outcome.id,
                    mediator_name=mediator.id,
                    waves=waves,
                    missing=rules.missing,
                    min_n=rules.min_n,
                    confidence=rules.confidence,
                    is_amount=outcome.kind == "amount",
                    is_later=is_later(self.survey, outcome, waves),
                )
            except AnalysisError as error:
                unclear.append(f"{outcome.name}: no path through {mediator.name}: {error}")
        return found, unclear

    def reliability(self, wave_id: str) -> Reliability:
        """Of the multi-item measures of a wave, and the halo of its ratings."""
        wave, study = self.survey[wave_id], self.survey.study
        return reliability(
            wave_id,
            wave.scale_items,
            study.scales,
            wave.ratings[list(wave.asked)].to_numpy(),
            wave.weight,
            confidence=study.rules.confidence,
        )

    def changes(
        self, outcomes: Sequence[Outcome], wave_id: str
    ) -> tuple[dict[str, Change], dict[str, str]]:
        """What changed in each outcome since the earlier wave, or why that can't be said."""
        found: dict[str, Change] = {}
        reasons: dict[str, str] = {}
        for outcome in outcomes:
            earlier, reason = earlier_wave(self.survey, outcome, wave_id)
            if earlier is None:
                reasons[outcome.id] = reason
                continue
            rules = self.survey.study.rules
            try:
                found[outcome.id] = change(
                    self.survey, self.units, self.draws, outcome, earlier, wave_id, rules
                )
            except AnalysisError as error:
                reasons[outcome.id] = str(error)
        return found, reasons

    def predictions(
        self, outcomes: Sequence[Outcome], wave_id: str, changed: Mapping[str, Change]
    ) -> dict[str, Prediction]:
        """How well each outcome that the wave itself has is predicted."""
        return {
            outcome.id: prediction(
                self.survey,
                self.units,
                outcome,
                wave_id,
                changed[outcome.id].wave_a if outcome.id in changed else None,
                self.survey.study.rules,
            )
            for outcome in outcomes
            if wave_id in self.waves_with(outcome)
        }

    def segments(
        self, outcomes: Sequence[Outcome], wave_id: str
    ) -> tuple[dict[str, dict[str, Segments]], list[Caution], list[str]]:
        """Each segment's drivers, over as many waves as any role pools: cells are small.

        Returns
        -------
        By segment and outcome; a caution for each effect that flips; sentences
        on what could not be analysed.
        """
        rules = self.survey.study.rules
        found: dict[str, dict[str, Segments]] = {}
        flips: list[Caution] = []
        unclear: list[str] = []
        for segment in self.survey.study.segments if outcomes else ():
            found[segment] = {}
            for outcome in outcomes:
                waves = pooled_waves(self.survey, outcome, wave_id, max(rules.pool.values()))
                try:
                    result = segments(
                        self.survey, self.units, self.draws, outcome, waves, segment, rules
                    )
                except AnalysisError as error:
                    unclear.append(f"{outcome.name}: {error}")
                    continue
                found[segment][outcome.id] = result
                flips += [
                    replace(caution, text=f"{outcome.name}: {caution.text}")
                    for caution in result.cautions
                ]
        return found, flips, unclear

    def _options(self, outcome: Outcome) -> Options:
        rules = self.survey.study.rules
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
