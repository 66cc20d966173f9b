"""The workshop in words, tables and a picture, for the usual case and the odd ones."""

import dataclasses
import itertools

import matplotlib.pyplot as plt
import pytest

from mot_research.report import consensus_chart
from mot_research.report.narrative import consensus_pages
from tests.report import cases
from tests.report.said import SILOS, workshop

PARTS = (
    consensus_pages.summary,
    consensus_pages.differences,
    consensus_pages.chart_caption,
    consensus_pages.measures_table,
    consensus_pages.silos_table,
    consensus_pages.pairs_table,
    consensus_pages.stages_table,
)


def with_votes(findings, silos=SILOS, **more):
    return dataclasses.replace(findings, consensus=workshop(findings.study, silos, **more))


def test_without_votes_one_line_says_what_would_bring_them():
    findings = cases.findings(3)
    assert consensus_pages.summary(findings) == consensus_pages.NO_VOTES
    assert consensus_pages.differences(findings) == consensus_pages.chart_caption(findings) == ""
    assert consensus_chart.silo_agreements(findings) == []


def test_who_differs_from_whom_on_what_is_said():
    text = consensus_pages.differences(with_votes(cases.findings(8)))
    assert "are furthest apart: they answer alike on" in text
    assert "Most disputed is “" in text
    assert "is placed in" in text


def test_where_all_agree_no_difference_is_made_up():
    findings = with_votes(cases.findings(3), alike=True)
    assert consensus_pages.differences(findings) == "No two silos differ."
    assert "nothing can be said: all votes are alike" in consensus_pages.summary(findings)


@pytest.mark.parametrize("part", PARTS)
def test_hostile_names_print_literally(part):
    findings = with_votes(cases.findings(12, names=cases.HOSTILE), silos=cases.HOSTILE[:4])
    text = part(findings)
    assert "<script>" not in text
    assert "{{<" not in text
    assert " |---|" not in text


@pytest.mark.parametrize(("n", "silos"), [(20, SILOS * 2), (40, SILOS[:3]), (1, ("Sales", "IT"))])
def test_no_label_of_the_picture_lies_on_another(n, silos):
    silos = [f"{name} {i}" if i >= 6 else name for i, name in enumerate(silos)]
    [ax] = consensus_chart.silo_agreements(with_votes(cases.findings(n), silos=silos))
    figure = ax.figure
    figure.canvas.draw()
    boxes = [
        text.get_window_extent().shrunk(0.98, 0.9)
        for text in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.title)
        if text.get_text()
    ]
    overlapping = [
        (one, other) for one, other in itertools.combinations(boxes, 2) if one.overlaps(other)
    ]
    assert not overlapping
    inside = figure.bbox.padded(1)
    assert all(inside.contains(*box.min) and inside.contains(*box.max) for box in boxes)
    plt.close(figure)


def test_a_consensus_draws_itself_alone():
    found = with_votes(cases.findings(3)).consensus
    ax = found.plot()
    assert "m1" in [text.get_text() for text in ax.get_yticklabels()]
    assert "Krippendorff" in found._repr_html_()
    plt.close(ax.figure)
