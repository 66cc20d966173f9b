import numpy as np
import pytest

from mot_research.errors import AnalysisError
from mot_research.statistics import streamed
from mot_research.statistics.crossproducts import augmented, unvech
from mot_research.statistics.missing import complete
from mot_research.statistics.streamed import PatternRows, add_products, shifted

# Both iterate to a largest change of 1e-11; what is left of the way is of that order.
CLOSE = 1e-10
UNITS = 7


def rows_with_blanks(seed: int, *, constant: bool = False):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(900, 5)) @ rng.normal(size=(5, 5)) + [0, 1, -2, 0, 0.5]
    if constant:
        data[:, 3] = 2.0
    lacks = rng.random(data.shape) < 0.15
    lacks[:, 0] = False
    lacks[rng.random(900) < 0.4] = False
    return np.where(lacks, np.nan, data), rng.uniform(0.5, 2, 900), rng.integers(0, UNITS, 900)


def in_blocks(columns, weights, codes, size=128):
    """The three steps of a reduction, in blocks."""
    m = columns.shape[1] + 1
    collected, sums = PatternRows(), np.zeros((UNITS, m, m))
    offset = np.nanmean(columns, axis=0)
    columns = columns - offset
    blocks = []
    for start in range(0, len(columns), size):
        part = slice(start, start + size)
        lacks = augmented(np.isnan(columns[part])).astype(bool)
        lacks[:, 0] = False
        z = np.where(lacks, 0.0, augmented(columns[part]))
        whole = ~lacks.any(axis=1)
        add_products(sums, z[whole], weights[part][whole], codes[part][whole])
        blank = z[~whole], lacks[~whole], weights[part][~whole], codes[part][~whole]
        collected.add(blank[0] * np.sqrt(blank[2])[:, None], blank[1])
        blocks.append(blank)
    collected.add_complete(sums.sum(axis=0))
    found, sums = collected.solve(offset), shifted(sums, offset)
    for blank in blocks:
        found.add_expected(sums, *blank)
    return found.moments, sums


@pytest.mark.parametrize("constant", [False, True])
def test_blocks_give_the_moments_of_the_rows_held_at_once(constant):
    columns, weights, codes = rows_with_blanks(3, constant=constant)
    expected = complete(columns, weights)
    found, sums = in_blocks(columns, weights, codes)
    assert found.converged
    np.testing.assert_allclose(found.q, expected.q, atol=CLOSE)
    np.testing.assert_allclose(found.blank_share, expected.blank_share, atol=CLOSE)
    of_units = unvech(expected.cluster_sums(weights, codes, UNITS))
    np.testing.assert_allclose(sums / weights.sum(), of_units / weights.sum(), atol=CLOSE)


def test_blocks_give_the_linearised_step_and_its_gradient():
    columns, weights, codes = rows_with_blanks(5)
    expected = complete(columns, weights)
    found, _ = in_blocks(columns, weights, codes)
    delta = np.random.default_rng(1).normal(size=(4, 21)) / 100
    delta[:, 0] = 0
    np.testing.assert_allclose(found.linearised(delta), expected.linearised(delta), atol=1e-9)
    np.testing.assert_allclose(
        found.linearised_gradient(delta), expected.linearised_gradient(delta), atol=1e-9
    )


def test_a_pattern_never_holds_more_than_a_few_rows():
    columns, weights, _ = rows_with_blanks(7)
    collected = PatternRows()
    lacks = np.zeros((900, 6), dtype=bool)
    lacks[:, 2] = True
    z = np.where(lacks, 0.0, augmented(np.nan_to_num(columns)))
    for start in range(0, 900, 50):
        collected.add(
            z[start : start + 50] * np.sqrt(weights[start : start + 50, None]), lacks[:50]
        )
    (kept,) = collected.of_pattern.values()
    assert sum(map(len, kept)) <= 3 * 6 + 50
    np.testing.assert_allclose(
        np.vstack(kept).T @ np.vstack(kept), (z * weights[:, None]).T @ z, rtol=1e-12, atol=1e-9
    )


def test_too_many_patterns_are_refused_with_the_next_step(monkeypatch):
    monkeypatch.setattr(streamed, "MAX_PATTERNS", 3)
    columns, weights, codes = rows_with_blanks(9)
    with pytest.raises(AnalysisError, match="engine='memory'"):
        in_blocks(columns, weights, codes)


def test_two_columns_never_seen_together_are_refused():
    columns, weights, codes = rows_with_blanks(11)
    columns[:450, 1], columns[450:, 2] = np.nan, np.nan
    with pytest.raises(AnalysisError, match="never observed in the same row"):
        in_blocks(columns, weights, codes)
