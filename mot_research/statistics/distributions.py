"""Quantiles and tails of t, F and the normal distribution, elementwise.

The functions that ``scipy.stats`` stands on: importing all of it takes a second, as long as a small
analysis. A missing argument gives a missing result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc, fdtri, ndtri, stdtr, stdtrit


def normal_quantile(probability: ArrayLike) -> Any:
    """The value that a standard normal does not exceed with this probability."""
    return ndtri(probability)


def t_quantile(probability: ArrayLike, degrees_of_freedom: ArrayLike) -> Any:
    """The value that Student's t does not exceed with this probability."""
    return stdtrit(degrees_of_freedom, probability)


def t_tail(value: ArrayLike, degrees_of_freedom: ArrayLike) -> Any:
    """Probability that Student's t exceeds the value."""
    return stdtr(degrees_of_freedom, np.negative(value))


def f_quantile(probability: ArrayLike, numerator: ArrayLike, denominator: ArrayLike) -> Any:
    """The value that F with these degrees of freedom does not exceed with this probability."""
    return fdtri(numerator, denominator, probability)


def f_tail(value: ArrayLike, numerator: ArrayLike, denominator: ArrayLike) -> Any:
    """Probability that F with these degrees of freedom exceeds the value."""
    return fdtrc(numerator, denominator, value)
