"""Separation of yes and no: complete, by a rare group, and none."""

import numpy as np
import pytest

from mot_research.drivers.separation import is_separated


@pytest.fixture
def overlapping():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 6))
    return x, (x.sum(axis=1) + rng.logistic(size=400) > 0).astype(float)


def test_none_where_yes_and_no_overlap(overlapping):
    assert not is_separated(*overlapping)


def test_complete(overlapping):
    x, _ = overlapping
    assert is_separated(x, (x @ [1, -2, 0.5, 0, 1, 0.3] > 0.4).astype(float))


def test_a_small_group_of_one_kind_is_quasi_separation(overlapping):
    x, y = overlapping
    group = np.zeros(len(y))
    group[np.flatnonzero(y == 1)[:3]] = 1
    assert is_separated(np.column_stack([x, group]), y)
    group[np.flatnonzero(y == 0)[0]] = 1
    assert not is_separated(np.column_stack([x, group]), y)


def test_offset_and_scale_of_a_column_are_irrelevant(overlapping):
    x, y = overlapping
    moved = x * [1e-6, 1, 1e6, 1, 1, 1] + [0, 1e4, 0, 0, 0, 0]
    assert not is_separated(moved, y)


def test_a_constant_column_separates_nothing(overlapping):
    x, y = overlapping
    assert not is_separated(np.column_stack([x, np.ones(len(y))]), y)
