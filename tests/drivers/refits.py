"""Least squares refitted without each sampling unit: what the product does without refits."""

import numpy as np


def delete_one_covariance(x, y, weight, unit, stratum_of_unit):
    """Jackknife covariance (JKn) of the constant and the coefficients, by true refits."""
    x = np.column_stack([np.ones(len(x)), x])
    size = np.bincount(stratum_of_unit)
    refitted = []
    for one in range(len(stratum_of_unit)):
        own = stratum_of_unit[one]
        factor = np.where(stratum_of_unit[unit] == own, size[own] / (size[own] - 1), 1.0)
        root = np.sqrt(weight * np.where(unit == one, 0.0, factor))[:, None]
        refitted.append(np.linalg.lstsq(x * root, y * root[:, 0], rcond=None)[0])
    refitted = np.array(refitted)
    covariance = np.zeros((x.shape[1], x.shape[1]))
    for h in range(len(size)):
        among = refitted[stratum_of_unit == h]
        centred = among - among.mean(axis=0)
        covariance += (size[h] - 1) / size[h] * centred.T @ centred
    return covariance
