"""What stands in pictures and on slides: titles, axes, legends, what an empty one says."""

from __future__ import annotations

from mot_research.numbers import percent
from mot_research.report.narrative import words

# Axes
MEAN_RATING = "Mean rating of those who had it"
SHARE_OF_IMPORTANCE = "Share of importance, %"
SHARE_OF_ANSWERS = "% of the answers"
SHARE_OF_DUE = "% of the customers it was due for"
TOO_FEW = "too few to say"

# Importance and ranks
ONE_MODEL_EACH = "There is one model per moment, so there are no shares to compare."
NO_RANKS = "There are no intervals of ranks to draw."
NOTHING_PLACED = "No moment has both a rating and an importance to draw."

# The experience map
SIZELESS = "No moment has both a rating and an importance: no size, no colour."
RING = "Ring: up to the end of its interval"
BOLD = "Bold, with a number: on the list"

# Penalty and reward, the plan, the scorecard
LOST, GAINED = "◂ lost when it goes wrong", "gained when it shines ▸"
NO_EXTREMES = "No moment on the list has a penalty or a reward to draw."
WITH_THE_PLAN = "With the plan"
NO_SCORECARD = "The study has no moments, so there is no scorecard."
NONE_TESTED = "no moment tested"

# Contacts
NOTHING_DUE = "No moment was due for 30 customers or more, so there is nothing to draw."
IN_TIME_OF_KNOWN = "In time, of those in time or missed"
STATUSES = {
    "in_time": "answered in time",
    "late": "answered late",
    "never": "never answered",
    "left": "left before the deadline",
    "pending": "deadline after the data end",
}

# Recorded journeys
EMOTION = "Emotion"
WAYS_KEY = (
    "Mark: what it mostly is, the larger the more recorded it. Line: customers who went on to the "
    "next (10 or more), the wider the more; dashed: back."
)

NO_RECORDINGS = "The study has no recorded journeys (recordings: in study.yml)."
NO_CONTACTS = "No moment has a trigger that an event log shows (events: in study.yml)."

# The workshop
SILOS = "What each silo chose, and the stage it names"
SILOS_KEY = (
    "● the silo's majority chose it; darker: more of its people. A stage stands where the "
    "silo sees the moment elsewhere than most."
)

# Slides
REPORT = "Moments of truth: what to get right"
ANSWER = "The answer"
DECISIONS = "Decisions asked of you"
PLAN = "The plan"
SURENESS = "How sure we are"
METHOD = "Method in plain words"
BEYOND_CHANCE = "What changed beyond chance"
METRICS_ALT = "Shares of customers and of importance, each with its interval."


def explained_share(
    confidence: float | None, *, brackets: bool = False, noise: bool = False
) -> str:
    """Return the axis of importance bars; the interval's confidence where there is one."""
    parts = ["% of its differences that go with how it went"]
    parts += [] if confidence is None else [f"line: {percent(confidence)} interval"]
    parts += ["bracket: cannot be told apart"] if brackets else []
    parts += ["dotted: 95 % of noise"] if noise else []
    return "; ".join(parts)


def places(confidence: float, top: int) -> str:
    """Return the axis of a rank plot."""
    return (
        f"Place by importance; line: {percent(confidence)} set of places; shaded: the first {top}"
    )


def size_of(role: str) -> str:
    """Return what the size of a circle on the map means."""
    return f"Size: share of importance for {words.THE_ROLES[role]}"


def share_for(role: str) -> str:
    """Return the axis of a matrix on a slide."""
    return f"Share of importance for {words.THE_ROLES[role]}, %"


def due_between(first: str, last: str) -> str:
    """Return the caption of a table of contacts."""
    return f"Contacts that were due, {first} to {last}"


def without_a_bar(n_smaller: int, n_few: int) -> str:
    """Return how many moments a slide leaves out, and why; empty where it has all."""
    parts = [f"{words.counted(n_smaller, 'smaller one')} in the report"] if n_smaller else []
    parts += [f"{words.number(n_few)} not tested or rated by too few"] if n_few else []
    return f"Without a bar: {words.listed(parts)}." if parts else ""


def where_they_stand(role: str) -> str:
    """Return the title of the slide with a matrix."""
    return f"Where the moments stand: {words.ROLES[role]}"


def what_changed(outcome: str = "") -> str:
    """Return the title of a slide on change, of one outcome or of all."""
    return f"What changed: {outcome}" if outcome else "What changed"
