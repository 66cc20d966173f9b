"""Any frame, as the rows of an analysis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mot_research.drivers.design import Rows
from mot_research.errors import AnalysisError, shown
from mot_research.statistics.resampling import SamplingUnits, sampling_units
from mot_research.survey.wave import BLANK, NOT_EXPERIENCED, RATED

SHOWN_EXAMPLES = 3
SMALLEST, LARGEST = 1e-60, 1e60  # of a column's largest number: products of four are taken


def rows_of_frame(
    frame: pd.DataFrame,
    outcome: str,
    drivers: tuple[str, ...],
    *,
    controls: tuple[str, ...],
    weight: str | None,
    cluster: str | None,
    stratum: str | None,
    not_experienced: tuple[float, ...],
    blank: tuple[float, ...],
    scale: tuple[float, float] | None,
    kind: str,
) -> tuple[Rows, SamplingUnits, list[str]]:
    """Read the columns of one analysis out of a frame.

    Raises
    ------
    AnalysisError
        Naming the column, what is wrong in it and what to do.
    """
    _check_columns(frame, outcome, drivers, controls, (weight, cluster, stratum))
    if set(not_experienced) & set(blank):
        raise AnalysisError(
            f"the codes {sorted(set(not_experienced) & set(blank))} are both not_experienced "
            "and blank: a code can mean one thing only."
        )
    notes: list[str] = []
    ratings = np.full((len(frame), len(drivers)), np.nan)
    states = np.full((len(frame), len(drivers)), BLANK, dtype=np.int8)
    for j, name in enumerate(drivers):
        values = _numbers(frame, name)
        states[np.isin(values, not_experienced), j] = NOT_EXPERIENCED
        rated = np.isfinite(values) & ~np.isin(values, (*not_experienced, *blank))
        _check_scale(name, values[rated], scale)
        states[rated, j] = RATED
        ratings[rated, j] = values[rated]
    y = _numbers(frame, outcome)
    if not np.isfinite(y).any():
        raise AnalysisError(
            f"outcome '{shown(outcome)}' is missing in all {len(y)} rows: name the column that "
            "holds its answers, or leave fewer codes out."
        )
    codes = (*not_experienced, *blank)
    if kind in ("score", "ordered") and _uses_rating_codes(y, codes, scale):
        coded = np.isin(y, codes)
        y = np.where(coded, np.nan, y)
        notes.append(
            f"{int(coded.sum())} answers of the outcome hold the ratings' codes for not "
            "experienced or blank, and count as no answer."
        )
    if kind == "binary" and not np.isin(y[np.isfinite(y)], (0, 1)).all():
        other = y[np.isfinite(y) & ~np.isin(y, (0, 1))]
        raise AnalysisError(
            f"outcome '{shown(outcome)}' is declared binary but holds {_examples(other)}: "
            "recode it to 1 (yes), 0 (no) and empty (no answer)."
        )
    w = _weights(frame, weight)
    units = _units(frame, cluster, stratum)
    rows = Rows(drivers, ratings, states, y, w, _controls(frame, controls), units.codes)
    return rows, units, notes


def _check_columns(
    frame: pd.DataFrame,
    outcome: str,
    drivers: tuple[str, ...],
    controls: tuple[str, ...],
    design: Sequence[str | None],
) -> None:
    if not drivers:
        raise AnalysisError("no drivers are named: give at least one rating column.")
    named = [outcome, *drivers, *controls, *(name for name in design if name is not None)]
    absent = [name for name in named if name not in frame.columns]
    if absent:
        have = ", ".join(shown(name) for name in list(frame.columns)[:20])
        raise AnalysisError(
            f"the frame has no column {', '.join(repr(shown(name)) for name in absent)}. "
            f"Its columns: {have}{', …' if frame.shape[1] > 20 else ''}."
        )
    modelled = [outcome, *drivers, *controls]
    twice = sorted({str(name) for name in modelled if modelled.count(name) > 1})
    if twice:
        raise AnalysisError(
            f"named more than once among outcome, drivers and controls: {', '.join(twice)}. "
            "Each column can play one part."
        )
    doubled = [name for name in named if int((frame.columns == name).sum()) > 1]
    if doubled:
        raise AnalysisError(
            f"the frame has several columns named '{shown(doubled[0])}': rename them."
        )


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    column = frame[name]
    values = pd.to_numeric(column.astype(object), errors="coerce").to_numpy(dtype=float)
    text = column.notna().to_numpy() & np.isnan(values)
    if text.any():
        raise AnalysisError(
            f"column '{shown(name)}' holds {int(text.sum())} values that are no numbers, such as "
            f"{_examples(column[text])}: recode them, or leave them empty."
        )
    if np.isinf(values).any():
        raise AnalysisError(f"column '{shown(name)}' holds infinite values: leave them empty.")
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if len(sizes) and not SMALLEST <= sizes.max() <= LARGEST:
        raise AnalysisError(
            f"column '{shown(name)}' holds numbers of the size of {sizes.max():.2g}, beyond "
            f"{SMALLEST:g} to {LARGEST:g}: give it another unit."
        )
    return values


def _check_scale(name: str, values: np.ndarray, scale: tuple[float, float] | None) -> None:
    if scale is None:
        return
    low, high = scale
    if not low < high:
        raise AnalysisError(f"scale is {scale}: give (lowest, highest), such as (1, 5).")
    outside = values[(values < low) | (values > high)]
    if len(outside):
        raise AnalysisError(
            f"column '{shown(name)}' holds {len(outside)} ratings outside {low:g} to {high:g}, "
            f"such as {_examples(outside)}: name such codes in not_experienced or blank, or "
            "correct the scale."
        )


def _uses_rating_codes(
    y: np.ndarray, codes: tuple[float, ...], scale: tuple[float, float] | None
) -> bool:
    """Whether an outcome is a rating on the drivers' own scale, codes included.

    An outcome with other values outside the scale (0 to 10 beside ratings of
    1 to 5), or with two values only, has codes of its own.
    """
    if scale is None or not np.isin(y, codes).any():
        return False
    answers = y[np.isfinite(y) & ~np.isin(y, codes)]
    return len(np.unique(answers)) > 2 and bool(
        ((answers >= scale[0]) & (answers <= scale[1])).all()
    )


def _weights(frame: pd.DataFrame, weight: str | None) -> np.ndarray:
    if weight is None:
        return np.ones(len(frame))
    values = _numbers(frame, weight)
    for wrong, what in ((np.isnan(values), "empty"), (values < 0, "negative")):
        if wrong.any():
            raise AnalysisError(
                f"weight '{shown(weight)}' is {what} in {int(wrong.sum())} of {len(values)} rows: "
                "give every row a weight of 0 or more, or leave those rows out."
            )
    return values


def _units(frame: pd.DataFrame, cluster: str | None, stratum: str | None) -> SamplingUnits:
    for name, what in ((cluster, "cluster"), (stratum, "stratum")):
        if name is not None and frame[name].isna().any():
            raise AnalysisError(
                f"{what} '{shown(name)}' is empty in {int(frame[name].isna().sum())} rows: every "
                f"row needs its {what}, or leave those rows out."
            )
    labels = np.arange(len(frame)) if cluster is None else frame[cluster]
    return sampling_units(labels, None if stratum is None else frame[stratum])


def _controls(frame: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    chosen = frame[list(names)].reset_index(drop=True)
    for name in names:
        if pd.api.types.is_bool_dtype(chosen[name].dtype):
            chosen[name] = chosen[name].astype(float)
        is_number = pd.api.types.is_numeric_dtype(chosen[name].dtype)
        if is_number and not chosen[name].notna().any():
            raise AnalysisError(f"control '{shown(name)}' is empty in every row: leave it out.")
    return chosen


def _examples(values: np.ndarray | pd.Series) -> str:
    distinct = list(dict.fromkeys(shown(f"{v:g}" if isinstance(v, float) else v) for v in values))
    return ", ".join(f"'{value}'" for value in distinct[:SHOWN_EXAMPLES])
