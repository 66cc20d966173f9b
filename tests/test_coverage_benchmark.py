"""The benchmark of coverage stands on a population whose truth is what it says, and it runs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mot_research as mot
from benchmarks.simulation.pages import DECISIONS, INTERVALS, TESTS, tables
from benchmarks.simulation.population import DESIGN_EFFECT, draw_clusters, draw_customers
from benchmarks.simulation.records import study_record
from benchmarks.simulation.scenarios import COVERAGE, TEN
from benchmarks.simulation.summary import PRODUCT, summarise
from benchmarks.simulation.surveys import simulated_study
from benchmarks.simulation.truth import population_truth, with_binary

POPULATION = 300_000
FIVE_ERRORS = 5  # standard errors; a sound figure is further off once in a million times


@pytest.fixture(scope="module")
def truth():
    return population_truth(TEN, POPULATION)


def test_customers_of_a_survey_stand_for_the_population(truth):
    """Weights of design effect 2 undo who answers; without them the means are wrong."""
    rng, n = np.random.default_rng(1), 100_000
    clusters = draw_clusters(rng, n, 10)
    rows = draw_customers(rng, TEN, clusters, np.arange(n), wave="B", answering=True)
    w = rows.weight / rows.weight.mean()
    assert np.mean(w**2) == pytest.approx(DESIGN_EFFECT, rel=0.05)
    for had, rating, reach, mean in zip(
        rows.had.T, rows.rating.T, truth.values["reach"], truth.values["mean_rating"], strict=True
    ):
        if np.isfinite(reach):
            error = np.std(w * (had - reach)) / np.sqrt(n)
            assert abs(np.mean(w * had) - reach) < FIVE_ERRORS * error
        rated = np.where(had, rating, mean) - mean
        error = np.std(w * rated) / np.sqrt(n)
        assert abs(np.mean(w * rated)) < FIVE_ERRORS * error
    unweighted = np.nanmean(rows.rating[:, 0]) - truth.values["mean_rating"][0]
    assert abs(unweighted) > FIVE_ERRORS * np.nanstd(rows.rating[:, 0]) / np.sqrt(n)


def test_declared_effects_are_what_the_model_estimates(truth):
    rng, n = np.random.default_rng(2), 60_000
    clusters = draw_clusters(rng, n, 10)
    rows = draw_customers(rng, TEN, clusters, np.arange(n), wave="B", answering=False)
    frame = pd.DataFrame(np.where(rows.had, rows.rating, 9.0), columns=TEN.names)
    frame = frame.assign(loyalty=rows.outcome, tenure=rows.tenure)
    result = mot.driver_analysis(
        frame, "loyalty", TEN.names, controls=["tenure"], not_experienced=[9], n_resamples=0
    )
    table = result.to_frame()
    for estimate, error, kind in (
        ("effect", "std_error", "effect"),
        ("contact_effect", "contact_std_error", "contact_effect"),
    ):
        off = np.abs(table[estimate].to_numpy() - truth.values[kind]) / table[error].to_numpy()
        assert np.nanmax(off) < FIVE_ERRORS
    assert result.r_squared == pytest.approx(truth.r_squared, abs=0.02)
    np.testing.assert_allclose(table["lmg"], truth.values["lmg"], atol=0.01)


def test_a_few_studies_give_every_table(truth):
    scenario = replace(COVERAGE[2], n=500, n_studies=2, n_naive=2, n_binary=2, n_resamples=50)
    truth = with_binary(truth, TEN, 2000)
    study = simulated_study(scenario)
    records = [study_record(scenario, study, truth, k) for k in range(2)]
    again = study_record(scenario, study, truth, 1)
    assert again.figures == records[1].figures
    summary = summarise(scenario, records, truth)
    found = summary["methods"][PRODUCT]
    assert set(found["intervals"]) == set(INTERVALS)
    assert {*TESTS, *DECISIONS} <= set(found["figures"])
    assert len(summary["methods"]) == 5
    shown = tables({"coverage": {"one": summary}, "power": {"one": summary}})
    assert all(len(lines) > 2 for lines in shown.values())
