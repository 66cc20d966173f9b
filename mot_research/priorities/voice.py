"""The qualitative evidence: how many speak of a moment, how, and in what words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mot_research.drivers.waves import StudyUnits
from mot_research.numbers import SHOWN_FROM, SUPPRESSED_BELOW, too_few
from mot_research.priorities.result import Metric
from mot_research.priorities.wave_means import WaveMeans
from mot_research.survey.voice import NOBODY
from mot_research.survey.wave import NOT_EXPERIENCED, RATED, Survey, Wave

QUOTES = 3
NO_VOICE = Metric(None, reason="the study has no voice: name comments under voice")
NO_COMMENTS = "no comments of wave {wave}"
NOT_LINKED = "the comments of wave {wave} name no respondent of it"


@dataclass(frozen=True)
class Quote:
    """What somebody wrote, personal data masked; ``valence`` is −1, 0, 1 or None."""

    text: str
    source: str
    valence: int | None


@dataclass(frozen=True)
class MomentVoice:
    """What customers say of one moment in one wave.

    Attributes
    ----------
    n_comments : int
        Comments that speak of it, those of unknown respondents among them.
    mentions : Metric
        Share of the wave's respondents who mention it, by their weights; n all respondents.
    negative_share : Metric
        Share of negative mentions among those whose valence is known; n who mention it so.
    salience : float or None
        ``mentions`` relative to reach: how many mention it of those who had it. None without
        either.
    quotes : tuple of Quote
        Empty where the study allows none, or fewer than 10 comments speak of it.
    """

    n_comments: int
    mentions: Metric
    negative_share: Metric
    salience: float | None = None
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, eq=False)
class VoiceOfWave:
    """The voice of one wave.

    Attributes
    ----------
    wave : str
        Whose respondents wrote.
    moments : mapping of moment id to MomentVoice
        Every moment of the study.
    n_comments, n_unlinked : int
        Comments of the wave, and those that no respondent of it wrote, as far as is known.
    matched_by : {"codes", "terms"}
        Whether people said which moments a comment speaks of, or a search for terms.
    quotes_allowed : bool
        Whether the study lets the report print quotes.
    agreement : DataFrame or None
        Of the study's terms with the human codes, over all waves.
    """

    wave: str
    moments: Mapping[str, MomentVoice]
    n_comments: int
    n_unlinked: int
    matched_by: str
    quotes_allowed: bool
    agreement: pd.DataFrame | None = field(default=None)

    def loud(self, top: int) -> frozenset[str]:
        """The moments among the ``top`` most mentioned relative to reach, by 30 comments or more.

        ``top`` is the K of the verdicts.
        """
        return frozenset(
            name for name in self.by_salience[:top] if self.moments[name].n_comments >= SHOWN_FROM
        )

    def quiet(self, top: int) -> frozenset[str]:
        """The moments beyond them that fewer than 30 comments speak of."""
        return frozenset(
            name for name in self.by_salience[top:] if self.moments[name].n_comments < SHOWN_FROM
        )

    @property
    def by_salience(self) -> tuple[str, ...]:
        """The moments whose salience is known, the most mentioned relative to reach first."""
        known = {
            name: each.salience for name, each in self.moments.items() if each.salience is not None
        }
        return tuple(sorted(known, key=lambda name: -known[name]))

    def to_frame(self) -> pd.DataFrame:
        """One row per moment; counts below 10 are empty."""
        rows = []
        for name, each in self.moments.items():
            row: dict[str, object] = {"moment": name, "n_comments": shown_count(each.n_comments)}
            for metric in ("mentions", "negative_share"):
                found: Metric = getattr(each, metric)
                row |= {
                    metric: found.value,
                    f"{metric}_ci_lower": found.ci_lower,
                    f"{metric}_ci_upper": found.ci_upper,
                    f"{metric}_n": found.n,
                    f"{metric}_reason": found.reason,
                }
            rows.append(row | {"salience": each.salience})
        return pd.DataFrame(rows).set_index("moment")


def shown_count(n: int) -> int | None:
    """A number of comments, None where it may not be shown."""
    return n if n == 0 or n >= SUPPRESSED_BELOW else None


def voice_of_wave(
    survey: Survey, units: StudyUnits, wave_id: str, confidence: float
) -> VoiceOfWave | None:
    """What the customers of a wave say of each moment; None where the study has no voice.

    Parameters
    ----------
    survey : Survey
    units : StudyUnits
    wave_id : str
    confidence : float

    Notes
    -----
    Shares are design-based means over the respondents of the wave: who wrote nothing mentions
    nothing. Who mentions a moment in several comments is one person, negative by the share of
    the negative ones.
    """
    voice, settings = survey.voice, survey.study.voice
    if voice is None or settings is None:
        return None
    wave = survey[wave_id]
    of_wave = voice.comments["wave"] == wave_id
    comments = voice.comments[of_wave]
    mentions = voice.mentions[voice.mentions["comment"].isin(comments.index)]
    mentions = mentions.join(comments[["row", "text", "source"]], on="comment")
    mentions["n_moments"] = mentions.groupby("comment")["moment"].transform("size")
    linked = bool((comments["row"] != NOBODY).any())
    why = (NOT_LINKED if len(comments) else NO_COMMENTS).format(wave=wave_id)
    ask = WaveMeans(units, confidence)
    by_moment = {str(name): own for name, own in mentions.groupby("moment")}
    moments = {}
    for moment in survey.study.moments:
        own = by_moment.get(moment.id, mentions.iloc[:0])
        if linked:
            share, negative = _shares(ask, wave, own)
            salience = _salience(ask, wave, moment.id, share)
        else:
            share = negative = Metric(None, reason=why)
            salience = None
        quotes = _quotes(own) if settings.quotes and len(own) >= SUPPRESSED_BELOW else ()
        moments[moment.id] = MomentVoice(len(own), share, negative, salience, quotes)
    return VoiceOfWave(
        wave=wave_id,
        moments=moments,
        n_comments=len(comments),
        n_unlinked=int((comments["row"] == NOBODY).sum()),
        matched_by=voice.matched_by,
        quotes_allowed=settings.quotes,
        agreement=voice.agreement,
    )


def _shares(ask: WaveMeans, wave: Wave, own: pd.DataFrame) -> tuple[Metric, Metric]:
    """Who mentions a moment of all respondents, and who does so negatively."""
    own = own[own["row"] != NOBODY]
    mentioned = np.zeros(wave.n_rows)
    mentioned[own["row"].unique()] = 1
    n = int(mentioned.sum())
    if n == 0:
        return ask.share(ask.mean(wave, mentioned)), Metric(None, n=0, reason="nobody mentions it")
    if n < SUPPRESSED_BELOW:
        hidden = Metric(None, reason=too_few(n))
        return hidden, hidden
    known = own.dropna(subset=["valence"])
    negative = np.full(wave.n_rows, np.nan)
    by_person = (known["valence"] < 0).groupby(known["row"]).mean()
    negative[by_person.index.to_numpy(dtype=int)] = by_person.to_numpy()
    return ask.share(ask.mean(wave, mentioned)), ask.share(ask.mean(wave, negative))


def _salience(ask: WaveMeans, wave: Wave, moment_id: str, share: Metric) -> float | None:
    """Mentions relative to reach, where both are known."""
    if share.value is None or moment_id not in wave.asked:
        return None
    state = wave.states[moment_id].to_numpy()
    known = np.isin(state, (RATED, NOT_EXPERIENCED))
    reach = ask.metric(ask.mean(wave, np.where(known, state == RATED, np.nan))).value
    return share.value / reach if reach else None


def _quotes(own: pd.DataFrame) -> tuple[Quote, ...]:
    """Up to three typical comments: on this moment alone, said often, of middling length.

    Two of the most frequent valence and one of the next, where there are two.
    """
    written = own[own["text"] != ""].copy()
    if written.empty:
        return ()
    written["key"] = written["text"].str.casefold()
    written["often"] = written.groupby("key")["key"].transform("size")
    written["odd"] = (written["text"].str.len() - written["text"].str.len().median()).abs()
    order = ["n_moments", "often", "odd", "key"]
    written = written.sort_values(order, ascending=[True, False, True, True], kind="stable")
    written = written.drop_duplicates("key")
    valences = own["valence"].value_counts().index[:2]
    chosen = [written[written["valence"] == valence] for valence in valences] or [written]
    first = QUOTES - sum(len(part) > 0 for part in chosen[1:])
    picked = pd.concat([chosen[0].head(first), *chosen[1:]]).head(QUOTES)
    return tuple(
        Quote(row["text"], row["source"], None if pd.isna(row["valence"]) else int(row["valence"]))
        for row in picked.to_dict("records")
    )
