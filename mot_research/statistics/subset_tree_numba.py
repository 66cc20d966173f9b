"""The subset tree of `subset_tree`, compiled: about a nanosecond a subset and core.

Import it only where there is work: importing numba and loading the compiled code
takes half a second, and compiling it ten (once, where a cache can be written).

The first players are walked one subset at a time (a *task*, so that threads share
them), the next ones are doubled in place into lanes, and the last five are
straight-line code on every lane, which the compiler turns into vector instructions.

One flat buffer holds the state, a row of lanes for each entry of the upper triangle,
the last variable first: the rows of the variable with `left` variables left (itself
included) start at row (left − 1)(left + 2) / 2 and hold its pivot, its covariances
with the later ones, and that with the outcome. The rows of the last five therefore
lie at fixed distances, and the compiler can prove that they do not overlap.

No pivot of any subset is smaller than that of a variable given all others. Where these
are far from redundant no node asks whether its pivot is usable: the functions are
compiled a second time without a tolerance (None).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit

from mot_research.statistics.side_by_side import n_cores
from mot_research.statistics.subset_tree import shapley_weights, shared_out, subset_sizes
from mot_research.statistics.sweeping import PIVOT_TOLERANCE

STRAIGHT = 5  # variables at the bottom, as straight-line code
DOUBLED = 10  # variables above them, at most, doubled into lanes: 220 KB in use
ROW = (1 << DOUBLED) + 8  # eight more, so that the rows do not share their cache sets
SURELY_USABLE = 1e-9  # pivots given all others, from which none needs to be looked at
CHUNK_SUBSETS = 1 << 21  # to a thread at a time; fixed, so that no sum depends on the threads

# Sums may be reordered; nothing else is relaxed.
FASTMATH = {"reassoc", "contract", "nsz"}


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    try:
        return njit(cache=True, nogil=True, error_model="numpy", fastmath=FASTMATH)(function)
    except RuntimeError:  # no folder that could hold the cache can be written
        return njit(nogil=True, error_model="numpy", fastmath=FASTMATH)(function)


def _inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    return njit(forceinline=True, error_model="numpy", fastmath=FASTMATH)(function)


def shapley_gains(matrices: np.ndarray) -> np.ndarray:
    """Shapley value of the explained outcome, each column a player.

    Parameters
    ----------
    matrices : ndarray of shape (replicates, p + 1, p + 1)
        Symmetric, on the correlation scale, the outcome last; p ≥ 5.

    Returns
    -------
    ndarray of shape (replicates, p)
    """
    replicates, n_players = len(matrices), matrices.shape[-1] - 1
    walked = max(0, n_players - STRAIGHT - DOUBLED)
    doubled = n_players - STRAIGHT - walked
    weights = shapley_weights(n_players)
    sizes = subset_sizes(doubled)
    last_weights = np.zeros((n_players - doubled, ROW))
    for extra, row in enumerate(last_weights):
        row[: sizes.size] = weights[-2, sizes + extra]
    matrices = np.ascontiguousarray(matrices)
    explained, least = np.empty(replicates), np.empty(replicates)
    _sweep_all(matrices, explained, least)
    tolerance = None if (least > SURELY_USABLE).all() else PIVOT_TOLERANCE
    n_tasks = replicates << walked
    chunk = max(1, CHUNK_SUBSETS >> (n_players - walked))

    def grow(first: int) -> np.ndarray:
        stop = min(first + chunk, n_tasks)
        sums = np.zeros((2, ((stop - 1) >> walked) - (first >> walked) + 1, n_players))
        _grow(
            matrices, walked, doubled, first, stop, weights, sizes, last_weights.ravel(), tolerance,
            sums[0], sums[1],
        )  # fmt: skip
        return sums

    starts = range(0, n_tasks, chunk)
    counted, later = np.zeros((2, replicates, n_players))
    with ThreadPoolExecutor(n_cores()) as pool:
        for first, (own, after) in zip(starts, pool.map(grow, starts), strict=True):
            replicate = first >> walked
            counted[replicate : replicate + len(own)] += own
            later[replicate : replicate + len(own)] += after
    counted[:, 1:] += np.cumsum(later, axis=1)[:, :-1]
    return shared_out(counted, explained)


@_compiled
def _sweep_all(matrices, explained, least):
    """What all players explain in each replicate, and the least pivot given all others."""
    size = matrices.shape[1]
    for replicate in range(matrices.shape[0]):
        a = matrices[replicate].copy()
        for k in range(size - 1):
            pivot = a[k, k]
            inverse = 1.0 / pivot if pivot > PIVOT_TOLERANCE else 0.0
            for i in range(size):
                if i != k:
                    slope = a[i, k] * inverse
                    for j in range(size):
                        if j != k:
                            a[i, j] -= slope * a[k, j]
            for i in range(size):
                a[i, k] *= inverse
                a[k, i] *= -inverse
            a[k, k] = inverse
        explained[replicate] = matrices[replicate, size - 1, size - 1] - a[size - 1, size - 1]
        least[replicate] = 1.0
        for k in range(size - 1):
            least[replicate] = min(least[replicate], 1.0 / a[k, k] if a[k, k] > 0.0 else 0.0)


@_inlined
def _inverse(a, tolerance):
    """1 / a, or 0 for a redundant pivot."""
    if tolerance is None:
        return 1.0 / a
    usable = a > tolerance
    return (1.0 if usable else 0.0) / (a if usable else 1.0)


@_inlined
def _tree2(aa, ab, ax, bb, bx, c1, c2, tolerance):
    """The last two: three gains by one division, 1 / (aa · bb · (aa bb − ab²))."""
    if tolerance is not None:
        usable = aa > tolerance
        aa = aa if usable else 1.0
        ab = ab if usable else 0.0
        ax = ax if usable else 0.0
    given = aa * bb - ab * ab  # aa times the pivot of b given a
    given_x = aa * bx - ab * ax
    if tolerance is not None:
        usable = given > tolerance * aa
        given = given if usable else 1.0
        given_x = given_x if usable else 0.0
        usable = bb > tolerance
        bb = bb if usable else 1.0
        bx = bx if usable else 0.0
    both = aa * bb
    inverse = 1.0 / (both * given)
    rest = inverse * given
    gain_a = ax * ax * bb * rest
    of_both = (gain_a + given_x * given_x * bb * inverse) * c2
    of_b = bx * bx * aa * rest * c1
    of_a = gain_a * c1
    return of_a + of_b + of_both, of_a + of_both, of_b + of_both


@_inlined
def _tree3(aa, ab, ac, ax, bb, bc, bx, cc, cx, c1, c2, c3, tolerance):
    inverse = _inverse(aa, tolerance)
    b = ab * inverse
    c = ac * inverse
    s1, b1, c1_ = _tree2(
        bb - b * ab, bc - b * ac, bx - b * ax, cc - c * ac, cx - c * ax, c2, c3, tolerance
    )
    s0, b0, c0_ = _tree2(bb, bc, bx, cc, cx, c1, c2, tolerance)
    gain = ax * ax * inverse
    inside = gain * (c1 + c2 + c2 + c3) + s1
    return inside + s0, inside, b0 + b1, c0_ + c1_, gain * (c2 + c3)


@_inlined
def _tree4(aa, ab, ac, ad, ax, bb, bc, bd, bx, cc, cd, cx, dd, dx, c1, c2, c3, c4, tolerance):
    inverse = _inverse(aa, tolerance)
    b = ab * inverse
    c = ac * inverse
    d = ad * inverse
    s1, b1, c1_, d1, l1 = _tree3(
        bb - b * ab, bc - b * ac, bd - b * ad, bx - b * ax,
        cc - c * ac, cd - c * ad, cx - c * ax,
        dd - d * ad, dx - d * ax,
        c2, c3, c4, tolerance,
    )  # fmt: skip
    s0, b0, c0_, d0, l0 = _tree3(bb, bc, bd, bx, cc, cd, cx, dd, dx, c1, c2, c3, tolerance)
    gain = ax * ax * inverse
    inside = gain * (c1 + 3.0 * (c2 + c3) + c4) + s1
    later = gain * (c2 + c3 + c3 + c4)
    return inside + s0, inside, b0 + b1, c0_ + c1_, d0 + d1, later, l0 + l1


@_inlined
def _tree5(
    aa, ab, ac, ad, ae, ax, bb, bc, bd, be, bx, cc, cd, ce, cx, dd, de, dx, ee, ex,
    c1, c2, c3, c4, c5, tolerance,
):  # fmt: skip
    inverse = _inverse(aa, tolerance)
    b = ab * inverse
    c = ac * inverse
    d = ad * inverse
    e = ae * inverse
    s1, b1, c1_, d1, e1, l1, k1 = _tree4(
        bb - b * ab, bc - b * ac, bd - b * ad, be - b * ae, bx - b * ax,
        cc - c * ac, cd - c * ad, ce - c * ae, cx - c * ax,
        dd - d * ad, de - d * ae, dx - d * ax,
        ee - e * ae, ex - e * ax,
        c2, c3, c4, c5, tolerance,
    )  # fmt: skip
    s0, b0, c0_, d0, e0, l0, k0 = _tree4(
        bb, bc, bd, be, bx, cc, cd, ce, cx, dd, de, dx, ee, ex, c1, c2, c3, c4, tolerance
    )
    gain = ax * ax * inverse
    inside = gain * (c1 + 4.0 * (c2 + c4) + 6.0 * c3 + c5) + s1
    later = gain * (c2 + 3.0 * (c3 + c4) + c5)
    return (
        inside + s0, inside, b0 + b1, c0_ + c1_, d0 + d1, e0 + e1, later, l0 + l1, k0 + k1,
    )  # fmt: skip


@_compiled
def _grow(
    matrices, walked, doubled, first, stop, weights, sizes, last_weights, tolerance, counted, later
):
    """Add what the subtrees of the tasks first … stop − 1 count.

    Task t is the subset t mod 2^walked of the first `walked` players (player 0 the
    highest bit) in replicate t // 2^walked; row 0 of `counted` and of `later`, what a
    player's gains count for those after it, is the first's replicate.
    """
    n_players = matrices.shape[1] - 1
    tail = n_players - walked
    lanes = 1 << doubled
    state = np.empty((tail * (tail + 3) // 2) * ROW)
    slopes = np.empty(lanes)
    gains = np.empty(lanes)  # of the doubled levels, each from its number of lanes on
    path = np.empty((walked + 1, n_players + 1, n_players + 1))
    for task in range(first, stop):
        replicate = task >> walked
        subset = task & ((1 << walked) - 1)
        own, after = counted[replicate - (first >> walked)], later[replicate - (first >> walked)]
        _walk(matrices[replicate], walked, subset, task == first, weights, path, own, after)
        for row in range(tail):
            base = (tail - row - 1) * (tail - row + 2) // 2
            for column in range(row, tail + 1):
                state[(base + column - row) * ROW] = path[walked, walked + row, walked + column]
        for level in range(doubled):
            _double(state, level, tail, slopes, gains, tolerance)
        members = 0
        for player in range(walked):
            members += (subset >> player) & 1
        last = n_players - STRAIGHT
        _straight(state, lanes, last_weights[members * ROW :], tolerance, own[last:], after[last:])
        _fold(state, gains, walked, doubled, members, weights, sizes, own, after)
        for player in range(walked):
            if (subset >> (walked - 1 - player)) & 1:
                own[player] += state[0]


@_compiled
def _walk(matrix, walked, subset, afresh, weights, path, own, after):
    """Bring path[walked] to the matrix given `subset`; count each node where it is first met."""
    changed = 0 if afresh else walked
    while changed > 0 and subset & ((1 << (walked - changed)) - 1) == 0:
        changed -= 1
    if changed == 0:
        path[0] = matrix
    size = matrix.shape[0]
    members = 0
    for player in range(walked):
        included = (subset >> (walked - 1 - player)) & 1
        here = path[player]
        pivot = here[player, player]
        inverse = 1.0 / pivot if pivot > PIVOT_TOLERANCE else 0.0
        if subset & ((1 << (walked - player)) - 1) == 0:
            gain = here[player, size - 1] * here[player, size - 1] * inverse
            own[player] += weights[player, members] * gain
            for other in range(player):
                if (subset >> (walked - 1 - other)) & 1:
                    own[other] += weights[player, members] * gain
            after[player] += weights[player + 1, members + 1] * gain
        if player >= changed:
            factor = inverse if included else 0.0
            for row in range(player + 1, size - 1):
                slope = here[player, row] * factor
                for column in range(row, size):
                    path[player + 1, row, column] = here[row, column] - slope * here[player, column]
        members += included


@_compiled
def _double(state, level, tail, slopes, gains, tolerance):
    """Sweep the variable `level` out of all lanes; the results are as many lanes more.

    Unsigned offsets: signed ones are tested for counting from the end, lane by lane.
    """
    lanes = np.uintp(1 << level)
    left = tail - level
    pivot = (left - 1) * (left + 2) // 2
    a, x = np.uintp(pivot * ROW), np.uintp((pivot + left) * ROW)
    for lane in range(lanes):
        slope = state[x + lane] * _inverse(state[a + lane], tolerance)
        gains[lanes + lane] = state[x + lane] * slope
    for later in range(1, left):
        first = (left - later - 1) * (left - later + 2) // 2
        b = np.uintp((pivot + later) * ROW)
        for lane in range(lanes):
            slopes[lane] = state[b + lane] * _inverse(state[a + lane], tolerance)
        for column in range(left - later + 1):
            source = np.uintp((first + column) * ROW)
            c = np.uintp((pivot + later + column) * ROW)
            for lane in range(lanes):
                state[source + lanes + lane] = state[source + lane] - slopes[lane] * state[c + lane]


@_compiled
def _straight(state, lanes, weights, tolerance, own, after):
    """The last five variables on every lane; the sum of each replaces row 0."""
    f0 = f1 = f2 = f3 = f4 = a0 = a1 = a2 = 0.0
    for lane in range(lanes):
        inside, g0, g1, g2, g3, g4, l0, l1, l2 = _tree5(
            state[14 * ROW + lane], state[15 * ROW + lane], state[16 * ROW + lane],
            state[17 * ROW + lane], state[18 * ROW + lane], state[19 * ROW + lane],
            state[9 * ROW + lane], state[10 * ROW + lane], state[11 * ROW + lane],
            state[12 * ROW + lane], state[13 * ROW + lane],
            state[5 * ROW + lane], state[6 * ROW + lane], state[7 * ROW + lane],
            state[8 * ROW + lane],
            state[2 * ROW + lane], state[3 * ROW + lane], state[4 * ROW + lane],
            state[lane], state[ROW + lane],
            weights[lane], weights[ROW + lane], weights[2 * ROW + lane],
            weights[3 * ROW + lane], weights[4 * ROW + lane], tolerance,
        )  # fmt: skip
        f0 += g0
        f1 += g1
        f2 += g2
        f3 += g3
        f4 += g4
        a0 += l0
        a1 += l1
        a2 += l2
        state[lane] = inside
    own[0] += f0
    own[1] += f1
    own[2] += f2
    own[3] += f3
    own[4] += f4
    after[0] += a0
    after[1] += a1
    after[2] += a2


@_compiled
def _fold(state, gains, walked, doubled, members, weights, sizes, own, after):
    """Fold the lanes of the sum, level by level, into lane 0 and into `own` and `after`."""
    for level in range(doubled - 1, -1, -1):
        lanes = 1 << level
        player = walked + level
        total = for_later = 0.0
        for lane in range(lanes):
            size = members + sizes[lane]
            gain = gains[lanes + lane]
            inside = weights[player, size] * gain + state[lanes + lane]
            total += inside
            for_later += weights[player + 1, size + 1] * gain
            state[lane] += inside
        own[player] += total
        after[player] += for_later
