"""Design-based inference: sampling units, Rao–Wu draws, jackknife, linearised covariance.

One set of draws serves the whole study: units are identified over all waves, segments and
outcomes, and every difference is taken within a draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mot_research.errors import AnalysisError, shown
from mot_research.statistics.crossproducts import BLOCK_ELEMENTS, Floats, Integers

MOST_UNITS = 20_000  # more than these are put into random groups, in all about
GROUPS = 4096
FEWEST_GROUPS = 64  # of a stratum; fewer than 50 understate errors
GROUPING_SEED = 1
DRAWN_AT_ONCE = 400_000  # units × resamples whose counts stay in the cache: four times as fast


@dataclass(frozen=True)
class SamplingUnits:
    """The primary sampling units of a whole study.

    Attributes
    ----------
    codes : (n,) integer array
        Unit of each row, 0 … G − 1.
    stratum_of_unit : (G,) integer array
        Stratum of each unit after merging, 0 … H − 1; never decreasing.
    merged : tuple of tuples of str
        Labels of the strata that were merged because one of them had a single unit.
    n_grouped : int
        How many units of the sample the random groups hold, which are units here; 0 where each
        stands for itself.
    """

    codes: Integers
    stratum_of_unit: Integers
    merged: tuple[tuple[str, ...], ...]
    n_grouped: int = 0

    @property
    def n_units(self) -> int:
        """G."""
        return len(self.stratum_of_unit)

    @property
    def n_strata(self) -> int:
        """H, after merging."""
        return int(self.stratum_of_unit[-1]) + 1

    @property
    def degrees_of_freedom(self) -> int:
        """G − H."""
        return self.n_units - self.n_strata


def sampling_units(cluster: ArrayLike, stratum: ArrayLike | None = None) -> SamplingUnits:
    """Identify the sampling units of the rows of a whole study.

    Parameters
    ----------
    cluster : (n,) labels of any kind
        Cluster of each row; where there are no clusters, the respondent. The same label in
        two strata is two units.
    stratum : (n,) labels of any kind, optional
        Default: one stratum. A stratum with one unit is merged with the next in sorted
        order (the last with the one before) and reported in ``merged``.

    Notes
    -----
    More than 20,000 units are put into random groups within their strata, about 4,096 in all and
    equal in size, which then are the units: the spread between random groups estimates the same
    error without a draw of every respondent.

    Raises
    ------
    AnalysisError
        A label is missing, there is only one unit, or every stratum has only one.

    References
    ----------
    Wolter (2007), Introduction to Variance Estimation, chapter 2.
    """
    cluster_codes, cluster_labels = _sorted_codes(cluster, "cluster")
    if stratum is None:
        stratum_codes, stratum_labels = np.zeros_like(cluster_codes), np.array(["all"])
    else:
        stratum_codes, stratum_labels = _sorted_codes(stratum, "stratum")
    if len(stratum_codes) != len(cluster_codes):
        raise AnalysisError(
            f"{len(cluster_codes)} rows have a cluster but {len(stratum_codes)} a stratum: "
            "give one of each a row."
        )
    pairs = stratum_codes.astype(np.int64) * len(cluster_labels) + cluster_codes
    units, codes = np.unique(pairs, return_inverse=True)
    stratum_of_unit = units // max(1, len(cluster_labels))
    n_grouped = 0
    if len(units) > MOST_UNITS:
        n_grouped = len(units)
        group, stratum_of_unit = _random_groups(stratum_of_unit)
        codes = group[codes]
    merged_stratum, merged = _merge_single(np.bincount(stratum_of_unit), stratum_labels)
    return SamplingUnits(
        codes=codes,
        stratum_of_unit=merged_stratum[stratum_of_unit],
        merged=merged,
        n_grouped=n_grouped,
    )


def _random_groups(stratum_of_unit: Integers) -> tuple[Integers, Integers]:
    """The group of each unit, and the stratum of each group; units come by stratum."""
    sizes = np.bincount(stratum_of_unit)
    most = max(FEWEST_GROUPS, GROUPS // len(sizes))
    n_groups = np.minimum(sizes, most)
    offsets = np.cumsum(n_groups) - n_groups
    rng = np.random.Generator(np.random.PCG64(GROUPING_SEED))
    group = np.concatenate(
        [
            offset + rng.permutation(size) % n
            for size, n, offset in zip(sizes, n_groups, offsets, strict=True)
        ]
    )
    return group, np.repeat(np.arange(len(sizes)), n_groups)


def _sorted_codes(labels: ArrayLike, name: str) -> tuple[Integers, NDArray[np.object_]]:
    """Code labels in sorted order, so that the order of the rows doesn't change the draws."""
    values = list(np.asarray(labels, dtype=object))
    place = {value: code for code, value in enumerate(dict.fromkeys(values))}
    codes = np.array(
        [-1 if value is None or value != value else place[value] for value in values], dtype=np.intp
    )
    missing = np.flatnonzero(codes < 0)
    if len(missing):
        raise AnalysisError(
            f"the {name} is missing in {len(missing)} of {len(codes)} rows (first: row "
            f"{missing[0]}): give each row a {name}, its own label where it stands alone."
        )
    found = np.array(list(place), dtype=object)
    try:
        order = np.argsort(found, kind="stable")
    except TypeError:  # labels of several kinds have no natural order
        by_kind = [(type(label).__name__, str(label)) for label in found]
        order = np.array(sorted(range(len(found)), key=by_kind.__getitem__))
    position = np.empty(len(found), dtype=np.intp)
    position[order] = np.arange(len(found))
    return position[codes], found[order]


def _merge_single(
    n_units: Integers, labels: NDArray[np.object_]
) -> tuple[Integers, tuple[tuple[str, ...], ...]]:
    """Map each stratum to a merged one of at least two units; neighbours in order."""
    if n_units.sum() < 2:
        raise AnalysisError(
            f"there are {int(n_units.sum())} sampling units in all: no spread can be estimated "
            "from fewer than two. Declare a finer cluster, or none."
        )
    if (n_units == 1).all():
        raise AnalysisError(
            f"each of the {len(n_units)} strata has only one cluster, so no spread within strata "
            "can be estimated. Declare coarser strata or a finer cluster."
        )
    groups: list[list[int]] = []
    is_open = False
    for h in range(len(n_units)):
        if is_open:
            groups[-1].append(h)
        else:
            groups.append([h])
        is_open = n_units[groups[-1]].sum() < 2
    if is_open:
        last = groups.pop()
        groups[-1].extend(last)
    target = np.empty(len(n_units), dtype=np.intp)
    for position, group in enumerate(groups):
        target[group] = position
    merged = tuple(tuple(shown(labels[h]) for h in group) for group in groups if len(group) > 1)
    return target, merged


@dataclass(frozen=True)
class Draws:
    """Rao–Wu resamples of the units: weights are multiplied by ``multipliers[b, unit]``.

    Attributes
    ----------
    seed : int
    counts : (B, G) array of uint8
        t_hc, how often each unit was drawn.
    scale : (G,) array
        n_h / (n_h − 1).
    """

    seed: int
    counts: NDArray[np.uint8]
    scale: Floats

    @property
    def n_resamples(self) -> int:
        """B."""
        return len(self.counts)

    @property
    def multipliers(self) -> Floats:
        """(B, G) factors n_h/(n_h − 1) · t_hc; each stratum's sum to n_h."""
        return self.counts * self.scale

    def blocks(self, size: int) -> Iterator[tuple[slice, Floats]]:
        """Yield ``(slice, multipliers[slice])`` for at most ``size`` resamples at a time."""
        for start in range(0, self.n_resamples, size):
            chosen = slice(start, min(start + size, self.n_resamples))
            yield chosen, self.counts[chosen] * self.scale


def draw(units: SamplingUnits, n_resamples: int, seed: int) -> Draws:
    """Draw resamples by the rescaling bootstrap.

    In stratum h, n_h − 1 of its n_h units are drawn with replacement; the weights of unit c
    are multiplied by n_h/(n_h − 1) · t_hc. Weights are not calibrated anew within a draw.
    The same units and seed give the same draws on every machine.

    Parameters
    ----------
    units : SamplingUnits
    n_resamples : int
        B ≥ 1.
    seed : int
        Seed of a ``numpy.random.Generator``.

    References
    ----------
    Rao, Wu & Yue (1992), Survey Methodology 18, 209–217.
    """
    if n_resamples < 1:
        raise AnalysisError(f"n_resamples is {n_resamples}: draw at least one resample.")
    stratum = units.stratum_of_unit
    size = np.bincount(stratum)
    first = np.cumsum(size) - size
    drawn_from = np.repeat(np.arange(len(size)), size - 1)
    offset, width = first[drawn_from], size[drawn_from]
    # A count above 255 needs a stratum of more than 256 units and has a probability below 1e-500.
    counts = np.empty((n_resamples, len(stratum)), dtype=np.uint8)
    rng = np.random.Generator(np.random.PCG64(seed))
    block = max(1, DRAWN_AT_ONCE // len(stratum))
    for start in range(0, n_resamples, block):
        n = min(block, n_resamples - start)
        unit = (rng.random((n, len(width))) * width).astype(np.intp)
        unit += offset + np.arange(0, n * len(stratum), len(stratum))[:, None]
        drawn = np.bincount(unit.ravel(), minlength=n * len(stratum))
        counts[start : start + n] = drawn.reshape(n, -1)
    return Draws(seed=seed, counts=counts, scale=(size / (size - 1))[stratum])


def resample_sums(draws: Draws, sums: ArrayLike) -> Floats:
    """Resampled totals of sums per unit: (G, T) → (B, T).

    Where ``sums`` are weighted sums of vech(z z'), element 0 of each row is Σw*, by which
    the row is divided to give the second moments of that resample.
    """
    scaled = np.asarray(sums, dtype=np.float64) * draws.scale[:, None]
    totals = np.empty((draws.n_resamples, scaled.shape[1]))
    block = max(1, BLOCK_ELEMENTS // len(scaled))
    for start in range(0, draws.n_resamples, block):
        chosen = slice(start, start + block)
        totals[chosen] = draws.counts[chosen].astype(np.float64) @ scaled
    return totals


def survey_covariance(scores: ArrayLike, stratum_of_unit: ArrayLike) -> Floats:
    """Linearised (sandwich) covariance of estimates from their scores per unit.

    V = Σ_h n_h/(n_h − 1) Σ_c (u_hc − ū_h)(u_hc − ū_h)', without finite-population factor.

    Parameters
    ----------
    scores : (G, k) array
        u_hc, influence values summed within units, normalised weights included. Units
        without members in a domain are rows of zeros and count in n_h.
    stratum_of_unit : (G,) integer array
        Each stratum has at least two units, as ``sampling_units`` makes sure.

    Returns
    -------
    (k, k) array
    """
    scores = np.asarray(scores, dtype=np.float64)
    stratum = np.asarray(stratum_of_unit)
    size = np.bincount(stratum)
    if (size == 1).any():
        raise AnalysisError(
            f"stratum {int(np.flatnonzero(size == 1)[0])} has one unit, so it has no spread: "
            "merge it with its neighbour first."
        )
    total = np.zeros((len(size), scores.shape[1]))
    np.add.at(total, stratum, scores)
    centred = scores - (total / np.maximum(size, 1)[:, None])[stratum]
    return (centred * (size / (size - 1))[stratum, None]).T @ centred


def percentile_interval(draws: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Percentile interval over the first axis: (B, …) → two arrays (…).

    A missing draw makes its interval missing: a resample in which the estimate does not
    exist is not passed over.
    """
    if not 0 < confidence < 1:
        raise AnalysisError(f"confidence is {shown(confidence)}: give a number between 0 and 1.")
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(np.asarray(draws, dtype=np.float64), [tail, 1 - tail], axis=0)
    return lower, upper


def jackknife_multipliers(units: SamplingUnits) -> Floats:
    """Factors on the weights when one unit is left out: (G, G), row c leaves unit c out.

    The other units of its stratum count n_h/(n_h − 1), units of other strata 1.
    """
    stratum = units.stratum_of_unit
    size = np.bincount(stratum)
    same = stratum[:, None] == stratum
    factors = np.where(same, (size / (size - 1))[stratum], 1.0)
    np.fill_diagonal(factors, 0.0)
    return factors


def jackknife_variance(estimates: ArrayLike, estimate: ArrayLike, units: SamplingUnits) -> Floats:
    """Delete-one-unit variance Σ_h (n_h − 1)/n_h Σ_c (θ_(hc) − θ)².

    Parameters
    ----------
    estimates : (G, …) array
        Estimate with each unit left out, by ``jackknife_multipliers``.
    estimate : (…) array
        θ, the estimate of the whole sample.
    units : SamplingUnits
    """
    size = np.bincount(units.stratum_of_unit)
    factor = ((size - 1) / size)[units.stratum_of_unit]
    squares = (np.asarray(estimates, dtype=np.float64) - np.asarray(estimate)) ** 2
    return np.tensordot(factor, squares, axes=1)
