"""A whole study of an invented company whose truth is known, to learn, test and show with."""

from mot_research.simulate.study import simulate_study
from mot_research.simulate.truth import PLANTED, TRUTH

__all__ = ["PLANTED", "TRUTH", "simulate_study"]
