"""When a moment is due for a customer, by the log of events."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from mot_research.study.fields import NO_TRUTH, Column, Duration, Line, Part


class NthEvent(Part):
    """Fires at a customer's nth event of a kind: `{event: order, nth: 100}`."""

    event: Line
    nth: Annotated[int, Field(ge=1), NO_TRUTH]


class RepeatedEvent(Part):
    """Fires at so many events within a time: `{event: call, at_least: 3, in: 30 days}`."""

    event: Line
    at_least: Annotated[int, Field(ge=1), NO_TRUTH]
    in_: Duration = Field(alias="in")


class BeforeDate(Part):
    """Fires days before a date of the customer: `{before: contract_end, days: 30}`."""

    before: Column = Field(description="A date column of the customers file.")
    days: Annotated[int, Field(ge=0), NO_TRUTH]


class Answer(Part):
    """The contact that answers a trigger, and its deadline."""

    event: Line
    within: Duration


def _kind_of_when(value: Any) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    if "before" in keys or "days" in keys:
        return "before"
    return "at_least" if "at_least" in keys or "in" in keys else "nth"


class Trigger(Part):
    """When the moment is due for a customer, and what answers it."""

    when: Annotated[
        Annotated[NthEvent, Tag("nth")]
        | Annotated[RepeatedEvent, Tag("at_least")]
        | Annotated[BeforeDate, Tag("before")],
        Discriminator(_kind_of_when),
    ]
    answer: Answer | None = None
    settle_first: Line | None = Field(
        None, description="An event that must be solved before the answer counts."
    )
