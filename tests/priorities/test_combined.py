"""Both roles together: resampled together, ranked together, with one border."""

from dataclasses import replace

import numpy as np
import pytest

from mot_research.priorities.combined import combined_shares
from mot_research.study.definition import Rules

from .test_verdicts import N_DRAWS, result, study, verdicts

ROUNDING = 1e-12


def both(seed=0, *, together=True):
    """A strong and two tied moments; the roles' draws move together, or against each other."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.03, (N_DRAWS, 4))
    lmg = np.array([0.4, 0.2, 0.19, 0.05])
    draws = np.maximum(lmg + noise, 0.001)
    other = draws if together else np.maximum(lmg - noise, 0.001)
    return {
        "relationship": result(lmg=lmg, lmg_draws=draws, top=2),
        "revenue": result("renewed", lmg=lmg, lmg_draws=other, top=2),
    }


def test_shares_are_combined_within_each_draw():
    roles = both()
    rules = Rules(role_weights={"relationship": 3, "revenue": 1})
    found = combined_shares(roles, rules)
    parts = [one.lmg_draws / one.lmg_draws.sum(axis=1, keepdims=True) for one in roles.values()]
    assert found.draws == pytest.approx((3 * parts[0] + parts[1]) / 4, abs=ROUNDING)
    assert found.draws.sum(axis=1) == pytest.approx(1.0, abs=ROUNDING)


def test_what_the_roles_have_in_common_counts_in_the_interval():
    rules = Rules()
    widths = [
        np.subtract(*combined_shares(both(together=same), rules).interval[::-1])
        for same in (True, False)
    ]
    assert (widths[1][:3] < 0.7 * widths[0][:3]).all()


def test_a_moment_of_one_role_has_the_share_of_that_role():
    roles = both()
    table = roles["revenue"].table.drop(index="m3")
    draws = roles["revenue"].lmg_draws[:, :3]
    roles["revenue"] = replace(roles["revenue"], table=table, lmg_draws=draws)
    found = combined_shares(roles, Rules())
    relationship = roles["relationship"]
    assert found.share[3] == pytest.approx(relationship.table.share["m3"])
    expected = relationship.lmg_draws[:, 3] / relationship.lmg_draws.sum(axis=1)
    assert found.draws[:, 3] == pytest.approx(expected, abs=ROUNDING)


def test_the_border_is_that_of_both_and_names_its_tie():
    found = verdicts(study(4), **both())
    assert found.tied == ("m1", "m2")
    assert "1 moment. For the other places 2 moments (Moment 1, Moment 2) can't" in found.border
    assert found.border.endswith("Not even 20 times as many interviews would settle it.")
    row = found["m1"].combined
    assert row.ci_lower < row.share < row.ci_upper
    assert (row.rank, row.rank_lower, row.rank_upper) == (2, 2, 3)


def test_without_resamples_there_is_a_share_and_no_more():
    roles = {role: replace(one, lmg_draws=one.lmg_draws[:0]) for role, one in both().items()}
    found = verdicts(study(4), **roles)
    assert found.border == ""
    assert found["m1"].combined.rank == 2
    assert found["m1"].combined.ci_lower is None


def test_nothing_ranked_has_no_combined_share():
    found = verdicts(study(2))
    assert found["m0"].combined.share is None
