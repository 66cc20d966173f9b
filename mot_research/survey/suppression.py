"""Which counts of segment values may not be shown, or another one could be worked out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from mot_research.numbers import SUPPRESSED_BELOW, complement

SUPPRESSED = f"suppressed: fewer than {SUPPRESSED_BELOW}"
COMPLEMENTARY = "suppressed, so that another count can't be worked out from it"
SETTLED = 0.5  # a whole number between bounds this near has one value


@dataclass(frozen=True, eq=False)
class SegmentCounts:
    """Who has which value of each segment, and which of their numbers may be shown.

    Attributes
    ----------
    values : MultiIndex of (segment, value), m of them
    combination : ndarray (n,)
        The place of each respondent's combination of values, blanks included.
    has : ndarray (m, c) of float
        1 where a combination has a value.
    """

    values: pd.MultiIndex
    combination: np.ndarray
    has: np.ndarray

    @classmethod
    def of(cls, labels: pd.DataFrame) -> SegmentCounts:
        """Return the counts of ``labels`` (n × segments); NA where blank."""
        labels = labels.astype(object).where(labels.notna(), None)
        groups = labels.groupby(list(labels.columns), dropna=False, sort=False)
        combination = groups.ngroup().to_numpy()
        _, first = np.unique(combination, return_index=True)
        kinds = labels.iloc[first]
        values = [
            (name, value) for name in labels for value in sorted(labels[name].dropna().unique())
        ]
        has = [(kinds[name] == value).to_numpy(dtype=float) for name, value in values]
        return cls(
            pd.MultiIndex.from_tuples(values, names=["segment", "value"]),
            combination,
            np.array(has).reshape(len(values), len(first)),
        )

    def suppressed(
        self, counted: np.ndarray | None = None, hidden: pd.Series | None = None
    ) -> pd.Series:
        """Say of each value why its count is suppressed; "" where it may be shown.

        Parameters
        ----------
        counted : ndarray (n,) of bool, optional
            Who is counted. Default: everyone.
        hidden : Series indexed by ``values``, optional
            As this returns it, of values of which nothing is shown.

        Notes
        -----
        Counts from 1 to 9 are suppressed. With them go the smallest others of the same segment,
        until the total doesn't give the small ones away; and where the values of one segment are
        made of those of another (regions of countries), as many as it takes until no small one has
        a single possible value, given all counts that are shown.
        """
        size = np.bincount(self.combination, counted, minlength=self.has.shape[1])
        n = self.has @ size
        small = (n > 0) & (n < SUPPRESSED_BELOW)
        beside = np.zeros(len(n), dtype=bool)
        for segment in self._segment_of.unique():
            here = np.flatnonzero(self._segment_of == segment)
            beside[here[list(complement(tuple(n[here].astype(int))))]] = True
        if small.any() and self._are_related:
            elsewhere = np.zeros(len(n), dtype=bool) if hidden is None else hidden.to_numpy() != ""
            _hide_relatives(self.has, size, small, beside, elsewhere)
        reason = np.select([small, beside], [SUPPRESSED, COMPLEMENTARY], default="")
        return pd.Series(reason.astype(object), index=self.values)

    @property
    def _segment_of(self) -> pd.Index:
        return self.values.get_level_values("segment")

    @cached_property
    def _are_related(self) -> bool:
        """Whether counts of one segment follow from those of others, beyond the common total."""
        everyone = np.ones((1, self.has.shape[1]))
        without_blanks = sum(
            bool(self.has[self._segment_of == segment].any(axis=0).all())
            for segment in self._segment_of.unique()
        )
        free = np.linalg.matrix_rank(np.vstack([everyone, self.has]))
        return bool(free < 1 + len(self.has) - without_blanks)


def _hide_relatives(
    has: np.ndarray,
    size: np.ndarray,
    small: np.ndarray,
    beside: np.ndarray,
    elsewhere: np.ndarray,
) -> None:
    """Add to ``beside``, in place, until the counts shown settle no small one."""
    n = has @ size
    for target in map(int, np.flatnonzero(small)):
        while _is_settled(target, has, size, small, beside, elsewhere):
            shown = np.flatnonzero((n > 0) & ~(small | beside | elsewhere))
            if not len(shown):
                return
            by_size = shown[np.argsort(n[shown], kind="stable")].tolist()
            enough = (
                place
                for place in by_size
                if not _is_settled(
                    target, has, size, small, beside | (np.arange(len(n)) == place), elsewhere
                )
            )
            beside[next(enough, by_size[0])] = True


def _is_settled(
    target: int,
    has: np.ndarray,
    size: np.ndarray,
    small: np.ndarray,
    beside: np.ndarray,
    elsewhere: np.ndarray,
) -> bool:
    """Whether the counts shown, and why others are not, leave one value for the target."""
    from scipy.optimize import linprog

    is_shown = ~(small | beside | elsewhere)
    known = np.vstack([np.ones(len(size)), has[is_shown]])
    at_most = np.vstack([has[small], -has[small], -has[beside]])
    bounds = np.concatenate(
        [
            np.full(small.sum(), SUPPRESSED_BELOW - 1.0),
            np.full(small.sum(), -1.0),
            np.full(beside.sum(), -float(SUPPRESSED_BELOW)),
        ]
    )
    ends = [
        linprog(
            sign * has[target],
            A_ub=at_most,
            b_ub=bounds,
            A_eq=known,
            b_eq=known @ size,
            method="highs",
        ).fun
        for sign in (1.0, -1.0)
    ]
    return -ends[1] - ends[0] < SETTLED
