"""The last plan scored: words by intervals, numbers by their formula, the truth recovered."""

import numpy as np
import pytest

from mot_research.drivers.change import change
from mot_research.drivers.last_plan import score

from .small_surveys import study_of, wave_frame

IDENTITY = 1e-10  # means of some hundred numbers
TARGET = 4.0
SCORE = {"id": "y", "column": "y", "kind": "score", "low": -20, "high": 40}
SCALE = {"low": 1, "high": 5, "not_experienced": [6], "blank": [0], "target": TARGET}


@pytest.mark.parametrize(
    ("expected", "lower", "upper", "word"),
    [
        (0.5, 0.3, 0.6, "as_planned"),
        (0.5, 0.1, 0.4, "less"),
        (0.5, -0.1, 0.2, "not_moved"),
        (0.5, -0.1, 0.6, "unclear"),
        (0.5, -0.4, -0.1, "fell"),
    ],
)
def test_words_follow_the_interval(expected, lower, upper, word):
    assert score(expected, lower, upper) == word


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The first moment is fixed in wave B, the second falls; the third has no effect."""
    a = wave_frame(1, means=(3.0, 3.3, 3.0), effects=(0.9, 0.7, 0.0), reach=(1, 0.7, 1))
    b = wave_frame(2, means=(4.4, 2.9, 3.0), effects=(0.9, 0.7, 0.0), reach=(1, 0.7, 1))
    folder = tmp_path_factory.mktemp("plan")
    survey, units, draws = study_of(folder, {"A": a, "B": b}, outcomes=[SCORE], ratings=SCALE)
    outcome = survey.study.outcome("y")
    table = change(survey, units, draws, outcome, "A", "B", survey.study.rules).last_plan
    return a, table


def test_expected_is_what_the_earlier_wave_lacked(found):
    frame, table = found
    for name in ("a", "b"):
        rating = frame[name][frame[name] != 6]
        lack = np.maximum(TARGET - rating, 0).mean()
        assert table.expected_rating[name] == pytest.approx(lack, rel=IDENTITY)
        assert table.rating[name] == pytest.approx(rating.mean(), rel=IDENTITY)


def test_what_was_fixed_moved_and_what_fell_did_not(found):
    table = found[1]
    assert table.asked.tolist() == [True, True, False]
    assert table.score["a"] == "as_planned"
    assert table.score["b"] == "fell"
    assert table.seen_outcome["a"] > 0 > table.seen_outcome["b"]


def test_the_expected_gain_covers_its_truth(found):
    frame, table = found
    lack = np.maximum(TARGET - frame["a"], 0).mean()
    row = table.loc["a"]
    assert row["expected_outcome_ci_lower"] < 0.9 * lack < row["expected_outcome_ci_upper"]
