"""A study of one's own: commented, or drafted from a survey's file."""

from mot_research.starting.studies import new_study

__all__ = ["new_study"]
