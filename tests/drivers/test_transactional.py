"""One moment a person: effects without a ranking."""

import numpy as np
import pytest
import statsmodels.api as sm

from mot_research.drivers.one_outcome import analyse
from mot_research.drivers.options import Options
from mot_research.drivers.transactional import is_transactional, share_rated_two
from mot_research.errors import AnalysisError
from mot_research.statistics.resampling import draw
from mot_research.survey.wave import NOT_ASKED, RATED
from tests.drivers.cases import rows_and_units

EXACT = 1e-9


def one_each(n=900, overlap=0, **options):
    """Everyone rates one moment; the first ``overlap`` rate a second."""
    rows, units = rows_and_units(n=n, p=3, **options)
    own = np.arange(n) % 3
    asked = own[:, None] == np.arange(3)
    asked[np.arange(overlap), (own[:overlap] + 1) % 3] = True
    states = np.where(asked, RATED, NOT_ASKED).astype(np.int8)
    outcome = np.where(asked, (rows.ratings - 3) * [0.8, 0.4, 0.0], 0).sum(axis=1)
    outcome += np.random.default_rng(8).normal(size=n)
    return rows.__class__(
        rows.drivers,
        np.where(asked, rows.ratings, np.nan),
        states,
        outcome,
        rows.weight,
        rows.controls,
        rows.unit,
    ), units


def test_the_threshold_is_five_percent():
    assert is_transactional(one_each(overlap=44)[0])
    assert not is_transactional(one_each(overlap=45)[0])
    assert share_rated_two(one_each(overlap=45)[0]) == pytest.approx(0.05)


def test_a_usual_survey_is_none():
    assert not is_transactional(rows_and_units()[0])


def test_a_single_driver_is_none():
    assert not is_transactional(rows_and_units(p=1)[0])


def test_effects_are_those_of_one_model_each():
    rows, units = one_each()
    result = analyse(rows, units, draw(units, 50, 1), Options(n_resamples=50), outcome="y")
    assert not result.is_ranked
    table = result.to_frame()
    for j, name in enumerate(rows.drivers):
        mine = rows.states[:, j] == RATED
        x = np.column_stack([rows.ratings[mine, j], rows.controls["tenure"][mine]])
        fit = sm.OLS(rows.outcome[mine], sm.add_constant(x)).fit()
        assert table.at[name, "effect"] == pytest.approx(fit.params[1], rel=EXACT)
        assert table.at[name, "n"] == mine.sum()
    assert table["lmg"].isna().all()
    assert table["rank"].isna().all()
    assert table.at["m0", "q_value"] < 0.001 < table.at["m2", "q_value"]
    assert "no ranking" in result.warnings[0]
    assert result.cautions[0].rule == "transactional"


def test_a_moment_that_few_rated_has_its_reason():
    rows, units = one_each()
    states = rows.states.copy()
    states[np.flatnonzero(states[:, 2] == RATED)[5:], 2] = NOT_ASKED
    few = rows.__class__(**(vars(rows) | {"states": states}))
    result = analyse(few, units, None, Options(n_resamples=0), outcome="y")
    assert result.not_tested == {"m2": "suppressed: fewer than 10"}
    assert result.tested == ("m0", "m1")


def test_nobody_to_test_is_an_error():
    rows, units = one_each(n=12)
    with pytest.raises(AnalysisError, match="two moments"):
        analyse(rows, units, None, Options(n_resamples=0), outcome="y")
