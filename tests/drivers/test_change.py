"""What changed between two waves: the decomposition, the tests, and what can't be compared."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.oaxaca import OaxacaBlinder

import mot_research as mot
from mot_research.drivers.change import change, earlier_wave, wave_pair
from mot_research.drivers.decomposition import TERMS
from mot_research.drivers.waves import study_units
from mot_research.errors import AnalysisError
from mot_research.simulate.truth import TRUTH
from mot_research.statistics.resampling import draw
from tests.drivers.small_surveys import MOMENTS, N, study_of, wave_frame

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
EXACT = 1e-10  # an identity: rounding alone is left
REFERENCE = 1e-8  # two programs on the same numbers
NOISE = 0.25  # a spread from 100 draws has an error of 7 %, and terms are not quite linear


def compare(study, **options):
    survey, units, draws = study
    outcome = options.pop("outcome", survey.study.outcomes[0])
    waves = options.pop("waves", tuple(survey.waves)[-2:])
    draws = options.pop("draws", draws)
    return change(survey, units, draws, outcome, *waves, survey.study.rules)


@pytest.fixture(scope="module")
def example():
    survey = mot.read_survey(mot.read_study(EXAMPLE))
    units = study_units(survey)
    return survey, units, draw(units.units, 200, 1)


@pytest.fixture(scope="module")
def last(example):
    return compare(example)


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    """Two waves whose ratings, reach and effects all move."""
    frames = {
        "A": wave_frame(1, reach=(1, 0.6, 0.8)),
        "B": wave_frame(2, effects=(0.2, 0.4, 0.1), means=(3.0, 3.5, 3.8), reach=(1, 0.7, 0.5)),
    }
    return frames, study_of(tmp_path_factory.mktemp("reached"), frames, controls=["age"])


class TestDecomposition:
    def test_it_sums_to_the_difference_of_the_means(self, last):
        difference = last.mean["difference"].iloc[0]
        assert last.terms["estimate"].sum() == pytest.approx(difference, abs=EXACT)
        assert last.parts["total"].sum() == pytest.approx(difference, abs=EXACT)
        for term in TERMS:
            assert last.parts[term].sum() == pytest.approx(
                last.terms.at[term, "estimate"], abs=EXACT
            )
        np.testing.assert_allclose(
            last.parts[list(TERMS)].sum(axis=1), last.parts["total"], atol=EXACT
        )

    def test_it_sums_with_blanks_left_out_too(self, reached, tmp_path):
        frames, _ = reached
        holes = {name: frame.copy() for name, frame in frames.items()}
        for frame in holes.values():
            frame.loc[frame.index % 7 == 0, "b"] = 0
        for missing in ("em", "drop"):
            found = compare(
                study_of(tmp_path, holes, controls=["age"], rules={"missing": missing, "min_n": 30})
            )
            assert found.terms["estimate"].sum() == pytest.approx(
                found.mean["difference"].iloc[0], abs=EXACT
            )

    def test_the_terms_are_those_of_two_regressions(self, reached):
        frames, study = reached
        found = compare(study).parts
        fits, mean, reach = {}, {}, {}
        for wave, frame in frames.items():
            had = frame[list(MOMENTS)] != 6
            mean[wave] = frame[list(MOMENTS)].where(had).mean()
            reach[wave] = had.mean()
            columns = {"age": frame["age"]}
            for name in MOMENTS:
                columns[f"q {name}"] = (frame[name] - mean["A"][name]).where(had[name], 0.0)
                if not had[name].all():
                    columns[f"e {name}"] = had[name].astype(float)
            fits[wave] = sm.OLS(frame["y"], sm.add_constant(pd.DataFrame(columns))).fit().params
        a, b = fits["A"], fits["B"]
        for name in MOMENTS:
            moved = reach["B"][name] * (mean["B"][name] - mean["A"][name])
            more = reach["B"][name] - reach["A"][name]
            contact_a, contact_b = a.get(f"e {name}", 0.0), b.get(f"e {name}", 0.0)
            expected = {
                "reach": contact_a * more,
                "ratings": a[f"q {name}"] * moved,
                "effects": (contact_b - contact_a) * reach["A"][name],
                "both": (contact_b - contact_a) * more + (b[f"q {name}"] - a[f"q {name}"]) * moved,
            }
            assert found.loc[name, list(expected)].to_dict() == pytest.approx(
                expected, abs=REFERENCE
            )
        ages = {wave: frame["age"].mean() for wave, frame in frames.items()}
        assert found.at["age", "mix"] == pytest.approx(a["age"] * (ages["B"] - ages["A"]))
        assert found.at["age", "effects"] == pytest.approx((b["age"] - a["age"]) * ages["A"])
        assert found.at["unexplained", "effects"] == pytest.approx(b["const"] - a["const"])

    def test_with_reach_one_it_is_the_threefold_oaxaca_blinder(self, tmp_path):
        frames = {"A": wave_frame(3), "B": wave_frame(4, effects=(0.1, 0.6, 0.2), means=(3, 4, 3))}
        found = compare(study_of(tmp_path, frames)).terms["estimate"]
        both = pd.concat(frames, names=["wave"]).reset_index("wave")
        group = (both["wave"] == "A").astype(float)  # statsmodels takes 0 − 1, by the terms of 1
        exog = sm.add_constant(both[list(MOMENTS)].assign(earlier=group))
        reference = OaxacaBlinder(both["y"], exog, "earlier", swap=False).three_fold()
        endowments, effects, interaction, gap = reference.params
        assert found.sum() == pytest.approx(gap, rel=REFERENCE)
        assert found["ratings"] == pytest.approx(endowments, rel=REFERENCE)
        assert found["effects"] == pytest.approx(effects, rel=REFERENCE)
        assert found["both"] == pytest.approx(interaction, rel=REFERENCE)

    def test_reach_one_in_one_wave_only_is_a_total(self, tmp_path):
        frames = {"A": wave_frame(5), "B": wave_frame(6, reach=(0.7, 1, 1), means=(3, 3.5, 3.5))}
        found = compare(study_of(tmp_path, frames))
        row = found.parts.loc["a"]
        assert row["not_split"] == row["total"] != 0
        assert (row[[term for term in TERMS if term != "not_split"]] == 0).all()
        assert found.terms["estimate"].sum() == pytest.approx(
            found.mean["difference"].iloc[0], abs=EXACT
        )
        assert any("can't be split" in note for note in found.notes)
        # counted from those who had it: what those without it lack, and what the ratings moved
        b = frames["B"]
        had = b["a"] != 6
        fall = b.loc[had, "a"].mean() - frames["A"]["a"].mean()
        centred = (b["a"] - frames["A"]["a"].mean()).where(had, 0.0)
        columns = pd.DataFrame({"q": centred, "e": had * 1.0, "b": b["b"], "c": b["c"]})
        fit = sm.OLS(b["y"], sm.add_constant(columns)).fit().params
        expected = fit["e"] * (had.mean() - 1) + fit["q"] * had.mean() * fall
        assert row["total"] == pytest.approx(expected, rel=REFERENCE)

    def test_it_does_not_depend_on_the_units_of_a_control(self, reached, tmp_path):
        frames, study = reached
        scaled = {name: frame.assign(age=frame["age"] * 1000) for name, frame in frames.items()}
        pd.testing.assert_frame_equal(
            compare(study_of(tmp_path, scaled, controls=["age"])).parts,
            compare(study).parts,
            atol=1e-7,
        )

    def test_the_draws_of_the_terms_sum_to_the_difference_too(self, reached):
        _, study = reached
        found = compare(study)
        mean = found.mean.iloc[0]
        total = found.terms.loc[["reach", "ratings", "mix", "effects", "both"]]
        assert (total["ci_lower"] <= total["estimate"]).all()
        assert (total["estimate"] <= total["ci_upper"]).all()
        pair, _, _ = wave_pair(
            *study[:2], study[0].study.outcomes[0], "A", "B", study[0].study.rules
        )
        drawn = [side.reduction.resampled(study[2])[:, 0, 1] for side in (pair.a, pair.b)]
        assert np.std(drawn[1] - drawn[0]) == pytest.approx(mean["std_error"], rel=NOISE)

    def test_the_reference_point_is_named(self, last):
        assert any("Oaxaca & Ransom" in note for note in last.notes)


class TestTests:
    def test_the_planted_drop_is_found(self, last):
        moment = TRUTH["dropped"]["moment"]
        assert last.wave_b == TRUTH["dropped"]["wave"]
        ratings = last.tests.loc["rating"]
        assert list(ratings.index[ratings["q_value"] <= 0.05]) == [moment]
        assert ratings.at[moment, "ci_upper"] < -0.5
        moments = last.parts[last.parts["kind"] == "moment"]
        assert moments["ratings"].abs().idxmax() == moment
        assert moments.at[moment, "ratings_ci_upper"] < 0

    def test_no_change_is_found_where_none_is_planted(self, example):
        survey, units, draws = example
        for outcome in survey.study.outcomes[:2]:
            found = compare((survey, units, draws), outcome=outcome, waves=("2025Q4", "2026Q1"))
            assert found.tests["q_value"].min() > 0.01

    def test_before_and_after_are_those_of_each_wave_alone(self, reached):
        frames, study = reached
        found = compare(study).tests
        for column, frame in zip("ab", frames.values(), strict=True):
            alone = mot.driver_analysis(
                frame, "y", MOMENTS, controls=["age"], not_experienced=[6], n_resamples=0
            ).to_frame()
            for quantity, ours in (
                ("rating", "mean"),
                ("reach", "reach"),
                ("effect", "effect"),
                ("lmg", "lmg"),
                ("share", "share"),
            ):
                np.testing.assert_allclose(
                    found.loc[quantity][column], alone[ours], rtol=1e-7, err_msg=quantity
                )

    def test_variances_add_where_nothing_is_shared(self, reached):
        frames, study = reached
        found = compare(study).tests
        alone = [
            mot.driver_analysis(
                frame, "y", MOMENTS, controls=["age"], not_experienced=[6], n_resamples=0
            )
            for frame in frames.values()
        ]
        errors = [
            (one.table["effect_ci_upper"] - one.table["effect"])
            / stats.t.ppf(0.975, one.degrees_of_freedom)
            for one in alone
        ]
        np.testing.assert_allclose(
            found.loc["effect"]["std_error"], np.hypot(*errors), rtol=REFERENCE
        )

    def test_shared_branches_have_less_variance_than_the_sum(self, tmp_path):
        rng = np.random.default_rng(8)
        level = rng.normal(size=60)  # of a branch, in both waves
        frames = {}
        for wave, seed in (("A", 9), ("B", 10)):
            frame = wave_frame(seed)
            branch = np.arange(N) % 60
            frame["a"] = np.clip(np.round(3 + level[branch] + rng.normal(0, 0.3, N)), 1, 5)
            frames[wave] = frame.assign(branch=branch, y=frame["y"] + level[branch])
        shared = compare(study_of(tmp_path, frames, cluster="branch"))
        frames["B"]["branch"] += 100
        apart = compare(study_of(tmp_path, frames, cluster="branch"))
        for tests in (("rating", "a"), ("share", "a")):
            assert shared.tests.at[tests, "std_error"] < apart.tests.at[tests, "std_error"]
        assert shared.tests.at[("rating", "a"), "std_error"] < (
            0.5 * apart.tests.at[("rating", "a"), "std_error"]
        )
        assert shared.mean["std_error"].iloc[0] < 0.7 * apart.mean["std_error"].iloc[0]

    def test_few_clusters_widen_the_intervals_of_the_draws(self, reached, tmp_path):
        frames, _ = reached
        few = {name: frame.assign(branch=frame.index % 12) for name, frame in frames.items()}
        found = compare(study_of(tmp_path, few, cluster="branch"))
        share = found.tests.loc["share"]
        half = (share["ci_upper"] - share["ci_lower"]) / 2
        np.testing.assert_allclose(half, 2.201 * share["std_error"], rtol=1e-3)  # t with 11

    def test_without_draws_there_is_no_interval_of_a_share(self, reached):
        found = compare(reached[1], draws=None)
        assert found.tests.loc[["lmg", "share"], "p_value"].isna().all()
        assert found.tests.loc["effect", "p_value"].notna().all()
        assert found.terms["ci_lower"].isna().all()
        assert found.n_resamples == found.n_importance_resamples == 0

    def test_reach_one_in_both_waves_has_no_test(self, reached):
        reach = compare(reached[1]).tests.loc["reach"]
        assert reach.loc["a", ["a", "b", "difference"]].tolist() == [1, 1, 0]
        assert np.isnan(reach.at["a", "p_value"])
        assert reach.at["c", "q_value"] < 0.001


class TestWhatIsCompared:
    def test_a_moment_on_one_wave_only_is_named_and_left_out(self, reached, tmp_path):
        frames, _ = reached
        waves = {"A": {"not_asked": ["b"]}}
        less = {"A": frames["A"].drop(columns="b"), "B": frames["B"]}
        found = compare(study_of(tmp_path, less, waves=waves))
        assert found.left_out == {"b": "wave A: not asked"}
        assert "b" not in found.parts.index
        assert found.terms["estimate"].sum() == pytest.approx(
            found.mean["difference"].iloc[0], abs=EXACT
        )

    def test_a_moment_that_one_wave_cannot_test_keeps_its_contact_as_a_control(
        self, reached, tmp_path
    ):
        frames, _ = reached
        few = {name: frame.copy() for name, frame in frames.items()}
        few["B"].loc[few["B"].index >= 20, "c"] = 6
        found = compare(study_of(tmp_path, few))
        assert "wave B: suppressed: fewer than 10" in found.left_out["c"]
        assert found.parts.at["having it: c", "kind"] == "control"

    def test_doubled_ratings_are_left_out(self, reached, tmp_path):
        frames, _ = reached
        same = {name: frame.assign(c=frame["b"]) for name, frame in frames.items()}
        found = compare(study_of(tmp_path, same))
        assert set(found.left_out) == {"b", "c"}
        assert "follow exactly" in found.left_out["b"]

    def test_no_common_moment_is_an_error(self, reached, tmp_path):
        frames, _ = reached
        waves = {"A": {"not_asked": ["b", "c"]}, "B": {"not_asked": ["a"]}}
        with pytest.raises(AnalysisError, match="no moment can be compared"):
            compare(study_of(tmp_path, frames, waves=waves))

    def test_the_earlier_wave_is_the_last_that_is_complete(self, example):
        survey = example[0]
        recommend, _, revenue = survey.study.outcomes
        assert earlier_wave(survey, recommend, "2026Q3") == ("2026Q2", "")
        assert earlier_wave(survey, recommend, "2025Q4")[0] is None
        assert "no earlier wave" in earlier_wave(survey, recommend, "2025Q4")[1]
        assert "not complete for wave 2026Q3" in earlier_wave(survey, revenue, "2026Q3")[1]
