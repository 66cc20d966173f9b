"""The tables that show what came in with a wave. Each function returns Markdown."""

from __future__ import annotations

import pandas as pd

from mot_research.numbers import counts_hidden
from mot_research.report.frame_table import frame_table
from mot_research.survey.wave import Survey

SEVERITIES = ("error", "warning", "note")
ABSENCES = {
    "rated": "Rated",
    "not_experienced": "Did not have it",
    "blank": "Left blank",
    "not_asked": "Not asked",
}


def problems(survey: Survey, wave_id: str) -> str:
    """Return the problems of a wave and of the study's other files, the errors first."""
    found = survey.problems[survey.problems["wave"].isin([wave_id, ""])]
    found = found.sort_values(
        "severity", key=lambda column: column.map(SEVERITIES.index), kind="stable"
    )
    return frame_table(
        pd.DataFrame(
            {
                "": found["severity"],
                "Column": found["column"],
                "Problem": found["rule"].str.replace("_", " "),
                "Rows": found["count"],
                "Examples": found["examples"],
                "What to do": found["what_to_do"],
            }
        )
    )


def answers(survey: Survey) -> str:
    """Return how many answered in each usable wave, and what they are worth after weighting."""
    return frame_table(
        pd.DataFrame(
            {
                "Wave": wave.id,
                "Answers": wave.n_rows,
                "Worth": round(wave.weight.sum() ** 2 / (wave.weight**2).sum()),
                "Moments asked": len(wave.asked),
                "Outcomes": len(wave.outcomes_asked),
                "File": wave.source.name,
            }
            for wave in survey.waves.values()
        )
    )


def absences(survey: Survey, wave_id: str) -> str:
    """Return how many rated a moment, did not have it, left it blank, were not asked."""
    counts = survey.absences(wave_id)[[f"n_{state}" for state in ABSENCES]]
    return frame_table(
        pd.DataFrame(
            [
                (survey.study.moment(str(moment)).name, *counts_hidden(tuple(map(int, row))))
                for moment, row in zip(counts.index, counts.to_numpy(), strict=True)
            ],
            columns=["Moment", *ABSENCES.values()],
        )
    )


def mean_ratings(survey: Survey, wave_id: str) -> pd.DataFrame:
    """Return the weighted mean ratings: a row for each moment of the wave, a column a wave."""
    means = {
        wave.id: wave.ratings.mul(wave.weight, axis=0).sum()
        / wave.ratings.notna().mul(wave.weight, axis=0).sum()
        for wave in survey.waves.values()
    }
    return pd.DataFrame(means).loc[list(survey[wave_id].asked)]


def ratings(survey: Survey, wave_id: str) -> str:
    """Return the mean rating of each moment in each wave."""
    means = mean_ratings(survey, wave_id)
    means.insert(0, "Moment", [survey.study.moment(name).name for name in means.index])
    return frame_table(means)


def outcomes(survey: Survey) -> str:
    """Return for each outcome and wave how many are known, their mean, and whether it is final."""
    return frame_table(
        pd.DataFrame(
            {
                "Outcome": outcome.name,
                "Wave": wave.id,
                "Answers": int(known.sum()),
                "Mean": (wave.outcomes[outcome.id] * wave.weight).sum() / wave.weight[known].sum(),
                "Complete": survey.study.is_mature(outcome, survey.study.wave(wave.id)),
            }
            for outcome in survey.study.outcomes
            for wave in survey.waves.values()
            if outcome.id in wave.outcomes_asked
            for known in [wave.outcomes[outcome.id].notna().to_numpy()]
        )
    )
