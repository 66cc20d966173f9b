"""Drivers by segment: differences from the rest, flips, and small cells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import mot_research as mot
from mot_research.drivers.segments import segments
from mot_research.drivers.waves import study_units
from mot_research.errors import AnalysisError
from mot_research.simulate.truth import TRUTH
from mot_research.statistics.resampling import draw
from tests.drivers.refits import delete_one_covariance
from tests.drivers.small_surveys import MOMENTS, study_of, wave_frame

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
REFERENCE = 1e-8  # two programs on the same numbers
FLIPS = TRUTH["flips"]


def by(study, segment="kind", outcome=0, waves=None):
    survey, units, draws = study
    chosen = survey.study.outcomes[outcome]
    pooled = tuple(survey.waves) if waves is None else waves
    return segments(survey, units, draws, chosen, pooled, segment, survey.study.rules)


def labelled(sizes, seed=1, **options):
    """A wave with so many rows of each kind, shuffled."""
    frame = wave_frame(seed, n=sum(sizes.values()), **options)
    kind = np.repeat(list(sizes), list(sizes.values()))
    return frame.assign(kind=np.random.default_rng(5).permutation(kind))


@pytest.fixture(scope="module")
def example():
    survey = mot.read_survey(mot.read_study(EXAMPLE))
    units = study_units(survey)
    return survey, units, draw(units.units, 50, 1)


@pytest.fixture(scope="module")
def plans(example):
    return by(example, "plan")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two kinds of customers, of whom those of kind x turn the sign of moment a."""
    frame = labelled({"x": 260, "y": 340}, reach=(1, 0.7, 0.9))
    turned = frame["kind"] == "x"
    frame["y"] -= turned * 1.0 * (frame["a"] - 3)
    folder = tmp_path_factory.mktemp("pair")
    return frame, study_of(folder, {"A": frame}, segments=["kind"], controls=["age"])


class TestFlips:
    def test_the_planted_flip_is_found_and_nothing_else(self, plans):
        assert plans.flipping == (FLIPS["moment"],)
        row = plans.flips.loc[FLIPS["moment"]]
        assert row["lowest_value"] == FLIPS["negative_in"]
        assert row["lowest_effect"] < 0 < row["highest_effect"]
        assert len(plans.waves) == 4

    def test_nulls_are_no_flips_for_any_outcome(self, example, plans):
        for found in (plans, by(example, "plan", outcome=1)):
            assert not set(found.flipping) & set(TRUTH["nulls"])

    def test_it_is_a_sentence(self, plans):
        (caution,) = plans.cautions
        assert caution.rule == "sign_flip"
        warning = caution.text
        assert "upgrade_offer depends on plan" in warning
        assert "in prepaid" in warning

    def test_a_difference_of_strength_alone_is_no_flip(self, tmp_path):
        frame = labelled({"x": 300, "y": 300})
        frame["y"] += (frame["kind"] == "x") * 1.0 * (frame["a"] - 3)
        found = by(study_of(tmp_path, {"A": frame}, segments=["kind"]))
        assert found.flips.at["a", "q_value"] < 0.001
        assert found.flipping == ()

    def test_a_small_part_against_the_whole_is_a_flip(self, tmp_path):
        frame = labelled({"x": 100, "y": 500})
        frame["y"] -= (frame["kind"] == "x") * 1.5 * (frame["a"] - 3)
        assert by(study_of(tmp_path, {"A": frame}, segments=["kind"])).flipping == ("a",)

    def test_a_sign_opposite_to_the_whole_is_a_flip_where_no_other_value_is_sure(self, tmp_path):
        sizes = {f"k{number}": 60 for number in range(8)}
        frame = labelled(sizes, seed=15, effects=(0.2, 0.3, 0.0))
        frame["y"] -= (frame["kind"] == "k0") * 0.9 * (frame["a"] - 3)
        found = by(study_of(tmp_path, {"A": frame}, segments=["kind"]))
        own = {value: result.table.loc["a"] for value, result in found.results.items()}
        sure = {value for value, row in own.items() if row["p_value"] <= 0.05}
        assert sure == {"k0"}
        assert found.flips.at["a", "effect"] > 0
        assert found.flipping == ("a",)

    def test_the_interaction_of_two_values_is_the_squared_t_of_their_difference(self, pair):
        found = by(pair[1])
        for moment in MOMENTS:
            assert found.flips.at[moment, "p_value"] == pytest.approx(
                found.differences.at[("effect", "x", moment), "p_value"], rel=1e-6
            )


class TestDifferences:
    def test_each_side_is_the_analysis_of_its_rows(self, pair):
        frame, study = pair
        found = by(study)
        for value, side in (("x", "segment"), ("y", "rest")):
            alone = mot.driver_analysis(
                frame[frame["kind"] == value],
                "y",
                MOMENTS,
                controls=["age"],
                not_experienced=[6],
                n_resamples=0,
            ).to_frame()
            for quantity in ("effect", "share"):
                np.testing.assert_allclose(
                    found.differences.loc[(quantity, "x"), side], alone[quantity], rtol=REFERENCE
                )
            np.testing.assert_allclose(found.results[value].table["lmg"], alone["lmg"])

    def test_two_values_differ_by_the_same_with_opposite_signs(self, pair):
        table = by(pair[1]).differences
        for quantity in ("effect", "share"):
            x, y = table.loc[(quantity, "x")], table.loc[(quantity, "y")]
            np.testing.assert_allclose(x["difference"], -y["difference"], rtol=1e-7)
            np.testing.assert_allclose(x["std_error"], y["std_error"], rtol=1e-7)
            np.testing.assert_allclose(x["ci_lower"], -y["ci_upper"], rtol=1e-7)

    def test_an_error_of_a_difference_is_that_of_the_interaction_in_one_model(self, pair):
        frame, study = pair
        inside = (frame["kind"] == "x").astype(float)
        columns = {"age": frame["age"], "a": frame["a"] - 3}
        for name in ("b", "c"):
            had = frame[name] != 6
            columns |= {f"q{name}": (frame[name] - 3).where(had, 0.0), f"e{name}": had * 1.0}
        both = columns | {f"{k} x": v * inside for k, v in columns.items()} | {"x": inside}
        x, n = pd.DataFrame(both), len(frame)
        fit = sm.OLS(frame["y"], sm.add_constant(x)).fit()
        covariance = delete_one_covariance(
            x, frame["y"].to_numpy(), np.ones(n), np.arange(n), np.zeros(n, dtype=int)
        )
        found = by(study).differences.loc[("effect", "x", "a")]
        assert found["difference"] == pytest.approx(fit.params["a x"], rel=REFERENCE)
        error = np.sqrt(covariance[1 + list(x).index("a x"), 1 + list(x).index("a x")])
        assert found["std_error"] == pytest.approx(error, rel=1e-6)

    def test_clusters_without_members_stay(self, pair, tmp_path):
        """A segment is a domain: its error counts all sampled clusters."""
        frame = pair[0].assign(branch=pair[0].index // 10)
        alone_in = frame["kind"].eq("x") & (frame["branch"] < 30)
        frame["kind"] = np.where(alone_in, "x", "y")
        found = by(study_of(tmp_path, {"A": frame}, segments=["kind"], cluster="branch"))
        alone = mot.driver_analysis(
            frame[alone_in], "y", MOMENTS, cluster="branch", not_experienced=[6], n_resamples=0
        )
        ours, theirs = found.results["x"].table["std_error"], alone.table["std_error"]
        expected = np.sqrt(60 / 59) / np.sqrt(30 / 29)  # G/(G − 1) of all 60 clusters, not of 30
        np.testing.assert_allclose(ours / theirs, expected, rtol=1e-6)

    def test_a_moment_that_the_rest_never_had_leaves_both_sides(self, pair, tmp_path):
        frame = pair[0].copy()
        frame.loc[frame["kind"] == "y", "b"] = 6
        found = by(study_of(tmp_path, {"A": frame}, segments=["kind"]))
        assert "b" in found.results["x"].tested
        assert list(found.differences.loc[("share", "x")].index) == ["a", "c"]
        shares = found.differences.loc[("share", "x"), "segment"]
        assert shares.sum() == pytest.approx(1)
        assert np.isnan(found.flips.at["b", "p_value"])

    def test_without_draws_there_is_no_test_of_a_share(self, pair):
        survey, units, _ = pair[1]
        found = by((survey, units, None))
        assert found.n_resamples == 0
        assert found.differences.loc["share", "p_value"].isna().all()
        assert found.differences.loc["effect", "p_value"].notna().all()


class TestSmallCells:
    def test_values_by_their_size(self, tmp_path):
        sizes = {"tiny": 4, "few": 20, "some": 40, "many": 300, "most": 300}
        found = by(study_of(tmp_path, {"A": labelled(sizes)}, segments=["kind"]))
        assert found.values["status"].to_dict() == {
            "tiny": "suppressed",
            "few": "suppressed",  # or the size of tiny would follow from the total
            "some": "marked",
            "many": "analysed",
            "most": "analysed",
        }
        assert found.values.loc[["tiny", "few"], ["n", "mean"]].isna().all(axis=None)
        assert found.values.at["some", "n"] == 40
        assert set(found.results) == {"many", "most"}
        assert set(found.cells.loc["tiny", "status"]) == {"suppressed"}

    def test_below_thirty_is_not_shown(self, tmp_path):
        found = by(study_of(tmp_path, {"A": labelled({"few": 20, "many": 400})}, segments=["kind"]))
        assert found.values.at["few", "status"] == "not shown"
        assert np.isnan(found.values.at["few", "mean"])
        assert "n = 20" in found.values.at["few", "reason"]

    def test_fewer_raters_than_min_n_get_no_verdict(self, tmp_path):
        frame = labelled({"x": 300, "y": 300}, reach=(1, 1, 0.1))
        found = by(study_of(tmp_path, {"A": frame}, segments=["kind"], rules={"min_n": 50}))
        assert set(found.results["x"].not_tested) == {"c"}
        assert found.cells.at[("x", "c"), "status"] in ("not shown", "marked")

    def test_a_small_cell_leaves_no_trace_in_the_results(self, tmp_path):
        frame = labelled({"x": 200, "y": 200, "z": 200})
        ill = frame.index[frame["kind"] == "x"]
        frame.loc[ill[7:], "c"] = 6
        found = by(study_of(tmp_path, {"A": frame}, segments=["kind"]))
        assert found.cells["status"].unstack().loc["x", "c"] == "suppressed"
        assert np.isnan(found.cells.at[("x", "c"), "n"])
        assert found.cells.loc[pd.IndexSlice[:, "c"], "n"].notna().sum() == 1  # complementary
        result = found.results["x"]
        assert result.table.loc["c", ["n", "reach", "mean"]].isna().all()
        spoken = " ".join((result.not_tested["c"], *result.warnings))
        assert "7" not in spoken
        assert "suppressed: fewer than 10" in spoken

    def test_a_value_too_small_for_the_model_says_so(self, pair, tmp_path):
        frame = pair[0].copy()
        frame["kind"] = np.where(frame.index < 55, "x", "y")
        frame["region"] = np.arange(len(frame)) % 20
        frame["region"] = "r" + frame["region"].astype(str)
        found = by(study_of(tmp_path, {"A": frame}, segments=["kind"], controls=["region"]))
        assert found.values.at["x", "status"] == "not analysed"
        assert "too few for a model" in found.values.at["x", "reason"]


class TestInput:
    def test_a_wave_without_the_segment_is_named(self, pair, tmp_path):
        frame, _ = pair
        other = wave_frame(9, reach=(1, 0.7, 0.9))
        waves = {"B": {"not_asked": ["kind"]}}
        found = by(study_of(tmp_path, {"A": frame, "B": other}, segments=["kind"], waves=waves))
        assert found.waves == ("A",)
        assert any("wave B" in note for note in found.notes)

    def test_no_wave_with_the_segment_is_an_error(self, example):
        with pytest.raises(AnalysisError, match="no wave has the segment 'colour'"):
            by(example, "colour")

    def test_rows_without_a_label_are_left_out_and_counted(self, pair, tmp_path):
        frame = pair[0].copy()
        frame.loc[frame.index < 60, "kind"] = None
        found = by(study_of(tmp_path, {"A": frame}, segments=["kind"]))
        assert found.values["n"].sum() == len(frame) - 60
        assert any("60 rows have no kind" in note for note in found.notes)

    def test_a_segment_of_one_value_has_nothing_to_compare(self, pair, tmp_path):
        frame = pair[0].assign(kind="x")
        found = by(study_of(tmp_path, {"A": frame}, segments=["kind"]))
        assert found.differences.empty
        assert found.flipping == ()
        assert set(found.results) == {"x"}

    def test_results_are_frozen(self, plans):
        assert replace(plans, segment="other").segment == "other"
        with pytest.raises(AttributeError):
            plans.segment = "other"
