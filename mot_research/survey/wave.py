"""What customers said and did: checked, immutable, one object a wave."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from mot_research.errors import SurveyError, shown
from mot_research.study.definition import Study

if TYPE_CHECKING:
    from mot_research.survey.contacts import Contacts
    from mot_research.survey.voice import Voice

# The four states of a respondent and a moment; `Wave.states` holds these numbers.
RATED, NOT_EXPERIENCED, BLANK, NOT_ASKED = 0, 1, 2, 3
STATES = {
    "rated": RATED,
    "not_experienced": NOT_EXPERIENCED,
    "blank": BLANK,
    "not_asked": NOT_ASKED,
}


@dataclass(frozen=True)
class InputFile:
    """A file that was read: its path within the study's folder, its hash, its rows."""

    name: str
    sha256: str
    n_rows: int


@dataclass(frozen=True, eq=False)
class Wave:
    """One checked wave of n respondents.

    Attributes
    ----------
    id : str
        The wave's id in the study.
    ratings : DataFrame of float, n × moments with a rating
        Value on the moment's scale where rated, NaN otherwise. All frames and
        series share one index, 0 to n - 1: the rows kept by `where`.
    states : DataFrame of int8, n × moments with a rating
        RATED, NOT_EXPERIENCED, BLANK or NOT_ASKED; a moment that is not on
        this wave is NOT_ASKED everywhere.
    outcomes : DataFrame of float, n × outcomes
        Score, ordered value, amount or share; binary 1.0 or 0.0; NaN where
        blank, without a partner in the outcome's file, or not asked.
    weight : ndarray of shape (n,)
        Positive and finite; 1.0 where the wave has none.
    cluster, stratum, respondent : Series of str, or None
        None where the wave has none.
    segments : DataFrame of str, n × segments
        NA where blank. A segment that is not on this wave has no column.
    controls : DataFrame of float or category, n × controls
        Text columns are categories with blanks as their own level "(blank)";
        NaN where a number is blank. A control not on this wave has no column.
    expected, emotion : DataFrame of float
        A column for each moment that has one; NaN where blank.
    scale_items : DataFrame of float
        The items of multi-item scales that this wave has; NaN where blank.
    coded : DataFrame of str
        The columns that hold codes of comments (``voice: columns``); NA where blank.
    asked, outcomes_asked : tuple of str
        Ids of the moments and outcomes that this wave has.
    source : InputFile
        The wave's file.
    """

    id: str
    ratings: pd.DataFrame
    states: pd.DataFrame
    outcomes: pd.DataFrame
    weight: npt.NDArray[np.float64]
    cluster: pd.Series | None
    stratum: pd.Series | None
    respondent: pd.Series | None
    segments: pd.DataFrame
    controls: pd.DataFrame
    expected: pd.DataFrame
    emotion: pd.DataFrame
    scale_items: pd.DataFrame
    coded: pd.DataFrame
    asked: tuple[str, ...]
    outcomes_asked: tuple[str, ...]
    source: InputFile

    @property
    def n_rows(self) -> int:
        """Number of respondents."""
        return len(self.weight)

    def subset(self, mask: npt.ArrayLike) -> "Wave":
        """Return the wave of some of its respondents.

        Parameters
        ----------
        mask : array_like of bool, of shape (n,)
            True for those who stay.

        Returns
        -------
        Wave

        Raises
        ------
        SurveyError
            The mask has another length, or is not boolean.
        """
        keep = np.asarray(mask)
        if keep.dtype != bool or keep.shape != (self.n_rows,):
            raise SurveyError(
                f"The mask for wave '{shown(self.id)}' must hold {self.n_rows} values true or "
                f"false, one a respondent; it is {keep.dtype} of shape {keep.shape}."
            )
        parts: dict[str, object] = {"weight": _read_only(self.weight[keep])}
        for name, value in vars(self).items():
            if isinstance(value, (pd.DataFrame, pd.Series)):
                parts[name] = value.loc[keep].reset_index(drop=True)
        return replace(self, **parts)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Survey:
    """Every wave that can be used, and every problem of all of them.

    Attributes
    ----------
    study : Study
        As its file defines it.
    waves : mapping of id to Wave
        In the study's order, without the waves that have an error.
    problems : DataFrame
        Columns wave, column, rule, count, examples, severity, what_to_do.
    inputs : tuple of InputFile
        Every file that was read, once.
    votes : DataFrame or None
        The workshop's votes: participant, silo, moment, shortlisted.
    operations : DataFrame or None
        Readings of the operational metrics that a moment names: metric, date,
        value.
    contacts : Contacts or None
        What the event log shows of the moments with a trigger.
    voice : Voice or None
        What customers say in their own words, where the study has it.
    recordings : DataFrame or None
        Steps of recorded experiences: respondent, time, moment, mark, emotion.
    sampled : mapping of wave to int
        How many rows the file of a wave has of which only a random sample is held.
    engine : str
        Who reduces all rows of such a file: "auto", "duckdb" or "spark".
    """

    study: Study
    waves: Mapping[str, Wave]
    problems: pd.DataFrame
    inputs: tuple[InputFile, ...]
    votes: pd.DataFrame | None = None
    operations: pd.DataFrame | None = None
    contacts: "Contacts | None" = None
    voice: "Voice | None" = None
    recordings: pd.DataFrame | None = None
    sampled: Mapping[str, int] = field(default_factory=dict)
    engine: str = "memory"

    def __getitem__(self, wave_id: str) -> Wave:
        """Return a wave.

        Raises
        ------
        StudyError
            It is not in the study.
        SurveyError
            Its file has an error.
        """
        if wave_id in self.waves:
            return self.waves[wave_id]
        self.study.wave(wave_id)
        raise SurveyError(
            f"Wave '{shown(wave_id)}' can't be used; its problems of severity error are in "
            "survey.problems, and `mot check` prints them."
        )

    @property
    def has_errors(self) -> bool:
        """Whether any problem is an error."""
        return bool((self.problems["severity"] == "error").any())

    def until(self, wave_id: str) -> "Survey":
        """Return the survey without the waves after this one, as when it was the last.

        Later waves take their problems and their files along. Files beside the waves, such as
        the event log, stay as they are today. StudyError if the study has no such wave.
        """
        sources = self.study.waves
        position = sources.index(self.study.wave(wave_id)) + 1
        kept, later = sources[:position], sources[position:]
        if not later:
            return self
        files = {source.file for source in later} - {source.file for source in kept}
        return replace(
            self,
            study=self.study.model_copy(update={"waves": kept}),
            waves=MappingProxyType(
                {source.id: self.waves[source.id] for source in kept if source.id in self.waves}
            ),
            problems=self.problems[
                ~self.problems["wave"].isin([source.id for source in later])
            ].reset_index(drop=True),
            inputs=tuple(file for file in self.inputs if file.name not in files),
        )

    def absences(self, wave_id: str) -> pd.DataFrame:
        """Count the four states of each moment on one wave.

        Returns
        -------
        DataFrame, indexed by moment
            n_rated, n_not_experienced, n_blank, n_not_asked (respondents,
            unweighted) and the same as shares of the wave, share_rated …
        """
        states = self[wave_id].states
        counts = pd.DataFrame(
            {f"n_{name}": (states == state).sum() for name, state in STATES.items()}
        ).astype("int64")
        shares = (counts / max(len(states), 1)).rename(columns=lambda name: f"share_{name[2:]}")
        return pd.concat([counts, shares], axis=1).rename_axis("moment")


def _read_only(array: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    array.setflags(write=False)
    return array
