"""Agreement among raters: irr's, krippendorff's and pingouin's values, identities."""

import json
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
import pingouin
import pytest

from mot_research.statistics.agreement import (
    category_kappas,
    cohen_kappa,
    fleiss_kappa,
    icc_agreement,
    interval_over_units,
    kendalls_w,
    krippendorff_alpha,
)

REFERENCE = 1e-8  # as the reference values' own readme grades them
THREE_DIGITS = 0.0006  # irr rounds the kappas of single categories
EXACT = 1e-12
LEVELS = ("nominal", "ordinal", "interval")


@pytest.fixture(scope="module")
def reference():
    path = Path(__file__).parents[1] / "reference" / "agreement.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ratings(shared):
    def read(name):
        frame = pd.read_csv(shared / "data" / f"irr_{name}.csv.gz")
        if name == "diagnoses":
            frame = frame.apply(lambda column: column.str[0].astype(float))
        return frame.to_numpy(float)

    return read


def test_kappas_are_those_of_irr(ratings, reference):
    diagnoses, known = ratings("diagnoses"), reference["diagnoses"]
    assert fleiss_kappa(diagnoses) == pytest.approx(known["fleiss"]["value"], abs=REFERENCE)
    kappas, codes = category_kappas(diagnoses)
    assert codes == pytest.approx([1, 2, 3, 4, 5])
    assert kappas == pytest.approx(known["fleiss_detail"]["kappa"], abs=THREE_DIGITS)
    pair = cohen_kappa(diagnoses[:, 0], diagnoses[:, 1])
    assert pair == pytest.approx(known["cohen_12"]["value"], abs=REFERENCE)


def test_alpha_is_that_of_krippendorffs_own_example(reference):
    known = reference["krippendorff_1980"]
    ratings = np.array(known["matrix_rows_are_raters"], dtype=float).T
    for level in LEVELS:
        assert krippendorff_alpha(ratings, level) == pytest.approx(known[level], abs=REFERENCE)


@pytest.mark.parametrize("name", ["diagnoses", "anxiety", "video"])
def test_alpha_of_complete_ratings_is_that_of_irr_but_for_its_count_of_pairs(
    name, ratings, reference
):
    """Where nothing is missing, irr corrects by the n(m − 1) pairs, Krippendorff by n values."""
    values, known = ratings(name), reference[name]["krippendorff"]
    n, pairs = values.size, values.size * (values.shape[1] - 1)
    as_irr = n / (n - 1) * (pairs - 1) / pairs
    for level in set(LEVELS) & set(known):
        found = 1 - (1 - krippendorff_alpha(values, level)) * as_irr
        assert found == pytest.approx(known[level], abs=REFERENCE)


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_is_that_of_the_package_krippendorff(level):
    rng = np.random.default_rng(1)
    values = np.where(rng.random((15, 6)) < 0.2, np.nan, rng.integers(1, 5, (15, 6)))
    expected = krippendorff.alpha(reliability_data=values.T, level_of_measurement=level)
    assert krippendorff_alpha(values, level) == pytest.approx(expected, abs=REFERENCE)


def test_concordance_and_intraclass_correlation_are_those_of_irr(ratings, reference):
    for name in ("anxiety", "video"):
        values, known = ratings(name), reference[name]
        assert kendalls_w(values) == pytest.approx(known["kendall_w"]["value"], abs=REFERENCE)
        icc = icc_agreement(values)
        assert icc == pytest.approx(known["icc_agreement"]["value"], abs=REFERENCE)
    shrout = reference["shrout_fleiss_1979"]
    icc = icc_agreement(np.array(shrout["matrix"], dtype=float))
    assert icc == pytest.approx(shrout["icc_agreement"]["value"], abs=REFERENCE)


def test_intraclass_correlation_is_that_of_pingouin():
    values = np.random.default_rng(2).normal(size=(12, 5)) + np.arange(12)[:, None] / 4
    long = pd.DataFrame(values).reset_index().melt("index")
    table = pingouin.intraclass_corr(long, "index", "variable", "value").set_index("Type")
    assert icc_agreement(values) == pytest.approx(table.loc["ICC(A,1)", "ICC"], abs=REFERENCE)


@pytest.mark.parametrize("measure", [fleiss_kappa, krippendorff_alpha, kendalls_w, icc_agreement])
def test_agreement_does_not_depend_on_the_order_and_many_samples_are_done_at_once(measure):
    rng = np.random.default_rng(3)
    values = rng.integers(1, 5, (4, 10, 5)).astype(float)
    one_by_one = [float(measure(each)) for each in values]
    assert measure(values) == pytest.approx(one_by_one, abs=EXACT)
    mixed = values[:, rng.permutation(10)][:, :, rng.permutation(5)]
    assert measure(mixed) == pytest.approx(one_by_one, abs=EXACT)


def test_full_agreement_is_one_and_no_difference_at_all_is_no_number():
    same = np.repeat(np.array([1.0, 2, 3, 3])[:, None], 3, axis=1)
    for measure in (fleiss_kappa, krippendorff_alpha, kendalls_w, icc_agreement):
        assert measure(same) == pytest.approx(1)
        assert np.isnan(measure(np.ones((4, 3))))
    assert np.isnan(cohen_kappa([1, 1], [1, 1]))
    assert np.isnan(krippendorff_alpha(np.full((3, 2), np.nan)))
    assert np.isnan(fleiss_kappa(np.full((3, 2), np.nan)))


def test_a_unit_that_one_rater_left_out_counts_for_alpha_and_not_for_kappa():
    whole = np.array([[1, 1, 2], [2, 2, 2], [1, 2, 1.0]])
    holed = np.vstack([whole, [1, np.nan, 1]])
    assert fleiss_kappa(holed) == pytest.approx(fleiss_kappa(whole))
    assert krippendorff_alpha(holed) > krippendorff_alpha(whole)


def test_the_interval_covers_the_agreement_of_all_units():
    """Of 60 samples of 30 units, at least 52 intervals hold the truth (95 % less three errors)."""
    rng = np.random.default_rng(4)

    def sample(n):
        truth = rng.integers(0, 3, n)[:, None]
        return np.where(rng.random((n, 5)) < 0.6, truth, rng.integers(0, 3, (n, 5))).astype(float)

    true = krippendorff_alpha(sample(20_000))
    held = 0
    for _ in range(60):
        lower, upper = interval_over_units(
            krippendorff_alpha, sample(30), n_resamples=300, confidence=0.95, rng=rng
        )
        held += lower <= true <= upper
    assert held >= 52


def test_without_resamples_there_is_no_interval():
    found = interval_over_units(
        kendalls_w, np.ones((3, 2)), n_resamples=0, confidence=0.95, rng=np.random.default_rng(1)
    )
    assert np.isnan(found).all()
