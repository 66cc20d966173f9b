"""When a moment is due for a customer, by the log of events."""

from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator

from mot_research.errors import shown
from mot_research.study.fields import NO_TRUTH, Column, Duration, Line, Part

OPEN, CLOSED = "_open", "_closed"  # endings of an event and of the one that settles it


class NthEvent(Part):
    """Fires at a customer's nth event of a kind: `{event: order, nth: 100}`."""

    event: Line = Field(description="As the log names it.")
    nth: Annotated[int, Field(ge=1), NO_TRUTH] = Field(description="1 for the first.")


class RepeatedEvent(Part):
    """Fires at so many events within a time: `{event: call, at_least: 3, in: 30 days}`."""

    event: Line = Field(description="As the log names it.")
    at_least: Annotated[int, Field(ge=1), NO_TRUTH] = Field(description="How many of them.")
    in_: Duration = Field(alias="in", description="Within which time.")


class BeforeDate(Part):
    """Fires days before a date of the customer: `{before: contract_end, days: 30}`."""

    before: Column = Field(description="A date column of the customers file.")
    days: Annotated[int, Field(ge=0), NO_TRUTH] = Field(description="How long before it.")


class Answer(Part):
    """The contact that answers a trigger, and its deadline."""

    event: Line = Field(description="As the log names it.")
    within: Duration = Field(description="The deadline, from the trigger on.")


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
    ] = Field(description="The rule by which it is due.")
    answer: Answer | None = Field(None, description="What answers it; left out: nothing does.")
    settle_first: Line | None = Field(
        None, description="An event that must be solved before the answer counts."
    )
    settled_by: Line | None = Field(
        None,
        description="The event that solves it; left out: complaint_closed for complaint_open.",
    )

    @model_validator(mode="after")
    def _can_be_settled(self) -> Self:
        if self.settled_by is not None and self.settle_first is None:
            raise ValueError("settled_by stands beside settle_first: add the event to be solved")
        if self.settle_first is not None and self.settling_event is None:
            raise ValueError(
                f"name the event that solves '{shown(self.settle_first)}' under settled_by (only "
                f"a name that ends with {OPEN} goes without: {CLOSED} solves it)"
            )
        return self

    @property
    def settling_event(self) -> str | None:
        """The event after which what had to be settled first is settled."""
        if self.settled_by is not None or self.settle_first is None:
            return self.settled_by
        stem = self.settle_first.removesuffix(OPEN)
        return None if stem == self.settle_first else stem + CLOSED

    @property
    def events(self) -> tuple[str, ...]:
        """Every event that the trigger names."""
        named = (
            getattr(self.when, "event", None),
            self.answer and self.answer.event,
            self.settle_first,
            self.settling_event,
        )
        return tuple(dict.fromkeys(name for name in named if name))
