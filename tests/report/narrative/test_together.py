import dataclasses

from mot_research.report.narrative import together
from tests.report import cases, further

ODD = cases.odd_cases()


def test_conflicts_come_by_name():
    text = together.conflicts(ODD["everything"])
    assert "**Conflict:** “Outage call” helps the one and hurts the other" in text
    assert "No moment helps" in together.conflicts(ODD["usual"])
    assert "can't be seen together" in together.conflicts(ODD["no revenue"])


def test_the_paths_of_the_list_and_the_note():
    text = together.paths(ODD["everything"]).replace("\\", "")
    assert "First bill arrives" in text
    assert "+3.0 (+1.5 to +4.5)" in text  # of a yes: percentage points
    assert "These are associations" in text
    assert "no proof of a path" not in text
    assert together.paths(ODD["usual"]) == ""


def test_a_path_through_loyalty_within_chance_is_said_to_be_so():
    everything = ODD["everything"]
    each = dataclasses.replace(everything.paths["renewed"], b_ci_lower=-0.01)
    found = dataclasses.replace(everything, paths={"renewed": each})
    assert "no proof of a path through loyalty" in together.paths(found)


def test_a_moment_that_turns_is_shown_only_where_its_cells_may_be():
    text = together.segments(ODD["everything"]).replace("\\", "")
    first, second, *rest = text.split("\n")
    assert "−0.77" in first
    assert further.SMALL_VALUE in first
    assert "Outage call" in second
    assert "too small to show" in second
    assert further.SMALL_VALUE not in "".join([second, *rest])
    assert "−0.77" not in "".join([second, *rest])


def test_differences_beyond_the_first_go_to_the_appendix():
    lines = together.segments(ODD["everything"]).split("\n")
    assert len(lines) == 2 + together.DIFFERENCES_AT_MOST + 1
    assert "in the technical appendix" in lines[-1]


def test_a_study_without_segments_says_so():
    assert together.segments(ODD["usual"]) == "The study names no segments to compare."
