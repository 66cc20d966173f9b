from mot_research.report.narrative import inventory
from mot_research.study.completeness import (
    WANTED,
    completeness,
    crowded_cells,
    empty_cells,
    purposes_by_stage,
)
from mot_research.study.definition import Study

WHOLE = {
    "stage": "care",
    "category": "rescue",
    "description": "Nothing works",
    "interaction": ["phone"],
    "expectation": "A person",
    "ideal": "We call first",
    "owner": "Care",
    "partners": ["IT"],
    "metrics": ["outage_minutes"],
}


def study(*moments):
    named = [{"id": f"m{i}", "name": f"Moment {i}"} | moment for i, moment in enumerate(moments)]
    return Study.model_validate(
        {"study": "Small", "ratings": {"low": 1, "high": 5}, "moments": named}
    )


def test_a_moment_is_measured_by_a_rating_or_by_a_trigger():
    trigger = {"when": {"event": "order", "nth": 100}}
    has = completeness(study({"rating": "q"}, {"trigger": trigger}, {}))
    assert has["measured"].tolist() == [True, True, False]
    assert tuple(has.columns) == WANTED


def test_what_is_lacking_is_said_for_whom():
    found = study(WHOLE | {"rating": "q"}, {"owner": "Care", "stage": "use"}, {"stage": "use"})
    text = inventory.lacking(found)
    assert text.startswith("Of three moments, one is fully described")
    assert "what it is for (2)" in text
    by_owner = inventory.lacking_by_owner(found).replace("\\", "")
    assert "| Care | 2 | 1 | what it is for 1, a description 1" in by_owner
    assert "| no owner | 1 | 0 |" in by_owner
    assert "Moment 0" not in inventory.lacking_by_moment(found)


def test_a_complete_inventory_and_an_empty_one_say_so():
    assert "is complete" in inventory.lacking(study(WHOLE | {"rating": "q"}))
    assert inventory.lacking(study()) == inventory.NO_MOMENTS
    assert "can't be said" in inventory.gaps(study({"stage": "use"}))


def test_every_moment_stands_in_one_cell():
    found = study(WHOLE, WHOLE, {"stage": "use"}, {"category": "request"}, {})
    counts = purposes_by_stage(found)
    assert counts.to_numpy().sum() == 5
    assert counts.at["rescue", "care"] == 2
    assert counts.at["", "use"] == counts.at["request", ""] == counts.at["", ""] == 1
    assert "" not in purposes_by_stage(study(WHOLE)).columns


def test_empty_and_crowded_cells_are_named():
    found = study(WHOLE, WHOLE, WHOLE, {"stage": "use", "category": "request"})
    assert "care" not in empty_cells(found)["rescue"]
    assert len(empty_cells(found)["revenue"]) == 6
    assert crowded_cells(found) == {("rescue", "care"): 3}
    text = inventory.gaps(found)
    assert "no revenue-building contact in any stage" in text
    assert "Crowded: rescue in Care (3)." in text


def test_crowded_is_measured_by_the_average_too():
    """Three of 72 moments in 24 cells are no crowd."""
    stages = ("awareness", "buy_in", "acquisition", "care", "use", "share")
    kinds = ("rescue", "revenue", "request", "relationship")
    every = [{"stage": s, "category": c} for s in stages for c in kinds for _ in range(3)]
    assert crowded_cells(study(*every)) == {}
    assert inventory.gaps(study(*every)) == "Every stage has a moment of each kind."
