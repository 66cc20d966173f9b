"""How well models predict rows they have not seen."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from mot_research.drivers.change import wave_pair
from mot_research.drivers.prediction import FOLDS, REPEATS, from_earlier, prediction
from tests.drivers.small_surveys import MOMENTS, N, study_of, wave_frame

REFERENCE = 1e-8  # two programs on the same numbers
NOISE = 0.2  # a spread from 400 draws has an error of 4 %; the draws also bear the second order


def design(frame):
    columns = {"age": frame["age"]}
    for name in MOMENTS:
        had = frame[name] != 6
        columns[f"q {name}"] = (frame[name] - 3).where(had, 0.0)
        if not had.all():
            columns[f"e {name}"] = had.astype(float)
    return sm.add_constant(pd.DataFrame(columns))


def r_squared(y, predicted):
    return 1 - ((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum()


def score(study, wave, earlier):
    survey, units, _ = study
    outcome = survey.study.outcomes[0]
    return prediction(survey, units, outcome, wave, earlier, survey.study.rules)


@pytest.fixture(scope="module")
def frames():
    return {
        "A": wave_frame(1, reach=(1, 0.6, 0.8)),
        "B": wave_frame(2, effects=(0.2, 0.4, 0.1), means=(3.0, 3.5, 3.8), reach=(1, 0.7, 0.5)),
    }


@pytest.fixture(scope="module")
def study(frames, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    return study_of(folder, frames, controls=["age"], n_resamples=400)


class TestFromTheEarlierWave:
    def test_it_is_that_regression_on_the_new_rows(self, study, frames):
        found = score(study, "B", "A")
        a, b = (design(frames[wave]) for wave in "AB")
        fit = sm.OLS(frames["A"]["y"], a).fit()
        y = frames["B"]["y"]
        assert found.from_earlier == pytest.approx(r_squared(y, fit.predict(b)), rel=REFERENCE)
        assert found.level_error == pytest.approx((y - fit.predict(b)).mean(), rel=REFERENCE)
        assert found.own == pytest.approx(sm.OLS(y, b).fit().rsquared, rel=REFERENCE)
        assert found.ci_lower < found.from_earlier < found.own

    def test_the_same_rows_twice_are_predicted_as_by_their_own_model(self, frames, tmp_path):
        twice = {"A": frames["A"], "B": frames["A"][::-1]}  # the same file twice is refused
        found = score(study_of(tmp_path, twice, controls=["age"]), "B", "A")
        assert found.from_earlier == pytest.approx(found.r_squared, rel=REFERENCE)
        assert found.level_error == pytest.approx(0, abs=REFERENCE)

    def test_its_error_is_the_spread_of_the_draws(self, study):
        survey, units, draws = study
        pair, _, _ = wave_pair(
            survey, units, survey.study.outcomes[0], "A", "B", survey.study.rules
        )
        _, error, _ = from_earlier(pair)
        q_a, q_b = (side.reduction.resampled(draws) for side in (pair.a, pair.b))
        scored = []
        for a, b in zip(q_a, q_b, strict=True):
            used = [0, *pair.a.model.fitted]
            v = np.zeros(len(a))
            v[used] = -np.linalg.solve(a[np.ix_(used, used)], a[used, 1])
            v[1] = 1
            scored.append(1 - v @ b @ v / (b[1, 1] - b[0, 1] ** 2))
        assert np.std(scored) == pytest.approx(error, rel=NOISE)

    def test_without_an_earlier_wave_only_the_folds_are_scored(self, study):
        found = score(study, "A", None)
        assert np.isnan([found.from_earlier, found.ci_lower, found.own]).all()
        assert 0 < found.cross_validated < found.r_squared


class TestFolds:
    def test_it_is_the_mean_of_models_that_left_each_fold_out(self, frames, tmp_path):
        """With as many clusters as folds every split is the same: leave one cluster out."""
        frame = frames["A"].assign(branch=frames["A"].index % FOLDS)
        survey = study_of(tmp_path, {"A": frame}, controls=["age"], cluster="branch")
        found = score(survey, "A", None)
        x, y, wrong, plain = design(frame), frame["y"], 0.0, 0.0
        for branch in range(FOLDS):
            held = frame["branch"] == branch
            fit = sm.OLS(y[~held], x[~held]).fit()
            wrong += ((y[held] - fit.predict(x[held])) ** 2).sum()
            plain += ((y[held] - y[~held].mean()) ** 2).sum()
        assert found.cross_validated == pytest.approx(1 - wrong / plain, rel=REFERENCE)
        assert found.cross_validated_spread == pytest.approx(0, abs=REFERENCE)
        assert (found.n_folds, found.n_repeats) == (FOLDS, REPEATS)

    def test_fewer_clusters_than_folds_are_left_out_one_by_one(self, frames, tmp_path):
        frame = frames["A"].assign(branch=frames["A"].index % 4)
        survey = study_of(tmp_path, {"A": frame}, controls=["age"], cluster="branch")
        assert score(survey, "A", None).n_folds == 4

    def test_noise_is_not_predicted(self, frames, tmp_path):
        noise = frames["A"].assign(y=10 + np.random.default_rng(3).normal(size=N))
        found = score(study_of(tmp_path, {"A": noise}, controls=["age"]), "A", None)
        assert found.r_squared > 0 > found.cross_validated

    def test_the_seed_decides_the_folds(self, frames, tmp_path):
        one, again, other = (
            score(
                study_of(
                    tmp_path, {"A": frames["A"]}, controls=["age"], rules={"seed": s, "min_n": 30}
                ),
                "A",
                None,
            ).cross_validated
            for s in (1, 1, 2)
        )
        assert one == again != other
        assert one == pytest.approx(other, abs=0.02)
