"""Somebody who reads every count of an output and tries what they can add up to."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp


def possible_counts(kinds, known, target, small=()):
    """The fewest and the most people that ``target`` can be, as whole numbers.

    ``kinds`` has a row for each combination of values that exists. A group is a tuple of (column,
    values) pairs. The sizes of the groups in ``known`` are known, and of those in ``small`` that
    they are from 1 to 9.
    """

    def who(group):
        inside = np.ones(len(kinds))
        for column, values in group:
            inside *= kinds[column].isin(values).to_numpy()
        return inside

    rules = [LinearConstraint(who(group), n, n) for group, n in known.items()]
    rules += [LinearConstraint(who(group), 1, 9) for group in small]
    ends = [
        milp(sign * who(target), constraints=rules, integrality=1, bounds=Bounds(0, np.inf))
        for sign in (1, -1)
    ]
    assert ends[0].success, "what is shown contradicts itself"
    return round(ends[0].fun), round(-ends[1].fun) if ends[1].success else np.inf
