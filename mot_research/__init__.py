"""Moments of truth: which contacts with a customer drive loyalty and revenue."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mot_research.drivers.analysis import driver_analysis
    from mot_research.simulate import simulate_study
    from mot_research.statistics.importance import lmg, relative_weights
    from mot_research.study.reading import read_study
    from mot_research.survey.reading import read_survey
    from mot_research.workbook import run

__all__ = [
    "driver_analysis",
    "lmg",
    "read_study",
    "read_survey",
    "relative_weights",
    "run",
    "simulate_study",
]

_HOMES = {
    "driver_analysis": "drivers.analysis",
    "lmg": "statistics.importance",
    "read_study": "study.reading",
    "read_survey": "survey.reading",
    "relative_weights": "statistics.importance",
    "run": "workbook",
    "simulate_study": "simulate",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that `mot --help` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mot_research' has no attribute '{name}'")
    return getattr(import_module(f"mot_research.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
