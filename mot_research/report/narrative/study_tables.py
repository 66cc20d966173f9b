"""The tables that show what a study believes before it asks. Each function returns Markdown."""

from __future__ import annotations

import pandas as pd

from mot_research.report.escaping import escape_markdown
from mot_research.report.frame_table import frame_table
from mot_research.report.narrative import words
from mot_research.study.definition import Moment, Study


def heading(study: Study, wave_id: str | None = None) -> str:
    """Return what is shown: the study, its size or the wave, and that data are simulated."""
    size = (
        f"{words.counted(len(study.moments), 'moment')} in "
        f"{words.counted(len(study.stages), 'stage')}, {words.counted(len(study.waves), 'wave')}"
    )
    about = size if wave_id is None else f"wave {escape_markdown(wave_id)}"
    said = f" **{words.SIMULATED}**" if study.about.simulated else ""
    return f"**{escape_markdown(study.name)}**, {about}.{said}"


def stages(study: Study) -> str:
    """Return the stages in their order, each with its definition and its number of moments."""
    return frame_table(
        pd.DataFrame(
            {
                "Stage": stage.name,
                "What it means": stage.definition,
                "Moments": sum(moment.stage == stage.id for moment in study.moments),
            }
            for stage in study.stages
        )
    )


def moments(study: Study) -> str:
    """Return every moment with its stage, its purpose, its owner and its question."""
    called = {stage.id: stage.name for stage in study.stages}
    return frame_table(
        pd.DataFrame(
            {
                "Stage": called.get(moment.stage or "", words.NO_STAGE),
                "Moment": moment.name,
                "What it is for": words.CATEGORIES.get(moment.category or "", ""),
                "Owner": moment.owner,
                "Asked as": moment.rating,
            }
            for moment in study.moments
        )
    )


def owners(study: Study) -> str:
    """Return who answers for how many moments, with how many handoffs and with whom."""
    owned: dict[str, list[Moment]] = {}
    for moment in study.moments:
        owned.setdefault(moment.owner or words.NO_OWNER, []).append(moment)
    return frame_table(
        pd.DataFrame(
            {
                "Owner": owner,
                "Moments": len(theirs),
                "Handoffs": sum(len(moment.handoffs) for moment in theirs),
                "Works with": ", ".join(sorted({n for moment in theirs for n in moment.partners})),
            }
            for owner, theirs in sorted(owned.items())
        )
    )


def outcomes(study: Study) -> str:
    """Return the outcomes, and which of them decides for its role."""
    first = {outcome.role: outcome.id for outcome in reversed(study.outcomes)}
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": outcome.name,
                "Role": words.ROLES[outcome.role],
                "Decides": first[outcome.role] == outcome.id,
                "Kind": outcome.kind,
                "Comes from": outcome.file or "the survey",
            }
            for outcome in study.outcomes
        )
    )


def bets(study: Study) -> str:
    """Return the brand bets with their reasons."""
    return frame_table(
        pd.DataFrame(
            {"Moment": moment.name, "Why we bet on it": moment.brand_bet, "Owner": moment.owner}
            for moment in study.moments
            if moment.brand_bet
        )
    )
