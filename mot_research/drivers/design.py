"""From ratings to columns: contact and quality of every moment, and the controls.

For each driver j and respondent i the design has the exposure E_ij (1 if the
contact was had) and the quality E_ij (x_ij − m_j), with a fixed pilot centre
m_j; see the page on contact and quality in the documentation for why a
structural absence is treated so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mot_research.errors import AnalysisError
from mot_research.numbers import SUPPRESSED_BELOW, too_few
from mot_research.survey.wave import BLANK, NOT_ASKED, NOT_EXPERIENCED, RATED

MAX_BLANK_SHARE = 0.40  # more blanks than this and a driver is not tested
WARN_BLANK_SHARE = 0.20
MIN_PAIR_ROWS = 100  # rows in which two drivers of a random module must meet
MIN_ROWS = 10


def quality_column(driver: str) -> str:
    """Name of the column of how it went."""
    return f"how it went: {driver}"


def exposure_column(driver: str) -> str:
    """Name of the column of having it."""
    return f"having it: {driver}"


@dataclass(frozen=True)
class Rows:
    """The rows of one analysis, blanks still in them.

    Attributes
    ----------
    drivers : tuple of str
    ratings : ndarray (n, p)
        On the scale where rated, NaN elsewhere.
    states : ndarray (n, p) of int
        RATED, NOT_EXPERIENCED, BLANK or NOT_ASKED.
    outcome : ndarray (n,)
        NaN where blank.
    weight : ndarray (n,)
    controls : DataFrame (n rows)
        Numbers (NaN where blank) or categories.
    unit : ndarray (n,) of int
        The sampling unit of each row, as numbered in the study's units.
    """

    drivers: tuple[str, ...]
    ratings: np.ndarray
    states: np.ndarray
    outcome: np.ndarray
    weight: np.ndarray
    controls: pd.DataFrame
    unit: np.ndarray

    def keep(self, rows: np.ndarray) -> Rows:
        """The rows at these positions."""
        return Rows(
            self.drivers,
            self.ratings[rows],
            self.states[rows],
            self.outcome[rows],
            self.weight[rows],
            self.controls.iloc[rows].reset_index(drop=True),
            self.unit[rows],
        )


@dataclass(frozen=True)
class Described:
    """What the rows say of one driver before any model (weighted, blanks left out).

    ``top_share`` is the share of its raters who gave the highest rating that anyone gave.
    """

    n: int
    n_effective: float
    reach: float
    mean: float
    blank_share: float
    lowest: float = np.nan
    highest: float = np.nan
    top_share: float = np.nan


@dataclass(frozen=True)
class Columns:
    """Which columns a design has, settled before any of them is computed.

    Positions count in z = (1, columns…): the constant is 0, the outcome 1. Then come the
    qualities, the exposures, the controls, and the exposures of drivers not tested.

    Attributes
    ----------
    drivers : tuple of str
    players : tuple of int
        Which of the drivers are tested.
    pilots : tuple of float
        The centre of each player's quality.
    partly : tuple of bool
        Whether some did not have the contact of each player.
    of_controls : tuple of str
        Names of the controls' columns.
    beside : tuple of int
        Drivers not tested whose exposure varies.
    """

    drivers: tuple[str, ...]
    players: tuple[int, ...]
    pilots: tuple[float, ...]
    partly: tuple[bool, ...]
    of_controls: tuple[str, ...]
    beside: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, in their order."""
        tested = list(zip(self.tested, self.partly, strict=True))
        return (
            "outcome",
            *(quality_column(name) for name, _ in tested),
            *(exposure_column(name) for name, partly in tested if partly),
            *self.of_controls,
            *(exposure_column(self.drivers[j]) for j in self.beside),
        )

    @property
    def tested(self) -> tuple[str, ...]:
        return tuple(self.drivers[j] for j in self.players)

    @property
    def quality(self) -> tuple[int, ...]:
        return tuple(range(2, 2 + len(self.players)))

    @property
    def exposure(self) -> tuple[int | None, ...]:
        place = 2 + len(self.players) + np.cumsum([0, *self.partly])
        return tuple(
            int(at) if is_in else None for at, is_in in zip(place[:-1], self.partly, strict=True)
        )

    @property
    def controls(self) -> tuple[int, ...]:
        first = 2 + len(self.players) + sum(self.partly)
        return tuple(range(first, first + len(self.of_controls) + len(self.beside)))

    def of(
        self,
        outcome: np.ndarray,
        ratings: np.ndarray,
        had: np.ndarray,
        controls: Sequence[np.ndarray],
    ) -> Iterator[np.ndarray]:
        """The columns of some rows, (n,) each.

        ``had`` (n, p) is 1 where rated, 0 where not experienced and NaN where blank or not
        asked; ``ratings`` (n, p) count where ``had`` is 1.
        """
        yield outcome
        for j, pilot in zip(self.players, self.pilots, strict=True):
            yield np.where(had[:, j] == 0, 0.0, ratings[:, j] - pilot)
        for j, partly in zip(self.players, self.partly, strict=True):
            if partly:
                yield had[:, j]
        yield from controls
        for j in self.beside:
            yield had[:, j]


@dataclass(frozen=True)
class Design:
    """Numbers for the reduction, and where each kind of column stands.

    Positions count in z = (1, columns…): the constant is 0, the outcome 1.

    Attributes
    ----------
    columns : ndarray (n, k)
        NaN where blank.
    names : tuple of str
        Of the columns.
    tested : tuple of str
        The players.
    quality : tuple of int
        Position of each player's quality column.
    exposure : tuple of int or None
        Position of each player's exposure, None where its reach is 1.
    controls : tuple of int
        Positions of the controls, with the exposures of drivers not tested.
    kept : ndarray (n,) of int
        Which of the rows given these are.
    pilots : mapping of player to the centre of its quality column
    described : mapping of driver to Described
    not_tested : mapping of driver to reason

    Where the rows stay in their file (:mod:`mot_research.drivers.large`), ``rows``, ``columns``
    and ``kept`` have none.
    """

    rows: Rows
    columns: np.ndarray
    names: tuple[str, ...]
    tested: tuple[str, ...]
    quality: tuple[int, ...]
    exposure: tuple[int | None, ...]
    controls: tuple[int, ...]
    kept: np.ndarray
    pilots: Mapping[str, float]
    described: Mapping[str, Described]
    not_tested: Mapping[str, str]
    n_blank_outcome: int
    n_dropped: int


def build_design(rows: Rows, *, missing: str, min_n: float = 0.0) -> Design:
    """Make the columns of one analysis.

    Rows without an outcome or without a positive weight are left out and
    counted. A driver is *not tested* where nobody rated it, all gave the same
    rating, more than 40 % left it blank, fewer than ``min_n`` effective
    respondents rated it, or a random module shows it together with another in
    fewer than 100 rows; its exposure stays as a control where it varies.

    Raises
    ------
    AnalysisError
        Fewer than ten rows remain, or the outcome does not vary.
    """
    usable = np.logical_and(np.isfinite(rows.outcome), rows.weight > 0)
    n_blank_outcome = int(np.isnan(rows.outcome).sum())
    kept = np.flatnonzero(usable)
    rows = rows.keep(kept)
    described = {name: _describe(rows, j) for j, name in enumerate(rows.drivers)}
    not_tested = _reasons(rows, described, min_n)
    players = [j for j, name in enumerate(rows.drivers) if name not in not_tested]
    of_controls = control_columns(rows.controls)

    n_dropped = 0
    if missing == "drop":
        whole = np.isin(rows.states[:, players], (RATED, NOT_EXPERIENCED)).all(axis=1)
        for values in of_controls.values():
            whole &= np.isfinite(values)
        n_dropped = int((~whole).sum())
        rows, kept = rows.keep(np.flatnonzero(whole)), kept[whole]
        of_controls = {name: values[whole] for name, values in of_controls.items()}
        players, lost = _still_varying(rows, players)
        not_tested = {**not_tested, **lost}
    if len(rows.outcome) < MIN_ROWS:
        raise AnalysisError(
            f"only {len(rows.outcome)} rows have the outcome and a weight"
            + (" and no blank" if missing == "drop" else "")
            + f": at least {MIN_ROWS} are needed. Check the outcome's column and codes"
            + (', or use missing="em".' if missing == "drop" else ".")
        )
    if np.ptp(rows.outcome) == 0:
        raise AnalysisError(
            f"the outcome is {rows.outcome[0]:g} in all {len(rows.outcome)} rows: "
            "nothing can move it. Check its column and codes."
        )

    had = np.where(rows.states == RATED, 1.0, np.where(rows.states == NOT_EXPERIENCED, 0.0, np.nan))
    columns = Columns(
        drivers=rows.drivers,
        players=tuple(players),
        pilots=tuple(float(np.nanmean(rows.ratings[:, j])) for j in players),
        partly=tuple(bool((had[:, j] == 0).any()) for j in players),
        of_controls=tuple(of_controls),
        beside=tuple(
            j
            for j in range(len(rows.drivers))
            if j not in players and (had[:, j] == 0).any() and (had[:, j] == 1).any()
        ),
    )
    return Design(
        rows=rows,
        columns=np.column_stack(
            list(columns.of(rows.outcome, rows.ratings, had, list(of_controls.values())))
        ),
        names=columns.names,
        tested=columns.tested,
        quality=columns.quality,
        exposure=columns.exposure,
        controls=columns.controls,
        kept=kept,
        pilots=dict(zip(columns.tested, columns.pilots, strict=True)),
        described=described,
        not_tested=not_tested,
        n_blank_outcome=n_blank_outcome,
        n_dropped=n_dropped,
    )


def _describe(rows: Rows, j: int) -> Described:
    state, weight = rows.states[:, j], rows.weight
    rated = state == RATED
    known = rated | (state == NOT_EXPERIENCED)
    asked = known | (state == BLANK)
    w, values = weight[rated], rows.ratings[rated, j]
    highest = float(values.max()) if rated.any() else np.nan
    return Described(
        n=int(rated.sum()),
        n_effective=float(w.sum() ** 2 / (w**2).sum()) if rated.any() else 0.0,
        reach=float(w.sum() / weight[known].sum()) if known.any() else np.nan,
        mean=float(w @ values / w.sum()) if rated.any() else np.nan,
        blank_share=float((state == BLANK).sum() / asked.sum()) if asked.any() else 0.0,
        lowest=float(values.min()) if rated.any() else np.nan,
        highest=highest,
        top_share=float(w[values == highest].sum() / w.sum()) if rated.any() else np.nan,
    )


def _reasons(rows: Rows, described: Mapping[str, Described], min_n: float) -> dict[str, str]:
    not_asked = {
        name: "not asked"
        for j, name in enumerate(rows.drivers)
        if (rows.states[:, j] == NOT_ASKED).all()
    }
    reasons = reasons_of(described, min_n) | not_asked
    reasons = {name: reasons[name] for name in described if name in reasons}
    return reasons | _thin_pairs(rows, reasons)


def reasons_of(described: Mapping[str, Described], min_n: float) -> dict[str, str]:
    """Why drivers can't be tested, as far as what is said of each by itself tells."""
    reasons = {}
    for name, seen in described.items():
        if seen.n == 0:
            reasons[name] = "nobody rated it"
        elif seen.lowest == seen.highest:
            reasons[name] = f"all {seen.n} who rated it gave {seen.lowest:g}: no variance"
        elif seen.blank_share > MAX_BLANK_SHARE:
            reasons[name] = (
                f"{seen.blank_share:.0%} left it blank; more than {MAX_BLANK_SHARE:.0%} "
                "says too little"
            )
        elif seen.n_effective < min_n:
            reasons[name] = (
                f"too few to say: {seen.n} rated it, worth {seen.n_effective:.0f} after "
                f"weighting; {min_n:.0f} are needed"
            )
    few = {name for name in reasons if 0 < described[name].n < SUPPRESSED_BELOW}
    return reasons | {name: too_few(described[name].n) for name in few}


def _thin_pairs(rows: Rows, reasons: Mapping[str, str]) -> dict[str, str]:
    """Drivers of a random module that meet another driver too rarely."""
    if not (rows.states == NOT_ASKED).any():
        return {}
    thin: dict[str, str] = {}
    seen = np.isin(rows.states, (RATED, NOT_EXPERIENCED)).astype(float)
    left = [j for j, name in enumerate(rows.drivers) if name not in reasons]
    while left:
        meetings = seen[:, left].T @ seen[:, left]
        short = (meetings < MIN_PAIR_ROWS).sum(axis=1)
        if not short.any():
            break
        worst = left.pop(int(np.argmax(short)))
        thin[rows.drivers[worst]] = (
            f"asked together with another moment in fewer than {MIN_PAIR_ROWS} rows"
        )
    return thin


def _still_varying(rows: Rows, players: Sequence[int]) -> tuple[list[int], dict[str, str]]:
    kept, lost = [], {}
    for j in players:
        values = rows.ratings[rows.states[:, j] == RATED, j]
        if len(values) and np.ptp(values) > 0:
            kept.append(j)
        else:
            lost[rows.drivers[j]] = "no variance among the rows without any blank"
    return kept, lost


def control_columns(controls: pd.DataFrame) -> dict[str, np.ndarray]:
    """Numbers as they are; a category as one column per level but its commonest."""
    columns: dict[str, np.ndarray] = {}
    for name in controls:
        values = controls[name]
        if pd.api.types.is_numeric_dtype(values.dtype):
            columns[control_column(name)] = values.to_numpy(dtype=float)
            continue
        levels = _levels(values)
        base = levels.value_counts().sort_index(kind="stable").idxmax()
        columns |= {
            column: inside
            for column, inside in level_columns(controls[[name]]).items()
            if column != control_column(name, base)
        }
    return columns


def level_columns(controls: pd.DataFrame) -> dict[str, np.ndarray]:
    """Every level of every category, as 0 and 1, by the name of its column."""
    columns: dict[str, np.ndarray] = {}
    for name in controls:
        if not pd.api.types.is_numeric_dtype(controls[name].dtype):
            levels = _levels(controls[name])
            for level in sorted(levels.unique()):
                columns[control_column(name, level)] = (levels == level).to_numpy(dtype=float)
    return columns


def control_column(name: object, level: object = None) -> str:
    """Name of the column of a control, or of one level of it."""
    return f"control: {name}" if level is None else f"control: {name} = {level}"


def _levels(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), "(blank)").astype(str)
