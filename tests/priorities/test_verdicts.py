"""Grades, verdicts, actions and the list, by the rules as they are written."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mot_research.drivers.asymmetry import Asymmetry
from mot_research.drivers.result import DriverResult
from mot_research.priorities.evidence import Deciding
from mot_research.priorities.result import METRICS, Metric
from mot_research.priorities.verdicts import decide
from mot_research.study.definition import Study

N_DRAWS = 200


def study(n_moments, **moment_options):
    return Study.model_validate(
        {
            "study": {"name": "Harbour"},
            "moments": [
                {"id": f"m{k}", "name": f"Moment {k}", "rating": f"q{k}"}
                | moment_options.get(f"m{k}", {})
                for k in range(n_moments)
            ],
            "ratings": {"low": 1, "high": 5},
            "outcomes": [
                {"id": "ltr", "column": "ltr", "kind": "score", "low": 0, "high": 10},
                {
                    "id": "renewed",
                    "role": "revenue",
                    "column": "renewed",
                    "kind": "binary",
                    "yes": [1],
                    "no": [0],
                },
            ],
            "waves": [{"id": "A", "file": "a.csv"}],
            "rules": moment_options.get("rules", {}),
        }
    )


def result(
    outcome="ltr", *, lmg, p_top=None, effect=None, q=None, p_each=None, p=0.001, top=2, **changes
):
    """A result whose numbers are given; draws scatter a little around lmg."""
    p_value, p = p, len(lmg)
    effect = np.array(effect if effect is not None else [0.3] * p, dtype=float)
    lmg = np.array(lmg, dtype=float)
    names = [f"m{k}" for k in range(p)]
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "lmg": lmg,
            "contact": 0.0,
            "share": lmg / lmg.sum(),
            "ci_lower": lmg * 0.9,
            "ci_upper": lmg * 1.1,
            "effect": effect,
            "effect_ci_lower": effect - 0.1,
            "effect_ci_upper": effect + 0.1,
            "std_error": 0.05,
            "p_value": p_value,
            "q_value": q if q is not None else [0.001] * p,
            "contact_q_value": 1.0,
            "n": 500,
            "rank": np.argsort(np.argsort(-lmg)) + 1,
            "rank_lower": 1,
            "rank_upper": p,
            "p_top": p_top if p_top is not None else [0.99] * p,
            "p_top_each": p_each if p_each is not None else [0.0] * p,
            "effect_sd": effect,
        },
        index=names,
    )
    return DriverResult(
        **{
            "outcome": outcome,
            "kind": "score",
            "model": "least squares",
            "waves": ("A",),
            "table": table,
            "r_squared": 0.5,
            "r_squared_controls": 0.0,
            "n_obs": 500,
            "n_effective": 500.0,
            "n_units": 500,
            "n_strata": 1,
            "outcome_mean": 7.0,
            "outcome_sd": 2.0,
            "top": top,
            "confidence": 0.95,
            "n_resamples": N_DRAWS,
            "seed": 1,
            "missing": "em",
            "not_tested": {},
            "warnings": (),
            "lmg_draws": lmg * rng.normal(1, 0.02, (N_DRAWS, p)),
            "effect_sd_draws": rng.normal(0.3, 0.1, (N_DRAWS, p)),
        }
        | changes
    )


def verdicts(the_study, *, kinds=None, means=None, shortlist=None, **by_role):
    deciding = {}
    for role, one in by_role.items():
        classes = pd.DataFrame(
            {
                "kind": [(kinds or {}).get(name, "performance") for name in one.table.index],
                "alike": False,
            },
            index=one.table.index,
        )
        deciding[role] = Deciding(role, one.outcome, one, Asymmetry(classes))
    metrics = {
        moment.id: dict.fromkeys(METRICS, Metric(None, reason="not here"))
        | {"mean_rating": Metric((means or {}).get(moment.id, 3.0), n=500)}
        for moment in the_study.moments
    }
    return decide(the_study, "A", deciding, metrics, shortlist or {})


class TestGrades:
    @pytest.mark.parametrize(
        ("p_top", "p_each", "effect", "q", "grade"),
        [
            (0.80, 0.0, 0.3, 0.05, "proven"),
            (0.10, 0.80, 0.3, 0.05, "proven"),
            (0.79, 0.0, 0.3, 0.05, "likely"),
            (0.50, 0.0, 0.3, 0.05, "likely"),
            (0.49, 0.49, 0.3, 0.05, "minor"),
            (0.99, 0.99, 0.3, 0.051, "not_proven"),
            (0.99, 0.99, -0.3, 0.001, "not_proven"),
        ],
    )
    def test_at_and_beside_each_threshold(self, p_top, p_each, effect, q, grade):
        one = result(
            lmg=[0.2, 0.1],
            p_top=[p_top, 0.9],
            p_each=[p_each, 0.9],
            effect=[effect, 0.3],
            q=[q, 0.001],
        )
        found = verdicts(study(2), relationship=one)["m0"]
        assert found.grades["relationship"].grade == grade
        assert found.verdict == grade

    def test_by_the_second_ranking_alone_it_is_rare_but_decisive(self):
        one = result(lmg=[0.2, 0.1], p_top=[0.1, 0.9], p_each=[0.9, 0.9])
        found = verdicts(study(2), relationship=one)
        assert found["m0"].flags == ("rare_but_decisive",)
        assert "for each customer who had it" in found["m0"].reason
        assert found["m1"].flags == ()

    def test_a_place_for_each_customer_alone_must_stand_against_all_tests(self):
        """Two tests at .05: .025 is the limit of Bonferroni."""
        chance = {"lmg": [0.2, 0.1], "p_top": [0.1, 0.9], "p_each": [0.9, 0.9]}
        for p, grade in ((0.025, "proven"), (0.026, "likely")):
            found = verdicts(study(2), relationship=result(p=p, **chance))
            assert found["m0"].verdict == grade
            assert found["m1"].verdict == "proven"
        assert "p ≤ 0.0250" in found["m0"].reason
        assert "only" not in found["m0"].reason

    def test_a_significant_negative_effect_is_reversed(self):
        one = result(lmg=[0.2, 0.1], effect=[-0.3, 0.3])
        found = verdicts(study(2), relationship=one)["m0"]
        assert found.flags == ("reversed",)
        assert "Check its coding" in found.reason

    def test_certain_needs_the_rank_bound_too(self):
        settled = result(lmg=[0.3, 0.2, 0.05, 0.01], top=2)
        close = result(lmg=[0.3, 0.100, 0.101, 0.01], top=2)
        assert verdicts(study(4), relationship=settled)["m1"].grades["relationship"].certain
        assert not verdicts(study(4), relationship=close)["m1"].grades["relationship"].certain

    def test_not_proven_shows_its_interval_and_never_says_no_effect(self):
        one = result(lmg=[0.2, 0.1], q=[0.4, 0.001], effect=[0.05, 0.3])
        reason = verdicts(study(2), relationship=one)["m0"].reason
        assert "anything from −0.05 to +0.15" in reason
        assert "no effect" not in reason

    def test_an_upper_limit_below_the_smallest_effect_of_interest_is_at_most_small(self):
        wide = result(lmg=[0.2, 0.1], q=[0.4, 0.001], effect=[0.01, 0.3])
        close = {"effect_ci_lower": 0.008, "effect_ci_upper": 0.012}
        narrow = replace(wide, table=wide.table.assign(**close))
        assert "interviews would tell" in verdicts(study(2), relationship=wide)["m0"].reason
        assert "at most a small effect" in verdicts(study(2), relationship=narrow)["m0"].reason

    def test_a_moment_without_a_rating_is_not_tested(self):
        found = verdicts(study(3, m2={"rating": None}), relationship=result(lmg=[0.2, 0.1]))["m2"]
        assert found.verdict == "not_tested"
        assert "no rating in the survey" in found.reason

    def test_untested_by_the_analysis_keeps_its_reason(self):
        one = result(lmg=[0.2, 0.1])
        table = pd.concat([one.table, pd.DataFrame(index=["m2"], columns=one.table.columns)])
        one = replace(one, table=table, not_tested={"m2": "nobody rated it"})
        assert "nobody rated it" in verdicts(study(3), relationship=one)["m2"].reason


class TestTheList:
    def test_proven_for_both_roles_comes_first(self):
        relationship = result(lmg=[0.3, 0.2, 0.1], p_top=[0.99, 0.99, 0.99])
        revenue = result("renewed", lmg=[0.1, 0.1, 0.1], p_top=[0.1, 0.1, 0.99])
        found = verdicts(study(3), relationship=relationship, revenue=revenue)
        assert [row.moment.id for row in found.listed] == ["m2", "m0", "m1"]
        assert found["m2"].proven_for == ("relationship", "revenue")

    def test_bets_are_limited_and_stand_between_proven_and_likely(self):
        bet = {"brand_bet": "It is who we are"}
        one = result(
            lmg=[0.3, 0.2, 0.15, 0.14, 0.13],
            p_top=[0.99, 0.6, 0.6, 0.6, 0.6],
            top=3,
        )
        found = verdicts(study(5, m2=bet, m3=bet, m4=bet), relationship=one)
        assert [(row.moment.id, row.heading) for row in found.listed] == [
            ("m0", "proven"),
            ("m2", "brand_bet"),
            ("m3", "brand_bet"),
            ("m1", "likely"),
        ]
        assert found["m4"].place is None

    def test_it_is_never_padded(self):
        one = result(lmg=[0.3, 0.2, 0.1], p_top=[0.99, 0.1, 0.1], q=[0.001, 0.001, 0.9])
        assert [row.moment.id for row in verdicts(study(3), relationship=one).listed] == ["m0"]

    def test_it_ends_at_the_number_of_places(self):
        one = result(lmg=[0.3, 0.2, 0.1])
        found = verdicts(study(3, rules={"top": 2}), relationship=one)
        assert [row.place for row in found.rows] == [1, 2, None]

    def test_combined_share_weighs_the_roles(self):
        relationship = result(lmg=[0.3, 0.1])
        revenue = result("renewed", lmg=[0.1, 0.1])
        weights = {"role_weights": {"relationship": 3, "revenue": 1}}
        found = verdicts(study(2, rules=weights), relationship=relationship, revenue=revenue)
        assert found["m0"].combined.share == pytest.approx((3 * 0.75 + 1 * 0.5) / 4)

    def test_a_role_without_an_outcome_gives_its_weight_to_the_other(self):
        found = verdicts(study(2), relationship=result(lmg=[0.3, 0.1]))
        assert found["m0"].combined.share == pytest.approx(0.75)

    def test_without_any_outcome_nothing_is_tested(self):
        found = verdicts(study(2))
        assert {row.verdict for row in found.rows} == {"not_tested"}
        assert found.listed == ()
        assert found.border == ""


class TestFlagsAndActions:
    def test_missed_by_the_workshop(self):
        one = result(lmg=[0.3, 0.1])
        found = verdicts(study(2), relationship=one, shortlist={"m0": False, "m1": True})
        assert found["m0"].flags == ("missed_by_workshop",)
        assert found["m1"].flags == ()

    def test_conflict_where_it_helps_one_role_and_hurts_the_other(self):
        relationship = result(lmg=[0.3, 0.1])
        revenue = result("renewed", lmg=[0.3, 0.1], effect=[-0.1, 0.1])
        found = verdicts(study(2), relationship=relationship, revenue=revenue)
        assert "conflict" in found["m0"].flags
        assert "conflict" not in found["m1"].flags

    @pytest.mark.parametrize(
        ("kind", "mean", "action"),
        [
            ("basic", 3.0, "fix"),
            ("performance", 3.99, "fix"),
            ("performance", 4.0, "protect"),
            ("delight", 3.0, "wow"),
            ("undecided", 3.0, "find_out"),
        ],
    )
    def test_actions_of_proven_moments(self, kind, mean, action):
        found = verdicts(
            study(2), relationship=result(lmg=[0.3, 0.1]), kinds={"m0": kind}, means={"m0": mean}
        )
        assert found["m0"].action == action

    def test_money_spent_on_what_is_not_proven_is_asked_about(self):
        one = result(lmg=[0.3, 0.1], q=[0.9, 0.9])
        found = verdicts(study(2, m0={"cost_per_year": 1000}), relationship=one)
        assert found["m0"].action == "stop_and_ask"
        assert found["m1"].action is None

    def test_border_counts_who_is_sure_and_who_may_be(self):
        settled = result(lmg=[0.3, 0.2, 0.05, 0.01], top=2)
        assert "settled" in verdicts(study(4), relationship=settled).border
        tied = result(lmg=[0.3, 0.100, 0.101, 0.01], top=2)
        assert "among the first 2: 1 moment." in verdicts(study(4), relationship=tied).border
        border = verdicts(study(4), relationship=tied).border
        assert "2 moments (Moment 1, Moment 2) can't be told apart" in border

    def test_frame_has_a_row_per_moment_and_every_metric(self):
        frame = verdicts(study(2), relationship=result(lmg=[0.3, 0.1])).to_frame()
        assert list(frame.index) == ["m0", "m1"]
        assert set(METRICS) <= set(frame)
        assert (frame["reach_reason"] == "not here").all()
