"""The scale of the ratings, and what one moment has otherwise."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from mot_research.study.fields import (
    Codes,
    Number,
    Numbers,
    Part,
    check_codes,
    check_disjoint,
    check_scale,
    listed,
)

TARGET = 0.75  # of the way from low to high, where no target is given
WIDEST = 1000  # of a scale whose whole numbers are listed
BOTTOM = 0.25  # of the way from low to high, where no bottom_box is given


def _default_target(given: dict[str, Any]) -> float:
    return given["low"] + TARGET * (given["high"] - given["low"])


def _default_bottom_box(given: dict[str, Any]) -> tuple[float, ...]:
    low, high = given["low"], given["high"]
    if not (low.is_integer() and high.is_integer()) or high - low > WIDEST:
        return (low,)
    last = int(low + BOTTOM * (high - low))
    return tuple(float(value) for value in range(int(low), last + 1))


class Ratings(Part):
    """The scale of the ratings, and the codes that are no rating."""

    low: Number = Field(description="The worst rating.")
    high: Number = Field(description="The best rating.")
    not_experienced: Codes = Field((), description="Codes for: did not have this contact.")
    blank: Codes = Field((), description="Codes for: asked, not answered.")
    target: Number = Field(
        default_factory=_default_target,
        description="The rating to reach; default three quarters of the way from low to high.",
    )
    top_box: Annotated[Numbers, Field(min_length=1)] = Field(
        default_factory=lambda given: (given["high"],),
        description="Ratings that count as top; default the best.",
    )
    bottom_box: Annotated[Numbers, Field(min_length=1)] = Field(
        default_factory=_default_bottom_box,
        description="Ratings that count as bottom; default the lowest quarter of the scale.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_scale(self.low, self.high)
        check_codes("not_experienced", self.not_experienced, self.low, self.high)
        check_codes("blank", self.blank, self.low, self.high)
        check_disjoint("not_experienced", self.not_experienced, "blank", self.blank)
        check_disjoint("top_box", self.top_box, "bottom_box", self.bottom_box)
        for name, values in (
            ("target", (self.target,)),
            ("top_box", self.top_box),
            ("bottom_box", self.bottom_box),
        ):
            outside = [value for value in values if not self.low <= value <= self.high]
            if outside:
                raise ValueError(
                    f"{name}: {listed(outside)} lies outside the scale "
                    f"{self.low:g} to {self.high:g}"
                )
        return self


class RatingsOverride(Part):
    """What one moment has otherwise than the study's `ratings`."""

    low: Number | None = Field(None, description="The worst rating.")
    high: Number | None = Field(None, description="The best rating.")
    not_experienced: Codes | None = Field(None, description="Codes for: did not have this contact.")
    blank: Codes | None = Field(None, description="Codes for: asked, not answered.")
    target: Number | None = Field(None, description="The rating to reach.")
    top_box: Annotated[Numbers, Field(min_length=1)] | None = Field(
        None, description="Ratings that count as top."
    )
    bottom_box: Annotated[Numbers, Field(min_length=1)] | None = Field(
        None, description="Ratings that count as bottom."
    )
