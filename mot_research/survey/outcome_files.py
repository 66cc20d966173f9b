"""Outcomes that lie in a file of their own, joined by respondent."""

from dataclasses import dataclass

import pandas as pd

from mot_research.errors import shown
from mot_research.study.definition import Study
from mot_research.study.parts import Outcome
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.cells import texts
from mot_research.survey.columns import Cells, Ranges
from mot_research.survey.problems import Problem, examples
from mot_research.survey.tables import Table

WAVE_COLUMN = "wave"
MOSTLY_ALONE = 0.5  # share of a wave without a partner from which it is a warning


@dataclass(frozen=True, eq=False)
class OutcomeFile:
    """One outcome's column, with the respondent (and wave) of each row as text."""

    outcome: Outcome
    name: str
    keys: pd.Series
    waves: pd.Series | None
    column: pd.Series
    user_missing: Ranges

    def joined(self, wave_id: str, respondent: pd.Series) -> tuple[Cells | None, list[Problem]]:
        """Return the outcome of a wave's respondents, blank where they have no row.

        None where not one respondent has a row, or an id has two.
        """
        mine = self.keys.notna()
        if self.waves is not None:
            mine &= self.waves == wave_id
        keys, column = self.keys[mine], self.column[mine]
        wanted = keys.isin(respondent.dropna())
        keys, column = keys[wanted], column[wanted]
        repeated = keys.duplicated(keep=False)
        if repeated.any():
            by_wave = "" if self.waves is None else " and wave"
            return None, [
                self._problem(
                    wave_id,
                    "duplicate_in_outcome_file",
                    int(repeated.sum()),
                    examples(keys[repeated]),
                    "error",
                    f"'{self.name}' must hold one row a respondent{by_wave}: sum or choose "
                    "before, or add a column 'wave'.",
                )
            ]
        alone = ~respondent.isin(keys)
        problems = []
        if alone.any():
            share = float(alone.mean())
            advice = (
                f"{share:.0%} of the wave have no row in '{self.name}'; their outcome is blank. "
                "If that is too many, compare how both files write the ids"
            )
            if keys.empty:
                advice += f"; the file's begin {examples(self.keys.dropna().head(3)) or 'empty'}"
            problems.append(
                self._problem(
                    wave_id,
                    "no_partner",
                    int(alone.sum()),
                    examples(respondent[alone].dropna()),
                    "warning" if share > MOSTLY_ALONE else "note",
                    f"{advice}.",
                )
            )
        if keys.empty:
            return None, problems
        found = pd.Series(column.to_numpy(), index=keys.to_numpy(), dtype=column.dtype)
        found = found.reindex(respondent.to_numpy()).reset_index(drop=True)
        cells = Cells(
            wave=wave_id, name=self.outcome.column, column=found, user_missing=self.user_missing
        )
        return cells, problems

    def _problem(
        self, wave: str, rule: str, count: int, shown_values: str, severity: str, advice: str
    ) -> Problem:
        return Problem(
            wave=wave,
            column=shown(self.outcome.column),
            rule=rule,
            count=count,
            examples=shown_values,
            severity=severity,  # type: ignore[arg-type]
            what_to_do=advice,
        )


def outcome_file(
    study: Study, outcome: Outcome, table: Table
) -> tuple[OutcomeFile | None, list[Problem]]:
    """Return an outcome's file ready to join, or None with the columns that it lacks."""
    name = shown(table.path.name)
    respondent = study.respondent or next(
        (wave.respondent for wave in study.waves if wave.respondent), ""
    )
    problems = []
    for column, use in ((respondent, "the respondent"), (outcome.column, "the outcome")):
        if column not in table.frame:
            hint = did_you_mean(column, table.frame.columns)
            problems.append(
                Problem(
                    column=shown(column),
                    rule="column_missing",
                    count=1,
                    severity="error",
                    what_to_do=f"'{name}', the file of outcome '{outcome.id}', has no column "
                    f"'{shown(column)}' ({use}).{hint} Rename it in the file.",
                )
            )
    if problems:
        return None, problems
    keys = texts(table.frame[respondent])
    waves = texts(table.frame[WAVE_COLUMN]) if WAVE_COLUMN in table.frame else None
    blank = keys.isna()
    if blank.any():
        problems.append(
            Problem(
                column=shown(respondent),
                rule="respondent_missing",
                count=int(blank.sum()),
                severity="warning",
                what_to_do=f"Rows of '{name}' without an id can't be joined and are left out.",
            )
        )
    return (
        OutcomeFile(
            outcome=outcome,
            name=name,
            keys=keys,
            waves=waves,
            column=table.frame[outcome.column],
            user_missing=table.user_missing.get(outcome.column, ()),
        ),
        problems,
    )
