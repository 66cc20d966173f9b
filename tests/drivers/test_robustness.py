"""Robustness values, collinearity, leaving segments out."""

import json

import numpy as np
import pandas as pd
import pytest

from mot_research.drivers.frames import rows_of_frame
from mot_research.drivers.one_outcome import analyse, analyse_model, build_model
from mot_research.drivers.options import Options
from mot_research.drivers.robustness import robustness, robustness_value
from tests.drivers.cases import rows_and_units

REFERENCE = 1e-8  # as the reference values' own readme grades them
EXACT = 1e-9
LINEARISED = 0.02  # leaving out a fifth of the rows with 8 % blanks: second order in both
OPTIONS = Options(n_resamples=0)


def fitted(rows, units, segments):
    model = build_model(rows, units, OPTIONS, outcome="y")
    result = analyse_model(model, units, None, OPTIONS, outcome="y")
    return robustness("y", model, segments), result


class TestRobustnessValue:
    def test_the_example_of_cinelli_and_hazlett(self):
        t, df = 4.184, 783  # Darfur: directly harmed
        assert robustness_value(t**2 / (t**2 + df)) == pytest.approx(0.1388, abs=5e-5)

    def test_is_the_formula(self):
        r = np.array([1e-6, 0.01, 0.3, 0.9, 0.999])
        f2 = r / (1 - r)
        assert robustness_value(r) == pytest.approx((np.sqrt(f2**2 + 4 * f2) - f2) / 2)

    def test_ends(self):
        assert robustness_value(np.array([0.0, 1.0])) == pytest.approx([0.0, 1.0])

    def test_of_an_effect_is_that_of_its_t(self):
        import statsmodels.api as sm

        rows, units = rows_and_units()
        found, _ = fitted(rows, units, {})
        design = sm.add_constant(np.column_stack([rows.ratings, rows.controls["tenure"]]))
        fit = sm.OLS(rows.outcome, design).fit()
        t2 = fit.tvalues[1:5] ** 2
        assert found.table["partial_r_squared"].to_numpy() == pytest.approx(
            t2 / (t2 + fit.df_resid), rel=EXACT
        )


class TestCollinearity:
    def test_vif_and_condition_index_are_those_of_r(self, shared):
        text = (shared / "golden" / "collinearity_oaxaca_mediation.json").read_text("utf-8")
        entry = json.loads(text)["collinearity"]["sfo2017"]
        outcome, right = entry["formula"].split(" ~ ")
        drivers = tuple(right.split(" + "))
        frame = pd.read_csv(shared / "data" / "an_sfo2017_cc.csv.gz")
        rows, units, _ = rows_of_frame(
            frame,
            outcome,
            drivers,
            controls=(),
            weight=None,
            cluster=None,
            stratum=None,
            not_experienced=(),
            blank=(),
            scale=None,
            kind="score",
        )
        table = fitted(rows, units, {})[0].to_frame()
        assert table["vif"].to_dict() == pytest.approx(entry["vif"], rel=REFERENCE)
        assert table["gvif"].to_numpy() == pytest.approx(np.sqrt(table["vif"].to_numpy()))

    def test_condition_index_counts_the_intercept(self):
        rows, units = rows_and_units()
        found, _ = fitted(rows, units, {})
        centred = rows.ratings - rows.ratings.mean(axis=0)  # as the pilot centre makes them
        x = np.column_stack([np.ones(len(centred)), rows.controls["tenure"], centred])
        s = np.linalg.svd(x / np.linalg.norm(x, axis=0), compute_uv=False)
        assert found.condition_index == pytest.approx(s[0] / s[-1], rel=EXACT)

    def test_large_indices_name_their_columns(self):
        rows, units = rows_and_units(p=3)
        ratings = rows.ratings.copy()
        ratings[:, 2] = ratings[:, 0] + 0.02 * np.random.default_rng(0).normal(size=600)
        near = rows.__class__(**(vars(rows) | {"ratings": ratings}))
        found, _ = fitted(near, units, {})
        assert found.conditions["columns"].tolist() == ["how it went: m0, how it went: m2"]
        assert found.conditions["condition_index"].iloc[0] == found.condition_index > 30
        assert fitted(rows, units, {})[0].conditions.empty

    def test_a_copy_has_no_end(self):
        rows, units = rows_and_units(p=3)
        ratings = rows.ratings.copy()
        ratings[:, 2] = ratings[:, 0]
        table = fitted(rows.__class__(**(vars(rows) | {"ratings": ratings})), units, {})[
            0
        ].to_frame()
        assert np.isinf(table.loc[["m0", "m2"], "vif"]).all()
        assert np.isfinite(table.at["m1", "vif"])


class TestLeavingOut:
    def segments(self, n):
        rng = np.random.default_rng(9)
        values = rng.choice(["a", "b", "c", "d", "e"], size=n).astype(object)
        values[:20] = None
        return {"plan": values}

    def test_equals_the_analysis_of_the_other_rows(self):
        rows, units = rows_and_units(reach=0.6)
        segments = self.segments(len(rows.outcome))
        found, _ = fitted(rows, units, segments)
        for value in "abcde":
            kept = rows.keep(np.array([v != value for v in segments["plan"]]))
            again = analyse(kept, units, None, OPTIONS, outcome="y").to_frame()
            without = found.left_out[found.left_out["value"] == value].set_index("driver")
            assert without["effect"].to_numpy() == pytest.approx(again["effect"], rel=EXACT)
            assert without["rank"].tolist() == again["rank"].tolist()

    def test_with_blanks_is_near_the_analysis_of_the_other_rows(self):
        rows, units = rows_and_units(n=1000, blank=0.08)
        segments = self.segments(len(rows.outcome))
        found, _ = fitted(rows, units, segments)
        kept = rows.keep(np.array([v != "a" for v in segments["plan"]]))
        again = analyse(kept, units, None, OPTIONS, outcome="y").to_frame()
        without = found.left_out[found.left_out["value"] == "a"].set_index("driver")
        assert without["effect"].to_numpy() == pytest.approx(again["effect"], abs=LINEARISED)

    def test_ranges_name_what_moved_them(self):
        rows, units = rows_and_units(n=900, effects=[0.0, 0.5, 0.5, 0.5])
        plan = np.array(["a"] * 300 + ["b"] * 600, dtype=object)
        outcome = rows.outcome + np.where(plan == "a", 1.5, -0.75) * (rows.ratings[:, 0] - 3)
        moved = rows.__class__(**(vars(rows) | {"outcome": outcome}))
        table = fitted(moved, units, {"plan": plan})[0].to_frame()
        assert table.at["m0", "without_lowest"] == "plan = a"
        assert table.at["m0", "effect_lowest"] < 0 < table.at["m0", "effect_highest"]
        assert table["same_sign"].to_dict() == {"m0": False, "m1": True, "m2": True, "m3": True}
        assert (table["rank_best"] <= table["rank_worst"]).all()

    def test_a_small_value_is_not_left_out(self):
        rows, units = rows_and_units()
        plan = np.array(["rare"] * 29 + ["usual"] * 300 + ["other"] * 271, dtype=object)
        found, _ = fitted(rows, units, {"plan": plan})
        assert set(found.left_out["value"]) == {"usual", "other"}
        assert found.not_left_out == ("plan = rare: too few rows in it or without it",)

    def test_without_segments_there_are_no_ranges(self):
        rows, units = rows_and_units()
        found, _ = fitted(rows, units, {})
        assert found.left_out.empty
        assert "rank_best" not in found.to_frame()
