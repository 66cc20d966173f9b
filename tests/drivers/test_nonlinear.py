"""Outcomes that are no score: through the whole analysis, and their influence values."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import mot_research as mot
from mot_research.drivers.completed_model import analyse_completed
from mot_research.drivers.completion import layout_of, model_columns
from mot_research.drivers.design import build_design
from mot_research.drivers.frames import rows_of_frame
from mot_research.drivers.outcome_models import Drivers, net_promoters
from mot_research.drivers.reduction import reduce_columns
from mot_research.errors import AnalysisError
from mot_research.statistics.outcomes.marginal import Setting

EXACT = 1e-8  # fits end at 1e-13 of the deviance; sums of many of them
INFLUENCE = 2e-3  # a difference of step 1e-4 against a derivative
KINDS = ("binary", "ordered", "amount", "share")
DRIVERS = ["a", "b", "c", "d"]


def simulated(n=1500, seed=1, strength=1.0):
    """Four drivers: two matter; d was had by 70 %; weights, clusters, a control."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)
    ratings = {
        name: np.clip(np.round(3.4 + 0.6 * mood + rng.normal(size=n)), 1, 5) for name in DRIVERS
    }
    had = rng.random(n) < 0.7
    tenure = rng.normal(size=n)
    eta = strength * (
        0.5 * (ratings["a"] - 3.4)
        + 0.3 * (ratings["b"] - 3.4)
        + had * (0.5 * (ratings["d"] - 3.4) - 0.4)
        + 0.2 * tenure
    )
    noise = rng.logistic(size=n)
    frame = pd.DataFrame(ratings)
    frame["d"] = np.where(had, frame["d"], 6)
    return frame.assign(
        tenure=tenure,
        weight=rng.uniform(0.5, 2, n),
        branch=rng.integers(0, 80, n),
        binary=(eta + noise > -0.5).astype(float),
        ordered=np.digitize(eta + noise, [-3, -1, 1]),
        amount=(eta + noise > -1) * np.exp(3 + 0.3 * eta) * rng.gamma(2, 0.5, n),
        share=expit(eta + rng.normal(size=n) / 2),
        nps=np.clip(np.round(7 + eta + noise), 0, 10),
    )


def analysed(frame, outcome, **options):
    chosen = {
        "drivers": DRIVERS,
        "controls": ["tenure"],
        "weight": "weight",
        "cluster": "branch",
        "not_experienced": [6],
        "scale": (1, 5),
        "kind": outcome,
        "n_resamples": 0,
    }
    return mot.driver_analysis(frame, outcome, **(chosen | options))


@pytest.fixture(scope="module")
def frame():
    return simulated()


class TestEveryKind:
    @pytest.mark.parametrize("kind", KINDS)
    def test_importances_add_up_to_the_deviance_r_squared(self, frame, kind):
        result = analysed(frame, kind)
        table = result.to_frame()
        total = table["lmg"].sum() + table["contact"].sum()
        assert total == pytest.approx(result.r_squared - result.r_squared_controls, abs=EXACT)
        assert result.r_squared > result.r_squared_controls > 0

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_matters_is_found_and_what_does_not_is_not(self, frame, kind):
        result = analysed(frame, kind, n_resamples=300)
        table = result.to_frame()
        assert (table.loc[["a", "b", "d"], "q_value"] < 0.01).all()
        assert table.at["c", "q_value"] > 0.05
        assert table["lmg"].idxmin() == "c"
        assert (table["ci_lower"] <= table["lmg"]).all()
        assert (table["lmg"] <= table["ci_upper"]).all()
        assert result.lmg_covariance.shape == (4, 4)
        assert table.at["a", "p_top"] > 0.9
        assert table.at["c", "p_top"] < 0.1

    @pytest.mark.parametrize("kind", KINDS)
    def test_only_ratios_of_weights_matter(self, frame, kind):
        pd.testing.assert_frame_equal(
            analysed(frame, kind).to_frame(),
            analysed(frame.assign(weight=frame["weight"] * 1000), kind).to_frame(),
            rtol=1e-7,
        )

    @pytest.mark.parametrize("kind", KINDS)
    def test_order_of_drivers_does_not_matter(self, frame, kind):
        plain = analysed(frame, kind).to_frame()
        turned = analysed(frame, kind, drivers=DRIVERS[::-1]).to_frame().loc[DRIVERS]
        columns = ["lmg", "contact", "first", "last", "effect", "std_error", "contact_effect"]
        pd.testing.assert_frame_equal(plain[columns], turned[columns], rtol=1e-6, atol=1e-9)

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_seed_gives_the_same_numbers(self, frame, kind):
        holes = frame.assign(a=frame["a"].where(frame.index % 10 > 0))
        first = analysed(holes, kind, n_resamples=50, seed=4)
        again = analysed(holes, kind, n_resamples=50, seed=4)
        pd.testing.assert_frame_equal(first.to_frame(), again.to_frame(), check_exact=True)

    @pytest.mark.parametrize("kind", KINDS)
    def test_bootstrap_and_linearised_errors_agree(self, frame, kind):
        result = analysed(frame, kind, n_resamples=1000)
        table = result.to_frame()
        sd = table["effect_sd"] / table["effect"]
        spread = result.effect_sd_draws.std(axis=0) / np.abs(sd)
        # a standard deviation of 1,000 draws is good to 2 %; the draws also move the rating's sd
        np.testing.assert_allclose(spread, table["std_error"], rtol=0.12)

    @pytest.mark.parametrize("kind", KINDS)
    def test_scale_and_origin_of_a_rating_do_not_matter(self, frame, kind):
        moved = frame.assign(a=3 * frame["a"] + 40)
        plain = analysed(frame, kind).to_frame()
        there = analysed(moved, kind, scale=None).to_frame()
        for name in ("lmg", "contact", "first", "last", "contact_effect"):
            np.testing.assert_allclose(plain[name], there[name], rtol=1e-6, atol=1e-9)
        assert there.at["a", "effect"] * 3 == pytest.approx(plain.at["a", "effect"], rel=1e-6)

    def test_integer_weights_are_repeated_rows(self, frame):
        times = frame.index % 3 + 1
        weighted = analysed(frame.assign(weight=times), "binary").to_frame()
        repeated = analysed(
            frame.loc[frame.index.repeat(times)].reset_index(drop=True), "binary", weight=None
        ).to_frame()
        columns = ["lmg", "contact", "effect", "contact_effect", "std_error"]
        np.testing.assert_allclose(weighted[columns], repeated[columns], rtol=1e-7, atol=1e-10)


class TestAgainstStatsmodels:
    def test_effects_of_a_logit_are_its_average_marginal_effects(self, frame):
        import statsmodels.api as sm

        whole = frame[["a", "b", "c"]]
        fit = sm.Logit(frame["binary"], sm.add_constant(whole)).fit(disp=0)
        result = mot.driver_analysis(frame, "binary", ["a", "b", "c"], kind="binary", n_resamples=0)
        np.testing.assert_allclose(
            result.to_frame()["effect"], fit.get_margeff().margeff, rtol=1e-6
        )
        assert result.r_squared == pytest.approx(fit.prsquared, rel=1e-8)

    def test_a_poisson_share_of_deviance_is_its_own(self, frame):
        import statsmodels.api as sm

        x = sm.add_constant(frame[["a", "b", "c"]])
        fit = sm.GLM(frame["amount"], x, sm.families.Poisson(), freq_weights=frame["weight"]).fit()
        result = mot.driver_analysis(
            frame, "amount", ["a", "b", "c"], kind="amount", weight="weight", n_resamples=0
        )
        assert result.r_squared == pytest.approx(1 - fit.deviance / fit.null_deviance, rel=1e-8)
        margins = fit.params[["a", "b", "c"]] * np.average(fit.mu, weights=frame["weight"])
        np.testing.assert_allclose(result.further["poisson_effect"], margins, rtol=1e-6)


class TestAmount:
    def test_shares_do_not_change_with_the_currency_unit(self, frame):
        result = analysed(frame, "amount")
        cents = analysed(frame.assign(amount=frame["amount"] * 100), "amount")
        here, there = result.to_frame(), cents.to_frame()
        np.testing.assert_allclose(here["lmg"], there["lmg"], rtol=1e-8)
        np.testing.assert_allclose(here["contact"], there["contact"], rtol=1e-7, equal_nan=True)
        np.testing.assert_allclose(here["effect"] * 100, there["effect"], rtol=1e-8)
        np.testing.assert_allclose(here["std_error"] * 100, there["std_error"], rtol=1e-8)

    def test_everybody_may_spend(self, frame):
        result = analysed(frame.assign(amount=frame["amount"] + 1), "amount")
        assert result.to_frame()["effect"].notna().all()

    def test_the_other_roads_lie_near(self, frame):
        result = analysed(frame, "amount")
        effect, error = result.to_frame()["effect"], result.to_frame()["std_error"]
        further = result.further
        assert (np.abs(further["poisson_effect"] - effect) < 2 * error).all()
        assert (np.abs(further["winsorised_effect"] - effect) < 2 * error).all()
        assert further["winsorised_std_error"].mean() < error.mean()

    def test_a_refund_is_refused(self, frame):
        with pytest.raises(AnalysisError, match="negative in 1 rows"):
            analysed(frame.assign(amount=frame["amount"].where(frame.index > 0, -5)), "amount")


class TestShare:
    def test_percentages_are_refused(self, frame):
        with pytest.raises(AnalysisError, match="divide percentages by 100"):
            analysed(frame.assign(share=frame["share"] * 100), "share")


class TestNetPromoters:
    def test_a_score_of_0_to_10_has_them_and_another_has_not(self, frame):
        frame = frame.assign(nps=frame["nps"].where(frame.index > 1, [0, 10] + [5] * 1498))
        result = analysed(frame, "nps", kind="score")
        assert (result.further["nps_effect"][["a", "b", "d"]] > 0.02).all()
        assert abs(result.further["nps_effect"]["c"]) < 2 * result.further["nps_std_error"]["c"]
        assert result.to_frame()["effect"].equals(
            analysed(frame, "nps", kind="score").to_frame()["effect"]
        )
        assert analysed(frame.assign(nps=frame["nps"] / 2), "nps", kind="score").further.empty


class TestBlanks:
    def test_they_are_imputed_and_said_to_be(self):
        frame = simulated(3000, seed=2)
        whole = analysed(frame, "binary").to_frame()
        rng = np.random.default_rng(3)
        lost = rng.random(3000) < np.where(frame["binary"] == 1, 0.35, 0.05)
        holes = frame.assign(a=frame["a"].where(~lost))
        result = analysed(holes, "binary", n_resamples=200)
        assert any("imputed 5 times" in warning for warning in result.warnings)
        table = result.to_frame()
        # over 12 seeds the effect of a moves by .000 ± .004, and by −.004 in complete cases
        np.testing.assert_array_less(
            np.abs(table["effect"] - whole["effect"]), 1.5 * table["std_error"]
        )
        assert table.at["a", "std_error"] > whole.at["a", "std_error"]
        assert table.at["a", "lmg"] == pytest.approx(whole.at["a", "lmg"], rel=0.35)
        spread = result.effect_sd_draws.std(axis=0)[0]
        sd = table.at["a", "effect_sd"] / table.at["a", "effect"]
        assert spread / sd == pytest.approx(table.at["a", "std_error"], rel=0.2)

    def test_dropping_is_complete_cases(self):
        frame = simulated(800, seed=4)
        holes = frame.assign(a=frame["a"].where(frame.index % 5 > 0))
        dropped = analysed(holes, "binary", missing="drop")
        complete = analysed(holes[holes["a"].notna()].reset_index(drop=True), "binary")
        np.testing.assert_allclose(dropped.to_frame()["lmg"], complete.to_frame()["lmg"], rtol=1e-7)
        assert not any("imputed" in warning for warning in dropped.warnings)


class TestNotEstimable:
    def test_a_contact_without_which_all_stay_is_not_tested(self, frame):
        stays = frame.assign(binary=np.where(frame["d"] == 6, 1.0, frame["binary"]))
        result = analysed(stays, "binary", n_resamples=50)
        assert set(result.not_tested) == {"d"}
        assert "separation" in result.not_tested["d"]
        assert sum("separation" in warning for warning in result.warnings) == 1
        assert result.to_frame().loc[["a", "b", "c"], "effect"].notna().all()
        assert result.to_frame().loc["d", ["lmg", "effect"]].isna().all()

    def test_a_control_that_settles_the_outcome_is_left_out(self, frame):
        told = frame.assign(settled=np.where(frame["tenure"] > 1.5, "left", "open"))
        told["binary"] = told["binary"].where(told["settled"] == "open", 0.0)
        result = analysed(told, "binary", controls=["tenure", "settled"])
        assert sum("settled = left is left out" in warning for warning in result.warnings) == 1
        assert result.not_tested == {}
        plain = analysed(told, "binary", controls=["tenure"])
        pd.testing.assert_frame_equal(result.to_frame(), plain.to_frame())

    def test_a_driver_that_is_the_outcome_is_one_clear_error(self, frame):
        told = frame.assign(binary=(frame["a"] >= 4).astype(float))
        with pytest.raises(AnalysisError, match="settles the outcome by itself"):
            analysed(told, "binary", drivers=["a"])

    def test_copies_share_and_have_no_effect_of_their_own(self, frame):
        twice = analysed(frame.assign(copy=frame["a"]), "binary", drivers=["a", "copy", "b"])
        once = analysed(frame, "binary", drivers=["a", "b"])
        table = twice.to_frame()
        assert table.at["a", "lmg"] == pytest.approx(table.at["copy", "lmg"], rel=1e-5)
        assert table["lmg"].sum() == pytest.approx(once.to_frame()["lmg"].sum(), rel=1e-6)
        assert table.loc[["a", "copy"], "effect"].isna().all()
        assert table.at["b", "effect"] == pytest.approx(once.to_frame().at["b", "effect"], rel=1e-6)

    def test_few_clusters_take_the_jackknife(self, frame):
        result = analysed(frame.assign(branch=frame["branch"] % 20), "binary", n_resamples=50)
        table = result.to_frame()
        assert any("20 clusters" in warning for warning in result.warnings)
        assert (table["ci_upper"] > table["lmg"]).all()


@pytest.fixture(scope="module")
def small():
    return simulated(400, seed=9)


class TestInfluence:
    """A unit's score is the derivative of the estimate by that unit's weight."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_of_effects_and_importances(self, small, kind):
        here = once(small, kind)
        step = 1e-4
        for unit in (3, 17):
            moved = small.assign(
                weight=small["weight"] * np.where(small["branch"] == unit, 1 + step, 1)
            )
            there = once(moved, kind)
            for name in ("quality", "contact"):
                change = getattr(there.effects, name) - getattr(here.effects, name)
                scores = getattr(here.effects, f"{name}_scores")[0]
                close(change / step, scores[unit], scores)
            multipliers = np.ones((2, len(scores)))
            multipliers[1, unit] += step
            without_refit = np.diff(here.lmg(multipliers), axis=0)[0] / step
            refitted = (gains(there) - gains(here)) / step
            close(refitted, without_refit, gains(here))
            for name, (effect, score) in here.further.items():
                close((there.further[name][0] - effect) / step, score[0, unit], score[0])

    @pytest.mark.parametrize("kind", KINDS)
    def test_leaving_a_unit_out_is_nearer_to_a_refit_than_the_derivative(self, small, kind):
        here = once(small, kind)
        linearised, left_out = here.effects.quality_scores
        moved = np.abs(left_out).sum(axis=1).argsort()[-3:]
        factor = len(left_out) / (len(left_out) - 1)
        refitted = []
        for unit in moved:
            weight = small["weight"] * np.where(small["branch"] == unit, 1e-9, 1.0)
            there = once(small.assign(weight=weight), kind)
            refitted.append((here.effects.quality - there.effects.quality) / factor)
        near, far = (
            np.abs(way[moved] - np.array(refitted)).sum() for way in (left_out, linearised)
        )
        assert near < 0.8 * far

    def test_of_net_promoters(self, small):
        (here, scores), (there, _) = (
            promoters(small.assign(weight=small["weight"] * factor))
            for factor in (1.0, np.where(small["branch"] == 5, 1 + 1e-4, 1))
        )
        close((there - here) / 1e-4, scores[0, 5], scores[0])


def close(found, expected, scale):
    """Equal but for rounding, on the scale of the largest of their kind."""
    keep = np.isfinite(found)
    size = np.abs(scale).max()
    np.testing.assert_allclose(found[keep] / size, expected[keep] / size, atol=INFLUENCE)


def gains(one):
    return one.importance.gain / one.null


def prepared(frame, kind):
    rows, units, _ = rows_of_frame(
        frame,
        kind,
        tuple(DRIVERS),
        controls=("tenure",),
        weight="weight",
        cluster="branch",
        stratum=None,
        not_experienced=(6,),
        blank=(),
        scale=(1, 5),
        kind=kind,
    )
    design = build_design(rows, missing="em")
    return design, reduce_columns(design.columns, design.rows, units)


def once(frame, kind):
    design, reduction = prepared(frame, kind)
    layout = layout_of(design, reduction)
    rng = np.random.default_rng(1)
    return analyse_completed(design, reduction, layout, design.columns, kind, False, 1, rng)


def promoters(frame):

    design, reduction = prepared(frame, "nps")
    layout = layout_of(design, reduction)
    x = model_columns(design.columns, layout)
    setting = Setting(x, design.rows.weight, reduction.units.codes, reduction.units.stratum_of_unit)
    drivers = Drivers(layout.quality, layout.exposure)
    return net_promoters(design.columns[:, 0], x, drivers, setting)["nps"]
