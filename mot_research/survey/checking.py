"""The rules that a wave and a study are checked by, beyond what their cells say.

Each threshold is a named constant; each rule gives rows of the problems table.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from mot_research.errors import shown
from mot_research.study.definition import DesignRole, Study
from mot_research.study.parts import WaveFile
from mot_research.study.suggestions import did_you_mean
from mot_research.survey.cells import Mask
from mot_research.survey.problems import Problem, Severity
from mot_research.survey.tables import Table
from mot_research.survey.wave import BLANK, NOT_EXPERIENCED, RATED, Wave

BLANKS_WARNING = 0.20  # share of blanks of a moment
BLANKS_UNTESTABLE = 0.40
FEWEST_SHOWN = 30  # raters below which a moment is not shown (DESIGN, small numbers)
FEW_CLUSTERS = 40  # below it the bootstrap gives way to the jackknife (section 3)
LARGE_DESIGN_EFFECT = 2.0  # half the interviews are lost to the weights
TRANSACTIONAL = 0.05  # share of rows that rate two moments (section 11)
SELDOM_EQUAL = 10  # columns from which two equal rows are hardly two people


def check_wave(study: Study, wave: Wave) -> Iterator[Problem]:
    """Yield what is worth knowing about a wave whose cells were read."""
    for moment_id in wave.asked:
        yield from _check_moment(study, wave, moment_id)
    for outcome_id in wave.outcomes_asked:
        yield from _check_outcome(study, wave, outcome_id)
    for name, control in wave.controls.items():
        if control.nunique() < 2:
            yield _row(
                wave, str(name), "control_constant", wave.n_rows, "warning",
                "It has one value on this wave and can't be held constant. Drop it, or list it "
                "under not_asked.",
            )  # fmt: skip
    yield from _check_weight(study, wave)
    yield from _check_design(wave)
    yield from _check_rated_together(wave)


def _row(
    wave: Wave, column: str, rule: str, count: int, severity: Severity, what_to_do: str
) -> Problem:
    return Problem(
        wave=wave.id,
        column=shown(column),
        rule=rule,
        count=count,
        severity=severity,
        what_to_do=what_to_do,
    )


def _check_moment(study: Study, wave: Wave, moment_id: str) -> Iterator[Problem]:
    moment = study.moment(moment_id)
    column = moment.rating or ""
    states = wave.states[moment_id]
    rated = int((states == RATED).sum())
    blank = int((states == BLANK).sum())
    absent = int((states == NOT_EXPERIENCED).sum())
    share = blank / wave.n_rows
    if share > BLANKS_UNTESTABLE:
        yield _row(
            wave, column, "many_blanks", blank, "warning",
            f"{share:.0%} are blank: above {BLANKS_UNTESTABLE:.0%} moment '{moment_id}' is not "
            "tested. If blanks mean 'did not have it', give them a code under not_experienced.",
        )  # fmt: skip
    elif share > BLANKS_WARNING:
        yield _row(
            wave, column, "blanks", blank, "warning",
            f"{share:.0%} are blank. If blanks mean 'did not have it', give them a code under "
            "not_experienced.",
        )  # fmt: skip
    if rated == 0:
        yield _row(
            wave, column, "nobody_experienced", absent, "warning",
            f"Nobody rated moment '{moment_id}', so it is not tested. Check the codes of "
            "not_experienced and blank.",
        )  # fmt: skip
        return
    if absent == 0 and study.ratings_for(moment).not_experienced:
        yield _row(
            wave, column, "everybody_experienced", rated, "note",
            f"Nobody is without moment '{moment_id}': having it can't be told from not having "
            "it. Check the codes of not_experienced if that surprises.",
        )  # fmt: skip
    if rated < FEWEST_SHOWN:
        yield _row(
            wave, column, "few_raters", rated, "warning",
            f"Only {rated} rated moment '{moment_id}': below {FEWEST_SHOWN} it is not shown.",
        )  # fmt: skip
    elif rated < study.rules.min_n:
        yield _row(
            wave, column, "few_raters", rated, "warning",
            f"Only {rated} rated moment '{moment_id}': below {study.rules.min_n} it gets no "
            "verdict.",
        )  # fmt: skip
    if wave.ratings[moment_id].nunique() == 1:
        yield _row(
            wave, column, "constant_rating", rated, "warning",
            f"All ratings of moment '{moment_id}' are equal: it can't be tested. Check the file.",
        )  # fmt: skip


def _check_outcome(study: Study, wave: Wave, outcome_id: str) -> Iterator[Problem]:
    outcome = study.outcome(outcome_id)
    values = wave.outcomes[outcome_id]
    blank = int(values.isna().sum())
    if values.nunique() == 1:
        yield _row(
            wave, outcome.column, "outcome_constant", int(values.notna().sum()), "warning",
            f"Outcome '{outcome_id}' has one value on this wave: nothing can drive it.",
        )  # fmt: skip
    if outcome.file is None and blank / wave.n_rows > BLANKS_WARNING:
        yield _row(
            wave, outcome.column, "outcome_blanks", blank, "warning",
            f"{blank / wave.n_rows:.0%} of the rows have no outcome '{outcome_id}' and leave its "
            "model.",
        )  # fmt: skip
    source = study.wave(wave.id)
    if not study.is_mature(outcome, source):
        yield _row(
            wave, outcome.column, "not_mature", 0, "note",
            f"Outcome '{outcome_id}' is not complete for this wave: its data end on "
            f"{outcome.through}. Verdicts wait until 'through' covers the wave.",
        )  # fmt: skip


def _check_weight(study: Study, wave: Wave) -> Iterator[Problem]:
    design_effect = wave.n_rows * float((wave.weight**2).sum() / wave.weight.sum() ** 2)
    if design_effect > LARGE_DESIGN_EFFECT:
        column = study.design_column(study.wave(wave.id), "weight") or ""
        yield _row(
            wave, column, "large_design_effect", wave.n_rows, "note",
            f"The weights have a design effect of {design_effect:.2f}: {wave.n_rows} interviews "
            f"tell as much as {wave.n_rows / design_effect:.0f}. Trimming extreme weights helps.",
        )  # fmt: skip


def _check_design(wave: Wave) -> Iterator[Problem]:
    if wave.stratum is None and wave.cluster is None:
        return
    stratum = pd.Series("", index=wave.states.index) if wave.stratum is None else wave.stratum
    cluster = pd.Series(wave.states.index) if wave.cluster is None else wave.cluster
    pairs = pd.DataFrame({"stratum": stratum, "cluster": cluster}).drop_duplicates()
    if wave.cluster is not None and len(pairs) < FEW_CLUSTERS:
        yield _row(
            wave, "", "few_clusters", len(pairs), "warning",
            f"{len(pairs)} clusters are few: intervals rest on them, not on the interviews. "
            "Name a finer cluster, if the sample was drawn by one.",
        )  # fmt: skip
    per_stratum = pairs.groupby("stratum").size()
    single = per_stratum.index[per_stratum == 1]
    if len(single) == len(per_stratum) and len(single):
        yield _row(
            wave, "", "single_cluster", len(single), "error",
            "No stratum has two clusters, so no interval can be estimated. Name coarser strata "
            "or finer clusters, or set 'stratum: null' for this wave.",
        )  # fmt: skip
    elif len(single):
        yield _row(
            wave, "", "single_cluster", len(single), "warning",
            f"Strata with one cluster ({', '.join(shown(name) for name in single[:3])}) are "
            "merged with their neighbour.",
        )  # fmt: skip


def _check_rated_together(wave: Wave) -> Iterator[Problem]:
    if len(wave.asked) < 2:
        return
    together = int(((wave.states == RATED).sum(axis=1) >= 2).sum())
    if together / wave.n_rows < TRANSACTIONAL:
        yield _row(
            wave, "", "transactional", together, "note",
            f"Fewer than {TRANSACTIONAL:.0%} of the rows rate two moments: each moment is "
            "analysed by itself, without a ranking.",
        )  # fmt: skip


def check_source(study: Study, source: WaveFile, table: Table, keep: Mask) -> Iterator[Problem]:
    """Yield where a wave's file and what the study says about it don't fit together.

    `keep` (rows of the table,) marks the rows of this wave.
    """
    yield from _check_not_asked(study, source, table, keep)
    yield from _check_mapping(study, source)
    if table.frame.shape[1] < SELDOM_EQUAL:
        return
    repeated = int(table.frame[keep].duplicated().sum())
    if repeated:
        yield Problem(
            wave=source.id,
            rule="identical_rows",
            count=repeated,
            severity="warning",
            what_to_do=f"{repeated} rows repeat another row in every column. If they were "
            "exported twice, remove them.",
        )


def _check_not_asked(study: Study, source: WaveFile, table: Table, keep: Mask) -> Iterator[Problem]:
    own: dict[str, str | None] = {moment.id: moment.rating for moment in study.moments}
    for outcome in study.outcomes:
        own[outcome.id] = outcome.column if outcome.file is None else None
    known = study.column_names | own.keys()
    for name in source.not_asked:
        if name not in known:
            yield Problem(
                wave=source.id,
                column=shown(name),
                rule="not_asked_unknown",
                severity="warning",
                what_to_do="not_asked takes ids of moments or outcomes, or columns of the study."
                + did_you_mean(name, known),
            )
            continue
        column = own.get(name, name)
        in_file = source.columns.get(column, column) if column is not None else None
        if in_file is None or in_file not in table.frame:
            continue
        filled = int(table.frame[in_file][keep].notna().sum())
        if filled:
            yield Problem(
                wave=source.id,
                column=shown(in_file),
                rule="not_asked_with_data",
                count=filled,
                severity="note",
                what_to_do=f"'{shown(name)}' is declared not asked, but its column holds data, "
                "which is not used. Remove it from not_asked to use it.",
            )


def _check_mapping(study: Study, source: WaveFile) -> Iterator[Problem]:
    roles: tuple[DesignRole, ...] = ("respondent", "weight", "stratum", "cluster")
    design = {study.design_column(source, role) for role in roles} - {None}
    known = study.column_names | {str(name) for name in design} | source.where.keys()
    for name in source.columns:
        if name not in known:
            yield Problem(
                wave=source.id,
                column=shown(name),
                rule="mapping_unused",
                severity="warning",
                what_to_do="waves: columns maps a column of the study to this file's name, but "
                f"the study has no column '{shown(name)}'." + did_you_mean(name, known),
            )


def check_study(study: Study) -> Iterator[Problem]:
    """Yield the parts without which nothing can be analysed, and files that are not there."""
    for part, advice in (
        ("moments", "moments: {q12_first_bill: First bill arrives}"),
        ("outcomes", "outcomes: [{id: recommend, column: ltr, kind: score, low: 0, high: 10}]"),
        ("waves", "waves: [{id: 2026Q1, file: 2026q1.csv}]"),
    ):
        if not getattr(study, part):
            yield Problem(
                column=part,
                rule=f"no_{part}",
                severity="error",
                what_to_do=f"The study has no {part} yet. Add to study.yml: {advice}",
            )
    for part, file in _other_files(study).items():
        if not study.holds(file):
            yield Problem(
                column=part,
                rule="missing_file",
                count=1,
                examples=f"'{shown(file)}'",
                severity="warning",
                what_to_do=f"The file of '{part}' is not in the study's folder, so its section is "
                "left out. Put it there, or remove the part from study.yml.",
            )


def _other_files(study: Study) -> Mapping[str, str]:
    """Return the files of the parts that are neither waves nor outcomes."""
    files = {
        "look: logo": study.look.logo,
        "customers": study.customers and study.customers.file,
        "events": study.events and study.events.file,
        "recordings": study.recordings and study.recordings.file,
        "workshop: votes": study.workshop and study.workshop.votes,
        "voice: file": study.voice and study.voice.file,
        "voice: codes": study.voice and study.voice.codes,
        "operations": study.operations and study.operations.file,
    }
    return {part: file for part, file in files.items() if file}
