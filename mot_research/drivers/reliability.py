"""How well is it measured? Consistency of multi-item scales, and the halo.

Both speak of the respondents asked and not of all customers, so α and ω are
not weighted; the halo, which says what the ratings of the weighted analysis
have in common, is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

HALO_PAIR_ROWS = 50  # rows that rated both of a pair, for its correlation to count
MIN_SCALE_ROWS = 10
MIN_OMEGA_ITEMS = 3  # with two items one factor is not identified


@dataclass(frozen=True)
class Reliability:
    """How consistent the measures of one wave are.

    Attributes
    ----------
    wave : str
        Whose answers they are.
    scales : DataFrame
        Indexed by scale: ``n_items``, ``n`` (who answered every item),
        ``alpha``, ``alpha_ci_lower``, ``alpha_ci_upper``, ``omega``, and
        ``reason`` where a number is missing.
    halo : float or None
        Share of the ratings' variance in one general impression.
    halo_correlation : float or None
        Mean correlation over the pairs.
    n_ratings, n_pairs : int
        Moments rated, and pairs rated by both in enough rows.
    """

    wave: str
    scales: pd.DataFrame
    halo: float | None
    halo_correlation: float | None
    n_ratings: int
    n_pairs: int

    def to_frame(self) -> pd.DataFrame:
        """One row per scale."""
        return self.scales.copy()


def reliability(
    wave: str,
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    ratings: np.ndarray,
    weight: np.ndarray,
    *,
    confidence: float = 0.95,
) -> Reliability:
    """Reliability of a wave's measures.

    Parameters
    ----------
    wave : str
    items : DataFrame (n, items)
        NaN where blank. A row counts for a scale where no item is blank.
    scales : mapping of name to items
        An item that ``items`` lacks was not asked.
    ratings : ndarray (n, p)
        Of the moments; NaN where not rated.
    weight : ndarray (n,)
    confidence : float
        Of the interval of α (Feldt 1965).
    """
    records = {name: _scale(items, list(columns), confidence) for name, columns in scales.items()}
    table = pd.DataFrame.from_dict(records, orient="index", columns=_COLUMNS)
    table.index.name = "scale"
    mean, n_pairs = mean_correlation(ratings, weight)
    n_ratings = int((np.isfinite(ratings).sum(axis=0) > 0).sum())
    return Reliability(
        wave=wave,
        scales=table,
        halo=None if mean is None else halo_share(mean, n_ratings),
        halo_correlation=mean,
        n_ratings=n_ratings,
        n_pairs=n_pairs,
    )


_COLUMNS = ["n_items", "n", "alpha", "alpha_ci_lower", "alpha_ci_upper", "omega", "reason"]


def _scale(items: pd.DataFrame, columns: list[str], confidence: float) -> dict[str, object]:
    absent = [name for name in columns if name not in items]
    record: dict[str, object] = {"n_items": len(columns), "n": 0, "reason": ""}
    if absent:
        return record | {"reason": f"not asked on this wave: {', '.join(absent)}"}
    answers = items[columns].dropna()
    record["n"] = len(answers)
    if len(answers) < MIN_SCALE_ROWS:
        return record | {
            "reason": f"{len(answers)} answered every item: at least {MIN_SCALE_ROWS} are needed"
        }
    constant = [name for name in columns if np.ptp(answers[name].to_numpy()) == 0]
    if constant:
        return record | {"reason": f"everyone answered alike: {', '.join(constant)}"}
    alpha, lower, upper = cronbach_alpha(answers, confidence)
    record |= {"alpha": alpha, "alpha_ci_lower": lower, "alpha_ci_upper": upper}
    if len(columns) < MIN_OMEGA_ITEMS:
        return record | {"reason": f"ω needs at least {MIN_OMEGA_ITEMS} items"}
    correlations = np.corrcoef(answers.to_numpy(dtype=float), rowvar=False)
    return record | {"omega": omega_total(correlations)}


def cronbach_alpha(answers: pd.DataFrame, confidence: float = 0.95) -> tuple[float, float, float]:
    """Cronbach's α of the items (columns) with its interval; no cell missing.

    References
    ----------
    Cronbach (1951), Psychometrika 16; Feldt (1965) for the interval.
    """
    import pingouin

    alpha, interval = pingouin.cronbach_alpha(data=answers, ci=confidence)
    return float(alpha), float(interval[0]), float(interval[1])


def omega_total(correlations: np.ndarray) -> float:
    """ω_total = (Σλ)² / ((Σλ)² + Σ(1 − λ²)) of a one-factor minres fit.

    References
    ----------
    McDonald (1999), Test Theory; Harman & Jones (1966), Psychometrika 31 (minres).
    """
    loadings = one_factor_loadings(correlations)
    total = float(loadings.sum())
    return total**2 / (total**2 + float((1 - loadings**2).sum()))


def one_factor_loadings(correlations: np.ndarray) -> np.ndarray:
    """Loadings λ that minimise Σ_{i<j} (r_ij − λ_i λ_j)², |λ| ≤ 1, their sum positive."""
    from scipy.optimize import least_squares

    pairs = np.triu_indices(len(correlations), 1)
    values, vectors = np.linalg.eigh(correlations)
    start = np.clip(vectors[:, -1] * np.sqrt(values[-1]), -0.99, 0.99)

    def residuals(loadings: np.ndarray) -> np.ndarray:
        return correlations[pairs] - loadings[pairs[0]] * loadings[pairs[1]]

    fitted = least_squares(residuals, start, bounds=(-1, 1), xtol=1e-12, ftol=1e-12, gtol=1e-12)
    return fitted.x * (1.0 if fitted.x.sum() >= 0 else -1.0)


def mean_correlation(ratings: np.ndarray, weight: np.ndarray) -> tuple[float | None, int]:
    """Mean weighted correlation over pairs of columns rated by both in at least 50 rows.

    Returns
    -------
    mean : float or None
        None where no pair has enough rows.
    n_pairs : int
    """
    rated = np.isfinite(ratings).astype(float)
    values = np.where(rated > 0, ratings, 0.0)
    w = weight[:, None]
    both = rated.T @ rated
    total = rated.T @ (w * rated)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = (w * values).T @ rated / total  # mean of row's column, where both are rated
        squares = (w * values**2).T @ rated / total - first**2
        products = values.T @ (w * values) / total - first * first.T
        correlations = products / np.sqrt(squares * squares.T)
    pairs = np.triu_indices(ratings.shape[1], 1)
    usable = (both[pairs] >= HALO_PAIR_ROWS) & np.isfinite(correlations[pairs])
    if not usable.any():
        return None, 0
    return float(correlations[pairs][usable].mean()), int(usable.sum())


def halo_share(correlation: float, n_ratings: int) -> float:
    """Share of the variance of m ratings in one general impression: (1 + (m − 1) r̄) / m.

    The first eigenvalue's share where all correlations are r̄.
    """
    return (1 + (n_ratings - 1) * correlation) / n_ratings
