"""What is suppressed beside small counts, held against whoever tries all the sums."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mot_research.numbers import complement
from mot_research.survey.suppression import COMPLEMENTARY, SUPPRESSED, SegmentCounts
from tests.survey.attacker import possible_counts


def frame_of(sizes):
    """Labels of so many respondents of each combination of values."""
    return pd.DataFrame(
        [
            dict(zip(("a", "b", "c"), key, strict=False))
            for key, n in sizes.items()
            for _ in range(n)
        ]
    )


@given(st.lists(st.one_of(st.integers(0, 12), st.integers(0, 300)), min_size=2, max_size=6))
def test_no_part_of_a_total_is_settled_by_the_others(parts):
    beside = complement(tuple(parts))
    small = [n for n in parts if 0 < n < 10]
    hidden = sum(small) + sum(parts[place] for place in beside)
    assert all(parts[place] >= 10 for place in beside)
    if not small:
        assert not beside
    elif len(beside) + len(small) < sum(n > 0 for n in parts):  # something is left to show
        assert hidden >= 10
        ways = [
            each
            for each in product(range(1, 10), repeat=len(small))
            if (hidden == sum(each) if not beside else hidden - sum(each) >= 10 * len(beside))
        ]
        assert all(len(set(of_one)) > 1 for of_one in zip(*ways, strict=True))


@pytest.mark.parametrize(
    ("parts", "beside"),
    [
        ((5, 40, 100, 0), (1,)),
        ((5, 9, 100), ()),
        ((10, 40, 0), ()),
        ((1, 1, 60, 80), (2,)),  # two that add up to 2
        ((9, 9, 60, 80), (2,)),  # and to 18
        ((3, 4, 60, 80), (2,)),  # together fewer than 10
        ((1, 10, 80), (1, 2)),  # 11 with a part of 10 or more
    ],
)
def test_what_goes_with_small_parts(parts, beside):
    assert complement(parts) == beside


def test_the_smallest_other_goes_with_a_small_count():
    found = SegmentCounts.of(frame_of({("x",): 5, ("y",): 40, ("z",): 100})).suppressed()
    assert found.loc["a"].to_dict() == {"x": SUPPRESSED, "y": COMPLEMENTARY, "z": ""}


def test_who_is_counted_decides():
    frame = frame_of({("x",): 50, ("y",): 40, ("z",): 100})
    counted = np.arange(190) >= 43  # 7 of x
    who = SegmentCounts.of(frame)
    assert not who.suppressed().any()
    assert who.suppressed(counted).loc[("a", "x")] == SUPPRESSED


REGIONS = {  # the first column divides the second
    ("north", "up"): 100, ("north-east", "up"): 5, ("south", "down"): 50, ("south-east", "down"): 60
}  # fmt: skip


def test_a_country_does_not_tell_the_size_of_its_region():
    found = SegmentCounts.of(frame_of(REGIONS)).suppressed()
    assert found.loc[("a", "north-east")] == SUPPRESSED
    assert found.loc[("a", "south")] == COMPLEMENTARY  # of the total
    assert found.loc[("a", "north")] == COMPLEMENTARY  # north-east = up - north


def test_the_same_people_under_two_names_are_hidden_under_both():
    sizes = {("x", "X"): 6, ("y", "Y"): 40, ("z", "Z"): 90, ("u", "Z"): 70}
    found = SegmentCounts.of(frame_of(sizes)).suppressed()
    assert (found.loc["b"].loc[["X", "Y"]] != "").all()
    assert found.loc[("a", "y")]


CASES = [
    REGIONS,
    {("x", "X"): 6, ("y", "Y"): 40, ("z", "Z"): 90, ("u", "Z"): 70},
    {("x", "X"): 6, ("y", "Y"): 40, ("z", "Y"): 90, ("u", "X"): 70},
    {("x", "X", "1"): 4, ("y", "X", "1"): 80, ("z", "Y", "1"): 50, ("u", "Y", "2"): 50},
    {("x", "X", "1"): 4, ("x", "Y", "2"): 80, ("z", "Y", "1"): 3, ("u", "Z", "2"): 50},
    {("x", None): 4, ("y", "X"): 80, ("z", "Y"): 50, (None, "Y"): 12},
]


@pytest.mark.parametrize("sizes", [*CASES, *range(12)])
def test_an_attacker_who_knows_all_that_is_shown_settles_no_small_count(sizes):
    if isinstance(sizes, int):  # of that seed: regions in countries, and a third column
        rng = np.random.default_rng(sizes)
        sizes = {
            (f"r{region}", f"c{region // 3}", f"k{kind}"): int(rng.choice([0, 2, 7, 30, 60]))
            for region in range(7)
            for kind in range(2)
        }
    frame = frame_of(sizes)
    found = SegmentCounts.of(frame).suppressed()
    counts = {
        ((segment, (value,)),): int((frame[segment] == value).sum())
        for segment, value in found.index
    }
    reasons = dict(zip(counts, found, strict=True))
    known = {(): len(frame)} | {group: counts[group] for group, why in reasons.items() if not why}
    small = [group for group, why in reasons.items() if why == SUPPRESSED]
    assert small == [group for group, n in counts.items() if 0 < n < 10]
    for group in small:
        least, most = possible_counts(frame.drop_duplicates(), known, group, small)
        assert least < most, group
