"""The contacts that were due: how many were answered, and what the missed ones cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from mot_research.drivers.missed_contacts import MissedContact, scales_up
from mot_research.survey.contacts import STATUSES, Contacts
from mot_research.survey.wave import Survey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COUNTED = ("triggered", *STATUSES)


@dataclass(frozen=True)
class DueContacts:
    """What the event log shows of the moments with a trigger.

    Attributes
    ----------
    counts : DataFrame
        ``by`` ("all": every customer of the log; "stage": its moments together; "wave" or a
        segment: the survey's respondents), ``value``, ``moment`` ("" for a stage), its
        ``name``, customers
        ``triggered``, and of them ``in_time``, ``late``, ``never`` (both missed), ``left``,
        ``pending``; ``share_in_time`` of those in time or missed. Moments whose trigger
        names no answer have ``triggered`` alone.
    effects : tuple of MissedContact
        One for each moment with an answer and each analysed outcome.
    first, last : datetime
        What the log covers.
    of_a_survey : bool
        Whether the log holds the survey's respondents only.
    scaled : bool
        Whether missed customers are counted of the population, by the survey's weights.
    """

    counts: pd.DataFrame
    effects: tuple[MissedContact, ...]
    first: datetime
    last: datetime
    of_a_survey: bool
    scaled: bool

    @property
    def answered(self) -> frozenset[str]:
        """Moments whose trigger names the contact that answers it."""
        own = self.counts[(self.counts["by"] == "all") & (self.counts[list(STATUSES)].any(axis=1))]
        return frozenset(own["moment"])

    def effect(self, moment: str, outcome: str) -> MissedContact | None:
        """What missing a moment costs in an outcome; None where that was not analysed."""
        return next(
            (one for one in self.effects if (one.moment, one.outcome) == (moment, outcome)), None
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per moment and outcome; without balance and overlap."""
        rows = [
            {
                key: value
                for key, value in asdict(one).items()
                if key not in ("balance", "overlap", "waves")
            }
            for one in self.effects
        ]
        return pd.DataFrame(rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The contact funnel: of those a moment was due for, who was answered."""
        from mot_research.report import contact_charts

        return contact_charts.contact_funnel(self, ax=ax)

    def _repr_html_(self) -> str:
        from mot_research.report import contact_charts

        return contact_charts.contacts_html(self)


def due_contacts(survey: Survey, effects: tuple[MissedContact, ...]) -> DueContacts | None:
    """Count the due contacts; None where the study has no usable event log or trigger."""
    contacts = survey.contacts
    if contacts is None or not contacts.fired:
        return None
    return DueContacts(
        counts=contact_counts(survey, contacts),
        effects=effects,
        first=contacts.first,
        last=contacts.last,
        of_a_survey=contacts.of_a_survey,
        scaled=scales_up(contacts, survey.study.population),
    )


def contact_counts(survey: Survey, contacts: Contacts) -> pd.DataFrame:
    """Count statuses by moment, stage, wave and segment; columns as in :class:`DueContacts`."""
    rows = list(_counts(survey, contacts))
    frame = pd.DataFrame(rows, columns=["by", "value", "moment", "name", *COUNTED])
    decided = frame["in_time"] + frame["late"] + frame["never"]
    frame["share_in_time"] = (frame["in_time"] / decided).where(decided > 0)
    return frame


def _counts(survey: Survey, contacts: Contacts) -> Iterator[tuple[object, ...]]:
    stages: dict[str, list[pd.Series]] = {}
    for name, fired in contacts.fired.items():
        yield ("all", "", name, fired.moment.name, *_of(fired.table["status"]))
        stages.setdefault(fired.moment.stage or "", []).append(fired.table["status"])
    for stage in survey.study.stages:
        if stage.id in stages:
            yield ("stage", stage.id, "", stage.name, *_of(pd.concat(stages[stage.id])))
    people = _people(survey)
    for by in people.columns.drop("respondent"):
        for name, fired in contacts.fired.items():
            own = fired.table[["respondent", "status"]].merge(
                people[["respondent", by]].dropna().drop_duplicates(), on="respondent"
            )
            for value, group in own.groupby(by, sort=True):
                yield (by, str(value), name, fired.moment.name, *_of(group["status"]))


def _people(survey: Survey) -> pd.DataFrame:
    """Who answered which wave, and their segments there."""
    parts = [
        wave.segments.assign(respondent=wave.respondent, wave=wave.id)
        for wave in survey.waves.values()
        if wave.respondent is not None
    ]
    if not parts:
        return pd.DataFrame(columns=["respondent"])
    segments = [name for name in survey.study.segments if any(name in part for part in parts)]
    return pd.concat(parts, ignore_index=True)[["respondent", "wave", *segments]]


def _of(status: pd.Series) -> list[int]:
    return [len(status), *(int((status == name).sum()) for name in STATUSES)]
