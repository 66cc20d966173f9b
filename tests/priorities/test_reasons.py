"""The border's sentence: settled, not settled, and what would settle it."""

import pandas as pd
import pytest

from mot_research.drivers.sample_size import SampleSize
from mot_research.priorities import reasons


def size(border, pair=("a", "b")):
    return SampleSize("y", 1000, 5, border, pair, 0.8, 0.95, pd.DataFrame())


def test_settled():
    text = reasons.border(5, [], 5, 12)
    assert text == "The first 5 of the 12 tested moments are settled."


def tied(number):
    return [f"Moment {j}" for j in range(number)]


@pytest.mark.parametrize("sure", [0, 1, 3])
def test_says_how_many_more_would_settle_it(sure):
    text = reasons.border(sure, tied(8 - sure), 5, 12, reasons.more_interviews(size(1900)))
    assert text.endswith("About 900 more interviews would settle it.")
    assert f"{8 - sure}" in text


@pytest.mark.parametrize("border", [20_001, None])
def test_beyond_reason(border):
    text = reasons.more_interviews(size(border))
    assert text.endswith("Not even 20 times as many interviews would settle it.")


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (2.44, "About 2.4 times as many interviews would settle it."),
        (21.0, "Not even 20 times as many interviews would settle it."),
        (None, "Not even 20 times as many interviews would settle it."),
        (0.9, ""),
    ],
)
def test_what_would_settle_both_roles_is_said_in_times(times, said):
    assert reasons.more_of_both(times) == said


def test_without_a_size_nothing_is_promised():
    assert reasons.border(3, tied(5), 5, 12).endswith("by cost or passion.")
    assert reasons.more_interviews(size(None, ())) == ""
    assert reasons.more_interviews(size(900)) == ""


def test_a_short_tie_is_named():
    assert "2 moments (Moment 0, Moment 1) can't be told apart" in reasons.border(3, tied(2), 5, 12)
    assert "(" not in reasons.border(0, tied(9), 5, 12)
