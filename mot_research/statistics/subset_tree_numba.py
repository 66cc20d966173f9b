"""The subset tree of `subset_tree`, compiled: under a nanosecond a subset and core.

Import it only where there is work: importing numba and loading the compiled code
takes half a second, and compiling it five (once, where a cache can be written).

The first players are walked one subset at a time (a *task*, so that threads share
them), the next ones are doubled in place into lanes, and the last five are
straight-line code on every lane, which the compiler turns into vector instructions.

One flat buffer holds the state, a row of lanes for each entry of the upper triangle,
the last variable first: the rows of the variable with `left` variables left (itself
included) start at row (left − 1)(left + 2) / 2 and hold its pivot, its covariances
with the later ones, and that with the outcome. The rows of the last five therefore
lie at fixed distances, and the compiler can prove that they do not overlap.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit

from mot_research.statistics.side_by_side import n_cores
from mot_research.statistics.subset_tree import shapley_weights, subset_sizes
from mot_research.statistics.sweeping import PIVOT_TOLERANCE

STRAIGHT = 5  # variables at the bottom, as straight-line code
DOUBLED = 10  # variables above them, at most, doubled into lanes: 220 KB in use
ROW = (1 << DOUBLED) + 8  # eight more, so that the rows do not share their cache sets
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
        Symmetric, on the correlation scale, the outcome last; p ≥ 6.

    Returns
    -------
    ndarray of shape (replicates, p)
    """
    replicates, n_players = len(matrices), matrices.shape[-1] - 1
    walked = max(0, n_players - STRAIGHT - DOUBLED)
    doubled = n_players - STRAIGHT - walked
    weights = shapley_weights(n_players)
    sizes = subset_sizes(doubled)
    last_weights = np.zeros((n_players + 1 - doubled, ROW))
    for extra, row in enumerate(last_weights):
        row[: sizes.size] = weights[-1, sizes + extra]
    matrices = np.ascontiguousarray(matrices)
    n_tasks = replicates << walked
    chunk = max(1, CHUNK_SUBSETS >> (n_players - walked))

    def grow(first: int) -> np.ndarray:
        stop = min(first + chunk, n_tasks)
        shares = np.zeros((((stop - 1) >> walked) - (first >> walked) + 1, n_players))
        _grow(matrices, walked, doubled, first, stop, weights, sizes, last_weights.ravel(), shares)
        return shares

    starts = range(0, n_tasks, chunk)
    shares = np.zeros((replicates, n_players))
    with ThreadPoolExecutor(n_cores()) as pool:
        for first, part in zip(starts, pool.map(grow, starts), strict=True):
            replicate = first >> walked
            shares[replicate : replicate + len(part)] += part
    return shares


@_inlined
def _inverse(a):
    """1 / a, or 0 for a redundant pivot."""
    usable = a > PIVOT_TOLERANCE
    return (1.0 if usable else 0.0) / (a if usable else 1.0)


@_inlined
def _tree2(aa, ab, ax, bb, bx, w0, w1, w2):
    """The last two: three gains by one division, 1 / (aa · bb · (aa bb − ab²))."""
    usable = aa > PIVOT_TOLERANCE
    aa = aa if usable else 1.0
    ab = ab if usable else 0.0
    ax = ax if usable else 0.0
    given = aa * bb - ab * ab  # aa times the pivot of b given a
    given_x = aa * bx - ab * ax
    usable = given > PIVOT_TOLERANCE * aa
    given = given if usable else 1.0
    given_x = given_x if usable else 0.0
    usable = bb > PIVOT_TOLERANCE
    bb = bb if usable else 1.0
    bx = bx if usable else 0.0
    both = aa * bb
    inverse = 1.0 / (both * given)
    rest = inverse * given
    gain_a = ax * ax * bb * rest
    gain_b = bx * bx * aa * rest
    gain_given = given_x * given_x * bb * inverse
    inside_a = gain_a * (w0 + w1)
    outside_b = gain_b * w1
    inside_given = gain_given * w1
    inside_b = gain_b * w0
    phi_b = inside_b + inside_given
    return (
        inside_a + phi_b,
        gain_a * (w1 + w2) + outside_b + gain_given * w2,
        inside_a + inside_given - outside_b,
        phi_b,
    )


@_inlined
def _tree3(aa, ab, ac, ax, bb, bc, bx, cc, cx, w0, w1, w2, w3):
    inverse = _inverse(aa)
    b = ab * inverse
    c = ac * inverse
    i1, o1, b1, c1 = _tree2(
        bb - b * ab, bc - b * ac, bx - b * ax, cc - c * ac, cx - c * ax, w1, w2, w3
    )
    i0, o0, b0, c0 = _tree2(bb, bc, bx, cc, cx, w0, w1, w2)
    gain = ax * ax * inverse
    inside = gain * (w0 + w1 + w1 + w2)
    outside = gain * (w1 + w2 + w2 + w3)
    return inside + i0 + i1, outside + o0 + o1, inside + i1 - o0, b0 + b1, c0 + c1


@_inlined
def _tree4(aa, ab, ac, ad, ax, bb, bc, bd, bx, cc, cd, cx, dd, dx, w0, w1, w2, w3, w4):
    inverse = _inverse(aa)
    b = ab * inverse
    c = ac * inverse
    d = ad * inverse
    i1, o1, b1, c1, d1 = _tree3(
        bb - b * ab, bc - b * ac, bd - b * ad, bx - b * ax,
        cc - c * ac, cd - c * ad, cx - c * ax,
        dd - d * ad, dx - d * ax,
        w1, w2, w3, w4,
    )  # fmt: skip
    i0, o0, b0, c0, d0 = _tree3(bb, bc, bd, bx, cc, cd, cx, dd, dx, w0, w1, w2, w3)
    gain = ax * ax * inverse
    inside = gain * (w0 + 3.0 * (w1 + w2) + w3)
    outside = gain * (w1 + 3.0 * (w2 + w3) + w4)
    return inside + i0 + i1, outside + o0 + o1, inside + i1 - o0, b0 + b1, c0 + c1, d0 + d1


@_inlined
def _tree5(
    aa, ab, ac, ad, ae, ax, bb, bc, bd, be, bx, cc, cd, ce, cx, dd, de, dx, ee, ex,
    w0, w1, w2, w3, w4, w5,
):  # fmt: skip
    inverse = _inverse(aa)
    b = ab * inverse
    c = ac * inverse
    d = ad * inverse
    e = ae * inverse
    i1, o1, b1, c1, d1, e1 = _tree4(
        bb - b * ab, bc - b * ac, bd - b * ad, be - b * ae, bx - b * ax,
        cc - c * ac, cd - c * ad, ce - c * ae, cx - c * ax,
        dd - d * ad, de - d * ae, dx - d * ax,
        ee - e * ae, ex - e * ax,
        w1, w2, w3, w4, w5,
    )  # fmt: skip
    i0, o0, b0, c0, d0, e0 = _tree4(
        bb, bc, bd, be, bx, cc, cd, ce, cx, dd, de, dx, ee, ex, w0, w1, w2, w3, w4
    )
    gain = ax * ax * inverse
    inside = gain * (w0 + 4.0 * (w1 + w3) + 6.0 * w2 + w4)
    outside = gain * (w1 + 4.0 * (w2 + w4) + 6.0 * w3 + w5)
    return (
        inside + i0 + i1, outside + o0 + o1,
        inside + i1 - o0, b0 + b1, c0 + c1, d0 + d1, e0 + e1,
    )  # fmt: skip


@_compiled
def _grow(matrices, walked, doubled, first, stop, weights, sizes, last_weights, shares):
    """Add the subtrees of the tasks first … stop − 1 to `shares`.

    Task t is the subset t mod 2^walked of the first `walked` players (player 0 the
    highest bit) in replicate t // 2^walked; row 0 of `shares` is the first's replicate.
    """
    n_players = matrices.shape[1] - 1
    tail = n_players - walked
    lanes = 1 << doubled
    state = np.empty((tail * (tail + 3) // 2) * ROW)
    inverses = np.empty(lanes)
    gains = np.empty(lanes)  # of the doubled levels, each from its number of lanes on
    path = np.empty((walked + 1, n_players + 1, n_players + 1))
    for task in range(first, stop):
        replicate = task >> walked
        subset = task & ((1 << walked) - 1)
        share = shares[replicate - (first >> walked)]
        _walk(matrices[replicate], walked, subset, task == first, weights, path, share)
        for row in range(tail):
            base = (tail - row - 1) * (tail - row + 2) // 2
            for column in range(row, tail + 1):
                state[(base + column - row) * ROW] = path[walked, walked + row, walked + column]
        for level in range(doubled):
            _double(state, level, tail, inverses, gains)
        members = 0
        for player in range(walked):
            members += (subset >> player) & 1
        _straight(state, lanes, last_weights[members * ROW :], share[n_players - STRAIGHT :])
        _fold(state, gains, walked, doubled, members, weights, sizes, share)
        for player in range(walked):
            if (subset >> (walked - 1 - player)) & 1:
                share[player] += state[0]
            else:
                share[player] -= state[ROW]


@_compiled
def _walk(matrix, walked, subset, afresh, weights, path, share):
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
            share[player] += weights[player, members] * gain
            for other in range(player):
                if (subset >> (walked - 1 - other)) & 1:
                    share[other] += weights[player, members] * gain
                else:
                    share[other] -= weights[player, members + 1] * gain
        if player >= changed:
            factor = inverse if included else 0.0
            for row in range(player + 1, size - 1):
                slope = here[player, row] * factor
                for column in range(row, size):
                    path[player + 1, row, column] = here[row, column] - slope * here[player, column]
        members += included


@_compiled
def _double(state, level, tail, inverses, gains):
    """Sweep the variable `level` out of all lanes; the results are as many lanes more.

    Unsigned offsets: signed ones are tested for counting from the end, lane by lane.
    """
    lanes = np.uintp(1 << level)
    left = tail - level
    pivot = (left - 1) * (left + 2) // 2
    a, x = np.uintp(pivot * ROW), np.uintp((pivot + left) * ROW)
    for lane in range(lanes):
        inverses[lane] = _inverse(state[a + lane])
        gains[lanes + lane] = state[x + lane] * state[x + lane] * inverses[lane]
    for later in range(1, left):
        first = (left - later - 1) * (left - later + 2) // 2
        b = np.uintp((pivot + later) * ROW)
        for column in range(left - later + 1):
            source = np.uintp((first + column) * ROW)
            c = np.uintp((pivot + later + column) * ROW)
            for lane in range(lanes):
                state[source + lanes + lane] = (
                    state[source + lane] - inverses[lane] * state[b + lane] * state[c + lane]
                )


@_compiled
def _straight(state, lanes, weights, share):
    """The last five variables on every lane; the two sums replace the rows 0 and 1."""
    f0 = f1 = f2 = f3 = f4 = 0.0
    for lane in range(lanes):
        inside, outside, g0, g1, g2, g3, g4 = _tree5(
            state[14 * ROW + lane], state[15 * ROW + lane], state[16 * ROW + lane],
            state[17 * ROW + lane], state[18 * ROW + lane], state[19 * ROW + lane],
            state[9 * ROW + lane], state[10 * ROW + lane], state[11 * ROW + lane],
            state[12 * ROW + lane], state[13 * ROW + lane],
            state[5 * ROW + lane], state[6 * ROW + lane], state[7 * ROW + lane],
            state[8 * ROW + lane],
            state[2 * ROW + lane], state[3 * ROW + lane], state[4 * ROW + lane],
            state[lane], state[ROW + lane],
            weights[lane], weights[ROW + lane], weights[2 * ROW + lane],
            weights[3 * ROW + lane], weights[4 * ROW + lane], weights[5 * ROW + lane],
        )  # fmt: skip
        f0 += g0
        f1 += g1
        f2 += g2
        f3 += g3
        f4 += g4
        state[lane] = inside
        state[ROW + lane] = outside
    share[0] += f0
    share[1] += f1
    share[2] += f2
    share[3] += f3
    share[4] += f4


@_compiled
def _fold(state, gains, walked, doubled, members, weights, sizes, share):
    """Fold the lanes of the sums, level by level, into lane 0 and into `share`."""
    for level in range(doubled - 1, -1, -1):
        lanes = 1 << level
        player = walked + level
        total = 0.0
        for lane in range(lanes):
            size = members + sizes[lane]
            gain = gains[lanes + lane]
            inside = weights[player, size] * gain + state[lanes + lane]
            outside = weights[player, size + 1] * gain + state[ROW + lanes + lane]
            total += inside - state[ROW + lane]
            state[lane] += inside
            state[ROW + lane] += outside
        share[player] += total
