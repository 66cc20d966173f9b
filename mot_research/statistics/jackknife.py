"""Delete-one-unit influence without refits.

The linearised influence of a sampling unit on coefficients uses residuals that the fit has
shrunk, the more the more of the information the unit itself brings. Without the unit, the
residual is whole and the information less: one Newton step from the full fit gives both, and
for least squares it is the exact refit.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mot_research.statistics.crossproducts import Floats, Integers, unvech, vech

UNITS_AT_ONCE = 256  # whose matrices are held at a time
NOTHING = 1e-10  # of the information in a direction: below it none is left
DOMINANT = 1 - 1e-6  # a unit's part of the information from which that may happen


def delete_one_scores(slopes: Floats, curvatures: Floats, stratum_of_unit: Integers) -> Floats:
    """Influence of each sampling unit on coefficients, by leaving it out.

    With s the slopes and H the curvature of the whole, and f = n_h/(n_h − 1),

      u_hc = (H − f (H_hc − H̄_h))⁻¹ (s_hc − s̄_h) = (θ − θ_(hc)) / f,

    θ_(hc) the coefficients when unit c is left out and the others of its stratum count f.
    ``survey_covariance`` of them is the delete-one-unit jackknife's covariance (R's ``survey``:
    JKn; without strata CR3, with respondents as units HC3).

    Parameters
    ----------
    slopes : (G, k) array
        Σ w ψ_i within units, at the solution: they sum to zero over the units.
    curvatures : (G, k (k + 1) / 2) array
        vech of each unit's part of H, weights as in ``slopes``.
    stratum_of_unit : (G,) integer array
        Each stratum has at least two units.

    Returns
    -------
    (G, k) array
        Where nothing is left of a direction without a unit, the unit has no influence in it:
        it was fitted exactly.

    References
    ----------
    MacKinnon & White (1985), Journal of Econometrics 29; Bell & McCaffrey (2002), Survey
    Methodology 28.
    """
    size = np.bincount(stratum_of_unit)
    factor = (size / (size - 1))[stratum_of_unit]
    whole = curvatures.sum(axis=0)
    total = unvech(whole)
    scale = 1 / np.sqrt(np.where(np.diag(total) > 0, np.diag(total), 1.0))
    right = (slopes - _means(slopes, stratum_of_unit, size)[stratum_of_unit]) * scale
    means = _means(curvatures, stratum_of_unit, size)
    outer = np.outer(scale, scale)
    in_pairs = vech(outer)
    values, vectors = np.linalg.eigh(total * outer)
    dominant = np.ones(len(right), dtype=bool)
    if values[0] > NOTHING * values[-1]:
        inverse = (vectors / values) @ vectors.T * outer
        # the trace of a unit's own part bounds its largest eigenvalue
        part_of_trace = curvatures @ vech(inverse * (2 - np.eye(len(scale))))
        dominant = factor * part_of_trace > DOMINANT
    scores = np.empty_like(right)
    for begin in range(0, len(right), UNITS_AT_ONCE):
        chosen = np.arange(begin, min(begin + UNITS_AT_ONCE, len(right)))
        own = curvatures[chosen] - means[stratum_of_unit[chosen]]
        own *= -factor[chosen, None]
        own += whole
        own *= in_pairs
        left = unvech(own)
        heavy = dominant[chosen]
        light = chosen[~heavy]
        scores[light] = np.linalg.solve(left[~heavy], right[light, :, None])[..., 0]
        scores[chosen[heavy]] = _solved_where_known(left[heavy], right[chosen[heavy]])
    return scores * scale


def _solved_where_known(left: Floats, right: Floats) -> Floats:
    """Solve (g, k, k) for (g, k), with 0 in the directions of which nothing is left."""
    values, vectors = np.linalg.eigh(left)
    kept = values > NOTHING * values[:, -1:]
    turned = np.einsum("gij,gi->gj", vectors, right)
    turned = np.where(kept, turned / np.where(kept, values, 1.0), 0.0)
    return np.einsum("gij,gj->gi", vectors, turned)


def _means(values: Floats, stratum_of_unit: Integers, size: Integers) -> Floats:
    """Mean over the units of each stratum."""
    n = len(values)
    members = sparse.csr_array((np.ones(n), (stratum_of_unit, np.arange(n))), (len(size), n))
    return np.asarray((members @ values) / size[:, None])
