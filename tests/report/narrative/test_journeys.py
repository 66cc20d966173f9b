"""Recorded journeys in words, for every case."""

import pytest

from mot_research.report.activity_chart import activity_charts
from mot_research.report.narrative import journeys
from tests.report import cases

ODD = cases.odd_cases()


def plain(markdown):
    return markdown.replace("\\", "")


@pytest.mark.parametrize("case", list(ODD))
def test_every_case_has_its_words(case):
    findings = ODD[case]
    for text in (
        journeys.briefly(findings),
        journeys.summary(findings),
        journeys.caption(findings),
        journeys.table(findings),
    ):
        assert "nan" not in text
        assert "None" not in text
    assert bool(activity_charts(findings)) == (findings.activity is not None)


def test_what_was_recorded_is_said_with_its_counts():
    said = plain(journeys.summary(ODD["everything"]))
    assert "40 customers recorded 70 steps" in said
    assert "(25 customers)" in said
    assert "Most internal interactions: " in said
    assert "decision points" not in said  # five customers: not told


def test_few_customers_have_no_number_in_the_table():
    third = journeys.table(ODD["everything"]).splitlines()[4]
    assert third.count(journeys.HIDDEN) >= 2
    assert "too few" in third or journeys.HIDDEN in third.split("|")[-2]


def test_a_study_without_recordings_says_how_to_bring_them():
    assert journeys.summary(ODD["usual"]) == ""
    assert "`recordings:`" in journeys.caption(ODD["usual"])
