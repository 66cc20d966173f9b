"""A study of one's own: commented, or drafted from a survey's file."""

from mot_research.starting.studies import draft_study, new_study

__all__ = ["draft_study", "new_study"]
