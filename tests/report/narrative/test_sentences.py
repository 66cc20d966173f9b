import dataclasses
import re

import pytest

from mot_research.report.narrative import (
    answer,
    beside,
    beyond_the_list,
    captions,
    goals,
    inventory,
    one_moment,
    operations,
    pages,
    scorecards,
    sureness,
    tables,
    together,
    what_changed,
)
from tests.report import cases

ODD = cases.odd_cases()
ACCOUNTABLE = (
    *(scorecards.summary, scorecards.chart_caption, scorecards.stages, scorecards.owners),
    *(scorecards.table_note, operations.operations_note, operations.operations),
    *(operations.by_wave, goals.goals, goals.goals_note, goals.every_goal),
    beside.every_moment,
)
OF_THE_STUDY = (
    *(inventory.lacking, inventory.lacking_by_part, inventory.lacking_by_owner),
    *(inventory.lacking_by_moment, inventory.purposes, inventory.gaps),
)
EVERY = pytest.mark.parametrize("case", list(ODD))


def text_of(findings) -> str:
    """Everything the report says in words and tables."""
    parts = [
        answer.heading(findings),
        answer.answer(findings),
        tables.the_list(findings),
        answer.list_note(findings),
        answer.decisions(findings),
        captions.map_caption(findings),
        captions.matrix_caption(findings),
        pages.the_evidence(findings),
        pages.the_moments(findings),
        beyond_the_list.bets(findings),
        beyond_the_list.missed(findings),
        beyond_the_list.off_list(findings),
        tables.off_list(findings),
        tables.absences(findings),
        sureness.absences_note(findings),
        sureness.method(findings),
        sureness.warnings(findings),
        sureness.not_used(findings),
        tables.reproducibility(findings),
        captions.penalty_caption(findings),
        captions.ranks_caption(findings),
        sureness.who_answered(findings),
        sureness.border(findings),
        what_changed.summary(findings),
        what_changed.chart_note(findings),
        what_changed.beyond_chance(findings),
        what_changed.prediction(findings),
        what_changed.limits(findings),
        together.conflicts(findings),
        together.paths(findings),
        together.segments(findings),
        *(said(findings) for said in ACCOUNTABLE),
        *(said(findings.study) for said in OF_THE_STUDY),
        *(captions.bars_caption(result, findings) for result in findings.drivers.values()),
    ]
    return "\n\n".join(parts)


@EVERY
def test_answer_and_decisions_fit_on_page_one(case):
    findings = ODD[case]
    words = answer.answer(findings).split() + answer.decisions(findings).split()
    assert 5 < len(words) <= answer.ANSWER_WORDS


@EVERY
def test_nothing_of_the_machine_shows(case):
    text = text_of(ODD[case])
    for leak in ("None", "nan", "inf", "Metric(", "{}", "()"):
        assert not re.search(rf"(?<!\w){re.escape(leak)}(?!\w)", text), leak
    assert not re.search(r"[^|\s]  |  [^|\s]| [.,;:](\s|$)", text)


@EVERY
def test_every_decision_is_a_sentence(case):
    for line in answer.decisions(ODD[case]).split("\n"):
        assert re.match(r"\d\. [A-Z].*[.…]$", line), line


@EVERY
def test_no_claim_of_no_effect(case):
    assert "no effect" not in text_of(ODD[case]).lower()


@pytest.mark.parametrize("case", [name for name in ODD if name != "one wave"])
def test_simulated_data_are_said_to_be_so(case):
    findings = ODD[case]
    told = [captions.map_caption(findings), captions.matrix_caption(findings)]
    told += [captions.bars_caption(result, findings) for result in findings.drivers.values()]
    for text in [answer.heading(findings), *told]:
        assert "Simulated data." in text


def test_real_data_are_not_called_simulated():
    assert "imulated" not in text_of(ODD["one wave"])


def test_a_short_list_is_not_padded():
    findings = cases.findings(both=4, one=3, bets=0, likely=0)
    assert answer.answer(findings).startswith(
        "Seven of 20 moments are on the list (all proven); the data prove no more."
    )


def test_one_moment_is_singular():
    findings = cases.findings(3, both=1, one=0, bets=0, likely=0)
    assert answer.answer(findings).startswith(
        "One of three moments is on the list (proven); the data prove no more."
    )


def test_kinds_of_the_list_are_counted():
    assert "(seven proven, one brand bet and two likely)" in answer.answer(ODD["usual"])


def test_nothing_proven_is_said_first():
    assert answer.answer(ODD["nothing proven"]).startswith("No moment is on the list")
    assert "collect more answers" in answer.decisions(ODD["nothing proven"])
    assert tables.the_list(ODD["nothing proven"]) == ""


def test_a_role_without_an_outcome_is_named():
    text = answer.answer(ODD["no revenue"])
    assert "Nothing is said about revenue: this wave has no outcome for it." in text
    assert "relationship only" not in text


def test_without_an_earlier_wave_movement_is_left_out_and_explained():
    findings = ODD["one wave"]
    assert "Moved" not in tables.the_list(findings).split("\n")[0]
    assert "this is the first wave" in answer.list_note(findings)
    assert "Moved" in tables.the_list(ODD["usual"]).split("\n")[0]


def test_movement_within_chance_is_no_movement():
    row = ODD["usual"].priorities.rows[0]
    trend = dataclasses.replace(row.metrics["trend"], value=0.1, ci_lower=-0.1, ci_upper=0.3)
    row = dataclasses.replace(row, metrics={**row.metrics, "trend": trend})
    assert one_moment.moved(row) == "no clear change"


def test_how_sure_gives_the_frequency_of_the_grade():
    rows = ODD["usual"].priorities.rows
    assert one_moment.how_sure(rows[0]) == "Certain"
    assert one_moment.how_sure(rows[1]) == "Proven, 93\N{NO-BREAK SPACE}%"
    bet = next(row for row in rows if row.verdict == "brand_bet")
    assert one_moment.how_sure(bet) == "Not proven"


def test_how_sure_counts_only_the_role_that_gave_the_verdict():
    row = next(row for row in ODD["usual"].priorities.rows if row.verdict == "likely")
    relationship = dataclasses.replace(row.grades["relationship"], p_top=0.61, p_top_each=0.55)
    revenue = dataclasses.replace(row.grades["revenue"], grade="not_proven", p_top=0.98)
    row = dataclasses.replace(row, grades={"relationship": relationship, "revenue": revenue})
    assert one_moment.how_sure(row) == "Likely, 61\N{NO-BREAK SPACE}%"


def test_a_moment_without_an_owner_is_named_for_a_decision():
    assert "Name an owner for “Renewal offer" in answer.decisions(ODD["usual"])


def test_missed_by_the_workshop():
    assert "Outage call" in beyond_the_list.missed(ODD["usual"])
    assert "no shortlist" not in beyond_the_list.missed(ODD["usual"])


@pytest.mark.parametrize("case", ["hostile names", "everything, hostile names"])
def test_names_of_a_study_are_never_obeyed(case):
    text = text_of(ODD[case])
    bare = re.sub(r"\\.", "", text)  # what is escaped is only text
    for command in ("<script", "](", "{{<", "{.x}", "@fig", "`code`", "$x", "{python}"):
        assert command not in bare, command


def test_the_alt_text_names_the_largest():
    alt = captions.alt_priority_matrix(ODD["usual"].priorities)
    assert "First bill arrives" in alt
    assert "14\N{NO-BREAK SPACE}%" in alt


def test_an_empty_matrix_says_so():
    priorities = ODD["no outcome"].priorities
    empty = dataclasses.replace(priorities, rows=())
    assert captions.alt_priority_matrix(empty) == captions.NOTHING_DRAWN


def test_warnings_stand_once():
    findings = dataclasses.replace(ODD["usual"], warnings=("Same.", "Same."))
    assert sureness.warnings(findings).count("Same") == 1
