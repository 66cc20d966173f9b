"""Outcome models against R (ordinal, MASS, survey, sandwich, domir), and their derivatives."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from mot_research.statistics.deviance import (
    deviance_importance,
    quadratic_shapley,
    quadratic_sums,
)
from mot_research.statistics.outcomes.families import GAMMA, LOGIT, POISSON
from mot_research.statistics.outcomes.fitting import diverging, fit, fit_subsets
from mot_research.statistics.outcomes.generalised import GeneralisedLinear
from mot_research.statistics.outcomes.marginal import (
    Predictors,
    Setting,
    promoters_less_detractors,
    quality_effects,
    two_part_amount,
)
from mot_research.statistics.outcomes.ordered import OrderedLogit
from mot_research.statistics.resampling import sampling_units, survey_covariance

GLM = 1e-8  # as the reference values' own readme grades them
ORDERED_ERRORS = 1e-6
SVYOLR = 0.005  # of a standard error: svyolr stops at a relative change of 1e-8 of −2ℓ
SVYOLR_ERRORS = 1e-4  # as graded, for slopes; its curvature is by differences,
SVYOLR_THRESHOLDS = 3e-3  # which costs the outermost threshold three digits
SVYGLM_ERRORS = 1e-5  # svyglm's errors belong to the step before its last
DOMINANCE = 1e-7
DOMINANCE_ORDERED = 1e-6
DIFFERENCES = 1e-5  # forward differences of step 1e-7 against second derivatives up to 1
RESAMPLES = 0.08  # of the spread over resamples: less than that of 1,000 draws moves an end
EXACT = 1e-10  # two ways through the same arithmetic

SFO = ["food", "store", "sign", "walkways", "screens", "wifi", "cl_boarding", "cl_restroom"]
SFO += ["find", "passthru"]
CDNOW = ["n_orders_cal", "rec", "lsp", "first_day"]


def golden(shared, name):
    return json.loads((shared / "golden" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sfo(shared):
    return pd.read_csv(shared / "data" / "an_sfo2017_cc.csv.gz")


@pytest.fixture(scope="module")
def cdnow(shared):
    frame = pd.read_csv(shared / "data" / "an_cdnow_customers.csv.gz")
    return frame.assign(
        rec=frame["last_day_cal"] - frame["first_day"], lsp=np.log(frame["spend_cal"] + 1)
    )


def ordered(frame, columns, weight=None):
    w = np.ones(len(frame)) if weight is None else frame[weight].to_numpy()
    level = frame["all"].to_numpy(int) - 1
    return OrderedLogit(level, level.max() + 1, frame[columns].to_numpy(float), w / w.sum())


def linear(family, frame, outcome, columns, weight=None):
    w = np.ones(len(frame)) if weight is None else frame[weight].to_numpy()
    x = np.column_stack([np.ones(len(frame)), frame[columns].to_numpy(float)])
    return GeneralisedLinear(family, frame[outcome].to_numpy(float), x, w / w.sum())


def design_errors(model, at, frame, design):
    """Square roots of the sandwich's diagonal, for clusters and strata."""
    units = sampling_units(
        frame["runid"] if "cluster" in design else np.arange(len(frame)),
        frame["strata"] if design.startswith("strata") else None,
    )
    sums = np.zeros((units.n_units, model.n_parameters))
    np.add.at(sums, units.codes, model.row_slopes(at))
    scores = sums @ np.linalg.inv(model.curved(at[:, None])[0])
    return np.sqrt(np.diag(survey_covariance(scores, units.stratum_of_unit)))


class TestOrderedLogit:
    def test_clm(self, shared, sfo):
        entry = golden(shared, "outcome_models")["ordinal"]["sfo2017_all_logit"]
        model = ordered(sfo, SFO)
        found = fit(model)
        at = found.parameters[:, 0]
        np.testing.assert_allclose(at, list(entry["coef"]["Estimate"].values()), rtol=GLM)
        assert -found.deviance[0] * len(sfo) / 2 == pytest.approx(entry["loglik"], rel=GLM)
        covariance = np.linalg.inv(model.curved(found.parameters)[0]) / len(sfo)
        errors = list(entry["coef"]["Std. Error"].values())
        np.testing.assert_allclose(np.sqrt(np.diag(covariance)), errors, rtol=ORDERED_ERRORS)

    def test_clm_with_weights(self, shared, sfo):
        entry = golden(shared, "outcome_models")["ordinal"]["sfo2017_weighted_logit"]
        found = fit(ordered(sfo, SFO[:5], "weight"))
        expected = list(entry["coef"]["Estimate"].values())
        np.testing.assert_allclose(found.parameters[:, 0], expected, rtol=GLM)

    def test_polr_on_tables(self, shared):
        entry = golden(shared, "outcome_models")["ordinal"]["MASS_housing"]
        frame = pd.read_csv(shared / "data" / "MASS_housing.csv.gz")
        names = [name for name in entry["coef"]["Value"] if "|" not in name]
        x = np.column_stack(
            [
                sum(
                    (frame[c] == name.removeprefix(c)).astype(float)
                    for c in ("Infl", "Type", "Cont")
                )
                for name in names
            ]
        )
        level = frame["Sat"].map({"Low": 0, "Medium": 1, "High": 2}).to_numpy()
        weight = frame["Freq"] / frame["Freq"].sum()
        found = fit(OrderedLogit(level, 3, x, weight.to_numpy()))
        coefficients = dict(zip(names, found.parameters[2:, 0], strict=True))
        # polr maximises by BFGS and stops at 1e-8 of the deviance
        for name in names:
            assert coefficients[name] == pytest.approx(entry["coef"]["Value"][name], abs=1e-4)
        assert found.deviance[0] * frame["Freq"].sum() == pytest.approx(entry["deviance"], rel=GLM)

    @pytest.mark.parametrize("design", ["weights_only", "cluster_runid", "strata_cluster"])
    def test_svyolr(self, shared, sfo, design):
        entry = golden(shared, "outcome_models")["survey"][design]["svyolr"]
        names = [name for name in entry["coef"] if "|" not in name]
        model = ordered(sfo, names, "weight")
        at = fit(model).parameters[:, 0]
        order = [*range(4, 4 + len(names)), *range(4)]
        theirs = np.empty_like(at)
        theirs[order] = list(entry["coef"].values())
        # svyolr stops early: the same errors where it stopped, and ours is the better maximum
        errors = design_errors(model, theirs, sfo, design)
        slopes = {name: entry["se"][name] for name in names}
        np.testing.assert_allclose(errors[4:], list(slopes.values()), rtol=SVYOLR_ERRORS)
        np.testing.assert_allclose(
            errors[order], list(entry["se"].values()), rtol=SVYOLR_THRESHOLDS
        )
        assert (np.abs(at - theirs) / errors).max() < SVYOLR
        ours, r = model.sloped(np.column_stack([at, theirs]))[0]
        assert ours <= r

    def test_slopes_and_curvatures_are_the_derivatives(self, sfo):
        model = ordered(sfo, SFO[:4], "weight")
        at = fit(model).parameters[:, 0] + 0.05
        check_derivatives(model, at)


class TestGeneralisedLinear:
    @pytest.mark.parametrize(
        ("entry", "family", "outcome"),
        [
            ("cdnow_poisson", POISSON, "n_orders_hold"),
            ("cdnow_quasipoisson_spend", POISSON, "spend_hold"),
        ],
    )
    def test_poisson(self, shared, cdnow, entry, family, outcome):
        expected = golden(shared, "outcome_models")["glm"][entry]
        model = linear(family, cdnow, outcome, CDNOW)
        found = fit(model)
        at = found.parameters[:, 0]
        np.testing.assert_allclose(at, list(expected["coef"]["Estimate"].values()), rtol=GLM)
        assert found.deviance[0] * len(cdnow) == pytest.approx(expected["deviance"], rel=GLM)
        null = model.null_deviance((model.weight @ model.null_features)[None])[0]
        assert null * len(cdnow) == pytest.approx(expected["null_deviance"], rel=GLM)
        if "HC0" in expected:
            slopes = model.row_slopes(at) @ np.linalg.inv(model.curved(at[:, None])[0])
            errors = np.sqrt((slopes**2).sum(axis=0))
            np.testing.assert_allclose(errors, list(expected["HC0"].values()), rtol=GLM)

    @pytest.mark.parametrize("design", ["weights_only", "cluster_runid", "strata_cluster"])
    def test_svyglm_logit(self, shared, sfo, design):
        entry = golden(shared, "outcome_models")["survey"][design]["logit_top2"]
        names = [name for name in entry["Estimate"] if name != "(Intercept)"]
        model = linear(LOGIT, sfo.assign(top=sfo["all"] >= 4), "top", names, "weight")
        at = fit(model).parameters[:, 0]
        np.testing.assert_allclose(at, list(entry["Estimate"].values()), rtol=GLM)
        errors = design_errors(model, at, sfo, design)
        np.testing.assert_allclose(errors, list(entry["Std. Error"].values()), rtol=SVYGLM_ERRORS)

    def test_two_parts_and_their_average_marginal_effects(self, shared, cdnow):
        entry = golden(shared, "outcome_models")["glm"]["cdnow_twopart"]
        spends = cdnow["spend_hold"] > 0
        any_ = fit(linear(LOGIT, cdnow.assign(any=spends), "any", CDNOW)).parameters[:, 0]
        much = fit(linear(GAMMA, cdnow[spends], "spend_hold", CDNOW)).parameters[:, 0]
        np.testing.assert_allclose(
            any_, list(entry["part1"]["coef"]["Estimate"].values()), rtol=GLM
        )
        # glm stops where the deviance changes by 1e-8
        np.testing.assert_allclose(
            much, list(entry["part2"]["coef"]["Estimate"].values()), rtol=1e-5
        )
        n = len(cdnow)
        x = np.column_stack([np.ones(n), cdnow[CDNOW].to_numpy(float)])
        effects, _ = quality_effects(
            Setting(x, np.ones(n), np.zeros(n, dtype=int), np.zeros(1, dtype=int)),
            Predictors(np.array([any_, much]), np.zeros((1, 2, 1, 5))),
            two_part_amount,
            range(1, 5),
            [np.ones(n)] * 4,
        )
        np.testing.assert_allclose(effects, list(entry["AME"].values()), rtol=1e-5)

    @pytest.mark.parametrize("family", [LOGIT, POISSON, GAMMA])
    def test_slopes_and_curvatures_are_the_derivatives(self, family):
        rng = np.random.default_rng(3)
        y = {LOGIT: rng.random(200), POISSON: rng.poisson(2, 200), GAMMA: rng.gamma(2, 1, 200)}
        frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=list("abc"))
        frame = frame.assign(y=y[family], w=rng.random(200))
        model = linear(family, frame, "y", list("abc"), "w")
        check_derivatives(model, rng.normal(size=4) / 3)
        means = (model.weight @ model.null_features)[None]
        alone = fit_subsets(model, np.array([[True, False, False, False]]), model.start[:, None])
        assert model.null_deviance(means)[0] == pytest.approx(alone.deviance[0], rel=EXACT)


def check_derivatives(model, at):
    step = 1e-6
    size = len(at)
    stack = at[:, None] + np.hstack([np.eye(size), -np.eye(size)]) * step
    deviance, slope = model.sloped(stack)
    there, curvature = model.sloped(at[:, None])[1][:, 0], model.curved(at[:, None])[0]
    differences = -(deviance[:size] - deviance[size:]) / (4 * step)
    np.testing.assert_allclose(there, differences, atol=DIFFERENCES)
    second = -(slope[:, :size] - slope[:, size:]) / (2 * step)
    np.testing.assert_allclose(curvature, second, atol=DIFFERENCES)
    np.testing.assert_allclose(model.row_slopes(at).sum(axis=0), there, atol=EXACT)
    left, right = model.curvature_factors(at)
    np.testing.assert_allclose(np.einsum("nfp,nfq->pq", left, right), curvature, atol=EXACT)
    # the expansion meets the deviance with its first two derivatives
    near = at[:, None] + 1e-4
    third = model.weight @ (model.row_expansions(at, near) - model.row_deviances(near))
    assert abs(third[0]) < 1e-9


class TestSeparation:
    def test_a_contact_without_which_all_stay_runs_away(self):
        rng = np.random.default_rng(5)
        frame = pd.DataFrame({"e": rng.random(500) < 0.9, "x": rng.normal(size=500)})
        frame["y"] = np.where(frame["e"], rng.random(500) < expit(frame["x"]), 1)
        model = linear(LOGIT, frame, "y", ["e", "x"])
        away = diverging(model, fit(model).parameters[:, 0], np.array([1.0, 1.0, 4.0]))
        assert away[1]
        assert not away[2]

    def test_a_strong_but_finite_effect_does_not(self):
        rng = np.random.default_rng(6)
        x = rng.normal(size=2000)
        frame = pd.DataFrame({"x": x, "y": rng.random(2000) < expit(6 * x)})
        model = linear(LOGIT, frame, "y", ["x"])
        found = fit(model)
        assert found.converged[0]
        assert not diverging(model, found.parameters[:, 0], np.array([1.0, 4.0])).any()

    def test_told_apart_without_error_never_converges(self):
        x = np.linspace(-1, 1, 50)
        model = linear(LOGIT, pd.DataFrame({"x": x, "y": x > 0}), "y", ["x"])
        found = fit(model)
        assert diverging(model, found.parameters[:, 0], np.array([1.0, 1.0]))[1]


class TestDominance:
    def test_ordered_logit_by_mcfadden(self, shared, sfo):
        entry = golden(shared, "dominance")["sets"]["sfo2017_all_polr"]
        found, null = decomposed(ordered(sfo, list(entry["general"])), 4)
        np.testing.assert_allclose(
            found.gain / null, list(entry["general"].values()), atol=DOMINANCE_ORDERED
        )
        first = [values[0] for values in entry["conditional"]["values"]]
        last = [values[-1] for values in entry["conditional"]["values"]]
        np.testing.assert_allclose(found.first / null, first, atol=DOMINANCE_ORDERED)
        np.testing.assert_allclose(found.last / null, last, atol=DOMINANCE_ORDERED)

    def test_poisson_by_the_deviance(self, shared, cdnow):
        entry = golden(shared, "dominance")["sets"]["cdnow_poisson_devR2"]
        model = linear(POISSON, cdnow.head(5000), "n_orders_hold", CDNOW)
        found, null = decomposed(model, 1)
        np.testing.assert_allclose(
            found.gain / null, list(entry["general"].values()), atol=DOMINANCE
        )

    def test_sampled_orders_agree_with_all_subsets_within_their_error(self, sfo, monkeypatch):
        model = ordered(sfo, SFO[:7], "weight")
        exact, null = decomposed(model, 4)
        monkeypatch.setattr("mot_research.statistics.deviance.EXACT_PLAYERS", 3)
        sampled, _ = decomposed(model, 4)
        assert 0 < sampled.std_error.max() / null < 0.003
        # a t of four blocks is within 6 of its errors in 99 % of all cases
        assert (np.abs(sampled.gain - exact.gain) < 6 * sampled.std_error.max()).all()
        assert sampled.gain.sum() == pytest.approx(exact.gain.sum(), rel=1e-8)
        np.testing.assert_allclose(sampled.first, exact.first, rtol=1e-8)
        np.testing.assert_allclose(sampled.last, exact.last, rtol=1e-6)

    def test_the_quadratic_alone_is_off_by_points(self, sfo):
        found, null = decomposed(ordered(sfo, SFO[:7]), 4)
        assert np.abs(found.quadratic - found.gain).max() / null > 0.005

    def test_copies_share_equally(self, sfo):
        frame = sfo.assign(meal=sfo["food"], top=sfo["all"] >= 4)
        once, null = decomposed(linear(LOGIT, frame, "top", ["food", "sign"]), 1)
        twice, _ = decomposed(linear(LOGIT, frame, "top", ["food", "meal", "sign"]), 1)
        assert twice.gain[0] == pytest.approx(twice.gain[1], rel=1e-6)
        assert twice.gain.sum() == pytest.approx(once.gain.sum(), rel=1e-6)
        assert null > twice.gain.sum()

    @pytest.mark.parametrize("name", ["logit", "ordered", "poisson"])
    def test_resamples_without_refitting_are_near_those_refitted(self, sfo, name):
        frame = sfo.assign(top=sfo["all"] >= 4)
        model, always = {
            "logit": (linear(LOGIT, frame, "top", SFO[:5], "weight"), 1),
            # the few lowest answers are joined: a resample may have none of them
            "ordered": (ordered(frame.assign(all=frame["all"].clip(3) - 2), SFO[:4], "weight"), 2),
            "poisson": (linear(POISSON, frame, "netpro", SFO[:5], "weight"), 1),
        }[name]
        found, _ = decomposed(model, always)
        rng = np.random.default_rng(8)
        n, players = len(frame), range(always, model.n_parameters)
        multipliers = rng.multinomial(n, np.full(n, 1 / n), size=40).astype(float)
        at = fit(model).parameters[:, 0]
        sums = quadratic_sums(model, at, np.arange(n), n)
        gains = quadratic_shapley(*sums.forms(multipliers), players, range(always))
        gains += multipliers @ (model.weight[:, None] * found.row_rest)
        features = multipliers @ np.column_stack(
            [model.weight, model.weight[:, None] * model.null_features]
        )
        null = features[:, 0] * model.null_deviance(features[:, 1:] / features[:, :1])
        quick = gains / null[:, None]
        slow = []
        for row in multipliers:
            weight = model.weight * row / (model.weight @ row)
            refitted, its_null = decomposed(replace(model, weight=weight), always)
            slow.append(refitted.gain / its_null)
        slow = np.array(slow)
        # what is left is of third order in the resample's distance from the sample
        off = np.abs(quick - slow).mean(axis=0) / slow.std(axis=0)
        assert (off < RESAMPLES).all(), off
        for j in range(len(players)):
            assert np.corrcoef(quick[:, j], slow[:, j])[0, 1] > 0.99


def decomposed(model, first):
    at = fit(model).parameters[:, 0]
    players, always = range(first, model.n_parameters), range(first)
    found = deviance_importance(model, at, players, always, rng=np.random.default_rng(2))
    null = model.null_deviance((model.weight @ model.null_features)[None])[0]
    return found, null


class TestMarginal:
    def test_net_promoter_response_is_its_derivative(self):
        t = np.array([[0.3, -1.0], [1.2, 0.4]])
        value, slope, second = promoters_less_detractors(t)
        np.testing.assert_allclose(value, expit(t[0]) - expit(-t[1]))
        for part in range(2):
            moved = t.copy()
            moved[part] += 1e-6
            near, near_slope, _ = promoters_less_detractors(moved)
            np.testing.assert_allclose((near - value) / 1e-6, slope[part], atol=DIFFERENCES)
            np.testing.assert_allclose((near_slope - slope) / 1e-6, second[part], atol=DIFFERENCES)
