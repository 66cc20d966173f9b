"""Everything one run found: what the report, the notebooks and other tools read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from mot_research.drivers.cautions import Caution
from mot_research.drivers.change import Change
from mot_research.drivers.due_contacts import DueContacts
from mot_research.drivers.paths import Paths
from mot_research.drivers.prediction import Prediction
from mot_research.drivers.reliability import Reliability
from mot_research.drivers.result import DriverResult
from mot_research.drivers.robustness import Robustness
from mot_research.drivers.sample_size import SampleSize
from mot_research.drivers.segments import Segments
from mot_research.priorities.by_segment import SegmentPriorities
from mot_research.priorities.expectation import Beside
from mot_research.priorities.result import Priorities
from mot_research.priorities.scorecard import Scorecard
from mot_research.priorities.value import Value
from mot_research.priorities.voice import VoiceOfWave
from mot_research.study.consensus import Consensus
from mot_research.study.definition import Study
from mot_research.study.manifests import Memory
from mot_research.survey.activity import ActivityMap
from mot_research.survey.part import Part
from mot_research.survey.wave import InputFile

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Findings:
    """One run of a study for one wave.

    Attributes
    ----------
    study : Study
        As its file defines it; of a part, without population and costs.
    wave : str
        The wave the findings speak of.
    part : Part or None
        The customers that the findings speak of; None for all.
    drivers : mapping of outcome id to DriverResult
        The analyses that decide: of the waves that the rules pool.
    alone : mapping of outcome id to DriverResult
        The wave by itself, where ``drivers`` pools several.
    priorities : Priorities
        Every moment with its verdict, its reason and its evidence.
    absences : DataFrame
        Per moment: how many rated it, did not have it, left it blank, were
        not asked, in this wave.
    problems : DataFrame
        The problems of the survey's files: wave, column, rule, count,
        examples, severity, what_to_do.
    inputs : tuple of InputFile
        Every file read, with its sha256.
    versions : mapping of str to str
        Of Python and the packages that computed.
    simulated : bool
        Whether the study says that its data are simulated.
    warnings : tuple of str
        Of the study as a whole, then of each outcome.
    not_used : tuple of str
        One line for each part of a study that this one does not have, saying
        what would bring it.
    shortlist : mapping of moment id to bool
        The workshop's decision, of the moments that it decided.
    paths : mapping of revenue outcome id to Paths
        From each moment through the first relationship outcome to revenue.
    robustness : mapping of outcome id to Robustness
        What each effect can stand.
    reliability : Reliability or None
        Of the measures of this wave.
    sample_sizes : mapping of outcome id to SampleSize
        Interviews that would settle effects, pairs and the border of the list.
    cautions : tuple of Caution
        Warnings of the study as a whole, each with its rule; those of an
        outcome are its result's.
    change : mapping of outcome id to Change
        Since the earlier wave, for the first outcome of each role.
    not_compared : mapping of outcome id to str
        Why there is no ``change``.
    prediction : mapping of outcome id to Prediction
        How well each first outcome of a role is predicted.
    segments : mapping of segment to mapping of outcome id to Segments
        The drivers in each value, for the first outcome of each role.
    segment_priorities : mapping of segment to SegmentPriorities
        The verdicts of each value.
    memory : Memory
        What is different from the run of the wave before; not in ``findings.json``.
    consensus : Consensus or None
        What the silos of the workshop agree on, where there were votes.
    value : Value or None
        What lifting the moments to their targets is worth.
    no_value : str
        Why there is no ``value``.
    scorecard : Scorecard or None
        Stages and owners with all of their moments, operational metrics and goals.
    beside : mapping of moment id to Beside
        Expectation and emotion, of the moments that have a column of either.
    voice : VoiceOfWave or None
        What the customers of this wave say of each moment, where the study has it.
    activity : ActivityMap or None
        How customers go from moment to moment, where experiences were recorded.
    contacts : DueContacts or None
        The moments with a trigger: who was answered in time, what the missed cost.
    """

    study: Study
    wave: str
    drivers: Mapping[str, DriverResult]
    alone: Mapping[str, DriverResult]
    priorities: Priorities
    absences: pd.DataFrame
    problems: pd.DataFrame
    inputs: tuple[InputFile, ...]
    versions: Mapping[str, str]
    simulated: bool
    warnings: tuple[str, ...]
    not_used: tuple[str, ...]
    shortlist: Mapping[str, bool] = field(default_factory=dict)
    paths: Mapping[str, Paths] = field(default_factory=dict)
    robustness: Mapping[str, Robustness] = field(default_factory=dict)
    reliability: Reliability | None = None
    sample_sizes: Mapping[str, SampleSize] = field(default_factory=dict)
    cautions: tuple[Caution, ...] = ()
    change: Mapping[str, Change] = field(default_factory=dict)
    not_compared: Mapping[str, str] = field(default_factory=dict)
    prediction: Mapping[str, Prediction] = field(default_factory=dict)
    segments: Mapping[str, Mapping[str, Segments]] = field(default_factory=dict)
    segment_priorities: Mapping[str, SegmentPriorities] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    consensus: Consensus | None = None
    value: Value | None = None
    no_value: str = ""
    scorecard: Scorecard | None = None
    beside: Mapping[str, Beside] = field(default_factory=dict)
    contacts: DueContacts | None = None
    part: Part | None = None
    activity: ActivityMap | None = None

    def plot_map(self, ax: Axes | None = None, *, role: str | None = None) -> Axes:
        """The experience map: stages as columns, every moment a circle in its stage.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            To draw into; left out: a new figure.
        role : {"relationship", "revenue"}, optional
            Whose importance sizes the circles. Default: the first role analysed.

        Returns
        -------
        matplotlib Axes
        """
        from mot_research.report.experience_map import experience_map

        return experience_map(self, ax=ax, role=role)

    def plot_penalty_reward(self, ax: Axes | None = None) -> Axes:
        """What each moment on the list costs when it goes wrong, and brings when it shines."""
        from mot_research.report.wave_charts import penalty_reward

        return penalty_reward(self, ax=ax)

    voice: VoiceOfWave | None = None
