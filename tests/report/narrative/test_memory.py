"""What is different from the last run, in words."""

import dataclasses

import pytest

from mot_research.report.exchange import findings_record
from mot_research.report.narrative import answer, brief, memory
from mot_research.study.manifests import Difference, Memory
from tests.report.cases import findings

NONE = Difference("2026Q2", {}, {}, (), (), ())
RULES = {"p_top": (0.9, 0.8), "pool": ({"revenue": 4}, {"revenue": 2}), "top": (10, 12)}


def after(**changes):
    return dataclasses.replace(findings(), memory=Memory(dataclasses.replace(NONE, **changes)))


def test_changed_rules_stand_on_page_one_and_in_the_brief():
    changed = after(rules={"p_top": (0.9, 0.8)})
    sentence = r"**The rules are not those of wave 2026Q2:** p top 0\.8\, was 0\.9."
    assert sentence in answer.answer_sentences(changed)
    assert sentence in brief.the_page(changed)
    assert len(" ".join(answer.answer_sentences(changed)).split()) <= answer.ANSWER_WORDS


def test_many_changed_rules_are_counted():
    more = {**RULES, "min_n": (50, 60), "bets": (2, 3)}
    assert "two more rules" in memory.rules_changed(after(rules=more))


@pytest.mark.parametrize("nothing", [after(), findings()])
def test_without_a_change_page_one_says_nothing(nothing):
    assert memory.rules_changed(nothing) == ""
    assert "The rules are not" not in brief.the_page(nothing)


def test_everything_that_differs_is_told_in_full():
    changed = after(
        rules=RULES,
        versions={"numpy": ("2.3", "2.4")},
        added=("waves/q3.csv",),
        removed=("old.csv",),
        changed=("<b>*votes*</b>.csv",),
    )
    text = memory.since_last_run(changed)
    for part in ("revenue 2", "numpy", "New files", "Files gone", "another content"):
        assert part in text
    assert "<b>" not in text
    line = memory.for_terminal(changed.memory.difference)
    assert "rule p top 0.8, was 0.9" in line
    assert "changed file" in line


def test_nothing_and_no_run_are_said():
    assert "are those of the run of wave 2026Q2" in memory.since_last_run(after())
    assert "not compared" in memory.since_last_run(findings())
    assert memory.for_terminal(NONE).startswith("Same files")


def test_findings_json_does_not_depend_on_an_earlier_run():
    assert findings_record(after(rules=RULES)) == findings_record(findings())
