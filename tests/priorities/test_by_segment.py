"""Verdicts of a segment's values: the rules of the whole, on the values' own results."""

from dataclasses import replace

import pandas as pd
import pytest

from mot_research.errors import AnalysisError
from mot_research.priorities.by_segment import segment_priorities
from mot_research.report.narrative import segment_verdicts
from mot_research.report.narrative.explained import for_terminal
from tests.priorities.test_verdicts import result, study
from tests.report import further
from tests.report.cases import findings


def by_plan(**results):
    """Segments of plan with these results; a third value is too small."""
    base = further.segments(["m0", "m1"])
    values = pd.DataFrame(
        {"status": "analysed", "reason": ""}, index=pd.Index([*results, "corporate"])
    )
    values.loc["corporate"] = "suppressed", "suppressed: fewer than 10"
    return replace(base, outcome="ltr", values=values, results=results)


def test_each_value_has_its_own_verdicts_and_small_ones_are_refused():
    private = result(lmg=[0.3, 0.1])
    family = result(lmg=[0.3, 0.1], q=[0.3, 0.001], p_top=[0.9, 0.6])
    found = segment_priorities(study(2), "A", {"plan": {"ltr": by_plan(a=private, b=family)}})
    verdicts = found["plan"].verdicts
    assert {name: one.verdict for name, one in verdicts["a"].items()} == {
        "m0": "proven",
        "m1": "proven",
    }
    assert {name: one.verdict for name, one in verdicts["b"].items()} == {
        "m0": "not_proven",
        "m1": "likely",
    }
    assert verdicts["b"]["m0"].proven_for == ()
    assert found["plan"].refused == {"corporate": "suppressed: fewer than 10"}


def test_a_segment_of_all_customers_has_the_verdicts_of_the_whole():
    from tests.priorities.test_verdicts import verdicts

    one = result(lmg=[0.3, 0.2, 0.1], p_top=[0.9, 0.6, 0.1], q=[0.001, 0.01, 0.2])
    whole = verdicts(study(3), relationship=one)
    part = segment_priorities(study(3), "A", {"plan": {"ltr": by_plan(all=one)}})
    for row in whole.rows:
        found = part["plan"].verdicts["all"][row.moment.id]
        assert (found.verdict, found.reason) == (row.verdict, row.reason)


def test_an_ordered_outcome_is_read_in_its_numbers():
    defined = study(2)
    ordered = defined.outcomes[0].model_copy(update={"kind": "ordered"})
    defined = defined.model_copy(update={"outcomes": (ordered, *defined.outcomes[1:])})
    found = segment_priorities(defined, "A", {"plan": {"ltr": by_plan(a=result(lmg=[0.3, 0.1]))}})
    assert "+0.30" in found["plan"].verdicts["a"]["m0"].reason


@pytest.fixture
def told():
    private = result(lmg=[0.3, 0.1])
    defined = study(2)
    found = segment_priorities(defined, "A", {"plan": {"ltr": by_plan(a=private)}})
    from tests.priorities.test_verdicts import verdicts

    weak = result(lmg=[0.3, 0.1], q=[0.001, 0.4])
    return replace(
        findings(2, revenue=False),
        study=defined,
        drivers={"ltr": weak},
        priorities=verdicts(defined, relationship=weak),
        segment_priorities=found,
    )


def test_the_report_names_what_is_proven_for_a_part_alone(told):
    line = segment_verdicts.differing(told)
    assert line == (
        "- Proven for a part of the customers, though not for all together: where plan is a, "
        "“Moment 1”."
    )
    table = segment_verdicts.tables(told)
    assert "Not proven" in table
    assert "corporate" in table
    frame = segment_verdicts.frame(told.segment_priorities["plan"])
    assert list(frame["value"]) == ["a", "a", "corporate"]


def test_a_value_that_is_not_there_is_answered_with_those_that_are(told):
    assert for_terminal(told, "m1", ("plan", "a"))
    with pytest.raises(AnalysisError, match="fewer than 10"):
        for_terminal(told, "m1", ("plan", "corporate"))
    with pytest.raises(AnalysisError, match="Its values: a, corporate"):
        for_terminal(told, "m1", ("plan", "x"))
