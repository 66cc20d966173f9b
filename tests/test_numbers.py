import math

import pytest

from mot_research import numbers as n

HIDDEN = "suppressed: fewer than 10"


@pytest.mark.parametrize(
    ("people", "shown"),
    [
        (None, "3.9"),
        (0, HIDDEN),
        (9, HIDDEN),
        (10, "too few to say (n = 10)"),
        (29, "too few to say (n = 29)"),
        (30, "3.9†"),
        (49, "3.9†"),
        (50, "3.9"),
    ],
)
def test_small_numbers_are_hidden_or_marked(people, shown):
    assert n.with_base("3.9", people) == shown


def test_one_hidden_count_cannot_be_worked_out_from_the_total():
    shown = n.counts_hidden((1395, 97, 8, 0))
    assert shown == ("1,395", "about 100", "fewer than 10", "0")


def test_two_hidden_counts_hide_each_other():
    assert n.counts_hidden((1490, 7, 3, 0)) == ("1,490", "fewer than 10", "fewer than 10", "0")


def test_counts_of_ten_and_more_are_exact():
    assert n.counts_hidden((10, 20, 0, 1470)) == ("10", "20", "0", "1,470")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.001, "0.00"), (-1234.5, "−1,234.50"), (math.nan, "not available")],
)
def test_plain_numbers(value, text):
    digits = 0 if text == "0" else 2
    assert n.plain(value, digits) == text


def test_signs_and_minus():
    assert [n.signed(v, 2) for v in (0.31, -0.1, 0.001)] == ["+0.31", "−0.10", "0.00"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.0, "100"), (0.0004, "under 1"), (0.9996, "over 99"), (0.125, "12")],
)
def test_percent_rounds_to_none_or_all_only_when_it_is(value, text):
    assert n.percent(value) == f"{text}\N{NO-BREAK SPACE}%"


def test_the_unit_of_an_interval_is_said_once():
    assert n.PERCENT.with_interval(0.12, 0.08, 0.22) == "12\N{NO-BREAK SPACE}% (8 to 22)"
    assert n.PERCENT.span(0.08, 0.22) == "8 to 22\N{NO-BREAK SPACE}%"


def test_without_an_interval_the_number_stands_alone():
    assert n.COUNT.with_interval(3, None, None) == "3"
    assert n.COUNT.with_interval(None, 1, 2) == "not available"
    assert n.COUNT.with_interval(math.nan, 1, 2) == "not available"


def test_effects_on_shares_are_percentage_points():
    assert n.effect_writing("binary", [0.021]).with_interval(0.021, -0.002, 0.04) == (
        "+2.1 (−0.2 to +4.0)"
    )


def test_effects_of_one_table_have_the_same_digits():
    writing = n.effect_writing("score", [0.4, 0.004])
    assert [writing.one(v) for v in (0.4, 0.004)] == ["+0.40", "0.00"]
    assert n.effect_writing("amount", [1234.0, 3.0]).one(3.0) == "+3"


def test_tiny_effects_keep_two_digits():
    assert n.effect_writing("score", [0.0123]).one(0.0123) == "+0.012"
