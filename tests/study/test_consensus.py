"""What the silos chose: each by its majority, together by half."""

import pandas as pd
import pytest

from mot_research.study.consensus import chosen_by_silos, shortlist
from mot_research.study.definition import Study


def votes(*rows):
    return pd.DataFrame(rows, columns=["participant", "silo", "moment", "shortlisted"])


def test_a_silo_chooses_by_its_majority_however_large_it_is():
    found = chosen_by_silos(
        votes(
            *((f"S{k}", "Sales", "bill", 1) for k in range(9)),
            ("I1", "IT", "bill", 0),
            ("M1", "Marketing", "bill", 0),
            ("M2", "Marketing", "bill", 1),
        )
    )
    assert found == {"bill": pytest.approx(1 / 3)}  # an even split is no majority


def test_no_vote_counts_for_nothing():
    found = chosen_by_silos(votes(("A", "Sales", "bill", 1), ("B", "Sales", "bill", float("nan"))))
    assert found == {"bill": 1.0}


def test_half_of_the_silos_put_a_moment_on_the_shortlist_and_the_study_overrules():
    study = Study.model_validate(
        {
            "study": "Harbour",
            "moments": [
                {"id": "a", "name": "A"},
                {"id": "b", "name": "B"},
                {"id": "c", "name": "C", "shortlist": True},
                {"id": "d", "name": "D"},
            ],
        }
    )
    assert shortlist(study, {"a": 0.5, "b": 0.49, "c": 0.0}) == {"a": True, "b": False, "c": True}
