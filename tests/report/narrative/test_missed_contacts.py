"""Missed contacts as people read them: sentences, tables, the funnel."""

import dataclasses
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from mot_research.report import contact_charts
from mot_research.report.exchange import findings_record
from mot_research.report.narrative import missed_contacts, picture_words
from tests.report import cases, further

CASES = cases.odd_cases()


@pytest.fixture
def findings():
    return further.with_everything(cases.findings())


@pytest.mark.parametrize("name", CASES)
def test_every_case_has_its_sentences(name):
    findings = CASES[name]
    for write in (
        missed_contacts.summary,
        missed_contacts.table,
        missed_contacts.note,
        missed_contacts.how,
        missed_contacts.not_tested,
        missed_contacts.funnel_caption,
        missed_contacts.balance,
        missed_contacts.counts,
    ):
        text = write(findings)
        assert "nan" not in text.replace("finance", "")
        assert not re.search(r"(?<!\\)<script", text)
        assert "None" not in text


def test_what_was_passed_over_is_named_with_its_interval(findings):
    text = missed_contacts.summary(findings)
    assert "due for 5,000 customers" in text
    assert "in time for 64" in text
    assert "+40.0 (+20.0 to +60.0) percentage points of Renewed the contract" in text
    assert "Passed over: 20,000 (10,000 to 31,000) customers for Renewed the contract" in text
    assert "What missing costs is within chance at “Outage call”" in text
    assert "It can't be tested at “Third call" in text


def test_without_a_log_one_line_says_what_brings_it():
    assert missed_contacts.summary(cases.findings()) == missed_contacts.NO_LOG
    assert missed_contacts.note(cases.findings()) == ""


def test_a_log_of_all_customers_is_not_scaled(findings):
    contacts = dataclasses.replace(findings.contacts, of_a_survey=False, scaled=False)
    text = missed_contacts.note(dataclasses.replace(findings, contacts=contacts))
    assert "of its own customers, not scaled" in text
    assert "weighted share times the 240,000 customers" in missed_contacts.note(findings)


def test_effects_against_the_company_are_no_revenue_passed_over(findings):
    against = {"effect": -0.4, "ci_lower": -0.6, "ci_upper": -0.2, "passed_over": -9.0}
    effects = tuple(
        one if one.reason else dataclasses.replace(one, **against)
        for one in findings.contacts.effects
    )
    contacts = dataclasses.replace(findings.contacts, effects=effects)
    text = missed_contacts.summary(dataclasses.replace(findings, contacts=contacts))
    assert "−40" in text
    assert "Passed over" not in text


def test_small_counts_are_hidden_and_not_to_be_read_off(findings):
    table = contact_charts.funnel_table(findings.contacts.counts)
    second = table.rows[1]
    assert "fewer than 10" in second
    assert second[-1] == contact_charts.WITHHELD
    sheet = contact_charts.hidden_counts(findings.contacts.counts)
    assert sheet.loc[1, "late"] == "fewer than 10"
    assert pd.isna(sheet.loc[1, "share_in_time"])
    groups = contact_charts.hidden_groups(findings.contacts.to_frame())
    assert not groups["n_in_time"].between(1, 9).any()


def test_findings_json_carries_counts_and_effects(findings):
    entries = findings_record(findings)["contacts"]
    assert [entry["moment"] for entry in entries] == ["m1", "m2", "m3"]
    assert entries[0]["counts"][0]["never"] == 1300
    first = entries[0]["effects"][0]
    assert first["outcome"] == "recommend"
    assert first["balance"][0]["after"] == pytest.approx(0.01)
    assert entries[2]["effects"][0]["effect"] is None
    assert entries[2]["effects"][0]["reason"]


class TestTheFunnel:
    def test_shares_fill_each_bar(self, findings):
        ax = findings.contacts.plot()
        for y in range(3):
            bars = [bar for bar in ax.patches if abs(bar.get_y() + bar.get_height() / 2 - y) < 0.1]
            assert sum(bar.get_width() for bar in bars) == pytest.approx(100)
        labels = [label.get_text() for label in ax.get_yticklabels()]
        assert labels[0].endswith("due for 5,000")
        plt.close(ax.figure)

    def test_no_text_overlaps_with_twenty_long_names(self, findings):
        counts = pd.concat([findings.contacts.counts.head(1)] * 20, ignore_index=True)
        counts["moment"] = [f"m{i}" for i in range(20)]
        counts["name"] = [f"{i} W{'w' * 60}" for i in range(20)]
        ax = dataclasses.replace(findings.contacts, counts=counts).plot()
        figure = ax.figure
        figure.canvas.draw()
        boxes = [text.get_window_extent() for text in (*ax.texts, *ax.get_yticklabels())]
        assert len(boxes) >= 80
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[i + 1 :])
            assert box.x0 >= 0
            assert box.x1 <= figure.bbox.width
        plt.close(figure)

    def test_with_nothing_due_says_so(self, findings):
        few = findings.contacts.counts.assign(triggered=12)
        nothing = dataclasses.replace(findings.contacts, counts=few)
        assert contact_charts.contact_funnels(nothing) == []
        assert contact_charts.contact_funnels(None) == []
        ax = nothing.plot()
        assert ax.texts[0].get_text() == picture_words.NOTHING_DUE
        plt.close(ax.figure)

    def test_shows_itself_in_a_notebook(self, findings):
        assert findings.contacts._repr_html_().startswith("<table")
