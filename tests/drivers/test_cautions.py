"""Each warning: data that provoke it, data that don't, its rule and its next step."""

from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from mot_research.drivers.cautions import (
    RULES,
    Caution,
    cautions_frame,
    of_analysis,
    rules_frame,
)
from mot_research.drivers.one_outcome import analyse, build_model
from mot_research.drivers.options import Options
from mot_research.drivers.study_cautions import is_later, of_study
from mot_research.statistics import resampling
from mot_research.statistics.resampling import draw, sampling_units
from mot_research.study.reading import read_study
from mot_research.survey.reading import read_survey
from mot_research.survey.wave import BLANK, NOT_EXPERIENCED, RATED
from tests.drivers.cases import rows_and_units


def changed(rows, **parts):
    return replace(rows, **parts)


def usual():
    """Nothing to warn of: everyone had missed each contact sometimes, nothing is blank."""
    rows, units = rows_and_units(n=800)
    rng = np.random.default_rng(5)
    states = np.where(rng.random(rows.states.shape) < 0.2, NOT_EXPERIENCED, RATED)
    outcome = rows.outcome + rng.normal(size=800)
    ratings = np.where(states == RATED, rows.ratings, np.nan)
    return changed(rows, states=states, ratings=ratings, outcome=outcome), units, {}


def with_ratings(values, *, column=0):
    rows, units, options = usual()
    ratings, states = rows.ratings.copy(), rows.states.copy()
    ratings[:, column], states[:, column] = values(rows), RATED
    return changed(rows, ratings=ratings, states=states), units, options


def blank_outcome():
    rows, units, options = usual()
    outcome = rows.outcome.copy()
    outcome[:3] = np.nan
    return changed(rows, outcome=outcome), units, options


def with_blanks(share):
    rows, units, options = usual()
    blank = np.arange(800) < share * 800
    ratings, states = rows.ratings.copy(), rows.states.copy()
    ratings[blank, 0], states[blank, 0] = np.nan, BLANK
    return changed(rows, ratings=ratings, states=states), units, options


def dropped():
    rows, units, _ = with_blanks(0.05)
    return rows, units, {"missing": "drop"}


def few(n):
    rows, units, options = usual()
    states = rows.states.copy()
    states[:, 0] = np.where(np.arange(800) < n, RATED, NOT_EXPERIENCED)
    ratings = np.where(states == RATED, np.nan_to_num(rows.ratings, nan=3.0), np.nan)
    ratings[:n, 0] = 1 + np.arange(n) % 5
    return changed(rows, ratings=ratings, states=states), units, options


def suppressed():
    rng = np.random.default_rng(0)
    rows, units, options = usual()
    ratings = rows.ratings.copy()
    states = np.full_like(rows.states, RATED)
    ratings[:, 0] = np.round(rng.uniform(1, 5, 800), 1)
    ratings[:, 1] = np.clip(ratings[:, 0] + rng.normal(size=800) * 0.4, 1, 5)
    ratings[:, 2:] = np.round(rng.uniform(1, 5, (800, 2)))
    outcome = 2 * ratings[:, 1] - ratings[:, 0] + rng.normal(size=800) * 0.3
    return changed(rows, ratings=ratings, states=states, outcome=outcome), units, options


def one_impression(noise):
    rows, units, options = usual()
    rng = np.random.default_rng(0)
    common = rng.normal(size=(800, 1))
    ratings = np.clip(3 + common + noise * rng.normal(size=(800, 4)), 1, 5)
    return (
        changed(rows, ratings=ratings, states=np.zeros_like(rows.states)),
        units,
        options,
    )


def derived(noise):
    rows, units, options = usual()
    had = rows.states == RATED
    made = np.where(had, rows.ratings, 0).sum(axis=1) / had.sum(axis=1).clip(1)
    made = np.nan_to_num(rows.ratings - 3) @ [0.3, 0.3, 0.2, 0.2]
    outcome = made + noise * np.random.default_rng(0).normal(size=800)
    return changed(rows, outcome=outcome), units, options


def yes_or_no(*, separated):
    rows, units, _ = usual()
    score = np.nan_to_num(rows.ratings - 3)[:, 0]
    noise = 0 if separated else np.random.default_rng(0).logistic(size=800)
    return changed(rows, outcome=(score + noise > 0.5).astype(float)), units, {"kind": "binary"}


def weighted(spread):
    rows, units, options = usual()
    weight = np.random.default_rng(0).lognormal(sigma=spread, size=800)
    return changed(rows, weight=weight), units, options


def clustered(n, strata=None):
    rows, _, options = usual()
    units = sampling_units(np.arange(800) % n, strata)
    return changed(rows, unit=units.codes), units, options


def lonely(*, alone):
    """Cluster 0 is a stratum of its own."""
    cluster = np.arange(800) % 100
    return clustered(100, np.where(cluster == 0, "a", "b") if alone else None)


def grouped(*, most):
    """100 clusters, of which `most` would stand each for itself."""
    with mock.patch.multiple(resampling, MOST_UNITS=most, GROUPS=80):
        return clustered(100)


def independent_and_silent():
    rows, units, options = usual()
    ratings = rows.ratings.copy()
    ratings[:, 3] = np.random.default_rng(1).integers(1, 6, 800)
    had = rows.states == RATED
    outcome = np.where(had, np.nan_to_num(rows.ratings - 3), 0)[:, :3].sum(axis=1)
    outcome += np.random.default_rng(2).normal(size=800)
    ratings[~had] = np.nan
    return changed(rows, ratings=ratings, outcome=outcome), units, options


def nearly_copied(rows):
    other = np.nan_to_num(rows.ratings[:, 1], nan=3.0)
    return other + np.where(np.arange(800) % 40 == 0, 0.5, 0.0)


def one_moment_each():
    rows, units = rows_and_units(n=600, p=3)
    asked = (np.arange(600) % 3)[:, None] == np.arange(3)
    states = np.where(asked, RATED, NOT_EXPERIENCED)
    return changed(rows, states=states, ratings=np.where(asked, rows.ratings, np.nan)), units, {}


def everyone_best(share):
    return lambda rows: np.where(np.arange(800) % 100 < share * 100, 5.0, 1 + np.arange(800) % 4)


# rule: (data that provoke it, what the sentence names, data just this side of it)
CASES = {
    "blank_outcome": (blank_outcome, "3 rows", usual),
    "dropped": (dropped, "40 rows", lambda: with_blanks(0.05)),
    "not_tested": (lambda: with_blanks(0.5), "m0", lambda: with_blanks(0.3)),
    "no_variance": (lambda: with_ratings(lambda rows: 4.0), "m0", usual),
    "reach_one": (lambda: with_ratings(lambda rows: 1 + np.arange(800) % 5), "m0", usual),
    "often_blank": (lambda: with_blanks(0.25), "m0 (25%)", lambda: with_blanks(0.15)),
    "exact_collinearity": (
        lambda: with_ratings(lambda rows: np.nan_to_num(rows.ratings[:, 1], nan=3.0)),
        "m0",
        lambda: with_ratings(nearly_copied),
    ),
    "gvif": (lambda: with_ratings(nearly_copied), "m0", usual),
    "unsupported": (independent_and_silent, "m3", usual),
    "suppression": (suppressed, "m0", usual),
    "halo": (lambda: one_impression(0.5), "halo", lambda: one_impression(1.5)),
    "ceiling": (
        lambda: with_ratings(everyone_best(0.85)),
        "m0 (85%)",
        lambda: with_ratings(everyone_best(0.7)),
    ),
    "few_raters": (lambda: few(90), "m0 (90)", lambda: few(110)),
    "derived_outcome": (lambda: derived(0.05), "recipe", lambda: derived(0.5)),
    "separation": (
        lambda: yes_or_no(separated=True),
        "not estimable",
        lambda: yes_or_no(separated=False),
    ),
    "design_effect": (lambda: weighted(1.2), "800 rows", lambda: weighted(0.5)),
    "few_clusters": (lambda: clustered(30), "30 clusters", lambda: clustered(50)),
    "grouped_units": (
        lambda: grouped(most=99),
        "80 random groups of the study's 100",
        lambda: grouped(most=100),
    ),
    "merged_strata": (lambda: lonely(alone=True), "a with b", lambda: lonely(alone=False)),
    "transactional": (one_moment_each, "0% of the rows", usual),
}
OF_STUDY = {
    "common_method",
    "older_outcome",
    "survivors",
    "changed_questionnaire",
    "sign_flip",
}


def cautions_of(make):
    rows, units, options = make()
    chosen = Options(n_resamples=100, **options)
    return analyse(rows, units, draw(units, 100, 1), chosen, outcome="y").cautions


@pytest.mark.parametrize("rule", CASES)
def test_provoked_and_not(rule):
    loud, names, quiet = CASES[rule]
    said = [caution.text for caution in cautions_of(loud) if caution.rule == rule]
    assert len(said) == 1
    assert names in said[0]
    assert rule not in {caution.rule for caution in cautions_of(quiet)}


def test_usual_data_are_passed_over_in_silence():
    assert cautions_of(usual) == ()


def test_the_rest_of_a_separated_outcome_is_analysed_by_its_own_model():
    rows, units, options = yes_or_no(separated=True)
    result = analyse(rows, units, None, Options(n_resamples=0, **options), outcome="y")
    assert result.model.startswith("logit")
    assert len(result.not_tested) == 1
    assert result.to_frame().loc[list(result.tested), "effect"].notna().all()


def test_not_converged():
    rows, units, _ = usual()
    model = build_model(rows, units, Options(n_resamples=0), outcome="y")
    table = analyse(rows, units, None, Options(n_resamples=0), outcome="y").table
    stopped = replace(model.reduction, moments=replace(model.reduction.moments, converged=False))
    for reduction, said in ((stopped, True), (model.reduction, False)):
        found = of_analysis(model.design, reduction, model, table, ())
        assert ("not_converged" in {caution.rule for caution in found}) is said


def test_every_rule_is_tested_here():
    assert set(RULES) == {*CASES, *OF_STUDY, "not_converged"}


def test_warnings_are_the_cautions_sentences():
    rows, units, _ = blank_outcome()
    result = analyse(
        rows, units, None, Options(n_resamples=0), outcome="y", notes=["Read with care."]
    )
    assert result.warnings == ("Read with care.", *(one.text for one in result.cautions))


def test_tables_of_rules_and_cautions():
    assert set(rules_frame().columns) == {"threshold", "value", "source"}
    assert (rules_frame()["threshold"] != "").all()
    table = cautions_frame([Caution("halo", "Much halo.")])
    assert table.loc[0, "source"].startswith("Podsakoff")
    assert cautions_frame([]).empty


STUDY = """\
study: Harbour Mobile
moments: {q1: First bill, q2: Outage call}
ratings: {low: 1, high: 5}
respondent: id
outcomes:
  - {id: recommend, column: ltr, kind: score, low: 0, high: 10}
  - %s
waves:
  - {id: w1, file: w1.csv, from: 2026-01-05, to: 2026-01-20%s}
  - {id: w2, file: w2.csv, from: 2026-04-05, to: 2026-04-20}
"""
PAID = "{id: paid, role: revenue, kind: amount, column: paid, file: paid.csv, %s}"
DATED = PAID % "after: 60 days, through: 2026-12-31"


@pytest.fixture
def study_of(tmp_path):
    def make(outcome, *, not_asked="", paid=None):
        n = 40
        rng = np.random.default_rng(0)
        for wave in ("w1", "w2"):
            pd.DataFrame(
                {
                    "id": [f"{wave}-{i}" for i in range(n)],
                    "q1": rng.integers(1, 6, n),
                    "q2": rng.integers(1, 6, n),
                    "ltr": rng.integers(0, 11, n),
                    "spend": rng.integers(0, 100, n),
                }
            ).to_csv(tmp_path / f"{wave}.csv", index=False)
        values = np.arange(n) if paid is None else paid
        table = pd.DataFrame({"id": [f"w2-{i}" for i in range(n)], "paid": values})
        table.dropna().to_csv(tmp_path / "paid.csv", index=False)
        (tmp_path / "study.yml").write_text(STUDY % (outcome, not_asked), encoding="utf-8")
        return read_survey(read_study(tmp_path))

    return make


def said(survey, outcome="paid"):
    return {one.rule: one.text for one in of_study(survey, "w2", {outcome: ("w2",)})}


class TestOfStudy:
    def test_common_method(self, study_of):
        same = study_of("{id: paid, role: revenue, kind: amount, column: spend}")
        assert "records" in said(same)["common_method"]
        assert "common_method" not in said(same, "recommend")
        assert "common_method" not in said(study_of(DATED))

    @pytest.mark.parametrize(
        ("dates", "words"),
        [
            ("through: 2026-12-31", "not known to be later"),
            ("after: 60 days", "not known to be later"),
            ("blank: []", "not known to be later"),
        ],
    )
    def test_older_outcome(self, study_of, dates, words):
        assert words in said(study_of(PAID % dates))["older_outcome"]

    def test_an_outcome_dated_after_is_not_older(self, study_of):
        survey = study_of(DATED)
        assert "older_outcome" not in said(survey)
        assert is_later(survey, survey.study.outcome("paid"), ("w2",))

    def test_an_outcome_that_ends_before_the_interviews(self, study_of):
        survey = study_of(PAID % "through: 2026-03-31")
        assert "ends on 2026-03-31" in said(survey)["older_outcome"]

    def test_survivors(self, study_of):
        gone = np.arange(40.0) + 1
        gone[:4] = np.nan
        assert "10%" in said(study_of(DATED, paid=gone))["survivors"]

    @pytest.mark.parametrize(("n_gone", "has_zero"), [(1, False), (4, True)])
    def test_no_survivors(self, study_of, n_gone, has_zero):
        gone = np.arange(40.0) + (0 if has_zero else 1)
        gone[-n_gone:] = np.nan
        assert "survivors" not in said(study_of(DATED, paid=gone))

    def test_changed_questionnaire(self, study_of):
        text = said(study_of(DATED, not_asked=", not_asked: [q2]"))["changed_questionnaire"]
        assert "new Outage call" in text
        assert "since w1" in text
        assert "changed_questionnaire" not in said(study_of(DATED))
