"""What the silos chose: each by its majority, together by half."""

import numpy as np
import pandas as pd
import pytest

from mot_research.simulate.company import MOMENTS, STAGES
from mot_research.simulate.workshop import AGREE_ON_STAGE, draw_votes
from mot_research.statistics.agreement import fleiss_kappa
from mot_research.study.consensus import chosen_by_silos, consensus, shortlist
from mot_research.study.definition import Rules, Study

RULES = Rules(n_resamples=200)
WHOLE = ["participant", "silo", "moment", "stage", "category", "shortlisted", "rank"]


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


def company(moments=MOMENTS):
    return Study.model_validate(
        {
            "study": "Harbour",
            "stages": [{"id": id, "name": name} for id, name, _ in STAGES],
            "moments": [{"id": m.id, "name": m.name, "stage": m.stage} for m in moments],
        }
    )


def drawn(seed=1):
    votes = draw_votes(np.random.default_rng(seed))
    return votes.assign(rank=pd.to_numeric(votes["rank"], errors="coerce"))


def by_hand(*rows):
    return pd.DataFrame(rows, columns=WHOLE)


def two_moments():
    return Study.model_validate(
        {"study": "Small", "moments": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]}
    )


def test_the_planted_agreement_on_stages_is_recovered():
    """Two people name the usual stage with .75 each, else the same neighbour with .5 of .25²."""
    found = consensus(company(), drawn(), RULES)
    alike = AGREE_ON_STAGE**2 + (1 - AGREE_ON_STAGE) ** 2 / 2
    votes = drawn()
    shares = votes["stage"].value_counts(normalize=True)
    planted = (alike - (shares**2).sum()) / (1 - (shares**2).sum())
    row = found.measures.loc[("stage", "krippendorff_alpha")]
    assert row["ci_lower"] < planted < row["ci_upper"]
    usual = {moment.id: moment.stage for moment in MOMENTS}
    named = found.moments["stage"].dropna()
    assert (named == named.index.map(usual)).mean() > 0.9


def test_each_measure_is_that_of_the_votes_as_a_table():
    votes = drawn()
    found = consensus(company(), votes, RULES)
    wide = votes.pivot(index="moment", columns=["silo", "participant"], values="shortlisted")
    estimate = found.measures.loc[("shortlisted", "fleiss_kappa"), "estimate"]
    assert estimate == pytest.approx(float(fleiss_kappa(wide.to_numpy(float))))
    assert found.measures["reason"].eq("").all()
    assert (found.measures["ci_lower"] < found.measures["ci_upper"]).all()
    assert found.moments["chosen"].to_dict() == pytest.approx(chosen_by_silos(votes))


def test_neither_the_order_of_the_votes_nor_a_name_changes_anything():
    votes = drawn()
    mixed = votes.sample(frac=1, random_state=3)
    one, other = (consensus(company(), each, RULES) for each in (votes, mixed))
    for table in ("measures", "stages", "silos", "pairs", "answers", "moments"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))


def test_silos_that_give_two_answers_are_told_apart():
    rows = [
        (f"{silo} {k}", silo, moment, stage, None, chosen, None)
        for silo, stage, picks in (("Sales", "care", "a"), ("IT", "use", "b"))
        for k in range(3)
        for moment in ("a", "b")
        for chosen in [float(moment == picks)]
    ]
    found = consensus(two_moments(), by_hand(*rows), RULES)
    assert found.pairs.loc[("IT", "Sales"), ["stage", "shortlisted"]].tolist() == [0, 0]
    assert found.answers.loc[("a", "Sales"), ["stage", "shortlisted"]].tolist() == ["care", True]
    assert found.silos["alpha_shortlisted"].tolist() == [1, 1]
    assert found.moments["n_stages"].tolist() == [2, 2]
    assert found.moments["stage"].isna().all()  # three against three
    assert found.moments[["ci_lower", "ci_upper"]].to_numpy().tolist() == [[0.5, 0.5]] * 2


def test_one_person_a_silo_has_no_interval_and_no_agreement_within():
    rows = [(s, s, m, "care", "rescue", 1.0, 1.0) for s in ("Sales", "IT") for m in "ab"]
    found = consensus(two_moments(), by_hand(*rows), RULES)
    assert found.moments["ci_lower"].isna().all()
    assert found.silos["alpha_stage"].isna().all()
    assert set(found.measures["reason"]) == {"all votes are alike"}


def test_votes_without_stages_or_ranks_say_so():
    rows = [("x", "Sales", "a", None, None, 1.0, np.nan), ("y", "IT", "b", None, None, 0.0, np.nan)]
    found = consensus(two_moments(), by_hand(*rows), RULES)
    why = "fewer than two participants voted on two of the same moments"
    assert found.measures.loc[("shortlisted", "fleiss_kappa"), "reason"] == why
    assert set(found.measures.loc["stage", "reason"]) == {"nobody voted on it"}
    assert found.measures.loc["rank", "estimate"].isna().all()
    assert found.stages.empty


def test_what_nobody_ranked_shares_the_last_places():
    rows = [
        (name, "Sales", moment, None, None, 1.0, rank)
        for name, ranks in (("x", (1.0, np.nan)), ("y", (1.0, 2.0)), ("z", (np.nan, np.nan)))
        for moment, rank in zip("ab", ranks, strict=True)
    ]
    found = consensus(two_moments(), by_hand(*rows), RULES)
    assert found.answers.loc[("a", "Sales"), "rank"] == 1
    assert found.answers.loc[("b", "Sales"), "rank"] == 2
    assert found.measures.loc[("rank", "kendalls_w"), ["estimate", "n_participants"]].tolist() == [
        1,
        2,
    ]
