import dataclasses

from mot_research.drivers.change import REFERENCE_POINT
from mot_research.report.narrative import what_changed
from tests.report import cases

ODD = cases.odd_cases()
NO_BREAK = "\N{NO-BREAK SPACE}"


def unescaped(text: str) -> str:
    return text.replace("\\", "")


def test_the_change_its_causes_and_what_could_not_be_compared():
    text = unescaped(what_changed.summary(ODD["everything"]))
    assert "from 6.60 in wave 2026Q2 to 6.40 in 2026Q3, −0.20 (−0.36 to −0.04) points" in text
    assert "beyond chance. Beyond chance: the moments went better or worse, −0.25" in text
    assert "By the ratings of “First bill arrives" in text
    assert "Renewed the contract: nothing to compare, because there is no earlier wave" in text


def test_a_change_within_chance_is_said_to_be_so():
    everything = ODD["everything"]
    each = everything.change["recommend"]
    wide = each.mean.assign(ci_lower=-1.0, ci_upper=1.0)
    terms = each.terms.assign(ci_lower=-1.0, ci_upper=1.0)
    found = {"recommend": dataclasses.replace(each, mean=wide, terms=terms)}
    text = what_changed.summary(dataclasses.replace(everything, change=found))
    assert "within chance" in text
    assert "No single part of the change is beyond chance" in text


def test_without_anything_to_compare_it_says_why():
    assert "could be explained" in what_changed.summary(ODD["no outcome"])
    assert "a model of its own" in what_changed.summary(ODD["a model per moment"])


def test_only_what_changed_beyond_chance_is_in_the_table():
    lines = what_changed.beyond_chance(ODD["everything"]).split("\n")
    body = lines[2:]
    assert len(body) == 4  # the first moment: rating, reach, effect, share
    assert all("First bill" in line for line in body)
    assert "−20 percentage points (−28 to −12)" in unescaped(body[1])


def test_what_is_left_out_is_named_and_the_reference_point_said_once():
    everything = ODD["everything"]
    text = unescaped(what_changed.limits(everything))
    assert everything.study.moments[-1].name in text
    assert text.count(REFERENCE_POINT) == 1
    assert what_changed.limits(ODD["usual"]) == ""


def test_prediction_gives_the_old_model_beside_the_best_that_it_could_reach():
    text = what_changed.prediction(ODD["everything"])
    assert f"41{NO_BREAK}% (36 to 45)" in text
    assert f"46{NO_BREAK}%" in text


def test_a_model_that_predicts_nothing_is_not_given_a_negative_percentage():
    everything = ODD["everything"]
    each = dataclasses.replace(everything.prediction["recommend"], from_earlier=-0.2)
    found = dataclasses.replace(everything, prediction={"recommend": each})
    assert "no better than its mean" in what_changed.prediction(found)
