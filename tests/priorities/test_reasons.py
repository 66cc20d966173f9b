"""The border's sentence: settled, not settled, and what would settle it."""

import pandas as pd
import pytest

from mot_research.drivers.sample_size import SampleSize
from mot_research.priorities import reasons


def size(border, pair=("a", "b")):
    return SampleSize("y", 1000, 5, border, pair, 0.8, 0.95, pd.DataFrame())


def test_settled():
    text = reasons.border(5, 5, 5, 12, size(2000))
    assert text == "The first 5 of the 12 tested moments are settled."


@pytest.mark.parametrize("sure", [0, 1, 3])
def test_says_how_many_more_would_settle_it(sure):
    text = reasons.border(sure, 8, 5, 12, size(1900))
    assert text.endswith("About 900 more interviews would settle it.")
    assert f"{8 - sure}" in text


@pytest.mark.parametrize("border", [20_001, None])
def test_beyond_reason(border):
    text = reasons.border(3, 8, 5, 12, size(border))
    assert text.endswith("Not even 20 times as many interviews would settle it.")


def test_without_a_size_nothing_is_promised():
    plain = reasons.border(3, 8, 5, 12)
    assert plain.endswith("by cost or passion.")
    assert reasons.border(3, 8, 5, 12, size(None, ())) == plain
    assert reasons.border(3, 8, 5, 12, size(900)) == plain
